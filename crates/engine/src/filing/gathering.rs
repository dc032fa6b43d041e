//! Letters that come in parts: kept until all parts are here, then filed as one letter. What is kept of a letter that is
//! never completed is bounded in number, bytes and age; it costs nothing, and nobody sees it.

use domain::{
    CAPS_OF_KNOWN, CAPS_OF_ONE, CAPS_OF_STRANGERS, Expectation, Msat, PARTS_KEPT, PartCaps, Room,
    Trust, weigh,
};
use protocol::{Body, Joiner, Letter, Piece, Whole};
use store::{Found, NewPiece, StoreError, Unfinished};

use super::Desk;
use crate::opening::Spoken;

/// Which part this body is; `None` when it is no part.
pub(super) const fn part_of(body: &Body) -> Option<u32> {
    match body {
        Body::Piece(piece) => Some(piece.index),
        _ => None,
    }
}

impl Desk<'_, '_> {
    /// Keeps a part. It becomes the letter that it completes; otherwise it stays a part, with which nothing is to be
    /// done. Anything else is left as it is.
    pub(super) fn gather(
        &self,
        spoken: Spoken<Letter>,
        amount: Msat,
    ) -> Result<Spoken<Letter>, StoreError> {
        let Body::Piece(piece) = &spoken.what.body else {
            return Ok(spoken);
        };
        // Money is for a person to decide on: it does not come in parts.
        if weigh(spoken.what.expectation, amount) != Expectation::Return
            || !self.is_welcome(&spoken)?
        {
            return Ok(spoken);
        }
        let Some(letter) = self.keep(&spoken, piece)? else {
            return Ok(spoken);
        };
        if letter.missing > 0 {
            return Ok(spoken);
        }
        let whole = self.join(piece, letter)?;
        // Joined or damaged for ever: either way nothing more is waited for.
        self.tx.drop_unfinished(letter.number)?;
        Ok(match whole {
            Some(whole) => Spoken {
                what: whole.letter(&spoken.what),
                bytes: whole.bytes,
                ..spoken
            },
            None => spoken,
        })
    }

    /// Whether a part of this letter may be left here.
    fn is_welcome(&self, spoken: &Spoken<Letter>) -> Result<bool, StoreError> {
        let (by, id) = (spoken.by, spoken.what.id);
        let contact = self.tx.contact(by)?;
        let trust = contact.as_ref().map(|contact| contact.trust);
        if by == self.ours
            || trust == Some(Trust::Blocked)
            || self.tx.find_message(by, id)? != Found::Absent
        {
            return Ok(false);
        }
        let known = trust == Some(Trust::Known);
        Ok(known || self.room(by, Msat::ZERO)? == Room::Free)
    }

    fn keep(
        &self,
        spoken: &Spoken<Letter>,
        piece: &Piece,
    ) -> Result<Option<Unfinished>, StoreError> {
        let by = spoken.by;
        self.tx.drop_unfinished_before(self.now.minus(PARTS_KEPT))?;
        let kept = self.tx.keep_piece(
            &NewPiece {
                sender: by,
                id: spoken.what.id,
                set: piece.set,
                index: piece.index,
                bytes: piece.bytes.clone(),
            },
            self.now,
        )?;
        if let Some(letter) = kept {
            let known = self.tx.contact(by)?.map(|contact| contact.trust) == Some(Trust::Known);
            let caps = if known { CAPS_OF_KNOWN } else { CAPS_OF_ONE };
            self.make_room(caps, self.tx.unfinished_of(by)?, letter)?;
            if !known {
                let all = self.tx.unfinished_of_strangers()?;
                self.make_room(CAPS_OF_STRANGERS, all, letter)?;
            }
        }
        Ok(kept)
    }

    /// Gives the oldest letters up, but not the one that has just grown.
    fn make_room(
        &self,
        caps: PartCaps,
        mut all: Vec<Unfinished>,
        grown: Unfinished,
    ) -> Result<(), StoreError> {
        all.sort_by_key(|letter| letter.number == grown.number);
        let sizes: Vec<_> = all.iter().map(|letter| letter.bytes).collect();
        for letter in all.iter().take(caps.surplus(&sizes)) {
            self.tx.drop_unfinished(letter.number)?;
        }
        Ok(())
    }

    /// The whole; `None` when these parts will never make one.
    fn join(&self, piece: &Piece, letter: Unfinished) -> Result<Option<Whole>, StoreError> {
        let mut joiner = Joiner::new(piece.set);
        for (index, bytes) in self.tx.pieces(letter.number)? {
            let piece = Piece {
                set: piece.set,
                index,
                bytes,
            };
            if let Err(error) = joiner.add(piece) {
                tracing::debug!(%error, "a part cannot be joined");
                return Ok(None);
            }
        }
        Ok(joiner.whole().unwrap_or_else(|error| {
            tracing::info!(%error, "a letter in parts cannot be joined");
            None
        }))
    }
}
