//! What the app does about letters to a seal key that it does not have: its database is new, or an older one. Such a letter
//! does not say who wrote it. So those contacts who may have are told, for free, which key is the right one; their apps
//! send again what was not confirmed.

use std::time::Duration;

use domain::{NodeId, Timestamp};
use protocol::Body;
use store::{Store, StoreError};

use crate::apps::Charge;
use crate::clock::Clock;
use crate::free::notes::{CameBy, Notes};
use crate::keys::{CardTrouble, Keys};
use crate::link::Link;

/// Anybody can write such letters: after contacts were told, nothing is said for this long, and each time twice as long, up
/// to the longest. Once it was quiet for as long again, it begins anew.
const PAUSE: Duration = Duration::from_secs(60 * 60);
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// So many contacts are told: those talked to last.
const MOST: u32 = 100;

/// Tells them.
#[derive(Clone)]
pub(crate) struct LostKeys {
    pub(crate) charge: Charge,
    pub(crate) store: Store,
    pub(crate) clock: std::sync::Arc<dyn Clock>,
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) notes: Notes,
}

impl LostKeys {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        loop {
            self.keys.missed.notified().await;
            self.charge.ours().await;
            self.keys.ready().await;
            self.link.able().await;
            let pause = match self.begin().await {
                Ok(None) => {
                    if let Err(error) = self.tell().await {
                        tracing::info!(%error, "nobody can be told that a key is lost");
                    }
                    continue;
                }
                Ok(Some(pause)) => pause,
                Err(error) => {
                    tracing::info!(%error, "when contacts were told last cannot be read");
                    PAUSE
                }
            };
            tokio::time::sleep(pause).await;
            // Whatever came in the meantime waited for this.
            self.keys.missed.notify_one();
        }
    }

    /// Notes that contacts are told now. `Some`: how long that has to wait.
    async fn begin(&self) -> Result<Option<Duration>, StoreError> {
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let (told, pause) = tx
                    .setting(TOLD)?
                    .and_then(|text| read(&text))
                    .unwrap_or((Timestamp(0), Duration::ZERO));
                let since = told.until(now);
                if told <= now && since < pause {
                    return Ok(pause.checked_sub(since));
                }
                let next = if since > pause.saturating_mul(2) {
                    PAUSE
                } else {
                    pause.saturating_mul(2).clamp(PAUSE, LONGEST)
                };
                tx.set_setting(TOLD, &format!("{} {}", now.0, next.as_secs()))?;
                Ok(None)
            })
            .await
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

/// When contacts were told last (ms since 1970), and how long nothing is said after that (s).
const TOLD: &str = "lost_keys_told";

fn read(text: &str) -> Option<(Timestamp, Duration)> {
    let (told, pause) = text.split_once(' ')?;
    let told = Timestamp(told.parse().ok()?);
    Some((told, Duration::from_secs(pause.parse().ok()?)))
}
