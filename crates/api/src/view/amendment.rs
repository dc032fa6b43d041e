//! What is done to messages that are there: replies, reactions, edits, deletes.

use domain::{AmendmentKind, Direction, MessageKey, MessageKind, Msat, Timestamp};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::DeliveryView;

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ReplyView {
    /// The message; `None` when it is not here.
    pub to: Option<RepliedView>,
}

/// A message that is answered, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct RepliedView {
    /// Row.
    pub key: MessageKey,
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// Its beginning.
    pub text: String,
    /// Sats that it brings.
    pub payment: Msat,
    /// Whether its author took it back.
    pub taken_back: bool,
}

/// A reaction: each side has one at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ReactionView {
    /// One character.
    pub emoji: String,
    /// Whose.
    pub direction: Direction,
}

/// Where the user's own amendments are that have not arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Amending {
    /// On the way, or waiting for it.
    UnderWay,
    /// Did not arrive; the details say why, and there it can be tried again.
    Failed,
}

/// Words that a message had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct VersionView {
    /// The words.
    pub text: String,
    /// When they were stored here.
    pub at: Timestamp,
}

/// A letter that amends a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct AmendmentView {
    /// Its own row, for trying it again or taking it back.
    pub key: MessageKey,
    /// What it does.
    pub kind: AmendmentKind,
    /// Who wrote it.
    pub direction: Direction,
    /// The reaction, or the new words; empty where they are gone.
    pub text: String,
    /// When it was stored here.
    pub at: Timestamp,
    /// For outgoing ones.
    pub delivery: Option<DeliveryView>,
    /// Whether it can be taken back: it has not left.
    pub can_cancel: bool,
}

/// What to do to a message.
#[derive(Clone, Debug, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AmendRequest {
    /// One character in place of the former reaction; empty takes that back.
    React {
        /// Which.
        emoji: String,
    },
    /// Other words for an own message.
    Edit {
        /// Which.
        text: String,
    },
    /// An own message goes, for both.
    TakeBack,
}
