//! Payments that wait for the decision on an invoice of ours that the books do not know: an older copy of the folder was
//! put back since, or another app on this node has given it out.
//!
//! Only the app that has the preimage can take such a payment. Every app decides before its invoice expires, so one that
//! is there has decided by then. What still waits after that goes back: else it would bind the channel, and the payer's
//! money, until the blocks run out.

use std::time::Duration;

use domain::Timestamp;
use lnd::{Invoice, InvoiceKind, InvoiceState};

use super::{NO_HASH, Session};
use crate::error::Trouble;
use crate::invoices::VALID;

/// Clocks differ, and a decision takes its time to be carried out.
const GRACE: Duration = Duration::from_secs(120);

impl Session<'_> {
    /// Cancels it, if nobody can take it any more. What fails is tried again at the next look.
    pub(super) async fn give_back_unknown(&mut self, invoice: &Invoice) -> Result<(), Trouble> {
        let hash = invoice.hash;
        if !is_left_over(invoice, self.inbox.reception.clock.now()) {
            return Ok(());
        }
        let is_known = move |db: &store::Reader<'_>| {
            Ok(db.issued(hash)?.is_some() || db.incoming(hash)?.is_some())
        };
        if self.inbox.store.read(is_known).await? {
            return Ok(());
        }
        tracing::warn!("a payment to an unknown invoice of ours goes back");
        let lightning = self.inbox.lightning.clone();
        self.streams.spawn(async move {
            if let Err(error) = lightning.cancel(hash).await {
                tracing::info!(%error, "an unknown invoice could not be canceled");
            }
            NO_HASH
        });
        Ok(())
    }
}

/// Whether it is like those that we give, and everybody who could have taken the payment has had the time for it. A hold
/// invoice of another program is left alone.
fn is_left_over(invoice: &Invoice, now: Timestamp) -> bool {
    let is_ours = invoice.kind == InvoiceKind::Given
        && invoice.preimage.is_none()
        && Duration::from_secs(invoice.hold_secs.into()) == VALID
        && protocol::letter_record(&invoice.records).is_some();
    let end = invoice.created_at.plus(VALID).plus(GRACE);
    is_ours && invoice.state == InvoiceState::Held && end <= now
}
