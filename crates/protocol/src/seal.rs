//! Sealing letters, without input or output.
//!
//! A letter is sealed to a node's key or to the seal key of a key card. The private keys of nodes are in the nodes:
//! the caller asks its node for shared secrets (SHA-256 of the compressed point, as BOLT 8 has it) and brings them
//! here. Sealing needs one, opening two, and the second only when the first fits. A letter to a seal key is opened
//! with the key alone:
//!
//! ```text
//! Envelope::parse ─┬▶ open ─▶ Opening ─with_ephemeral_secret─▶ OpeningSender ─with_sender_secret─▶ letter
//!                  └▶ open_with_key ─────────────────────────────────────────────────────────────▶ letter
//! ```

use domain::NodeId;
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::key::{KeyId, PublicKey, SealKey};

mod noise;

use noise::{Symmetric, TAG};

/// Bytes that an envelope to a node's key has more than its letter: version, kind, and the seal. For any recipient:
/// [`Recipient::overhead`].
pub const OVERHEAD: usize = 2 + SEAL;
/// The longest letter that can be sealed, in bytes.
pub const LETTER_ROOM: usize = BODY_LIMIT - SEAL;

/// The version of envelopes that this program writes.
const VERSION: u8 = 1;
/// Sealed to the recipient's node id.
const KIND_NODE: u8 = 1;
/// Sealed to a seal key, whose id follows.
const KIND_SEAL_KEY: u8 = 2;
/// A bare key card.
const KIND_CARD: u8 = 3;
/// The longest Noise message.
const BODY_LIMIT: usize = 65_535;
const KEY: usize = 33;
/// Ephemeral key, sealed sender key, tag of the letter.
const SEAL: usize = KEY + KEY + TAG + TAG;

/// Why a record is no envelope that this program opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Of this later version: keep the bytes until an update.
    #[error("the letter is of the newer version {0}")]
    Newer(u8),
    /// Of this kind, which this program does not know: keep the bytes until an update.
    #[error("the letter is sealed in a way that is not known here: kind {0}")]
    UnknownKind(u8),
    /// A key card: for [`crate::SignedCard::from_envelope`].
    #[error("this is a key card, not a letter")]
    Card,
    /// Has no version, or version 0.
    #[error("this is no letter")]
    NoVersion,
    /// Shorter than an envelope with an empty letter.
    #[error("the letter is cut off")]
    TooShort,
    /// Longer than a Noise message.
    #[error("the letter is too long")]
    TooLong,
}

impl EnvelopeError {
    /// Whether a newer program may be able to open it. Otherwise it is malformed.
    #[must_use]
    pub const fn is_newer(self) -> bool {
        matches!(self, Self::Newer(_) | Self::UnknownKind(_))
    }
}

/// Why an envelope could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A key in it is no point on the curve: malformed.
    #[error("the letter holds an invalid key")]
    Key,
    /// It does not open with this secret, recipient and context: changed on the way, moved to another payment, or
    /// sealed to somebody else.
    #[error("the letter cannot be opened")]
    DoesNotOpen,
    /// It is sealed to another key than the one at hand: to a seal key instead of the node's, or to another one.
    #[error("the letter is sealed to another key")]
    OtherKey,
    /// The letter to seal is longer than [`LETTER_ROOM`].
    #[error("the letter is too long to seal")]
    TooLong,
}

/// What an envelope is locked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The recipient's node key: opened with secrets from the node.
    NodeKey,
    /// A seal key of the recipient, with this id.
    SealKey(KeyId),
}

impl Lock {
    const fn kind(self) -> u8 {
        match self {
            Self::NodeKey => KIND_NODE,
            Self::SealKey(_) => KIND_SEAL_KEY,
        }
    }

    fn key_id(self) -> [u8; 4] {
        match self {
            Self::NodeKey => [0; 4],
            Self::SealKey(KeyId(id)) => id,
        }
    }
}

/// Whom a letter is sealed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    node: NodeId,
    seal_key: Option<PublicKey>,
}

impl Recipient {
    /// A node, by a seal key that it vouches for.
    #[must_use]
    pub const fn with_seal_key(node: NodeId, key: PublicKey) -> Self {
        Self {
            node,
            seal_key: Some(key),
        }
    }

    /// The node that the letter is for, whatever it is sealed to.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// The key that the sender's key must share a secret with.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.seal_key.unwrap_or_else(|| self.node.into())
    }

    /// What the envelope will be locked with.
    #[must_use]
    pub fn lock(&self) -> Lock {
        self.seal_key
            .map_or(Lock::NodeKey, |key| Lock::SealKey(KeyId::of(&key)))
    }

    /// Bytes that the envelope will have more than its letter.
    #[must_use]
    pub const fn overhead(&self) -> usize {
        match self.seal_key {
            None => OVERHEAD,
            Some(_) => OVERHEAD.saturating_add(4),
        }
    }
}

/// A node, by its own key.
impl From<NodeId> for Recipient {
    fn from(node: NodeId) -> Self {
        Self {
            node,
            seal_key: None,
        }
    }
}

/// Seals `letter` and returns the whole envelope.
///
/// `sender` is the sender's node id, or the sender's seal key, which a key card must vouch for. `shared` is the
/// secret between it and [`Recipient::key`]: from the sender's node, or from [`SealKey::shared`]. `context` is the
/// payment hash of the payment that will carry it, or zeros where no payment does: the letter opens with no other.
///
/// # Errors
/// [`SealError::TooLong`].
pub fn seal(
    rng: &mut impl CryptoRng,
    sender: impl Into<PublicKey>,
    recipient: impl Into<Recipient>,
    shared: &[u8; 32],
    context: &[u8; 32],
    letter: &[u8],
) -> Result<Vec<u8>, SealError> {
    let ephemeral = SealKey::generate(rng);
    let (sender, recipient) = (sender.into(), recipient.into());
    seal_with(&ephemeral, sender, recipient, shared, context, letter)
}

fn seal_with(
    ephemeral: &SealKey,
    sender: PublicKey,
    recipient: Recipient,
    shared: &[u8; 32],
    context: &[u8; 32],
    letter: &[u8],
) -> Result<Vec<u8>, SealError> {
    if letter.len() > LETTER_ROOM {
        return Err(SealError::TooLong);
    }
    let (key, lock) = (recipient.key(), recipient.lock());
    let public = ephemeral.public().to_bytes();

    let mut state = Symmetric::begin(&key, &prologue(lock, recipient.node, context));
    let mut envelope = vec![VERSION, lock.kind()];
    if let Lock::SealKey(KeyId(id)) = lock {
        envelope.extend_from_slice(&id);
    }
    state.mix_hash(&public);
    envelope.extend_from_slice(&public);
    state.mix_key(&Zeroizing::new(ephemeral.shared(&key)))?;
    envelope.extend(state.encrypt(&sender.to_bytes())?);
    state.mix_key(shared)?;
    envelope.extend(state.encrypt(letter)?);
    Ok(envelope)
}

/// The record of a letter, taken apart and not opened yet.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    lock: Lock,
    ephemeral: &'a [u8; KEY],
    sender: &'a [u8; KEY + TAG],
    letter: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a record apart.
    ///
    /// # Errors
    /// [`EnvelopeError`]; `is_newer` tells what is worth keeping.
    pub fn parse(record: &'a [u8]) -> Result<Self, EnvelopeError> {
        let (lock, body) = match record {
            [] | [0, ..] => return Err(EnvelopeError::NoVersion),
            [VERSION] => return Err(EnvelopeError::TooShort),
            [VERSION, KIND_NODE, body @ ..] => (Lock::NodeKey, body),
            [VERSION, KIND_SEAL_KEY, rest @ ..] => {
                let (id, body) = rest.split_first_chunk().ok_or(EnvelopeError::TooShort)?;
                (Lock::SealKey(KeyId(*id)), body)
            }
            [VERSION, KIND_CARD, ..] => return Err(EnvelopeError::Card),
            [VERSION, kind, ..] => return Err(EnvelopeError::UnknownKind(*kind)),
            [version, ..] => return Err(EnvelopeError::Newer(*version)),
        };
        if body.len() > BODY_LIMIT {
            return Err(EnvelopeError::TooLong);
        }
        let (ephemeral, rest) = body.split_first_chunk().ok_or(EnvelopeError::TooShort)?;
        let (sender, letter) = rest.split_first_chunk().ok_or(EnvelopeError::TooShort)?;
        if letter.len() < TAG {
            return Err(EnvelopeError::TooShort);
        }
        Ok(Self {
            lock,
            ephemeral,
            sender,
            letter,
        })
    }

    /// What it is locked with: our node's key, or which of our seal keys.
    #[must_use]
    pub const fn lock(&self) -> Lock {
        self.lock
    }

    /// Begins to open one that is locked with a node's key. `recipient` is our own node; `context` is the payment
    /// hash of the payment that carried it, or zeros when none did.
    ///
    /// # Errors
    /// [`SealError::Key`]; [`SealError::OtherKey`] when it is locked with a seal key.
    pub fn open(self, recipient: NodeId, context: &[u8; 32]) -> Result<Opening, SealError> {
        match self.lock {
            Lock::NodeKey => self.begin(&recipient.into(), recipient, context),
            Lock::SealKey(_) => Err(SealError::OtherKey),
        }
    }

    /// Opens one that is locked with `key`, which proves the sender's key, and returns that key and the letter's bytes.
    /// Whose key it is, a key card says. `recipient` and `context` are as for [`Self::open`].
    ///
    /// # Errors
    /// [`SealError::OtherKey`] when it is locked with another key, [`SealError::Key`], [`SealError::DoesNotOpen`].
    pub fn open_with_key(
        self,
        key: &SealKey,
        recipient: NodeId,
        context: &[u8; 32],
    ) -> Result<(PublicKey, Vec<u8>), SealError> {
        let public = key.public();
        if self.lock != Lock::SealKey(KeyId::of(&public)) {
            return Err(SealError::OtherKey);
        }
        let opening = self.begin(&public, recipient, context)?;
        let secret = Zeroizing::new(key.shared(&opening.ephemeral));
        let opening = opening.with_ephemeral_secret(&secret)?;
        let sender = opening.sender();
        let secret = Zeroizing::new(key.shared(&sender));
        Ok((sender, opening.with_sender_secret(&secret)?))
    }

    fn begin(
        self,
        key: &PublicKey,
        recipient: NodeId,
        context: &[u8; 32],
    ) -> Result<Opening, SealError> {
        let ephemeral = PublicKey::from_bytes(self.ephemeral).ok_or(SealError::Key)?;
        let mut state = Symmetric::begin(key, &prologue(self.lock, recipient, context));
        state.mix_hash(self.ephemeral);
        Ok(Opening {
            state,
            ephemeral,
            sender: *self.sender,
            letter: self.letter.to_vec(),
        })
    }
}

/// An envelope that waits for the secret of its ephemeral key.
pub struct Opening {
    state: Symmetric,
    ephemeral: PublicKey,
    sender: [u8; KEY + TAG],
    letter: Vec<u8>,
}

impl Opening {
    /// The key to ask our node for the first secret with. Used once: not worth remembering.
    #[must_use]
    pub const fn ephemeral(&self) -> PublicKey {
        self.ephemeral
    }

    /// Learns who sealed it.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`], [`SealError::Key`].
    pub fn with_ephemeral_secret(mut self, secret: &[u8; 32]) -> Result<OpeningSender, SealError> {
        self.state.mix_key(secret)?;
        let sender = self.state.decrypt(&self.sender)?;
        let sender = PublicKey::from_bytes(&sender).ok_or(SealError::Key)?;
        Ok(OpeningSender {
            state: self.state,
            sender,
            letter: self.letter,
        })
    }
}

/// An envelope that waits for the secret between its sender and us.
pub struct OpeningSender {
    state: Symmetric,
    sender: PublicKey,
    letter: Vec<u8>,
}

impl OpeningSender {
    /// The key that says to have sealed it, and to ask our node for the second secret with. Proven only when the
    /// letter opens: anybody can write a sender's key here. It is a node id, or a seal key that a card vouches for.
    #[must_use]
    pub const fn sender(&self) -> PublicKey {
        self.sender
    }

    /// Opens the letter, which proves the sender, and returns its bytes.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn with_sender_secret(mut self, secret: &[u8; 32]) -> Result<Vec<u8>, SealError> {
        self.state.mix_key(secret)?;
        self.state.decrypt(&self.letter)
    }
}

/// Everything that both sides must agree on before a byte is sealed.
fn prologue(lock: Lock, recipient: NodeId, context: &[u8; 32]) -> Vec<u8> {
    [
        b"heliograph/1",
        [VERSION, lock.kind()].as_slice(),
        &lock.key_id(),
        recipient.as_bytes(),
        context,
    ]
    .concat()
}

#[cfg(test)]
mod tests;
