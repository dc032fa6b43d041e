//! Invoices that nobody is to pay, canceled at once. To other apps on the node they say something; and each says when the
//! node made it, which is how its clock is read.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{AppMark, Msat, PaymentHash, Says, Timestamp};
use lnd::{Lightning, LightningError, NewInvoice};
use rand::Rng;
use rand::rngs::StdRng;
use store::Store;
use tokio::time::Instant;

/// For so long a mark's invoice could be paid if it were not canceled at once.
const EXPIRY_SECS: u32 = 60;
/// The settings with the hash of the last mark of each kind: that the app is there, and that it is in charge.
const LAST_OPEN: &str = "clock_invoice";
const LAST_IN_CHARGE: &str = "charge_invoice";

/// Leaves them. Of each kind only the newest stays with a node that can remove invoices. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Marks {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) rng: Arc<Mutex<StdRng>>,
}

/// A mark that was left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// Its place in the node's list.
    pub(crate) add_index: u64,
    /// When the node made it, by the node's clock in whole seconds.
    pub(crate) made_at: Timestamp,
    /// When the node told us.
    pub(crate) told_at: Instant,
}

impl Marks {
    /// `None` where the macaroon does not let us. Without a mark it says nothing to others.
    pub(crate) async fn leave(
        &self,
        mark: Option<AppMark>,
    ) -> Result<Option<Left>, LightningError> {
        if !self.lightning.may_issue_invoices().await? {
            return Ok(None);
        }
        // Nobody knows what it is the hash of.
        let hash = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            PaymentHash(rng.random())
        };
        let last = match mark.map(|mark| mark.says) {
            Some(Says::InCharge | Says::InChargeAt(_)) => LAST_IN_CHARGE,
            Some(Says::Open) | None => LAST_OPEN,
        };
        let before = self.note(last, hash).await;
        let made = self.lightning.add_hold_invoice(NewInvoice {
            hash,
            amount: Msat::SAT,
            expiry_secs: EXPIRY_SECS,
            cltv_expiry: 0,
            mark,
        });
        made.await?;
        let invoice = self.lightning.invoice(hash).await;
        let told_at = Instant::now();
        // When that fails the node ends it itself in a minute.
        if let Err(error) = self.lightning.cancel(hash).await {
            tracing::info!(%error, "an invoice of ours that is not needed could not be canceled");
        }
        let invoice = invoice?;
        // The newest one stays until the next has been made: others note the newest place in the list.
        if let Some(before) = before {
            self.remove(before).await;
        }
        Ok(Some(Left {
            add_index: invoice.add_index,
            made_at: invoice.created_at,
            told_at,
        }))
    }

    /// Notes this one as the last, and returns the one before. On a full disk the node keeps it, and it is left all the same.
    async fn note(&self, last: &'static str, hash: PaymentHash) -> Option<PaymentHash> {
        let noted = self.store.write(move |tx| {
            let before = tx.setting(last)?;
            tx.set_setting(last, &hash.to_string())?;
            Ok(before.and_then(|before| before.parse().ok()))
        });
        noted.await.unwrap_or_default()
    }

    /// An older LND, or a macaroon without the permission, keeps it.
    async fn remove(&self, hash: PaymentHash) {
        match self.lightning.remove_canceled(hash).await {
            Ok(()) | Err(LightningError::NotFound) => {}
            Err(error) => tracing::debug!(%error, "an invoice of ours stays in the node's list"),
        }
    }
}
