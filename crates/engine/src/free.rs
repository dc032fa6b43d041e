//! Letters that cost nothing: over a connection between two nodes, and as onion messages over the graph. Both are lost
//! without a word when the other app does not listen; only its receipt tells that they arrived.

use std::sync::{Arc, Mutex, PoisonError};

use domain::NodeId;
use lnd::{Lightning, LightningError, RawReplyPath};
use protocol::onion::{self, Entrance, ReplyPath};
use protocol::record;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::identity::Identity;

pub(crate) mod courier;
pub(crate) mod notes;
mod pace;
pub(crate) mod post;
mod ways;

use pace::Pace;
pub use pace::onion_pace;
pub(crate) use ways::Ways;

/// The type of peer messages that carry an envelope.
pub(crate) const PEER_MESSAGE: u32 = 48_801;

/// Why a free letter did not leave.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FreeError {
    #[error(transparent)]
    Lightning(#[from] LightningError),
    #[error(transparent)]
    Onion(#[from] onion::OnionError),
    /// The way back that came with a message leads nowhere.
    #[error("the reply path cannot be used")]
    NoWayBack,
}

/// Hands free letters to the node. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Free {
    lightning: Arc<dyn Lightning>,
    identity: Identity,
    rng: Arc<Mutex<StdRng>>,
    pub(crate) ways: Ways,
    pace: Pace,
}

impl Free {
    pub(crate) fn new(
        lightning: Arc<dyn Lightning>,
        identity: Identity,
        rng: Arc<Mutex<StdRng>>,
        ways: Ways,
    ) -> Self {
        Self {
            lightning,
            identity,
            rng,
            ways,
            pace: Pace::default(),
        }
    }

    /// Over the connection with a peer.
    pub(crate) async fn to_peer(&self, to: NodeId, record: Vec<u8>) -> Result<(), FreeError> {
        self.lightning
            .send_peer_message(to, PEER_MESSAGE, record)
            .await?;
        Ok(())
    }

    /// Along `way`, which is `[first hop, …, recipient]`. With a way back, for a letter that wants a receipt.
    pub(crate) async fn along(
        &self,
        way: &[NodeId],
        record: &[u8],
        answer: bool,
    ) -> Result<(), FreeError> {
        let mut rng = self.fresh_rng();
        let back = if answer {
            let back = way_back(way, self.identity.node());
            Some(ReplyPath::to_ourselves(&mut rng, &back)?.0)
        } else {
            None
        };
        let message = onion::send(&mut rng, way, back.as_ref(), record)?;
        self.hand_over(message).await
    }

    /// Over the way back that came with a message.
    pub(crate) async fn back(&self, back: &RawReplyPath, record: &[u8]) -> Result<(), FreeError> {
        let hops = back
            .hops
            .iter()
            .map(|(id, data)| (id.as_bytes().as_slice(), data.as_slice()));
        let path = ReplyPath::parse(
            back.introduction_node.as_bytes(),
            back.blinding_point.as_bytes(),
            hops,
        )
        .ok()
        .flatten()
        .ok_or(FreeError::NoWayBack)?;
        let path = match path.enter(self.identity.node()) {
            Entrance::Elsewhere(path) => path,
            Entrance::Ours(hop) => {
                let secret = self.identity.shared_once(hop.point()).await?;
                hop.with_secret(&secret.0)
                    .map_err(|_| FreeError::NoWayBack)?
            }
        };
        let way = self.ways.for_answer(path.introduction()).await?;
        let way = way.ok_or(FreeError::NoWayBack)?;
        let message = onion::answer(&mut self.fresh_rng(), &way, &path, None, record)?;
        self.hand_over(message).await
    }

    async fn hand_over(&self, message: onion::OnionMessage) -> Result<(), FreeError> {
        let path_key = NodeId::from_bytes(&message.path_key).map_err(|_| FreeError::NoWayBack)?;
        self.pace.wait(message.first_hop, message.onion.len()).await;
        self.lightning
            .send_onion(message.first_hop, path_key, message.onion)
            .await?;
        Ok(())
    }

    fn fresh_rng(&self) -> StdRng {
        StdRng::from_rng(&mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The same nodes the other way round, without the recipient, with us at the end: the recipient is a neighbour of the
/// first of them.
fn way_back(way: &[NodeId], ours: NodeId) -> Vec<NodeId> {
    let between = way.split_last().map_or(&[][..], |(_, between)| between);
    between.iter().rev().copied().chain([ours]).collect()
}

/// Bytes that a record may have on this way when it wants a receipt; the large form.
pub(crate) fn room_on(way: usize) -> usize {
    onion::room(onion::Form::Large, way, onion::reply_path_len(way)).unwrap_or(0)
}

/// The record of an onion message that is ours.
pub(crate) const RECORD: u64 = record::LETTER;
