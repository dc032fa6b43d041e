//! What travels: the records of a payment, letters and their seals, key cards, and the text of other programs.
//!
//! Pure: bytes in, values out. No input or output, no clock; randomness is an argument, and the secrets of the
//! user's node are asked for by the caller. Everything that a stranger sent is bounded and checked here.

mod bounds;
pub mod card;
pub mod dialect;
#[cfg(test)]
mod document;
pub mod key;
pub mod letter;
pub mod onion;
pub mod part;
#[cfg(test)]
mod people;
mod preimages;
pub mod record;
mod safety;
pub mod seal;
pub mod text;
/// Generated from `proto/heliograph`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::use_self,
    reason = "generated code has a style of its own"
)]
mod wire {
    include!(concat!(env!("OUT_DIR"), "/heliograph.rs"));
}

pub use card::{CardError, Features, KeyCard, SignedCard};
pub use dialect::{Dialect, Readable, message_id_of_readable, read_readable, whatsat};
pub use key::{KeyId, PublicKey, SealKey};
pub use letter::{Body, Letter, LetterError, Numbers, RequestId, is_emoji, text_hash};
pub use part::{CutError, Joiner, Packing, PartError, PartSet, Piece, Whole, cut};
pub use preimages::{PreimageSecret, refund_point};
pub use record::{Records, letter_record};
pub use safety::safety_number;
pub use seal::{
    Envelope, EnvelopeError, LETTER_ROOM, Lock, OVERHEAD, Opening, OpeningSender, Recipient,
    SealError, seal,
};
pub use text::{TEXT_LIMIT, display_text, one_line, person_name};
