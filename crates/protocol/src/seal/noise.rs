//! The symmetric half of the Noise framework (revision 34), as far as pattern X needs it.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::SealError;
use crate::key::PublicKey;

/// Bytes that the cipher adds.
pub(super) const TAG: usize = 16;

/// Longer than a hash, so that the first hash is the name's hash.
const NAME: &[u8] = b"Noise_X_secp256k1_ChaChaPoly_SHA256";

/// Chaining key, handshake hash, and the cipher's key and counter.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Symmetric {
    chaining: [u8; 32],
    hash: [u8; 32],
    key: [u8; 32],
    counter: u64,
}

impl Symmetric {
    /// The state before the first token: name, prologue, and the recipient's key, which the sender knows.
    pub(super) fn begin(recipient: &PublicKey, prologue: &[u8]) -> Self {
        let name: [u8; 32] = Sha256::digest(NAME).into();
        // There is no key before the first secret is mixed in, and nothing is encrypted before.
        let mut state = Self {
            chaining: name,
            hash: name,
            key: [0; 32],
            counter: 0,
        };
        state.mix_hash(prologue);
        state.mix_hash(&recipient.to_bytes());
        state
    }

    /// Binds everything that follows to `data`.
    pub(super) fn mix_hash(&mut self, data: &[u8]) {
        self.hash = Sha256::new()
            .chain_update(self.hash)
            .chain_update(data)
            .finalize()
            .into();
    }

    /// Takes a shared secret in.
    pub(super) fn mix_key(&mut self, secret: &[u8; 32]) -> Result<(), SealError> {
        let mut output = [0; 64];
        Hkdf::<Sha256>::new(Some(&self.chaining), secret)
            .expand(&[], &mut output)
            .map_err(|_| SealError::TooLong)?;
        let (chaining, key) = output.split_at(32);
        self.chaining.copy_from_slice(chaining);
        self.key.copy_from_slice(key);
        self.counter = 0;
        output.zeroize();
        Ok(())
    }

    /// Encrypts, and binds what follows to the result.
    pub(super) fn encrypt(&mut self, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let sealed = self
            .cipher()
            .encrypt(
                &self.nonce(),
                Payload {
                    msg: plain,
                    aad: &self.hash,
                },
            )
            .map_err(|_| SealError::TooLong)?;
        self.passed(&sealed);
        Ok(sealed)
    }

    /// Undoes [`Self::encrypt`].
    pub(super) fn decrypt(&mut self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let plain = self
            .cipher()
            .decrypt(
                &self.nonce(),
                Payload {
                    msg: sealed,
                    aad: &self.hash,
                },
            )
            .map_err(|_| SealError::DoesNotOpen)?;
        self.passed(sealed);
        Ok(plain)
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(Key::from_slice(&self.key))
    }

    fn nonce(&self) -> Nonce {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.counter.to_le_bytes());
        nonce.into()
    }

    fn passed(&mut self, sealed: &[u8]) {
        self.counter = self.counter.wrapping_add(1);
        self.mix_hash(sealed);
    }
}
