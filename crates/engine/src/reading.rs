//! Reads the node's clock: an invoice that nobody will pay says when the node made it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Msat, PaymentHash};
use lnd::{Lightning, LightningError, NewInvoice};
use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::link::{Link, LinkState};
use crate::time::Time;

/// The clocks are compared this often, from what is known.
const LOOK: Duration = Duration::from_secs(30);
/// The node's clock is read this often: each time leaves an invoice with the node.
const PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// After a reading that failed.
const AGAIN: Duration = Duration::from_secs(5 * 60);
/// What takes longer says too little.
const LONGEST: Duration = Duration::from_secs(10);

/// Reads it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) time: Time,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    /// Whether it was tried since the start.
    pub(crate) tried: watch::Sender<bool>,
}

impl Reading {
    /// Returns once the node's clock was read, or cannot be: before that nothing is given up because of the time.
    pub(crate) async fn done(&self) {
        let mut tried = self.tried.subscribe();
        // The sender lives in this handle, so the wait cannot fail while we exist.
        let _ = tried.wait_for(|tried| *tried).await;
    }

    /// The actor's loop.
    pub(crate) async fn run(self) {
        let mut next = Instant::now();
        loop {
            self.link.connected().await;
            if let LinkState::Connected { info } = &*self.link.watch().borrow()
                && let Some(header) = info.header_at
            {
                self.time.block(header);
            }
            if next <= Instant::now() {
                let read = tokio::time::timeout(LONGEST, self.read()).await;
                let known = matches!(read, Ok(Ok(())));
                if let Ok(Err(error)) = read {
                    tracing::info!(%error, "the node's clock cannot be read");
                }
                let now = Instant::now();
                let pause = if known { PERIOD } else { AGAIN };
                next = now.checked_add(pause).unwrap_or(now);
                self.tried.send_replace(true);
            }
            self.time.tell();
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn read(&self) -> Result<(), LightningError> {
        if !self.lightning.may_issue_invoices().await? {
            return Err(LightningError::Permission(
                "/invoicesrpc.Invoices/AddHoldInvoice",
            ));
        }
        // Nobody knows what it is the hash of.
        let hash = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            PaymentHash(rng.random())
        };
        let asked = Instant::now();
        let made = self.lightning.add_hold_invoice(NewInvoice {
            hash,
            amount: Msat::SAT,
            expiry_secs: 60,
            cltv_expiry: 0,
        });
        made.await?;
        let took = asked.elapsed();
        let invoice = self.lightning.invoice(hash).await;
        let ended = self.lightning.cancel(hash).await;
        let made_at = invoice?.created_at;
        self.time.observe(made_at, took);
        ended
    }
}
