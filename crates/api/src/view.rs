//! What the window sees: every question's answer, in shapes that become TypeScript.
//!
//! Amounts are msat, times are milliseconds since 1970 UTC, keys and hashes are hexadecimal text. Text of strangers is
//! plain text, already freed of control characters and direction marks.

mod amendment;
mod message;
mod node;

use domain::{
    Authorship, CardFault, ConversationId, DeliveryState, Direction, MessageKey, MessageKind, Msat,
    Program, Timestamp, Trust, Way,
};
use serde::{Deserialize, Serialize};
use specta::Type;

pub use amendment::{
    AmendRequest, Amending, AmendmentView, ReactionView, RepliedView, ReplyView, VersionView,
};
pub use message::{
    AttemptView, DeliveryView, HoldView, MessageDetails, MessageView, MessagesPage, PageAt,
    PartView, QuoteView, RefundView, SendRequest,
};
pub use node::{
    ConnectionHints, ConnectionInput, ConnectionReport, KeysendReport, LinkFaultView, LinkView,
    NodeSummary, NodeView, PermissionReport, PermissionView, SecretsPlace,
};

/// Which page the window has to show.
#[derive(Clone, Debug, Serialize, Type)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum AppView {
    /// No profile yet.
    FirstRun,
    /// The credentials are behind a passphrase, or the keyring is locked.
    Locked {
        /// Which profile.
        profile: ProfileView,
        /// What opens it.
        needs: VaultNeed,
    },
    /// A profile is open.
    Open {
        /// Which.
        profile: ProfileView,
    },
}

/// What opens a profile's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum VaultNeed {
    /// The passphrase that the user chose.
    Passphrase,
    /// The keyring of the desktop is locked or gone; unlock it and try again.
    Keyring,
}

/// One node connection with its own database and keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ProfileView {
    /// Name of its folder; random.
    pub id: String,
    /// The user's name for it.
    pub name: String,
    /// The node's public key.
    pub node: String,
    /// `host:port`.
    pub address: String,
    /// Whether it is the open one.
    pub open: bool,
}

/// Which conversations are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ConversationFilter {
    /// Known contacts.
    All,
    /// With unread messages.
    Unread,
    /// With a payment that waits for a decision.
    Held,
    /// Of nodes that the user has not let in.
    Requests,
    /// Of blocked nodes.
    Blocked,
}

/// A row of the conversation list, and the head of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ConversationView {
    /// Row.
    pub id: ConversationId,
    /// The other side.
    pub contact: ContactView,
    /// The newest message.
    pub last: Option<PreviewView>,
    /// Incoming messages that were not seen.
    pub unread: u32,
    /// Payments that wait for a decision.
    pub held: u32,
    /// Messages that did not arrive.
    pub failed: u32,
    /// What the user has begun to write.
    pub draft: String,
}

/// The newest message of a conversation, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct PreviewView {
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// Its beginning.
    pub text: String,
    /// Sats that it brings.
    pub payment: Msat,
    /// When it was stored.
    pub at: Timestamp,
    /// For outgoing ones.
    pub delivery: Option<DeliveryState>,
    /// Whether its author took it back.
    pub taken_back: bool,
    /// What is known of the author.
    pub authorship: Authorship,
    /// Whom it names as its author without proof.
    pub claims: Option<ClaimView>,
    /// What its author says of themselves without proof.
    pub says: Option<SaysView>,
}

/// Whom a message names as its author without proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ClaimView {
    /// Public key.
    pub node: String,
    /// What that node is called here: a contact's name, else its alias, else the short key.
    pub title: String,
}

/// What the author of a message that nobody has signed says of themselves. Anybody can say anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct SaysView {
    /// What they call themselves, on one line; may be empty.
    pub name: String,
    /// What their program says of itself and of what it is about, on one line; may be empty.
    pub about: String,
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ContactView {
    /// Public key.
    pub node: String,
    /// The user's own name, may be empty.
    pub name: String,
    /// The node's alias, may be empty. Anybody can choose any alias.
    pub alias: String,
    /// Name, else alias, else short key; empty for nobody.
    pub title: String,
    /// Stands for whoever sends without saying who they are: there is nobody to write to, to let in or to block.
    pub nobody: bool,
    /// The user's own note.
    pub note: String,
    /// What the user allows.
    pub trust: Trust,
    /// What they run.
    pub program: Program,
    /// Payments up to this are accepted without asking.
    pub accept_up_to: Msat,
    /// Which ways messages to them may take.
    pub way: Way,
    /// Whether nothing readable goes to them, whatever they run.
    pub sealed_only: bool,
    /// Since when.
    pub since: Timestamp,
}

/// What is known of a contact's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct KeyView {
    /// Twelve groups of five digits, the same on both sides; `None` until both apps know the other's key.
    pub safety_number: Option<String>,
    /// Whether the user has compared the number for the key that is in use.
    pub compared: bool,
    /// Whether another key took the place of the one before without having been introduced, and the user has not said
    /// that this is right.
    pub changed: bool,
    /// Whether `changed` speaks of a card for the same key that says less of it and did not come from their app.
    pub weakened: bool,
    /// Whether letters are sealed to a key that only the contact's app holds; else to their node's key, or not at all.
    pub sealed_to_app: bool,
    /// Whether nothing was heard of that key for so long that its card is over. It is sealed to all the same.
    pub stale: bool,
    /// Why the card in their last letter was not taken; `None` when it was.
    pub fault: Option<CardFault>,
    /// Whether their app takes free messages over a connection.
    pub takes_peer: bool,
    /// Whether their app takes free messages over the graph.
    pub takes_onion: bool,
    /// Whether their app gives invoices: payments wait there for a decision, whatever their node does with keysends.
    pub gives_invoices: bool,
}

/// How a contact can be reached now; asked for when a conversation is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ReachView {
    /// Whether gossip knows the node.
    pub in_graph: bool,
    /// Whether it announces keysend; `None` when it announces nothing.
    pub keysend: Option<bool>,
    /// Whether our node has a connection to it now.
    pub peer: bool,
    /// Channels shared with it.
    pub channels: u32,
    /// Channels shared with it that can be used now.
    pub active_channels: u32,
}

/// Amounts over a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Type)]
pub struct TotalsView {
    /// Payments that contacts kept.
    pub sent: Msat,
    /// Postage that others kept.
    pub postage_sent: Msat,
    /// Routing fees, those of pay-backs included.
    pub fees: Msat,
    /// Payments that the user kept.
    pub received: Msat,
    /// Postage that stayed here.
    pub postage_received: Msat,
    /// Paid back to contacts.
    pub refunds_sent: Msat,
    /// Paid back by contacts.
    pub refunds_received: Msat,
    /// Sent, refused by the other side: came back, free.
    pub returned_to_us: Msat,
    /// Received, refused here: went back, free.
    pub returned_by_us: Msat,
    /// Messages sent that reached a node.
    pub messages_sent: u32,
    /// Messages received.
    pub messages_received: u32,
}

/// The page *Costs*.
#[derive(Clone, Debug, Serialize, Type)]
pub struct CostsView {
    /// Everything.
    pub total: TotalsView,
    /// The balances with all contacts below, those one way and those the other way each added up.
    pub postage: PostageView,
    /// By contact, the dearest first. With `others` they add up to `total`.
    pub contacts: Vec<ContactTotals>,
    /// What belongs to no known node, or to a contact that was removed.
    pub others: TotalsView,
    /// By month, the newest first.
    pub months: Vec<MonthTotals>,
}

/// One contact's totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ContactTotals {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub title: String,
    /// Public key.
    pub node: String,
    /// How much.
    pub totals: TotalsView,
    /// What is still to come back.
    pub postage: PostageView,
}

/// Postage that was kept and goes back with a later message. Only between two Heliographs: others keep no such balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Type)]
pub struct PostageView {
    /// Ours that they owe us.
    pub they_owe: Msat,
    /// Theirs that we owe them; what is on its way to them counts as paid.
    pub we_owe: Msat,
}

/// One month's totals, by UTC.
#[derive(Clone, Debug, Serialize, Type)]
pub struct MonthTotals {
    /// Four digits.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// How much.
    pub totals: TotalsView,
}

/// A message that contains what was searched for.
#[derive(Clone, Debug, Serialize, Type)]
pub struct SearchHit {
    /// Which.
    pub message: MessageKey,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Who that conversation is with.
    pub title: String,
    /// Who wrote it.
    pub direction: Direction,
    /// What is known of the author.
    pub authorship: Authorship,
    /// Whom it names as its author without proof.
    pub claims: Option<ClaimView>,
    /// What its author says of themselves without proof.
    pub says: Option<SaysView>,
    /// When.
    pub at: Timestamp,
    /// The surroundings of the hit; the parts alternate: plain, hit, plain, hit, …
    pub snippet: Vec<String>,
}

/// What the user can set, per profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Settings {
    /// `en`, `zh-CN`, or empty for the system's.
    pub language: String,
    /// `light`, `dark`, or empty for the system's.
    pub theme: String,
    /// Whether Enter sends (else Ctrl+Enter).
    pub enter_sends: bool,
    /// Accept keysends without text and letter: they are for other programs of this node.
    pub accept_bare: bool,
    /// Readable text of other programs up to this is accepted.
    pub accept_readable_up_to: Msat,
    /// The most in fees for one send; `None` is max(10 sat, 1 %).
    pub fee_limit: Option<Msat>,
    /// Whether contacts are told that the user has seen their messages.
    pub read_receipts: bool,
}

/// What has changed; the window asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Change {
    /// Something in the list of conversations.
    Conversation {
        /// Which.
        id: ConversationId,
    },
    /// A message is new or has changed.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Which.
        key: MessageKey,
    },
    /// A conversation was removed.
    Removed {
        /// Which.
        id: ConversationId,
    },
    /// The connection to the node.
    Link,
    /// The stage of the app: profile opened, closed, locked.
    App,
    /// Too much at once: ask for everything again.
    Everything,
}
