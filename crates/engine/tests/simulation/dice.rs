//! Where all chance comes from.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Drawn in the order in which it is asked, which is the same whenever the seed is the same.
#[derive(Clone)]
pub(crate) struct Dice(Arc<Mutex<StdRng>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// 0 to `end`, without it.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.0.lock().unwrap().random_range(0..end)
    }

    /// `low` to `high`, with both.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        self.0.lock().unwrap().random_range(low..=high)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&self, share: u64) -> bool {
        self.below(100) < share
    }

    pub(crate) fn millis(&self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    /// As often a moment as a minute or a quarter of an hour: every size of pause is a story of its own.
    pub(crate) fn pause(&self) -> Duration {
        match self.below(10) {
            0..3 => self.millis(0, 100),
            3..6 => self.millis(100, 3_000),
            6..8 => self.millis(3_000, 60_000),
            8 => self.millis(60_000, 300_000),
            _ => self.millis(300_000, 1_200_000),
        }
    }

    pub(crate) fn pick<'a, T>(&self, among: &'a [T]) -> Option<&'a T> {
        if among.is_empty() {
            return None;
        }
        let place = self.below(u64::try_from(among.len()).unwrap());
        among.get(usize::try_from(place).unwrap())
    }

    /// One of the choices, each as often as its weight tells.
    pub(crate) fn weighed<T: Copy>(&self, choices: &[(u64, T)]) -> T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        unreachable!("below the sum of all weights")
    }

    /// For an engine of its own.
    pub(crate) fn seed(&self) -> [u8; 32] {
        self.0.lock().unwrap().random()
    }
}
