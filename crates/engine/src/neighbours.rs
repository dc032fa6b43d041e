//! What gossip and our node know of others: aliases, keysend, shared channels.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::NodeId;
use lnd::{Lightning, LightningError, NodeFacts, PeerLink};
use store::Store;
use tokio::time::Instant;

use crate::feed::{Change, Feed};

/// How long a fact is believed.
const FRESH: Duration = Duration::from_secs(600);
/// So many nodes are remembered.
const KEPT: usize = 1_000;

/// How a node can be reached now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether gossip knows it.
    pub in_graph: bool,
    /// Whether it announces keysend; `None` when it announces nothing.
    pub keysend: Option<bool>,
    /// Whether our node is connected to it.
    pub peer: bool,
    /// Channels shared with it.
    pub channels: u32,
    /// Channels shared with it that can be used now.
    pub active_channels: u32,
}

/// What was heard of nodes, and when.
type Known = HashMap<NodeId, (Instant, Option<NodeFacts>)>;

/// A memory of facts.
#[derive(Clone)]
pub(crate) struct Neighbours {
    lightning: Arc<dyn Lightning>,
    store: Store,
    feed: Feed,
    known: Arc<Mutex<Known>>,
}

impl Neighbours {
    pub(crate) fn new(lightning: Arc<dyn Lightning>, store: Store, feed: Feed) -> Self {
        Self {
            lightning,
            store,
            feed,
            known: Arc::default(),
        }
    }

    /// What gossip says; `None` when it says nothing.
    pub(crate) async fn facts(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&node)
            .cloned();
        if let Some((at, facts)) = known
            && at.elapsed() < FRESH
        {
            return Ok(facts);
        }
        let facts = self.lightning.node(node).await?;
        // Only a node that has announced itself is remembered: the others may do so at any moment.
        if facts.as_ref().is_some_and(|facts| facts.announced) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(node, (Instant::now(), facts.clone()));
        }
        Ok(facts)
    }

    /// Whether the node says that it does not take keysends. Silence is no refusal.
    pub(crate) async fn refuses_keysend(&self, node: NodeId) -> Result<bool, LightningError> {
        let facts = self.facts(node).await?;
        Ok(facts.is_some_and(|facts| facts.announced && !facts.keysend))
    }

    /// What our node shares with another.
    pub(crate) async fn link_with(&self, node: NodeId) -> Result<Option<PeerLink>, LightningError> {
        let peers = self.lightning.peers().await?;
        Ok(peers.into_iter().find(|link| link.node == node))
    }

    /// Whether our node is connected to another now.
    pub(crate) async fn is_connected(&self, node: NodeId) -> Result<bool, LightningError> {
        let link = self.link_with(node).await?;
        Ok(link.is_some_and(|link| link.connected))
    }

    /// Whether gossip knows the node, or it shares a channel with ours. Not knowing is no.
    pub(crate) async fn is_known(&self, node: NodeId) -> bool {
        if let Ok(Some(_)) = self.facts(node).await {
            return true;
        }
        let link = self.link_with(node).await;
        link.is_ok_and(|link| link.is_some_and(|link| link.channels > 0))
    }

    /// How a node can be reached now.
    pub(crate) async fn reach(&self, node: NodeId) -> Result<Reach, LightningError> {
        let facts = self.facts(node).await?;
        let link = self.link_with(node).await?;
        Ok(Reach {
            in_graph: facts.is_some(),
            keysend: facts
                .as_ref()
                .filter(|facts| facts.announced)
                .map(|facts| facts.keysend),
            peer: link.is_some_and(|link| link.connected),
            channels: link.map_or(0, |link| link.channels),
            active_channels: link.map_or(0, |link| link.active_channels),
        })
    }

    /// Brings the contact's alias up to date. Not knowing it is no trouble.
    pub(crate) async fn refresh_alias(&self, node: NodeId) {
        let Ok(Some(facts)) = self.facts(node).await else {
            return;
        };
        let alias = protocol::one_line(&facts.alias, 32);
        let written = self
            .store
            .write(move |tx| {
                Ok(tx
                    .set_alias(node, &alias)?
                    .then(|| tx.conversation_of(node))
                    .transpose()?
                    .flatten())
            })
            .await;
        match written {
            Ok(Some(conversation)) => self.feed.publish(Change::Conversation(conversation)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "an alias could not be stored"),
        }
    }
}
