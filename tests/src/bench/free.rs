//! Messages that cost nothing: through the whole app until the receipt is stored, and bare bytes there and back.

mod accepted;
mod echo;
mod stage;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::Carrier;

pub(super) use self::accepted::Accepted;
use self::stage::{Stage, Way};
use super::Wishes;
use super::burst::rate;

/// Pairs before the first that counts.
const WARM_UP: usize = 5;
/// Bytes of onions a second that the app allows itself: half of what a node takes of a peer. Faster pairs would wait for it.
const APPS_PACE: usize = 32_000;
/// After so long neither the app's pace nor a node counts what was sent before.
const REST: Duration = Duration::from_secs(5);
/// How long a run may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(600);

/// What costs nothing.
#[derive(Debug)]
pub(super) struct Free {
    pub(super) rows: Vec<Row>,
    pub(super) burst: Burst,
    /// No message, but the invoice for it is asked for and given for nothing.
    pub(super) accepted: Accepted,
}

/// One message at a time over one road.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) carrier: Carrier,
    pub(super) hops: u32,
    /// Bytes of the letter and of its receipt, and of the onion around the letter.
    pub(super) letter: usize,
    pub(super) receipt: usize,
    pub(super) onion: usize,
    /// The app: from the call until the receipt is stored. Bare: there and back.
    pub(super) pairs: Vec<(Duration, Duration)>,
}

/// Many onion messages over two hops, 32 of them in flight.
#[derive(Debug, Default)]
pub(super) struct Burst {
    pub(super) count: usize,
    /// Messages per second, by their receipts.
    pub(super) runs: Vec<f64>,
    /// What the app's own pace allows.
    pub(super) pace: f64,
}

impl Free {
    pub(super) async fn measure(wishes: &Wishes) -> Result<Self> {
        let stage = Stage::build().await?;
        let mut rows = Vec::new();
        let mut burst = Burst::default();
        for mut way in stage.ways().await? {
            rows.push(Row::along(&mut way, wishes.pairs).await?);
            if (way.carrier, way.hops) == (Carrier::Onion, 2) {
                burst = Burst::along(&way, wishes).await?;
            }
        }
        let accepted = Accepted::measure(&stage, wishes.pairs).await?;
        stage.strike().await?;
        Ok(Self {
            rows,
            burst,
            accepted,
        })
    }
}

impl Row {
    async fn along(way: &mut Way, count: usize) -> Result<Self> {
        let mut pairs = Vec::with_capacity(count);
        for number in 0..count + WARM_UP {
            if number >= WARM_UP && (number - WARM_UP).is_multiple_of(50) {
                let so_far = number - WARM_UP + 1;
                tracing::info!("{} for nothing: pair {so_far} of {count}", way.name);
            }
            let began = Instant::now();
            // Whoever goes first changes, so that neither profits from what the other leaves behind.
            let app_first = number.is_multiple_of(2);
            let (mut app, mut bare) = (None, None);
            for turn in [app_first, !app_first] {
                if turn {
                    app = Some(by_app(way).await?);
                } else {
                    bare = Some(way.echo.round().await?);
                }
            }
            if number >= WARM_UP {
                pairs.push((app.context("one each")?, bare.context("one each")?));
            }
            let bytes = u32::try_from(2 * way.echo.onion_bytes()?)?;
            let least = Duration::from_secs(1) * bytes / u32::try_from(APPS_PACE)?;
            tokio::time::sleep_until((began + least).into()).await;
        }
        let (letter, receipt) = way.echo.lengths();
        Ok(Self {
            name: way.name.clone(),
            carrier: way.carrier,
            hops: way.hops,
            letter,
            receipt,
            onion: way.echo.onion_bytes()?,
            pairs,
        })
    }
}

async fn by_app(way: &Way) -> Result<Duration> {
    // As long each time, as its letter is.
    let tail = rand::random::<u32>();
    let text = format!("Shall we meet at the harbour at noon? {tail:08x}");
    let start = Instant::now();
    let key = way.send(&text).await?;
    let time = start.elapsed();
    way.check(key).await?;
    Ok(time)
}

impl Burst {
    async fn along(way: &Way, wishes: &Wishes) -> Result<Self> {
        let (count, onion) = (wishes.burst, way.echo.onion_bytes()?);
        let mut runs = Vec::with_capacity(wishes.runs);
        for run in 1..=wishes.runs {
            tracing::info!("onions, 32 in flight: run {run} of {}", wishes.runs);
            tokio::time::sleep(REST).await;
            let tail = rand::random::<u16>();
            let texts: Vec<_> = (0..count)
                .map(|number| {
                    format!("Shall we meet at the harbour at noon? {tail:04x}{number:04x}")
                })
                .collect();
            let start = Instant::now();
            let keys = way.send_all(&texts, PATIENCE).await?;
            runs.push(rate(count, start.elapsed()));
            for key in keys {
                way.check(key).await?;
            }
        }
        Ok(Self {
            count,
            runs,
            pace: rate(count, engine::onion_pace(count, onion)),
        })
    }
}
