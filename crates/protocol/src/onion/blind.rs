//! Blinded paths: nodes under other names, each with instructions that only it can read.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use domain::NodeId;
use secp256k1::PublicKey;

use super::keys::{Once, blinded, chain, point, subkey};
use super::{OnionError, tlv};

/// Fields of instructions.
pub(super) const NEXT_NODE: u64 = 4;
pub(super) const PATH_ID: u64 = 6;
pub(super) const NEXT_PATH_KEY: u64 = 8;

/// A node of a blinded path.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BlindedHop {
    /// What the node is called here.
    pub(super) id: PublicKey,
    /// Its sealed instructions: 16 bytes more than they have in the open.
    pub(super) data: Vec<u8>,
}

/// Instructions: pass it on to `next`, and use `path_key` there instead of the chain's next one.
pub(super) fn forward_to(next: NodeId, path_key: Option<&PublicKey>) -> Vec<u8> {
    let mut plain = Vec::new();
    tlv::put(&mut plain, NEXT_NODE, next.as_bytes());
    if let Some(key) = path_key {
        tlv::put(&mut plain, NEXT_PATH_KEY, &key.serialize());
    }
    plain
}

/// Blinds a path: its first path key, and its hops with the instructions `plain`, one for each node.
pub(super) fn blind(
    first: &Once,
    path: &[NodeId],
    plain: &[Vec<u8>],
) -> Result<(PublicKey, Vec<BlindedHop>), OnionError> {
    let nodes = path.iter().map(|node| point(*node));
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    let links = chain(first, nodes.iter().copied())?;
    let path_key = links.first().ok_or(OnionError::NoPath)?.public;
    let hops = links.iter().zip(&nodes).zip(plain);
    let hops = hops.map(|((link, node), plain)| {
        Ok(BlindedHop {
            id: blinded(node, &link.shared)?,
            data: cipher(&link.shared)
                .encrypt(&Nonce::default(), plain.as_slice())
                .map_err(|_| OnionError::NoRoom)?,
        })
    });
    Ok((path_key, hops.collect::<Result<_, _>>()?))
}

/// The instructions that were sealed with this secret, if they were.
pub(super) fn unseal(data: &[u8], shared: &[u8; 32]) -> Option<Vec<u8>> {
    cipher(shared).decrypt(&Nonce::default(), data).ok()
}

/// The secret serves once, so the nonce is zero.
fn cipher(shared: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(Key::from_slice(&*subkey(b"rho", shared)))
}
