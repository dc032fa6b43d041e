//! One message at a time: through the whole app, and as a bare payment with the same bytes, in turn.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lnd::Records;

use super::bare::Ear;
use super::stage::{Stage, Way, unread};

/// How long a message may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pairs before the first that counts.
const WARM_UP: usize = 5;

/// All samples of a direction.
#[derive(Debug)]
pub(super) struct Pairs {
    pub(super) way: String,
    pub(super) record_bytes: usize,
    pub(super) pairs: Vec<Pair>,
    /// The bare client with the apps closed: what it loses by their presence.
    pub(super) alone: Vec<Duration>,
}

/// One message each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) app: App,
    /// From sending to the recipient's event: SETTLED, or ACCEPTED where payments are held.
    pub(super) bare: Duration,
}

/// One message through the app.
#[derive(Clone, Copy, Debug)]
pub(super) struct App {
    /// From the call to the row in the recipient's store.
    pub(super) whole: Duration,
    /// The part of it after the recipient's node has told of the payment.
    pub(super) after_event: Duration,
}

impl Pairs {
    pub(super) async fn measure(stage: &Stage, pairs: usize) -> Result<Vec<Self>> {
        let mut measured = Vec::new();
        for way in stage.ways() {
            measured.push(Self::along(way, pairs).await?);
        }
        stage.close_apps().await;
        for (way, measured) in stage.ways().into_iter().zip(&mut measured) {
            measured.alone = alone(way, pairs.div_ceil(4), measured.record_bytes).await?;
        }
        Ok(measured)
    }

    async fn along(way: Way<'_>, count: usize) -> Result<Self> {
        let name = way.name();
        let mut ear = Ear::open(way.recipient(), way.with_app());
        ear.tune(way.sender(), way.recipient()).await?;
        let mut pairs = Vec::with_capacity(count);
        let mut letter = Records::new();
        for number in 0..count + WARM_UP {
            if number >= WARM_UP && (number - WARM_UP).is_multiple_of(50) {
                tracing::info!("{name}: pair {} of {count}", number - WARM_UP + 1);
            }
            // Whoever goes first changes, so that neither profits from what the other leaves behind.
            let app_first = number.is_multiple_of(2);
            let mut app = None;
            let mut bare = None;
            for turn in [app_first, !app_first] {
                way.quiet().await?;
                ear.rest()?;
                if turn {
                    app = Some(by_app(way, &mut ear, &mut letter).await?);
                } else {
                    bare = Some(by_bare(way, &mut ear, unread(&letter)?).await?);
                }
            }
            let (app, bare) = (app.context("one each")?, bare.context("one each")?);
            if number >= WARM_UP {
                pairs.push(Pair { app, bare });
            }
        }
        Ok(Self {
            way: name,
            record_bytes: letter.iter().map(|(_, bytes)| bytes.len()).sum(),
            pairs,
            alone: Vec::new(),
        })
    }
}

/// `letter` is what went over the wire.
async fn by_app(way: Way<'_>, ear: &mut Ear, letter: &mut Records) -> Result<App> {
    let (sender, recipient) = (way.sending_app()?, way.receiving_app()?);
    let mut changes = recipient.changes();
    // As long each time, as its letter is.
    let tail = rand::random::<u32>();
    let text = format!("Shall we meet at the harbour at noon? {tail:08x}");
    let request = way.request(&text);

    let start = Instant::now();
    let key = sender.message_send(request).await?;
    let stored = async {
        loop {
            let change = changes.next().await.context("the program is gone")?;
            if way.told(&recipient, change).await?.contains(&text) {
                return anyhow::Ok(Instant::now());
            }
        }
    };
    let stored = tokio::time::timeout(PATIENCE, stored)
        .await
        .context("a message does not arrive")??;

    let arrival = ear.hears().await?;
    way.is_over(key).await?;
    // The last hop's records, without the one that every keysend has.
    *letter = arrival.records;
    letter.retain(|(kind, _)| *kind == protocol::record::LETTER);
    Ok(App {
        whole: stored - start,
        after_event: stored.saturating_duration_since(arrival.at),
    })
}

async fn by_bare(way: Way<'_>, ear: &mut Ear, records: Records) -> Result<Duration> {
    let keysend = way.sender().keysend(way.recipient().id, records);
    let hash = keysend.preimage.payment_hash();
    let start = Instant::now();
    let (arrival, ()) = tokio::try_join!(ear.hears(), way.sender().send(keysend))?;
    ensure!(arrival.hash == hash, "somebody else pays");
    Ok(arrival.at - start)
}

async fn alone(way: Way<'_>, count: usize, bytes: usize) -> Result<Vec<Duration>> {
    tracing::info!("{}: the bare client alone", way.name());
    let mut ear = Ear::open(way.recipient(), way.without_app());
    ear.tune(way.sender(), way.recipient()).await?;
    let records = vec![(protocol::record::LETTER + 2, vec![0; bytes])];
    let mut times = Vec::with_capacity(count);
    for number in 0..count + WARM_UP {
        way.quiet().await?;
        let time = by_bare(way, &mut ear, records.clone()).await?;
        if number >= WARM_UP {
            times.push(time);
        }
    }
    Ok(times)
}
