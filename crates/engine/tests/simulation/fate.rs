//! When an app dies.

use std::sync::Mutex;

use tokio::sync::Notify;
use tokio::time::Instant;

/// One life of an app. Its steps are the calls of its node and of its database, both ends of each, and the events it hears.
#[derive(Default)]
pub(crate) struct Fate {
    state: Mutex<State>,
    died: Notify,
}

#[derive(Default)]
struct State {
    /// Steps until it dies; zero is never.
    left: u64,
    died_at: Option<Instant>,
    /// The last step's moment, and how many there were at it.
    moment: Option<Instant>,
    at_once: u64,
}

/// An app that takes more steps without any time passing turns in circles.
const MOST_AT_ONCE: u64 = 20_000;

impl Fate {
    /// It dies at this step from now on, counted from 1.
    pub(crate) fn doom(&self, steps: u64) {
        self.state.lock().unwrap().left = steps;
    }

    /// It will not die.
    pub(crate) fn spare(&self) {
        self.state.lock().unwrap().left = 0;
    }

    /// It dies now.
    pub(crate) fn kill(&self) {
        self.state
            .lock()
            .unwrap()
            .died_at
            .get_or_insert_with(Instant::now);
        self.died.notify_one();
    }

    pub(crate) fn died_at(&self) -> Option<Instant> {
        self.state.lock().unwrap().died_at
    }

    /// Passes a step, or never returns: nothing leaves a dead app, and nothing reaches it.
    pub(crate) async fn step(&self) {
        let last = {
            let mut state = self.state.lock().unwrap();
            let last = state.left == 1;
            state.left = state.left.saturating_sub(1);
            let now = Instant::now();
            if state.moment.replace(now) != Some(now) {
                state.at_once = 0;
            }
            state.at_once += 1;
            let circling = state.at_once > MOST_AT_ONCE;
            drop(state);
            assert!(!circling, "the app turns in circles");
            last
        };
        if last {
            self.kill();
        }
        if self.died_at().is_some() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns when it is dead.
    pub(crate) async fn death(&self) {
        while self.died_at().is_none() {
            self.died.notified().await;
        }
    }
}
