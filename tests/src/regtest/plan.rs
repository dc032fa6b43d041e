//! What a network looks like.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// For how long alice's node holds keysends: what the README recommends, too.
pub const HOLD: Duration = Duration::from_secs(15 * 60);

/// Nodes and channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The nodes, in the order in which they are shown.
    pub nodes: Vec<NodePlan>,
    /// The channels.
    pub channels: Vec<ChannelPlan>,
    /// Whether LND's fault with links that come back is mended (`tests/network/lnd.sed`).
    pub mended: bool,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePlan {
    /// Its name and alias.
    pub name: String,
    /// For how long it holds keysends; zero settles them on arrival, as a stock node does.
    pub hold: Duration,
    /// Whether it takes keysends.
    pub keysend: bool,
    /// Whether it takes onion messages and passes them on.
    pub onions: bool,
}

/// One channel; each side begins with half of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelPlan {
    /// Pays for it.
    pub from: String,
    /// The other side.
    pub to: String,
    /// Satoshis.
    pub capacity: u32,
    /// Whether nobody but its ends knows of it: it is not announced.
    pub hidden: bool,
}

impl Plan {
    /// alice – bob – carol – dave, where alice's node holds keysends and the others are stock.
    #[must_use]
    pub fn line() -> Self {
        Self::of(&["alice", "bob", "carol", "dave"]).holding("alice", HOLD)
    }

    /// alice – bob – carol, all stock.
    #[must_use]
    pub fn short() -> Self {
        Self::of(&["alice", "bob", "carol"])
    }

    /// Stock nodes in a line.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        let nodes = names
            .iter()
            .map(|&name| NodePlan {
                name: name.to_owned(),
                hold: Duration::ZERO,
                keysend: true,
                onions: true,
            })
            .collect();
        let channels = names
            .windows(2)
            .map(|pair| ChannelPlan {
                from: pair[0].to_owned(),
                to: pair[1].to_owned(),
                capacity: 10_000_000,
                hidden: false,
            })
            .collect();
        Self {
            nodes,
            channels,
            mended: false,
        }
    }

    /// The same with nodes that can be stopped and killed over and over.
    #[must_use]
    pub fn mended(mut self) -> Self {
        self.mended = true;
        self
    }

    /// The same, where `name`'s node holds keysends for so long.
    #[must_use]
    pub fn holding(mut self, name: &str, hold: Duration) -> Self {
        for node in self.nodes.iter_mut().filter(|node| node.name == name) {
            node.hold = hold;
        }
        self
    }

    /// The same without onion messages, as with nodes of before 0.21: everything goes as a payment.
    #[must_use]
    pub fn without_onions(mut self) -> Self {
        for node in &mut self.nodes {
            node.onions = false;
        }
        self
    }

    /// The same, where `name`'s node announces none of its channels: gossip does not know it.
    #[must_use]
    pub fn hiding(mut self, name: &str) -> Self {
        for channel in &mut self.channels {
            channel.hidden |= channel.from == name || channel.to == name;
        }
        self
    }

    /// The same, where `name`'s node takes no keysends.
    #[must_use]
    pub fn without_keysend(mut self, name: &str) -> Self {
        for node in self.nodes.iter_mut().filter(|node| node.name == name) {
            node.keysend = false;
        }
        self
    }
}
