//! Letters that the app writes by itself: receipts, and its card for a contact who asks. They never cost anything, and
//! nobody but known contacts gets one.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{Carrier, Circumstances, Expectation, Limits, MessageId, NodeId, Trust, Way, choose};
use lnd::{LightningError, RawReplyPath};
use protocol::{Body, Letter};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use store::Store;

use super::{Free, FreeError};
use crate::apps::Charge;
use crate::clock::Clock;
use crate::compose::NO_PAYMENT;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::neighbours::Neighbours;
use crate::rules::Settings;
use crate::tasks::Tasks;

/// Writes them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Notes {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Identity,
    pub(crate) keys: Keys,
    pub(crate) neighbours: Neighbours,
    pub(crate) settings: Settings,
    pub(crate) free: Free,
    pub(crate) tasks: Tasks,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    pub(crate) charge: Charge,
}

/// Over what the letter came that is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct CameBy {
    pub(crate) carrier: Option<Carrier>,
    /// The way back that an onion message brought.
    pub(crate) back: Option<RawReplyPath>,
}

/// Why a note was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoteError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Lightning(#[from] LightningError),
    #[error(transparent)]
    Free(#[from] FreeError),
    /// No free carrier leads there now, or they do not listen.
    #[error("no free way leads there")]
    NoWay,
    /// Their key has to be looked at first.
    #[error("the recipient's key has to be looked at first")]
    InDoubt,
}

impl Notes {
    /// Tells a contact that their messages are stored here, in the background. A note that is lost is asked for by the
    /// same message coming once more.
    pub(crate) fn delivered(&self, to: NodeId, ids: Vec<MessageId>, came: CameBy) {
        self.receipt(to, ids, Vec::new(), came);
    }

    /// Tells a contact that the user has seen their messages, if the user wants that told.
    pub(crate) fn read(&self, to: NodeId, ids: Vec<MessageId>) {
        if self.settings.tells_read() {
            self.receipt(to, Vec::new(), ids, CameBy::default());
        }
    }

    fn receipt(&self, to: NodeId, delivered: Vec<MessageId>, read: Vec<MessageId>, came: CameBy) {
        let most = protocol::letter::RECEIPT_LIMIT;
        let chunks = |ids: Vec<MessageId>| -> Vec<Vec<MessageId>> {
            ids.chunks(most).map(<[MessageId]>::to_vec).collect()
        };
        let delivered = chunks(delivered)
            .into_iter()
            .map(|delivered| Body::Receipt {
                delivered,
                read: Vec::new(),
            });
        let read = chunks(read).into_iter().map(|read| Body::Receipt {
            delivered: Vec::new(),
            read,
        });
        for body in delivered.chain(read) {
            self.send_by_itself(to, body, came.clone());
        }
    }

    /// Answers a contact who asks for our card: every letter carries it.
    pub(crate) fn introduce(&self, to: NodeId, came: CameBy) {
        if self.charge.is_elsewhere() {
            return;
        }
        let notes = self.clone();
        self.tasks.spawn(async move {
            notes.keys.ready_or_late().await;
            notes.send_by_itself(to, Body::Hello { beside: None }, came);
        });
    }

    fn send_by_itself(&self, to: NodeId, body: Body, came: CameBy) {
        // What only this app has stored is to come again, for the one in charge.
        if self.charge.is_elsewhere() {
            return;
        }
        let notes = self.clone();
        self.tasks.spawn(async move {
            match notes.to_known(to, body, &came).await {
                Ok(()) | Err(NoteError::NoWay | NoteError::InDoubt) => {}
                Err(error) => tracing::debug!(%error, "a note was not sent"),
            }
        });
    }

    /// Sends it to a contact whom the user knows, and to nobody else.
    pub(crate) async fn to_known(
        &self,
        to: NodeId,
        body: Body,
        came: &CameBy,
    ) -> Result<(), NoteError> {
        let contact = self.store.read(move |db| db.contact(to)).await?;
        let known = contact.filter(|contact| contact.trust == Trust::Known);
        let way = known.ok_or(NoteError::NoWay)?.way;
        self.send(to, body, came, way).await
    }

    /// Sends a letter that is no message, over a free carrier that the user allows or not at all.
    pub(crate) async fn send(
        &self,
        to: NodeId,
        body: Body,
        came: &CameBy,
        allowed: Way,
    ) -> Result<(), NoteError> {
        let (contact, card, after) = self
            .store
            .read(move |db| {
                let after = db.number_before(to, u64::MAX)?;
                Ok((db.contact(to)?, db.card(to)?, after))
            })
            .await?;
        let sealing = self.keys.sealing(to, contact.as_ref(), card.as_ref());
        if sealing.in_doubt {
            return Err(NoteError::InDoubt);
        }
        let (id, mut rng) = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            (MessageId(rng.random()), StdRng::from_rng(&mut *rng))
        };
        let letter = Letter {
            id,
            sequence: 0,
            after,
            sent_at: self.clock.now(),
            expectation: Expectation::Return,
            hold_secs: self.settings.mode().hold_secs_told(),
            reply_to: None,
            card: sealing.card.clone(),
            hints: sealing.hints.clone(),
            body,
        };
        let record = sealing
            .seal(&self.identity, &mut rng, &NO_PAYMENT, &letter)
            .await?;
        // The way back is the choice of whoever sent it.
        if let Some(back) = &came.back {
            match self.free.back(back, &record).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::debug!(%error, "the way back cannot be used"),
            }
        }
        // Who has just written listens, whatever an old card says.
        let peer = sealing.features.peer_messages || came.carrier == Some(Carrier::Peer);
        let onion = sealing.features.onion_messages || came.carrier == Some(Carrier::Onion);
        let carrier = choose(&Circumstances {
            limits: Limits::of(allowed),
            listens_to_peers: peer,
            listens_to_onions: onion,
            connected: peer && self.neighbours.is_connected(to).await?,
            ..Circumstances::default()
        });
        match carrier {
            Some(Carrier::Peer) => Ok(self.free.to_peer(to, record).await?),
            Some(Carrier::Onion) => {
                let ways = self.free.ways.to(to, allowed == Way::RoutedOnly).await?;
                let way = ways.into_iter().next().ok_or(NoteError::NoWay)?;
                Ok(self.free.along(&way, &record, false).await?)
            }
            _ => Err(NoteError::NoWay),
        }
    }
}
