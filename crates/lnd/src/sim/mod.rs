//! A Lightning network in memory, for simulations: on tokio's time, which a test may pause.
//!
//! It does what a real LND was seen to do where a messenger can notice it: what the streams tell and what they leave out,
//! what a hash means the second time, what is forgotten at a restart, how long a failed pair is avoided, how many bytes
//! fit, which onions are dropped. Keys are real, so seals, signatures and onions are real too. Money is conserved, to the msat, at every moment.

#![allow(
    clippy::indexing_slicing,
    reason = "positions of nodes and channels are made here and never removed; a wrong one is a bug of the simulation"
)]

mod amp;
mod books;
mod calls;
mod hold_invoice;
mod invoice;
mod node;
mod onion;
mod parts;
mod path;
mod pay;
mod peer;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Msat, Timestamp};
use secp256k1::SecretKey;
use sha2::{Digest, Sha256};

pub use books::{Deed, EndedBy, IncomingKeysend};
pub use node::SimNode;
pub(crate) use path::Ticket;
use state::{Channel, NodeState, State};

/// A network. Clones are the same network.
#[derive(Clone)]
pub struct SimNetwork {
    shared: Arc<Shared>,
}

/// What the nodes and the payments on their way share.
struct Shared {
    state: Mutex<State>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where all the money is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// In the two sides of all channels.
    pub balances: Msat,
    /// In payments on their way.
    pub in_flight: Msat,
    /// What was put in when the channels were opened.
    pub capacity: Msat,
}

impl SimNetwork {
    /// An empty network. The same seed makes the same keys.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State::new(seed)),
            }),
        }
    }

    /// Starts a stock node: takes keysends and settles them on arrival.
    #[must_use]
    pub fn node(&self, alias: &str) -> SimNode {
        let mut state = self.shared.lock();
        let number = state.nodes.len();
        let node = NodeState::new(secret(state.seed, number), alias);
        state.nodes.push(node);
        drop(state);
        SimNode {
            shared: Arc::clone(&self.shared),
            me: number,
        }
    }

    /// Opens a channel at once; each side begins with so much.
    pub fn channel(&self, a: &SimNode, a_side: Msat, b: &SimNode, b_side: Msat) {
        let mut state = self.shared.lock();
        let connected = state.is_connected(a.me, b.me);
        state
            .channels
            .push(Channel::new([a.me, b.me], [a_side, b_side]));
        state.tell_of_channel(a.me, b.me, connected);
    }

    /// The same for a channel that the two do not announce.
    pub fn private_channel(&self, a: &SimNode, a_side: Msat, b: &SimNode, b_side: Msat) {
        let mut state = self.shared.lock();
        let connected = state.is_connected(a.me, b.me);
        let mut channel = Channel::new([a.me, b.me], [a_side, b_side]);
        channel.public = false;
        state.channels.push(channel);
        state.tell_of_channel(a.me, b.me, connected);
    }

    /// Puts more into the first channel between two nodes, as a splice does; nothing without one.
    pub fn splice(&self, a: &SimNode, a_more: Msat, b: &SimNode, b_more: Msat) {
        let mut state = self.shared.lock();
        let all = state.channels.iter_mut();
        for channel in all {
            if let (Some(side), Some(_)) = (channel.side(a.me), channel.side(b.me)) {
                return channel.add(side, [a_more, b_more]);
            }
        }
    }

    /// Finds so many blocks: held payments too close to their expiry go back.
    pub fn mine(&self, blocks: u32) {
        self.shared.lock().mine(blocks);
    }

    /// The wall clock of this network: moves with tokio's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.lock().now()
    }

    /// How long one hop takes, each way; 40 ms unless set.
    pub fn set_hop_time(&self, time: Duration) {
        self.shared.lock().hop_time = time;
    }

    /// Every `nth` onion is lost on its way, counted over the whole network from now on; zero loses none. Nobody is told.
    pub fn lose_onions(&self, nth: u32) {
        self.shared.lock().carriage.lose(nth);
    }

    /// Whether every onion that is not lost arrives twice.
    pub fn double_onions(&self, on: bool) {
        self.shared.lock().carriage.double = on;
    }

    /// Where all the money is now.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.shared.lock().totals()
    }
}

/// A node's private key, made of the seed and its number.
fn secret(seed: u64, number: usize) -> SecretKey {
    let mut digest: [u8; 32] = Sha256::digest(format!("node {number} of network {seed}")).into();
    loop {
        // Practically every digest is a key; the few that are not are hashed once more.
        match SecretKey::from_secret_bytes(digest) {
            Ok(secret) => return secret,
            Err(_) => digest = Sha256::digest(digest).into(),
        }
    }
}
