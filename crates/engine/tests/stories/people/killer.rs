//! A way to a node on which the app dies at a chosen call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lnd::{Lightning, LightningError};
use tokio::sync::Notify;

use super::gate::{Gate, Gated};

/// When the app dies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// Before the node hears of the call.
    Before,
    /// After the node has done it, before the app hears of it.
    After,
}

/// A node whose app dies at the chosen call.
pub(crate) type Killer<L> = Gated<L, Countdown>;

/// Counts the calls; at the chosen one the caller never gets an answer.
pub(crate) struct Countdown {
    calls: AtomicUsize,
    fatal: usize,
    moment: Moment,
    pub(crate) died: Arc<Notify>,
}

impl<L: Lightning> Killer<L> {
    pub(crate) fn new(node: L, fatal: usize, moment: Moment) -> Self {
        let gate = Countdown {
            calls: AtomicUsize::new(0),
            fatal,
            moment,
            died: Arc::default(),
        };
        Self { node, gate }
    }
}

impl Gate for Countdown {
    async fn pass<T: Send>(
        &self,
        _call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if number < self.fatal {
            return work.await;
        }
        // Nothing more leaves a dead app, and nothing more comes in.
        if number == self.fatal && matches!(self.moment, Moment::After) {
            let _done = work.await;
        }
        self.died.notify_one();
        std::future::pending().await
    }
}
