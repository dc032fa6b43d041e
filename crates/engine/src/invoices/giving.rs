//! Gives invoices to contacts who ask for one. What is paid to them comes through the inbox, as a held keysend does.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{Msat, NodeId, Preimage};
use lnd::{Lightning, LightningError, NewInvoice};
use protocol::{Body, RequestId};
use rand::Rng;
use rand::rngs::StdRng;
use store::{Issued, Store, StoreError};
use tokio::sync::Notify;

use super::VALID;
use crate::free::notes::{CameBy, NoteError, Notes};
use crate::reading::Reading;
use crate::tasks::Tasks;
use crate::time::Time;

/// A contact may have so many invoices at once that nothing was paid to.
const OPEN: u32 = 3;
/// Blocks between the payment's arrival and its expiry. The node returns what is held 18 blocks before the end, which
/// leaves some hours; a payer refuses more than 80.
const BLOCKS: u32 = 40;

/// What a contact wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) by: NodeId,
    pub(crate) request: RequestId,
    pub(crate) amount: Msat,
}

/// Gives them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Giver {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) time: Time,
    pub(crate) reading: Reading,
    pub(crate) notes: Notes,
    pub(crate) tasks: Tasks,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    /// There is one to watch.
    pub(crate) issued: Arc<Notify>,
    /// There is one that ends.
    pub(crate) holds: Arc<Notify>,
}

/// Why none was given.
#[derive(Debug, thiserror::Error)]
enum GivingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lightning(#[from] LightningError),
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Giver {
    /// Answers a known contact, in the background and over the way that the question came. Without an answer they pay by a
    /// keysend.
    pub(crate) fn give(&self, wanted: Wanted, came: CameBy) {
        let giver = self.clone();
        self.tasks.spawn(async move {
            if let Err(error) = giver.answer(wanted, came).await {
                tracing::info!(%error, "a contact's request for an invoice was not answered");
            }
        });
    }

    async fn answer(&self, wanted: Wanted, came: CameBy) -> Result<(), GivingError> {
        let Some(issued) = self.issue(wanted).await? else {
            return Ok(());
        };
        self.holds.notify_one();
        // Once more for what was asked before is the same text.
        let bolt11 = self
            .lightning
            .add_hold_invoice(NewInvoice {
                hash: issued.hash,
                amount: issued.amount,
                expiry_secs: u32::try_from(VALID.as_secs()).unwrap_or(u32::MAX),
                cltv_expiry: BLOCKS,
                mark: None,
            })
            .await?;
        self.issued.notify_one();
        let body = Body::Invoice {
            request: wanted.request,
            bolt11,
        };
        Ok(self.notes.to_known(wanted.by, body, &came).await?)
    }

    /// Stores the invoice before it is made: nothing may be paid to a hash whose preimage could be lost. `None` when they
    /// are not to have one, or the node's clock cannot be read now.
    async fn issue(&self, wanted: Wanted) -> Result<Option<Issued>, StoreError> {
        let Wanted {
            by,
            request,
            amount,
        } = wanted;
        if amount < Msat::SAT {
            return Ok(None);
        }
        let preimage = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            Preimage::new(rng.random())
        };
        // The node makes it, and ends it: by another clock it would seem to be over when it is paid.
        self.reading.done().await;
        let Some(now) = self.time.node_for_sure() else {
            return Ok(None);
        };
        let new = Issued {
            hash: preimage.payment_hash(),
            preimage,
            node: by,
            request: request.0,
            amount,
            created_at: now,
            expires_at: now.plus(VALID),
        };
        self.store
            .write(move |tx| {
                if let Some(before) = tx.issued_for(by, request.0)? {
                    let same = before.amount == amount && now < before.expires_at;
                    return Ok(same.then_some(before));
                }
                if tx.issued_count(by)? >= OPEN {
                    return Ok(None);
                }
                tx.issue(&new)?;
                Ok(Some(new))
            })
            .await
    }
}
