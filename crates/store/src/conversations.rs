//! Table `conversation`. Its counts and its copy of the newest message are kept true by triggers.

use domain::{
    Authorship, Contact, ConversationId, DeliveryState, Direction, MessageId, MessageKey,
    MessageKind, Msat, NodeId, Timestamp, Trust,
};
use rusqlite::{Row, params};

use crate::codes::kind_of_columns;
use crate::column::{S, Take};
use crate::contacts::contact_of;
use crate::messages::{Claim, MessageRow};
use crate::tx::{Reader, Tx};
use crate::{Result, StoreError};

/// A conversation as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Which.
    pub id: ConversationId,
    /// The other side.
    pub contact: Contact,
    /// The newest message.
    pub last: Option<Preview>,
    /// Incoming messages that were not seen.
    pub unread: u32,
    /// Payments that are held for the user's decision.
    pub held: u32,
    /// Messages that did not arrive: failed or parked.
    pub failed: u32,
    /// What the user has begun to write.
    pub draft: String,
}

/// The newest message of a conversation, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// Its first 120 characters.
    pub text: String,
    /// Sats that it brings.
    pub payment: Msat,
    /// When it was stored.
    pub at: Timestamp,
    /// Where it is, for outgoing ones.
    pub delivery: Option<DeliveryState>,
    /// Whether its author took it back.
    pub taken_back: bool,
    /// What is known of the author.
    pub authorship: Authorship,
    /// Whom it names as its author without proof.
    pub claims: Option<NodeId>,
    /// What its author says of themselves.
    pub claim: Option<Claim>,
}

/// Which conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// With known contacts.
    Known,
    /// With known contacts, and unread messages.
    Unread,
    /// With a payment that waits for a decision; strangers too, as it does not wait for ever.
    Held,
    /// With nodes that wait to be let in.
    Requests,
    /// With blocked nodes.
    Blocked,
}

impl Reader<'_> {
    /// One conversation.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRow>> {
        self.first(&format!("{SELECT} WHERE c.id = ?1"), params![S(id)], row_of)
    }

    /// The conversation with a node.
    pub fn conversation_of(&self, node: NodeId) -> Result<Option<ConversationId>> {
        self.first(
            "SELECT id FROM conversation WHERE node = ?1",
            params![S(node)],
            |row| row.take("id"),
        )
    }

    /// Those whose newest message was stored last first, whatever the clock said then. `query` keeps those whose name or alias contains it, in any case, or whose
    /// key begins with it; an empty one keeps all.
    pub fn conversations(&self, listed: Listed, query: &str) -> Result<Vec<ConversationRow>> {
        let mut rows = self.all(&list_sql(listed), [], row_of)?;
        let query = query.trim().to_lowercase();
        if !query.is_empty() {
            rows.retain(|row| {
                [&row.contact.name, &row.contact.alias]
                    .into_iter()
                    .any(|name| name.to_lowercase().contains(&query))
                    || row.contact.node.to_string().starts_with(&query)
            });
        }
        Ok(rows)
    }
}

impl Reader<'_> {
    /// What the user has not seen, and payments that wait for a decision, of everybody who is not blocked: contacts
    /// before strangers, those who wrote last first. At most `each` unseen ones of a conversation, the newest.
    pub fn waiting(&self, each: u32) -> Result<Vec<MessageRow>> {
        let mut conversations: Vec<(ConversationId, Trust)> = self.all(
            "SELECT c.id, p.trust FROM conversation c CROSS JOIN contact p ON p.node = c.node
             WHERE p.trust <> 2 AND (c.unread > 0 OR c.held > 0)
             ORDER BY coalesce(c.last_message, c.made_after) DESC, c.id DESC",
            [],
            |row| Ok((row.take("id")?, row.take("trust")?)),
        )?;
        conversations.sort_by_key(|(_, trust)| *trust == Trust::Request);
        let mut rows = Vec::new();
        for (id, _) in conversations {
            let mut keys: Vec<MessageKey> = self.all(
                "SELECT key FROM message WHERE conversation = ?1 AND direction = 0 AND seen = 0
                 ORDER BY key DESC LIMIT ?2",
                params![S(id), each],
                |row| row.take("key"),
            )?;
            keys.extend(self.all(
                "SELECT message FROM incoming
                 WHERE state IN (1, 2, 3) AND state = 1 AND conversation = ?1 AND postage = 0 AND message IS NOT NULL",
                params![S(id)],
                |row| row.take::<MessageKey>("message"),
            )?);
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                rows.extend(self.message_row(key)?);
            }
        }
        Ok(rows)
    }
}

impl Tx<'_> {
    /// The conversation with a contact, made at `at` when there was none.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when the node is no contact.
    pub fn conversation_with(&self, node: NodeId, at: Timestamp) -> Result<ConversationId> {
        self.change(
            "INSERT INTO conversation(node, created_at, made_after)
             VALUES (?1, ?2, (SELECT coalesce(max(key), 0) FROM message)) ON CONFLICT (node) DO NOTHING",
            params![S(node), S(at)],
        )?;
        self.one(
            "SELECT id FROM conversation WHERE node = ?1",
            params![S(node)],
            |row| row.take("id"),
        )
    }

    /// What the user has begun to write.
    pub fn set_draft(&self, id: ConversationId, text: &str) -> Result<()> {
        self.change(
            "UPDATE conversation SET draft = ?2 WHERE id = ?1 AND draft <> ?2",
            params![S(id), text],
        )?;
        Ok(())
    }

    /// The user has seen all that has come. The ids of what was unread.
    pub fn mark_seen(&self, id: ConversationId) -> Result<Vec<MessageId>> {
        self.all(
            "UPDATE message SET seen = 1 WHERE conversation = ?1 AND direction = 0 AND seen = 0 RETURNING id",
            params![S(id)],
            |row| row.take("id"),
        )
    }

    /// Removes the contact, the conversation and all that was said. The identities of its messages and of its payments
    /// stay, so that nothing is taken twice, and so do the ledger and the record of what was paid.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] while a payment waits for its end, in either direction; or is parked.
    pub fn remove_conversation(&self, id: ConversationId) -> Result<()> {
        let busy: bool = self.one(
            "SELECT EXISTS (SELECT 1 FROM delivery WHERE conversation = ?1 AND state IN (1, 5))
                 OR EXISTS (SELECT 1 FROM incoming WHERE conversation = ?1 AND state IN (1, 2, 3))
                 AS busy",
            params![S(id)],
            |row| row.take("busy"),
        )?;
        if busy {
            return Err(StoreError::Constraint(
                "a payment of this conversation is under way".into(),
            ));
        }
        // Newest first would copy a new newest message into the row each time.
        self.change(
            "DELETE FROM message WHERE conversation = ?1",
            params![S(id)],
        )?;
        let node: Option<NodeId> = self.first(
            "DELETE FROM conversation WHERE id = ?1 RETURNING node",
            params![S(id)],
            |row| row.take("node"),
        )?;
        if let Some(node) = node {
            self.change("DELETE FROM card WHERE node = ?1", params![S(node)])?;
            self.change("DELETE FROM contact WHERE node = ?1", params![S(node)])?;
        }
        Ok(())
    }
}

/// The list, for [`Reader::conversations`].
pub(crate) fn list_sql(listed: Listed) -> String {
    let filter = match listed {
        Listed::Known => "p.trust = 1",
        Listed::Unread => "p.trust = 1 AND c.unread > 0",
        Listed::Held => "p.trust <> 2 AND c.held > 0",
        Listed::Requests => "p.trust = 0",
        Listed::Blocked => "p.trust = 2",
    };
    format!(
        "{SELECT} WHERE {filter} ORDER BY coalesce(c.last_message, c.made_after) DESC, c.id DESC"
    )
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<ConversationRow> {
    let last: Option<MessageKey> = row.take("last_message")?;
    Ok(ConversationRow {
        id: row.take("id")?,
        contact: contact_of(row)?,
        last: last.map(|_| preview_of(row)).transpose()?,
        unread: row.take("unread")?,
        held: row.take("held")?,
        failed: row.take("failed")?,
        draft: row.take("draft")?,
    })
}

fn preview_of(row: &Row<'_>) -> rusqlite::Result<Preview> {
    Ok(Preview {
        direction: row.take("last_direction")?,
        kind: kind_of_columns(row.take("last_kind")?, row.take("last_refund_of")?).ok_or(
            rusqlite::Error::IntegralValueOutOfRange(0, row.take("last_kind")?),
        )?,
        text: row.take("last_text")?,
        payment: row.take("last_payment")?,
        at: row.take("last_at")?,
        delivery: row.take("last_delivery")?,
        taken_back: row
            .take::<Option<bool>>("last_taken_back")?
            .unwrap_or(false),
        authorship: row.take("last_authorship")?,
        claims: row.take("last_claims")?,
        claim: match (row.take("last_name")?, row.take("last_about")?) {
            (Some(name), Some(about)) => Some(Claim { name, about }),
            _ => None,
        },
    })
}

const SELECT: &str = "
    SELECT c.id, c.draft, c.unread, c.held, c.failed, c.last_message, c.last_at, c.last_direction, c.last_kind,
           c.last_refund_of, c.last_text, c.last_payment, c.last_delivery, c.last_taken_back,
           p.node, p.name, p.note, p.alias, p.trust, p.program, p.hold_secs, p.accept_up_to, p.way,
           p.sealed_only, p.since, m.authorship AS last_authorship, m.claims AS last_claims,
           s.name AS last_name, s.about AS last_about
    FROM conversation c CROSS JOIN contact p ON p.node = c.node LEFT JOIN message m ON m.key = c.last_message
         LEFT JOIN claim s ON s.message = c.last_message";

#[cfg(test)]
mod tests;
