//! Who owns the running tasks: one tracker and one token for all. What must always run is started again when it fails.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::Condition;
use futures::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::health::Health;

/// The first and the longest pause before a task that has failed is started again.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// What has run for so long runs well.
const WELL: Duration = Duration::from_secs(30);
/// What tasks that run once are called when they fail.
const ONCE: &str = "once";

/// Every task of an engine. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
    health: Health,
}

impl Tasks {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            tracker: TaskTracker::default(),
            token: CancellationToken::default(),
            health,
        }
    }

    /// Runs `task` until it ends or the engine stops. A task may be dropped at any await: what it has stored tells how to go on.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (token, health) = (self.token.clone(), self.health.clone());
        let task = AssertUnwindSafe(task).catch_unwind();
        self.tracker.spawn(async move {
            tokio::select! {
                biased;
                () = token.cancelled() => {}
                ended = task => if ended.is_err() {
                    tell(&health, ONCE, 1);
                }
            }
        });
    }

    /// Runs what must always run: when it panics, or ends, it is told and made and run again.
    pub(crate) fn keep<F>(&self, name: &'static str, task: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let health = self.health.clone();
        self.spawn(async move {
            let (mut times, mut pause) = (0_u32, PAUSE.0);
            loop {
                let began = Instant::now();
                // A panic while it is made counts as well.
                let run = AssertUnwindSafe(async { task().await }).catch_unwind();
                tokio::pin!(run);
                tokio::select! {
                    biased;
                    _ = &mut run => {}
                    () = tokio::time::sleep(WELL), if times > 0 => {
                        health.clear(|condition| {
                            matches!(condition, Condition::TaskFails { task, .. } if task == name)
                        });
                        let _ = run.await;
                    }
                }
                if began.elapsed() >= WELL {
                    pause = PAUSE.0;
                }
                times = times.saturating_add(1);
                tell(&health, name, times);
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(PAUSE.1);
            }
        });
    }

    /// Stops everything and waits until nothing runs.
    pub(crate) async fn stop(&self) {
        self.token.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

fn tell(health: &Health, name: &'static str, times: u32) {
    tracing::error!(task = name, times, "a task failed");
    health.set(Condition::TaskFails {
        task: name.to_owned(),
        times,
    });
}
