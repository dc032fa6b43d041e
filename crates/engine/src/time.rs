//! Time as the engine reckons with it: by our clock, by the node's, and which of the two is believed.
//!
//! The node's clock is read off invoices that it makes for us: it made them between our question and its answer. From then on
//! it is reckoned with a steady clock where there is one, so that nothing happens when somebody sets the computer's clock.

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
}

#[derive(Clone, Copy)]
struct Moment {
    node: Timestamp,
    ours: Timestamp,
    steady: Option<Duration>,
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
        self.known().node(ours, self.ours.steady()).unwrap_or(ours)
    }

    /// The earlier one of the two: for what is thrown away because it is old.
    pub(crate) fn earliest(&self) -> Timestamp {
        self.node().min(self.ours.now())
    }

    /// The node did something at `told`, by its own clock in whole seconds, while we waited for `took`.
    pub(crate) fn observe(&self, told: Timestamp, took: Duration) {
        let half = took.checked_div(2).unwrap_or_default();
        let node = told.plus(Duration::from_millis(500)).plus(half);
        let moment = Moment {
            node,
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
            let known = self.known();
            let node = known.node(ours, self.ours.steady());
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
        match known.node(ours, self.ours.steady()) {
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

    fn steady(&self) -> Option<Duration> {
        self.ours.steady()
    }
}

impl Known {
    fn node(&self, ours: Timestamp, steady: Option<Duration>) -> Option<Timestamp> {
        let moment = self.node?;
        Some(match (steady, moment.steady) {
            (Some(now), Some(then)) => moment.node.plus(now.saturating_sub(then)),
            _ => Timestamp(
                moment
                    .node
                    .0
                    .saturating_add(ours.0.saturating_sub(moment.ours.0)),
            ),
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
