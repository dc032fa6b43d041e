//! Between an app and its node: where the app dies, and where words are late, doubled and out of order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lnd::{LightningError, Updates};

use crate::fate::Fate;
use crate::gate::Gate;
use crate::trace::Trace;
use crate::weather::Weather;

/// An event waits at most so long for the one that overtakes it.
const OVERTAKING: Duration = Duration::from_millis(400);

#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) who: &'static str,
    pub(crate) fate: Arc<Fate>,
    pub(crate) weather: Weather,
    pub(crate) trace: Trace,
}

impl Gate for Wire {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        self.fate.step().await;
        self.weather.delay().await;
        let answer = work.await;
        match &answer {
            Ok(_) if matches!(call, "info" | "node" | "config") => {}
            Ok(_) => self.trace.note(self.who, format_args!("  asks {call}")),
            Err(error) => {
                let what = format_args!("  asks {call}: {error}");
                self.trace.note(self.who, what);
            }
        }
        self.weather.delay().await;
        self.fate.step().await;
        answer
    }

    fn stream<T: Clone + Send + 'static>(
        &self,
        call: &'static str,
        events: Updates<T>,
    ) -> Updates<T> {
        let state = (self.clone(), events, VecDeque::new());
        Box::pin(futures::stream::unfold(
            state,
            move |(wire, mut events, mut waiting)| async move {
                let event = wire.next(call, &mut events, &mut waiting).await?;
                Some((event, (wire, events, waiting)))
            },
        ))
    }
}

impl Wire {
    async fn next<T: Clone>(
        &self,
        call: &'static str,
        events: &mut Updates<T>,
        waiting: &mut VecDeque<Result<T, LightningError>>,
    ) -> Option<Result<T, LightningError>> {
        let event = match waiting.pop_front() {
            Some(event) => event,
            None => {
                let event = events.next().await?;
                self.weather.delay().await;
                if self.weather.doubles() {
                    waiting.push_back(event.clone());
                }
                if self.weather.swaps()
                    && let Ok(Some(overtaker)) =
                        tokio::time::timeout(OVERTAKING, events.next()).await
                {
                    waiting.push_back(event);
                    overtaker
                } else {
                    event
                }
            }
        };
        self.fate.step().await;
        let broken = if event.is_err() { ": broken" } else { "" };
        self.trace
            .note(self.who, format_args!("  hears of {call}{broken}"));
        Some(event)
    }
}
