//! Readable text, as the programs on the network write it.
//!
//! The text record is common to nearly all; what stands beside it differs. Signatures are checked here, without the
//! node, and the signing key is compared with the sender that the payment names: a good signature of another node
//! proves nothing.

use domain::{MessageId, Msat, NodeId, Timestamp};
use sha2::{Digest, Sha256};

use crate::text::{TEXT_LIMIT, one_line};

mod c13n;
mod noise;
mod numbered;
mod podcast;
pub(crate) mod signature;
mod sphinx;
mod time;
mod tip;
pub mod whatsat;

/// Names that strangers give themselves are cut to so many characters.
const ALIAS_CHARS: usize = 64;

/// How a readable text is written and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Text alone: most wallets.
    Plain,
    /// Whatsat, and Balance of Satoshis and LNDg, which differ in the time only.
    Whatsat,
    /// Juggernaut.
    Juggernaut,
    /// ThunderHub up to 0.15.1.
    ThunderHub,
    /// Cipherchat.
    Cipherchat,
    /// The noise plugin of Core Lightning.
    Noise,
    /// c13n and Arc.
    C13n,
    /// Sphinx v1, unencrypted keysends.
    Sphinx,
    /// Podcast players.
    Podcast,
    /// The note of a tip.
    Tip,
}

/// A readable text that came with a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable {
    /// The words, at most 64 KiB, otherwise as they came: [`crate::display_text`] makes them safe to show. Empty
    /// where a payment came without words, or with nothing but white space.
    pub text: String,
    /// Who says to have written it.
    pub sender: Option<NodeId>,
    /// Whether `sender` has signed it, for us.
    pub verified: bool,
    /// Whether `sender` has signed it, but not to whom: whoever got it can have passed it on.
    pub unaddressed: bool,
    /// When it was written, by the sender's clock.
    pub sent_at: Option<Timestamp>,
    /// What the sender calls itself; never signed. Safe to show.
    pub alias: Option<String>,
    /// What a player says of itself and of what was heard; never signed. Safe to show.
    pub about: Option<String>,
    /// One of many small payments that a program makes by itself: no news for the reader.
    pub quiet: bool,
    /// How it is written.
    pub dialect: Dialect,
    /// It asks for so much.
    pub request_amount: Option<Msat>,
    id: Option<MessageId>,
}

impl Readable {
    /// The id that all payments with this message share: only a verified text with a time has one. Others are told
    /// apart by their payment ([`domain::PaymentHash::message_id`]).
    #[must_use]
    pub const fn id(&self) -> Option<MessageId> {
        self.id
    }
}

/// Reads what a payment says in any dialect: what is verified before the rest, and words before names without words.
/// `recipient` is our own node.
///
/// `None`: there are neither words nor names.
#[must_use]
pub fn read_readable(records: &[(u64, Vec<u8>)], recipient: NodeId) -> Option<Readable> {
    let readers = [
        numbered::read,
        c13n::read,
        sphinx::read,
        podcast::read,
        tip::read,
    ];
    let found = readers
        .into_iter()
        .filter_map(|reader| reader(records, recipient));
    // Of equal ones the first.
    found.min_by_key(|read| (!read.verified, read.text.is_empty()))
}

/// The message id of a readable text: who signed it, when (the bytes of the time record), and what.
#[must_use]
pub fn message_id_of_readable(sender: NodeId, time: &[u8], text: impl AsRef<[u8]>) -> MessageId {
    let hash = Sha256::new()
        .chain_update(b"heliograph/readable/1")
        .chain_update(sender.as_bytes())
        .chain_update(Sha256::digest(time))
        .chain_update(Sha256::digest(text))
        .finalize();
    domain::PaymentHash(hash.into()).message_id()
}

/// At most [`TEXT_LIMIT`] bytes of text; bytes that are not UTF-8 become replacement characters. Empty where nothing of it
/// can be seen.
fn words(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    // Nothing but white space is nothing.
    if crate::display_text(&text).trim().is_empty() {
        return String::new();
    }
    if text.len() > TEXT_LIMIT {
        let end = (0..=TEXT_LIMIT)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
    }
    text
}

fn alias(name: &str) -> Option<String> {
    let name = one_line(name, ALIAS_CHARS);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests;
