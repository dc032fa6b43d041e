//! Texts that do not fit into one letter: the letters that carry their parts.
//!
//! Parts that go for free are cut anew for each try. Those that are paid for are cut once: what has arrived of them is
//! not paid for again. They have no card, which would take a third of their room: they are sealed with the app's key once
//! the recipient has sealed to it, and so has its card; before that as the node.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{Attempt, AttemptState, Msat, PARTS_KEPT, PaymentHash, Postage, Timestamp};
use lnd::LightningError;
use protocol::{Body, Letter, Piece, Records, record};
use rand::rngs::StdRng;
use store::Cut;

use crate::compose::{Draft, Purpose, encoded, record_room};
use crate::identity::Identity;
use crate::sealing::Sealing;

/// Bytes that the records of a payment may have on any usual route: up to ten channels.
const SURE_ROOM: usize = 700;
/// So long after its first part an unfinished letter is counted on: a day less than it is kept.
const COUNTED_ON: Duration = PARTS_KEPT.saturating_sub(Duration::from_secs(24 * 60 * 60));
/// What a record has besides its bytes.
const RECORD_HEAD: usize = 5 + 3;

impl Draft {
    /// Whether it may go in parts. What belongs to a payment may not, and other programs do not join any.
    pub(crate) fn is_divisible(&self) -> bool {
        self.purpose == Purpose::Text && self.is_sealed()
    }

    /// Whether one payment carries it over so many channels; `None`: over any usual route.
    pub(crate) fn fits(&self, hops: Option<u32>) -> bool {
        let room = match hops {
            Some(hops) => record_room(self.amount(), hops).unwrap_or(0),
            None => SURE_ROOM,
        };
        encoded(self.sizes(self.text.len())) <= room
    }

    /// The letters for a carrier without a payment that takes so many bytes at once.
    pub(crate) fn free_letters(&self, room: usize) -> Vec<Letter> {
        let letter = self.plain_letter();
        let room = room.saturating_sub(self.sealing.recipient.overhead());
        protocol::cut(&letter, room).unwrap_or_else(|_| vec![letter])
    }

    /// The parts for payments; `None` when one letter does.
    pub(crate) fn cut(&self) -> Option<Cut> {
        let whole = Letter {
            card: None,
            hints: Vec::new(),
            ..self.plain_letter()
        };
        let around = self
            .sealing
            .recipient
            .overhead()
            .saturating_add(RECORD_HEAD);
        let letters = protocol::cut(&whole, SURE_ROOM.saturating_sub(around)).ok()?;
        let mut pieces = letters.into_iter().map(|letter| match letter.body {
            Body::Piece(piece) => Some(piece),
            _ => None,
        });
        let first = pieces.next().flatten()?;
        let each = u32::try_from(first.bytes.len()).ok()?;
        let bytes = pieces.try_fold(first.bytes, |mut all, piece| {
            all.extend(piece?.bytes);
            Some(all)
        })?;
        Some(Cut {
            packing: first.set.packing,
            hash: first.set.hash,
            each,
            bytes,
        })
    }

    /// The records of one attempt to bring one part.
    pub(crate) async fn part_records(
        &self,
        identity: &Identity,
        mut rng: StdRng,
        hash: PaymentHash,
        piece: Piece,
    ) -> Result<Records, LightningError> {
        let letter = self.part_letter(piece);
        let sealing = Sealing {
            own: self.sealing.own_alone.clone(),
            ..self.sealing.clone()
        };
        let envelope = sealing.seal(identity, &mut rng, &hash.0, &letter).await?;
        Ok(vec![(record::LETTER, envelope)])
    }

    /// Records of the size of the largest part, for asking what they cost.
    pub(crate) fn sized_part(&self, cut: &Cut) -> Records {
        let size = piece(cut, 0).map_or(0, |piece| self.sealing.size(&self.part_letter(piece)));
        vec![(record::LETTER, vec![0; size])]
    }

    fn part_letter(&self, piece: Piece) -> Letter {
        Letter {
            card: None,
            hints: Vec::new(),
            body: Body::Piece(piece),
            ..self.plain_letter()
        }
    }

    /// All of it, where the postage settles no debt.
    fn plain_letter(&self) -> Letter {
        Letter {
            expectation: Postage::PLAIN.expectation,
            ..self.whole_letter()
        }
    }
}

/// One part of a cut; `None` when it has not so many.
pub(crate) fn piece(cut: &Cut, index: u32) -> Option<Piece> {
    Some(Piece {
        set: cut.set(),
        index,
        bytes: cut.part(index)?.to_vec(),
    })
}

/// The parts that lie with the recipient at this moment, as far as we can know: they have arrived, and not so long ago that
/// they may be given up there. `attempts` are all of the message, oldest first.
pub(crate) fn present(attempts: &[Attempt], at: Timestamp) -> BTreeSet<u32> {
    let is_old = |first: Timestamp, at: Timestamp| first.plus(COUNTED_ON) < at;
    let mut parts = BTreeSet::new();
    let mut first = None;
    for attempt in attempts.iter().filter(|attempt| has_arrived(attempt)) {
        let Some(part) = attempt.part else { continue };
        if is_old(*first.get_or_insert(attempt.created_at), attempt.created_at) {
            parts.clear();
            first = Some(attempt.created_at);
        }
        parts.insert(part.index);
    }
    if first.is_some_and(|first| is_old(first, at)) {
        parts.clear();
    }
    parts
}

/// Whether the recipient's node had it.
pub(crate) const fn has_arrived(attempt: &Attempt) -> bool {
    matches!(attempt.state, AttemptState::Settled | AttemptState::Refused)
}

/// What so many parts bring or cost together.
pub(crate) fn times(amount: Msat, parts: u32) -> Msat {
    amount.checked_mul(parts).unwrap_or(Msat::new(u64::MAX))
}

#[cfg(test)]
pub(crate) mod tests;
