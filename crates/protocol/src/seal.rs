//! Sealing letters between two nodes' keys, without input or output.
//!
//! The private keys are in the nodes: the caller asks its node for shared secrets (SHA-256 of the compressed
//! point, as BOLT 8 has it) and brings them here. Sealing needs one, opening two, and the second only when the
//! first fits:
//!
//! ```text
//! Envelope::parse ─▶ open ─▶ Opening ─with_ephemeral_secret─▶ OpeningSender ─with_sender_secret─▶ letter
//! ```

use domain::NodeId;
use rand::CryptoRng;
use secp256k1::ecdh::SharedSecret;
use secp256k1::{PublicKey, SecretKey};

mod noise;

use noise::{Symmetric, TAG};

/// Bytes that an envelope has more than its letter: version, kind, ephemeral key, sealed sender key, tag.
pub const OVERHEAD: usize = 2 + 98;

/// The version of envelopes that this program writes.
const VERSION: u8 = 1;
/// Sealed to the recipient's node id.
const KIND_NODE: u8 = 1;
/// The longest Noise message.
const BODY_LIMIT: usize = 65_535;
const KEY: usize = 33;

/// Why a record is no envelope that this program opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Of this later version: keep the bytes until an update.
    #[error("the letter is of the newer version {0}")]
    Newer(u8),
    /// Of this kind, which this program does not know: keep the bytes until an update.
    #[error("the letter is sealed in a way that is not known here: kind {0}")]
    UnknownKind(u8),
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
    /// The letter to seal is longer than 65,437 bytes.
    #[error("the letter is too long to seal")]
    TooLong,
}

/// Seals `letter` and returns the whole envelope.
///
/// `shared` is the secret between the sender's and the recipient's node keys, from the sender's node. `context` is
/// the payment hash of the payment that will carry it: the letter opens on no other one.
///
/// # Errors
/// [`SealError::TooLong`].
pub fn seal(
    rng: &mut impl CryptoRng,
    sender: NodeId,
    recipient: NodeId,
    shared: &[u8; 32],
    context: &[u8; 32],
    letter: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut ephemeral = SecretKey::new(rng);
    let sealed = seal_with(&ephemeral, sender, recipient, shared, context, letter);
    ephemeral.non_secure_erase();
    sealed
}

fn seal_with(
    ephemeral: &SecretKey,
    sender: NodeId,
    recipient: NodeId,
    shared: &[u8; 32],
    context: &[u8; 32],
    letter: &[u8],
) -> Result<Vec<u8>, SealError> {
    let room = BODY_LIMIT.saturating_sub(OVERHEAD).saturating_add(2);
    if letter.len() > room {
        return Err(SealError::TooLong);
    }
    let point =
        PublicKey::from_byte_array_compressed(*recipient.as_bytes()).map_err(|_| SealError::Key)?;
    let mut once = SharedSecret::new(&point, ephemeral);
    let public = ephemeral.public_key().serialize();

    let mut state = Symmetric::begin(recipient, &prologue(recipient, context));
    let mut envelope = vec![VERSION, KIND_NODE];
    state.mix_hash(&public);
    envelope.extend_from_slice(&public);
    state.mix_key(once.as_secret_bytes())?;
    once.non_secure_erase();
    envelope.extend(state.encrypt(sender.as_bytes())?);
    state.mix_key(shared)?;
    envelope.extend(state.encrypt(letter)?);
    Ok(envelope)
}

/// The record of a letter, taken apart and not opened yet.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
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
        let body = match record {
            [] | [0, ..] => return Err(EnvelopeError::NoVersion),
            [VERSION, KIND_NODE, body @ ..] => body,
            [VERSION, kind, ..] => return Err(EnvelopeError::UnknownKind(*kind)),
            [VERSION] => return Err(EnvelopeError::TooShort),
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
            ephemeral,
            sender,
            letter,
        })
    }

    /// Begins to open it: `recipient` is our own node, `context` the payment hash of the payment that carried it.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn open(self, recipient: NodeId, context: &[u8; 32]) -> Result<Opening, SealError> {
        let ephemeral = NodeId::from_bytes(self.ephemeral).map_err(|_| SealError::Key)?;
        let mut state = Symmetric::begin(recipient, &prologue(recipient, context));
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
    ephemeral: NodeId,
    sender: [u8; KEY + TAG],
    letter: Vec<u8>,
}

impl Opening {
    /// The key to ask our node for the first secret with. Used once: not worth remembering.
    #[must_use]
    pub const fn ephemeral(&self) -> NodeId {
        self.ephemeral
    }

    /// Learns who sealed it.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`], [`SealError::Key`].
    pub fn with_ephemeral_secret(mut self, secret: &[u8; 32]) -> Result<OpeningSender, SealError> {
        self.state.mix_key(secret)?;
        let sender = self.state.decrypt(&self.sender)?;
        let sender = NodeId::from_bytes(&sender).map_err(|_| SealError::Key)?;
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
    sender: NodeId,
    letter: Vec<u8>,
}

impl OpeningSender {
    /// Who says to have sealed it, and the key to ask our node for the second secret with. Proven only when the
    /// letter opens: anybody can write a sender's key here.
    #[must_use]
    pub const fn sender(&self) -> NodeId {
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
fn prologue(recipient: NodeId, context: &[u8; 32]) -> Vec<u8> {
    const NO_KEY_ID: [u8; 4] = [0; 4];
    [
        b"heliograph/1",
        [VERSION, KIND_NODE].as_slice(),
        &NO_KEY_ID,
        recipient.as_bytes(),
        context,
    ]
    .concat()
}

#[cfg(test)]
mod tests;
