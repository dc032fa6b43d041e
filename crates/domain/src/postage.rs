//! Postage that stayed where it went, and goes back with the next message.

use crate::{Expectation, MOST_POSTAGE, Msat, Program};

/// What two nodes have kept of each other's postage, as the books of one of them say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostageBalance {
    /// Theirs that stayed here.
    pub received: Msat,
    /// Ours that stayed there.
    pub sent: Msat,
    /// Ours that is on its way: it may stay there.
    pub going: Msat,
    /// Ours whose end the node has forgotten: it may have stayed there.
    pub lost: Msat,
    /// Theirs that is held here and is being accepted.
    pub coming: Msat,
}

/// What the books say of postage that is said to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// It is ours that comes back.
    Yes,
    /// It may be: something else has to end first.
    Perhaps,
    /// They do not owe that much.
    No,
}

/// What a message carries that travels by a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Postage {
    /// A satoshi at least: channels do not forward less.
    pub amount: Msat,
    /// What is asked of the recipient's node: `Return`, or `Keep` where it would give back what is owed to it.
    pub expectation: Expectation,
    /// How much of the amount pays a debt.
    pub owed: Msat,
}

impl Postage {
    /// A satoshi that is to come back.
    pub const PLAIN: Self = Self {
        amount: Msat::SAT,
        expectation: Expectation::Return,
        owed: Msat::ZERO,
    };
}

impl PostageBalance {
    /// What we owe them. What is on its way, or may have stayed there, counts as paid, so that a debt is never paid twice.
    #[must_use]
    pub fn we_owe(&self) -> Msat {
        beyond(&[self.received], &[self.sent, self.going, self.lost])
    }

    /// What they owe us for certain.
    #[must_use]
    pub fn they_owe(&self) -> Msat {
        beyond(&[self.sent], &[self.received, self.coming])
    }

    /// Whether so much of theirs pays back postage of ours. They know better what stayed there of that whose end is not
    /// known here; what is being accepted may go back in the end.
    #[must_use]
    pub fn owed(&self, amount: Msat) -> Owed {
        let stayed = [self.sent, self.lost];
        let may_have_stayed = [self.sent, self.lost, self.going];
        if amount <= beyond(&stayed, &[self.received, self.coming]) {
            Owed::Yes
        } else if amount <= beyond(&may_have_stayed, &[self.received]) {
            Owed::Perhaps
        } else {
            Owed::No
        }
    }

    /// What the next message to them carries. Only programs that keep this balance too are paid back.
    #[must_use]
    pub fn next(&self, program: Program) -> Postage {
        let owed = self.we_owe().min(MOST_POSTAGE);
        let Program::Heliograph { hold_secs } = program else {
            return Postage::PLAIN;
        };
        // A node that holds gives back what it is asked to; for less than a satoshi it is not asked to keep one.
        let expectation = if hold_secs.is_some() && owed >= Msat::SAT {
            Expectation::Keep
        } else {
            Expectation::Return
        };
        Postage {
            amount: owed.max(Msat::SAT),
            expectation,
            owed: if hold_secs.is_some() && owed < Msat::SAT {
                Msat::ZERO
            } else {
                owed
            },
        }
    }
}

/// All of one side without all of the other; nothing when the other is more.
fn beyond(one: &[Msat], other: &[Msat]) -> Msat {
    let sum = |side: &[Msat]| Msat::checked_sum(side.iter().copied());
    sum(one)
        .zip(sum(other))
        .and_then(|(one, other)| one.checked_sub(other))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
