//! The keys that letters are sealed with, besides the nodes' own.

use std::fmt;

use domain::NodeId;
use rand::CryptoRng;
use secp256k1::SecretKey;
use secp256k1::ecdh::SharedSecret;
use sha2::{Digest, Sha256};
use zeroize::ZeroizeOnDrop;

/// A point on the curve: a node's id or a seal key, or made for one envelope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(secp256k1::PublicKey);

impl PublicKey {
    /// From 33 bytes, a compressed point; `None` when they are none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.try_into().ok()?;
        secp256k1::PublicKey::from_byte_array_compressed(bytes)
            .ok()
            .map(Self)
    }

    /// The compressed point.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 33] {
        self.0.serialize()
    }

    /// The node with this key, for asking our own node for the secret that it shares with it. That there is such a
    /// node is not known: it may be a seal key.
    #[must_use]
    pub fn as_node(&self) -> NodeId {
        self.0.into()
    }
}

impl From<NodeId> for PublicKey {
    fn from(node: NodeId) -> Self {
        match secp256k1::PublicKey::from_byte_array_compressed(*node.as_bytes()) {
            Ok(point) => Self(point),
            // A node id is checked when it is made.
            Err(_) => unreachable!("a node id is a point"),
        }
    }
}

impl From<secp256k1::PublicKey> for PublicKey {
    fn from(point: secp256k1::PublicKey) -> Self {
        Self(point)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Which seal key an envelope is sealed to: the first 4 bytes of SHA-256 of the key. Finds the key among a few of
/// our own, and proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// The id of a seal key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(key.to_bytes()).into();
        Self([a, b, c, d])
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", hex::encode(self.0))
    }
}

/// A private seal key. Erased when it is dropped; never shown.
#[derive(Clone)]
pub struct SealKey(SecretKey);

impl SealKey {
    /// A new one.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(SecretKey::new(rng))
    }

    /// From the bytes that [`Self::as_secret_bytes`] gave; `None` when no key has these bytes.
    #[must_use]
    pub fn from_secret_bytes(bytes: &[u8; 32]) -> Option<Self> {
        SecretKey::from_secret_bytes(*bytes).ok().map(Self)
    }

    /// The secret itself, for the store.
    #[must_use]
    pub fn as_secret_bytes(&self) -> &[u8; 32] {
        self.0.as_secret_bytes()
    }

    /// What the key card says.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    /// The secret that this key shares with another: SHA-256 of the compressed common point, which is what a node
    /// answers for its own key.
    #[must_use]
    pub fn shared(&self, other: &PublicKey) -> [u8; 32] {
        let mut shared = SharedSecret::new(&other.0, &self.0);
        let bytes = shared.to_secret_bytes();
        shared.non_secure_erase();
        bytes
    }
}

impl Drop for SealKey {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

impl ZeroizeOnDrop for SealKey {}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(secret)")
    }
}

#[cfg(test)]
mod tests;
