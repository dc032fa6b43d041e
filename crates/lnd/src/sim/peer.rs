//! What passes between two connected nodes besides payments, and what a node hears of its peers.

use domain::NodeId;
use secp256k1::ecdsa::RecoverableSignature;
use secp256k1::{Message, SecretKey};
use sha2::{Digest, Sha256};

use super::state::State;
use crate::error::LightningError;
use crate::types::{ChannelEvent, PeerEvent, PeerMessage};

impl State {
    /// The connected peer of this key.
    pub(super) fn peer(&self, node: usize, peer: NodeId) -> Result<usize, LightningError> {
        self.find(peer)
            .filter(|&peer| self.is_connected(node, peer))
            .ok_or(LightningError::NotConnected)
    }

    /// Hands a message to a peer at once. Without a listening app there it is gone, and the sender is none the wiser.
    pub(super) fn hand_over(
        &mut self,
        from: usize,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        let to = self.peer(from, to)?;
        let from = self.nodes[from].id;
        let message = PeerMessage { from, kind, bytes };
        self.nodes[to].tell(|node| &mut node.peer_messages, &message);
        Ok(())
    }

    /// Tells the peers of a node that it comes or goes, while it is there.
    pub(super) fn tell_of_node(&mut self, node: usize, connected: bool) {
        for peer in 0..self.nodes.len() {
            if !self.is_connected(node, peer) {
                continue;
            }
            let event = PeerEvent {
                node: self.nodes[node].id,
                connected,
            };
            self.nodes[peer].tell(|peer| &mut peer.peer_events, &event);
            for _ in 0..self.channels_between(node, peer).count() {
                let event = ChannelEvent { active: connected };
                self.nodes[peer].tell(|peer| &mut peer.channel_events, &event);
            }
        }
    }

    /// Tells both ends of a new connection.
    pub(super) fn tell_of_connection(&mut self, a: usize, b: usize) {
        for (node, other) in [(a, b), (b, a)] {
            let event = PeerEvent {
                node: self.nodes[other].id,
                connected: true,
            };
            self.nodes[node].tell(|node| &mut node.peer_events, &event);
        }
    }

    /// Tells both ends of a channel that has been opened, and of the connection if that is new as well.
    pub(super) fn tell_of_channel(&mut self, a: usize, b: usize, were_connected: bool) {
        if !self.is_connected(a, b) {
            return;
        }
        if !were_connected {
            self.tell_of_connection(a, b);
        }
        for node in [a, b] {
            let event = ChannelEvent { active: true };
            self.nodes[node].tell(|node| &mut node.channel_events, &event);
        }
        self.gossip(&[a, b]);
    }

    /// Tells every other node that is there of these, as far as they have announced themselves.
    pub(super) fn gossip(&mut self, of: &[usize]) {
        let announced = of
            .iter()
            .filter(|&&node| self.nodes[node].settings.announced);
        let news: Vec<_> = announced.map(|&node| self.nodes[node].id).collect();
        for node in 0..self.nodes.len() {
            if !news.is_empty() && !of.contains(&node) && self.nodes[node].is_running() {
                self.nodes[node].tell(|node| &mut node.graph_events, &news);
            }
        }
    }
}

/// Stands before every text that a node signs.
const SIGNED: &[u8] = b"Lightning Signed Message:";
/// The header of a compact signature by a compressed key; the recovery id is added.
const HEADER: u8 = 31;

/// As LND signs a text: 65 bytes in zbase32.
pub(super) fn sign(secret: &SecretKey, text: &[u8]) -> String {
    let once = Sha256::new().chain_update(SIGNED).chain_update(text);
    let digest: [u8; 32] = Sha256::digest(once.finalize()).into();
    let signature =
        RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(digest), secret);
    let (recovery, compact) = signature.serialize_compact();
    let mut bytes = vec![HEADER.saturating_add(recovery.to_u8())];
    bytes.extend(compact);
    zbase32(&bytes)
}

/// Five bits a character; of the last ones, zeros where bits are missing.
fn zbase32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
    let bit = |at: usize| {
        bytes
            .get(at >> 3)
            .map_or(0, |byte| byte >> (7 ^ (at & 7)) & 1)
    };
    let bits = bytes.len().saturating_mul(8);
    let characters = (0..bits).step_by(5).map(|start| {
        let value = (0..5).fold(0, |value, offset| {
            value << 1 | bit(start.saturating_add(offset))
        });
        char::from(ALPHABET[usize::from(value)])
    });
    characters.collect()
}
