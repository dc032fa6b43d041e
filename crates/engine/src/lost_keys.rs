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
/// After telling them has failed.
const AGAIN: Duration = Duration::from_secs(60);
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

/// When they were told last.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    /// For how long nothing is said after that.
    pause: Duration,
    /// The place of the newest letter that could not be opened then.
    letter: i64,
}

impl LostKeys {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        loop {
            if !self.is_due().await {
                self.keys.missed.notified().await;
            }
            self.charge.ours().await;
            self.keys.ready().await;
            self.link.able().await;
            let pause = match self.left().await {
                Ok(Duration::ZERO) => match self.tell().await {
                    Ok(()) => continue,
                    Err(error) => {
                        tracing::info!(%error, "nobody can be told that a key is lost");
                        AGAIN
                    }
                },
                Ok(pause) => pause,
                Err(error) => {
                    tracing::info!(%error, "when contacts were told last cannot be read");
                    AGAIN
                }
            };
            tokio::time::sleep(pause).await;
            // Whatever came in the meantime waited for this.
            self.keys.missed.notify_one();
        }
    }

    /// Whether a letter came that could not be opened since contacts were told, perhaps in an earlier run.
    async fn is_due(&self) -> bool {
        let due = |db: &store::Reader<'_>| {
            let told = read(db)?.map_or(0, |told| told.letter);
            Ok(db.newest_unreadable()? > told)
        };
        self.store.read(due).await.unwrap_or_else(|error| {
            tracing::info!(%error, "letters that cannot be opened cannot be looked for");
            false
        })
    }

    /// How long nothing is said yet.
    async fn left(&self) -> Result<Duration, StoreError> {
        let now = self.clock.now();
        let told = self.store.read(read).await?;
        // What a wrong clock has noted counts for nothing.
        let told = told.filter(|told| told.at <= now);
        Ok(told.map_or(Duration::ZERO, |told| {
            told.pause.saturating_sub(told.at.until(now))
        }))
    }

    async fn tell(&self) -> Result<(), CardTrouble> {
        self.keys.reissue().await?;
        let now = self.clock.now();
        let note = move |tx: &store::Tx<'_>| {
            let pause = match read(tx)? {
                Some(told) if told.at.until(now) <= told.pause.saturating_mul(2) => {
                    told.pause.saturating_mul(2).clamp(PAUSE, LONGEST)
                }
                _ => PAUSE,
            };
            let letter = tx.newest_unreadable()?;
            let told = format!("{} {} {letter}", now.0, pause.as_secs());
            tx.set_setting(TOLD, &told)
        };
        let contacts: Vec<NodeId> = self.store.read(|db| db.known_with_card(MOST)).await?;
        for contact in contacts {
            let hello = Body::Hello { beside: None };
            let unasked = CameBy::default();
            if let Err(error) = self.notes.to_known(contact, hello, &unasked).await {
                tracing::debug!(%error, "a contact does not hear of our key");
            }
        }
        Ok(self.store.write(note).await?)
    }
}

/// The setting: the moment (ms since 1970), the pause (s), the place of a letter.
const TOLD: &str = "lost_keys_told";

fn read(db: &store::Reader<'_>) -> Result<Option<Told>, StoreError> {
    Ok(db.setting(TOLD)?.and_then(|text| {
        let mut parts = text.split(' ');
        Some(Told {
            at: Timestamp(parts.next()?.parse().ok()?),
            pause: Duration::from_secs(parts.next()?.parse().ok()?),
            // An earlier version did not note it.
            letter: parts.next().and_then(|part| part.parse().ok()).unwrap_or(0),
        })
    }))
}
