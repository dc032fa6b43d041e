//! Reads what comes without a payment: peer messages and onion messages, as long as the node is there. What came while
//! nobody listened is lost; its sender tries again by a payment.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Carrier;
use futures::StreamExt;
use lnd::{Lightning, LightningError, OnionMessage, PeerMessage, Updates};
use tokio::sync::Notify;

use super::notes::CameBy;
use super::{PEER_MESSAGE, RECORD};
use crate::error::Trouble;
use crate::keys::Deaf;
use crate::link::Link;
use crate::listening::{is_refusal, listen};
use crate::reception::Reception;

/// The two readers.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) reception: Reception,
    pub(crate) deaf: Arc<Mutex<Deaf>>,
    pub(crate) cards: Arc<Notify>,
}

/// A letter out of a message of one of the two kinds.
struct Arrival {
    record: Vec<u8>,
    came: CameBy,
}

impl Post {
    /// Reads peer messages.
    pub(crate) async fn run_peers(self) {
        listen(self.link.clone(), || {
            self.read(self.lightning.peer_messages(), of_peer, |deaf| {
                &mut deaf.to_peers
            })
        })
        .await;
    }

    /// Reads onion messages.
    pub(crate) async fn run_onions(self) {
        listen(self.link.clone(), || {
            self.read(self.lightning.onion_messages(), of_onion, |deaf| {
                &mut deaf.to_onions
            })
        })
        .await;
    }

    async fn read<T>(
        &self,
        messages: impl Future<Output = Result<Updates<T>, LightningError>>,
        letter: fn(T) -> Option<Arrival>,
        which: fn(&mut Deaf) -> &mut bool,
    ) -> Result<(), Trouble> {
        let result = self.read_all(messages, letter, which).await;
        if result.as_ref().is_err_and(is_refusal) {
            self.can_hear(false, which);
        }
        result
    }

    async fn read_all<T>(
        &self,
        messages: impl Future<Output = Result<Updates<T>, LightningError>>,
        letter: fn(T) -> Option<Arrival>,
        which: fn(&mut Deaf) -> &mut bool,
    ) -> Result<(), Trouble> {
        let mut messages = messages.await?;
        self.can_hear(true, which);
        while let Some(message) = messages.next().await {
            // Other programs use the same carriers; what is not ours is neither counted nor logged.
            let Some(Arrival { record, came }) = letter(message?) else {
                continue;
            };
            match self.reception.take_free(&record, came).await {
                // Its sender gets no receipt and tries again.
                Err(Trouble::Store(error)) => {
                    tracing::error!(%error, "a free letter cannot be stored");
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Our card promises only what is so.
    fn can_hear(&self, hears: bool, which: fn(&mut Deaf) -> &mut bool) {
        let changed = {
            let mut deaf = self.deaf.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(which(&mut deaf), !hears) == hears
        };
        if changed {
            self.cards.notify_one();
        }
    }
}

fn of_peer(message: PeerMessage) -> Option<Arrival> {
    (message.kind == PEER_MESSAGE).then_some(Arrival {
        record: message.bytes,
        came: CameBy {
            carrier: Some(Carrier::Peer),
            back: None,
        },
    })
}

fn of_onion(message: OnionMessage) -> Option<Arrival> {
    let (_, record) = message
        .records
        .into_iter()
        .find(|(kind, _)| *kind == RECORD)?;
    Some(Arrival {
        record,
        came: CameBy {
            carrier: Some(Carrier::Onion),
            back: message.reply_path,
        },
    })
}
