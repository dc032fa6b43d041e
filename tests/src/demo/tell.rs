//! What the demo says on the terminal.

use std::fmt::Debug;
use std::io::IsTerminal;
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// A step begins.
pub(super) fn say(what: &str) {
    if std::io::stdout().is_terminal() {
        println!("\x1b[1m▸ {what}\x1b[0m");
    } else {
        println!("▸ {what}");
    }
}

/// A step is done.
pub(super) fn done(what: &str) {
    println!("  {what}");
}

/// Tells how far long steps are: what the network says of its progress, and all complaints.
#[derive(Debug)]
pub struct Progress(Instant);

impl Default for Progress {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl<S: Subscriber> Layer<S> for Progress {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let ours = about.target().starts_with("heliograph");
        let progress =
            about.target().starts_with("heliograph_tests") && *about.level() == Level::INFO;
        if !ours || !(progress || *about.level() <= Level::WARN) {
            return;
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        println!(
            "  {:5.1} s  {}",
            self.0.elapsed().as_secs_f32(),
            words.0.trim()
        );
    }
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.insert_str(0, &format!("{value:?}"));
        } else {
            self.0.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}
