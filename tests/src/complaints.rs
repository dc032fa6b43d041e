//! What the programs complained about: a story fails on a warning that it did not expect.

use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Result, bail};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Warnings and errors of Heliograph's own crates, of all stories of this process: tell one at a time.
#[derive(Clone, Debug, Default)]
pub struct Complaints {
    heard: Arc<Mutex<Vec<String>>>,
    expected: Arc<Mutex<Vec<&'static str>>>,
}

impl Complaints {
    /// Starts to listen; the first call of the process decides, later ones hear the same.
    #[must_use]
    pub fn listen() -> Self {
        static ONE: OnceLock<Complaints> = OnceLock::new();
        ONE.get_or_init(|| {
            let complaints = Self::default();
            let subscriber = tracing_subscriber::registry().with(complaints.clone());
            // Somebody else's subscriber would leave us deaf.
            tracing::subscriber::set_global_default(subscriber)
                .expect("nobody else listens to the log");
            complaints
        })
        .clone()
    }

    /// From now until the end of the story, complaints with these words are part of it.
    pub fn expect(&self, words: &'static str) {
        self.expected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(words);
    }

    /// Ends a story.
    ///
    /// # Errors
    /// When something was heard that was not expected.
    pub fn finish(&self) -> Result<()> {
        let expected = std::mem::take(&mut *lock(&self.expected));
        let mut heard = std::mem::take(&mut *lock(&self.heard));
        heard.retain(|complaint| !expected.iter().any(|words| complaint.contains(words)));
        if heard.is_empty() {
            return Ok(());
        }
        bail!("the log has unexpected complaints:\n{}", heard.join("\n"));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Subscriber> Layer<S> for Complaints {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        if *about.level() > Level::WARN || !about.target().starts_with("heliograph") {
            return;
        }
        let mut words = Words(format!("{} {}:", about.level(), about.target()));
        event.record(&mut words);
        lock(&self.heard).push(words.0);
    }
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_fails_a_story_unless_it_is_part_of_it() {
        let complaints = Complaints::default();
        let subscriber = tracing_subscriber::registry().with(complaints.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "heliograph_engine", "all is well");
            tracing::warn!(target: "hyper", "not ours");
            complaints.finish().unwrap();
            tracing::warn!(target: "heliograph_engine", error = "dark", "a lantern went out");
            let heard = complaints.finish().unwrap_err().to_string();
            assert!(
                heard.contains("a lantern went out") && heard.contains("dark"),
                "{heard}"
            );
            complaints.expect("lantern");
            tracing::error!(target: "heliograph_store", "a lantern went out");
            complaints.finish().unwrap();
            // Only that story expected it.
            tracing::error!(target: "heliograph_store", "a lantern went out");
            complaints.finish().unwrap_err();
        });
    }
}
