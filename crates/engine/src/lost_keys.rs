//! What the app does about letters to a seal key that it does not have: its database is new, or an older one. Such a letter
//! does not say who wrote it. So those contacts who may have are told, for free, which key is the right one; their apps
//! send again what was not confirmed.

use std::time::Duration;

use domain::NodeId;
use protocol::Body;
use store::Store;

use crate::free::notes::{CameBy, Notes};
use crate::keys::{CardTrouble, Keys};
use crate::link::Link;

/// Anybody can write such letters: contacts are told this often at most.
const PAUSE: Duration = Duration::from_secs(60 * 60);
/// So many contacts are told: those talked to last.
const MOST: u32 = 100;

/// Tells them.
#[derive(Clone)]
pub(crate) struct LostKeys {
    pub(crate) store: Store,
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) notes: Notes,
}

impl LostKeys {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        loop {
            self.keys.missed.notified().await;
            self.keys.ready().await;
            self.link.able().await;
            if let Err(error) = self.tell().await {
                tracing::info!(%error, "nobody can be told that a key is lost");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn tell(&self) -> Result<(), CardTrouble> {
        self.keys.reissue().await?;
        let contacts: Vec<NodeId> = self.store.read(|db| db.known_with_card(MOST)).await?;
        for contact in contacts {
            let hello = Body::Hello { beside: None };
            let unasked = CameBy::default();
            if let Err(error) = self.notes.to_known(contact, hello, &unasked).await {
                tracing::debug!(%error, "a contact does not hear of our key");
            }
        }
        Ok(())
    }
}
