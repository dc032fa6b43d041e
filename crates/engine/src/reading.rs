//! Reads the node's clock: an invoice that nobody will pay says when the node made it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Msat, PaymentHash, Timestamp};
use lnd::{Lightning, LightningError, NewInvoice};
use rand::Rng;
use rand::rngs::StdRng;
use store::Store;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::link::{Link, LinkState};
use crate::time::Time;

/// The clocks are compared this often, from what is known.
const LOOK: Duration = Duration::from_secs(30);
/// The node's clock is read this often: each time makes an invoice.
const PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// After a reading that failed, and after many.
const AGAIN: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(60 * 60));
/// Others wait so long for a reading, and it may take so long: what takes longer says too little.
const WAITED: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(30);

/// The setting with the hash of the invoice of the last reading.
const LAST: &str = "clock_invoice";

/// Reads it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) time: Time,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    /// Whether it was tried since the start.
    pub(crate) tried: Arc<AtomicBool>,
    /// Told when it was. Who waited first goes on first: of a watch that is left to chance.
    pub(crate) told: Arc<Notify>,
}

impl Reading {
    /// Returns once it was tried to read the node's clock: before that nothing is given up because of the time.
    pub(crate) async fn done(&self) {
        let told = self.told.notified();
        if !self.tried.load(Ordering::SeqCst) {
            told.await;
        }
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
                        self.was_tried();
                        reading.await
                    }
                };
                let pause = match read {
                    Ok(Ok(())) => {
                        again = AGAIN.0;
                        PERIOD
                    }
                    Ok(Err(LightningError::Permission(_) | LightningError::Unsupported(_))) => {
                        self.time.cannot_be_read();
                        PERIOD
                    }
                    failed => {
                        tracing::info!(?failed, "the node's clock cannot be read now");
                        let pause = again;
                        again = again.saturating_mul(2).min(AGAIN.1);
                        pause
                    }
                };
                let now = Instant::now();
                next = now.checked_add(pause).unwrap_or(now);
                self.was_tried();
            }
            self.time.tell();
            tokio::time::sleep(LOOK).await;
        }
    }

    fn was_tried(&self) {
        self.tried.store(true, Ordering::SeqCst);
        self.told.notify_waiters();
    }

    async fn read(&self) -> Result<(), LightningError> {
        if !self.lightning.may_issue_invoices().await? {
            let method = "/invoicesrpc.Invoices/AddHoldInvoice";
            return Err(LightningError::Permission(method));
        }
        // Nobody knows what it is the hash of.
        let hash = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            PaymentHash(rng.random())
        };
        let last = self.note(hash).await;
        self.time.observe(self.make_unpaid(hash).await?);
        // The newest one stays until the next has been made: others note the newest place in the list.
        if let Some(last) = last {
            self.remove(last).await;
        }
        Ok(())
    }

    /// Notes this one as the last, and returns the one before. On a full disk the node keeps it, and the time is read all the same.
    async fn note(&self, hash: PaymentHash) -> Option<PaymentHash> {
        let noted = self.store.write(move |tx| {
            let last = tx.setting(LAST)?;
            tx.set_setting(LAST, &hash.to_string())?;
            Ok(last.and_then(|last| last.parse().ok()))
        });
        noted.await.unwrap_or_default()
    }

    /// Makes an invoice that nobody pays, and ends it. Returns when the node made it, by the node's clock in whole seconds.
    async fn make_unpaid(&self, hash: PaymentHash) -> Result<Timestamp, LightningError> {
        let made = self.lightning.add_hold_invoice(NewInvoice {
            hash,
            amount: Msat::SAT,
            expiry_secs: 60,
            cltv_expiry: 0,
            mark: None,
        });
        made.await?;
        let invoice = self.lightning.invoice(hash).await;
        // When that fails the node ends it itself in a minute.
        if let Err(error) = self.lightning.cancel(hash).await {
            tracing::info!(%error, "an invoice of ours that is not needed could not be canceled");
        }
        Ok(invoice?.created_at)
    }

    /// An older LND, or a macaroon without the permission, keeps it.
    async fn remove(&self, hash: PaymentHash) {
        match self.lightning.remove_canceled(hash).await {
            Ok(()) | Err(LightningError::NotFound) => {}
            Err(error) => tracing::debug!(%error, "an invoice of ours stays in the node's list"),
        }
    }
}
