//! Every message that was taken for sending is stored exactly once at its recipient, or its sender is told that it is not.

use std::collections::BTreeSet;

use domain::{DeliveryState, MessageKey, MessageKind};
use store::MessageRow;

use crate::doings::name_of;
use crate::record::{Diary, Record, Sent};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for diary in &record.diaries {
        for key in &diary.promised {
            if !diary.sent.iter().any(|sent| sent.row.message.key == *key) {
                broken.push(format!("{} has lost message {key:?}", diary.name));
            }
        }
        for sent in &diary.sent {
            let Some(recipient) = record.diary(sent.to) else {
                continue;
            };
            let what = format!("{}'s {}", diary.name, name_of(&sent.row));
            let copies = copies(diary, sent, recipient);
            let state = sent.row.delivery.as_ref().map(|one| one.state).unwrap();
            let arrived = matches!(
                state,
                DeliveryState::Settled | DeliveryState::Returned | DeliveryState::Delivered
            );
            // What went to a forged key goes again where that costs nothing; until then nobody says that their app has it.
            let certain = arrived && (!record.forged || was_confirmed(sent));
            if copies.len() > 1 {
                let count = copies.len();
                broken.push(format!(
                    "{what} is there {count} times at {}",
                    recipient.name
                ));
            }
            // Whose books were others then may have lost it; and a restored node has forgotten what its app had not read.
            let lost = recipient.doubled || erased(sent, recipient);
            if certain && copies.is_empty() && !lost {
                broken.push(format!("{what} is {state:?} and not at {}", recipient.name));
            }
            broken.extend(denied(&what, sent));
            // What was done to it later may have gone to a forged key as well.
            if !record.forged && !diary.doubled && !recipient.doubled {
                for copy in &copies {
                    broken.extend(differences(&what, sent, copy));
                }
            }
        }
        broken.extend(strays(record, diary));
    }
    broken
}

/// Where it stands in the recipient's window: by its name, by its words, which no other message has, and by its payments.
pub(super) fn copies<'a>(sender: &Diary, sent: &Sent, recipient: &'a Diary) -> Vec<&'a MessageRow> {
    let all = traces(sent, recipient);
    let readable = all.filter(|row| row.message.kind != MessageKind::Unreadable);
    readable.filter(|_| sender.node != recipient.node).collect()
}

/// Whether it came sealed to a key that its recipient does not have: nobody there knows what it was.
pub(super) fn unread(sent: &Sent, recipient: &Diary) -> bool {
    traces(sent, recipient).any(|row| row.message.kind == MessageKind::Unreadable)
}

fn was_confirmed(sent: &Sent) -> bool {
    let delivery = sent.row.delivery.as_ref();
    delivery.is_some_and(|one| one.delivered_at.is_some())
}

/// The same, with what cannot be read.
fn traces<'a>(sent: &Sent, recipient: &'a Diary) -> impl Iterator<Item = &'a MessageRow> {
    let by_payment: BTreeSet<MessageKey> = sent
        .attempts
        .iter()
        .filter_map(|attempt| recipient.payments.get(&attempt.hash)?.message)
        .collect();
    let (text, id) = (sent.row.message.text.clone(), sent.row.message.id);
    recipient.got.iter().filter(move |row| {
        let message = &row.message;
        let same_words = !text.is_empty() && message.text == text;
        by_payment.contains(&message.key) || same_words || message.id == id
    })
}

/// Whether it came with a payment that the recipient's node has forgotten since.
fn erased(sent: &Sent, recipient: &Diary) -> bool {
    let both = recipient.keysends.iter().chain(&recipient.invoices);
    let mut erased = both.filter(|one| one.erased);
    erased.any(|one| {
        let mut attempts = sent.attempts.iter();
        attempts.any(|attempt| attempt.hash == one.invoice.hash)
    })
}

/// A text whose receipt came, and which is said not to have arrived or not to have left.
fn denied(what: &str, sent: &Sent) -> Option<String> {
    let delivery = sent.row.delivery.as_ref()?;
    let arrived = matches!(
        delivery.state,
        DeliveryState::Settled | DeliveryState::Returned | DeliveryState::Delivered
    );
    let text = sent.row.message.kind == MessageKind::Text;
    let state = delivery.state;
    (text && delivery.delivered_at.is_some() && !arrived)
        .then(|| format!("{what} is {state:?}, and its receipt is here"))
}

fn differences(what: &str, sent: &Sent, copy: &MessageRow) -> Vec<String> {
    let (ours, theirs) = (&sent.row.message, &copy.message);
    let mut broken = Vec::new();
    let refund = matches!(ours.kind, MessageKind::Refund { .. });
    // Readable text brings words for those who know no pay-backs.
    // What did not arrive of its edits leaves other words there (`agreement`).
    if ours.text != theirs.text && !refund && sent.row.amendments.open.is_empty() {
        broken.push(format!("{what} has other words there: {:?}", theirs.text));
    }
    if ours.payment != theirs.payment {
        let (ours, theirs) = (ours.payment.get(), theirs.payment.get());
        broken.push(format!(
            "{what} is a payment of {ours} here and {theirs} there"
        ));
    }
    broken
}

/// What nobody has written.
fn strays(record: &Record, recipient: &Diary) -> Vec<String> {
    let written: BTreeSet<MessageKey> = record
        .diaries
        .iter()
        .flat_map(|sender| sender.ever().map(move |sent| (sender, sent)))
        .filter(|(_, sent)| sent.to == recipient.node)
        .filter(|(sender, _)| sender.node != recipient.node)
        .flat_map(|(_, sent)| traces(sent, recipient))
        .map(|row| row.message.key)
        .collect();
    recipient
        .got
        .iter()
        .filter(|row| !written.contains(&row.message.key))
        .map(|row| format!("nobody wrote {}'s {}", recipient.name, name_of(row)))
        .collect()
}
