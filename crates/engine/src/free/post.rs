//! Reads what comes without a payment: peer messages and onion messages, as long as the node is there. What came while
//! nobody listened is lost; its sender tries again by a payment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Carrier;
use futures::StreamExt;
use lnd::{Lightning, LightningError, OnionMessage, PeerMessage, Updates};
use tokio::sync::Notify;

use super::notes::CameBy;
use super::{PEER_MESSAGE, RECORD};
use crate::keys::Deaf;
use crate::link::Link;
use crate::reception::{Reception, ReceptionError};

/// A pause after a stream has ended.
const PAUSE: Duration = Duration::from_secs(2);
/// After the node has said that it does not let us listen: a new macaroon or a new LND may change that.
const LONG_PAUSE: Duration = Duration::from_secs(300);

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
        loop {
            self.link.connected().await;
            // The answer comes with the first message, so this task waits for nothing else.
            let end = match self.lightning.peer_messages().await {
                Ok(messages) => {
                    self.read(messages, of_peer, |deaf| &mut deaf.to_peers)
                        .await
                }
                Err(error) => Err(error),
            };
            self.pause(end, |deaf| &mut deaf.to_peers).await;
        }
    }

    /// Reads onion messages.
    pub(crate) async fn run_onions(self) {
        loop {
            self.link.connected().await;
            let end = match self.lightning.onion_messages().await {
                Ok(messages) => {
                    self.read(messages, of_onion, |deaf| &mut deaf.to_onions)
                        .await
                }
                Err(error) => Err(error),
            };
            self.pause(end, |deaf| &mut deaf.to_onions).await;
        }
    }

    async fn read<T>(
        &self,
        mut messages: Updates<T>,
        letter: fn(T) -> Option<Arrival>,
        which: fn(&mut Deaf) -> &mut bool,
    ) -> Result<(), LightningError> {
        self.can_hear(true, which);
        while let Some(message) = messages.next().await {
            // Other programs use the same carriers; what is not ours is neither counted nor logged.
            let Some(Arrival { record, came }) = letter(message?) else {
                continue;
            };
            match self.reception.take_free(&record, came).await {
                Ok(()) => {}
                Err(ReceptionError::Lightning(error)) => return Err(error),
                // Its sender gets no receipt and tries again.
                Err(ReceptionError::Store(error)) => {
                    tracing::error!(%error, "a free letter cannot be stored");
                }
            }
        }
        Ok(())
    }

    async fn pause(&self, end: Result<(), LightningError>, which: fn(&mut Deaf) -> &mut bool) {
        let pause = match end {
            Err(LightningError::Permission(_) | LightningError::Unsupported(_)) => {
                self.can_hear(false, which);
                LONG_PAUSE
            }
            Err(error) => {
                tracing::debug!(%error, "a stream of free messages ended");
                PAUSE
            }
            Ok(()) => PAUSE,
        };
        tokio::time::sleep(pause).await;
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
