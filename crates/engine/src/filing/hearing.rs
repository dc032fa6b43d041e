//! What a letter tells the app besides what it says to the person: the sender's key card, which key of ours they know,
//! and receipts.

use domain::{MessageId, NodeId, Trust};
use protocol::{Body, KeyId, Letter};
use store::{NewCard, Received, StoreError};

use super::{Desk, Filed};
use crate::opening::Spoken;

/// Said to the app by the author of a letter.
#[derive(Debug)]
pub(super) struct Heard {
    by: NodeId,
    card: Option<NewCard>,
    sealed_to: Option<KeyId>,
    delivered: Vec<MessageId>,
    read: Vec<MessageId>,
    wants_card: bool,
}

impl Heard {
    pub(super) fn of(spoken: &Spoken<Letter>) -> Self {
        let (delivered, read) = match &spoken.what.body {
            Body::Receipt { delivered, read } => (delivered.clone(), read.clone()),
            _ => Default::default(),
        };
        Self {
            by: spoken.by,
            card: spoken.card.clone(),
            sealed_to: spoken.sealed_to,
            delivered,
            read,
            wants_card: spoken.what.body == Body::CardRequest,
        }
    }
}

impl Desk<'_, '_> {
    /// Keeps what was heard. Of nodes that are no contacts nothing is kept.
    pub(super) fn hear(&self, heard: &Heard, filed: &mut Filed) -> Result<(), StoreError> {
        let by = heard.by;
        let Some(contact) = self.tx.contact(by)?.filter(|_| by != self.ours) else {
            return Ok(());
        };
        filed.heard = Some(by);
        if let Some(card) = &heard.card
            && self.tx.take_card(card)?
        {
            filed.conversation = self.tx.conversation_of(by)?;
        }
        self.tx.set_told(by, heard.sealed_to.map(|id| id.0))?;
        let delivered = heard.delivered.iter().map(|id| (id, Received::Delivered));
        let read = heard.read.iter().map(|id| (id, Received::Read));
        for (id, received) in delivered.chain(read) {
            let changed = self
                .tx
                .take_receipt(self.ours, by, *id, received, self.now)?;
            filed.changed.extend(changed);
        }
        if heard.wants_card && contact.trust == Trust::Known {
            filed.asks_for_card = Some(by);
        }
        Ok(())
    }
}
