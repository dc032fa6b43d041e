//! What the user does with a contact besides writing: greet, compare keys, tell that messages were seen.

use domain::{CardFault, Carrier, ConversationId, Decision, MessageId, NodeId, Trust, Way};
use protocol::{Body, PublicKey};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::feed::Change;
use crate::free::FreeError;
use crate::free::notes::{CameBy, NoteError};

/// So many requests are refused in one transaction: others write too.
const AT_ONCE: usize = 50;

/// What is known of a contact's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFacts {
    /// Twelve groups of five digits, the same on both sides; `None` until both apps know the other's key.
    pub safety_number: Option<String>,
    /// Whether the user has compared the number for the key that is in use.
    pub compared: bool,
    /// Whether another key took the place of the one before, without having been introduced under it, and the user has
    /// not said that this is right.
    pub changed: bool,
    /// Whether `changed` speaks of a card for the same key that says less of it and did not come from their app.
    pub weakened: bool,
    /// Whether letters are sealed to a key that only the contact's app holds; else to their node's key, or not at all.
    pub sealed_to_app: bool,
    /// Whether nothing was heard of that key for so long that its card is over. It is sealed to all the same.
    pub stale: bool,
    /// Why the card in their last letter was not taken; `None` when it was.
    pub fault: Option<CardFault>,
    /// Whether their app takes free messages over a connection, and over the graph.
    pub listens: (bool, bool),
    /// Whether their app gives invoices, so that they can decide on payments.
    pub gives_invoices: bool,
}

impl Engine {
    /// What is known of a contact's key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn key_facts(&self, node: NodeId) -> Result<KeyFacts, EngineError> {
        let parts = &self.parts;
        let read = parts
            .store
            .read(move |db| Ok((db.card(node)?, db.card_fault(node)?)));
        let (card, fault) = read.await?;
        let Some(row) = &card else {
            return Ok(KeyFacts {
                fault,
                ..KeyFacts::default()
            });
        };
        let sealing = parts.keys.sealing(node, None, card.as_ref());
        Ok(KeyFacts {
            safety_number: parts.keys.safety_number(card.as_ref()),
            compared: row.compared == Some(row.seal_key),
            changed: row.changed,
            weakened: row.weakened,
            sealed_to_app: sealing.has_card(),
            stale: parts.keys.is_stale(row),
            fault,
            listens: (
                sealing.features.peer_messages,
                sealing.features.onion_messages,
            ),
            gives_invoices: sealing.features.issues_invoices,
        })
    }

    /// Lets a contact in, or blocks them: what waits for a blocked contact does not leave any more.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn set_trust(&self, node: NodeId, trust: Trust) -> Result<(), EngineError> {
        let now = self.parts.clock.now();
        let (conversation, dropped) = self
            .parts
            .store
            .write(move |tx| {
                if tx.contact(node)?.is_none() {
                    return Ok(None);
                }
                tx.set_trust(node, trust)?;
                let dropped = match trust {
                    Trust::Blocked => tx.drop_queued(node, now)?,
                    Trust::Known | Trust::Request => Vec::new(),
                };
                Ok(Some((tx.conversation_of(node)?, dropped)))
            })
            .await?
            .ok_or(EngineError::NotFound)?;
        for (conversation, key) in dropped {
            self.parts.feed.publish(Change::Message(conversation, key));
        }
        if let Some(conversation) = conversation {
            self.parts.feed.publish(Change::Conversation(conversation));
        }
        Ok(())
    }

    /// Refuses everybody who waits to be let in: what they hold here goes back, what they left is deleted, and nobody is
    /// blocked. A request to which a message of ours is on its way stays. How many went.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn refuse_requests(&self) -> Result<u32, EngineError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let nodes = parts.store.read(|db| db.request_nodes()).await?;
        let mut gone = 0_u32;
        for some in nodes.chunks(AT_ONCE) {
            let some = some.to_vec();
            let (count, removed) = parts
                .store
                .write(move |tx| {
                    let (mut count, mut removed) = (0_u32, Vec::new());
                    for node in some {
                        removed.extend(tx.drop_request(node, Decision::Person, now)?);
                        count = count.saturating_add(u32::from(tx.contact(node)?.is_none()));
                    }
                    Ok((count, removed))
                })
                .await?;
            gone = gone.saturating_add(count);
            for conversation in removed {
                parts.feed.publish(Change::Removed(conversation));
            }
        }
        parts.holds.notify_one();
        Ok(gone)
    }

    /// Which ways messages to a contact may take, and whether nothing readable goes to them. What waits is tried again.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn set_way(
        &self,
        node: NodeId,
        way: Way,
        sealed_only: bool,
    ) -> Result<(), EngineError> {
        let conversation = self
            .parts
            .store
            .write(move |tx| {
                tx.set_way(node, way, sealed_only)?;
                tx.hurry(node)?;
                tx.conversation_of(node)
            })
            .await?
            .ok_or(EngineError::NotFound)?;
        self.parts.outbox.notify_one();
        self.parts.feed.publish(Change::Conversation(conversation));
        Ok(())
    }

    /// The user says whether this safety number was compared; either way a change of the key has been seen.
    ///
    /// # Errors
    /// [`EngineError::NoCard`]; also when the key has changed since the number was shown.
    pub async fn set_compared(
        &self,
        node: NodeId,
        number: String,
        compared: bool,
    ) -> Result<(), EngineError> {
        let keys = self.parts.keys.clone();
        let conversation = self
            .parts
            .store
            .write(move |tx| {
                let card = tx.card(node)?;
                let (Some(row), true) = (&card, keys.safety_number(card.as_ref()) == Some(number))
                else {
                    return Ok(None);
                };
                let forgotten = row.changed && !row.weakened && row.former.is_some();
                tx.set_compared(node, compared.then_some(row.seal_key))?;
                if row.is_in_doubt() {
                    tx.hurry(node)?;
                }
                Ok(tx.conversation_of(node)?.map(|id| (id, forgotten)))
            })
            .await?;
        let (conversation, forgotten) = conversation.ok_or(EngineError::NoCard)?;
        if forgotten {
            // If it is them, their app is to use this key from now on.
            self.parts.notes.introduce(node, CameBy::default());
        }
        // What waited for this, and what their app could not read, may go to the new key now.
        self.parts.outbox.notify_one();
        self.parts.feed.publish(Change::Conversation(conversation));
        Ok(())
    }

    /// Sends our card to somebody over a free carrier, and asks for theirs. Costs nothing, and tells nobody else.
    ///
    /// # Errors
    /// [`EngineError::NoWay`] when no free carrier leads there; [`EngineError::NoCard`] while a change of their key has not
    /// been seen; [`EngineError::Blocked`], [`EngineError::NotFound`]. That it left does not mean that anybody heard it.
    pub async fn greet(&self, conversation: ConversationId) -> Result<(), EngineError> {
        let parts = &self.parts;
        let row = parts
            .store
            .read(move |db| db.conversation(conversation))
            .await?;
        let contact = row.ok_or(EngineError::NotFound)?.contact;
        if contact.trust == Trust::Blocked {
            return Err(EngineError::Blocked);
        }
        parts.keys.ready_or_late().await;
        let mut sent = false;
        // Nothing is known of their app: both carriers are tried.
        for carrier in [Carrier::Peer, Carrier::Onion] {
            let by = CameBy {
                carrier: Some(carrier),
                back: None,
            };
            let asked = parts
                .notes
                .send(contact.node, Body::CardRequest, &by, contact.way);
            match asked.await {
                Ok(()) => sent = true,
                Err(NoteError::InDoubt) => return Err(EngineError::NoCard),
                Err(NoteError::NoWay | NoteError::Free(FreeError::Onion(_))) => {}
                Err(NoteError::Store(error)) => return Err(error.into()),
                Err(NoteError::Lightning(error) | NoteError::Free(FreeError::Lightning(error))) => {
                    if !sent {
                        return Err(error.into());
                    }
                }
                Err(NoteError::Free(FreeError::NoWayBack)) => {}
            }
        }
        if sent {
            Ok(())
        } else {
            Err(EngineError::NoWay)
        }
    }

    /// The user has seen these messages of a contact: the contact is told, if they want that told.
    pub fn seen(&self, node: NodeId, messages: Vec<MessageId>) {
        self.parts.notes.read(node, messages);
    }

    /// Our own seal key in use, in hexadecimal; `None` while the node has not vouched for one.
    #[must_use]
    pub fn seal_key(&self) -> Option<String> {
        let own = self.parts.keys.current()?;
        let key: PublicKey = own.key.public();
        Some(key.to_string())
    }
}
