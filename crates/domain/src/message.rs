//! What two people say to each other.

use serde::{Deserialize, Serialize};

use crate::{Carrier, ConversationId, MessageId, MessageKey, Msat, NodeId, PaymentHash, Timestamp};

/// Who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Direction {
    /// The other side.
    Incoming,
    /// The user.
    Outgoing,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum MessageKind {
    /// Words, carried by postage.
    Text,
    /// Sats for the recipient, perhaps with a note.
    Payment,
    /// Pays back a payment that had settled.
    Refund {
        /// The payment that it pays back.
        #[cfg_attr(feature = "specta", specta(type = String))]
        of: PaymentHash,
    },
    /// A letter that could not be opened: kept as it came.
    Unreadable,
    /// A letter of a version that this program does not know: kept until an update.
    Newer,
}

/// What a letter does to a message that is there already. Such a letter is no bubble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AmendmentKind {
    /// One character beside a message of either side; the last one of each person counts, and none takes it back.
    Reaction,
    /// Other words in place of the author's own; the last ones count.
    Edit,
    /// The author takes a message back, for both.
    Delete,
}

/// Which message a letter amends, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amendment {
    /// How.
    pub kind: AmendmentKind,
    /// What its sender calls the message.
    pub of: MessageId,
}

/// What is known of the author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Authorship {
    /// The seal or the signature was checked: it is theirs.
    Verified,
    /// The payment names this sender, without proof.
    Claimed,
    /// It was sealed or signed with their node's key, although their app has a key of its own: whoever runs their node can
    /// have written it.
    NodeOnly,
    /// They have signed it, but not to whom: whoever got it can have passed it on.
    Unaddressed,
}

impl Authorship {
    /// Whether the sender's own key stands behind it, and it was meant for us.
    #[must_use]
    pub const fn is_proven(self) -> bool {
        matches!(self, Self::Verified | Self::NodeOnly)
    }
}

/// Who could read it on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Privacy {
    /// Sealed, to the key of the recipient's app or, before its card is here, of their node, whose host can read it then.
    Sealed,
    /// Readable for both nodes' hosts and every program on the recipient's node.
    Open,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Our row.
    pub key: MessageKey,
    /// Where it stands.
    pub conversation: ConversationId,
    /// The sender's name for it.
    pub id: MessageId,
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// The words; may be empty for a payment.
    pub text: String,
    /// Sats meant for the recipient, without postage and fees; zero for a text.
    pub payment: Msat,
    /// When the sender wrote it, by the sender's clock.
    pub sent_at: Timestamp,
    /// When this app stored it, by our clock: the order on the screen.
    pub stored_at: Timestamp,
    /// What is known of the author.
    pub authorship: Authorship,
    /// Whom it names as its author, where that is not proven and it stands among the words of nobody.
    pub claims: Option<NodeId>,
    /// Who could read it on the way.
    pub privacy: Privacy,
    /// Whether the user has seen it; true for outgoing ones.
    pub seen: bool,
    /// How it came; `None` for outgoing ones, and where it was not noted.
    pub carrier: Option<Carrier>,
    /// What it does to another message; `None` for a bubble. The new words, or the reaction, are its text.
    pub amends: Option<Amendment>,
    /// The message that it answers, of either side; it may not be here.
    pub reply_to: Option<MessageId>,
    /// When its words were changed last.
    pub edited_at: Option<Timestamp>,
    /// When its author took it back: its words are gone.
    pub taken_back_at: Option<Timestamp>,
}
