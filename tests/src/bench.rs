//! `make bench`: what the app costs on top of a bare gRPC client, on a real network; how fast it starts, how large it is.
//!
//! Nothing here fails because it is slow: the figures are printed, and whoever reads them judges.

mod bare;
mod burst;
mod figures;
mod footprint;
mod free;
mod library;
mod pairs;
mod report;
mod screen;
mod stage;
mod start;

use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use self::burst::Bursts;
use self::free::Free;
use self::pairs::Pairs;
pub use self::report::Report;
use self::report::Surroundings;
use self::stage::Stage;

/// How much is measured, by environment variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Pairs of one message by the app and one by the bare client, each way and over each free carrier (`PAIRS`).
    pub pairs: usize,
    /// Messages of one run with 32 in flight (`BURST`).
    pub burst: usize,
    /// Such runs of either kind, each way, and of onions (`RUNS`).
    pub runs: usize,
    /// Messages in the database that the app is started on (`MESSAGES`).
    pub messages: u64,
    /// How often it is started (`STARTS`).
    pub starts: usize,
}

impl Wishes {
    /// As the environment has them.
    ///
    /// # Errors
    /// When a variable is no number, or zero.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        fn number<T: FromStr + PartialEq + Default>(
            name: &str,
            text: Option<String>,
            usual: T,
        ) -> Result<T> {
            let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
                return Ok(usual);
            };
            match text.trim().parse() {
                Ok(number) if number != T::default() => Ok(number),
                _ => bail!("{name} is a number of at least one, not {text:?}"),
            }
        }
        Ok(Self {
            pairs: number("PAIRS", variable("PAIRS"), 200)?,
            burst: number("BURST", variable("BURST"), 320)?,
            runs: number("RUNS", variable("RUNS"), 3)?,
            messages: number("MESSAGES", variable("MESSAGES"), 10_000)?,
            starts: number("STARTS", variable("STARTS"), 7)?,
        })
    }
}

/// Measures everything; takes about twenty minutes.
///
/// # Errors
/// When something does not work at all. Whatever was started is gone then.
pub async fn run(wishes: &Wishes) -> Result<Report> {
    let own = std::env::current_exe()?;
    let program = own
        .parent()
        .context("this program is in no folder")?
        .join("heliograph");
    ensure!(
        program.is_file(),
        "{} is missing: run `make bench`",
        program.display()
    );
    let before = Surroundings::look()?;
    let stage = Stage::build().await?;
    let node_version = stage.node_version().await?;
    let pairs = Pairs::measure(&stage, wishes.pairs).await?;
    let record_bytes = pairs.first().map_or(0, |pairs| pairs.record_bytes);
    let bursts = Bursts::measure(&stage, wishes, record_bytes).await?;
    let starts = start::measure(&program, stage.network(), wishes).await?;
    stage.strike().await?;
    let free = Free::measure(wishes).await?;
    Ok(Report {
        before,
        after: Surroundings::look()?,
        node_version,
        pairs,
        bursts,
        free,
        starts,
        program_bytes: std::fs::metadata(&program)?.len(),
    })
}

#[cfg(test)]
mod tests;
