//! People: a node and what the user knows and allows of it.

use serde::{Deserialize, Serialize};

use crate::{Msat, NodeId, Timestamp, Way};

/// How far the user lets a node in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Trust {
    /// Wrote to us and waits for a decision. Nothing is answered by itself.
    Request,
    /// Added or accepted by the user.
    Known,
    /// Refused: their payments are returned unread while they are held, and hidden otherwise.
    Blocked,
}

/// What the other side runs, as far as it has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Program {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// A letter of theirs was opened.
    Heliograph {
        /// How many seconds their node holds keysends; `None` when it settles on arrival.
        hold_secs: Option<u32>,
    },
    /// They write readable text.
    Other,
}

impl Program {
    /// Whether letters can be sealed to them and are understood.
    #[must_use]
    pub const fn reads_letters(self) -> bool {
        matches!(self, Self::Heliograph { .. })
    }

    /// Whether their node holds keysends: `None` when nobody told.
    #[must_use]
    pub const fn holds(self) -> Option<bool> {
        match self {
            Self::Heliograph { hold_secs } => Some(hold_secs.is_some()),
            Self::Unknown | Self::Other => None,
        }
    }
}

/// Why the key card in a letter was not taken. The letter is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum CardFault {
    /// It is issued more than a day ahead of our clock: one of the two clocks is wrong.
    Future,
    /// It is not theirs: of another node, not signed by it, or damaged.
    Foreign,
}

/// A node that the user has to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub node: NodeId,
    /// The user's own name for them; empty when there is none.
    pub name: String,
    /// The user's own note.
    pub note: String,
    /// What the node calls itself in gossip. Claimed by the node, last seen.
    pub alias: String,
    /// What the user allows.
    pub trust: Trust,
    /// What they run.
    pub program: Program,
    /// Payments up to this are accepted without asking; zero asks always.
    pub accept_up_to: Msat,
    /// Which ways messages to them may take.
    pub way: Way,
    /// Whether nothing readable goes to them, whatever they run.
    pub sealed_only: bool,
    /// When the user added them, or when they first wrote.
    pub since: Timestamp,
}

impl Contact {
    /// What to call them: own name, else alias, else the short key.
    #[must_use]
    pub fn title(&self) -> String {
        [&self.name, &self.alias]
            .into_iter()
            .find(|name| !name.is_empty())
            .cloned()
            .unwrap_or_else(|| self.node.short())
    }
}
