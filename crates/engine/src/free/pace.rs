//! Not too fast: a node takes 64 kB a second of each of its peers, at most 256 KiB at once, has 50 places for them, and
//! drops the rest without a word. Other programs and what our node passes on share this, so half of it is ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::NodeId;
use tokio::time::Instant;

/// Time that one byte takes, at 32,000 a second.
const BYTE: Duration = Duration::from_nanos(31_250);
/// So much of that time may be taken at once: 128 KiB.
const BURST: Duration = Duration::from_millis(4_096);
/// What a message has around its onion, in bytes.
const AROUND: usize = 64;
/// Between two messages to one peer.
const GAP: Duration = Duration::from_millis(5);

/// When each first hop takes the next message.
#[derive(Clone, Default)]
pub(super) struct Pace(Arc<Mutex<HashMap<NodeId, Line>>>);

/// The line before one peer.
#[derive(Clone, Copy)]
struct Line {
    /// When all that was given to it would have gone through at the steady speed.
    through: Instant,
    /// Not before this is the next one given.
    next: Instant,
}

impl Pace {
    /// Waits until the first hop takes an onion of so many bytes.
    pub(super) async fn wait(&self, first_hop: NodeId, onion: usize) {
        let turn = self.book(first_hop, onion, Instant::now());
        tokio::time::sleep_until(turn).await;
    }

    /// Takes a place in the line; when its turn is.
    fn book(&self, first_hop: NodeId, onion: usize, now: Instant) -> Instant {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| line.through > now || line.next > now);
        let line = lines.entry(first_hop).or_insert(Line::empty(now));
        line.book(onion, now)
    }
}

impl Line {
    const fn empty(now: Instant) -> Self {
        Self {
            through: now,
            next: now,
        }
    }

    fn book(&mut self, onion: usize, now: Instant) -> Instant {
        let bytes = u32::try_from(onion.saturating_add(AROUND)).unwrap_or(u32::MAX);
        let after = |at: Instant, span| at.checked_add(span).unwrap_or(at);
        self.through = after(self.through.max(now), BYTE.saturating_mul(bytes));
        let turn = self.through.checked_sub(BURST).unwrap_or(now);
        let turn = turn.max(self.next).max(now);
        self.next = after(turn, GAP);
        turn
    }
}

/// The least time in which so many onions of so many bytes leave for one first hop that was not used before.
#[must_use]
pub fn onion_pace(count: usize, onion: usize) -> Duration {
    let now = Instant::now();
    let mut line = Line::empty(now);
    let last = (0..count).map(|_| line.book(onion, now)).last();
    last.map_or(Duration::ZERO, |last| last.duration_since(now))
}

#[cfg(test)]
mod tests;
