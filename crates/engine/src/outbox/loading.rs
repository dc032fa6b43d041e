//! Attempts are made and stored, before they are sent: one for a letter, several for its parts.

use domain::{
    Attempt, AttemptState, Carrier, DeliveryEvent, Failure, Limits, MessageKey, Msat, NodeId, Part,
    Postage, Preimage,
};
use lnd::LightningError;
use store::{Cut, Delivery, Outcome, StoreError};

use super::judging::Hashes;
use super::{Load, Outbox, Stop};
use crate::choice::Chosen;
use crate::compose::{Draft, NO_PAYMENT, Purpose};
use crate::error::Trouble;
use crate::free::courier::Parcel;
use crate::invoices::asking::Errand;
use crate::parts::{piece, present, times};
use crate::purse::{Tries, next_number};

/// Attempts that are not stored yet.
#[derive(Clone)]
struct Made {
    /// Of one message; there is one at least.
    attempts: Vec<Attempt>,
    /// The message's words.
    text: String,
    /// How it is cut.
    cut: Option<Cut>,
    /// To whom it goes and what it carries, if that depends on what is owed.
    postage: Option<(NodeId, Postage)>,
}

/// What came of storing attempts.
#[derive(PartialEq, Eq)]
enum Begun {
    /// They are stored.
    Stored,
    /// Their message was cancelled or has other words in the meantime: nothing is sent.
    Cancelled,
    /// Something else is due as postage now.
    Moved(Postage),
}

impl Outbox {
    /// Attempts that pay. What a text carries is decided together with storing them; when the balance has moved since
    /// the letter was sealed, it is sealed anew.
    pub(super) async fn pay(
        &self,
        delivery: &Delivery,
        mut draft: Draft,
        limits: Limits,
        hashes: &Hashes,
    ) -> Result<Option<Load>, Stop> {
        loop {
            let made = match self.cut(delivery.message, &draft, limits).await {
                Ok(Some(cut)) => self.parts(delivery, &draft, cut, &hashes.tries).await,
                Ok(None) => self.whole(delivery, &draft, hashes).await,
                Err(error) => Err(error),
            };
            let made = match made {
                Ok(made) => made,
                Err(Trouble::Store(error)) => return Err(error.into()),
                Err(Trouble::Lightning(error)) => return self.trouble(delivery, &error).await,
            };
            match self.begin(&made).await? {
                Begun::Stored => return Ok(Some(Load::Paid(made.attempts))),
                Begun::Cancelled => return Ok(None),
                Begun::Moved(postage) => draft.postage = postage,
            }
        }
    }

    /// How a message is cut that goes in parts: once for all its tries, so that the parts join.
    async fn cut(
        &self,
        key: MessageKey,
        draft: &Draft,
        limits: Limits,
    ) -> Result<Option<Cut>, Trouble> {
        if !draft.is_divisible() {
            return Ok(None);
        }
        let (cut, attempts) = self
            .store
            .read(move |db| Ok((db.cut(key)?, db.attempts_of(key)?)))
            .await?;
        if cut.is_some() {
            return Ok(cut);
        }
        let too_large = |attempt: &Attempt| attempt.failure == Some(Failure::TooLarge);
        if attempts.iter().any(too_large) {
            return Ok(draft.cut());
        }
        Ok(self.quotes.cut(draft, limits).await?)
    }

    async fn whole(
        &self,
        delivery: &Delivery,
        draft: &Draft,
        hashes: &Hashes,
    ) -> Result<Made, Trouble> {
        let key = delivery.message;
        let number = if draft.purpose == Purpose::Text {
            let attempts = self.store.read(move |db| db.attempts_of(key)).await?;
            next_number(&attempts, None)
        } else {
            hashes.number
        };
        let (preimage, rng) = (hashes.tries.whole(number), self.fresh_rng());
        let hash = preimage.payment_hash();
        let records = draft.records(&self.identity, rng, hash).await?;
        let attempt = Attempt {
            amount: draft.amount(),
            fee_limit: delivery.fee_limit,
            records,
            try_number: Some(number),
            ..self.attempt(key, Carrier::Keysend, preimage)
        };
        Ok(Made {
            attempts: vec![attempt],
            text: draft.text.clone(),
            cut: None,
            postage: (draft.purpose == Purpose::Text).then_some((draft.to, draft.postage)),
        })
    }

    /// One attempt for each part that is not there, or may be given up there by now. They share what is left of the fee
    /// limit, and carry plain postage: what is owed goes with a message that one payment carries.
    async fn parts(
        &self,
        delivery: &Delivery,
        draft: &Draft,
        cut: Cut,
        tries: &Tries,
    ) -> Result<Made, Trouble> {
        let key = delivery.message;
        let attempts = self.store.read(move |db| db.attempts_of(key)).await?;
        let there = present(&attempts, self.clock.now());
        let count = cut.set().count;
        let mut missing: Vec<u32> = (0..count).filter(|part| !there.contains(part)).collect();
        // All came back, perhaps without having arrived, and the user wants another try.
        if missing.is_empty() {
            missing = (0..count).collect();
        }
        let spent = Msat::checked_sum(attempts.iter().map(|attempt| attempt.fee));
        let left = spent.and_then(|spent| delivery.fee_limit.checked_sub(spent));
        let share = left
            .unwrap_or_default()
            .shared(u32::try_from(missing.len()).unwrap_or(u32::MAX));
        let mut made = Vec::new();
        for index in missing {
            let Some(piece) = piece(&cut, index) else {
                continue;
            };
            let number = next_number(&attempts, Some(index));
            let preimage = tries.part(Some(index), number);
            let (hash, rng) = (preimage.payment_hash(), self.fresh_rng());
            let records = draft.part_records(&self.identity, rng, hash, piece);
            made.push(Attempt {
                part: Some(Part { index, count }),
                try_number: Some(number),
                amount: Postage::PLAIN.amount,
                fee_limit: share,
                records: records.await?,
                ..self.attempt(key, Carrier::Keysend, preimage)
            });
        }
        Ok(Made {
            attempts: made,
            text: draft.text.clone(),
            cut: Some(cut),
            postage: None,
        })
    }

    /// An attempt that asks for an invoice first.
    pub(super) async fn ask(
        &self,
        delivery: &Delivery,
        draft: Draft,
    ) -> Result<Option<Load>, Stop> {
        let (unpaid, rng) = self.randomness();
        let attempt = Attempt {
            amount: delivery.amount,
            fee_limit: delivery.fee_limit,
            ..self.attempt(delivery.message, Carrier::Invoice, unpaid)
        };
        let made = Made {
            attempts: vec![attempt.clone()],
            text: draft.text.clone(),
            cut: None,
            postage: None,
        };
        if self.begin(&made).await? != Begun::Stored {
            return Ok(None);
        }
        Ok(Some(Load::Asked(Box::new(Errand {
            attempt,
            conversation: delivery.conversation,
            draft,
            rng,
        }))))
    }

    /// An attempt that costs nothing. Its bytes are not kept: after a crash it is made anew.
    pub(super) async fn send_free(
        &self,
        delivery: &Delivery,
        draft: &Draft,
        chosen: Chosen,
    ) -> Result<Option<Load>, Stop> {
        let parcel = match self.parcel(delivery, draft, chosen).await {
            Ok(Some(parcel)) => parcel,
            Ok(None) => return Ok(None),
            Err(error) => return self.trouble(delivery, &error).await,
        };
        let made = Made {
            attempts: vec![parcel.attempt.clone()],
            text: draft.text.clone(),
            cut: None,
            postage: None,
        };
        if self.begin(&made).await? != Begun::Stored {
            return Ok(None);
        }
        self.in_vain(delivery.message, parcel.attempt.carrier);
        Ok(Some(Load::Free(Box::new(parcel))))
    }

    /// The letters of a message for a free carrier; `None` when the chosen one is none.
    pub(super) async fn parcel(
        &self,
        delivery: &Delivery,
        draft: &Draft,
        chosen: Chosen,
    ) -> Result<Option<Parcel>, LightningError> {
        let Some(carrier) = chosen.carrier().filter(|carrier| carrier.is_free()) else {
            return Ok(None);
        };
        let (preimage, mut rng) = self.randomness();
        let (identity, sealing) = (&self.identity, &draft.sealing);
        let mut records = Vec::new();
        for letter in draft.free_letters(chosen.room()) {
            let sealed = sealing.seal(identity, &mut rng, &NO_PAYMENT, &letter);
            records.push(sealed.await?);
        }
        Ok(Some(Parcel {
            attempt: Attempt {
                hops: chosen.hops(),
                ..self.attempt(delivery.message, carrier, preimage)
            },
            conversation: delivery.conversation,
            to: delivery.to,
            records,
            ways: chosen.into_ways(),
        }))
    }

    /// One that has not left, and brings nothing yet. Only a keysend brings its preimage.
    pub(super) fn attempt(
        &self,
        message: MessageKey,
        carrier: Carrier,
        preimage: Preimage,
    ) -> Attempt {
        Attempt {
            hash: preimage.payment_hash(),
            preimage: (carrier == Carrier::Keysend).then_some(preimage),
            message,
            carrier,
            part: None,
            try_number: None,
            amount: Msat::ZERO,
            fee_limit: Msat::ZERO,
            invoice: None,
            records: Vec::new(),
            state: AttemptState::Prepared,
            fee: Msat::ZERO,
            hops: None,
            failure: None,
            created_at: self.clock.now(),
            ended_at: None,
        }
    }

    /// Stores attempts of one message before they are sent, if it has these words still, and the postage is what is due to
    /// this node at that moment.
    async fn begin(&self, made: &Made) -> Result<Begun, StoreError> {
        let (stored, outbox) = (made.clone(), self.clone());
        self.store
            .write(move |tx| {
                let Some(first) = stored.attempts.first() else {
                    return Ok(Begun::Cancelled);
                };
                let (key, now, each) = (first.message, first.created_at, first.amount);
                let same = |message: domain::Message| {
                    message.text == stored.text && message.taken_back_at.is_none()
                };
                if !tx.message(key)?.is_some_and(same) {
                    return Ok(Begun::Cancelled);
                }
                if let Some((to, decided)) = stored.postage {
                    let program = tx.contact(to)?.map(|contact| contact.program);
                    let due = outbox.postage(&tx.postage_balance(to)?, program.unwrap_or_default());
                    if due != decided {
                        return Ok(Begun::Moved(due));
                    }
                }
                if tx
                    .step_delivery(key, DeliveryEvent::Begin, Outcome::default(), now)?
                    .is_none()
                {
                    return Ok(Begun::Cancelled);
                }
                if let Some(cut) = &stored.cut {
                    tx.store_cut(key, cut)?;
                    tx.set_postage(key, times(each, cut.set().count))?;
                } else if stored.postage.is_some() {
                    tx.set_postage(key, each)?;
                }
                for attempt in &stored.attempts {
                    tx.insert_attempt(attempt)?;
                }
                Ok(Begun::Stored)
            })
            .await
    }
}
