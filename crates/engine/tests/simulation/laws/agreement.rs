//! The two histories agree: once nothing that was done to a message is on its way or has failed, both sides see the same
//! reactions, and both or neither see it taken back. The words are compared where the copies are (`arrival`).

use domain::Direction;
use store::MessageRow;

use super::arrival::copies;
use crate::doings::name_of;
use crate::record::Record;

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for sender in &record.diaries {
        for sent in &sender.sent {
            let Some(recipient) = record.diary(sent.to) else {
                continue;
            };
            // What was said in other books, or to a key of others, is not known in these.
            if record.forged || sender.doubled || recipient.doubled {
                continue;
            }
            let ours = &sent.row;
            for theirs in copies(sender, sent, recipient) {
                if ours.amendments.open.is_empty() && theirs.amendments.open.is_empty() {
                    let what = format!("{}'s {}", sender.name, name_of(ours));
                    broken.extend(differences(&what, ours, theirs));
                }
            }
        }
    }
    broken
}

fn differences(what: &str, ours: &MessageRow, theirs: &MessageRow) -> Vec<String> {
    let mut broken = Vec::new();
    let gone = |row: &MessageRow| row.message.taken_back_at.is_some();
    if gone(ours) != gone(theirs) {
        let (here, there) = (gone(ours), gone(theirs));
        broken.push(format!(
            "{what} is taken back: {here} here and {there} there"
        ));
    }
    let by = |row: &MessageRow, of: Direction| {
        let found = row.amendments.reactions.iter();
        found
            .filter(|one| one.direction == of)
            .map(|one| one.emoji.clone())
            .collect::<Vec<_>>()
    };
    for (here, there) in [
        (Direction::Incoming, Direction::Outgoing),
        (Direction::Outgoing, Direction::Incoming),
    ] {
        let (here, there) = (by(ours, here), by(theirs, there));
        if here != there {
            broken.push(format!(
                "{what} has reactions {here:?} here and {there:?} there"
            ));
        }
    }
    broken
}
