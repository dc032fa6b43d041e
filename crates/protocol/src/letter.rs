//! What is inside a seal.

use domain::{Expectation, HINTS_KEPT, MessageId, Msat, NodeId, RouteHint, Timestamp};
use prost::Message as _;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use sha2::{Digest, Sha256};

use crate::bounds;
use crate::card::SignedCard;
use crate::wire;

mod body;
#[cfg(test)]
mod vectors;

pub use body::{
    BOLT11_LIMIT, Body, EMOJI_LIMIT, Numbers, RANGES_LIMIT, RECEIPT_LIMIT, RequestId, is_emoji,
};

/// Letters are padded to a multiple of so many bytes, to hide how long the words are.
pub(crate) const BLOCK: usize = 64;
/// Whether this is the field number of a body that this program knows.
const fn is_body(field: u32) -> bool {
    matches!(field, 16..=28 | 47)
}

/// More bytes than this are never read: what a Noise message can carry.
const LETTER_LIMIT: usize = 65_535;
/// Nobody is believed to hold a payment longer, in seconds: a node allows no time lock of more than 2,016 blocks, two weeks.
const HOLD_LIMIT: u32 = 14 * 24 * 60 * 60;

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The sender's name for the message: the same in all attempts.
    pub id: MessageId,
    /// Counts the sender's letters in this conversation; the order in which they are read.
    pub sequence: u64,
    /// The number of the sender's letter before it; 0: there is none.
    pub after: u64,
    /// When it was written, by the sender's clock.
    pub sent_at: Timestamp,
    /// What the sender asks of the payment that carries it.
    pub expectation: Expectation,
    /// For how many seconds the sender's node holds keysends, two weeks at most; `None`: it settles on arrival.
    pub hold_secs: Option<u32>,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// The sender's key card, not checked yet.
    pub card: Option<SignedCard>,
    /// Channels over which the sender's node can be paid that gossip does not know; [`HINTS_KEPT`] at most.
    pub hints: Vec<RouteHint>,
    /// What it says.
    pub body: Body,
}

/// Why the opened bytes are no letter. They are authentic all the same: the sender's program is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// More than 65,535 bytes, or a text of more than 64 KiB.
    #[error("the letter is too long")]
    TooLong,
    /// Not protobuf, or text that is not UTF-8.
    #[error("the letter cannot be decoded")]
    Encoding,
    /// An id that has not 16 bytes.
    #[error("the letter has no valid message id")]
    Id,
    /// A hash that has not 32 bytes.
    #[error("the letter names an invalid hash")]
    Hash,
    /// A sequence number from 2^63 up.
    #[error("the letter's sequence number is too large")]
    Sequence,
    /// After the year 9999.
    #[error("the letter's time is not a date")]
    Time,
    /// More than one body: who reads the first and who reads the last would read different letters.
    #[error("the letter has more than one body")]
    Bodies,
    /// Nothing, or more than all bitcoin.
    #[error("the letter names an impossible amount")]
    Amount,
    /// A key card that is too long, or without a signature.
    #[error("the letter holds an invalid key card")]
    Card,
    /// A receipt for nothing, for more than [`RECEIPT_LIMIT`] messages, or for a piece of an id.
    #[error("the receipt is not a list of messages")]
    Receipt,
    /// A request for no numbers, for more than [`RANGES_LIMIT`] ranges, or for ranges that are not in order.
    #[error("the letter asks for impossible numbers")]
    Numbers,
    /// An invoice that is empty, longer than [`BOLT11_LIMIT`], or not of letters and digits.
    #[error("the letter holds an invalid invoice")]
    Invoice,
    /// A reaction of more than one character or more than [`EMOJI_LIMIT`] bytes, or one that cannot be seen.
    #[error("the reaction is not one character")]
    Reaction,
    /// A name of more than [`crate::text::NAME_LIMIT`] bytes.
    #[error("the name is too long")]
    Name,
    /// A piece without its place, a place without a piece, or one that cannot be.
    #[error("the letter is an impossible part")]
    Part,
}

impl Letter {
    /// The letter's bytes, padded to a multiple of 64. A body out of its bounds ([`Body::check`]) is written, and
    /// refused by its reader.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut letter = self.to_wire();
        letter.padding = vec![0; padding(letter.encoded_len())];
        letter.encode_to_vec()
    }

    /// How long the letter is before it is padded.
    pub(crate) fn bare_len(&self) -> usize {
        self.to_wire().encoded_len()
    }

    fn to_wire(&self) -> wire::Letter {
        wire::Letter {
            id: self.id.0.to_vec(),
            sequence: self.sequence,
            after: self.after,
            sent_at_ms: bounds::millis(self.sent_at),
            expectation: match self.expectation {
                Expectation::Return => wire::Expectation::Return,
                Expectation::Keep => wire::Expectation::Keep,
                Expectation::Decide => wire::Expectation::Decide,
            }
            .into(),
            holds_keysends: self.hold_secs.is_some(),
            hold_seconds: self.hold_secs.unwrap_or(0),
            reply_to: self.reply_to.map(|id| id.0.to_vec()).unwrap_or_default(),
            part: self.body.part(),
            card: self.card.as_ref().map(SignedCard::to_wire),
            hints: self.hints.iter().map(hint_to_wire).collect(),
            padding: Vec::new(),
            body: self.body.encode(),
        }
    }

    /// Reads a letter.
    ///
    /// # Errors
    /// [`LetterError`] names the first field that is out of bounds. A body that this program does not know is no
    /// error, it is [`Body::Unknown`].
    pub fn decode(bytes: &[u8]) -> Result<Self, LetterError> {
        if bytes.len() > LETTER_LIMIT {
            return Err(LetterError::TooLong);
        }
        let letter = wire::Letter::decode(bytes).map_err(|_| LetterError::Encoding)?;
        if bodies(bytes)? > 1 {
            return Err(LetterError::Bodies);
        }
        let expectation = match letter.expectation() {
            wire::Expectation::Return => Expectation::Return,
            wire::Expectation::Keep => Expectation::Keep,
            // A person decides what this program does not understand.
            wire::Expectation::Decide | wire::Expectation::Unspecified => Expectation::Decide,
        };
        let sent_at = bounds::moment(letter.sent_at_ms).ok_or(LetterError::Time)?;
        let reply_to = match letter.reply_to.as_slice() {
            [] => None,
            id => Some(MessageId::from_slice(id).ok_or(LetterError::Id)?),
        };
        if i64::try_from(letter.sequence.max(letter.after)).is_err() {
            return Err(LetterError::Sequence);
        }
        Ok(Self {
            id: MessageId::from_slice(&letter.id).ok_or(LetterError::Id)?,
            sequence: letter.sequence,
            after: letter.after,
            sent_at,
            expectation,
            hold_secs: letter
                .holds_keysends
                .then_some(letter.hold_seconds.min(HOLD_LIMIT)),
            reply_to,
            card: letter
                .card
                .map(SignedCard::from_wire)
                .transpose()
                .map_err(|_| LetterError::Card)?,
            hints: hints(&letter.hints),
            body: Body::decode(letter.body, letter.part)?,
        })
    }
}

fn hint_to_wire(hint: &RouteHint) -> wire::RouteHint {
    wire::RouteHint {
        node_id: hint.via.as_bytes().to_vec(),
        channel_id: hint.channel,
        fee_base_msat: u32::try_from(hint.base_fee.get()).unwrap_or(u32::MAX),
        fee_millionths: hint.fee_ppm,
        cltv_delta: hint.cltv_delta.into(),
    }
}

/// All of them, or, if one cannot be or there are too many, none: the letter is read all the same.
fn hints(found: &[wire::RouteHint]) -> Vec<RouteHint> {
    if found.len() > HINTS_KEPT {
        return Vec::new();
    }
    let read = |hint: &wire::RouteHint| {
        let hint = RouteHint {
            via: NodeId::from_bytes(&hint.node_id).ok()?,
            channel: hint.channel_id,
            base_fee: Msat::new(hint.fee_base_msat.into()),
            fee_ppm: hint.fee_millionths,
            cltv_delta: u16::try_from(hint.cltv_delta).ok()?,
        };
        hint.is_possible().then_some(hint)
    };
    found
        .iter()
        .map(read)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

/// SHA-256 of a readable text, as a hello beside it names it.
#[must_use]
pub fn text_hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// How many known bodies stand in a letter. The generated reader takes the last one.
pub(crate) fn bodies(mut bytes: &[u8]) -> Result<usize, LetterError> {
    let mut count = 0_usize;
    while !bytes.is_empty() {
        let (field, kind) = decode_key(&mut bytes).map_err(|_| LetterError::Encoding)?;
        skip_field(kind, field, &mut bytes, DecodeContext::default())
            .map_err(|_| LetterError::Encoding)?;
        if is_body(field) {
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

/// How many zeros the padding field needs so that a letter of `len` bytes without it fills whole blocks.
const fn padding(len: usize) -> usize {
    // The field brings a tag and a length of one byte each, and is left out when it is empty: where no more than
    // these two bytes are missing, it takes another block.
    const FRAME: usize = 2;
    let missing = len.next_multiple_of(BLOCK).saturating_sub(len);
    let room = if 0 < missing && missing <= FRAME {
        missing.saturating_add(BLOCK)
    } else {
        missing
    };
    room.saturating_sub(FRAME)
}

#[cfg(test)]
mod tests;
