//! The life of an incoming payment.
//!
//! ```text
//! Seen ──held──▶ Held ──accept──▶ Accepting ──settled──▶ Settled
//!   │              │                  └────returned────▶ Returned (too late)
//!   │              ├──refuse──▶ Refunding ──returned──▶ Returned
//!   │              │                  └─────settled────▶ Settled (elsewhere)
//!   │              └── settled / returned by the node's own word
//!   └── settled on arrival: Settled · returned before it was seen: Returned
//! ```
//! The node's word wins over every wish.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Carrier, Msat, NodeId, PaymentHash, Preimage, Timestamp};

/// Where an incoming payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum HoldState {
    /// The node announced it; its records are not stored yet.
    Seen,
    /// The node holds it and waits for a decision.
    Held,
    /// The decision to accept is stored and is being carried out.
    Accepting,
    /// The decision to refuse is stored and is being carried out.
    Refunding,
    /// The sats are the user's.
    Settled,
    /// The sats went back to the sender.
    Returned,
}

/// What can happen to an incoming payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldEvent {
    /// The node holds it.
    Held,
    /// The user or the policy accepts it.
    Accept,
    /// The user or the policy refuses it.
    Refuse,
    /// The node has settled it.
    Settled,
    /// The node has returned it.
    Returned,
}

impl HoldState {
    /// The only way an incoming payment changes. `None`: the event changes nothing (a second click, a double).
    #[must_use]
    pub const fn step(self, event: HoldEvent) -> Option<Self> {
        use HoldEvent as E;
        Some(match (self, event) {
            (Self::Seen, E::Held) => Self::Held,
            (Self::Held, E::Accept) => Self::Accepting,
            (Self::Held, E::Refuse) => Self::Refunding,
            (Self::Seen | Self::Held | Self::Accepting | Self::Refunding, E::Settled) => {
                Self::Settled
            }
            (Self::Seen | Self::Held | Self::Accepting | Self::Refunding, E::Returned) => {
                Self::Returned
            }
            _ => return None,
        })
    }

    /// Whether the node has said its last word.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Settled | Self::Returned)
    }
}

/// Who decided, or what took the decision away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Decision {
    /// The user.
    Person,
    /// The rules that the user set.
    Policy,
    /// Nobody before the deadline.
    Deadline,
    /// The node settles on arrival: there was nothing to decide.
    Arrival,
    /// The node's word was another one than the wish, or came before it.
    Node,
}

/// An incoming payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingPayment {
    /// Identity: the hash that was paid, unless `within` says which.
    pub hash: PaymentHash,
    /// The invoice that it is one of several payments to: a later one to the hash of a keysend, or one with AMP.
    pub within: Option<PaymentHash>,
    /// What settles it.
    pub preimage: Preimage,
    /// By a keysend, or to an invoice of ours.
    pub carrier: Carrier,
    /// What it brings, postage included.
    pub amount: Msat,
    /// Over which channel of ours its first HTLC came; `None` when that was not told.
    pub channel: Option<u64>,
    /// Custom records of its first HTLC, as received; empty while only seen.
    pub records: Vec<(u64, Vec<u8>)>,
    /// Where it is.
    pub state: HoldState,
    /// Who decided; `None` while undecided.
    pub decision: Option<Decision>,
    /// Until when it can be decided; `None` when it was never held.
    pub deadline: Option<Timestamp>,
    /// When the node got it.
    pub arrived_at: Timestamp,
}

impl IncomingPayment {
    /// The hash that was paid: what a letter under it is bound to.
    #[must_use]
    pub fn paid_hash(&self) -> PaymentHash {
        self.within.unwrap_or(self.hash)
    }
}

/// An undecided payment is refused this long before the node would do it, so that it is told here why.
const MARGIN: Duration = Duration::from_secs(10);

/// Until when a held payment can be decided, of which the node got hold at `arrived_at` and which it returns at
/// `deadline`: ten seconds before that, or a third of the time where it is short.
#[must_use]
pub fn last_moment(arrived_at: Timestamp, deadline: Timestamp) -> Timestamp {
    let third = arrived_at
        .until(deadline)
        .checked_div(3)
        .unwrap_or_default();
    deadline.minus(MARGIN.min(third))
}

/// What a letter claims to pay back, compared with our own books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundClaim {
    /// The verified sender of the letter.
    pub from: NodeId,
    /// The payment that it says it pays back.
    pub of: PaymentHash,
    /// What it brings.
    pub amount: Msat,
}

/// Our own record of the payment that a refund names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidBefore {
    /// Whom we paid.
    pub to: NodeId,
    /// How much they got.
    pub amount: Msat,
    /// Whether it settled.
    pub settled: bool,
    /// Whether a refund of it has been taken already.
    pub refunded: bool,
    /// Whether it was a refund itself.
    pub is_refund: bool,
}

impl RefundClaim {
    /// Whether this is an honest refund of a payment that we made to its sender.
    #[must_use]
    pub fn is_honest(&self, paid: Option<&PaidBefore>) -> bool {
        paid.is_some_and(|paid| {
            paid.to == self.from
                && paid.settled
                && !paid.refunded
                && !paid.is_refund
                && self.amount <= paid.amount
        })
    }
}

#[cfg(test)]
mod tests;
