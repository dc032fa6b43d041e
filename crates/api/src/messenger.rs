//! The facade: everything that a window or a command line may ask for. The commands stand in rooms by feature.

use std::sync::{Arc, PoisonError, RwLock};

use domain::NodeId;
use engine::{Clock, Engine, SystemClock};
use lnd::{Credentials, Lightning};
use store::Store;
use tokio::sync::{Mutex, broadcast};
use tokio::task::AbortHandle;

use crate::home::Home;
use crate::profile::Profiles;
use crate::vault::Vault;
use crate::view::{Change, NodeSummary, PermissionReport};
use crate::world::{Node, Permissions, Real, World};
use crate::{Code, Error};

/// How many changes a slow reader may fall behind.
const CHANGES: usize = 1_024;

/// Everything that may be asked. Cheap to clone; needs a tokio runtime around it.
#[derive(Clone)]
pub struct Messenger {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// Keeps other programs out for as long as this one runs.
    _home: Home,
    pub(crate) profiles: Profiles,
    /// Where secrets go when the user chooses no passphrase.
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) world: Box<dyn World>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Nothing is left with the node, and nothing sent by itself.
    only_looks: bool,
    changes: broadcast::Sender<Change>,
    open: RwLock<Option<Arc<Open>>>,
    /// Whoever opens, closes or makes a profile holds this; what it guards is for which hand of the user's the last
    /// one waits.
    pub(crate) turn: Mutex<Option<Refusal>>,
}

/// A profile did not open by itself at the start: its vault is locked.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) profile: String,
    pub(crate) error: Error,
}

/// The open profile.
pub(crate) struct Open {
    pub(crate) id: String,
    pub(crate) node: NodeId,
    pub(crate) address: String,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) permissions: Arc<dyn Permissions>,
    /// What the node said last, for when it is away.
    pub(crate) last_said: std::sync::Mutex<(Option<NodeSummary>, Option<PermissionReport>)>,
    forwarding: AbortHandle,
}

impl Messenger {
    /// With real nodes. `vault` takes the secrets of profiles for which the user chooses no passphrase.
    #[must_use]
    pub fn new(home: Home, vault: Arc<dyn Vault>) -> Self {
        Self::over(home, vault, Box::new(Real), Arc::new(SystemClock), false)
    }

    /// As [`Messenger::new`], for a user who only wants to see something: the node keeps no trace of it.
    #[must_use]
    pub fn only_looking(home: Home, vault: Arc<dyn Vault>) -> Self {
        Self::over(home, vault, Box::new(Real), Arc::new(SystemClock), true)
    }

    /// With the network of a story: `connector` gives the node that the credentials of a profile open.
    #[must_use]
    pub fn with_world(
        home: Home,
        vault: Arc<dyn Vault>,
        connector: impl Fn(Credentials) -> Arc<dyn Lightning> + Send + Sync + 'static,
    ) -> Self {
        Self::with_world_and_clock(home, vault, connector, Arc::new(SystemClock))
    }

    /// As [`Messenger::with_world`], at the time of that network.
    #[must_use]
    pub fn with_world_and_clock(
        home: Home,
        vault: Arc<dyn Vault>,
        connector: impl Fn(Credentials) -> Arc<dyn Lightning> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::over(home, vault, Box::new(connector), clock, false)
    }

    fn over(
        home: Home,
        vault: Arc<dyn Vault>,
        world: Box<dyn World>,
        clock: Arc<dyn Clock>,
        only_looks: bool,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                profiles: Profiles::new(home.profiles()),
                _home: home,
                vault,
                world,
                clock,
                only_looks,
                changes: broadcast::Sender::new(CHANGES),
                open: RwLock::new(None),
                turn: Mutex::new(None),
            }),
        }
    }

    /// What changes from now on, in all profiles that will be open.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.inner.changes.subscribe())
    }

    /// Closes the open profile: every task has ended and everything is on disk when this returns.
    pub async fn stop(&self) {
        let _turn = self.inner.turn.lock().await;
        self.inner.close().await;
    }

    /// The open profile.
    pub(crate) fn open(&self) -> Result<Arc<Open>, Error> {
        self.inner
            .opened()
            .ok_or_else(|| Error::new(Code::NoProfile))
    }
}

impl Inner {
    pub(crate) fn opened(&self) -> Option<Arc<Open>> {
        self.open
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn publish(&self, change: Change) {
        // Nobody need listen.
        let _ = self.changes.send(change);
    }

    /// Starts the engine of a profile and makes it the open one, in place of another.
    pub(crate) async fn start(&self, parts: Parts) {
        self.close().await;
        let Parts {
            id,
            node,
            address,
            vault,
            store,
            connection,
        } = parts;
        let engine = Engine::start(engine::Deps {
            store: store.clone(),
            lightning: Arc::clone(&connection.lightning),
            clock: Arc::clone(&self.clock),
            seed: rand::random(),
            node,
            only_looks: self.only_looks,
        });
        let forwarding = tokio::spawn(forward(
            engine.changes(),
            store.clone(),
            self.changes.clone(),
        ));
        let open = Open {
            id,
            node,
            address,
            vault,
            store,
            engine,
            lightning: connection.lightning,
            permissions: connection.permissions,
            last_said: std::sync::Mutex::default(),
            forwarding: forwarding.abort_handle(),
        };
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(open));
        self.publish(Change::App);
    }

    /// Closes the open profile, if there is one.
    pub(crate) async fn close(&self) {
        let open = self
            .open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(open) = open else { return };
        open.engine.stop().await;
        open.forwarding.abort();
        if let Err(error) = open.store.close().await {
            tracing::warn!(%error, "the database was not closed cleanly; it will repair itself");
        }
        self.publish(Change::App);
    }
}

/// What an open profile is made of.
pub(crate) struct Parts {
    pub(crate) id: String,
    pub(crate) node: NodeId,
    pub(crate) address: String,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) store: Store,
    pub(crate) connection: Node,
}

async fn forward(mut from: engine::Changes, store: Store, to: broadcast::Sender<Change>) {
    while let Some(mut change) = from.next().await {
        // What amends a message changes how that one looks, if it is here.
        if let engine::Change::Message(conversation, key) = change {
            match store.read(move |db| db.bubble_of(key)).await {
                Ok(Some(bubble)) => change = engine::Change::Message(conversation, bubble),
                Ok(None) => continue,
                Err(error) => tracing::debug!(%error, "it is not known what has changed"),
            }
        }
        // Nobody need listen.
        let _ = to.send(match change {
            engine::Change::Conversation(id) => Change::Conversation { id },
            engine::Change::Message(conversation, key) => Change::Message { conversation, key },
            engine::Change::Removed(id) => Change::Removed { id },
            engine::Change::Link => Change::Link,
            engine::Change::Overflow => Change::Everything,
        });
    }
}

/// News, from the moment of asking for them.
#[derive(Debug)]
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    /// The next one; `None` when the messenger is gone. [`Change::Everything`] when too many were missed.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Everything),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests;
