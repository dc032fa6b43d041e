//! Key cards: a node vouches for the seal key of its user's program.
//!
//! ```text
//! KeyCard ─encode─▶ bytes ─signing_text─▶ the node signs ─▶ SignedCard ─▶ letters, or an envelope of its own
//! SignedCard ─verify─▶ KeyCard
//! ```

use std::time::Duration;

use domain::{Msat, NodeId, Timestamp};
use prost::Message as _;
use sha2::{Digest, Sha256};

use crate::bounds;
use crate::dialect::signature::{is_signed, zbase32};
use crate::key::PublicKey;
use crate::text::{NAME_LIMIT, person_name};
use crate::wire;

/// A card is never longer, in bytes, without its signature.
pub const CARD_LIMIT: usize = 1_024;
/// Bytes of a signature: header, r, s.
pub const SIGNATURE: usize = 65;
/// How far the clock of a card's node may be ahead.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);
/// Version and kind of an envelope with a bare card.
const ENVELOPE: [u8; 2] = [1, 3];

/// What a node says about its user's program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCard {
    /// The node that vouches.
    pub node: NodeId,
    /// The key to seal letters to.
    pub seal_key: PublicKey,
    /// When it was made. Of two cards of one node, the one issued later holds.
    pub issued: Timestamp,
    /// From when on nothing is sealed to it.
    pub expires: Timestamp,
    /// What the program does.
    pub features: Features,
    /// What a stranger's message must bring; nothing when strangers are welcome.
    pub stranger_price: Msat,
    /// What the person wants to be called. At most [`NAME_LIMIT`] bytes, fit to be shown.
    pub name: Option<String>,
}

/// What a program and its node do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// The program listens on custom peer messages.
    pub peer_messages: bool,
    /// The program listens on onion messages.
    pub onion_messages: bool,
    /// The node holds keysends for a decision.
    pub holds_keysends: bool,
    /// The program answers invoice requests of its contacts.
    pub issues_invoices: bool,
}

/// Why a card is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// More than [`CARD_LIMIT`] bytes.
    #[error("the key card is too long")]
    TooLong,
    /// Not protobuf, or a name that is not UTF-8.
    #[error("the key card cannot be decoded")]
    Encoding,
    /// Not a signature of 65 bytes, or not 104 characters of zbase32.
    #[error("the key card has no valid signature")]
    Signature,
    /// A node id that is no point on the curve.
    #[error("the key card names no valid node")]
    Node,
    /// A seal key that is no point on the curve.
    #[error("the key card holds an invalid key")]
    SealKey,
    /// A time after the year 9999, or an expiry that is not after the issue.
    #[error("the key card's times are not a span of time")]
    Time,
    /// More than all bitcoin.
    #[error("the key card names an impossible price")]
    Price,
    /// A name of more than [`NAME_LIMIT`] bytes.
    #[error("the name on the key card is too long")]
    Name,
    /// A bare card with a display name.
    #[error("a key card that travels alone has no name")]
    Named,
    /// The record is no envelope with a bare card.
    #[error("this is no key card")]
    NotACard,
    /// It speaks for another node than the one that is asked for.
    #[error("the key card is of another node")]
    OtherNode,
    /// The node that it speaks for did not sign it.
    #[error("the key card is not signed by its node")]
    Forged,
    /// Issued more than a day ahead of now.
    #[error("the key card is from the future")]
    Future,
}

impl KeyCard {
    /// The bytes to sign and to send. The name is written as it would be read.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::KeyCard {
            node_id: self.node.as_bytes().to_vec(),
            seal_key: self.seal_key.to_bytes().to_vec(),
            issued_ms: bounds::millis(self.issued),
            expires_ms: bounds::millis(self.expires),
            features: self.features.bits(),
            stranger_price_msat: self.stranger_price.get(),
            name: self
                .name
                .as_deref()
                .and_then(person_name)
                .unwrap_or_default(),
        }
        .encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CardError> {
        if bytes.len() > CARD_LIMIT {
            return Err(CardError::TooLong);
        }
        let card = wire::KeyCard::decode(bytes).map_err(|_| CardError::Encoding)?;
        let issued = bounds::moment(card.issued_ms).ok_or(CardError::Time)?;
        let expires = bounds::moment(card.expires_ms)
            .filter(|expires| *expires > issued)
            .ok_or(CardError::Time)?;
        if card.name.len() > NAME_LIMIT {
            return Err(CardError::Name);
        }
        Ok(Self {
            node: NodeId::from_bytes(&card.node_id).map_err(|_| CardError::Node)?,
            seal_key: PublicKey::from_bytes(&card.seal_key).ok_or(CardError::SealKey)?,
            issued,
            expires,
            features: Features::from_bits(card.features),
            stranger_price: bounds::amount_or_zero(card.stranger_price_msat)
                .ok_or(CardError::Price)?,
            name: person_name(&card.name),
        })
    }

    /// Whether it only opens letters: nothing is sealed to an expired card.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// Whether it says less than another card: its end is sooner, or something is missing that the other promises.
    #[must_use]
    pub fn says_less_than(&self, other: &Self) -> bool {
        let missing = other.features.bits() & !self.features.bits();
        self.expires < other.expires || missing != 0
    }

    /// Whether a letter that was sealed with this key is of this card's node: it is the node's own key, or the one
    /// that it vouches for. Believe a seal key only once a letter that was sealed with it has carried this card:
    /// anybody can have somebody else's seal key signed by a node of their own.
    #[must_use]
    pub fn speaks_for(&self, sender: &PublicKey) -> bool {
        *sender == self.seal_key || *sender == self.node.into()
    }
}

impl Features {
    const PEER_MESSAGES: u32 = 1;
    const ONION_MESSAGES: u32 = 1 << 1;
    const HOLDS_KEYSENDS: u32 = 1 << 2;
    const ISSUES_INVOICES: u32 = 1 << 3;

    fn bits(self) -> u32 {
        [
            (self.peer_messages, Self::PEER_MESSAGES),
            (self.onion_messages, Self::ONION_MESSAGES),
            (self.holds_keysends, Self::HOLDS_KEYSENDS),
            (self.issues_invoices, Self::ISSUES_INVOICES),
        ]
        .into_iter()
        .filter_map(|(does, bit)| does.then_some(bit))
        .fold(0, |bits, bit| bits | bit)
    }

    const fn from_bits(bits: u32) -> Self {
        Self {
            peer_messages: bits & Self::PEER_MESSAGES != 0,
            onion_messages: bits & Self::ONION_MESSAGES != 0,
            holds_keysends: bits & Self::HOLDS_KEYSENDS != 0,
            issues_invoices: bits & Self::ISSUES_INVOICES != 0,
        }
    }
}

/// The text that the node signs with `SignMessage`, for a card with these bytes.
#[must_use]
pub fn signing_text(card: &[u8]) -> String {
    format!(
        "heliograph-key-card-1:{}",
        hex::encode(Sha256::digest(card))
    )
}

/// The 65 bytes of the signature that `SignMessage` answers with: 104 characters of zbase32.
///
/// # Errors
/// [`CardError::Signature`].
pub fn signature_from_text(text: &str) -> Result<[u8; SIGNATURE], CardError> {
    zbase32(text.as_bytes()).ok_or(CardError::Signature)
}

/// A card as it travels: the bytes that were signed, and the signature. Not checked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedCard {
    card: Vec<u8>,
    signature: [u8; SIGNATURE],
}

impl SignedCard {
    /// From the bytes of a card and its node's signature over [`signing_text`].
    ///
    /// # Errors
    /// [`CardError::TooLong`].
    pub fn new(card: Vec<u8>, signature: [u8; SIGNATURE]) -> Result<Self, CardError> {
        if card.len() > CARD_LIMIT {
            return Err(CardError::TooLong);
        }
        Ok(Self { card, signature })
    }

    /// What the card says. Nothing is proven: for one that was verified before, or to see whose it says to be.
    ///
    /// # Errors
    /// [`CardError`], when no node could have signed this.
    pub fn claimed(&self) -> Result<KeyCard, CardError> {
        KeyCard::decode(&self.card)
    }

    /// What the card says, if `node` signed it. An expired card is good all the same: [`KeyCard::is_expired`].
    ///
    /// # Errors
    /// [`CardError`] says what is wrong with it; [`CardError::Future`] only of one that its node has signed.
    pub fn verify(&self, node: NodeId, now: Timestamp) -> Result<KeyCard, CardError> {
        let card = KeyCard::decode(&self.card)?;
        if card.node != node {
            return Err(CardError::OtherNode);
        }
        if !is_signed(&self.signature, signing_text(&self.card).as_bytes(), node) {
            return Err(CardError::Forged);
        }
        if card.issued > now.plus(AHEAD) {
            return Err(CardError::Future);
        }
        Ok(card)
    }

    /// The card's bytes, for the store: they are signed as they are, and must not be written anew.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.to_wire().encode_to_vec()
    }

    /// Undoes [`Self::encode`].
    ///
    /// # Errors
    /// [`CardError::Encoding`], [`CardError::TooLong`], [`CardError::Signature`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CardError> {
        let card = wire::SignedCard::decode(bytes).map_err(|_| CardError::Encoding)?;
        Self::from_wire(card)
    }

    /// An envelope of its own, for a card without a display name.
    ///
    /// # Errors
    /// [`CardError::Named`] when it has one; otherwise what is wrong with the card.
    pub fn envelope(&self) -> Result<Vec<u8>, CardError> {
        self.check_bare()?;
        Ok([ENVELOPE.as_slice(), &self.encode()].concat())
    }

    /// Undoes [`Self::envelope`]: `record` is what [`crate::Envelope::parse`] told to be a card.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn from_envelope(record: &[u8]) -> Result<Self, CardError> {
        let bytes = record.strip_prefix(&ENVELOPE).ok_or(CardError::NotACard)?;
        let card = Self::decode(bytes)?;
        card.check_bare()?;
        Ok(card)
    }

    fn check_bare(&self) -> Result<(), CardError> {
        // The name as it is written, not as it would be shown.
        let card = wire::KeyCard::decode(self.card.as_slice()).map_err(|_| CardError::Encoding)?;
        if !card.name.is_empty() {
            return Err(CardError::Named);
        }
        KeyCard::decode(&self.card).map(|_| ())
    }

    pub(crate) fn to_wire(&self) -> wire::SignedCard {
        wire::SignedCard {
            card: self.card.clone(),
            signature: self.signature.to_vec(),
        }
    }

    pub(crate) fn from_wire(card: wire::SignedCard) -> Result<Self, CardError> {
        let signature = card.signature.try_into();
        Self::new(card.card, signature.map_err(|_| CardError::Signature)?)
    }
}

impl std::fmt::Debug for SignedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedCard({} bytes)", self.card.len())
    }
}

#[cfg(test)]
mod tests;
