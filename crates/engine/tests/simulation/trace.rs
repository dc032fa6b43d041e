//! What happened, line by line, for whoever has to understand a failure; and its hash, which tells two runs apart.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use tokio::time::Instant;

#[derive(Clone)]
pub(crate) struct Trace {
    began: Instant,
    lines: Arc<Mutex<String>>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            lines: Arc::default(),
        }
    }

    pub(crate) fn note(&self, who: &str, what: impl std::fmt::Display) {
        let time = self.began.elapsed();
        let mut lines = self.lines.lock().unwrap();
        let (secs, millis) = (time.as_secs(), time.subsec_millis());
        writeln!(lines, "{secs:>6}.{millis:03}  {who:<6} {what}").unwrap();
    }

    pub(crate) fn text(&self) -> String {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.lines.lock().unwrap().hash(&mut hasher);
        hasher.finish()
    }
}
