//! Reads the node's clock: the mark by which other apps find this one says when the node made it.

use std::time::Duration;

use domain::Says;
use lnd::LightningError;
use tokio::time::Instant;

use crate::apps::Apps;
use crate::link::{Link, LinkState};
use crate::time::Time;
use crate::watched::Watched;

/// The clocks are compared this often, from what is known.
const LOOK: Duration = Duration::from_secs(30);
/// The node's clock is read this often: each time makes an invoice.
const PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// A reading that took longer is made again: holds would be decided late by it.
const SHARP: Duration = Duration::from_secs(3);
/// After a reading that failed or was slow, and after many.
const AGAIN: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(60 * 60));
/// Others wait so long for a reading, and it may take so long: what takes longer says too little.
const WAITED: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(30);

/// Reads it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) link: Link,
    pub(crate) time: Time,
    pub(crate) apps: Apps,
    /// Whether it was tried since the start.
    pub(crate) tried: Watched<bool>,
}

impl Reading {
    /// Returns once it was tried to read the node's clock: before that nothing is given up because of the time.
    pub(crate) async fn done(&self) {
        self.tried.until(|tried| *tried).await;
    }

    /// The actor's loop.
    pub(crate) async fn run(self) {
        let (mut next, mut again) = (Instant::now(), AGAIN.0);
        loop {
            self.link.connected().await;
            if let LinkState::Connected { info } = &*self.link.watch().borrow()
                && let Some(header) = info.header_at
            {
                self.time.block(header);
            }
            if next <= Instant::now() || self.time.take_doubt() {
                let reading = tokio::time::timeout(LONGEST, self.read());
                tokio::pin!(reading);
                let read = tokio::select! {
                    biased;
                    read = &mut reading => read,
                    () = tokio::time::sleep(WAITED) => {
                        self.tried.set(true);
                        reading.await
                    }
                };
                let pause = match read {
                    Ok(Ok(took)) if took <= SHARP => {
                        again = AGAIN.0;
                        PERIOD
                    }
                    Ok(Err(LightningError::Permission(_) | LightningError::Unsupported(_))) => {
                        self.time.cannot_be_read();
                        PERIOD
                    }
                    unsure => {
                        tracing::info!(?unsure, "the node's clock is to be read once more");
                        let pause = again;
                        again = again.saturating_mul(2).min(AGAIN.1);
                        pause
                    }
                };
                let now = Instant::now();
                next = now.checked_add(pause).unwrap_or(now);
                self.tried.set(true);
            }
            self.time.tell();
            tokio::select! {
                biased;
                () = tokio::time::sleep(LOOK) => {}
                () = self.apps.lost.notified() => next = Instant::now(),
            }
        }
    }

    /// How long it took: so much later the node may be than is known now.
    async fn read(&self) -> Result<Duration, LightningError> {
        let began = Instant::now();
        let Some(left) = self.apps.leave(Says::Open).await? else {
            let method = "/invoicesrpc.Invoices/AddHoldInvoice";
            return Err(LightningError::Permission(method));
        };
        self.time.observe(left.made_at.plus(left.told_at.elapsed()));
        Ok(left.told_at.saturating_duration_since(began))
    }
}
