//! What letters say, and the bounds of it.

use std::fmt;

use domain::{MessageId, Msat, PaymentHash};
use unicode_segmentation::UnicodeSegmentation;

use super::LetterError;
use crate::bounds;
use crate::part::Piece;
use crate::text::{NAME_LIMIT, TEXT_LIMIT, display_text, person_name};
use crate::wire;
use crate::wire::letter::Body as Wire;

/// A receipt is for at most so many messages.
pub const RECEIPT_LIMIT: usize = 256;
/// A request to send again names at most so many ranges of numbers.
pub const RANGES_LIMIT: usize = 64;
/// An invoice is never longer, in bytes.
pub const BOLT11_LIMIT: usize = 2_048;
/// A reaction is never longer, in bytes: families of emoji fit.
pub const EMOJI_LIMIT: usize = 64;

/// Bytes of a message's id.
const ID: usize = 16;

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Words.
    Text(String),
    /// "I read letters."
    Hello {
        /// [`crate::text_hash`] of the readable text of the same payment.
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
    /// Messages of the recipient have arrived. At least one, at most [`RECEIPT_LIMIT`].
    Receipt {
        /// The sender's app has stored these.
        delivered: Vec<MessageId>,
        /// The sender has seen these.
        read: Vec<MessageId>,
    },
    /// "Send me your key card."
    CardRequest,
    /// "Give me an invoice to pay."
    InvoiceRequest {
        /// By which the answer is known.
        request: RequestId,
        /// What the sender wants to pay.
        amount: Msat,
    },
    /// Answers [`Body::InvoiceRequest`].
    Invoice {
        /// The request.
        request: RequestId,
        /// The invoice as text, at most [`BOLT11_LIMIT`] letters and digits. Whether it is one, and for what, is not
        /// known.
        bolt11: String,
    },
    /// Takes the place of the sender's former reaction to a message.
    Reaction {
        /// The message.
        to: MessageId,
        /// One character as people count them, at most [`EMOJI_LIMIT`] bytes; `None` takes the reaction back.
        emoji: Option<String>,
    },
    /// New words for a message of the sender's own.
    Edit {
        /// The message.
        of: MessageId,
        /// Its words from now on.
        text: String,
    },
    /// Takes a message of the sender's own back.
    Delete {
        /// The message.
        of: MessageId,
    },
    /// What the sender wants to be called.
    Profile {
        /// Fit to be shown, at most [`NAME_LIMIT`] bytes; `None`: nothing.
        name: Option<String>,
    },
    /// A part of a body that is longer than one letter.
    Piece(Piece),
    /// "Send me your letters with these numbers again." One range at least, at most [`RANGES_LIMIT`], ascending and apart.
    ResendRequest(Vec<Numbers>),
    /// A body of a newer program: keep the letter's bytes.
    Unknown,
}

/// Sequence numbers of one sender's letters, both ends included; below 2^63.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The lowest.
    pub first: u64,
    /// The highest, not below the lowest.
    pub last: u64,
}

/// What an invoice request is called, so that its answer is known: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub [u8; ID]);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

impl Body {
    /// Whether a reader would take it.
    ///
    /// # Errors
    /// [`LetterError`] names the field that is out of bounds.
    pub fn check(&self) -> Result<(), LetterError> {
        match self {
            Self::Text(text)
            | Self::Edit { text, .. }
            | Self::Payment { note: text, .. }
            | Self::Refund { note: text, .. }
                if text.len() > TEXT_LIMIT =>
            {
                Err(LetterError::TooLong)
            }
            Self::Payment { amount, .. }
            | Self::Refund { amount, .. }
            | Self::InvoiceRequest { amount, .. } => bounds::amount(amount.get())
                .map(|_| ())
                .ok_or(LetterError::Amount),
            Self::Receipt { delivered, read } => {
                let count = delivered.len().saturating_add(read.len());
                if (1..=RECEIPT_LIMIT).contains(&count) {
                    Ok(())
                } else {
                    Err(LetterError::Receipt)
                }
            }
            Self::Invoice { bolt11, .. } => {
                let plain = bolt11.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if plain && (1..=BOLT11_LIMIT).contains(&bolt11.len()) {
                    Ok(())
                } else {
                    Err(LetterError::Invoice)
                }
            }
            Self::Reaction {
                emoji: Some(emoji), ..
            } if !is_emoji(emoji) => Err(LetterError::Reaction),
            Self::Profile { name: Some(name) } if name.len() > NAME_LIMIT => Err(LetterError::Name),
            Self::Piece(piece) => piece.check().map_err(|_| LetterError::Part),
            Self::ResendRequest(ranges) if !are_numbers(ranges) => Err(LetterError::Numbers),
            _ => Ok(()),
        }
    }

    pub(crate) fn encode(&self) -> Option<Wire> {
        Some(match self {
            Self::Text(text) => Wire::Text(wire::Text { text: text.clone() }),
            Self::Hello { beside } => Wire::Hello(wire::Hello {
                beside: beside.map(Vec::from).unwrap_or_default(),
            }),
            Self::Payment { note, amount } => Wire::Payment(wire::Payment {
                amount_msat: amount.get(),
                note: note.clone(),
            }),
            Self::Refund { of, amount, note } => Wire::Refund(wire::Refund {
                of: of.0.to_vec(),
                amount_msat: amount.get(),
                note: note.clone(),
            }),
            Self::Receipt { delivered, read } => Wire::Receipt(wire::Receipt {
                delivered: joined(delivered),
                read: joined(read),
            }),
            Self::CardRequest => Wire::CardRequest(wire::CardRequest {}),
            Self::InvoiceRequest { request, amount } => {
                Wire::InvoiceRequest(wire::InvoiceRequest {
                    request: request.0.to_vec(),
                    amount_msat: amount.get(),
                })
            }
            Self::Invoice { request, bolt11 } => Wire::Invoice(wire::Invoice {
                request: request.0.to_vec(),
                bolt11: bolt11.clone(),
            }),
            Self::Reaction { to, emoji } => Wire::Reaction(wire::Reaction {
                to: to.0.to_vec(),
                emoji: emoji.clone().unwrap_or_default(),
            }),
            Self::Edit { of, text } => Wire::Edit(wire::Edit {
                of: of.0.to_vec(),
                text: text.clone(),
            }),
            Self::Delete { of } => Wire::Delete(wire::Delete { of: of.0.to_vec() }),
            Self::Profile { name } => Wire::Profile(wire::Profile {
                name: name.as_deref().and_then(person_name).unwrap_or_default(),
            }),
            Self::Piece(piece) => Wire::Piece(piece.bytes.clone()),
            Self::ResendRequest(ranges) => Wire::ResendRequest(wire::ResendRequest {
                numbers: ranges
                    .iter()
                    .map(|range| wire::Numbers {
                        first: range.first,
                        last: range.last,
                    })
                    .collect(),
            }),
            Self::Unknown => return None,
        })
    }

    /// The place of a piece, which travels beside the body.
    pub(crate) fn part(&self) -> Option<wire::Part> {
        match self {
            Self::Piece(piece) => Some(piece.to_wire()),
            _ => None,
        }
    }

    pub(crate) fn decode(
        body: Option<Wire>,
        part: Option<wire::Part>,
    ) -> Result<Self, LetterError> {
        let body = match (body, part) {
            (None, _) => Self::Unknown,
            (Some(Wire::Piece(bytes)), Some(part)) => Piece::from_wire(part, bytes)
                .map_err(|_| LetterError::Part)?
                .map_or(Self::Unknown, Self::Piece),
            (Some(Wire::Piece(_)), None) | (Some(_), Some(_)) => return Err(LetterError::Part),
            (Some(body), None) => Self::from_wire(body)?,
        };
        body.check()?;
        Ok(body)
    }

    fn from_wire(body: Wire) -> Result<Self, LetterError> {
        Ok(match body {
            Wire::Text(body) => Self::Text(body.text),
            Wire::Hello(body) => Self::Hello {
                beside: match body.beside.as_slice() {
                    [] => None,
                    hash => Some(hash.try_into().map_err(|_| LetterError::Hash)?),
                },
            },
            Wire::Payment(body) => Self::Payment {
                note: body.note,
                amount: Msat::new(body.amount_msat),
            },
            Wire::Refund(body) => Self::Refund {
                of: PaymentHash::from_slice(&body.of).ok_or(LetterError::Hash)?,
                amount: Msat::new(body.amount_msat),
                note: body.note,
            },
            Wire::Receipt(body) => Self::Receipt {
                delivered: split(&body.delivered)?,
                read: split(&body.read)?,
            },
            Wire::CardRequest(_) => Self::CardRequest,
            Wire::InvoiceRequest(body) => Self::InvoiceRequest {
                request: request(&body.request)?,
                amount: Msat::new(body.amount_msat),
            },
            Wire::Invoice(body) => Self::Invoice {
                request: request(&body.request)?,
                bolt11: body.bolt11,
            },
            Wire::Reaction(body) => Self::Reaction {
                to: message(&body.to)?,
                emoji: Some(body.emoji).filter(|emoji| !emoji.is_empty()),
            },
            Wire::Edit(body) => Self::Edit {
                of: message(&body.of)?,
                text: body.text,
            },
            Wire::Delete(body) => Self::Delete {
                of: message(&body.of)?,
            },
            Wire::Profile(body) if body.name.len() > NAME_LIMIT => return Err(LetterError::Name),
            Wire::Profile(body) => Self::Profile {
                name: person_name(&body.name),
            },
            Wire::ResendRequest(body) => Self::ResendRequest(
                body.numbers
                    .iter()
                    .map(|range| Numbers {
                        first: range.first,
                        last: range.last,
                    })
                    .collect(),
            ),
            Wire::Piece(_) => return Err(LetterError::Part),
        })
    }
}

/// Whether these ranges may be asked for.
fn are_numbers(ranges: &[Numbers]) -> bool {
    let sound = |range: &Numbers| range.first <= range.last && i64::try_from(range.last).is_ok();
    let apart = |pair: &[Numbers]| matches!(pair, [one, next] if one.last < next.first);
    (1..=RANGES_LIMIT).contains(&ranges.len())
        && ranges.iter().all(sound)
        && ranges.windows(2).all(apart)
}

fn message(id: &[u8]) -> Result<MessageId, LetterError> {
    MessageId::from_slice(id).ok_or(LetterError::Id)
}

fn request(id: &[u8]) -> Result<RequestId, LetterError> {
    id.try_into().map(RequestId).map_err(|_| LetterError::Id)
}

fn joined(ids: &[MessageId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.0).collect()
}

fn split(ids: &[u8]) -> Result<Vec<MessageId>, LetterError> {
    if ids.len() > RECEIPT_LIMIT.saturating_mul(ID) {
        return Err(LetterError::Receipt);
    }
    ids.chunks(ID)
        .map(|id| MessageId::from_slice(id).ok_or(LetterError::Receipt))
        .collect()
}

/// Whether it can be a reaction: one character that can be seen. Which ones are emoji changes with every year; it is not asked.
#[must_use]
pub fn is_emoji(text: &str) -> bool {
    text.len() <= EMOJI_LIMIT
        && text.graphemes(true).count() == 1
        && !text.chars().any(char::is_whitespace)
        && display_text(text) == text
}
