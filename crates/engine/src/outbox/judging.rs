//! Whether money may leave now: the rule's word is carried out here.

use domain::resume::Action;
use domain::{Attempt, AttemptState, Carrier, DeliveryEvent, Failure, Msat};
use store::{Delivery, Outcome, StoreError};

use super::{Load, Outbox, Stop};
use crate::compose::{Draft, Purpose};
use crate::error::Trouble;
use crate::purse::Tries;
use crate::tracker::TROUBLE;

/// The payment hashes of what leaves: `number` is the try of money; texts have their own count.
pub(super) struct Hashes {
    pub(super) number: u32,
    pub(super) tries: Tries,
}

/// What the rule says of a delivery.
pub(super) enum Judged {
    /// It leaves, money with this try.
    Leaves(u32, Tries),
    /// It does not leave from here, but what is known of it may have to be followed.
    Stays(Option<Load>),
}

impl Outbox {
    pub(super) async fn judge(&self, delivery: &Delivery, draft: &Draft) -> Result<Judged, Stop> {
        let by_invoice =
            draft.sealing.features.issues_invoices && matches!(draft.purpose, Purpose::Payment(_));
        let judged = self.purse.judge(delivery, draft.id, by_invoice).await;
        let (action, tries) = match judged {
            Ok(judged) => judged,
            Err(Trouble::Store(error)) => return Err(error.into()),
            Err(Trouble::Lightning(error)) => {
                return Ok(Judged::Stays(self.trouble(delivery, &error).await?));
            }
        };
        Ok(match action {
            Action::Send(number) => Judged::Leaves(number, tries),
            Action::Follow(number) | Action::Done(number) => {
                Judged::Stays(self.adopt(delivery, &tries, number).await?)
            }
            Action::Ask(number) => {
                self.ask_user(delivery, &tries, number).await?;
                Judged::Stays(None)
            }
            Action::Fail => Judged::Stays(self.fail(delivery, Failure::TooLate).await?),
        })
    }

    /// The node knows this try, which this database has not made or has given up: what it says is the outcome.
    async fn adopt(
        &self,
        delivery: &Delivery,
        tries: &Tries,
        number: u32,
    ) -> Result<Option<Load>, Stop> {
        let attempt = Attempt {
            state: AttemptState::Sent,
            ..self.known_try(delivery, tries, number)
        };
        let stored = attempt.clone();
        let now = self.clock.now();
        let adopted = self
            .store
            .write(move |tx| {
                let begun = tx.step_delivery(
                    stored.message,
                    DeliveryEvent::Begin,
                    Outcome::default(),
                    now,
                )?;
                if begun.is_some() {
                    tx.insert_attempt(&stored)?;
                }
                Ok(begun.is_some())
            })
            .await;
        self.changed(delivery.conversation, delivery.message);
        match adopted {
            Ok(true) => {
                tracing::warn!(
                    "another copy of this app has made a payment already: it is not made again"
                );
                Ok(Some(Load::Known(Box::new(attempt))))
            }
            // It was queued when the round began, and this app itself has sent it since.
            Ok(false) => Ok(None),
            // Another message of this database has it: it has been paid back.
            Err(StoreError::Constraint(_)) => self.fail(delivery, Failure::Rejected).await,
            Err(error) => Err(error.into()),
        }
    }

    /// It may have been paid already, and the node does not say: it is parked for the user.
    async fn ask_user(
        &self,
        delivery: &Delivery,
        tries: &Tries,
        number: u32,
    ) -> Result<(), StoreError> {
        let (attempt, now) = (self.known_try(delivery, tries, number), self.clock.now());
        self.store
            .write(move |tx| {
                let (key, hash) = (attempt.message, attempt.hash);
                let outcome = Outcome::default();
                if tx
                    .step_delivery(key, DeliveryEvent::Begin, outcome, now)?
                    .is_some()
                {
                    tx.insert_attempt(&attempt)?;
                    let state = AttemptState::Forgotten;
                    tx.end_attempt(hash, state, Msat::ZERO, None, None, now)?;
                    tx.step_delivery(key, DeliveryEvent::Forgotten, outcome, now)?;
                }
                Ok(())
            })
            .await?;
        self.changed(delivery.conversation, delivery.message);
        Ok(())
    }

    /// One try of a delivery, as far as it is known without its records.
    fn known_try(&self, delivery: &Delivery, tries: &Tries, number: u32) -> Attempt {
        Attempt {
            amount: delivery.amount,
            fee_limit: delivery.fee_limit,
            try_number: Some(number),
            ..self.attempt(delivery.message, Carrier::Keysend, tries.whole(number))
        }
    }

    /// Waits for the node. Money that may no longer leave fails meanwhile, and says so.
    pub(super) async fn able_or_late(&self) {
        loop {
            let wait = match self.fail_late().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read");
                    TROUBLE
                }
            };
            tokio::select! {
                biased;
                () = self.link.able() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Ends what was ordered in this run and is too late. What an earlier run left is judged by the node's word first.
    /// Returns how long nothing more is too late.
    async fn fail_late(&self) -> Result<std::time::Duration, StoreError> {
        let now = self.clock.now();
        let (late, next) = self
            .store
            .read(move |db| Ok((db.too_late(now)?, db.first_leaves_by()?)))
            .await?;
        for delivery in late {
            if !self.purse.orders.has(delivery.message) {
                continue;
            }
            // What was asked about stays open: it may have been paid.
            let (key, asked) = (delivery.message, self.was_asked(&delivery).await?);
            let (event, failure) = if asked {
                (DeliveryEvent::Forgotten, None)
            } else {
                (DeliveryEvent::Failed, Some(Failure::TooLate))
            };
            let outcome = Outcome {
                failure,
                ..Outcome::default()
            };
            self.store
                .write(move |tx| {
                    let begin = DeliveryEvent::Begin;
                    if tx
                        .step_delivery(key, begin, Outcome::default(), now)?
                        .is_some()
                    {
                        tx.step_delivery(key, event, outcome, now)?;
                    }
                    Ok(())
                })
                .await?;
            self.changed(delivery.conversation, key);
        }
        Ok(next
            .filter(|next| *next > now)
            .map_or(super::LONGEST_SLEEP, |next| {
                now.until(next).min(super::LONGEST_SLEEP)
            }))
    }

    async fn was_asked(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let key = delivery.message;
        let attempts = self.store.read(move |db| db.attempts_of(key)).await?;
        let last = attempts.last().map(|attempt| attempt.state);
        Ok(last == Some(AttemptState::Forgotten))
    }
}
