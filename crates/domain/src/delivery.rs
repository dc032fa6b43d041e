//! The outgoing life of a message, and the attempts that it takes.
//!
//! ```text
//! Queued ──begin──▶ InFlight ──settled───▶ Settled
//!   ▲                  ├───────refused───▶ Returned    nothing was paid
//!   │                  ├───────delivered─▶ Delivered   free, and the recipient's app has it
//!   │                  ├───────failed────▶ Failed
//!   │                  ├───────forgotten─▶ Parked
//!   ├─────postponed────┤                   tried again later, by itself
//!   └─────unanswered───┘                   tried again at once, over another carrier
//!
//! Failed, Parked, Returned ──retry──▶ Queued       as far as `can_retry` allows
//! Queued, Failed, Parked ──cancel──▶ Cancelled
//! Queued, Failed, Parked, Cancelled ──delivered──▶ Delivered    the receipt came late
//! ```

use serde::{Deserialize, Serialize};

use crate::{Carrier, MessageKey, Msat, Part, PaymentHash, Preimage, Timestamp};

/// What the sender asks of the payment under a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// Postage: refuse it once the letter is stored.
    Return,
    /// Keep it.
    Keep,
    /// A payment for the person: accept or refund.
    Decide,
}

/// Where an outgoing message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DeliveryState {
    /// Stored, and its turn has not come; or it waits for its next try.
    Queued,
    /// Given to the user's node; the outcome is open.
    InFlight,
    /// The recipient's node kept the sats: it arrived there.
    Settled,
    /// The recipient's node refused the sats: nothing was paid.
    Returned,
    /// Did not arrive, nothing was paid. The user may try again.
    Failed,
    /// It may have been paid, and nobody knows. Only the user can say what to do.
    Parked,
    /// Taken back by the user before it left, or given up.
    Cancelled,
    /// The recipient's app has it: it said so in a receipt. Nothing was paid, but perhaps for some of its parts.
    Delivered,
}

/// What can happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryEvent {
    /// The attempt is stored and is being given to the node.
    Begin,
    /// The payment succeeded.
    Settled,
    /// The last hop refused the payment.
    Refused,
    /// The attempt ended without arriving.
    Failed,
    /// It may have been paid, and the node does not know.
    Forgotten,
    /// The attempt ended without arriving, for a reason that passes: another one follows later.
    Postponed,
    /// The recipient's app has said that it has it, and no payment is on its way.
    Delivered,
    /// No receipt came for a free attempt: another carrier is tried at once.
    Unanswered,
    /// The user wants another try.
    Retry,
    /// The user takes it back, or gives it up.
    Cancel,
}

impl DeliveryState {
    /// The only way a delivery changes. `None`: the event has no meaning in this state and changes nothing. For
    /// [`DeliveryEvent::Retry`] there is one more condition: [`DeliveryState::can_retry`].
    #[must_use]
    pub const fn step(self, event: DeliveryEvent) -> Option<Self> {
        use DeliveryEvent as E;
        Some(match (self, event) {
            (Self::Queued, E::Begin) => Self::InFlight,
            (Self::Queued | Self::Failed | Self::Parked, E::Cancel) => Self::Cancelled,
            (Self::InFlight, E::Settled) => Self::Settled,
            (Self::InFlight, E::Refused) => Self::Returned,
            (Self::InFlight, E::Failed) => Self::Failed,
            (Self::InFlight, E::Forgotten) => Self::Parked,
            (
                Self::Queued | Self::InFlight | Self::Failed | Self::Parked | Self::Cancelled,
                E::Delivered,
            ) => Self::Delivered,
            (Self::InFlight, E::Postponed | E::Unanswered)
            | (Self::Failed | Self::Parked | Self::Returned, E::Retry) => Self::Queued,
            _ => return None,
        })
    }

    /// Whether the user may try it again. What came back without having arrived for certain may: the recipient keeps
    /// one of them. Money that came back is sent by a new message, as its recipient may have refused it.
    #[must_use]
    pub const fn can_retry(
        self,
        expectation: Expectation,
        returned: Option<ReturnMeaning>,
    ) -> bool {
        match self {
            Self::Failed | Self::Parked => true,
            Self::Returned => matches!(
                (expectation, returned),
                (Expectation::Return, Some(ReturnMeaning::Unconfirmed))
            ),
            Self::Queued | Self::InFlight | Self::Settled | Self::Cancelled | Self::Delivered => {
                false
            }
        }
    }

    /// Whether nothing more happens by itself.
    #[must_use]
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::InFlight)
    }
}

/// Why an attempt did not arrive. Each has words for the person in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Failure {
    /// No path with enough money within the fee limit.
    NoRoute,
    /// The last node before the recipient cannot reach it.
    RecipientOffline,
    /// The user's channels hold too little.
    InsufficientBalance,
    /// The recipient's node does not take keysends.
    NoKeysend,
    /// Path finding or the payment took too long.
    Timeout,
    /// The letter does not fit into a payment over that many hops.
    TooLarge,
    /// Less than the channels forward.
    AmountTooSmall,
    /// The user's macaroon does not allow it.
    Permission,
    /// The user's node refused the request for another reason.
    Rejected,
    /// It went for free, and the recipient's app did not say that it has it.
    NoReceipt,
    /// No way that the user allows leads there now.
    NoWay,
    /// The contact's app gave an invoice for another amount or another node, or one that cannot be paid: it was not paid.
    WrongInvoice,
    /// The invoice could no longer be paid when the user's node was to pay it.
    InvoiceExpired,
    /// Money could not leave in the minutes after the user's command. Nothing was paid.
    TooLate,
    /// Another key took the place of one that the user had compared, and the user has not seen that.
    KeyChanged,
    /// Gossip does not know the recipient's node, and it has not told us over which channel it can be paid.
    Hidden,
}

impl Failure {
    /// Whether waiting may help: somebody is away, money is somewhere else at the moment, or the user has to look first.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Self::NoRoute
                | Self::RecipientOffline
                | Self::InsufficientBalance
                | Self::Timeout
                | Self::NoReceipt
                | Self::NoWay
                | Self::KeyChanged
                | Self::Hidden
        )
    }
}

/// Where one attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum AttemptState {
    /// Stored, and not given to the node; words may have been.
    Prepared,
    /// It may have left: stored before money is given to the node, and when the node has words.
    Sent,
    /// Paid.
    Settled,
    /// Refused by the last hop; nothing was paid.
    Refused,
    /// Failed on the way; nothing was paid.
    Failed,
    /// It may have left, and the node knows nothing of it: the user was asked.
    Forgotten,
    /// The recipient's app has said that it has it.
    Delivered,
}

/// One try to bring a message there. Stored before it is sent. The payment hash is its identity; a free attempt has one
/// too, which nothing is paid to, and no amount, fee or records. One by an invoice has such a hash, and no records, until
/// the invoice is there: then it takes the hash of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Identity, and the node's idempotency key.
    pub hash: PaymentHash,
    /// What settles it; `None` by an invoice until it is paid: the recipient has it.
    pub preimage: Option<Preimage>,
    /// The message that it carries.
    pub message: MessageKey,
    /// How it travels.
    pub carrier: Carrier,
    /// Which part of the message; `None` for all of it.
    pub part: Option<Part>,
    /// Which of the derived payment hashes it has ([`crate::resume`]); `None` for any other hash.
    pub try_number: Option<u32>,
    /// What the recipient gets: payment or postage.
    pub amount: Msat,
    /// The most that may be paid in fees.
    pub fee_limit: Msat,
    /// The invoice that is paid, as text; `None` for everything else, and while it is asked for.
    pub invoice: Option<String>,
    /// Custom records as they are given to the node: type and bytes.
    pub records: Vec<(u64, Vec<u8>)>,
    /// Where it is.
    pub state: AttemptState,
    /// What was paid in fees; zero unless settled.
    pub fee: Msat,
    /// Number of channels on the route that was tried last; `None` when no route was tried.
    pub hops: Option<u32>,
    /// Why it did not arrive.
    pub failure: Option<Failure>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its outcome was stored.
    pub ended_at: Option<Timestamp>,
}

impl Attempt {
    /// Whether nothing of it can have been paid: it is free, or its invoice was only asked for.
    #[must_use]
    pub const fn pays_nothing(&self) -> bool {
        match self.carrier {
            Carrier::Peer | Carrier::Onion => true,
            Carrier::Invoice => self.invoice.is_none(),
            Carrier::Keysend => false,
        }
    }
}

/// What it tells the sender that the last hop has refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum ReturnMeaning {
    /// A message whose postage came back, and whose recipient's app has said that it has it.
    Arrived,
    /// A payment to a node that holds: declined, or not answered in time.
    Declined,
    /// The sats came back, and nobody has said that it arrived.
    Unconfirmed,
}

impl ReturnMeaning {
    /// `holds`: whether the payment waited there for a decision: on their invoice, or as their letters said that their node
    /// holds keysends. `receipt`: whether their app has said that it has the message; a refusal alone says nothing, as a
    /// stranger who has left too much is refused unread.
    #[must_use]
    pub const fn of(expectation: Expectation, holds: bool, receipt: bool) -> Self {
        match expectation {
            Expectation::Return if receipt => Self::Arrived,
            Expectation::Keep | Expectation::Decide if holds => Self::Declined,
            Expectation::Return | Expectation::Keep | Expectation::Decide => Self::Unconfirmed,
        }
    }
}

#[cfg(test)]
mod tests;
