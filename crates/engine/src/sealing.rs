//! How letters to one node are sealed: as whom, to which key, and with which card inside.

use std::sync::Arc;

use domain::{NodeId, RouteHint};
use lnd::LightningError;
use protocol::{Features, Letter, Lock, Recipient, SignedCard};
use rand::rngs::StdRng;

use crate::identity::Identity;
use crate::keys::OwnKey;

/// Everything that sealing needs besides the letter. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sealing {
    pub(crate) ours: NodeId,
    /// Their seal key, or their node's key.
    pub(crate) recipient: Recipient,
    /// The key of ours to seal as; `None`: the node's.
    pub(crate) own: Option<Arc<OwnKey>>,
    /// Goes into every letter: whoever has lost everything else can still read and answer.
    pub(crate) card: Option<SignedCard>,
    /// Over which channels our node can be paid; empty for whoever is no contact.
    pub(crate) hints: Vec<RouteHint>,
    /// What their card promises.
    pub(crate) features: Features,
    /// The key of ours to seal as where there is no room for the card: they are known to have its card. `None`: the node's.
    pub(crate) own_alone: Option<Arc<OwnKey>>,
    /// Nothing at all goes there now: another key has taken the place of the one that the user had compared, or less is
    /// said of it, and the user has not looked at that. Whatever is sent is sealed, and nothing is sealed then.
    pub(crate) in_doubt: bool,
}

impl Sealing {
    /// Whether we have a card of theirs.
    pub(crate) fn has_card(&self) -> bool {
        self.recipient.lock() != Lock::NodeKey
    }

    /// Bytes of the envelope of this letter.
    pub(crate) fn size(&self, letter: &Letter) -> usize {
        letter
            .encode()
            .len()
            .saturating_add(self.recipient.overhead())
    }

    /// The envelope. `context` is the payment hash of the payment that carries it, or zeros.
    pub(crate) async fn seal(
        &self,
        identity: &Identity,
        rng: &mut StdRng,
        context: &[u8; 32],
        letter: &Letter,
    ) -> Result<Vec<u8>, LightningError> {
        if self.in_doubt {
            return Err(LightningError::Node(
                "the recipient's key has to be looked at first".into(),
            ));
        }
        let key = self.recipient.key();
        let bytes = letter.encode();
        let sealed = match &self.own {
            Some(own) => {
                let secret = zeroize::Zeroizing::new(own.key.shared(&key));
                protocol::seal(
                    rng,
                    own.key.public(),
                    self.recipient,
                    &secret,
                    context,
                    &bytes,
                )
            }
            None => {
                let secret = identity.shared_with(key.as_node()).await?;
                protocol::seal(rng, self.ours, self.recipient, &secret.0, context, &bytes)
            }
        };
        sealed.map_err(|error| LightningError::Node(error.to_string()))
    }
}
