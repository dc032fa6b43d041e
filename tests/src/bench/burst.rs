//! Many messages, 32 of them in flight: the app, and the bare client alone, in turn.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use lnd::{Keysend, Records};

use super::Wishes;
use super::bare::Ear;
use super::stage::{Stage, Way};

/// Payments under way at once: what the app allows itself in a conversation.
const IN_FLIGHT: usize = 32;
/// How long a run may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(600);

/// The runs of a direction.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    pub(super) way: String,
    pub(super) count: usize,
    /// Messages per second in the recipient's store.
    pub(super) app: Vec<f64>,
    /// Payments per second that the recipient's node tells of.
    pub(super) bare: Vec<f64>,
}

impl Bursts {
    /// Leaves the apps closed.
    pub(super) async fn measure(
        stage: &Stage,
        wishes: &Wishes,
        record_bytes: usize,
    ) -> Result<Vec<Self>> {
        let mut measured: Vec<_> = stage
            .ways()
            .into_iter()
            .map(|way| Self {
                way: way.name(),
                count: wishes.burst,
                ..Self::default()
            })
            .collect();
        for run in 1..=wishes.runs {
            tracing::info!("32 in flight: run {run} of {}", wishes.runs);
            stage.open_apps().await?;
            for (way, measured) in stage.ways().into_iter().zip(&mut measured) {
                measured.app.push(by_app(way, wishes.burst).await?);
                way.quiet().await?;
            }
            stage.close_apps().await;
            for (way, measured) in stage.ways().into_iter().zip(&mut measured) {
                let rate = by_bare(way, wishes.burst, record_bytes).await?;
                measured.bare.push(rate);
                way.quiet().await?;
            }
        }
        Ok(measured)
    }
}

async fn by_app(way: Way<'_>, count: usize) -> Result<f64> {
    let (sender, recipient) = (way.sending_app()?, way.receiving_app()?);
    let mut changes = recipient.changes();
    let run = rand::random::<u16>();
    let texts: Vec<String> = (0..count)
        .map(|number| format!("Shall we meet at the harbour at noon? {run:04x}{number:04x}"))
        .collect();
    let start = Instant::now();
    let sending = async {
        let mut keys = Vec::with_capacity(count);
        for text in &texts {
            keys.push(sender.message_send(way.request(text)).await?);
        }
        anyhow::Ok(keys)
    };
    let storing = async {
        let mut awaited: HashSet<&str> = texts.iter().map(String::as_str).collect();
        while !awaited.is_empty() {
            let change = changes.next().await.context("the program is gone")?;
            for text in way.told(&recipient, change).await? {
                awaited.remove(text.as_str());
            }
        }
        anyhow::Ok(Instant::now())
    };
    let run = async { tokio::try_join!(sending, storing) };
    let (keys, end) = tokio::time::timeout(PATIENCE, run)
        .await
        .context("the messages do not arrive")??;
    for key in keys {
        way.is_over(key).await?;
    }
    Ok(rate(count, end - start))
}

async fn by_bare(way: Way<'_>, count: usize, record_bytes: usize) -> Result<f64> {
    let mut ear = Ear::open(way.recipient(), way.without_app());
    ear.tune(way.sender(), way.recipient()).await?;
    let records: Records = vec![(protocol::record::LETTER + 2, vec![0; record_bytes])];
    let (sender, to) = (way.sender(), way.recipient().id);
    let keysends: Vec<Keysend> = (0..count)
        .map(|_| sender.keysend(to, records.clone()))
        .collect();
    let hashes = keysends
        .iter()
        .map(|keysend| keysend.preimage.payment_hash())
        .collect();
    let start = Instant::now();
    let sending = futures::stream::iter(keysends)
        .map(|keysend| sender.send(keysend))
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>();
    let (end, ()) = tokio::try_join!(ear.hears_all(hashes), sending)?;
    Ok(rate(count, end - start))
}

/// So many a second.
pub(super) fn rate(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}
