//! What is inside a seal.

use domain::{Expectation, MessageId, Msat, PaymentHash, Timestamp};
use prost::Message as _;
use sha2::{Digest, Sha256};

use crate::bounds;
use crate::wire;

/// Letters are padded to a multiple of so many bytes, to hide how long the words are.
const BLOCK: usize = 64;
/// More bytes than this are never read: what a Noise message can carry. It bounds the text, too.
const LETTER_LIMIT: usize = 65_535;

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The sender's name for the message: the same in all attempts.
    pub id: MessageId,
    /// Counts the sender's letters in this conversation; the order in which they are read.
    pub sequence: u64,
    /// When it was written, by the sender's clock.
    pub sent_at: Timestamp,
    /// What the sender asks of the payment that carries it.
    pub expectation: Expectation,
    /// For how many seconds the sender's node holds keysends; `None`: it settles on arrival.
    pub hold_secs: Option<u32>,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// What it says.
    pub body: Body,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Words.
    Text(String),
    /// "I read letters."
    Hello {
        /// [`text_hash`] of the readable text of the same payment.
        beside: Option<[u8; 32]>,
    },
    /// The payment that carries the letter is for the recipient. Its hash is in the seal's context.
    Payment {
        /// Words for it; may be empty.
        note: String,
        /// How much of it is meant for the recipient.
        amount: Msat,
    },
    /// The payment that carries the letter pays a settled one back.
    Refund {
        /// The settled payment.
        of: PaymentHash,
        /// How much of it is paid back.
        amount: Msat,
        /// Words for it; may be empty.
        note: String,
    },
    /// A body of a newer program: keep the letter's bytes.
    Unknown,
}

/// Why the opened bytes are no letter. They are authentic all the same: the sender's program is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// More than 65,535 bytes.
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
    /// Nothing, or more than all bitcoin.
    #[error("the letter names an impossible amount")]
    Amount,
}

impl Letter {
    /// The letter's bytes, padded to a multiple of 64.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut letter = wire::Letter {
            id: self.id.0.to_vec(),
            sequence: self.sequence,
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
            padding: Vec::new(),
            body: self.body.encode(),
        };
        letter.padding = vec![0; padding(letter.encoded_len())];
        letter.encode_to_vec()
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
        if i64::try_from(letter.sequence).is_err() {
            return Err(LetterError::Sequence);
        }
        Ok(Self {
            id: MessageId::from_slice(&letter.id).ok_or(LetterError::Id)?,
            sequence: letter.sequence,
            sent_at,
            expectation,
            hold_secs: letter.holds_keysends.then_some(letter.hold_seconds),
            reply_to,
            body: Body::decode(letter.body)?,
        })
    }
}

impl Body {
    fn encode(&self) -> Option<wire::letter::Body> {
        Some(match self {
            Self::Text(text) => wire::letter::Body::Text(wire::Text { text: text.clone() }),
            Self::Hello { beside } => wire::letter::Body::Hello(wire::Hello {
                beside: beside.map(Vec::from).unwrap_or_default(),
            }),
            Self::Payment { note, amount } => wire::letter::Body::Payment(wire::Payment {
                amount_msat: amount.get(),
                note: note.clone(),
            }),
            Self::Refund { of, amount, note } => wire::letter::Body::Refund(wire::Refund {
                of: of.0.to_vec(),
                amount_msat: amount.get(),
                note: note.clone(),
            }),
            Self::Unknown => return None,
        })
    }

    fn decode(body: Option<wire::letter::Body>) -> Result<Self, LetterError> {
        use wire::letter::Body as Wire;
        Ok(match body {
            None => Self::Unknown,
            Some(Wire::Text(body)) => Self::Text(body.text),
            Some(Wire::Hello(body)) => Self::Hello {
                beside: match body.beside.as_slice() {
                    [] => None,
                    hash => Some(hash.try_into().map_err(|_| LetterError::Hash)?),
                },
            },
            Some(Wire::Payment(body)) => Self::Payment {
                note: body.note,
                amount: sats(body.amount_msat)?,
            },
            Some(Wire::Refund(body)) => Self::Refund {
                of: PaymentHash::from_slice(&body.of).ok_or(LetterError::Hash)?,
                amount: sats(body.amount_msat)?,
                note: body.note,
            },
        })
    }
}

/// SHA-256 of a readable text, as a hello beside it names it.
#[must_use]
pub fn text_hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn sats(msat: u64) -> Result<Msat, LetterError> {
    bounds::amount(msat).ok_or(LetterError::Amount)
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
