//! Asks a contact's app for an invoice, and looks at what comes: only what was asked for is paid.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Attempt, AttemptState, ConversationId, DeliveryEvent, Failure, Msat, NodeId, Way};
use lnd::{DecodedInvoice, Lightning, LightningError};
use protocol::{Body, RequestId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use store::{Outcome, Store, StoreError};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::compose::Draft;
use crate::error::Trouble;
use crate::free::FreeError;
use crate::free::notes::{CameBy, NoteError, Notes};
use crate::identity::Identity;
use crate::time::Time;

/// How long the answer to a question may take, and how often it is asked: what is sent for free may get lost.
const ANSWER: Duration = Duration::from_secs(3);
const TRIES: usize = 2;
/// An invoice that can no longer be paid after this long is not begun with.
const LEAST_TIME: Duration = Duration::from_secs(30);
/// The most blocks between the payment's arrival and its expiry, as LND has it by itself: so long our money may be bound
/// by somebody who never decides.
const MOST_BLOCKS: u32 = 80;

/// Who was asked, and who waits for the answer.
type Question = (NodeId, oneshot::Sender<String>);

/// Questions that wait for their answer. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Awaited(Arc<Mutex<HashMap<RequestId, Question>>>);

impl Awaited {
    /// An invoice came. One that nobody waits for, or no longer, or from somebody else, is left alone.
    pub(crate) fn came(&self, by: NodeId, request: RequestId, bolt11: String) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.get(&request).is_none_or(|(asked, _)| *asked != by) {
            return;
        }
        if let Some((_, waiter)) = waiting.remove(&request) {
            // It may have given up in this moment.
            let _ = waiter.send(bolt11);
        }
    }

    fn expect(&self, of: NodeId, request: RequestId) -> oneshot::Receiver<String> {
        let (waiter, answer) = oneshot::channel();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(request, (of, waiter));
        answer
    }

    fn done(&self, request: RequestId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&request);
    }
}

/// A payment that is to go by an invoice. Its attempt is stored.
pub(crate) struct Errand {
    pub(crate) attempt: Attempt,
    pub(crate) conversation: ConversationId,
    pub(crate) draft: Draft,
    pub(crate) rng: StdRng,
}

/// What came of it.
pub(crate) enum Answer {
    /// The attempt that pays the invoice; it is stored.
    Invoice(Box<Attempt>),
    /// None came: their app sleeps, or does not want to.
    Silence,
    /// One came that is not what was asked for. The attempt has ended.
    Wrong,
    /// Our own node or database failed: ask again.
    Broken,
}

/// Asks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: Time,
    pub(crate) identity: Identity,
    pub(crate) notes: Notes,
    pub(crate) awaited: Awaited,
}

impl Asker {
    /// Asks for the invoice and stores the payment of it; nothing is paid yet.
    pub(crate) async fn ask(&self, mut errand: Errand) -> Answer {
        match self.look(&mut errand).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::info!(%error, "an invoice cannot be asked for now");
                Answer::Broken
            }
        }
    }

    async fn look(&self, errand: &mut Errand) -> Result<Answer, Trouble> {
        let Some(bolt11) = self.invoice(errand).await? else {
            return Ok(Answer::Silence);
        };
        let invoice = match self.lightning.decode_invoice(&bolt11).await {
            Ok(invoice) => invoice,
            Err(error @ LightningError::Unreachable(_)) => return Err(error.into()),
            Err(LightningError::Permission(_)) => return Ok(Answer::Silence),
            Err(_) => return self.refuse(errand).await,
        };
        let (to, amount) = (errand.draft.to, errand.attempt.amount);
        if !is_asked_for(&invoice, to, amount) {
            return self.refuse(errand).await;
        }
        if invoice.expires_at < self.time.node().plus(LEAST_TIME) {
            // Their node's clock or ours is wrong, and ours would not pay it.
            return Ok(Answer::Silence);
        }
        let rng = StdRng::from_rng(&mut errand.rng);
        let draft = &errand.draft;
        let records = match draft.records(&self.identity, rng, invoice.hash).await {
            Ok(records) => records,
            Err(LightningError::Permission(_)) => return Ok(Answer::Silence),
            Err(error) => return Err(error.into()),
        };
        let attempt = Attempt {
            hash: invoice.hash,
            invoice: Some(bolt11),
            records,
            ..errand.attempt.clone()
        };
        let (asked, stored) = (errand.attempt.hash, attempt.clone());
        let taken = self
            .store
            .write(move |tx| tx.take_invoice(asked, &stored))
            .await?;
        if taken {
            Ok(Answer::Invoice(Box::new(attempt)))
        } else {
            // An invoice is for one payment.
            self.refuse(errand).await
        }
    }

    /// The text of the invoice, if one comes in time.
    async fn invoice(&self, errand: &mut Errand) -> Result<Option<String>, Trouble> {
        let to = errand.draft.to;
        let request = RequestId(errand.rng.random());
        let body = Body::InvoiceRequest {
            request,
            amount: errand.attempt.amount,
        };
        let mut answer = self.awaited.expect(to, request);
        let mut asked = Ok(());
        // What must be direct or routed asks for none.
        let (unasked, way) = (CameBy::default(), Way::Auto);
        for _ in 0..TRIES {
            asked = self.notes.send(to, body.clone(), &unasked, way).await;
            if asked.is_err() {
                break;
            }
            if let Ok(Ok(bolt11)) = tokio::time::timeout(ANSWER, &mut answer).await {
                return Ok(Some(bolt11));
            }
        }
        self.awaited.done(request);
        match asked {
            Ok(()) => Ok(None),
            Err(NoteError::Store(error)) => Err(error.into()),
            Err(
                NoteError::Lightning(error @ LightningError::Unreachable(_))
                | NoteError::Free(FreeError::Lightning(error @ LightningError::Unreachable(_))),
            ) => Err(error.into()),
            Err(error) => {
                tracing::debug!(%error, "an invoice could not be asked for");
                Ok(None)
            }
        }
    }

    /// It is not paid, and neither is anything else in its place: their app answered, and not as it should.
    async fn refuse(&self, errand: &Errand) -> Result<Answer, Trouble> {
        tracing::warn!("an invoice is not the one that was asked for");
        let (hash, key, now) = (
            errand.attempt.hash,
            errand.attempt.message,
            self.clock.now(),
        );
        self.store
            .write(move |tx| -> Result<(), StoreError> {
                let failure = Some(Failure::WrongInvoice);
                let state = AttemptState::Failed;
                if tx.end_attempt(hash, state, Msat::ZERO, None, failure, now)? {
                    let outcome = Outcome {
                        failure,
                        ..Outcome::default()
                    };
                    tx.step_delivery(key, DeliveryEvent::Failed, outcome, now)?;
                }
                Ok(())
            })
            .await?;
        Ok(Answer::Wrong)
    }
}

/// Whether paying it gives this node this amount, and binds our money for a bounded time.
fn is_asked_for(invoice: &DecodedInvoice, of: NodeId, amount: Msat) -> bool {
    invoice.destination == of
        && invoice.amount == Some(amount)
        && invoice.cltv_expiry <= MOST_BLOCKS
}

#[cfg(test)]
mod tests;
