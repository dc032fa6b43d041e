//! A way to a node on which somebody counts the calls and bends the ways back that come in with onion messages.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::NodeId;
use futures::StreamExt;
use lnd::{LightningError, OnionMessage, RawReplyPath, Updates};

use super::gate::Gate;

/// What becomes of a way back.
pub(crate) type Bend = Box<dyn Fn(&mut RawReplyPath) + Send>;

/// Whoever keeps the gate. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    calls: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    neighbours: Arc<Mutex<BTreeSet<NodeId>>>,
    bend: Arc<Mutex<Option<Bend>>>,
}

impl Watch {
    /// How often the node was asked this.
    pub(crate) fn calls(&self, call: &str) -> usize {
        self.calls.lock().unwrap().get(call).copied().unwrap_or(0)
    }

    /// How often the node was asked anything.
    pub(crate) fn all_calls(&self) -> usize {
        self.calls.lock().unwrap().values().sum()
    }

    /// To which neighbours free messages were handed.
    pub(crate) fn neighbours(&self) -> BTreeSet<NodeId> {
        self.neighbours.lock().unwrap().clone()
    }

    /// From now on.
    pub(crate) fn bend(&self, bend: Option<Bend>) {
        *self.bend.lock().unwrap() = bend;
    }
}

impl Gate for Watch {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
        work.await
    }

    fn handed_to(&self, neighbour: NodeId) {
        self.neighbours.lock().unwrap().insert(neighbour);
    }

    fn stream<T: Clone + Send + 'static>(
        &self,
        _call: &'static str,
        events: Updates<T>,
    ) -> Updates<T> {
        let bend = self.bend.clone();
        Box::pin(events.map(move |mut event| {
            let message = event.as_mut().ok().map(|event| event as &mut dyn Any);
            let message = message.and_then(|event| event.downcast_mut::<OnionMessage>());
            let way_back = message.and_then(|message| message.reply_path.as_mut());
            if let (Some(way_back), Some(bend)) = (way_back, bend.lock().unwrap().as_ref()) {
                bend(way_back);
            }
            event
        }))
    }
}
