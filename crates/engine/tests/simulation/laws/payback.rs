//! A payment is paid back once at most, and both sides know it.

use std::collections::BTreeSet;

use domain::{AttemptState, PaymentHash, Privacy};
use store::MessageRow;

use super::arrival::{copies, unread};
use crate::doings::{name_of, short};
use crate::record::{Diary, Record, Sent};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for payer in &record.diaries {
        for original in &payer.sent {
            for attempt in &original.attempts {
                let back = paid_back(record, original, attempt.hash);
                let what = format!("{}'s {}", payer.name, name_of(&original.row));
                if back > 1 {
                    broken.push(format!("{what} is paid back {back} times"));
                }
                let recipient = record.diary(original.to);
                let whole = !payer.doubled && recipient.is_some_and(|one| !one.doubled);
                if back > 0 && attempt.state == AttemptState::Settled && whole {
                    // A pay-back is not paid back: what calls itself so is a payment.
                    let here = is_done(&original.row)
                        || original
                            .row
                            .delivery
                            .as_ref()
                            .is_some_and(|one| one.refund_of.is_some())
                        || came_readable(record, payer, original, attempt.hash)
                        || came_unread(record, payer, original, attempt.hash);
                    // Whose node has forgotten the pay-back cannot know.
                    let there = has_forgotten(record, original, attempt.hash)
                        || original_there(record, original, attempt.hash).is_some_and(is_done);
                    if !here || !there {
                        broken.push(format!(
                            "{what} is paid back; its payer knows it: {here}, its recipient: {there}"
                        ));
                    }
                }
                if back == 0 && attempt.state == AttemptState::Settled && is_done(&original.row) {
                    let hash = short(attempt.hash);
                    broken.push(format!("{what} ({hash}) counts as paid back and is not"));
                }
            }
        }
    }
    broken
}

fn is_done(row: &MessageRow) -> bool {
    row.refund.as_ref().is_some_and(|refund| refund.done)
}

/// How many pay-backs of this payment have settled, by its recipient's doing, whichever books they stand in.
fn paid_back(record: &Record, original: &Sent, hash: PaymentHash) -> usize {
    let Some(recipient) = record.diary(original.to) else {
        return 0;
    };
    let hashes: BTreeSet<PaymentHash> = pay_backs(recipient, hash)
        .flat_map(|sent| &sent.attempts)
        .map(|attempt| attempt.hash)
        .collect();
    hashes.into_iter().map(|hash| record.settled(hash)).sum()
}

fn pay_backs(recipient: &Diary, hash: PaymentHash) -> impl Iterator<Item = &Sent> {
    recipient.ever().filter(move |sent| {
        sent.row
            .delivery
            .as_ref()
            .is_some_and(|one| one.refund_of == Some(hash))
    })
}

/// To a program that was not known to read letters it goes as readable text, which no program takes for a pay-back.
fn came_readable(record: &Record, payer: &Diary, original: &Sent, hash: PaymentHash) -> bool {
    record.diary(original.to).is_some_and(|recipient| {
        pay_backs(recipient, hash)
            .flat_map(|sent| copies(recipient, sent, payer))
            .any(|copy| copy.message.privacy == Privacy::Open)
    })
}

/// Sealed to a key that somebody has forged: it is a payment without words for its payer.
fn came_unread(record: &Record, payer: &Diary, original: &Sent, hash: PaymentHash) -> bool {
    let recipient = record.diary(original.to);
    recipient.is_some_and(|one| pay_backs(one, hash).any(|sent| unread(sent, payer)))
}

fn has_forgotten(record: &Record, original: &Sent, hash: PaymentHash) -> bool {
    record.diary(original.to).is_some_and(|recipient| {
        pay_backs(recipient, hash)
            .flat_map(|sent| &sent.attempts)
            .any(|attempt| attempt.state == AttemptState::Forgotten)
    })
}

fn original_there<'a>(
    record: &'a Record,
    original: &Sent,
    hash: PaymentHash,
) -> Option<&'a MessageRow> {
    let recipient = record.diary(original.to)?;
    let key = recipient.payments.get(&hash)?.message?;
    recipient.got.iter().find(|row| row.message.key == key)
}
