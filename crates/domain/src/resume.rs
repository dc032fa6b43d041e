//! Whether a payment leaves, and under which payment hash. Nothing is paid twice, whatever is copied back.
//!
//! A payment has a list of payment hashes, one for each *try*, counted from 0. They are derived from a secret and from
//! what is paid, so every copy of a database derives the same ones, and the node, which never pays one hash twice, knows
//! what another copy did. **Money keeps its hash until the recipient has refused it**: a node accepts a hash again whose
//! payment failed, but what a recipient has refused stays refused there. Only then the try counts up.
//!
//! ```text
//! what the node knows of any try          then
//!   settled                               it is done: this is the outcome
//!   in flight                             it is followed
//!   nothing that stands in the way        newest try that is stored:
//!                                           none, or not handed over    ordered in this run: send it · else ask the user
//!                                           handed over, node unknown   money: ask the user · words: send the next one
//!                                           handed over, failed there   that is the outcome
//!                                           failed, the user wants more send it again, same hash
//!                                           refused                     send the next one
//! ```
//! Money that is found in the database, and not ordered in this run, never leaves by itself: the node's word on it is taken,
//! or the user is asked. `tests/exhaustive` tries out every state.
//!
//! Words with their postage may arrive twice, as their recipient knows them by their id: each of their attempts takes the
//! next try, and the node is asked for the open one only. What may have left and is unknown to the node is followed by the
//! next try: should both be paid, both are in the books.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::AttemptState;

/// The node is asked for so many tries beyond the newest one that is known: another copy of the database may be ahead.
pub const TRIES_AHEAD: u32 = 16;

/// Money leaves so long after the user's command at the latest; then it has failed.
pub const MONEY_LEAVES_WITHIN: Duration = Duration::from_secs(10 * 60);

/// What would be lost if it were paid twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stake {
    /// Words, and the postage under them.
    Words,
    /// A payment or a pay-back.
    Money,
}

/// Since when this program knows that the user wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ordered {
    /// The user said so to this very process: no older copy knows of it.
    ThisRun,
    /// It was found in the database: another copy may have carried it out already.
    EarlierRun,
}

/// What the node says of the payment hash of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known {
    /// Nothing: it never heard of it, or deleted it.
    Unknown,
    /// It may still be paid.
    InFlight,
    /// It is paid.
    Settled,
    /// The recipient refused it. The hash is spent.
    Refused,
    /// It did not get there. The hash may be paid again.
    Failed,
}

/// All that counts for the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case<'a> {
    /// What is at stake.
    pub stake: Stake,
    /// Whose wish it is.
    pub ordered: Ordered,
    /// The tries that this database has stored. [`AttemptState::Prepared`]: not handed to the node.
    /// [`AttemptState::Sent`]: stored before the call that hands it over, so it may have left.
    /// [`AttemptState::Forgotten`]: the user was asked about it.
    pub stored: &'a BTreeMap<u32, AttemptState>,
    /// What the node has answered. What was not asked is unknown.
    pub known: &'a BTreeMap<u32, Known>,
    /// Whether the time is over within which it was to leave ([`MONEY_LEAVES_WITHIN`]).
    pub expired: bool,
    /// Whether it may have been paid under a hash that is none of these: that of an invoice, or one of another program
    /// that derives from another secret.
    pub unseen: bool,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// This try is stored as handed over, then given to the node.
    Send(u32),
    /// The node has it: its outcome is waited for.
    Follow(u32),
    /// What the node says of this try is the outcome.
    Done(u32),
    /// This try is stored as one that the user was asked about. If the user wants it, it is sent.
    Ask(u32),
    /// It is too late. Nothing was paid.
    Fail,
}

/// The last try that the node is to be asked for: every answer may move it.
#[must_use]
pub fn last_to_ask(stored: &BTreeMap<u32, AttemptState>, known: &BTreeMap<u32, Known>) -> u32 {
    newest(stored, known).map_or(TRIES_AHEAD, |newest| newest.saturating_add(TRIES_AHEAD))
}

/// The newest try that anybody has made.
fn newest(stored: &BTreeMap<u32, AttemptState>, known: &BTreeMap<u32, Known>) -> Option<u32> {
    let heard = known
        .iter()
        .rev()
        .find(|(_, known)| **known != Known::Unknown);
    let stored = stored.keys().next_back();
    stored.max(heard.map(|(number, _)| number)).copied()
}

impl Case<'_> {
    /// The one rule. The node must have been asked for all tries up to [`last_to_ask`], but for words, and for money that
    /// the user has ordered in this run and of which no try was handed over.
    #[must_use]
    pub fn next(&self) -> Action {
        match self.stake {
            Stake::Words => self.words(),
            Stake::Money => self.money(),
        }
    }

    fn words(&self) -> Action {
        let Some((&number, state)) = self.stored.last_key_value() else {
            return Action::Send(0);
        };
        match (state, self.known(number)) {
            (AttemptState::Prepared, Known::Unknown) if self.ordered == Ordered::ThisRun => {
                Action::Send(number)
            }
            (AttemptState::Prepared | AttemptState::Sent, Known::Unknown) => {
                Action::Send(number.saturating_add(1))
            }
            (AttemptState::Prepared | AttemptState::Sent, Known::InFlight) => {
                Action::Follow(number)
            }
            (AttemptState::Prepared | AttemptState::Sent, _) => Action::Done(number),
            _ => Action::Send(number.saturating_add(1)),
        }
    }

    fn money(&self) -> Action {
        if let Some(number) = self.first_known(Known::Settled) {
            return Action::Done(number);
        }
        if let Some(number) = self.first_stored(AttemptState::Settled) {
            return Action::Done(number);
        }
        if let Some(number) = self.first_known(Known::InFlight) {
            return Action::Follow(number);
        }
        // Nothing of it is under way, unless the node has forgotten it.
        if let Some(number) = self.first_stored(AttemptState::Sent) {
            return match self.known(number) {
                Known::Unknown => Action::Ask(number),
                _ => Action::Done(number),
            };
        }
        let Some(number) = newest(self.stored, self.known) else {
            return self.send(0);
        };
        let stored = self.stored.get(&number).copied();
        match (stored, self.known(number)) {
            (Some(AttemptState::Refused), _) => self.send(number.saturating_add(1)),
            // A copy of the database has offered it before, and the recipient said no.
            (_, Known::Refused) if self.ordered == Ordered::EarlierRun => Action::Done(number),
            (_, Known::Refused) => self.send(number.saturating_add(1)),
            (Some(AttemptState::Forgotten), _) if self.expired => Action::Ask(number),
            _ => self.send(number),
        }
    }

    fn send(&self, number: u32) -> Action {
        if self.expired {
            return Action::Fail;
        }
        // Another copy of the database may have paid it, and the node's list of payments may have been deleted since.
        if self.ordered == Ordered::EarlierRun {
            return Action::Ask(number);
        }
        // The user answers by ordering it again.
        if self.unseen && self.stored.is_empty() {
            return Action::Ask(number);
        }
        Action::Send(number)
    }

    fn known(&self, number: u32) -> Known {
        self.known.get(&number).copied().unwrap_or(Known::Unknown)
    }

    fn first_known(&self, wanted: Known) -> Option<u32> {
        let mut all = self.known.iter();
        all.find(|(_, known)| **known == wanted)
            .map(|(number, _)| *number)
    }

    fn first_stored(&self, wanted: AttemptState) -> Option<u32> {
        let mut all = self.stored.iter();
        all.find(|(_, state)| **state == wanted)
            .map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests;
