//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// The time of day. Waiting goes through tokio, so that a test can pause it.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// How long it is since some moment, by a clock that nobody can set and that runs while the computer sleeps; `None` where
    /// there is none.
    fn steady(&self) -> Option<Duration> {
        None
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

    #[cfg(target_os = "linux")]
    fn steady(&self) -> Option<Duration> {
        use rustix::time::{ClockId, clock_gettime};
        let since = clock_gettime(ClockId::Boottime);
        let secs = u64::try_from(since.tv_sec).ok()?;
        Some(Duration::new(secs, u32::try_from(since.tv_nsec).ok()?))
    }
}
