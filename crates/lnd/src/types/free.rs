//! What travels without a payment, and who can be reached by it.

use std::fmt;

use domain::NodeId;

use super::{Records, Sizes};
use crate::error::LightningError;

/// Bytes that a peer message may have. LND takes a little more, and ends the connection at 65,535.
pub const LARGEST_PEER_MESSAGE: usize = 65_000;

/// Bytes of an onion: there are two forms, and no other.
pub const ONION_SIZES: [usize; 2] = [1_366, 32_834];

/// Types that the protocol leaves to applications. LND cuts a larger one down to another type.
const KINDS: std::ops::RangeInclusive<u32> = 32_768..=65_535;

pub(crate) fn check_peer_message(kind: u32, bytes: &[u8]) -> Result<(), LightningError> {
    if !KINDS.contains(&kind) {
        return Err(LightningError::Node(format!("{kind} is not a custom type")));
    }
    if bytes.len() <= LARGEST_PEER_MESSAGE {
        Ok(())
    } else {
        Err(LightningError::Size(bytes.len()))
    }
}

pub(crate) fn check_onion(onion: &[u8]) -> Result<(), LightningError> {
    if ONION_SIZES.contains(&onion.len()) {
        Ok(())
    } else {
        Err(LightningError::Size(onion.len()))
    }
}

/// A message from a peer, over the connection between the two nodes.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerMessage {
    /// The peer; the connection vouches for it.
    pub from: NodeId,
    /// Its type, 32768 to 65535.
    pub kind: u32,
    /// Whatever it says.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for PeerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerMessage")
            .field("from", &self.from)
            .field("kind", &self.kind)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// An onion message at its end. Who sent it is known only from what it says; nothing vouches for it.
#[derive(Clone, PartialEq, Eq)]
pub struct OnionMessage {
    /// The blinding point with which it came to us: [`crate::Lightning::shared_secret`] of it opens
    /// `encrypted_recipient_data`.
    pub path_key: NodeId,
    /// What it says: one record, of a type from 64 on.
    pub records: Records,
    /// The way back, if it brings one.
    pub reply_path: Option<RawReplyPath>,
    /// What the maker of the path wrote for us, sealed: 16 bytes more than its content.
    pub encrypted_recipient_data: Vec<u8>,
}

impl fmt::Debug for OnionMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnionMessage")
            .field("records", &Sizes(&self.records))
            .field("reply_path", &self.reply_path)
            .finish_non_exhaustive()
    }
}

/// A blinded path, as it stands in a message.
#[derive(Clone, PartialEq, Eq)]
pub struct RawReplyPath {
    /// Where it begins: a real node.
    pub introduction_node: NodeId,
    /// The blinding point for that node.
    pub blinding_point: NodeId,
    /// The blinded nodes, the introduction node's own first, each with the data that is sealed for it.
    pub hops: Vec<(NodeId, Vec<u8>)>,
}

impl fmt::Debug for RawReplyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawReplyPath({} hops)", self.hops.len())
    }
}

/// A peer came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerEvent {
    /// Which.
    pub node: NodeId,
    /// Whether there is a connection now.
    pub connected: bool,
}

/// A channel of ours became usable or ceased to be. LND does not say with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelEvent {
    /// Whether it can be used now.
    pub active: bool,
}
