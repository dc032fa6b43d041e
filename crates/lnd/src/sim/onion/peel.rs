//! One layer of an onion message, taken off with a node's private key (BOLT 4): route blinding around Sphinx.
//!
//! This is the node's half. Building onions is the business of whoever sends them, and is done elsewhere from the same
//! specification: what is built there and opened here agrees with it twice.

use std::collections::BTreeMap;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use domain::NodeId;
use hmac::{Hmac, Mac};
use secp256k1::{PublicKey, Scalar, SecretKey, ecdh};
use sha2::{Digest, Sha256};

use crate::types::{RawReplyPath, Records};

/// Version, point and MAC around the layers.
const POINT: usize = 33;
const MAC: usize = 32;
/// Nonces are zero: no key is used twice.
const NONCE: [u8; 12] = [0; 12];

/// Types in a layer.
const REPLY_PATH: u64 = 2;
const ENCRYPTED_DATA: u64 = 4;
/// From here on a record is meant for the app at the end of the path.
const FIRST_RECORD: u64 = 64;
/// Even records that LND knows: requests for invoices, invoices, and their errors.
const KNOWN_RECORDS: [u64; 3] = [64, 66, 68];
/// Types in the encrypted data.
const NEXT_NODE: u64 = 4;
const NEXT_PATH_KEY: u64 = 8;

/// What a node finds under its layer.
pub(super) struct Peeled {
    /// At most one.
    pub(super) records: Records,
    pub(super) reply_path: Option<RawReplyPath>,
    /// As it came, still encrypted.
    pub(super) encrypted_recipient_data: Vec<u8>,
    /// To whom it goes on; `None` at the end of the path.
    pub(super) next: Option<Next>,
}

/// The rest of the onion and where it goes.
pub(super) struct Next {
    pub(super) node: NodeId,
    pub(super) path_key: NodeId,
    pub(super) onion: Vec<u8>,
}

/// Takes the node's layer off; `None` when anything is wrong with it.
pub(super) fn peel(secret: &SecretKey, path_key: &NodeId, onion: &[u8]) -> Option<Peeled> {
    let path_key = point(path_key.as_bytes())?;
    let path_secret = shared(&path_key, secret);
    // The onion was made for a name that only this node can connect with itself.
    let blinding = Scalar::from_be_bytes(keyed(b"blinded_node_id", &path_secret)?).ok()?;
    let blinded = secret.mul_tweak(&blinding).ok()?;

    let layer = Layer::open(&blinded, onion)?;
    let records = tlvs(&layer.content)?;
    let encrypted = *records.get(&ENCRYPTED_DATA)?;
    let instructions = ChaCha20Poly1305::new(&keyed(b"rho", &path_secret)?.into())
        .decrypt(&NONCE.into(), encrypted)
        .ok()?;
    let reply_path = records.get(&REPLY_PATH);
    let reply_path = match reply_path {
        Some(bytes) => Some(read_path(bytes)?),
        None => None,
    };
    let next = match layer.rest {
        Some(onion) => Some(next_hop(&instructions, &path_key, &path_secret, onion)?),
        None => None,
    };
    Some(Peeled {
        reply_path,
        encrypted_recipient_data: encrypted.to_vec(),
        records: for_the_app(&records)?,
        next,
    })
}

/// A layer of the Sphinx packet.
struct Layer {
    content: Vec<u8>,
    /// The packet for the next hop, if there is one.
    rest: Option<Vec<u8>>,
}

impl Layer {
    fn open(secret: &SecretKey, onion: &[u8]) -> Option<Self> {
        let (&version, onion) = onion.split_first()?;
        let (ephemeral, onion) = onion.split_at_checked(POINT)?;
        let (layers, mac) = onion.split_at_checked(onion.len().checked_sub(MAC)?)?;
        if version != 0 {
            return None;
        }
        let ephemeral = point(ephemeral)?;
        let secret = shared(&ephemeral, secret);
        if keyed(&keyed(b"mu", &secret)?, layers)? != mac {
            return None;
        }
        // What is taken off at the front is filled up at the end, from the same stream.
        let mut open = layers.to_vec();
        open.resize(layers.len().checked_mul(2)?, 0);
        ChaCha20::new(&keyed(b"rho", &secret)?.into(), &NONCE.into()).apply_keystream(&mut open);
        let mut reader = open.as_slice();
        let length = usize::try_from(big_size(&mut reader)?).ok()?;
        let content = take(&mut reader, length)?.to_vec();
        let next_mac = take(&mut reader, MAC)?;
        let next_layers = reader.get(..layers.len())?;
        let rest = if next_mac == [0; MAC] {
            None
        } else {
            let next = walk(&ephemeral, &secret)?.serialize();
            Some([&[0][..], &next, next_layers, next_mac].concat())
        };
        Some(Self { content, rest })
    }
}

/// Who is next, by the word of the path's maker.
fn next_hop(
    instructions: &[u8],
    path_key: &PublicKey,
    path_secret: &[u8; 32],
    onion: Vec<u8>,
) -> Option<Next> {
    let instructions = tlvs(instructions)?;
    // LND finds the next node by a channel's number as well; in this network channels have none.
    let node = NodeId::from_bytes(instructions.get(&NEXT_NODE)?).ok()?;
    let path_key = match instructions.get(&NEXT_PATH_KEY) {
        Some(key) => NodeId::from_bytes(key).ok()?,
        None => walk(path_key, path_secret)?.into(),
    };
    Some(Next {
        node,
        path_key,
        onion,
    })
}

/// The record for the app, by LND's rules: at most one, and none that is even and unknown.
fn for_the_app(all: &BTreeMap<u64, &[u8]>) -> Option<Records> {
    let known =
        |kind: u64| kind == REPLY_PATH || kind == ENCRYPTED_DATA || KNOWN_RECORDS.contains(&kind);
    let mut records = Vec::new();
    for (&kind, &bytes) in all {
        if kind.is_multiple_of(2) && !known(kind) {
            return None;
        }
        if kind >= FIRST_RECORD {
            records.push((kind, bytes.to_vec()));
        }
    }
    (records.len() <= 1).then_some(records)
}

fn read_path(mut bytes: &[u8]) -> Option<RawReplyPath> {
    let reader = &mut bytes;
    let introduction_node = NodeId::from_bytes(take(reader, POINT)?).ok()?;
    let blinding_point = NodeId::from_bytes(take(reader, POINT)?).ok()?;
    let count = *take(reader, 1)?.first()?;
    let mut hops = Vec::new();
    for _ in 0..count {
        let node = NodeId::from_bytes(take(reader, POINT)?).ok()?;
        let length = take(reader, 2)?.try_into().ok()?;
        let data = take(reader, u16::from_be_bytes(length).into())?;
        hops.push((node, data.to_vec()));
    }
    (!hops.is_empty() && reader.is_empty()).then_some(RawReplyPath {
        introduction_node,
        blinding_point,
        hops,
    })
}

/// SHA-256 of the compressed product, as everywhere in the protocol.
fn shared(point: &PublicKey, secret: &SecretKey) -> [u8; 32] {
    ecdh::SharedSecret::new(point, secret).to_secret_bytes()
}

/// HMAC-SHA256: a key for one purpose from a shared secret, or the seal of a layer.
fn keyed(key: &[u8], bytes: &[u8]) -> Option<[u8; 32]> {
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(key).ok()?;
    Some(mac.chain_update(bytes).finalize().into_bytes().into())
}

/// The point with which the next node begins.
fn walk(point: &PublicKey, secret: &[u8; 32]) -> Option<PublicKey> {
    let factor = Sha256::new()
        .chain_update(point.serialize())
        .chain_update(secret)
        .finalize();
    let factor = Scalar::from_be_bytes(factor.into()).ok()?;
    point.mul_tweak(&factor).ok()
}

fn point(bytes: &[u8]) -> Option<PublicKey> {
    PublicKey::from_slice(bytes).ok()
}

/// Type, length, value; types ascend, and nothing stands behind the last one.
fn tlvs(mut bytes: &[u8]) -> Option<BTreeMap<u64, &[u8]>> {
    let mut all = BTreeMap::new();
    while !bytes.is_empty() {
        let kind = big_size(&mut bytes)?;
        let length = usize::try_from(big_size(&mut bytes)?).ok()?;
        let value = take(&mut bytes, length)?;
        if all.last_key_value().is_some_and(|(&last, _)| last >= kind) {
            return None;
        }
        all.insert(kind, value);
    }
    Some(all)
}

/// A number in the protocol's own form, which is always the shortest.
fn big_size(reader: &mut &[u8]) -> Option<u64> {
    let first = *take(reader, 1)?.first()?;
    let (length, smallest) = match first {
        0xfd => (2, 0xfd),
        0xfe => (4, 0x1_0000),
        0xff => (8, 0x1_0000_0000),
        small => return Some(small.into()),
    };
    let number = take(reader, length)?
        .iter()
        .fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
    (number >= smallest).then_some(number)
}

fn take<'a>(reader: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = reader.split_at_checked(length)?;
    *reader = rest;
    Some(head)
}

#[cfg(test)]
mod tests;
