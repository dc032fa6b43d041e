//! From many samples to few figures.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How often the samples are drawn anew for an interval.
const DRAWS: usize = 4_000;

/// What a set of samples comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) median: f64,
    /// Where the median lies with a certainty of 95 %, by bootstrap.
    pub(super) interval: (f64, f64),
    pub(super) maximum: f64,
    pub(super) count: usize,
}

impl Summary {
    /// Of these samples; of none, all is zero.
    pub(super) fn of(samples: &[f64]) -> Self {
        if samples.is_empty() {
            return Self {
                median: 0.0,
                interval: (0.0, 0.0),
                maximum: 0.0,
                count: 0,
            };
        }
        // The same samples give the same figures.
        let mut rng = StdRng::seed_from_u64(1);
        let mut drawn = vec![0.0; samples.len()];
        let mut medians: Vec<f64> = (0..DRAWS)
            .map(|_| {
                for place in &mut drawn {
                    *place = samples[rng.random_range(0..samples.len())];
                }
                median(&mut drawn)
            })
            .collect();
        medians.sort_by(f64::total_cmp);
        Self {
            median: median(&mut samples.to_vec()),
            interval: (medians[DRAWS / 40], medians[DRAWS - 1 - DRAWS / 40]),
            maximum: samples.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            count: samples.len(),
        }
    }

    pub(super) fn of_times(times: impl IntoIterator<Item = Duration>) -> Self {
        Self::of(&times.into_iter().map(millis).collect::<Vec<_>>())
    }
}

/// Milliseconds.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Of at least one value; changes their order.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(median(&mut [5.0]), 5.0);
        assert_eq!(median(&mut [9.0, 1.0, 4.0]), 4.0);
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 6.0]), 5.0);
    }

    #[test]
    fn the_interval_holds_the_median_and_narrows_with_more_samples() {
        let samples = |count: u32| -> Vec<f64> {
            (0..count)
                .map(|number| f64::from(number * 37 % 100))
                .collect()
        };
        let width = |count| {
            let summary = Summary::of(&samples(count));
            let (low, high) = summary.interval;
            assert!(
                low <= summary.median && summary.median <= high,
                "{summary:?}"
            );
            high - low
        };
        assert!(width(600) < width(60) / 2.0);
        assert_eq!(Summary::of(&samples(100)).maximum, 99.0);
    }

    #[test]
    fn equal_samples_leave_no_doubt() {
        let summary = Summary::of(&[7.0; 20]);
        assert_eq!((summary.median, summary.interval), (7.0, (7.0, 7.0)));
    }

    #[test]
    fn no_samples_are_no_trouble() {
        assert_eq!(Summary::of(&[]).count, 0);
    }
}
