//! What the end of an attempt means for its message. A message that goes in parts ends when none of them is under way.

use std::collections::BTreeMap;

use domain::{
    Attempt, AttemptState, Carrier, DeliveryEvent, Failure, Message, Msat, Privacy, ReturnMeaning,
    Timestamp, next_try,
};
use lnd::PaymentUpdate;
use protocol::record;
use store::{Delivery, Outcome, StoreError, Tx};

use crate::books::{book_returned, book_sent, book_settled, is_postage};
use crate::keys::in_use_at;
use crate::parts::{has_arrived, present};

/// Stores the end of an attempt and of its delivery, and books it.
pub(crate) fn conclude(
    tx: &Tx<'_>,
    attempt: &Attempt,
    update: PaymentUpdate,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = attempt.message;
    let Some(delivery) = tx.delivery(key)? else {
        return Ok(());
    };
    match update {
        PaymentUpdate::InFlight { .. } => return Ok(()),
        PaymentUpdate::Settled {
            fee,
            hops,
            preimage,
        } => {
            let state = AttemptState::Settled;
            if let Some(preimage) = preimage {
                tx.prove(attempt.hash, &preimage)?;
            }
            tx.end_attempt(attempt.hash, state, fee, Some(hops), None, now)?;
            if attempt.part.is_none() {
                settle(tx, &delivery, now)?;
                reached(tx, &delivery, attempt)?;
            }
            book_settled(tx, &delivery, attempt, fee, now)?;
            tx.finish_refund(key)?;
        }
        PaymentUpdate::Refused { hops } => {
            let state = AttemptState::Refused;
            tx.end_attempt(attempt.hash, state, Msat::ZERO, Some(hops), None, now)?;
            if attempt.part.is_none() {
                come_back(tx, &delivery, attempt.carrier, now)?;
                // A node that holds mostly refuses what its app has stored.
                if is_postage(&delivery) && holds(tx, &delivery, attempt.carrier)? {
                    reached(tx, &delivery, attempt)?;
                }
            }
            book_returned(tx, &delivery, attempt, now)?;
            tx.drop_refund(key)?;
        }
        PaymentUpdate::Failed { failure, hops, .. } => {
            let state = AttemptState::Failed;
            tx.end_attempt(attempt.hash, state, Msat::ZERO, hops, Some(failure), now)?;
            if attempt.part.is_none() {
                fail(tx, &delivery, attempt, failure, now)?;
            }
        }
    }
    if attempt.part.is_some() {
        conclude_parts(tx, &delivery, attempt, now)?;
    }
    // Their node has it, or had it: whether their app has it only a receipt can say.
    tx.await_receipt(key, now)
}

/// A letter with our card is at their node. While nothing of theirs says otherwise, its key is the one that they know:
/// some people only read, and no receipt finds its way from everywhere. A part has no card.
fn reached(tx: &Tx<'_>, delivery: &Delivery, attempt: &Attempt) -> Result<(), StoreError> {
    let (to, key) = (delivery.to, attempt.message);
    let unknown = tx.card(to)?.is_some_and(|card| card.told.is_none());
    let sealed = |message: Message| message.privacy == Privacy::Sealed;
    if unknown
        && tx.message(key)?.is_some_and(sealed)
        && let Some(key) = in_use_at(&tx.seal_keys()?, attempt.created_at)
    {
        tx.presume_told(to, key.0)?;
    }
    Ok(())
}

/// The node has no record of an attempt that may have left. Words go again; about money the user is asked.
pub(crate) fn forget(tx: &Tx<'_>, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError> {
    let (hash, key) = (attempt.hash, attempt.message);
    tx.end_attempt(hash, AttemptState::Forgotten, Msat::ZERO, None, None, now)?;
    let Some(delivery) = tx.delivery(key)? else {
        return Ok(());
    };
    if attempt.part.is_some() {
        conclude_parts(tx, &delivery, attempt, now)?;
    } else if !ends_by_receipt(tx, &delivery, attempt, now)? {
        let event = if is_postage(&delivery) {
            DeliveryEvent::Unanswered
        } else {
            DeliveryEvent::Forgotten
        };
        tx.step_delivery(key, event, Outcome::default(), now)?;
    }
    Ok(())
}

/// How the parts of a message are when none is under way.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// Each is at the recipient's node.
    Arrived,
    /// One is missing, for this reason.
    Missing(Failure),
}

fn conclude_parts(
    tx: &Tx<'_>,
    delivery: &Delivery,
    last: &Attempt,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = delivery.message;
    if tx.has_open_payment(key)? {
        return Ok(());
    }
    let attempts = tx.attempts_of(key)?;
    let paid = attempts
        .iter()
        .any(|attempt| attempt.state == AttemptState::Settled);
    match standing(&attempts) {
        Standing::Arrived if paid => {
            settle(tx, delivery, now)?;
            book_sent(tx, delivery, last, now)?;
        }
        Standing::Arrived => {
            let meaning = come_back(tx, delivery, last.carrier, now)?;
            if meaning != ReturnMeaning::Unconfirmed {
                book_sent(tx, delivery, last, now)?;
            }
        }
        // It has come another way in the meantime: the receipt says so.
        _ if delivery.delivered_at.is_some() => {
            let event = if paid {
                DeliveryEvent::Settled
            } else {
                DeliveryEvent::Delivered
            };
            tx.step_delivery(key, event, Outcome::default(), now)?;
            book_sent(tx, delivery, last, now)?;
        }
        Standing::Missing(failure) => fail(tx, delivery, last, failure, now)?,
    }
    Ok(())
}

/// `attempts` are all of the message, oldest first.
fn standing(attempts: &[Attempt]) -> Standing {
    // What has arrived stays there for some days, whatever became of a repetition.
    let there = attempts
        .last()
        .map(|last| present(attempts, last.created_at))
        .unwrap_or_default();
    let mut newest: BTreeMap<u32, &Attempt> = BTreeMap::new();
    for attempt in attempts {
        if let Some(part) = attempt.part.filter(|part| !there.contains(&part.index)) {
            newest.insert(part.index, attempt);
        }
    }
    let reason = |attempt: &Attempt| {
        // The node has forgotten it, or it was too old in the very moment in which the others left: it goes again.
        if attempt.state == AttemptState::Forgotten || has_arrived(attempt) {
            Failure::NoReceipt
        } else {
            attempt.failure.unwrap_or(Failure::Rejected)
        }
    };
    // A reason that waiting does not change counts for all: the others would go in vain.
    newest
        .into_values()
        .map(reason)
        .reduce(|worst, next| if worst.passes() { next } else { worst })
        .map_or(Standing::Arrived, Standing::Missing)
}

fn settle(tx: &Tx<'_>, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
    // That it could have been refused stays known: the recipient has accepted it.
    let outcome = Outcome {
        waits_until: delivery.waits_until,
        ..Outcome::default()
    };
    tx.step_delivery(delivery.message, DeliveryEvent::Settled, outcome, now)?;
    Ok(())
}

fn come_back(
    tx: &Tx<'_>,
    delivery: &Delivery,
    carrier: Carrier,
    now: Timestamp,
) -> Result<ReturnMeaning, StoreError> {
    let receipt = delivery.delivered_at.is_some();
    let meaning = ReturnMeaning::of(delivery.expectation, holds(tx, delivery, carrier)?, receipt);
    let outcome = Outcome {
        returned: Some(meaning),
        ..Outcome::default()
    };
    tx.step_delivery(delivery.message, DeliveryEvent::Refused, outcome, now)?;
    Ok(meaning)
}

/// Whether the payment has waited there for a decision.
fn holds(tx: &Tx<'_>, delivery: &Delivery, carrier: Carrier) -> Result<bool, StoreError> {
    let program = tx.contact(delivery.to)?.map(|contact| contact.program);
    // What was paid to an invoice has waited for the recipient.
    Ok(carrier == Carrier::Invoice || program.and_then(domain::Program::holds).unwrap_or(false))
}

/// Whether a text that was too long for its way goes in parts now. One that was too long before does not go round and
/// round: even its parts are, or it cannot be cut.
fn may_be_cut(tx: &Tx<'_>, delivery: &Delivery, last: &Attempt) -> Result<bool, StoreError> {
    let sealed = last.records.iter().all(|(kind, _)| *kind == record::LETTER);
    if last.part.is_some() || !sealed || !is_postage(delivery) {
        return Ok(false);
    }
    let was_too_large =
        |one: &Attempt| one.hash != last.hash && one.failure == Some(Failure::TooLarge);
    Ok(!tx.attempts_of(delivery.message)?.iter().any(was_too_large))
}

/// Whether a text has come another way while `last` was under way: it is ended then, and nothing more of it is sent.
fn ends_by_receipt(
    tx: &Tx<'_>,
    delivery: &Delivery,
    last: &Attempt,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if delivery.delivered_at.is_none() {
        return Ok(false);
    }
    tx.end_with_receipt(delivery, Some(last.hash), now)
}

fn fail(
    tx: &Tx<'_>,
    delivery: &Delivery,
    last: &Attempt,
    failure: Failure,
    now: Timestamp,
) -> Result<(), StoreError> {
    if ends_by_receipt(tx, delivery, last, now)? {
        return Ok(());
    }
    if failure == Failure::TooLarge && may_be_cut(tx, delivery, last)? {
        let event = DeliveryEvent::Unanswered;
        tx.step_delivery(delivery.message, event, Outcome::default(), now)?;
        return Ok(());
    }
    let next_try = delivery
        .gives_up_at
        .and_then(|end| next_try(failure, delivery.tries, now, end));
    let event = if next_try.is_some() {
        DeliveryEvent::Postponed
    } else {
        DeliveryEvent::Failed
    };
    let outcome = Outcome {
        failure: Some(failure),
        next_try,
        ..Outcome::default()
    };
    tx.step_delivery(delivery.message, event, outcome, now)?;
    Ok(())
}

#[cfg(test)]
mod tests;
