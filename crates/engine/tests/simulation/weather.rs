//! How bad the connections are, drawn once for each seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dice::Dice;

/// Shared by all apps of a run. Shares are in percent.
#[derive(Clone)]
pub(crate) struct Weather {
    dice: Dice,
    calm: Arc<AtomicBool>,
    late: u64,
    longest: u64,
    doubled: u64,
    swapped: u64,
}

impl Weather {
    pub(crate) fn new(dice: &Dice) -> Self {
        let share = |of: &[u64]| *dice.pick(of).unwrap();
        Self {
            dice: dice.clone(),
            calm: Arc::default(),
            late: share(&[0, 10, 30]),
            longest: share(&[20, 200, 1_500]),
            doubled: share(&[0, 0, 10, 30]),
            swapped: share(&[0, 0, 10, 30]),
        }
    }

    /// From now on everything is in order and in time.
    pub(crate) fn clear_up(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    fn strikes(&self, share: u64) -> bool {
        !self.calm.load(Ordering::SeqCst) && self.dice.percent(share)
    }

    pub(crate) fn doubles(&self) -> bool {
        self.strikes(self.doubled)
    }

    pub(crate) fn swaps(&self) -> bool {
        self.strikes(self.swapped)
    }

    /// The time that a word between an app and its node takes.
    pub(crate) async fn delay(&self) {
        if self.strikes(self.late) {
            tokio::time::sleep(self.dice.millis(1, self.longest)).await;
        }
    }

    /// The time that a disk takes, or another task that runs first.
    pub(crate) async fn disk(&self) {
        if self.strikes(20) {
            tokio::time::sleep(self.dice.millis(1, 15)).await;
        } else if self.strikes(30) {
            tokio::task::yield_now().await;
        }
    }
}
