//! Letters of ours that are sent again, for free: nobody has said that they are there, their recipient's app has lost the key
//! that they were sealed to, or asks for them.

use std::time::Duration;

use domain::{
    DeliveryState, Expectation, MessageKey, MessageKind, NodeId, Privacy, ReturnMeaning, Timestamp,
    Trust,
};
use rusqlite::params;

use crate::Result;
use crate::codes::kind_columns;
use crate::column::{S, Take};
use crate::numbers::Range;
use crate::outbox::Delivery;
use crate::tx::{Reader, Tx};

/// How often each is sent again, as long as no receipt comes.
const TIMES: u32 = 5;
/// At most so many letters for one new key, or for one time that somebody is heard of: the newest.
const MOST: u32 = 100;
/// At most so many for one request.
const MOST_ASKED: usize = 256;
/// How long a receipt may take before its letter is sent again.
const FIRST: Duration = Duration::from_secs(60);
/// And this long until the letter goes once more, by how often it still may; the last time is for when they are heard of.
const PAUSES: [Option<Duration>; 5] = [
    None,
    None,
    Some(Duration::from_secs(6 * 60 * 60)),
    Some(Duration::from_secs(60 * 60)),
    Some(Duration::from_secs(10 * 60)),
];
const WHEN_HEARD_OF: Timestamp = Timestamp(i64::MAX);

impl Reader<'_> {
    /// What is to be sent again now, oldest first: what has arrived at their node, and words that came back or did not
    /// arrive. Words of a payment that came back are not among them: who wants to pay says them anew. Only known contacts
    /// get anything, and nothing goes to a key that has taken the place of one which the user had compared, until the user
    /// has seen that.
    pub fn repeats(&self, now: Timestamp) -> Result<Vec<Delivery>> {
        let mut keys: Vec<MessageKey> = self.all(
            "SELECT d.message FROM delivery d INDEXED BY delivery_repeats JOIN message m ON m.key = d.message
               JOIN card c ON c.node = d.recipient JOIN contact p ON p.node = d.recipient
             WHERE d.repeats > 0 AND d.repeat_at <= ?1
               AND (d.state IN (?2, ?3) OR (d.state IN (?4, ?5) AND m.kind = ?6))
               AND m.taken_back_at IS NULL AND p.trust = ?7 AND NOT (c.changed AND c.compared IS NOT NULL)",
            params![
                S(now),
                S(DeliveryState::Settled),
                S(DeliveryState::Delivered),
                S(DeliveryState::Returned),
                S(DeliveryState::Failed),
                kind_columns(MessageKind::Text).0,
                S(Trust::Known),
            ],
            |row| row.take("message"),
        )?;
        keys.sort();
        let deliveries = keys.into_iter().map(|key| self.delivery(key).transpose());
        deliveries.flatten().collect()
    }
}

impl Tx<'_> {
    /// Words have arrived at their node, or came back from there, without a receipt: unless it comes, they are sent again.
    pub fn await_receipt(&self, key: MessageKey, now: Timestamp) -> Result<()> {
        self.change(
            "UPDATE delivery SET repeats = ?2, repeat_at = ?3
             WHERE message = ?1 AND delivered_at IS NULL AND expectation = ?4 AND state IN (?5, ?6)
               AND EXISTS (SELECT 1 FROM message WHERE key = ?1 AND privacy = ?7)",
            params![
                S(key),
                TIMES,
                S(now.plus(FIRST)),
                S(Expectation::Return),
                S(DeliveryState::Settled),
                S(DeliveryState::Returned),
                S(Privacy::Sealed),
            ],
        )?;
        Ok(())
    }

    /// Their app is there: what waits for their receipt for a while goes again now, unless it waits because of their many new
    /// keys. How many letters.
    pub fn hurry_repeats(&self, to: NodeId, now: Timestamp) -> Result<usize> {
        self.change(
            "UPDATE delivery SET repeat_at = ?2 WHERE message IN (
               SELECT message FROM delivery WHERE recipient = ?1 AND repeats > 0 AND repeat_at > ?2 AND updated_at <= ?3
                 AND NOT EXISTS (SELECT 1 FROM card WHERE node = ?1 AND repeated_at > ?2)
               ORDER BY message DESC LIMIT ?4)",
            params![S(to), S(now), S(now.minus(FIRST)), MOST],
        )
    }

    /// Has everything sent again that was sealed for `to` since then and was not confirmed by their app, once it has arrived
    /// at their node: now, or `pause` after the last time. How many letters go now.
    pub fn repeat_unconfirmed(
        &self,
        to: NodeId,
        since: Timestamp,
        pause: Duration,
        now: Timestamp,
    ) -> Result<usize> {
        let last: Option<Timestamp> = self
            .first(
                "SELECT repeated_at FROM card WHERE node = ?1",
                params![S(to)],
                |row| row.take("repeated_at"),
            )?
            .flatten();
        // What a wrong clock has noted waits no longer than the pause either.
        let is_planned = last.is_some_and(|last| last > now && last <= now.plus(pause));
        let at = match last {
            Some(last) if is_planned => last,
            Some(last) => last.plus(pause).clamp(now, now.plus(pause)),
            None => now,
        };
        let noted = self.change(
            "UPDATE card SET repeated_at = ?2 WHERE node = ?1",
            params![S(to), S(at)],
        )?;
        if noted == 0 {
            return Ok(0);
        }
        // One key after the other gives no more tries.
        let again = self.change(
            "UPDATE delivery SET repeats = ?2, repeat_at = iif(repeats > 0, min(repeat_at, ?3), ?3) WHERE message IN (
               SELECT d.message FROM delivery d JOIN message m ON m.key = d.message
               WHERE d.recipient = ?1 AND d.state IN (1, 2, 3) AND d.delivered_at IS NULL AND NOT (?6 AND d.repeats > 0)
                 AND m.privacy = ?4 AND m.sent_at >= ?5 AND (m.text <> '' OR m.amendment <> 0)
               ORDER BY d.message DESC LIMIT ?7)",
            params![
                S(to),
                TIMES,
                S(at),
                S(Privacy::Sealed),
                S(since),
                is_planned,
                MOST
            ],
        )?;
        Ok(if at > now { 0 } else { again })
    }

    /// Has texts sent once more for free that came back from `to` unconfirmed: their app has just been heard of. A few times
    /// each. How many.
    pub fn repeat_returned(&self, to: NodeId) -> Result<usize> {
        self.change(
            "UPDATE delivery SET repeats = max(repeats, 1), repeat_at = 0, free_tries = free_tries + 1 WHERE message IN (
               SELECT d.message FROM delivery d JOIN message m ON m.key = d.message
               WHERE d.recipient = ?1 AND d.state IN (1, 2, 3) AND d.delivered_at IS NULL AND d.state = ?2
                 AND d.returned = ?3 AND d.expectation = ?4 AND d.free_tries < ?5 AND m.privacy = ?6
               ORDER BY d.message DESC LIMIT ?7)",
            params![
                S(to),
                S(DeliveryState::Returned),
                S(ReturnMeaning::Unconfirmed),
                S(Expectation::Return),
                TIMES,
                S(Privacy::Sealed),
                MOST,
            ],
        )
    }

    /// Their app lacks letters with these numbers: words that left since then are sent again, the newest if there are too
    /// many. How many letters; none when that was done later than `not_after`.
    pub fn resend(
        &self,
        to: NodeId,
        numbers: &[Range],
        since: Timestamp,
        not_after: Timestamp,
        now: Timestamp,
    ) -> Result<usize> {
        let due = self.change(
            "UPDATE contact SET resent_at = ?3 WHERE node = ?1 AND coalesce(resent_at <= ?2, 1)",
            params![S(to), S(not_after), S(now)],
        )?;
        if due == 0 {
            return Ok(0);
        }
        let mut count = 0_usize;
        for (first, last) in numbers.iter().rev() {
            let left = MOST_ASKED.saturating_sub(count);
            let again = self.change(
                "UPDATE delivery SET repeats = ?2, repeat_at = 0 WHERE message IN (
                   SELECT d.message FROM delivery d JOIN message m ON m.key = d.message
                   WHERE d.recipient = ?1 AND d.sequence BETWEEN ?3 AND ?4 AND d.state IN (2, 3, 4, 7)
                     AND d.expectation = ?5 AND m.sent_at >= ?6 AND m.taken_back_at IS NULL
                     AND (m.privacy = ?7 OR EXISTS (
                       SELECT 1 FROM attempt WHERE message = m.key
                         AND (carrier <> 0 OR instr(records, x'0000000048454c49') > 0)))
                   ORDER BY d.sequence DESC LIMIT ?8)",
                params![
                    S(to),
                    TIMES,
                    S(*first),
                    S(*last),
                    S(Expectation::Return),
                    S(since),
                    S(Privacy::Sealed),
                    i64::try_from(left).unwrap_or(0),
                ],
            )?;
            count = count.saturating_add(again);
        }
        Ok(count)
    }

    /// Counts one repeat, before it is sent. `false`: none is due any more.
    pub fn begin_repeat(&self, key: MessageKey, now: Timestamp) -> Result<bool> {
        let left: Option<u32> = self.first(
            "UPDATE delivery SET repeats = repeats - 1 WHERE message = ?1 AND repeats > 0 RETURNING repeats",
            params![S(key)],
            |row| row.take("repeats"),
        )?;
        let Some(left) = left else {
            return Ok(false);
        };
        let pause = usize::try_from(left)
            .ok()
            .and_then(|left| PAUSES.get(left).copied().flatten());
        let next = pause.map_or(WHEN_HEARD_OF, |pause| now.plus(pause));
        self.change(
            "UPDATE delivery SET repeat_at = ?2 WHERE message = ?1",
            params![S(key), S(next)],
        )?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
