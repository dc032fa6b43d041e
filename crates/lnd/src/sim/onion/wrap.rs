//! The sender's half of onions, for tests only: just enough to have something to peel.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test fails when this overflows"
)]

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use domain::NodeId;
use hmac::{Hmac, Mac};
use secp256k1::{PublicKey, Scalar, SecretKey, ecdh};
use sha2::{Digest, Sha256};

/// The small and the large form.
pub(in crate::sim) const SMALL: usize = 1_300;
pub(in crate::sim) const LARGE: usize = 32_768;

/// One entry of a stream of types, lengths and values.
pub(in crate::sim) fn tlv(kind: u64, value: &[u8]) -> Vec<u8> {
    let length = u64::try_from(value.len()).unwrap();
    [big_size(kind), big_size(length), value.to_vec()].concat()
}

fn big_size(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    match number {
        0..=0xfc => bytes[7..].to_vec(),
        0xfd..=0xffff => [&[0xfd], &bytes[6..]].concat(),
        0x1_0000..=0xffff_ffff => [&[0xfe], &bytes[4..]].concat(),
        _ => [&[0xff], &bytes[..]].concat(),
    }
}

fn hmac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap();
    mac.chain_update(bytes).finalize().into_bytes().into()
}

fn noise(key: [u8; 32], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(&mut bytes);
    bytes
}

fn xor(bytes: &mut [u8], with: &[u8]) {
    for (byte, other) in bytes.iter_mut().zip(with) {
        *byte ^= other;
    }
}

/// The secrets that a sender shares with the nodes of a way, and the points that they see.
fn walk(mut secret: SecretKey, nodes: impl Iterator<Item = NodeId>) -> Vec<(PublicKey, [u8; 32])> {
    let mut steps = Vec::new();
    for node in nodes {
        let node = PublicKey::from_slice(node.as_bytes()).unwrap();
        let shared = ecdh::SharedSecret::new(&node, &secret).to_secret_bytes();
        let seen = secret.public_key();
        let factor = Sha256::new()
            .chain_update(seen.serialize())
            .chain_update(shared)
            .finalize();
        secret = secret
            .mul_tweak(&Scalar::from_be_bytes(factor.into()).unwrap())
            .unwrap();
        steps.push((seen, shared));
    }
    steps
}

/// A path of which nobody on it sees more than the next node.
pub(in crate::sim) struct Path {
    pub(in crate::sim) key: NodeId,
    /// Blinded names, and data that only the node can open.
    pub(in crate::sim) hops: Vec<(NodeId, Vec<u8>)>,
}

/// Blinds a path of nodes, each with its own instructions.
pub(in crate::sim) fn blind(secret: [u8; 32], nodes: &[(NodeId, Vec<u8>)]) -> Path {
    let secret = SecretKey::from_secret_bytes(secret).unwrap();
    let steps = walk(secret, nodes.iter().map(|(node, _)| *node));
    let hops = nodes
        .iter()
        .zip(steps)
        .map(|((node, instructions), (_, shared))| {
            let blinding = Scalar::from_be_bytes(hmac(b"blinded_node_id", &shared)).unwrap();
            let name = PublicKey::from_slice(node.as_bytes()).unwrap();
            let sealed = ChaCha20Poly1305::new(&hmac(b"rho", &shared).into())
                .encrypt(&[0; 12].into(), instructions.as_slice())
                .unwrap();
            (name.mul_tweak(&blinding).unwrap().into(), sealed)
        });
    Path {
        key: secret.public_key().into(),
        hops: hops.collect(),
    }
}

/// Wraps the contents for these (blinded) nodes into layers of one size.
pub(in crate::sim) fn wrap(session: [u8; 32], hops: &[(NodeId, Vec<u8>)], size: usize) -> Vec<u8> {
    let secret = SecretKey::from_secret_bytes(session).unwrap();
    let steps = walk(secret, hops.iter().map(|(node, _)| *node));
    let framed: Vec<_> = hops
        .iter()
        .map(|(_, content)| {
            let length = u64::try_from(content.len()).unwrap();
            [big_size(length), content.clone()].concat()
        })
        .collect();
    // What the nodes will have at the end of the packet where earlier layers were taken off.
    let mut filler = Vec::new();
    let mut before = 0;
    for (frame, (_, shared)) in framed.iter().zip(&steps).take(hops.len() - 1) {
        let layer = frame.len() + 32;
        let stream = noise(hmac(b"rho", shared), size + layer);
        filler.resize(filler.len() + layer, 0);
        xor(&mut filler, &stream[size - before..]);
        before += layer;
    }
    let mut packet = noise(hmac(b"pad", &session), size);
    let mut mac = [0; 32];
    for (at, (frame, (_, shared))) in framed.iter().zip(&steps).enumerate().rev() {
        packet = [frame, &mac[..], &packet].concat();
        packet.truncate(size);
        xor(&mut packet, &noise(hmac(b"rho", shared), size));
        if at == hops.len() - 1 {
            let start = size - filler.len();
            packet[start..].copy_from_slice(&filler);
        }
        mac = hmac(&hmac(b"mu", shared), &packet);
    }
    [&[0][..], &steps[0].0.serialize(), &packet, &mac].concat()
}

/// Opens the data of a path with the secret that the node shares with the path's point.
pub(in crate::sim) fn unseal(shared: [u8; 32], sealed: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new(&hmac(b"rho", &shared).into())
        .decrypt(&[0; 12].into(), sealed)
        .unwrap()
}
