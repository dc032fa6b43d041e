//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// The time of day. Waiting goes through tokio, so that a test can pause it.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// How long it is since some moment, by a clock that nobody can set. It may stand still while the computer sleeps.
    /// Nobody sets the time of day of a clock that has no other.
    fn steady(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().0).unwrap_or_default())
    }
}

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Runs on while the computer sleeps.
    #[cfg(target_os = "linux")]
    fn steady(&self) -> Duration {
        use rustix::time::{ClockId, clock_gettime};
        let since = clock_gettime(ClockId::Boottime);
        let secs = u64::try_from(since.tv_sec).unwrap_or_default();
        Duration::new(secs, u32::try_from(since.tv_nsec).unwrap_or_default())
    }

    #[cfg(not(target_os = "linux"))]
    fn steady(&self) -> Duration {
        static START: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }
}
