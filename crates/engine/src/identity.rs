//! Who we are, and the secrets that our node shares with others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::NodeId;
use lnd::{Lightning, LightningError, SharedSecret};

/// Secrets with so many contacts are kept in memory; asking again costs a millisecond.
const KEPT: usize = 1_000;

/// Our node's key, by way of our node.
#[derive(Clone)]
pub(crate) struct Identity {
    node: NodeId,
    lightning: Arc<dyn Lightning>,
    known: Arc<Mutex<HashMap<NodeId, SharedSecret>>>,
}

impl Identity {
    pub(crate) fn new(node: NodeId, lightning: Arc<dyn Lightning>) -> Self {
        Self {
            node,
            lightning,
            known: Arc::default(),
        }
    }

    pub(crate) const fn node(&self) -> NodeId {
        self.node
    }

    /// The secret between our node's key and another long-lived key. Remembered.
    pub(crate) async fn shared_with(&self, other: NodeId) -> Result<SharedSecret, LightningError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&other)
            .cloned();
        if let Some(secret) = known {
            return Ok(secret);
        }
        let secret = self.lightning.shared_secret(other).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(other, secret.clone());
        Ok(secret)
    }

    /// The secret between our node's key and a key that is used once. Not remembered.
    pub(crate) async fn shared_once(&self, point: NodeId) -> Result<SharedSecret, LightningError> {
        self.lightning.shared_secret(point).await
    }

    /// DER signature of our node over `bytes`.
    pub(crate) async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        self.lightning.sign(bytes).await
    }
}
