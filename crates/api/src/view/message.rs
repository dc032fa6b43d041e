//! Messages, payments under them, and what sending costs.

use domain::{
    AttemptState, Authorship, Carrier, ConversationId, Decision, DeliveryState, Direction, Failure,
    HoldState, MessageKey, MessageKind, Msat, Privacy, ReturnMeaning, Timestamp, Way,
};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Amending, AmendmentView, ClaimView, ReactionView, ReplyView, SaysView, VersionView};

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
    /// Whom it names as its author without proof; it stands among the words of unknown senders.
    pub claims: Option<ClaimView>,
    /// What its author says of themselves without proof.
    pub says: Option<SaysView>,
    /// Who could read it.
    pub privacy: Privacy,
    /// How it came; for outgoing ones how it went, or was tried last.
    pub carrier: Option<Carrier>,
    /// For outgoing ones.
    pub delivery: Option<DeliveryView>,
    /// For incoming ones: the payment under it.
    pub hold: Option<HoldView>,
    /// The pay-back of this message's payment, by us or by them.
    pub refund: Option<RefundView>,
    /// For a refund: the message whose payment it pays back.
    pub refund_of: Option<MessageKey>,
    /// What it answers.
    pub reply: Option<ReplyView>,
    /// Reactions to it, at most one of each side.
    pub reactions: Vec<ReactionView>,
    /// When its words were changed last.
    pub edited_at: Option<Timestamp>,
    /// When its author took it back: its words are gone.
    pub taken_back_at: Option<Timestamp>,
    /// Whether both sides call it by the same name: only then can it be answered, and amended once it has left.
    pub named: bool,
    /// The user's own amendments of it that have not arrived.
    pub amending: Option<Amending>,
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
    /// What left the user's channels for good: what was kept of `amount`, and `fee`.
    pub paid: Msat,
    /// Channels on the route that was tried last.
    pub hops: Option<u32>,
    /// When the recipient's node gives it back at the latest, for payments to a node that holds.
    pub waits_until: Option<Timestamp>,
    /// While it waits in the queue for its recipient: when it is tried again.
    pub next_try: Option<Timestamp>,
    /// Until when it waits; `None` when it fails at once.
    pub gives_up_at: Option<Timestamp>,
    /// Which ways the user allows for it; `auto` goes by the contact's setting.
    pub way: Way,
    /// When the recipient's app said that it has it.
    pub delivered_at: Option<Timestamp>,
    /// When the recipient's app said that they have seen it.
    pub read_at: Option<Timestamp>,
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
    /// Until when it can be decided: a little before the node gives it back by itself.
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
    /// Whether it failed or is parked, and can be tried again.
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
    /// Words that it had before, oldest first.
    pub versions: Vec<VersionView>,
    /// What amends it, oldest first.
    pub amendments: Vec<AmendmentView>,
}

/// Which part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
pub struct PartView {
    /// From 1.
    pub number: u32,
    /// How many there are.
    pub count: u32,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct AttemptView {
    /// How it travels.
    pub carrier: Carrier,
    /// Which part of the message it brings; `None` for all of it.
    pub part: Option<PartView>,
    /// Identity; nothing is paid to that of a free one.
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
    /// Which ways are allowed; `auto` goes by the contact's setting.
    pub way: Way,
    /// The message that it answers.
    pub reply_to: Option<MessageKey>,
}

/// What a send would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct QuoteView {
    /// What it will be tried by first.
    pub carrier: Carrier,
    /// Channels on that way.
    pub way_hops: u32,
    /// Whether it goes as a keysend when nothing free brings a receipt, or no invoice comes, or from the start.
    pub payable: bool,
    /// What the recipient gets: payment or postage. This and the amounts below are zero where nothing is paid.
    pub amount: Msat,
    /// Whether `amount` is postage.
    pub postage: bool,
    /// How much of the postage pays back what was kept of the recipient's.
    pub owed: Msat,
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
    /// In how many parts: payments where something is paid, else free letters. The amounts are those of all parts.
    pub parts: u32,
    /// Bytes that the text may still grow by on this route.
    pub bytes_left: u32,
    /// Whether a payment can be accepted or refused there before it settles; by an invoice, if their app answers.
    pub held: bool,
}
