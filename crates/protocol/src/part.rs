//! Bodies that are longer than one letter: cut into pieces, and joined again.
//!
//! ```text
//! Letter ─cut─▶ letters with a Piece each ─▶ sealed, sent, opened in any order ─▶ Joiner ─▶ Whole
//! ```

use std::collections::BTreeMap;

pub use domain::{Packing, PartSet};
use prost::Message as _;
use sha2::{Digest, Sha256};

use crate::letter::{BLOCK, Body, Letter, LetterError, bodies};
use crate::seal::LETTER_ROOM;
use crate::text::TEXT_LIMIT;
use crate::wire;

mod packing;

/// A body is never cut into more pieces.
pub const PARTS_LIMIT: u32 = 256;
/// A whole is never longer, in bytes, packed or not: a text of [`TEXT_LIMIT`], and what stands around it.
pub const WHOLE_LIMIT: usize = TEXT_LIMIT + 64;

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which body.
    pub set: PartSet,
    /// Which part, from 0.
    pub index: u32,
    /// One byte at least.
    pub bytes: Vec<u8>,
}

/// Why a letter cannot be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// Its body is out of bounds.
    #[error(transparent)]
    Body(#[from] LetterError),
    /// It belongs to the one payment that carries it, or is no body to cut.
    #[error("the letter cannot be sent in parts")]
    Indivisible,
    /// Not even [`PARTS_LIMIT`] pieces of this size hold it.
    #[error("the letter does not fit into so little room")]
    NoRoom,
}

/// Why pieces do not make a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The numbers of the piece contradict each other, or are out of bounds.
    #[error("the part cannot be")]
    Impossible,
    /// It belongs to another whole.
    #[error("the part belongs to another message")]
    OtherSet,
    /// There is a piece with this index and other bytes.
    #[error("two parts claim the same place")]
    Conflict,
    /// The pieces do not have the bytes that were announced.
    #[error("the parts are damaged")]
    Damaged,
    /// The whole cannot be unpacked.
    #[error("the message cannot be unpacked")]
    Packing,
    /// Unpacked, it would be longer than [`WHOLE_LIMIT`].
    #[error("the message is too long")]
    TooLong,
    /// What came out is no body, or none that may come in parts.
    #[error("the message cannot be decoded")]
    Body,
}

/// The letters that carry `letter`, each at most `room` bytes long when it is encoded, which is what it has inside
/// its seal. It is one, and the same, where it fits.
///
/// All carry what the letter has besides its body, and so its key card: leave that out where room is scarce.
///
/// # Errors
/// [`CutError`].
pub fn cut(letter: &Letter, room: usize) -> Result<Vec<Letter>, CutError> {
    letter.body.check()?;
    let room = room.min(LETTER_ROOM);
    if letter.encode().len() <= room {
        return Ok(vec![letter.clone()]);
    }
    if !is_divisible(&letter.body) {
        return Err(CutError::Indivisible);
    }
    let whole = encode_whole(&letter.body);
    let (packing, bytes) = match packing::deflate(&whole) {
        Some(packed) if packed.len() < whole.len() => (Packing::Zstd, packed),
        _ => (Packing::Plain, whole),
    };
    let room = piece_room(letter, packing, room).ok_or(CutError::NoRoom)?;
    let count = u32::try_from(bytes.len().div_ceil(room))
        .ok()
        .filter(|count| *count <= PARTS_LIMIT)
        .ok_or(CutError::NoRoom)?;
    let set = PartSet {
        count,
        total: u32::try_from(bytes.len()).map_err(|_| CutError::NoRoom)?,
        hash: Sha256::digest(&bytes).into(),
        packing,
    };
    let pieces = (0..count).zip(bytes.chunks(room)).map(|(index, bytes)| {
        let bytes = bytes.to_vec();
        Letter {
            body: Body::Piece(Piece { set, index, bytes }),
            ..letter.clone()
        }
    });
    Ok(pieces.collect())
}

/// How many bytes a piece may have so that its letter is at most `room` bytes long.
fn piece_room(letter: &Letter, packing: Packing, room: usize) -> Option<usize> {
    // The largest numbers: every other piece takes as much or less.
    let frame = Letter {
        body: Body::Piece(Piece {
            set: PartSet {
                count: PARTS_LIMIT,
                total: u32::try_from(WHOLE_LIMIT).ok()?,
                hash: [0; 32],
                packing,
            },
            index: PARTS_LIMIT,
            bytes: Vec::new(),
        }),
        ..letter.clone()
    };
    // Two more bytes for the piece's length, and three for padding: one or two missing bytes would take a block.
    const LENGTH_AND_PADDING: usize = 2 + 3;
    let blocks = room.checked_sub(room.checked_rem(BLOCK)?)?;
    blocks
        .checked_sub(frame.bare_len())?
        .checked_sub(LENGTH_AND_PADDING)
        .filter(|room| *room > 0)
}

/// Bodies that do not hang on the payment or the readable text beside them.
const fn is_divisible(body: &Body) -> bool {
    match body {
        Body::Hello { .. }
        | Body::Payment { .. }
        | Body::Refund { .. }
        | Body::Piece(_)
        | Body::Unknown => false,
        Body::Text(_)
        | Body::Receipt { .. }
        | Body::CardRequest
        | Body::InvoiceRequest { .. }
        | Body::Invoice { .. }
        | Body::Reaction { .. }
        | Body::Edit { .. }
        | Body::Delete { .. }
        | Body::Profile { .. }
        | Body::ResendRequest(_) => true,
    }
}

/// A letter that has a body and nothing else.
fn encode_whole(body: &Body) -> Vec<u8> {
    wire::Letter {
        body: body.encode(),
        ..wire::Letter::default()
    }
    .encode_to_vec()
}

impl Piece {
    /// Whether such a piece can be. All that `Letter::decode` gives can.
    ///
    /// # Errors
    /// [`PartError::Impossible`].
    pub fn check(&self) -> Result<(), PartError> {
        let PartSet { count, total, .. } = self.set;
        let fits = || {
            // Every other piece has a byte at least.
            let others = count.checked_sub(1)?;
            let most = usize::try_from(total.checked_sub(others)?).ok()?;
            let total = usize::try_from(total).ok()?;
            Some(total <= WHOLE_LIMIT && (1..=most).contains(&self.bytes.len()))
        };
        let last = count == 1 && self.bytes.len() != usize::try_from(total).unwrap_or(0);
        if count <= PARTS_LIMIT && self.index < count && fits() == Some(true) && !last {
            Ok(())
        } else {
            Err(PartError::Impossible)
        }
    }

    pub(crate) fn to_wire(&self) -> wire::Part {
        wire::Part {
            index: self.index,
            count: self.set.count,
            total: self.set.total,
            sha256: self.set.hash.to_vec(),
            packing: match self.set.packing {
                Packing::Plain => wire::Packing::Plain,
                Packing::Zstd => wire::Packing::Zstd,
            }
            .into(),
        }
    }

    /// `None` when it is packed in a way of a newer program. Not checked.
    pub(crate) fn from_wire(part: wire::Part, bytes: Vec<u8>) -> Result<Option<Self>, PartError> {
        let packing = match wire::Packing::try_from(part.packing) {
            Ok(wire::Packing::Plain) => Packing::Plain,
            Ok(wire::Packing::Zstd) => Packing::Zstd,
            Err(_) => return Ok(None),
        };
        Ok(Some(Self {
            set: PartSet {
                count: part.count,
                total: part.total,
                hash: part.sha256.try_into().map_err(|_| PartError::Impossible)?,
                packing,
            },
            index: part.index,
            bytes,
        }))
    }
}

/// Collects the pieces of one whole: of one sender, one message id and one [`PartSet`]. Holds no more bytes than
/// the set announces, which is at most [`WHOLE_LIMIT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joiner {
    set: PartSet,
    pieces: BTreeMap<u32, Vec<u8>>,
    held: usize,
}

/// A body that came in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// What it says. [`Body::Unknown`] is of a newer program.
    pub body: Body,
    /// The bytes that it was decoded from, for a later program: a letter with a body and no other field.
    pub bytes: Vec<u8>,
}

impl Joiner {
    /// Begins without a piece.
    #[must_use]
    pub const fn new(set: PartSet) -> Self {
        Self {
            set,
            pieces: BTreeMap::new(),
            held: 0,
        }
    }

    /// What the pieces have in common.
    #[must_use]
    pub const fn set(&self) -> PartSet {
        self.set
    }

    /// Takes a piece; `false` when it was here before.
    ///
    /// # Errors
    /// [`PartError::Impossible`], [`PartError::OtherSet`], [`PartError::Conflict`]; [`PartError::Damaged`] when the
    /// pieces have more bytes than announced. The piece is not taken then, and those that are here stay.
    pub fn add(&mut self, piece: Piece) -> Result<bool, PartError> {
        piece.check()?;
        if piece.set != self.set {
            return Err(PartError::OtherSet);
        }
        match self.pieces.get(&piece.index) {
            Some(held) if *held == piece.bytes => return Ok(false),
            Some(_) => return Err(PartError::Conflict),
            None => {}
        }
        let held = self.held.saturating_add(piece.bytes.len());
        if u32::try_from(held).map_or(true, |held| held > self.set.total) {
            return Err(PartError::Damaged);
        }
        self.held = held;
        self.pieces.insert(piece.index, piece.bytes);
        Ok(true)
    }

    /// The indices that are not here yet, ascending.
    pub fn missing(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.set.count).filter(|index| !self.pieces.contains_key(index))
    }

    /// How many pieces are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether no piece is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The whole, checked and unpacked; `None` while pieces are missing.
    ///
    /// # Errors
    /// [`PartError`]: these pieces will never make a whole.
    pub fn whole(&self) -> Result<Option<Whole>, PartError> {
        if self.missing().next().is_some() {
            return Ok(None);
        }
        let bytes = self.pieces.values().fold(Vec::new(), |mut all, piece| {
            all.extend_from_slice(piece);
            all
        });
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if u32::try_from(bytes.len()) != Ok(self.set.total) || hash != self.set.hash {
            return Err(PartError::Damaged);
        }
        let bytes = match self.set.packing {
            Packing::Plain => bytes,
            Packing::Zstd => packing::inflate(&bytes)?,
        };
        Whole::decode(bytes).map(Some)
    }
}

impl Whole {
    fn decode(bytes: Vec<u8>) -> Result<Self, PartError> {
        let letter = wire::Letter::decode(bytes.as_slice()).map_err(|_| PartError::Body)?;
        if !matches!(bodies(&bytes), Ok(0 | 1)) {
            return Err(PartError::Body);
        }
        let body = Body::decode(letter.body, letter.part).map_err(|_| PartError::Body)?;
        // Nothing at all is no body of a newer program.
        if bytes.is_empty() || (body != Body::Unknown && !is_divisible(&body)) {
            return Err(PartError::Body);
        }
        Ok(Self { body, bytes })
    }

    /// The letter that was cut: `of` is one of those that carried a piece.
    #[must_use]
    pub fn letter(&self, of: &Letter) -> Letter {
        Letter {
            body: self.body.clone(),
            ..of.clone()
        }
    }
}

#[cfg(test)]
mod tests;
