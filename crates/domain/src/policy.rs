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
    /// Whether its sender may leave one more message here.
    pub room: Room,
    /// Whether it may wait for a decision.
    pub holds: HoldRoom,
}

/// Whether a sender may leave one more message ([`StrangerCaps`]; for a contact, whether they send more than anybody reads).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Yes.
    Free,
    /// This sender has left as much as one may.
    SenderFull,
}

/// Whether one more payment of a stranger, or of nobody, may wait for a decision ([`HoldCaps`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldRoom {
    /// Yes.
    Free,
    /// Yes, and the smallest that waits goes back for it: of its channel, or of all.
    InsteadOf(Crowd),
    /// No: it goes back at once.
    Full,
}

/// Among which payments the smallest goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Those that came over the same channel.
    Channel,
    /// All.
    All,
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

/// What a first message must bring to count as at stake, until the user can set a price for strangers.
pub const WORTH_A_LOOK: Msat = Msat::new(1_000_000);

/// How much strangers may leave here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrangerCaps {
    /// Messages of one sender, in whatever form they come.
    pub messages: u32,
    /// Bytes of one sender's records.
    pub bytes: u64,
    /// Senders with something at stake. Of more the one with the smallest sum goes.
    pub requests: u32,
    /// Senders with nothing at stake. Of more the oldest goes.
    pub free_requests: u32,
    /// Messages in all that nobody has signed. Of more the smallest goes, and of those the oldest.
    pub unsigned: u32,
    /// What is at stake: settled by a sender whom gossip knows, or at least so much, settled or held.
    pub worth: Msat,
}

impl Default for StrangerCaps {
    fn default() -> Self {
        Self {
            messages: 20,
            bytes: 65_536,
            requests: 1_000,
            free_requests: 100,
            unsigned: 1_000,
            worth: WORTH_A_LOOK,
        }
    }
}

/// How many payments of strangers and of nobody may wait for a decision. A channel has 483 places, and whoever fills them
/// locks everybody out; so what goes beyond goes back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldCaps {
    /// Of one sender.
    pub of_sender: u32,
    /// Of what cannot be opened.
    pub unopenable: u32,
    /// Over one channel.
    pub in_channel: u32,
    /// In all.
    pub in_all: u32,
    /// Who brings so much takes the place of the smallest, if that is not larger.
    pub worth: Msat,
}

impl Default for HoldCaps {
    fn default() -> Self {
        Self {
            of_sender: 3,
            unopenable: 4,
            in_channel: 30,
            in_all: 60,
            worth: WORTH_A_LOOK,
        }
    }
}

/// What waits for a decision already, of strangers and of nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldUsage {
    /// Of the same sender; zero where nobody proved who they are.
    pub of_sender: u32,
    /// Of what cannot be opened.
    pub unopenable: u32,
    /// Over the same channel, and the smallest of them.
    pub in_channel: (u32, Msat),
    /// In all, and the smallest of them.
    pub in_all: (u32, Msat),
}

impl HoldCaps {
    /// Whether one more of this amount may wait.
    #[must_use]
    pub fn room(&self, usage: &HoldUsage, content: Content, amount: Msat) -> HoldRoom {
        if usage.of_sender >= self.of_sender
            || (content == Content::Sealed && usage.unopenable >= self.unopenable)
        {
            return HoldRoom::Full;
        }
        let crowded = |(count, smallest): (u32, Msat), cap, crowd| {
            (count >= cap).then_some((smallest, crowd))
        };
        // Who goes from a full channel makes room among all as well.
        let full = crowded(usage.in_channel, self.in_channel, Crowd::Channel)
            .or_else(|| crowded(usage.in_all, self.in_all, Crowd::All));
        match full {
            None => HoldRoom::Free,
            Some((smallest, crowd)) if amount >= self.worth && amount >= smallest => {
                HoldRoom::InsteadOf(crowd)
            }
            Some(_) => HoldRoom::Full,
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

/// Why; it is stored with the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The user blocked the sender.
    Blocked,
    /// It is stored already.
    Double,
    /// Postage that is to come back.
    Postage,
    /// It pays a payment of ours back.
    Refund,
    /// Postage that is owed to us.
    OwedPostage,
    /// The user accepts so much of this contact.
    WithinLimit,
    /// Readable text with a small amount.
    Readable,
    /// For other programs of this node.
    OtherProgram,
    /// The person decides.
    Person,
    /// The sender has left as much as one may.
    SenderFull,
    /// Too many payments of strangers wait.
    HoldsFull,
}

/// The decision on a payment.
#[must_use]
pub fn decide(rules: &Rules, incoming: &Incoming) -> (Verdict, Reason) {
    let stranger = incoming.trust == Trust::Request;
    if incoming.trust == Trust::Blocked {
        return (Verdict::RefuseUnread, Reason::Blocked);
    }
    let (verdict, reason) = match incoming.content {
        Content::Double => (Verdict::Refuse, Reason::Double),
        Content::Letter(Expectation::Return) => (Verdict::Refuse, Reason::Postage),
        // What is owed is decided by the books, not by trust.
        Content::Refund { honest: true } => return (Verdict::Accept, Reason::Refund),
        Content::OwedPostage => return (Verdict::Accept, Reason::OwedPostage),
        Content::Letter(Expectation::Decide | Expectation::Keep)
            if !stranger && incoming.amount <= incoming.accept_up_to =>
        {
            (Verdict::Accept, Reason::WithinLimit)
        }
        Content::Readable if incoming.amount <= rules.accept_readable_up_to => {
            (Verdict::Accept, Reason::Readable)
        }
        Content::Bare if rules.accept_bare => (Verdict::Accept, Reason::OtherProgram),
        _ => (Verdict::Ask, Reason::Person),
    };
    if incoming.room == Room::SenderFull {
        return (Verdict::RefuseUnread, Reason::SenderFull);
    }
    if stranger && verdict == Verdict::Ask && incoming.holds == HoldRoom::Full {
        return (Verdict::RefuseUnread, Reason::HoldsFull);
    }
    (verdict, reason)
}

#[cfg(test)]
mod tests;
