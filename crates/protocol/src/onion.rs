//! Onion messages (BOLT 4), without input or output: built, answered and opened from public keys and from secrets
//! that our node derives. They cost nothing, need no money on the way, and are lost without a word.
//!
//! A message is a blinded path (each node learns only the next one) inside a Sphinx packet (each node can read only
//! its own part). Both walk the same chain of keys, each with a one-time secret of its own:
//!
//! ```text
//! path [bob, carol] ──blind──▶ blinded ids + sealed instructions ──packet──▶ first hop, path key, onion
//! ```
//!
//! The node only passes the result to its peer, and takes off the last layer of what arrives. It says neither who
//! sent a message nor that one was delivered: the sender is in the sealed letter, the receipt comes over the
//! [`ReplyPath`] that travels along.

use domain::NodeId;
use rand::CryptoRng;

mod blind;
mod keys;
mod open;
mod reply;
mod room;
mod sphinx;
mod tlv;

pub use open::{OpenError, open};
pub use reply::{Entrance, OurHop, PathId, ReplyPath, ReplyPathError};
pub use room::{Form, reply_path_len, room, room_along};

use blind::{BlindedHop, blind, forward_to};
use keys::Once;

/// Most nodes on a path of our own choice, the last one included.
pub const PATH_LIMIT: usize = 8;

/// Fields of a hop's payload, ascending as they must be written.
const REPLY_PATH: u64 = 2;
const DATA: u64 = 4;
/// The one record of a message: nodes drop a message with two.
const RECORD: u64 = crate::record::LETTER;

/// Why a message or a reply path cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnionError {
    /// The path has no node.
    #[error("the path is empty")]
    NoPath,
    /// The path has so many nodes, more than [`PATH_LIMIT`].
    #[error("the path has {0} nodes, which is too many")]
    TooManyNodes(usize),
    /// The path comes through a node twice: a node drops what would go back to where it came from.
    #[error("the path comes twice through {0:?}")]
    Repeats(NodeId),
    /// The path of an answer ends elsewhere than at this introduction node.
    #[error("the path does not end at {0:?}, where the reply path begins")]
    NotAtIntroduction(NodeId),
    /// The record has `len` bytes, and the large form on this path has room for `room`.
    #[error("the record has {len} bytes, and there is room for {room}")]
    TooLong {
        /// Bytes of the record.
        len: usize,
        /// Bytes that it may have.
        room: usize,
    },
    /// Not even an empty record fits: the path, with the reply path, fills the large form.
    #[error("the path leaves no room for a message")]
    NoRoom,
    /// A key cannot be used: no point on the curve, or a product that is none.
    #[error("a key of the path cannot be used")]
    Key,
}

/// What the node is asked to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnionMessage {
    /// Whom to give it to: a connected peer with an active channel.
    pub first_hop: NodeId,
    /// The path key of the first hop, a compressed point.
    pub path_key: [u8; 33],
    /// The packet: 1,366 bytes in the small form, 32,834 in the large one.
    pub onion: Vec<u8>,
}

/// Builds a message along `path`, which is `[first hop, …, recipient]`, in the small form if it fits, else in the
/// large one. `reply_path` lets the recipient answer.
///
/// # Errors
/// [`OnionError`]. [`room`] tells beforehand what fits.
pub fn send(
    rng: &mut impl CryptoRng,
    path: &[NodeId],
    reply_path: Option<&ReplyPath>,
    record: &[u8],
) -> Result<OnionMessage, OnionError> {
    check(path)?;
    let (&first_hop, _) = path.split_first().ok_or(OnionError::NoPath)?;
    let mut plain: Vec<_> = forwards(path).map(|next| forward_to(next, None)).collect();
    plain.push(Vec::new());
    let (path_key, hops) = blind(&Once::new(rng), path, &plain)?;
    build(rng, first_hop, path_key, &hops, reply_path, record)
}

/// Builds an answer along a reply path that came with a message. `path` is our own way to it,
/// `[first hop, …, introduction node]`: only the introduction node when that is a peer.
///
/// When the introduction node is our own, see [`ReplyPath::enter`] first.
///
/// # Errors
/// [`OnionError`]. [`room_along`] tells beforehand what fits.
pub fn answer(
    rng: &mut impl CryptoRng,
    path: &[NodeId],
    along: &ReplyPath,
    reply_path: Option<&ReplyPath>,
    record: &[u8],
) -> Result<OnionMessage, OnionError> {
    check(path)?;
    let (&introduction, prefix) = path.split_last().ok_or(OnionError::NoPath)?;
    if introduction != along.introduction() {
        return Err(OnionError::NotAtIntroduction(along.introduction()));
    }
    let Some(&first_hop) = prefix.first() else {
        let key = *along.blinding();
        return build(rng, introduction, key, along.hops(), reply_path, record);
    };
    // The last node before the introduction node goes over to the path key of the one who made the reply path.
    let plain: Vec<_> = forwards(path)
        .map(|next| forward_to(next, (next == introduction).then(|| along.blinding())))
        .collect();
    let (path_key, mut hops) = blind(&Once::new(rng), prefix, &plain)?;
    hops.extend_from_slice(along.hops());
    build(rng, first_hop, path_key, &hops, reply_path, record)
}

/// For each node but the last, the one after it.
fn forwards(path: &[NodeId]) -> impl Iterator<Item = NodeId> {
    path.iter().skip(1).copied()
}

fn check(path: &[NodeId]) -> Result<(), OnionError> {
    if path.len() > PATH_LIMIT {
        return Err(OnionError::TooManyNodes(path.len()));
    }
    let mut seen = Vec::with_capacity(path.len());
    for node in path {
        if seen.contains(&node) {
            return Err(OnionError::Repeats(*node));
        }
        seen.push(node);
    }
    Ok(())
}

fn build(
    rng: &mut impl CryptoRng,
    first_hop: NodeId,
    path_key: secp256k1::PublicKey,
    hops: &[BlindedHop],
    reply_path: Option<&ReplyPath>,
    record: &[u8],
) -> Result<OnionMessage, OnionError> {
    let (last, forwarders) = hops.split_last().ok_or(OnionError::NoPath)?;
    let reply = reply_path.map(ReplyPath::encode);
    let reply_len = reply.as_ref().map_or(0, Vec::len);
    let form = room::form_for(hops, reply_len, record.len())?;

    let mut parts = Vec::with_capacity(hops.len());
    for hop in forwarders {
        let mut payload = Vec::new();
        tlv::put(&mut payload, DATA, &hop.data);
        parts.push((hop.id, payload));
    }
    let mut payload = Vec::new();
    if let Some(reply) = reply {
        tlv::put(&mut payload, REPLY_PATH, &reply);
    }
    tlv::put(&mut payload, DATA, &last.data);
    tlv::put(&mut payload, RECORD, record);
    parts.push((last.id, payload));

    Ok(OnionMessage {
        first_hop,
        path_key: path_key.serialize(),
        onion: sphinx::packet(&Once::new(rng), &parts, form)?,
    })
}

#[cfg(test)]
mod tests;
