//! The two ways in which nodes sign, and the encodings in which signatures travel.

use data_encoding::{BASE64, Encoding};
use data_encoding_macro::new_encoding;
use domain::NodeId;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1::{Message, PublicKey};
use sha2::{Digest, Sha256};

/// The alphabet of `SignMessage`, without padding.
const ZBASE32: Encoding = new_encoding! {
    symbols: "ybndrfg8ejkmcpqxot1uwisza345h769",
};

/// A recoverable signature: header and 64 bytes.
pub(crate) type Recoverable = [u8; 65];

/// The most common kind of signature record, by its size and first byte.
#[derive(Clone, Copy)]
pub(super) enum Encoded<'a> {
    /// ECDSA in DER over one SHA-256.
    Der(&'a [u8]),
    /// `SignMessage` as 104 characters of zbase32.
    Zbase32(Recoverable),
    /// The same characters, taken for base64 and decoded to 78 bytes.
    Zbase32AsBase64(Recoverable),
}

impl<'a> Encoded<'a> {
    pub(super) fn read(record: &'a [u8]) -> Option<Self> {
        match (record.len(), record) {
            (104, _) => zbase32(record).map(Self::Zbase32),
            (78, _) => zbase32(BASE64.encode(record).as_bytes()).map(Self::Zbase32AsBase64),
            (8..=72, [0x30, ..]) => Some(Self::Der(record)),
            _ => None,
        }
    }
}

/// Decodes 104 characters.
pub(crate) fn zbase32(characters: &[u8]) -> Option<Recoverable> {
    ZBASE32.decode(characters).ok()?.try_into().ok()
}

/// Whether `signer` signed the SHA-256 of `message`.
pub(super) fn is_der_signature(signature: &[u8], message: &[u8], signer: NodeId) -> bool {
    let (Ok(signature), Ok(key)) = (
        Signature::from_der(signature),
        PublicKey::from_slice(signer.as_bytes()),
    ) else {
        return false;
    };
    let digest = Message::from_digest(Sha256::digest(message).into());
    signature.verify(digest, &key).is_ok()
}

/// The key that signed `message` with `SignMessage`. A wrong message yields some other key, hardly ever `None`: the
/// result must be compared.
pub(super) fn signer(signature: &Recoverable, message: &[u8]) -> Option<NodeId> {
    let [header, compact @ ..] = signature;
    // 27, and 4 for a compressed key.
    let id = RecoveryId::try_from(i32::from(header.checked_sub(31)?)).ok()?;
    let signature = RecoverableSignature::from_compact(compact, id).ok()?;
    let once = Sha256::new()
        .chain_update(b"Lightning Signed Message:")
        .chain_update(message);
    let twice = Sha256::digest(once.finalize());
    signature
        .recover_ecdsa(Message::from_digest(twice.into()))
        .ok()
        .map(NodeId::from)
}

/// Whether `claimed` signed `message` with `SignMessage`.
pub(crate) fn is_signed(signature: &Recoverable, message: &[u8], claimed: NodeId) -> bool {
    signer(signature, message) == Some(claimed)
}
