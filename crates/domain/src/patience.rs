//! How long a message waits for its recipient.

use std::time::Duration;

use crate::{Failure, Timestamp};

/// A message is given up this long after it was written, or after the user asked for another try.
pub const PATIENCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Pauses between tries, in seconds; the last one goes on.
const PAUSES: [u64; 9] = [10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];

/// When a message is tried again that failed at `now` after `tries` earlier failures; `None` when it is given up.
#[must_use]
pub fn next_try(
    failure: Failure,
    tries: u32,
    now: Timestamp,
    gives_up_at: Timestamp,
) -> Option<Timestamp> {
    if !failure.passes() || now >= gives_up_at {
        return None;
    }
    let place = usize::try_from(tries).unwrap_or(usize::MAX);
    let [.., last] = PAUSES;
    let pause = PAUSES.get(place).copied().unwrap_or(last);
    // The last try is made when the time is over.
    Some(now.plus(Duration::from_secs(pause)).min(gives_up_at))
}

#[cfg(test)]
mod tests;
