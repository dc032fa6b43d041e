//! Filing what amends a message: replies, reactions, edits and deletes.

use domain::{Amendment, AmendmentKind, ConversationId, MessageId, MessageKey, NodeId};
use store::{Found, NewMessage, StoreError};

use super::Desk;

impl Desk<'_, '_> {
    /// Stores a letter that amends a message, and does what it says; that waits while the message is not here.
    pub(super) fn file_amendment(
        &self,
        letter: &NewMessage,
        amends: Amendment,
        sequence: u64,
    ) -> Result<Option<MessageKey>, StoreError> {
        let by = letter.sender;
        // Only the author edits and deletes; a reaction is to a message of either side.
        let authors = match amends.kind {
            AmendmentKind::Reaction => vec![self.ours, by],
            AmendmentKind::Edit | AmendmentKind::Delete => vec![by],
        };
        let target = self
            .tx
            .bubble_named(letter.conversation, &authors, amends.of)?
            .map(|message| message.key);
        let key = self.tx.insert_amendment(letter, amends, target, sequence)?;
        match (key, target) {
            (Some(_), Some(target)) => self.tx.settle_amendments(target)?,
            // The user has deleted the message here: the new words go the same way.
            (Some(key), None) if self.tx.find_message(by, amends.of)? == Found::Deleted => {
                self.tx.take_back(key, self.now)?;
            }
            _ => {}
        }
        Ok(key)
    }

    /// A new bubble: letters that overtook it are about it now, and it may answer another.
    pub(super) fn settle(
        &self,
        key: MessageKey,
        conversation: ConversationId,
        by: NodeId,
        reply_to: Option<MessageId>,
    ) -> Result<(), StoreError> {
        self.tx.settle_amendments(key)?;
        let Some(id) = reply_to else {
            return Ok(());
        };
        let to = self
            .tx
            .bubble_named(conversation, &[self.ours, by], id)?
            .map(|message| message.key);
        self.tx.set_reply(key, id, to)
    }
}
