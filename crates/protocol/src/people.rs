//! People for the tests: node keys that are in the open, and what their nodes would do with them.

use domain::NodeId;
use secp256k1::ecdh::SharedSecret;
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, SecretKey};
use sha2::{Digest, Sha256};

use crate::{PublicKey, SealKey};

pub(crate) struct Person {
    pub(crate) secret: SecretKey,
    pub(crate) node: NodeId,
}

pub(crate) fn person(byte: u8) -> Person {
    let secret = SecretKey::from_secret_bytes([byte; 32]).unwrap();
    Person {
        node: secret.public_key().into(),
        secret,
    }
}

pub(crate) fn alice() -> Person {
    person(0x11)
}

pub(crate) fn bob() -> Person {
    person(0x22)
}

pub(crate) fn mallory() -> Person {
    person(0x66)
}

impl Person {
    /// Their program's seal key: another key than the node's.
    pub(crate) fn seal_key(&self) -> SealKey {
        SealKey::from_secret_bytes(&Sha256::digest(self.secret.as_secret_bytes()).into()).unwrap()
    }

    /// `signrpc.DeriveSharedKey`.
    pub(crate) fn shared_with(&self, other: impl Into<PublicKey>) -> [u8; 32] {
        let point = secp256k1::PublicKey::from_slice(&other.into().to_bytes()).unwrap();
        SharedSecret::new(&point, &self.secret).to_secret_bytes()
    }

    /// `signrpc.SignMessage` with the node key.
    pub(crate) fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        let digest = Message::from_digest(Sha256::digest(message).into());
        self.secret.sign_ecdsa(digest).serialize_der().to_vec()
    }

    /// `lnrpc.SignMessage`, before it becomes text.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let prefixed = [b"Lightning Signed Message:", message].concat();
        let digest = Message::from_digest(Sha256::digest(Sha256::digest(prefixed)).into());
        let (id, compact) =
            RecoverableSignature::sign_ecdsa_recoverable(digest, &self.secret).serialize_compact();
        [&[id.to_u8().saturating_add(31)], compact.as_slice()].concat()
    }
}
