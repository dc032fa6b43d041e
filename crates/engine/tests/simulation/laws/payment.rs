//! No message is paid twice, and both sides say of each payment what the network knows.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Attempt, AttemptState, DeliveryState, HoldState, Msat, PaymentHash};

use crate::doings::{name_of, short};
use crate::record::{Diary, Record, Sent};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for diary in &record.diaries {
        broken.extend(diary.ever().flat_map(|sent| twice(record, diary, sent)));
        for sent in diary.outgoing() {
            for attempt in &sent.attempts {
                let what = format!(
                    "{}'s {}, attempt {}",
                    diary.name,
                    name_of(&sent.row),
                    short(attempt.hash)
                );
                let settled = record.settled(attempt.hash) > 0;
                let known = attempt.state != AttemptState::Forgotten;
                // What an earlier run has left may have left the node's list as well: words go again under another hash, and
                // about money the user is asked.
                if !known && !diary.reopened && !diary.deleted {
                    broken.push(format!(
                        "{what} is given up, and its node has forgotten none"
                    ));
                }
                // Other books of theirs may have brought it to its end.
                let elsewhere = diary.doubled
                    && !matches!(attempt.state, AttemptState::Prepared | AttemptState::Sent);
                let truly = attempt.state == AttemptState::Settled;
                if known && settled != truly && !elsewhere {
                    let state = attempt.state;
                    broken.push(format!("{what} is {state:?}, settled in truth: {settled}"));
                }
                let there = record
                    .diary(sent.to)
                    .and_then(|recipient| recipient.payments.get(&attempt.hash));
                if let Some(row) = there
                    && settled != (row.payment.state == HoldState::Settled)
                {
                    let state = row.payment.state;
                    broken.push(format!(
                        "{what} is {state:?} there, settled in truth: {settled}"
                    ));
                }
            }
        }
    }
    broken.extend(unknown(record));
    broken
}

fn twice(record: &Record, diary: &Diary, sent: &Sent) -> Vec<String> {
    let what = format!("{}'s {}", diary.name, name_of(&sent.row));
    let mut broken = Vec::new();
    let tries = diary.tries(sent.row.message.id);
    let settled = tries.keys().map(|hash| record.settled(*hash));
    let paid: usize = settled.clone().sum();
    let one_each = of_each_part(record, &tries);
    // The user was asked, and said yes, after the node's list was deleted. A copy of the books sends words with the same hash.
    let words_again = diary.deleted && !sent.is_money();
    if settled.max() > Some(1) && !words_again {
        broken.push(format!("{what} is paid more than once with one hash"));
    }
    let risked = diary.risked.contains(&sent.row.message.key);
    if one_each > 1 && !words_again && !(risked && diary.deleted) {
        broken.push(format!("{what}, or a part of it, is paid {one_each} times"));
    }
    let fees = Msat::checked_sum(sent.attempts.iter().map(|attempt| attempt.fee)).unwrap();
    let limit = sent.row.delivery.as_ref().map(|one| one.fee_limit).unwrap();
    if fees > limit {
        broken.push(format!("{what} has cost more fees than it may"));
    }
    let state = sent.row.delivery.as_ref().map(|one| one.state).unwrap();
    let forgotten = sent
        .attempts
        .iter()
        .any(|attempt| attempt.state == AttemptState::Forgotten);
    let in_parts = sent.attempts.iter().any(|attempt| attempt.part.is_some());
    // Some of its parts may have arrived.
    let may_be_paid = state == DeliveryState::Settled || in_parts;
    let complete = !in_parts || all_parts_are_there(sent);
    let settled = state == DeliveryState::Settled;
    if !forgotten
        && !diary.doubled
        && (paid > 0 && !may_be_paid || settled && (paid == 0 || !complete))
    {
        broken.push(format!("{what} is {state:?} and was paid {paid} times"));
    }
    broken
}

/// How often the whole, or the part that was paid most often, was paid.
fn of_each_part(record: &Record, tries: &BTreeMap<PaymentHash, &Attempt>) -> usize {
    let mut paid: BTreeMap<Option<u32>, usize> = BTreeMap::new();
    for (hash, attempt) in tries {
        let part = attempt.part.map(|part| part.index);
        *paid.entry(part).or_default() += record.settled(*hash);
    }
    let whole = paid.remove(&None).unwrap_or(0);
    whole + paid.into_values().max().unwrap_or(0)
}

/// Or the whole is, which fewer words may have made possible while it waited; or its recipient's app has said that it has
/// it.
fn all_parts_are_there(sent: &Sent) -> bool {
    let arrived = || {
        let arrived = [AttemptState::Settled, AttemptState::Refused];
        sent.attempts
            .iter()
            .filter(move |one| arrived.contains(&one.state))
    };
    let whole = arrived().any(|one| one.part.is_none());
    let there: BTreeSet<u32> = arrived().filter_map(|one| Some(one.part?.index)).collect();
    let count = sent.attempts.iter().find_map(|one| Some(one.part?.count));
    let told = sent
        .row
        .delivery
        .as_ref()
        .is_some_and(|one| one.delivered_at.is_some());
    told || whole || count.is_some_and(|count| there.len() == usize::try_from(count).unwrap())
}

/// Payments between our people that their sender does not know of.
fn unknown(record: &Record) -> Vec<String> {
    record
        .deeds
        .iter()
        .filter(|deed| {
            let sender = record.diary(deed.from);
            sender.is_some_and(|diary| {
                let mut attempts = diary.ever().flat_map(|sent| &sent.attempts);
                !attempts.any(|one| one.hash == deed.hash)
            })
        })
        .map(|deed| format!("a payment without an attempt: {}", short(deed.hash)))
        .collect()
}
