//! Asks contacts for letters of theirs that are not here: their numbers say so. For free, a few times, and only known contacts.

use std::sync::Arc;
use std::time::Duration;

use domain::NodeId;
use protocol::{Body, Numbers};
use store::{Store, StoreError};

use crate::apps::Charge;
use crate::clock::Clock;
use crate::free::notes::{CameBy, Notes};
use crate::keys::Keys;
use crate::link::Link;

/// The books are looked through this often.
const PERIOD: Duration = Duration::from_secs(60);

/// Asks.
#[derive(Clone)]
pub(crate) struct Missing {
    pub(crate) charge: Charge,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) notes: Notes,
}

impl Missing {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        self.keys.ready().await;
        loop {
            self.charge.ours().await;
            self.link.able().await;
            if let Err(error) = self.ask().await {
                tracing::info!(%error, "what is missing could not be asked for");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    async fn ask(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for node in self.store.read(move |db| db.to_be_asked(now)).await? {
            self.ask_one(node).await?;
        }
        Ok(())
    }

    async fn ask_one(&self, node: NodeId) -> Result<(), StoreError> {
        let now = self.clock.now();
        // Counted before it is sent; what does not leave is asked for again later.
        let missing = self
            .store
            .write(move |tx| {
                let missing = tx.missing(node)?;
                tx.asked(node, now)?;
                Ok(missing)
            })
            .await?;
        let numbers: Vec<_> = missing
            .into_iter()
            .map(|(first, last)| Numbers { first, last })
            .collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let request = Body::ResendRequest(numbers);
        if let Err(error) = self.notes.to_known(node, request, &CameBy::default()).await {
            tracing::debug!(%error, "a contact was not asked for what is missing");
        }
        Ok(())
    }
}
