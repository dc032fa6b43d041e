//! What the window sees: every question's answer, in shapes that become TypeScript.
//!
//! Amounts are msat, times are milliseconds since 1970 UTC, keys and hashes are hexadecimal text. Text of strangers is
//! plain text, already freed of control characters and direction marks.

use domain::{
    AttemptState, Authorship, ConversationId, Decision, DeliveryState, Direction, Failure,
    HoldState, MessageKey, MessageKind, Msat, Privacy, Program, ReturnMeaning, Timestamp, Trust,
};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Which page the window has to show.
#[derive(Clone, Debug, Serialize, Type)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum AppView {
    /// No profile yet.
    FirstRun {
        /// Whether this computer has a keyring; without one a passphrase is asked for.
        keyring: bool,
    },
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

/// How the user says where their node is.
#[derive(Clone, Debug, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ConnectionInput {
    /// An `lndconnect://` link.
    Link {
        /// As pasted.
        link: String,
    },
    /// Host and two files.
    Files {
        /// `host:port`.
        address: String,
        /// Path of `tls.cert`.
        cert_path: String,
        /// Path of a macaroon.
        macaroon_path: String,
    },
    /// Host and two texts.
    Text {
        /// `host:port`.
        address: String,
        /// PEM, or the DER bytes in hexadecimal or base64.
        cert: String,
        /// Hexadecimal or base64.
        macaroon: String,
    },
}

/// What was found when a connection was tried.
#[derive(Clone, Debug, Serialize, Type)]
pub struct ConnectionReport {
    /// What the node says of itself.
    pub node: NodeSummary,
    /// What the macaroon may do.
    pub permissions: PermissionReport,
    /// How the node treats keysends, as far as it can be known.
    pub keysend: KeysendReport,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct NodeSummary {
    /// Public key.
    pub node: String,
    /// What it calls itself.
    pub alias: String,
    /// `mainnet`, `testnet`, `regtest`, …
    pub network: String,
    /// For example `0.21.3-beta`.
    pub version: String,
    /// Whether it follows the block chain.
    pub synced: bool,
    /// Best block.
    pub block_height: u32,
    /// Channels that can be used now.
    pub active_channels: u32,
    /// Sendable.
    pub local_balance: Msat,
    /// Receivable.
    pub remote_balance: Msat,
}

/// What a macaroon may do, held against what the app needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct PermissionReport {
    /// Needed, and not allowed.
    pub missing: Vec<PermissionView>,
    /// Optional, and not allowed: what does not work then.
    pub missing_optional: Vec<PermissionView>,
    /// Whether it may do much more than a messenger should (send on chain, open channels, bake macaroons).
    pub too_powerful: bool,
    /// The command that makes a macaroon with exactly what is needed.
    pub bake_command: String,
}

/// One RPC and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct PermissionView {
    /// For example `/lnrpc.Lightning/GetInfo`.
    pub method: String,
    /// A key of the window's message files: what needs it.
    pub purpose: String,
}

/// How the node treats keysends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct KeysendReport {
    /// Whether it takes them; `None` when it cannot be known yet.
    pub accepts: Option<bool>,
    /// For how many seconds it holds them, zero for settling on arrival; `None` when it cannot be known yet.
    pub hold_secs: Option<u32>,
    /// Whether it deletes canceled invoices, and with them mail that came while the app was closed.
    pub deletes_canceled: bool,
    /// Lines for `lnd.conf` that would make it take and hold keysends; empty when nothing is missing.
    pub conf_lines: Vec<String>,
}

/// How the connection to the node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LinkView {
    /// The first try is under way.
    Connecting,
    /// All is well.
    Connected {
        /// Whether the node follows the block chain; payments fail while it does not.
        synced: bool,
    },
    /// It did not work; another try follows.
    Waiting {
        /// Why.
        fault: LinkFaultView,
        /// When it is tried again.
        next_try: Timestamp,
    },
}

/// Why there is no connection, each with its own words in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum LinkFaultView {
    /// The name has no address.
    HostUnknown,
    /// Nobody listens there.
    Refused,
    /// No answer.
    Timeout,
    /// Something listens that is no gRPC port.
    WrongPort,
    /// The node shows another certificate.
    WrongCertificate,
    /// The macaroon is of another node, malformed or revoked.
    WrongMacaroon,
    /// The macaroon lacks a permission.
    MissingPermission {
        /// For example `/lnrpc.Lightning/GetInfo`.
        method: String,
    },
    /// The wallet waits for its password.
    WalletLocked,
    /// The node is starting.
    Starting,
    /// It is another node than the profile's.
    OtherNode,
    /// Anything else.
    Broken {
        /// In the words of whoever said so.
        detail: String,
    },
}

/// The page *Node*.
#[derive(Clone, Debug, Serialize, Type)]
pub struct NodeView {
    /// The connection.
    pub link: LinkView,
    /// `host:port`.
    pub address: String,
    /// `None` until it was connected once since the start.
    pub summary: Option<NodeSummary>,
    /// As above.
    pub permissions: Option<PermissionReport>,
    /// As above.
    pub keysend: Option<KeysendReport>,
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
    /// Since when.
    pub since: Timestamp,
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

/// Some messages of a conversation, oldest first.
#[derive(Clone, Debug, Serialize, Type)]
pub struct MessagesPage {
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// Whether there are older ones.
    pub more_before: bool,
    /// Whether there are newer ones.
    pub more_after: bool,
}

/// Which messages.
#[derive(Clone, Copy, Debug, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PageAt {
    /// The newest.
    End,
    /// Those before this one, without it.
    Before {
        /// Which.
        key: MessageKey,
    },
    /// Those after this one, without it.
    After {
        /// Which.
        key: MessageKey,
    },
    /// Those on both sides of this one, with it.
    Around {
        /// Which.
        key: MessageKey,
    },
}

/// A bubble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct MessageView {
    /// Row.
    pub key: MessageKey,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// The words.
    pub text: String,
    /// Sats meant for the recipient; zero for a text.
    pub payment: Msat,
    /// By the sender's clock.
    pub sent_at: Timestamp,
    /// By ours; the order on the screen.
    pub stored_at: Timestamp,
    /// What is known of the author.
    pub authorship: Authorship,
    /// Who could read it.
    pub privacy: Privacy,
    /// For outgoing ones.
    pub delivery: Option<DeliveryView>,
    /// For incoming ones: the payment under it.
    pub hold: Option<HoldView>,
    /// The pay-back of this message's payment, by us or by them.
    pub refund: Option<RefundView>,
    /// For a refund: the message whose payment it pays back.
    pub refund_of: Option<MessageKey>,
}

/// Where an outgoing message is and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct DeliveryView {
    /// Where it is.
    pub state: DeliveryState,
    /// Why it did not arrive.
    pub failure: Option<Failure>,
    /// What its return means.
    pub returned: Option<ReturnMeaning>,
    /// What the recipient keeps, or would keep: payment or postage.
    pub amount: Msat,
    /// Whether `amount` is postage.
    pub postage: bool,
    /// Fees paid; zero unless settled.
    pub fee: Msat,
    /// What left the user's channels for good: `amount` and `fee` when settled, else zero.
    pub paid: Msat,
    /// Channels on the route that was tried last.
    pub hops: Option<u32>,
    /// When the recipient's node gives it back at the latest, for payments to a node that holds.
    pub waits_until: Option<Timestamp>,
}

/// An incoming payment under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct HoldView {
    /// Where it is.
    pub state: HoldState,
    /// What it brings.
    pub amount: Msat,
    /// Whether it is postage: it needs no decision.
    pub postage: bool,
    /// Who decided.
    pub decision: Option<Decision>,
    /// Until when it can be decided.
    pub deadline: Option<Timestamp>,
    /// When the node got it.
    pub arrived_at: Timestamp,
    /// Whether it can be paid back: settled, by a verified sender, no refund itself, not paid back yet.
    pub can_pay_back: bool,
}

/// A pay-back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct RefundView {
    /// The message that carries it.
    pub message: MessageKey,
    /// Whether it has settled; until then it is under way.
    pub done: bool,
    /// Whether it failed and can be tried again.
    pub failed: bool,
    /// How much.
    pub amount: Msat,
}

/// Everything about one message.
#[derive(Clone, Debug, Serialize, Type)]
pub struct MessageDetails {
    /// The bubble.
    pub message: MessageView,
    /// The sender's name for it.
    pub id: String,
    /// For outgoing ones, oldest first.
    pub attempts: Vec<AttemptView>,
    /// For incoming ones.
    pub payment_hash: Option<String>,
    /// For incoming ones: bytes of the records.
    pub record_bytes: Option<u32>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct AttemptView {
    /// Identity.
    pub payment_hash: String,
    /// The proof of payment, once settled.
    pub preimage: Option<String>,
    /// Where it is.
    pub state: AttemptState,
    /// What the recipient gets.
    pub amount: Msat,
    /// Fees paid.
    pub fee: Msat,
    /// The most that may be paid in fees.
    pub fee_limit: Msat,
    /// Channels on the route.
    pub hops: Option<u32>,
    /// Why it did not arrive.
    pub failure: Option<Failure>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Bytes of its records.
    pub record_bytes: u32,
}

/// A message to send.
#[derive(Clone, Debug, Deserialize, Type)]
pub struct SendRequest {
    /// Where.
    pub conversation: ConversationId,
    /// The words; may be empty with a payment.
    pub text: String,
    /// Sats for the recipient; zero for a text.
    pub payment: Msat,
    /// The most in fees; `None` takes the default.
    pub fee_limit: Option<Msat>,
}

/// What a send would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct QuoteView {
    /// What the recipient gets: payment or postage.
    pub amount: Msat,
    /// Whether `amount` is postage.
    pub postage: bool,
    /// Whether the recipient's node is known to give postage back (then the message is free).
    pub returned: bool,
    /// What the route asks.
    pub fee: Msat,
    /// The most that will be paid in fees.
    pub fee_limit: Msat,
    /// Channels on the route.
    pub hops: u32,
    /// How it will travel.
    pub privacy: Privacy,
    /// Bytes that the text may still grow by on this route.
    pub bytes_left: u32,
    /// Whether a payment can be accepted or refused there before it settles.
    pub held: bool,
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
    /// By contact, the dearest first.
    pub contacts: Vec<ContactTotals>,
    /// By month, the newest first.
    pub months: Vec<MonthTotals>,
}

/// One contact's totals.
#[derive(Clone, Debug, Serialize, Type)]
pub struct ContactTotals {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub title: String,
    /// Public key.
    pub node: String,
    /// How much.
    pub totals: TotalsView,
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
