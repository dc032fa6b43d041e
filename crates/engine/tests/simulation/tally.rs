//! How much happened, so that everybody sees that something did.

use std::collections::BTreeMap;
use std::fmt;

use lnd::sim::EndedBy;

use crate::record::Record;

/// Counts by name.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(crate) fn of(record: &Record, trace: &str) -> Self {
        let mut tally = Self::default();
        for diary in &record.diaries {
            for sent in &diary.sent {
                let state = sent.row.delivery.as_ref().map(|one| one.state);
                let state = state.map_or(String::new(), |state| format!("{state:?}"));
                tally.count(&format!("messages {}", state.to_lowercase()));
                if sent.attempts.len() > 1 {
                    tally.count("messages tried again");
                }
            }
            for (_, by) in diary.keysends.iter().filter_map(|one| one.ended) {
                tally.count(match by {
                    EndedBy::Arrival => "payments settled on arrival",
                    EndedBy::App => "holds decided",
                    EndedBy::Timer => "holds ended by the node",
                    EndedBy::Expiry => "holds ended by the chain",
                    EndedBy::Restore => "holds lost with their node",
                });
            }
        }
        for (words, what) in [
            (" the app ends\n", "apps that died"),
            (" the node stops\n", "nodes that stopped"),
            (" the node restarts\n", "nodes that restarted"),
            (": broken\n", "streams that broke"),
            (" pays back ", "pay-backs asked for"),
            (" puts a copy back\n", "copies put back"),
            (" a second app, ", "second apps"),
            (" restored from its seed\n", "restored nodes"),
            (" s ahead\n", "clocks turned"),
            (" repeats a payment to ", "payments repeated by a stranger"),
            (" floods ", "floods"),
            (" forged card: ", "forged cards"),
            (" payments are deleted\n", "lists of payments deleted"),
        ] {
            let count = u64::try_from(trace.matches(words).count()).unwrap();
            *tally.0.entry(what.to_owned()).or_default() += count;
        }
        tally
    }

    fn count(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.iter().map(|(what, count)| format!("{count} {what}"));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}
