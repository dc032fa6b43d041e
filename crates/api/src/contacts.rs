//! People: adding, naming, letting in, blocking, removing.

use domain::{Contact, ConversationId, HoldState, Msat, NodeAddress, NodeId, Program, Trust, Way};
use engine::Change;
use store::{Claim, Reader, StoreError};

use crate::messenger::{Messenger, Open};
use crate::view::{ClaimView, ContactView, KeyView, SaysView};
use crate::{Code, Error};

/// The most characters of a contact's name.
const LONGEST_NAME: usize = 64;
/// The most characters of a note.
const LONGEST_NOTE: usize = 2_000;

impl Messenger {
    /// Adds `pubkey` or `pubkey@host:port` as a known contact; in the second form our node connects to it first. Adding
    /// whoever is there already lets them in, and keeps their messages.
    ///
    /// # Errors
    /// [`Code::ContactInvalid`] names the mistake; [`Code::ToSelf`]; [`Code::PeerUnreachable`]: nothing was saved.
    pub async fn contact_add(
        &self,
        address: String,
        name: String,
    ) -> Result<ConversationId, Error> {
        let open = self.open()?;
        let name = one_line(&name, LONGEST_NAME)?;
        let NodeAddress { node, host } =
            address.parse().map_err(|error: domain::NodeAddressError| {
                Error::because(Code::ContactInvalid, error).with_detail(error)
            })?;
        if node == open.node {
            return Err(Error::new(Code::ToSelf));
        }
        if let Some(host) = host {
            open.lightning.connect(node, &host).await.map_err(|error| {
                Error::because(Code::PeerUnreachable, &error).with_detail(error)
            })?;
        }
        let now = self.inner.clock.now();
        let contact = Contact {
            node,
            name,
            note: String::new(),
            alias: String::new(),
            trust: Trust::Known,
            program: Program::Unknown,
            accept_up_to: Msat::ZERO,
            way: Way::Auto,
            sealed_only: false,
            since: now,
        };
        let id = open
            .store
            .write(move |tx| {
                if !tx.add_contact(&contact)? {
                    tx.set_trust(node, Trust::Known)?;
                    if let (false, Some(known)) = (contact.name.is_empty(), tx.contact(node)?) {
                        tx.rename_contact(node, &contact.name, &known.note, known.accept_up_to)?;
                    }
                }
                tx.conversation_with(node, now)
            })
            .await?;
        open.engine.publish(Change::Conversation(id));
        open.engine.refresh_alias(node);
        Ok(id)
    }

    /// Sets the user's own name and note, and up to which amount payments are accepted without asking.
    ///
    /// # Errors
    /// [`Code::NameTooLong`], [`Code::NoteTooLong`], [`Code::NotFound`].
    pub async fn contact_update(
        &self,
        node: String,
        name: String,
        note: String,
        accept_up_to: Msat,
    ) -> Result<(), Error> {
        let open = self.open()?;
        let node = parse(&node)?;
        let name = one_line(&name, LONGEST_NAME)?;
        let note = note.trim().to_owned();
        if note.chars().count() > LONGEST_NOTE {
            return Err(Error::new(Code::NoteTooLong).with_detail(LONGEST_NOTE));
        }
        open.changed(node, move |tx| {
            tx.rename_contact(node, &name, &note, accept_up_to)
        })
        .await
    }

    /// Lets a contact in, or blocks them. Payments of a blocked contact that wait are refused, and what waits for them is
    /// taken back.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::SettingInvalid`]: nobody becomes a stranger again; [`Code::ToSelf`] for whoever sends
    /// without saying who they are.
    pub async fn contact_set_trust(&self, node: String, trust: Trust) -> Result<(), Error> {
        let open = self.open()?;
        let node = parse(&node)?;
        if trust == Trust::Request {
            return Err(Error::new(Code::SettingInvalid));
        }
        if node == open.node {
            return Err(Error::new(Code::ToSelf));
        }
        open.engine.set_trust(node, trust).await?;
        if trust == Trust::Blocked {
            open.refuse_all_of(node).await?;
        }
        Ok(())
    }

    /// Refuses everybody who waits to be let in, and deletes what they left. Nobody is blocked. How many.
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn requests_refuse_all(&self) -> Result<u32, Error> {
        Ok(self.open()?.engine.refuse_requests().await?)
    }

    /// Which ways messages to a contact may take, and whether nothing readable goes to them.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn contact_set_way(
        &self,
        node: String,
        way: Way,
        sealed_only: bool,
    ) -> Result<(), Error> {
        let open = self.open()?;
        Ok(open.engine.set_way(parse(&node)?, way, sealed_only).await?)
    }

    /// What is known of a contact's key.
    ///
    /// # Errors
    /// [`Code::ContactInvalid`], [`Code::NoProfile`].
    pub async fn contact_key(&self, node: String) -> Result<KeyView, Error> {
        let facts = self.open()?.engine.key_facts(parse(&node)?).await?;
        let (takes_peer, takes_onion) = facts.listens;
        Ok(KeyView {
            safety_number: facts.safety_number,
            compared: facts.compared,
            changed: facts.changed,
            weakened: facts.weakened,
            sealed_to_app: facts.sealed_to_app,
            stale: facts.stale,
            fault: facts.fault,
            takes_peer,
            takes_onion,
            gives_invoices: facts.gives_invoices,
        })
    }

    /// Says whether the safety number was compared; either way a change of the key has been seen.
    ///
    /// # Errors
    /// [`Code::KeyChanged`] when this is not the number any more.
    pub async fn contact_set_compared(
        &self,
        node: String,
        number: String,
        compared: bool,
    ) -> Result<(), Error> {
        let open = self.open()?;
        Ok(open
            .engine
            .set_compared(parse(&node)?, number, compared)
            .await?)
    }

    /// Sends our key card to somebody, for free, and asks for theirs. That it left does not mean that anybody heard it.
    ///
    /// # Errors
    /// [`Code::NoWay`] when no free way leads there; [`Code::Blocked`], [`Code::NotFound`].
    pub async fn contact_greet(&self, conversation: ConversationId) -> Result<(), Error> {
        Ok(self.open()?.engine.greet(conversation).await?)
    }

    /// Forgets a contact and deletes their messages here. What they cost stays in the books.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Busy`] while a payment waits for a decision or a message is on its way.
    pub async fn contact_remove(&self, node: String) -> Result<(), Error> {
        let open = self.open()?;
        let node = parse(&node)?;
        let removed = open
            .store
            .write(move |tx| {
                let conversation = tx.conversation_of(node)?;
                if let Some(id) = conversation {
                    tx.remove_conversation(id)?;
                }
                Ok(conversation)
            })
            .await;
        match removed {
            Ok(Some(id)) => {
                open.engine.publish(Change::Removed(id));
                Ok(())
            }
            Ok(None) => Err(Error::new(Code::NotFound)),
            Err(StoreError::Constraint(..)) => Err(Error::new(Code::Busy)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Open {
    /// Writes to a contact's row, and tells when it changed.
    async fn changed(
        &self,
        node: NodeId,
        write: impl FnOnce(&store::Tx<'_>) -> Result<bool, StoreError> + Send + 'static,
    ) -> Result<(), Error> {
        let conversation = self
            .store
            .write(move |tx| Ok((write(tx)?, tx.conversation_of(node)?)))
            .await?;
        match conversation {
            (true, Some(id)) => self.engine.publish(Change::Conversation(id)),
            (true, None) => {}
            (false, _) => return Err(Error::new(Code::NotFound)),
        }
        Ok(())
    }

    async fn refuse_all_of(&self, node: NodeId) -> Result<(), Error> {
        let undecided = self.store.read(|db| db.undecided()).await?;
        for row in undecided {
            let held = row.payment.state == HoldState::Held && row.sender == Some(node);
            let Some(key) = row.message.filter(|_| held) else {
                continue;
            };
            if let Err(error) = self.engine.refuse(key).await {
                // It may have ended meanwhile; the deadline returns it in any case.
                tracing::info!(%error, "a payment of a blocked contact was not refused");
            }
        }
        Ok(())
    }
}

/// What to call a contact; empty for nobody, whom the window names in the user's language.
pub(crate) fn title(contact: &Contact, ours: NodeId) -> String {
    if contact.node == ours {
        String::new()
    } else {
        contact.title()
    }
}

/// Whom a message names as its author without proof.
pub(crate) fn claim_view(
    db: &Reader<'_>,
    claims: Option<NodeId>,
) -> Result<Option<ClaimView>, StoreError> {
    let Some(node) = claims else {
        return Ok(None);
    };
    let contact = db.contact(node)?;
    Ok(Some(ClaimView {
        node: node.to_string(),
        title: contact.map_or_else(|| node.short(), |contact| contact.title()),
    }))
}

/// What a message's author says of themselves.
pub(crate) fn says_view(claim: Option<Claim>) -> Option<SaysView> {
    claim.map(|Claim { name, about }| SaysView { name, about })
}

/// A contact as the window sees it. What nobody has signed is filed under our own node.
pub(crate) fn contact_view(contact: Contact, ours: NodeId) -> ContactView {
    ContactView {
        node: contact.node.to_string(),
        title: title(&contact, ours),
        nobody: contact.node == ours,
        name: contact.name,
        alias: contact.alias,
        note: contact.note,
        trust: contact.trust,
        program: contact.program,
        accept_up_to: contact.accept_up_to,
        way: contact.way,
        sealed_only: contact.sealed_only,
        since: contact.since,
    }
}

pub(crate) fn parse(node: &str) -> Result<NodeId, Error> {
    node.parse().map_err(|error: domain::NodeIdError| {
        Error::because(Code::ContactInvalid, error).with_detail(error)
    })
}

/// A name: on one line, without spaces around it.
pub(crate) fn one_line(name: &str, longest: usize) -> Result<String, Error> {
    let name: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let name = name.trim();
    if name.chars().count() > longest {
        return Err(Error::new(Code::NameTooLong).with_detail(longest));
    }
    Ok(name.to_owned())
}
