//! Letters of ours that are sent again, for free: their recipient's app has lost the key that they were sealed to.

use domain::{DeliveryState, MessageKey, MessageKind, NodeId, Privacy, Timestamp, Trust};
use rusqlite::params;

use crate::Result;
use crate::codes::kind_columns;
use crate::column::{S, Take};
use crate::outbox::Delivery;
use crate::tx::{Reader, Tx};

/// How often each is sent again, as long as no receipt comes.
const TIMES: u32 = 3;
/// At most so many letters for one new key: the newest.
const MOST: u32 = 100;

impl Reader<'_> {
    /// What is to be sent again, oldest first: what has arrived at their node. Words of a payment that came back are not
    /// among them: who wants to pay says them anew. Only known contacts get anything, and nothing goes to a key that has
    /// taken the place of one which the user had compared, until the user has seen that.
    pub fn repeats(&self) -> Result<Vec<Delivery>> {
        let keys: Vec<MessageKey> = self.all(
            "SELECT d.message FROM delivery d JOIN message m ON m.key = d.message JOIN card c ON c.node = d.recipient
               JOIN contact p ON p.node = d.recipient
             WHERE d.repeats > 0 AND (d.state = ?1 OR (d.state = ?2 AND m.kind = ?3)) AND m.taken_back_at IS NULL
               AND p.trust = ?4 AND NOT (c.changed AND c.compared IS NOT NULL)
             ORDER BY d.message",
            params![
                S(DeliveryState::Settled),
                S(DeliveryState::Returned),
                kind_columns(MessageKind::Text).0,
                S(Trust::Known),
            ],
            |row| row.take("message"),
        )?;
        let deliveries = keys.into_iter().map(|key| self.delivery(key).transpose());
        deliveries.flatten().collect()
    }
}

impl Tx<'_> {
    /// Has everything sent again that was sealed for `to` since then and was not confirmed by their app, once it has arrived
    /// at their node. How many letters; none when that was done later than `not_after`.
    pub fn repeat_unconfirmed(
        &self,
        to: NodeId,
        since: Timestamp,
        not_after: Timestamp,
        now: Timestamp,
    ) -> Result<usize> {
        let due = self.change(
            "UPDATE card SET repeated_at = ?3 WHERE node = ?1 AND coalesce(repeated_at <= ?2, 1)",
            params![S(to), S(not_after), S(now)],
        )?;
        if due == 0 {
            return Ok(0);
        }
        self.change(
            "UPDATE delivery SET repeats = ?2 WHERE message IN (
               SELECT d.message FROM delivery d JOIN message m ON m.key = d.message
               WHERE d.recipient = ?1 AND d.state IN (1, 2, 3) AND d.delivered_at IS NULL
                 AND m.privacy = ?3 AND m.sent_at >= ?4 AND (m.text <> '' OR m.amendment <> 0)
               ORDER BY d.message DESC LIMIT ?5)",
            params![S(to), TIMES, S(Privacy::Sealed), S(since), MOST],
        )
    }

    /// Counts one repeat, before it is sent. `false`: none is due any more.
    pub fn begin_repeat(&self, key: MessageKey) -> Result<bool> {
        let changed = self.change(
            "UPDATE delivery SET repeats = repeats - 1 WHERE message = ?1 AND repeats > 0",
            params![S(key)],
        )?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests;
