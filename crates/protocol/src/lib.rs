//! What travels: the records of a payment, letters and their seals, and the text of other programs.
//!
//! Pure: bytes in, values out. No input or output, no clock; randomness is an argument, and the secrets of the
//! user's node are asked for by the caller. Everything that a stranger sent is bounded and checked here.

pub mod dialect;
#[cfg(test)]
mod document;
pub mod key;
pub mod letter;
#[cfg(test)]
mod people;
pub mod record;
pub mod seal;
pub mod text;

pub use dialect::{Dialect, Readable, message_id_of_readable, read_readable, whatsat};
pub use key::{KeyId, PublicKey, SealKey};
pub use letter::{Body, Letter, LetterError, text_hash};
pub use record::{Records, letter_record};
pub use seal::{
    Envelope, EnvelopeError, LETTER_ROOM, Lock, OVERHEAD, Opening, OpeningSender, Recipient,
    SealError, seal,
};
pub use text::{TEXT_LIMIT, display_text, one_line};
