//! Accept, refuse or ask: what happens to an incoming payment that the node holds.

use crate::{Expectation, Msat, Trust};

/// What came with the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A letter that opened.
    Letter(Expectation),
    /// A letter of a known contact whose postage is owed to us by our own books.
    OwedPostage,
    /// A letter that says it pays a payment of ours back.
    Refund {
        /// Whether our own books agree ([`crate::RefundClaim::is_honest`]).
        honest: bool,
    },
    /// Text of another program.
    Readable,
    /// Neither text nor letter.
    Bare,
    /// A letter that cannot be opened.
    Sealed,
    /// A message that is stored already, in another attempt.
    Double,
}

/// An incoming held payment, as far as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// What came.
    pub content: Content,
    /// How much.
    pub amount: Msat,
    /// Who; [`Trust::Request`] for strangers and for unsigned text.
    pub trust: Trust,
    /// The contact's limit for accepting without asking.
    pub accept_up_to: Msat,
    /// Whether there is room for what strangers leave here.
    pub room: Room,
}

/// Whether there is room for one more of a stranger ([`StrangerCaps`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Free,
    /// This sender has left as much as one may, or there are too many senders.
    SenderFull,
    /// There are as many unsigned messages as there may be for nothing.
    UnsignedFull,
    /// There are so many that more of them are taken only with what is kept at once.
    UnsignedCrowded,
}

/// The most that a letter can bring as postage: channels ask for less.
pub const MOST_POSTAGE: Msat = Msat::new(10_000);

/// What a payment is, whatever its letter says: more than carrying a letter ever costs is meant for the person, and where
/// nothing is paid there is nothing to keep or to decide on.
#[must_use]
pub fn weigh(wish: Expectation, amount: Msat) -> Expectation {
    if amount.is_zero() {
        Expectation::Return
    } else if wish == Expectation::Return && amount > MOST_POSTAGE {
        Expectation::Decide
    } else {
        wish
    }
}

/// The user's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Accept keysends without text and letter: they are for other programs of this node.
    pub accept_bare: bool,
    /// Readable text up to this is accepted, as its sender's program takes a refusal for a failure.
    pub accept_readable_up_to: Msat,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            accept_bare: true,
            accept_readable_up_to: Msat::new(10_000),
        }
    }
}

/// How much strangers may leave here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrangerCaps {
    /// Messages of one sender.
    pub messages: u32,
    /// Bytes of one sender's records.
    pub bytes: u64,
    /// Senders in all.
    pub requests: u32,
    /// Messages in all that nobody has signed. They have no cap for each sender: names can be invented.
    pub unsigned: u32,
    /// The same, where they bring money to decide on: it goes back to whoever takes no decision, and the words would stay.
    pub unsigned_with_money: u32,
}

impl Default for StrangerCaps {
    fn default() -> Self {
        Self {
            messages: 20,
            bytes: 65_536,
            requests: 1_000,
            unsigned: 1_000,
            unsigned_with_money: 10_000,
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Store, then settle.
    Accept,
    /// Store, then return: the sender pays nothing.
    Refuse,
    /// Return without storing the content.
    RefuseUnread,
    /// Store, and let the user decide.
    Ask,
}

/// The decision on a held payment.
#[must_use]
pub fn decide(rules: &Rules, incoming: &Incoming) -> Verdict {
    let stranger = incoming.trust == Trust::Request;
    if incoming.trust == Trust::Blocked {
        return Verdict::RefuseUnread;
    }
    let verdict = match incoming.content {
        Content::Double | Content::Letter(Expectation::Return) => Verdict::Refuse,
        Content::Refund { honest: true } | Content::OwedPostage => Verdict::Accept,
        Content::Letter(Expectation::Decide | Expectation::Keep)
            if !stranger && incoming.amount <= incoming.accept_up_to =>
        {
            Verdict::Accept
        }
        Content::Readable if incoming.amount <= rules.accept_readable_up_to => Verdict::Accept,
        Content::Bare if rules.accept_bare => Verdict::Accept,
        _ => Verdict::Ask,
    };
    let refused = match incoming.room {
        Room::Free => false,
        // Whoever pays for the place may leave more.
        Room::SenderFull => stranger && verdict != Verdict::Accept,
        // What is let through to other programs takes no room.
        Room::UnsignedFull | Room::UnsignedCrowded => {
            let passes = incoming.content == Content::Bare && verdict == Verdict::Accept;
            let undecided = incoming.room == Room::UnsignedCrowded && verdict != Verdict::Accept;
            stranger && (undecided || (incoming.amount <= Msat::SAT && !passes))
        }
    };
    if refused {
        Verdict::RefuseUnread
    } else {
        verdict
    }
}

#[cfg(test)]
mod tests;
