//! Time as the engine reckons with it: by our clock, by the node's, and which of the two is believed.
//!
//! The node's clock is read off invoices that it makes for us: it made them between our question and its answer. From then on
//! it is reckoned with a steady clock, so that nothing happens when somebody sets the computer's clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Condition, Timestamp, WrongClock};

use crate::clock::Clock;
use crate::health::Health;

/// So far apart the two clocks may be without any consequence: times of invoices have whole seconds, and answers take time.
const AGREE: Duration = Duration::from_secs(10);
/// From so much on the user is told.
const TOLD: Duration = Duration::from_secs(60);
/// The time of a block may be so much ahead of the real one.
const HEADER: Duration = Duration::from_secs(2 * 60 * 60);

/// What the engine knows of the time. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Time {
    ours: Arc<dyn Clock>,
    known: Arc<Mutex<Known>>,
    health: Health,
}

#[derive(Default)]
struct Known {
    /// What the node's clock showed when our clocks showed this.
    node: Option<Moment>,
    /// Of the newest block that the node knows.
    header: Option<Timestamp>,
    /// The node's clock cannot be read: ours has to do.
    unreadable: bool,
    /// A clock seems to have been set since the node's was read.
    doubted: bool,
}

#[derive(Clone, Copy)]
struct Moment {
    node: Timestamp,
    ours: Timestamp,
    steady: Duration,
}

impl Time {
    pub(crate) fn new(ours: Arc<dyn Clock>, health: Health) -> Self {
        Self {
            ours,
            known: Arc::default(),
            health,
        }
    }

    /// The time by the node's clock, which decides when invoices and holds end; by ours while nothing is known of the node's.
    pub(crate) fn node(&self) -> Timestamp {
        let ours = self.ours.now();
        self.known().node(self.ours.steady()).unwrap_or(ours)
    }

    /// The same; `None` while the node's clock may still be read.
    pub(crate) fn node_for_sure(&self) -> Option<Timestamp> {
        let ours = self.ours.now();
        let known = self.known();
        let node = known.node(self.ours.steady());
        node.or_else(|| known.unreadable.then_some(ours))
    }

    /// The macaroon or the node does not let us read its clock.
    pub(crate) fn cannot_be_read(&self) {
        self.known().unreadable = true;
    }

    /// The node tells of something that it has made just now, at this moment by its own clock.
    pub(crate) fn made_now(&self, at: Timestamp) {
        let mut known = self.known();
        let Some(node) = known.node(self.ours.steady()) else {
            return;
        };
        known.doubted |= apart(node, at) >= TOLD;
    }

    /// Whether the node's clock should be read again, because of what it has told since.
    pub(crate) fn take_doubt(&self) -> bool {
        std::mem::take(&mut self.known().doubted)
    }

    /// The earlier one of the two: for what is thrown away because it is old.
    pub(crate) fn earliest(&self) -> Timestamp {
        self.node().min(self.ours.now())
    }

    /// The node has just done something at `told`, by its own clock in whole seconds. So much its clock shows at least: what
    /// is counted from here never comes too early.
    pub(crate) fn observe(&self, told: Timestamp) {
        let moment = Moment {
            node: told,
            ours: self.ours.now(),
            steady: self.ours.steady(),
        };
        self.known().node = Some(moment);
        self.tell();
    }

    /// The time of the newest block. It says only that it is not much earlier.
    pub(crate) fn block(&self, header: Timestamp) {
        let mut known = self.known();
        known.header = known.header.max(Some(header));
    }

    /// Tells whether the clocks agree. They are compared now and then: a clock may be set while we run.
    pub(crate) fn tell(&self) {
        let ours = self.ours.now();
        let (node, wrong) = {
            let mut known = self.known();
            let steady = self.ours.steady();
            known.doubted |= known.has_jumped(ours, steady);
            let node = known.node(steady);
            (node, node.map(|node| known.wrong(ours, node)))
        };
        match (node, wrong) {
            (Some(node), Some(wrong)) if apart(ours, node) >= TOLD => {
                let skew_ms = ours.0.saturating_sub(node.0);
                self.health.set(Condition::ClockOff { skew_ms, wrong });
            }
            _ => self
                .health
                .clear(|condition| matches!(condition, Condition::ClockOff { .. })),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Time {
    /// The time that is believed: ours, unless the node's differs and nothing says that it is the node's that is wrong.
    fn now(&self) -> Timestamp {
        let ours = self.ours.now();
        let known = self.known();
        match known.node(self.ours.steady()) {
            Some(node) if apart(ours, node) > AGREE => match known.wrong(ours, node) {
                WrongClock::Node => ours,
                WrongClock::Computer | WrongClock::Unknown => node,
            },
            Some(_) => ours,
            // Behind the blocks it is certainly wrong.
            None => known
                .header
                .filter(|header| ours < header.minus(HEADER))
                .unwrap_or(ours),
        }
    }

    fn steady(&self) -> Duration {
        self.ours.steady()
    }
}

impl Known {
    fn node(&self, steady: Duration) -> Option<Timestamp> {
        let moment = self.node?;
        Some(moment.node.plus(steady.saturating_sub(moment.steady)))
    }

    /// Our clock went another way than the steady one since the node's was read: it was set, or the computer slept.
    fn has_jumped(&self, ours: Timestamp, steady: Duration) -> bool {
        self.node.is_some_and(|moment| {
            let passed = steady.saturating_sub(moment.steady);
            apart(ours, moment.ours.plus(passed)) >= TOLD
        })
    }

    /// Which of the two cannot be right: no block is made in the future.
    fn wrong(&self, ours: Timestamp, node: Timestamp) -> WrongClock {
        let Some(earliest) = self.header.map(|header| header.minus(HEADER)) else {
            return WrongClock::Unknown;
        };
        match (ours < earliest, node < earliest) {
            (true, false) => WrongClock::Computer,
            (false, true) => WrongClock::Node,
            _ => WrongClock::Unknown,
        }
    }
}

fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.until(other).max(other.until(one))
}

#[cfg(test)]
mod tests;
