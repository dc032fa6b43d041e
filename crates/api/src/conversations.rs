//! The list of conversations, and the head of each.

use domain::{ConversationId, NodeId};
use engine::Change;
use store::{ConversationRow, Listed, Reader, StoreError};

use crate::contacts::{claim_view, contact_view, says_view};
use crate::messenger::Messenger;
use crate::view::{ConversationFilter, ConversationView, PreviewView, ReachView};
use crate::{Code, Error};

/// The most bytes of a draft: far more than fits into a message.
const LONGEST_DRAFT: usize = 65_536;

impl Messenger {
    /// Conversations, the newest first; `query` matches name, alias and the beginning of the key.
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn conversations_list(
        &self,
        filter: ConversationFilter,
        query: String,
    ) -> Result<Vec<ConversationView>, Error> {
        let listed = match filter {
            ConversationFilter::All => Listed::Known,
            ConversationFilter::Unread => Listed::Unread,
            ConversationFilter::Held => Listed::Held,
            ConversationFilter::Requests => Listed::Requests,
            ConversationFilter::Blocked => Listed::Blocked,
        };
        let open = self.open()?;
        let ours = open.node;
        let listed = open.store.read(move |db| {
            let rows = db.conversations(listed, query.trim())?;
            let views = rows.into_iter().map(|row| conversation_view(db, row, ours));
            views.collect()
        });
        Ok(listed.await?)
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn conversation_get(&self, id: ConversationId) -> Result<ConversationView, Error> {
        let open = self.open()?;
        let ours = open.node;
        let read = open.store.read(move |db| {
            let row = db.conversation(id)?;
            row.map(|row| conversation_view(db, row, ours)).transpose()
        });
        read.await?.ok_or_else(|| Error::new(Code::NotFound))
    }

    /// The user has seen what came.
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn conversation_seen(&self, id: ConversationId) -> Result<(), Error> {
        let open = self.open()?;
        let (seen, row) = open
            .store
            .write(move |tx| Ok((tx.mark_seen(id)?, tx.conversation(id)?)))
            .await?;
        if seen.is_empty() {
            return Ok(());
        }
        open.engine.publish(Change::Conversation(id));
        if let Some(row) = row.filter(|row| row.contact.program.reads_letters()) {
            open.engine.seen(row.contact.node, seen);
        }
        Ok(())
    }

    /// Keeps what the user has begun to write.
    ///
    /// # Errors
    /// [`Code::TooLong`], [`Code::NoProfile`].
    pub async fn conversation_set_draft(
        &self,
        id: ConversationId,
        text: String,
    ) -> Result<(), Error> {
        let open = self.open()?;
        if let Some(over) = text
            .len()
            .checked_sub(LONGEST_DRAFT)
            .filter(|over| *over > 0)
        {
            return Err(Error::new(Code::TooLong).with_detail(over));
        }
        open.store.write(move |tx| tx.set_draft(id, &text)).await?;
        open.engine.publish(Change::Conversation(id));
        Ok(())
    }

    /// How the contact can be reached now. Brings their alias up to date besides.
    ///
    /// # Errors
    /// [`Code::NotFound`], or why our node does not answer.
    pub async fn conversation_reach(&self, id: ConversationId) -> Result<ReachView, Error> {
        let open = self.open()?;
        let row = open.store.read(move |db| db.conversation(id)).await?;
        let node = row.ok_or_else(|| Error::new(Code::NotFound))?.contact.node;
        open.engine.refresh_alias(node);
        let reach = open.engine.reach(node).await?;
        Ok(ReachView {
            in_graph: reach.in_graph,
            keysend: reach.keysend,
            peer: reach.peer,
            channels: reach.channels,
            active_channels: reach.active_channels,
        })
    }
}

fn conversation_view(
    db: &Reader<'_>,
    row: ConversationRow,
    ours: NodeId,
) -> Result<ConversationView, StoreError> {
    let claims = row.last.as_ref().and_then(|last| last.claims);
    let claims = claim_view(db, claims)?;
    Ok(ConversationView {
        id: row.id,
        contact: contact_view(row.contact, ours),
        last: row.last.map(|last| PreviewView {
            direction: last.direction,
            kind: last.kind,
            text: last.text,
            payment: last.payment,
            at: last.at,
            delivery: last.delivery,
            taken_back: last.taken_back,
            authorship: last.authorship,
            claims,
            says: says_view(last.claim),
        }),
        unread: row.unread,
        held: row.held,
        failed: row.failed,
        draft: row.draft,
    })
}
