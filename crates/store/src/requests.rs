//! What strangers have left here, and what of it goes when there is too much.

use domain::{
    ConversationId, Decision, HoldEvent, HoldState, MessageKey, MessageKind, Msat, NodeId,
    PaymentHash, StrangerCaps, Timestamp, Trust,
};
use rusqlite::params;

use crate::Result;
use crate::codes::kind_columns;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// A payment that waits for a decision, and whose sender is no known contact: a stranger's, or nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrangerHold {
    /// Which.
    pub hash: PaymentHash,
    /// How much.
    pub amount: Msat,
    /// Over which channel it came.
    pub channel: Option<u64>,
    /// Who has proved to have sent it.
    pub sender: Option<NodeId>,
    /// Whether it brings something that cannot be opened.
    pub unopenable: bool,
}

impl Reader<'_> {
    /// Payments of strangers and of nobody that wait for a decision, oldest first.
    pub fn stranger_holds(&self) -> Result<Vec<StrangerHold>> {
        self.all(
            "SELECT i.hash, i.amount, i.channel, iif(m.authorship IN (1, 3), NULL, i.sender) AS sender,
                    i.opened = 0 OR m.kind IN (?2, ?3) AS unopenable
             FROM incoming i LEFT JOIN contact c ON c.node = i.sender LEFT JOIN message m ON m.key = i.message
             WHERE i.state IN (1, 2, 3) AND i.state = ?1 AND NOT coalesce(c.trust = ?4 AND coalesce(m.authorship, 0) = 0, 0)
             ORDER BY i.number",
            params![
                S(HoldState::Held),
                kind_columns(MessageKind::Unreadable).0,
                kind_columns(MessageKind::Newer).0,
                S(Trust::Known),
            ],
            |row| {
                Ok(StrangerHold {
                    hash: row.take("hash")?,
                    amount: row.take("amount")?,
                    channel: row.get::<_, Option<i64>>("channel")?.map(i64::cast_unsigned),
                    sender: row.take("sender")?,
                    unopenable: row.get::<_, Option<bool>>("unopenable")?.unwrap_or(false),
                })
            },
        )
    }

    /// Whether gossip was known to have heard of this stranger.
    pub fn is_proven(&self, node: NodeId) -> Result<bool> {
        let proven = self.first(
            "SELECT proven FROM contact WHERE node = ?1",
            params![S(node)],
            |row| row.get("proven"),
        )?;
        Ok(proven.unwrap_or(false))
    }

    /// How many messages are here that nobody has signed.
    pub fn unsigned_count(&self) -> Result<u32> {
        self.one(
            "SELECT count(*) AS messages FROM message WHERE authorship IN (1, 3) AND direction = 0",
            [],
            |row| row.take("messages"),
        )
    }

    /// Everybody who waits to be let in, the oldest first.
    pub fn request_nodes(&self) -> Result<Vec<NodeId>> {
        self.all(
            "SELECT node FROM contact WHERE trust = 0 ORDER BY rowid",
            [],
            |row| row.take("node"),
        )
    }

    /// The requests for which there is no room: of those with something at stake the ones with the smallest sums, of the
    /// others the oldest. What a message of ours is on its way to stays.
    pub fn surplus_requests(&self, caps: &StrangerCaps) -> Result<Vec<NodeId>> {
        let beyond = |at_stake: bool, order: &str, room: u32| -> Result<Vec<NodeId>> {
            let nodes = self.all(
                &format!(
                    "SELECT node FROM contact
                     WHERE trust = 0 AND (stake >= ?1 OR (proven AND stake > 0)) = ?2
                     ORDER BY {order} LIMIT -1 OFFSET ?3"
                ),
                params![S(caps.worth), at_stake, room],
                |row| row.take("node"),
            )?;
            Ok(nodes)
        };
        let mut nodes = beyond(false, "rowid DESC", caps.free_requests)?;
        nodes.extend(beyond(true, "stake DESC, rowid DESC", caps.requests)?);
        Ok(nodes)
    }
}

impl Tx<'_> {
    /// Lets a stranger in. Whether that changed anything.
    pub fn let_in(&self, node: NodeId) -> Result<bool> {
        let changed = self.change(
            "UPDATE contact SET trust = ?2 WHERE node = ?1 AND trust = ?3",
            params![S(node), S(Trust::Known), S(Trust::Request)],
        )?;
        Ok(changed == 1)
    }

    /// What a stranger has at stake now: all that settled, and what is held at `worth` or more. `proven`: gossip knows them.
    pub fn weigh_request(&self, node: NodeId, worth: Msat, proven: bool) -> Result<()> {
        self.change(
            "UPDATE contact SET proven = proven OR ?3, stake = (
               SELECT coalesce(sum(amount), 0) FROM incoming
               WHERE sender = ?1 AND state IN (1, 2, 4) AND (state <> 1 OR amount >= ?2))
             WHERE node = ?1 AND trust = 0",
            params![S(node), S(worth), proven],
        )?;
        Ok(())
    }

    /// Removes a request with all that was left: what is held goes back, and nothing of it is remembered but the payments.
    /// `None`: there is none, or a message of ours to it is on its way.
    pub fn drop_request(
        &self,
        node: NodeId,
        by: Decision,
        at: Timestamp,
    ) -> Result<Option<ConversationId>> {
        let waits: bool = self.one(
            "SELECT NOT EXISTS (SELECT 1 FROM contact WHERE node = ?1 AND trust = 0)
                 OR EXISTS (SELECT 1 FROM delivery d JOIN conversation c ON c.id = d.conversation
                            WHERE c.node = ?1 AND d.state IN (0, 1, 5)) AS waits",
            params![S(node)],
            |row| row.get("waits"),
        )?;
        if waits {
            return Ok(None);
        }
        let conversation = self.conversation_of(node)?;
        let held: Vec<PaymentHash> = self.all(
            "SELECT hash FROM incoming
             WHERE state IN (1, 2, 3) AND state = ?3 AND (sender = ?1 OR conversation = ?2)",
            params![S(node), S(conversation), S(HoldState::Held)],
            |row| row.take("hash"),
        )?;
        for hash in held {
            self.step_hold(hash, HoldEvent::Refuse, Some(by), at)?;
        }
        if let Some(id) = conversation {
            self.change(
                "DELETE FROM message WHERE conversation = ?1",
                params![S(id)],
            )?;
            self.change("DELETE FROM conversation WHERE id = ?1", params![S(id)])?;
        }
        if by == Decision::Policy {
            // It may come again: nobody has said that it is not wanted. And these rows would pile up.
            self.change("DELETE FROM tombstone WHERE sender = ?1", params![S(node)])?;
        }
        self.change("DELETE FROM unfinished WHERE sender = ?1", params![S(node)])?;
        self.change("DELETE FROM card WHERE node = ?1", params![S(node)])?;
        self.change("DELETE FROM contact WHERE node = ?1", params![S(node)])?;
        Ok(conversation)
    }

    /// Makes room for one more message of a stranger: the oldest goes that brought less than `worth` and does not wait for
    /// a decision. `false`: there is none.
    pub fn drop_smallest_of(&self, node: NodeId, worth: Msat) -> Result<bool> {
        let key: Option<MessageKey> = self.first(
            "SELECT m.key FROM message m JOIN conversation c ON c.id = m.conversation
             WHERE c.node = ?1 AND m.direction = 0 AND m.payment < ?2
               AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.message = m.key AND i.state IN (1, 2, 3))
             ORDER BY m.payment, m.key LIMIT 1",
            params![S(node), S(worth)],
            |row| row.take("key"),
        )?;
        let Some(key) = key else {
            return Ok(false);
        };
        self.change("DELETE FROM message WHERE key = ?1", params![S(key)])?;
        Ok(true)
    }

    /// Of what nobody has signed the smallest goes, and of those the oldest, until so many are left. What waits for a
    /// decision stays, and so does what brought `worth` or more. The conversations out of which something went.
    pub fn trim_unsigned(&self, most: u32, worth: Msat) -> Result<Vec<ConversationId>> {
        let surplus = self.unsigned_count()?.saturating_sub(most);
        if surplus == 0 {
            return Ok(Vec::new());
        }
        let rows: Vec<(MessageKey, ConversationId)> = self.all(
            "SELECT m.key, m.conversation FROM message m
             WHERE m.authorship IN (1, 3) AND m.direction = 0 AND m.payment < ?2
               AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.message = m.key AND i.state IN (1, 2, 3))
             ORDER BY m.payment, m.key LIMIT ?1",
            params![surplus, S(worth)],
            |row| Ok((row.take("key")?, row.take("conversation")?)),
        )?;
        let mut conversations = Vec::new();
        for (key, conversation) in rows {
            let removed = self.all(
                "DELETE FROM message WHERE key = ?1 RETURNING sender, id",
                params![S(key)],
                |row| {
                    Ok((
                        row.take::<NodeId>("sender")?,
                        row.take::<domain::MessageId>("id")?,
                    ))
                },
            )?;
            for (sender, id) in removed {
                // It had no name but that of its payment, which stays known.
                self.change(
                    "DELETE FROM tombstone WHERE sender = ?1 AND id = ?2",
                    params![S(sender), S(id)],
                )?;
            }
            if !conversations.contains(&conversation) {
                conversations.push(conversation);
            }
        }
        Ok(conversations)
    }
}

#[cfg(test)]
mod tests;
