//! The bare client without payments: bytes go there, and as many as are asked for come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domain::NodeId;
use futures::StreamExt;
use lnd::{GrpcNode, Lightning};
use protocol::onion::{self, ReplyPath};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::bare::Bare;

/// The type of peer messages that nobody reads: the app's is 48,801.
const KIND: u32 = 48_803;
/// What the bare client's bytes begin with: letters begin with their version.
const OURS: u8 = 0;
/// How many bytes are wanted back stands behind it.
const HEAD: usize = 3;
/// How long an answer may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How bytes travel without a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Road {
    /// Over the connection with this peer.
    Peer(NodeId),
    /// As onion messages along `[first hop, …, recipient]`.
    Onion(Vec<NodeId>),
}

/// Somebody at both ends of a road. Closed when it is dropped.
pub(super) struct Echo {
    road: Road,
    from: Bare,
    back: mpsc::UnboundedReceiver<Instant>,
    letters: Letters,
    _ends: JoinSet<Result<()>>,
}

/// How long the last letter of an app was that came to the recipient's node, and to the sender's.
#[derive(Clone, Default)]
struct Letters {
    there: Arc<AtomicUsize>,
    back: Arc<AtomicUsize>,
}

impl Echo {
    /// Begins to listen at both ends, and sends until an answer comes: nodes do not say when they have begun.
    pub(super) async fn open(road: Road, from: &Bare, to: &Bare) -> Result<Self> {
        const TRIES: usize = 30;
        let (tell, back) = mpsc::unbounded_channel();
        let letters = Letters::default();
        let mut ends = JoinSet::new();
        let (here, there) = (from.node.clone(), to.node.clone());
        let lengths = letters.clone();
        match road {
            Road::Peer(_) => {
                ends.spawn(hear_peers(here, lengths.back, tell));
                ends.spawn(answer_peers(there, lengths.there));
            }
            Road::Onion(_) => {
                ends.spawn(hear_onions(here, lengths.back, tell));
                ends.spawn(answer_onions(there, lengths.there));
            }
        }
        let mut echo = Self {
            road,
            from: from.clone(),
            back,
            letters,
            _ends: ends,
        };
        for _ in 0..TRIES {
            echo.send(HEAD, HEAD).await?;
            let answer = tokio::time::timeout(Duration::from_secs(1), echo.back.recv());
            if answer.await.is_ok_and(|answer| answer.is_some()) {
                return Ok(echo);
            }
        }
        bail!("nothing comes back over {:?}", echo.road)
    }

    /// As many bytes there as an app's last letter had, and as many back as its receipt: how long that takes.
    pub(super) async fn round(&mut self) -> Result<Duration> {
        while self.back.try_recv().is_ok() {}
        let (there, back) = self.lengths();
        let start = Instant::now();
        self.send(there, back).await?;
        let answer = tokio::time::timeout(PATIENCE, self.back.recv()).await;
        let answer = answer.context("bare bytes do not come back")?;
        Ok(answer.context("nobody listens any more")? - start)
    }

    /// Bytes of an app's letter and of its receipt.
    pub(super) fn lengths(&self) -> (usize, usize) {
        let letters = &self.letters;
        (
            letters.there.load(Ordering::SeqCst),
            letters.back.load(Ordering::SeqCst),
        )
    }

    async fn send(&self, there: usize, back: usize) -> Result<()> {
        let mut bytes = vec![OURS; there.max(HEAD)];
        let [.., high, low] = back.to_be_bytes();
        bytes[1..HEAD].copy_from_slice(&[high, low]);
        let node = &self.from.node;
        match &self.road {
            Road::Peer(to) => Ok(node.send_peer_message(*to, KIND, bytes).await?),
            Road::Onion(way) => hand_over(node, onion(way, self.from.id, &bytes)?).await,
        }
    }

    /// Bytes of an onion that carries an app's letter.
    pub(super) fn onion_bytes(&self) -> Result<usize> {
        let Road::Onion(way) = &self.road else {
            return Ok(0);
        };
        let (there, _) = self.lengths();
        Ok(onion(way, self.from.id, &vec![OURS; there])?.onion.len())
    }
}

/// With a way back over the same nodes, as the app's.
fn onion(way: &[NodeId], ours: NodeId, bytes: &[u8]) -> Result<onion::OnionMessage> {
    let between = way.split_last().map_or(&[][..], |(_, between)| between);
    let back: Vec<_> = between.iter().rev().copied().chain([ours]).collect();
    let mut rng = rand::rng();
    let (back, _) = ReplyPath::to_ourselves(&mut rng, &back)?;
    Ok(onion::send(&mut rng, way, Some(&back), bytes)?)
}

async fn hear_peers(
    node: GrpcNode,
    letters: Arc<AtomicUsize>,
    tell: mpsc::UnboundedSender<Instant>,
) -> Result<()> {
    let mut messages = node.peer_messages().await?;
    while let Some(message) = messages.next().await.transpose()? {
        if message.kind == KIND {
            tell.send(Instant::now())?;
        } else {
            letters.store(message.bytes.len(), Ordering::SeqCst);
        }
    }
    Ok(())
}

async fn hear_onions(
    node: GrpcNode,
    letters: Arc<AtomicUsize>,
    tell: mpsc::UnboundedSender<Instant>,
) -> Result<()> {
    let mut messages = node.onion_messages().await?;
    while let Some(message) = messages.next().await.transpose()? {
        match message.records.first() {
            Some((_, bytes)) if bytes.first() == Some(&OURS) => tell.send(Instant::now())?,
            Some((_, bytes)) => letters.store(bytes.len(), Ordering::SeqCst),
            None => {}
        }
    }
    Ok(())
}

async fn answer_peers(node: GrpcNode, letters: Arc<AtomicUsize>) -> Result<()> {
    let mut messages = node.peer_messages().await?;
    while let Some(message) = messages.next().await.transpose()? {
        match answer_to(&message.bytes) {
            Some(answer) if message.kind == KIND => {
                node.send_peer_message(message.from, KIND, answer).await?;
            }
            _ => letters.store(message.bytes.len(), Ordering::SeqCst),
        }
    }
    Ok(())
}

/// Over the way back, whose first node is a peer in this network.
async fn answer_onions(node: GrpcNode, letters: Arc<AtomicUsize>) -> Result<()> {
    let mut messages = node.onion_messages().await?;
    while let Some(message) = messages.next().await.transpose()? {
        let (Some((_, bytes)), Some(back)) = (message.records.first(), message.reply_path) else {
            continue;
        };
        let Some(answer) = answer_to(bytes) else {
            letters.store(bytes.len(), Ordering::SeqCst);
            continue;
        };
        let hops = back.hops.iter();
        let hops = hops.map(|(id, data)| (id.as_bytes().as_slice(), data.as_slice()));
        let (first, blinding) = (back.introduction_node, back.blinding_point);
        let path = ReplyPath::parse(first.as_bytes(), blinding.as_bytes(), hops)?;
        let path = path.context("a way back without a beginning")?;
        let message = onion::answer(&mut rand::rng(), &[first], &path, None, &answer)?;
        hand_over(&node, message).await?;
    }
    Ok(())
}

fn answer_to(bytes: &[u8]) -> Option<Vec<u8>> {
    let [OURS, high, low, ..] = bytes else {
        return None;
    };
    let length = u16::from_be_bytes([*high, *low]);
    Some(vec![OURS; usize::from(length).max(1)])
}

async fn hand_over(node: &GrpcNode, message: onion::OnionMessage) -> Result<()> {
    let path_key = NodeId::from_bytes(&message.path_key)?;
    let sent = node.send_onion(message.first_hop, path_key, message.onion);
    Ok(sent.await?)
}
