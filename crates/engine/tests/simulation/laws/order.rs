//! A sender's letters stand in the recipient's window in the order in which they were written, unless one came more than a
//! minute after its successors, by a clock that may have jumped.

use std::time::Duration;

use domain::Privacy;

use super::arrival::copies;
use crate::doings::name_of;
use crate::record::{Diary, Record};

const OVERTAKING: Duration = Duration::from_secs(60);

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for sender in &record.diaries {
        for recipient in &record.diaries {
            // Numbers are given twice where books are lost, and what was lost comes late.
            if !sender.doubled && !recipient.doubled {
                broken.extend(swapped(sender, recipient));
            }
        }
    }
    broken
}

fn swapped(sender: &Diary, recipient: &Diary) -> Vec<String> {
    let mut letters: Vec<_> = sender
        .sent
        .iter()
        .filter(|sent| sent.to == recipient.node)
        .filter_map(|sent| {
            let copy = *copies(sender, sent, recipient).first()?;
            // Readable text has no number.
            let sealed = copy.message.privacy == Privacy::Sealed;
            sealed.then_some((sent.row.delivery.as_ref()?.sequence, copy))
        })
        .collect();
    letters.sort_by_key(|(sequence, _)| *sequence);
    let place = |key| recipient.got.iter().position(|row| row.message.key == key);
    let mut broken = Vec::new();
    for (number, (_, first)) in letters.iter().enumerate() {
        let later = &letters[number + 1..];
        // One that was put in front of another has that one's time: when it came itself is not known.
        let at = first.message.stored_at;
        let moved = later.iter().any(|(_, other)| other.message.stored_at == at);
        for (_, second) in later {
            let (here, there) = (place(first.message.key), place(second.message.key));
            // By the recipient's clock, which may have jumped meanwhile.
            let between = there
                .zip(here)
                .and_then(|(from, to)| recipient.got.get(from..=to));
            let late = between.is_some_and(|rows| {
                rows.iter().any(|row| {
                    let other = row.message.stored_at;
                    other.until(at).max(at.until(other)) >= OVERTAKING
                })
            });
            if here > there && !late && !moved {
                broken.push(format!(
                    "{} stands after {} at {}, {:?} later",
                    name_of(first),
                    name_of(second),
                    recipient.name,
                    second.message.stored_at.until(at),
                ));
            }
        }
    }
    broken
}
