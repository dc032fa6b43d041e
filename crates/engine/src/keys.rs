//! The app's own seal keys, and the card by which our node vouches for the one in use.
//!
//! A key is used for 30 days; its successor is introduced in letters that are still sealed with it; what is sealed to it
//! is opened for 60 days more, and for a year while it is the last one that some contact knows. Without the permission to sign there is no card: letters are sealed with the node's key.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Contact, Msat, NodeId, Timestamp};
use lnd::{Lightning, LightningError};
use protocol::{Features, KeyCard, KeyId, PublicKey, Recipient, SealKey, SignedCard, card};
use rand::SeedableRng;
use rand::rngs::StdRng;
use store::{CardRow, SealKeyRow, Store, StoreError, Tx};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::apps::Charge;
use crate::clock::Clock;
use crate::hints::OwnHints;
use crate::link::Link;
use crate::reading::Reading;
use crate::rules::Settings;
use crate::sealing::Sealing;
use crate::time::Time;
use crate::watched::Watched;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a key is in use.
const IN_USE: Duration = DAY.saturating_mul(30);
/// How long a card may be sealed to: whoever has not heard of its successor still has it.
const VALID: Duration = DAY.saturating_mul(60);
/// How long after its retirement a key still opens letters.
const KEPT: Duration = DAY.saturating_mul(60);
/// The same for a key that is the last one of ours which some contact knows: they seal to it until they hear of another.
const KEPT_FOR_SILENT: Duration = DAY.saturating_mul(365);
/// By then another app on the node has said that it is in charge. Before, a copy of its folder makes no other key or card.
const HEARD_OF: Duration = Duration::from_secs(10);
/// A card that is issued so much ahead of now was made by a clock that was wrong.
const FUTURE: Duration = Duration::from_secs(60 * 60);
/// How long the node may take to vouch for our key before letters go without it.
const VOUCHING: Duration = Duration::from_secs(5);
/// The card is looked at this often.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// A seal key of ours.
pub(crate) struct OwnKey {
    pub(crate) key: SealKey,
    pub(crate) id: KeyId,
    pub(crate) card: SignedCard,
    made_at: Timestamp,
    issued: Timestamp,
}

impl OwnKey {
    fn of(row: &SealKeyRow) -> Option<Self> {
        let key = SealKey::from_secret_bytes(&row.secret)?;
        Some(Self {
            id: KeyId::of(&key.public()),
            card: SignedCard::decode(&row.card).ok()?,
            key,
            made_at: row.made_at,
            issued: row.issued,
        })
    }

    /// Whether its card was made while the clock was ahead: others may refuse it.
    fn is_of_the_future(&self, now: Timestamp) -> bool {
        self.issued > now.plus(FUTURE)
    }
}

/// What a stored card says: it was verified when it came.
pub(crate) fn read_card(row: &CardRow) -> Option<KeyCard> {
    SignedCard::decode(&row.card).ok()?.claimed().ok()
}

/// Deletes the keys that are kept no longer.
fn forget_old(tx: &Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    for row in tx.seal_keys()? {
        let known = match SealKey::from_secret_bytes(&row.secret) {
            Some(key) => tx.is_told(KeyId::of(&key.public()).0)?,
            None => false,
        };
        let kept = if known { KEPT_FOR_SILENT } else { KEPT };
        if row.retired.is_some_and(|at| at < now.minus(kept)) {
            tx.forget_seal_key(row.number)?;
        }
    }
    Ok(())
}

/// What the app cannot do because its macaroon does not let it: then the card does not promise it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deaf {
    pub(crate) to_peers: bool,
    pub(crate) to_onions: bool,
}

/// Which key was in use at a moment, and stood in the cards of that time. `keys` are all of ours, the newest first.
pub(crate) fn in_use_at(keys: &[SealKeyRow], at: Timestamp) -> Option<KeyId> {
    let row = keys.iter().find(|row| row.made_at <= at)?;
    let key = SealKey::from_secret_bytes(&row.secret)?;
    Some(KeyId::of(&key.public()))
}

/// Our keys, the one in use first. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) node: NodeId,
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) time: Time,
    pub(crate) reading: Reading,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    pub(crate) ring: Watched<Vec<Arc<OwnKey>>>,
    pub(crate) deaf: Arc<Mutex<Deaf>>,
    /// What the card says may have changed.
    pub(crate) wake: Arc<Notify>,
    /// A letter came to a key that is not here.
    pub(crate) missed: Arc<Notify>,
    /// Only the app in charge has the node vouch for a key.
    pub(crate) charge: Charge,
    /// Goes with the key card: without it, some could not answer.
    pub(crate) hints: OwnHints,
}

/// Why there is no new card yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CardTrouble {
    #[error(transparent)]
    Lightning(#[from] LightningError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the node's signature is none: {0}")]
    Card(#[from] protocol::CardError),
}

impl Keys {
    /// Reads the keys of the runs before.
    pub(crate) async fn load(&self) -> Result<(), StoreError> {
        let rows = self.store.read(|db| db.seal_keys()).await?;
        let ring = rows.iter().filter_map(OwnKey::of).map(Arc::new).collect();
        self.ring.set(ring);
        Ok(())
    }

    /// The actor's loop.
    pub(crate) async fn run(self, link: Link) {
        let began = Instant::now();
        // A card of the future would be refused by everybody.
        self.reading.done().await;
        loop {
            self.charge.ours().await;
            link.connected().await;
            if self.current().is_some() {
                let heard = HEARD_OF.saturating_sub(began.elapsed());
                tokio::time::sleep(heard).await;
                self.charge.ours().await;
            }
            let pause = match self.renew().await {
                Ok(()) => PERIOD,
                Err(CardTrouble::Lightning(LightningError::Unreachable(_))) => {
                    Duration::from_secs(5)
                }
                Err(error) => {
                    tracing::info!(%error, "the node does not vouch for the app's key");
                    PERIOD
                }
            };
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The key in use; `None` before the node has vouched for one.
    pub(crate) fn current(&self) -> Option<Arc<OwnKey>> {
        self.ring.get().first().cloned()
    }

    /// Returns once there is a key in use.
    pub(crate) async fn ready(&self) {
        self.ring.until(|ring| !ring.is_empty()).await;
    }

    /// The same, but no longer than the node may take: without the permission to sign it never vouches for a key. Only the
    /// first start of all waits here.
    pub(crate) async fn ready_or_late(&self) {
        let _ = tokio::time::timeout(VOUCHING, self.ready()).await;
    }

    /// The key with this id, as long as it is kept.
    pub(crate) fn by_id(&self, id: KeyId) -> Option<Arc<OwnKey>> {
        self.ring.get().iter().find(|own| own.id == id).cloned()
    }

    /// The ids of all keys that are kept.
    pub(crate) fn ids(&self) -> Vec<KeyId> {
        let mut ids: Vec<_> = self.ring.get().iter().map(|own| own.id).collect();
        ids.sort_by_key(|id| id.0);
        ids
    }

    /// The key to which a letter is sealed; that it is not here is remembered.
    pub(crate) fn to_open(&self, id: KeyId) -> Option<Arc<OwnKey>> {
        let own = self.by_id(id);
        if own.is_none() {
            self.missed.notify_one();
        }
        own
    }

    /// How letters to a node are sealed, by the card of theirs that we have. Once a seal key is known, nothing is sealed to
    /// the node's key any more: whoever runs the node could read it. A card that is expired is better than none.
    pub(crate) fn sealing(
        &self,
        to: NodeId,
        contact: Option<&Contact>,
        card: Option<&CardRow>,
    ) -> Sealing {
        let recipient = card
            .and_then(|row| PublicKey::from_bytes(&row.seal_key))
            .map_or(Recipient::from(to), |key| Recipient::with_seal_key(to, key));
        // Another app may have introduced another key since: only the node's is sure to be ours.
        let current = self.current().filter(|_| !self.charge.is_elsewhere());
        // Until they have sealed to the new key, it is introduced under the one that they know. Who knows none gets it under
        // itself: under another it would be nobody's.
        let known = card
            .and_then(|row| row.told)
            .and_then(|id| self.by_id(KeyId(id)))
            .filter(|_| current.is_some());
        Sealing {
            ours: self.node,
            recipient,
            card: current.as_ref().map(|own| own.card.clone()),
            hints: self.hints.for_contact(contact),
            own_alone: known
                .clone()
                .filter(|_| card.is_some_and(|row| row.told_sure)),
            own: known.or(current),
            features: card
                .and_then(read_card)
                .map(|theirs| theirs.features)
                .unwrap_or_default(),
            in_doubt: card.is_some_and(CardRow::is_in_doubt),
        }
    }

    /// Whether the time of a stored card is over.
    pub(crate) fn is_stale(&self, row: &CardRow) -> bool {
        read_card(row).is_none_or(|card| card.is_expired(self.clock.now()))
    }

    /// The number that two people compare; `None` while one of the two keys is missing.
    pub(crate) fn safety_number(&self, card: Option<&CardRow>) -> Option<String> {
        let row = card?;
        let theirs = (row.node, PublicKey::from_bytes(&row.seal_key)?);
        let ours = (self.node, self.current()?.key.public());
        Some(protocol::safety_number(ours, theirs))
    }

    /// A new key when the one in use is old, a new card when it no longer says what is.
    async fn renew(&self) -> Result<(), CardTrouble> {
        let now = self.clock.now();
        let features = self.features(self.lightning.may_issue_invoices().await?);
        // Contacts may have a card of the app that was in charge before.
        let app = self.store.read(|db| db.app()).await?;
        let took_over = app.map_or(Timestamp(0), |app| app.since);
        if let Some(own) = self.current()
            && (own.is_of_the_future(now) || now < own.made_at.plus(IN_USE))
        {
            let says = own.card.verify(self.node, now).ok();
            // A moment of the future was noted by a clock that was wrong.
            let is_young = own.issued >= took_over || took_over > now;
            if is_young && says.is_some_and(|says| says.features == features) {
                return Ok(());
            }
            self.replace_card(&own, features).await?;
        } else {
            let key = SealKey::generate(&mut self.fresh_rng());
            let last = self.current().map(|own| own.issued);
            let issued = last.map_or(now, |last| now.max(last.plus(Duration::from_millis(1))));
            let card = self.sign(key.public(), features, issued).await?;
            let before = self.time.earliest();
            self.store
                .write(move |tx| {
                    tx.add_seal_key(key.as_secret_bytes(), &card.encode(), issued)?;
                    forget_old(tx, before)
                })
                .await?;
        }
        Ok(self.load().await?)
    }

    /// A younger card for the key in use: whoever has the card of a key that was lost takes no older one.
    pub(crate) async fn reissue(&self) -> Result<(), CardTrouble> {
        let Some(own) = self.current() else {
            return Ok(());
        };
        let features = self.features(self.lightning.may_issue_invoices().await?);
        self.replace_card(&own, features).await?;
        Ok(self.load().await?)
    }

    /// A card is worth something only if it is younger than the one before; but of one of the future nobody has heard.
    async fn replace_card(&self, own: &OwnKey, features: Features) -> Result<(), CardTrouble> {
        let now = self.clock.now();
        let issued = if own.is_of_the_future(now) {
            now
        } else {
            now.max(own.issued.plus(Duration::from_millis(1)))
        };
        let card = self.sign(own.key.public(), features, issued).await?;
        Ok(self
            .store
            .write(move |tx| tx.renew_card(&card.encode(), issued))
            .await?)
    }

    async fn sign(
        &self,
        seal_key: PublicKey,
        features: Features,
        issued: Timestamp,
    ) -> Result<SignedCard, CardTrouble> {
        let bytes = KeyCard {
            node: self.node,
            seal_key,
            issued,
            expires: issued.plus(VALID),
            features,
            stranger_price: Msat::ZERO,
            name: None,
        }
        .encode();
        let text = card::signing_text(&bytes).into_bytes();
        let signature = card::signature_from_text(&self.lightning.sign_message(text).await?)?;
        let card = SignedCard::new(bytes, signature)?;
        // A node that signs with another key would make others refuse every letter.
        card.verify(self.node, self.clock.now())?;
        Ok(card)
    }

    /// Invoices are promised whatever the node does with keysends: who pays goes by that first.
    fn features(&self, issues_invoices: bool) -> Features {
        let deaf = *self.deaf.lock().unwrap_or_else(PoisonError::into_inner);
        Features {
            peer_messages: !deaf.to_peers,
            onion_messages: !deaf.to_onions,
            holds_keysends: self.settings.mode().hold_secs_told().is_some(),
            issues_invoices,
        }
    }

    fn fresh_rng(&self) -> StdRng {
        StdRng::from_rng(&mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
