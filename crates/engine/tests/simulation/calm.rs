//! When an app and its node were up and undisturbed: only then must everything be done in time.

use tokio::time::Instant;

/// Spans of time without any disturbance.
#[derive(Default)]
pub(crate) struct Calm {
    since: Option<Instant>,
    spans: Vec<(Instant, Instant)>,
}

impl Calm {
    /// Something happened at this moment; from then on it is calm again, or not.
    pub(crate) fn disturb(&mut self, at: Instant, calm_again: bool) {
        if let Some(since) = self.since.take()
            && since < at
        {
            self.spans.push((since, at));
        }
        self.since = calm_again.then_some(at);
    }

    /// The spans, the present one included.
    pub(crate) fn spans(&self, now: Instant) -> Vec<(Instant, Instant)> {
        let open = self.since.map(|since| (since, now));
        self.spans.iter().copied().chain(open).collect()
    }
}
