//! One node of the network, as a test holds it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::{Msat, NodeId};

use super::Shared;
use super::books::EndedBy;
use super::state::NodeState;

/// A node. Clones are the same node. It is also what its app sees: a [`crate::Lightning`].
#[derive(Clone)]
pub struct SimNode {
    pub(super) shared: Arc<Shared>,
    pub(super) me: usize,
}

impl fmt::Debug for SimNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimNode({})", self.shared.lock().nodes[self.me].alias)
    }
}

impl SimNode {
    /// Who it is.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.with(|node| node.id)
    }

    /// Whether it takes keysends at all (`accept-keysend`).
    pub fn set_keysend(&self, on: bool) {
        self.with(|node| node.settings.keysend = on);
    }

    /// Whether it knows onion messages. Without, it is as an LND before 0.21: it announces no such thing, drops them, and
    /// its app hears that there is no such method.
    pub fn set_onion(&self, on: bool) {
        self.with(|node| node.settings.onion = on);
    }

    /// How long it holds keysends (`keysend-hold-time`); zero settles on arrival.
    pub fn set_hold(&self, time: Duration) {
        self.with(|node| node.settings.hold = time);
    }

    /// How long it holds keysends.
    #[must_use]
    pub fn hold(&self) -> Duration {
        self.with(|node| node.settings.hold)
    }

    /// Whether the app's macaroon lets it make invoices.
    pub fn set_issues(&self, on: bool) {
        self.with(|node| node.settings.issues = on);
    }

    /// Whether it announces itself in gossip.
    pub fn set_announced(&self, on: bool) {
        self.with(|node| node.settings.announced = on);
    }

    /// Whether it deletes canceled invoices (`gc-canceled-invoices-on-the-fly`).
    pub fn set_deletes_canceled(&self, on: bool) {
        self.with(|node| node.settings.deletes_canceled = on);
    }

    /// What it asks for forwarding: so much, and so many millionths of the amount. It tells the others.
    pub fn set_fees(&self, base: Msat, ppm: u64) {
        self.with(|node| {
            node.settings.base_fee = base;
            node.settings.fee_ppm = ppm;
        });
        self.shared.lock().gossip(&[self.me]);
    }

    /// Its clock shows so many milliseconds more than the network's, or less, from now on. What it has written down stays.
    pub fn set_clock_ahead(&self, millis: i64) {
        self.with(|node| node.clock_ahead = millis);
    }

    /// Stops it: calls fail, streams end, payments wait, hold timers are forgotten.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        state.tell_of_node(self.me, false);
        let node = &mut state.nodes[self.me];
        node.run(false);
        node.break_streams();
    }

    /// Starts it again, from its disk.
    pub fn start(&self) {
        let mut state = self.shared.lock();
        let node = &mut state.nodes[self.me];
        node.runs = node.runs.saturating_add(1);
        let was_running = node.run(true);
        state.return_expiring(self.me);
        if !was_running {
            state.tell_of_node(self.me, true);
            state.gossip(&[self.me]);
        }
    }

    /// Whether it is up.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.with(|node| node.is_running())
    }

    /// Makes an invoice of another kind, for another program: it takes a place in the list and is never told.
    pub fn add_other_invoice(&self) {
        self.with(|node| node.invoices.add_other());
    }

    /// Deletes what it knows of its payments, as an owner may. Those on their way stay: LND deletes no others.
    pub fn delete_payments(&self) {
        self.with(|node| node.payments.retain(|_, payment| !payment.last.is_final()));
    }

    /// Restores it from its seed while it is stopped. Its channels and their money are what they were, as if its owner had
    /// opened them anew; what it held has gone back. Its list of invoices begins at 1 again, and it knows no payments: those
    /// on their way find their end, and it does not tell.
    pub fn restore(&self) {
        let mut state = self.shared.lock();
        let pending: Vec<_> = {
            let invoices = state.nodes[self.me].invoices.by_index.values();
            let pending = invoices.filter(|invoice| invoice.is_pending());
            pending.map(|invoice| invoice.facts.hash).collect()
        };
        for hash in pending {
            // It is pending, so it can be canceled.
            let _ = state.cancel(self.me, hash, EndedBy::Restore);
        }
        let node = &mut state.nodes[self.me];
        node.invoices.erase();
        node.payments.clear();
        node.failed_pairs.clear();
    }

    /// From now on every answer comes so late; what was asked for is done at once.
    pub fn delay_answers(&self, delay: Duration) {
        self.with(|node| node.faults.delay = delay);
    }

    /// The next call does its work, and the connection breaks before the answer.
    pub fn lose_next_answer(&self) {
        self.with(|node| node.faults.lose_answer = true);
    }

    /// The connection breaks just before the next event of any stream: nobody is told of it.
    pub fn lose_next_event(&self) {
        self.with(|node| node.faults.lose_event = true);
    }

    /// Breaks all streams now; the node runs on.
    pub fn break_streams(&self) {
        self.with(NodeState::break_streams);
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut NodeState) -> T) -> T {
        work(&mut self.shared.lock().nodes[self.me])
    }
}
