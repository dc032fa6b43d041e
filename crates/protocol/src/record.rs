//! Custom records of a payment's last hop: the numbers, and how to find one.
//!
//! An unknown even number means "refuse what you do not understand"; LND hands all from 65,536 up to the
//! application all the same. Ours are odd.

/// Records as LND lists them: numbers ascending, none twice.
pub type Records = Vec<(u64, Vec<u8>)>;

/// Our envelope with a sealed letter: ASCII `HELI`.
pub const LETTER: u64 = 1_212_501_065;
/// 32 bytes that settle a keysend.
pub const KEYSEND_PREIMAGE: u64 = 5_482_373_484;

/// Text, UTF-8: the common ground of all programs.
pub const TEXT: u64 = 34_349_334;
/// Signature of the noise plugin, 65 bytes.
pub const NOISE_SIGNATURE: u64 = 34_349_335;
/// Signature over text and more, in one of four encodings.
pub const SIGNATURE: u64 = 34_349_337;
/// Sender's key, 33 bytes, or 66 hexadecimal characters.
pub const SENDER: u64 = 34_349_339;
/// Sender's alias, UTF-8, not signed.
pub const ALIAS: u64 = 34_349_340;
/// When it was written, in one of five encodings.
pub const TIME: u64 = 34_349_343;
/// What the text is: `text`, `payment`, `paymentrequest`, or these in capitals.
pub const CONTENT_TYPE: u64 = 34_349_345;

/// Alias in payments of lndhub wallets.
pub const LNDHUB_ALIAS: u64 = 128_100;
/// Alias in payments of Blixt.
pub const BLIXT_ALIAS: u64 = 128_101;
/// Note of a tip, UTF-8: the form of 2020, and the odd number that took its place.
pub const TIP: u64 = 7_629_168;
/// See [`TIP`].
pub const TIP_ODD: u64 = 7_629_171;
/// Podcast message, JSON.
pub const PODCAST: u64 = 7_629_169;
/// Sphinx envelope: JSON followed by a signature.
pub const SPHINX: u64 = 133_773_310;
/// c13n message, JSON.
pub const C13N_PAYLOAD: u64 = 293_345_191;
/// c13n sender, 33 bytes.
pub const C13N_SENDER: u64 = 293_345_193;
/// c13n signature over the payload, 65 bytes.
pub const C13N_SIGNATURE: u64 = 293_345_195;

/// The bytes of record `number`, if it is there.
#[must_use]
pub fn find(records: &[(u64, Vec<u8>)], number: u64) -> Option<&[u8]> {
    records
        .iter()
        .find(|(found, _)| *found == number)
        .map(|(_, value)| value.as_slice())
}

/// The envelope of a letter, if the payment carries one: for [`crate::Envelope::parse`].
#[must_use]
pub fn letter_record(records: &[(u64, Vec<u8>)]) -> Option<&[u8]> {
    find(records, LETTER)
}
