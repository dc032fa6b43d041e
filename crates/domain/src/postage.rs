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
    /// Theirs that is held here and is being accepted.
    pub coming: Msat,
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
    /// What we owe them. What is on its way counts as paid, so that a debt is never paid twice.
    #[must_use]
    pub fn we_owe(&self) -> Msat {
        beyond(self.received, self.sent, self.going)
    }

    /// What they owe us for certain.
    #[must_use]
    pub fn they_owe(&self) -> Msat {
        beyond(self.sent, self.received, self.coming)
    }

    /// What they owe us if everything that is on its way stays there.
    #[must_use]
    pub fn they_may_owe(&self) -> Msat {
        let sent = self.sent.checked_add(self.going).unwrap_or(self.sent);
        beyond(sent, self.received, self.coming)
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

/// `all` without the rest; nothing when the rest is more.
fn beyond(all: Msat, kept: Msat, pending: Msat) -> Msat {
    kept.checked_add(pending)
        .and_then(|rest| all.checked_sub(rest))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
