//! The key schedule that blinded paths and packets share, after BOLT 4.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use domain::NodeId;
use hmac::{Hmac, Mac};
use rand::CryptoRng;
use secp256k1::ecdh::SharedSecret;
use secp256k1::{PublicKey, Scalar, SecretKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::OnionError;

/// 32 bytes that are erased when they go.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// A private key for one path or one packet, erased when it goes.
pub(super) struct Once(SecretKey);

impl Once {
    pub(super) fn new(rng: &mut impl CryptoRng) -> Self {
        Self(SecretKey::new(rng))
    }

    /// What the start of a packet is filled from.
    pub(super) fn padding(&self) -> Secret {
        subkey(b"pad", self.0.as_secret_bytes())
    }
}

#[cfg(test)]
impl From<SecretKey> for Once {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

/// What one node of a chain and its maker have in common.
pub(super) struct Link {
    /// The chain's public key at this node.
    pub(super) public: PublicKey,
    /// SHA-256 of the compressed product of the chain's key and the node's.
    pub(super) shared: Secret,
}

/// The chain of one-time keys along `points`, one link for each.
pub(super) fn chain(
    first: &Once,
    points: impl IntoIterator<Item = PublicKey>,
) -> Result<Vec<Link>, OnionError> {
    let mut key = Once(first.0);
    let mut links = Vec::new();
    for point in points {
        let public = key.0.public_key();
        let mut product = SharedSecret::new(&point, &key.0);
        let shared = Secret::new(product.to_secret_bytes());
        product.non_secure_erase();
        let factor = factor(&public, &shared)?;
        key = Once(key.0.mul_tweak(&factor).map_err(|_| OnionError::Key)?);
        links.push(Link { public, shared });
    }
    Ok(links)
}

/// The chain's public key at the node after the one with this key and secret.
pub(super) fn next_public(public: &PublicKey, shared: &[u8; 32]) -> Result<PublicKey, OnionError> {
    let factor = factor(public, shared)?;
    public.mul_tweak(&factor).map_err(|_| OnionError::Key)
}

/// What hides a node's key on a blinded path.
pub(super) fn blinded(node: &PublicKey, shared: &[u8; 32]) -> Result<PublicKey, OnionError> {
    let factor = Scalar::from_be_bytes(*subkey(b"blinded_node_id", shared));
    node.mul_tweak(&factor.map_err(|_| OnionError::Key)?)
        .map_err(|_| OnionError::Key)
}

fn factor(public: &PublicKey, shared: &[u8; 32]) -> Result<Scalar, OnionError> {
    let hash = Sha256::new()
        .chain_update(public.serialize())
        .chain_update(shared)
        .finalize();
    Scalar::from_be_bytes(hash.into()).map_err(|_| OnionError::Key)
}

/// The key for one purpose.
pub(super) fn subkey(purpose: &[u8], shared: &[u8; 32]) -> Secret {
    Secret::new(mac(purpose, shared))
}

/// HMAC-SHA256. Keys here have 32 bytes at most.
pub(super) fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key shorter than a block is filled with zeros by definition, and a key of a block's length cannot fail.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mac = <Hmac<Sha256> as Mac>::new((&*block).into());
    mac.chain_update(message).finalize().into_bytes().into()
}

/// Combines `bytes` with the stream of `key` from position `from` on. Positions are far below the stream's end.
pub(super) fn apply_stream(key: &Secret, from: usize, bytes: &mut [u8]) {
    let mut stream = ChaCha20::new((&**key).into(), &[0; 12].into());
    stream.seek(from);
    stream.apply_keystream(bytes);
}

pub(super) fn point(node: NodeId) -> Result<PublicKey, OnionError> {
    PublicKey::from_byte_array_compressed(*node.as_bytes()).map_err(|_| OnionError::Key)
}
