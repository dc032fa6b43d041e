//! What one owes another of postage, the other is owed; and no debt is paid twice.

use domain::{AttemptState, NodeId};
use lnd::sim::Deed;

use crate::record::{Diary, Record};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for (number, one) in record.diaries.iter().enumerate() {
        for other in record.diaries.iter().skip(number + 1) {
            // A letter that they cannot open is a payment for them. Where one of them cannot know what settled, the books
            // differ, and the people are asked.
            if record.forged
                || one.doubled
                || other.doubled
                || differs(record, one, other.node)
                || differs(record, other, one.node)
            {
                continue;
            }
            let (ours, theirs) = (one.postage[&other.node], other.postage[&one.node]);
            if (ours.received, ours.sent) != (theirs.sent, theirs.received) {
                broken.push(format!(
                    "{} and {} differ about their postage: {ours:?} {theirs:?}",
                    one.name, other.name
                ));
            }
        }
    }
    broken
}

/// Whether something settled that the sender has not heard of, or that the recipient's node has forgotten, or a stranger
/// paid one of their hashes once more with their records: for the recipient that is more postage.
fn differs(record: &Record, sender: &Diary, to: NodeId) -> bool {
    let recipient = record.diary(to);
    let forgotten = |hash| {
        let keysends = recipient.into_iter().flat_map(|one| &one.keysends);
        let mut erased = keysends.filter(|one| one.erased);
        erased.any(|one| one.invoice.hash == hash)
    };
    let mut attempts = sender
        .outgoing()
        .filter(|sent| sent.to == to)
        .flat_map(|sent| &sent.attempts);
    attempts.any(|attempt| {
        let hash = attempt.hash;
        let unheard = attempt.state == AttemptState::Forgotten && record.settled(hash) > 0;
        let by_strangers =
            |deed: &Deed| deed.settled && deed.hash == hash && record.is_foreign(deed);
        unheard || forgotten(hash) || record.deeds.iter().any(by_strangers)
    })
}
