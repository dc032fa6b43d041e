//! The connection actor: asks the node how it is, backs off when it does not answer, and tells why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{NodeId, Timestamp};
use lnd::{Lightning, LightningError, LinkFault, NodeInfo};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::feed::{Change, Feed};
use crate::watched::Watched;

/// How long a healthy link is believed without asking.
const PERIOD: Duration = Duration::from_secs(20);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first and the longest pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A node that has just started meets its neighbours first: for so long it is asked again every second, and nothing is
/// sent while none of its channels can be used.
const WARMING_UP: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(1));

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The first try is under way.
    Connecting,
    /// The node answers.
    Connected {
        /// As it last said.
        info: NodeInfo,
    },
    /// It does not.
    Waiting {
        /// Why.
        error: LightningError,
        /// It answers, and is another node than this profile's: nothing is sent or read.
        other_node: bool,
        /// When it is asked again.
        next_try: Timestamp,
    },
}

impl LinkState {
    /// Whether work can be given to the node.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }
}

/// The handle: state to watch, and a way to ask for a look now.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    state: watch::Sender<LinkState>,
    /// Whether payments have a way to leave.
    able: Arc<AtomicBool>,
    /// Set after every look at the node.
    looked: Watched<()>,
    poke: Arc<Notify>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            state: watch::Sender::new(LinkState::Connecting),
            able: Arc::default(),
            looked: Watched::default(),
            poke: Arc::default(),
        }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state.borrow().is_connected()
    }

    /// Asks the node now: the user wants it, or somebody met trouble.
    pub(crate) fn check(&self) {
        self.poke.notify_one();
    }

    /// Returns once the node answers.
    pub(crate) async fn connected(&self) {
        self.until(Self::is_connected).await;
    }

    /// Returns once the node answers and a channel can be used, or no channel is to be expected any more.
    pub(crate) async fn able(&self) {
        self.until(Self::is_able).await;
    }

    pub(crate) fn is_able(&self) -> bool {
        self.able.load(Ordering::SeqCst)
    }

    /// Returns once payments have no way to leave.
    pub(crate) async fn disabled(&self) {
        self.until(|link| !link.is_able()).await;
    }

    async fn until(&self, so: impl Fn(&Self) -> bool) {
        self.looked.until(|()| so(self)).await;
    }

    /// The actor's loop.
    pub(crate) async fn run(
        self,
        lightning: Arc<dyn Lightning>,
        clock: Arc<dyn Clock>,
        feed: Feed,
        ours: NodeId,
    ) {
        let mut pause = BACK_OFF.0;
        let mut idle_since = None;
        loop {
            let answer = tokio::time::timeout(PATIENCE, lightning.info())
                .await
                .unwrap_or(Err(LightningError::Unreachable(LinkFault::Timeout)));
            let (state, mut wait) = match answer {
                Ok(info) if info.node == ours => {
                    pause = BACK_OFF.0;
                    (LinkState::Connected { info }, PERIOD)
                }
                Ok(_) => (
                    self.waiting(LightningError::NotFound, true, &*clock, BACK_OFF.1),
                    BACK_OFF.1,
                ),
                Err(error) => {
                    let wait = pause;
                    pause = pause.saturating_mul(2).min(BACK_OFF.1);
                    (self.waiting(error, false, &*clock, wait), wait)
                }
            };
            let able = match &state {
                LinkState::Connected { info } if info.active_channels > 0 => {
                    idle_since = None;
                    true
                }
                LinkState::Connected { .. } => {
                    let since = idle_since.get_or_insert_with(Instant::now);
                    let over = since.elapsed() >= WARMING_UP.0;
                    if !over {
                        wait = WARMING_UP.1;
                    }
                    over
                }
                LinkState::Connecting | LinkState::Waiting { .. } => {
                    idle_since = None;
                    false
                }
            };
            self.able.store(able, Ordering::SeqCst);
            let changed = self.state.send_if_modified(|old| {
                let differs = *old != state;
                *old = state;
                differs
            });
            self.looked.set(());
            if changed {
                feed.publish(Change::Link);
            }
            tokio::select! {
                biased;
                () = self.poke.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn waiting(
        &self,
        error: LightningError,
        other_node: bool,
        clock: &dyn Clock,
        wait: Duration,
    ) -> LinkState {
        tracing::info!(%error, other_node, "no link to the node");
        LinkState::Waiting {
            error,
            other_node,
            next_try: clock.now().plus(wait),
        }
    }
}
