//! No message is paid twice, and both sides say of each payment what the network knows.

use domain::{AttemptState, DeliveryState, HoldState};

use crate::doings::{name_of, short};
use crate::record::{Diary, Record, Sent};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for diary in &record.diaries {
        for sent in &diary.sent {
            broken.extend(twice(record, diary, sent));
            for attempt in &sent.attempts {
                let what = format!(
                    "{}'s {}, attempt {}",
                    diary.name,
                    name_of(&sent.row),
                    short(attempt.hash)
                );
                let settled = record.settled(attempt.hash) > 0;
                let known = attempt.state != AttemptState::Forgotten;
                if known && settled != (attempt.state == AttemptState::Settled) {
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
    let settled = sent
        .attempts
        .iter()
        .map(|attempt| record.settled(attempt.hash));
    let paid: usize = settled.clone().sum();
    if settled.max() > Some(1) {
        broken.push(format!("{what} is paid more than once with one hash"));
    }
    let risked = diary.risked.contains(&sent.row.message.key);
    if paid > 1 && !risked {
        broken.push(format!("{what} is paid {paid} times"));
    }
    let state = sent.row.delivery.as_ref().map(|one| one.state).unwrap();
    let forgotten = sent
        .attempts
        .iter()
        .any(|attempt| attempt.state == AttemptState::Forgotten);
    if !forgotten && (paid > 0) != (state == DeliveryState::Settled) {
        broken.push(format!("{what} is {state:?} and was paid {paid} times"));
    }
    broken
}

/// Payments between our people that their sender does not know of.
fn unknown(record: &Record) -> Vec<String> {
    record
        .deeds
        .iter()
        .filter(|deed| {
            let sender = record.diary(deed.from);
            sender.is_some_and(|diary| {
                let attempts = diary.sent.iter().flat_map(|sent| &sent.attempts);
                !attempts.map(|one| one.hash).any(|hash| hash == deed.hash)
            })
        })
        .map(|deed| format!("a payment without an attempt: {}", short(deed.hash)))
        .collect()
}
