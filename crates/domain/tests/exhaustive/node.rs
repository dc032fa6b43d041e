//! What the node and the recipient know of each try.

use heliograph_domain::resume::Known;

/// Tries that the model follows. A rule that wants more of them has left the model.
pub(crate) const TRIES: usize = 3;

/// One payment hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Try {
    /// What our node answers when it is asked.
    pub(crate) known: Known,
    /// The recipient has refused it once. Its invoice is canceled for good: whatever comes later is refused as well.
    pub(crate) spent: bool,
}

/// Our node, and what the recipient got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) tries: [Try; TRIES],
    /// How many times it was paid, by whatever hash.
    pub(crate) paid: u8,
}

/// How a payment ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Settled,
    Refused,
    Failed,
}

impl Node {
    pub(crate) const fn new() -> Self {
        let unknown = Try {
            known: Known::Unknown,
            spent: false,
        };
        Self {
            tries: [unknown; TRIES],
            paid: 0,
        }
    }

    /// The app hands a payment over. A hash that is in flight or settled is not paid again.
    pub(crate) fn take(&mut self, number: usize) {
        let one = &mut self.tries[number];
        if !matches!(one.known, Known::InFlight | Known::Settled) {
            one.known = Known::InFlight;
        }
    }

    /// What is in flight ends in one of these ways.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (usize, End, Self)> + '_ {
        let flying = (0..TRIES).filter(|number| self.tries[*number].known == Known::InFlight);
        flying.flat_map(move |number| {
            let all = [End::Settled, End::Refused, End::Failed];
            let possible = all
                .into_iter()
                .filter(move |end| !(matches!(end, End::Settled) && self.tries[number].spent));
            possible.map(move |end| (number, end, self.after(number, end)))
        })
    }

    fn after(&self, number: usize, end: End) -> Self {
        let mut node = *self;
        let one = &mut node.tries[number];
        match end {
            End::Settled => {
                one.known = Known::Settled;
                node.paid += 1;
            }
            End::Refused => {
                one.known = Known::Refused;
                one.spent = true;
            }
            End::Failed => one.known = Known::Failed,
        }
        node
    }

    /// The owner deletes the list of payments: what is over is not known any more, and the recipient has it all the same.
    pub(crate) fn delete_payments(&mut self) {
        for one in &mut self.tries {
            if one.known != Known::InFlight {
                one.known = Known::Unknown;
            }
        }
    }
}
