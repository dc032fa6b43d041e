//! Over which channels our node can be paid when gossip does not know it. That is told to contacts, inside the seal, and to
//! nobody else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Contact, RouteHint, Trust};
use lnd::Lightning;

use crate::link::Link;

/// Channels come and go, and with them what they ask for.
const PERIOD: Duration = Duration::from_secs(10 * 60);
/// The pause after the node has not answered.
const AGAIN: Duration = Duration::from_secs(30);

/// What our node has said last.
#[derive(Clone)]
pub(crate) struct OwnHints {
    lightning: Arc<dyn Lightning>,
    known: Arc<Mutex<Vec<RouteHint>>>,
}

impl OwnHints {
    pub(crate) fn new(lightning: Arc<dyn Lightning>) -> Self {
        Self {
            lightning,
            known: Arc::default(),
        }
    }

    /// The actor's loop.
    pub(crate) async fn run(self, link: Link) {
        loop {
            link.connected().await;
            let pause = match self.lightning.own_hints().await {
                Ok(hints) => {
                    *self.known.lock().unwrap_or_else(PoisonError::into_inner) = hints;
                    PERIOD
                }
                Err(error) => {
                    tracing::debug!(%error, "the node does not tell its channels");
                    AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// What a letter to this contact tells: nothing before the user knows them.
    pub(crate) fn for_contact(&self, contact: Option<&Contact>) -> Vec<RouteHint> {
        if contact.is_none_or(|contact| contact.trust != Trust::Known) {
            return Vec::new();
        }
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Msat, NodeId, Program, Timestamp};
    use lnd::sim::SimNetwork;

    use super::*;
    use crate::filing::newcomer;

    #[tokio::test]
    async fn a_contact_is_told_and_nobody_else() {
        let network = SimNetwork::new(1);
        let (alice, bob) = (network.node("alice"), network.node("bob"));
        network.private_channel(&alice, Msat::SAT, &bob, Msat::SAT);
        let ours: NodeId = alice.id();
        let own = OwnHints::new(Arc::new(alice.clone()));
        *own.known.lock().unwrap() = alice.own_hints().await.unwrap();
        let contact = |trust| Contact {
            trust,
            ..newcomer(ours, bob.id(), Program::Other, Timestamp(0))
        };
        assert_eq!(own.for_contact(Some(&contact(Trust::Known))).len(), 1);
        for trust in [Trust::Request, Trust::Blocked] {
            assert_eq!(own.for_contact(Some(&contact(trust))), []);
        }
        assert_eq!(own.for_contact(None), []);
    }
}
