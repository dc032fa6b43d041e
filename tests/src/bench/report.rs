//! What is printed at the end.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::Carrier;

use super::burst::Bursts;
use super::figures::{Summary, millis};
use super::free::{Accepted, Free};
use super::pairs::Pairs;
use super::start::Starts;

/// Everything that was measured; `Display` is the report.
#[derive(Debug)]
pub struct Report {
    pub(super) before: Surroundings,
    pub(super) after: Surroundings,
    pub(super) node_version: String,
    pub(super) pairs: Vec<Pairs>,
    pub(super) bursts: Vec<Bursts>,
    pub(super) free: Free,
    pub(super) starts: Starts,
    pub(super) program_bytes: u64,
}

/// What else the computer has to do.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    cores: usize,
    /// Average number of busy threads over the last minute.
    load: String,
}

impl Surroundings {
    pub(super) fn look() -> Result<Self> {
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let load = load.split(' ').next().context("no load")?.to_owned();
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            load,
        })
    }
}

const MIB: f64 = 1_048_576.0;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = if cfg!(debug_assertions) {
            "DEBUG build: these figures mean nothing"
        } else {
            "release build"
        };
        writeln!(f, "Heliograph against a bare gRPC client, {profile}")?;
        writeln!(
            f,
            "{} cores, load {} before and {} after; LND {}, alice – bob – carol on this computer; times in ms",
            self.before.cores, self.before.load, self.after.load, self.node_version
        )?;
        self.pairs(f)?;
        self.bursts(f)?;
        self.free(f)?;
        self.accepted(f)?;
        self.starts(f)?;
        self.memory(f)?;
        writeln!(f, "\n7  The program")?;
        let size = mib(self.program_bytes);
        writeln!(f, "   {size:.1} MiB, the window's files included")
    }
}

impl Report {
    fn pairs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n1  One message: through the app (call to the recipient's row), bare (call to the recipient's event)"
        )?;
        for direction in &self.pairs {
            let times = |time: fn(&super::pairs::Pair) -> Duration| {
                Summary::of_times(direction.pairs.iter().map(time))
            };
            let app = times(|pair| pair.app.whole);
            let bare = times(|pair| pair.bare);
            let tail = times(|pair| pair.app.after_event);
            let differences: Vec<_> = direction
                .pairs
                .iter()
                .map(|pair| millis(pair.app.whole) - millis(pair.bare))
                .collect();
            let more = Summary::of(&differences);
            let alone = Summary::of_times(direction.alone.iter().copied());
            writeln!(
                f,
                "   {}: {} pairs, {} record bytes each",
                direction.way, app.count, direction.record_bytes
            )?;
            head(f)?;
            line(f, "app", &app)?;
            line(f, "bare", &bare)?;
            line(f, "app − bare, by pairs (aim ≤ 10)", &more)?;
            line(f, "in the app: from the event to the row", &tail)?;
            line(f, "bare, with the apps closed", &alone)?;
        }
        Ok(())
    }

    fn bursts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n2  Messages per second, 32 in flight (bare: with the apps closed; runs in turn)"
        )?;
        for direction in &self.bursts {
            let (app, bare) = (Summary::of(&direction.app), Summary::of(&direction.bare));
            writeln!(f, "   {}: runs of {}", direction.way, direction.count)?;
            for (name, runs, summary) in [
                ("app", &direction.app, app),
                ("bare", &direction.bare, bare),
            ] {
                let runs: Vec<_> = runs.iter().map(|rate| format!("{rate:.1}")).collect();
                writeln!(
                    f,
                    "     {name:6}{:>7.1}/s   ({})",
                    summary.median,
                    runs.join(", ")
                )?;
            }
            let ratio = app.median / bare.median;
            writeln!(f, "     {:6}{ratio:>7.2}     (aim ≥ 0.95)", "ratio")?;
        }
        Ok(())
    }

    fn free(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n3  For nothing: through the app (call to the stored receipt), bare (as many bytes there, and back)"
        )?;
        for row in &self.free.rows {
            let app = Summary::of_times(row.pairs.iter().map(|pair| pair.0));
            let bare = Summary::of_times(row.pairs.iter().map(|pair| pair.1));
            let differences = row.pairs.iter().map(|pair| millis(pair.0) - millis(pair.1));
            let more = Summary::of(&differences.collect::<Vec<_>>());
            let (way, aim) = match (row.carrier, row.hops) {
                (Carrier::Onion, 2) => ("onion messages, 2 hops", " (aim ≤ 45)"),
                (Carrier::Onion, 1) => ("onion messages, 1 hop", ""),
                (Carrier::Onion, _) => ("onion messages, 3 hops", ""),
                _ => ("peer messages", ""),
            };
            let onion = match row.onion {
                0 => String::new(),
                bytes => format!(", onion {bytes}"),
            };
            writeln!(
                f,
                "   {}, {way}: {} pairs, letter {}, receipt {}{onion} bytes",
                row.name, app.count, row.letter, row.receipt
            )?;
            head(f)?;
            line(f, &format!("app{aim}"), &app)?;
            line(f, "bare", &bare)?;
            line(f, "app − bare, by pairs", &more)?;
            let aim = if aim.is_empty() {
                ""
            } else {
                "     (aim ≤ 2)"
            };
            writeln!(
                f,
                "     {:36}{:>7.2}{aim}",
                "app / bare",
                app.median / bare.median
            )?;
        }
        let burst = &self.free.burst;
        let runs: Vec<_> = burst.runs.iter().map(|rate| format!("{rate:.1}")).collect();
        let (app, pace) = (Summary::of(&burst.runs).median, burst.pace);
        writeln!(
            f,
            "   2 hops, 32 in flight, runs of {}: {app:.1} a second ({}); the app's pace, half of what a node takes of a peer, \
             allows {pace:.1}: {:.2} of it",
            burst.count,
            runs.join(", "),
            app / pace
        )
    }

    fn accepted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n4  A payment by an invoice, accepted by the recipient's app as soon as it knows of it: call to settled at the sender;"
        )?;
        writeln!(
            f,
            "   app: the invoice is asked for and given over a free carrier; bare: made, paid and settled by calls of both nodes"
        )?;
        let Accepted {
            way,
            record_bytes,
            pairs,
        } = &self.free.accepted;
        let app = Summary::of_times(pairs.iter().map(|pair| pair.0));
        let bare = Summary::of_times(pairs.iter().map(|pair| pair.1));
        let differences = pairs.iter().map(|pair| millis(pair.0) - millis(pair.1));
        let more = Summary::of(&differences.collect::<Vec<_>>());
        writeln!(
            f,
            "   {way}, settles keysends on arrival: {} pairs, {record_bytes} record bytes each",
            app.count
        )?;
        head(f)?;
        line(f, "app", &app)?;
        line(f, "bare", &bare)?;
        line(f, "app − bare, by pairs", &more)
    }

    fn starts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let library = &self.starts.library;
        writeln!(
            f,
            "\n5  Start: process to picture, {} messages in {} conversations ({:.0} MiB); MESSAGES=1000000 for a million",
            library.messages,
            library.conversations,
            mib(library.bytes)
        )?;
        let starts = &self.starts.starts;
        let window = Summary::of_times(starts.iter().map(|start| start.window));
        let list = Summary::of_times(starts.iter().map(|start| start.list));
        head(f)?;
        line(f, "the window shows something", &window)?;
        line(f, "the list is painted (aim < 1,000)", &list)?;
        let first = starts.first().map_or(0.0, |start| millis(start.list));
        writeln!(
            f,
            "   {} starts, the first {first:.0}; seen in the pixels of a virtual screen without a graphics card, every 5 ms;",
            list.count
        )?;
        writeln!(
            f,
            "   the files are in the system's cache; opening the passphrase's vault (Argon2id) is {:.0} of it",
            millis(library.unlocking)
        )
    }

    fn memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n6  Memory after the start: PSS in MiB, two seconds after the last change, median start"
        )?;
        let mut all: Vec<_> = self
            .starts
            .starts
            .iter()
            .map(|start| &start.footprint)
            .collect();
        all.sort_by_key(|footprint| footprint.values().sum::<u64>());
        let Some(middle) = all.get(all.len() / 2) else {
            return Ok(());
        };
        for (name, bytes) in *middle {
            writeln!(f, "     {name:34}{:>9.1}", mib(*bytes))?;
        }
        let sum = middle.values().sum();
        writeln!(f, "     {:34}{:>9.1}", "together", mib(sum))
    }
}

fn head(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "     {:34}{:>9}{:>20}{:>10}",
        "", "median", "95 % of it", "maximum"
    )
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, summary: &Summary) -> fmt::Result {
    let (low, high) = summary.interval;
    let interval = format!("{low:.1} … {high:.1}");
    writeln!(
        f,
        "     {name:38}{:>5.1}{interval:>20}{:>10.1}",
        summary.median, summary.maximum
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a figure with one digit after the point"
)]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB
}
