//! How many letters from anybody are opened with the node's help: each costs it two multiplications.

use std::time::Duration;

use tokio::time::Instant;

/// So many at once, and one more after each pause.
const AT_ONCE: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Door {
    left: u32,
    since: Instant,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            left: AT_ONCE,
            since: Instant::now(),
        }
    }
}

impl Door {
    /// Takes a token; `false` when there is none.
    pub(crate) fn opens(&mut self) -> bool {
        let gained = self
            .since
            .elapsed()
            .as_millis()
            .div_euclid(PAUSE.as_millis());
        if let Some(gained) = u32::try_from(gained).ok().filter(|gained| *gained > 0) {
            self.left = self.left.saturating_add(gained).min(AT_ONCE);
            self.since = Instant::now();
        }
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}
