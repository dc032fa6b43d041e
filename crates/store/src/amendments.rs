//! Letters that amend a message: rows of table `message` that are no bubbles. What is shown of a message follows from
//! them: the last reaction of each side, the author's last edit, the author's delete.

use std::collections::VecDeque;

use domain::{
    AmendmentKind, ConversationId, DeliveryEvent, DeliveryState, Direction, Message, MessageId,
    MessageKey, MessageKind, Msat, NodeId, Privacy, Timestamp,
};
use rusqlite::{Row, params};

use crate::Result;
use crate::codes::kind_of_columns;
use crate::column::{S, Take};
use crate::messages::Found;
use crate::outbox::Outcome;
use crate::tx::{Reader, Tx};

/// A letter that amends a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendmentRow {
    /// Its own row.
    pub key: MessageKey,
    /// Who wrote it.
    pub direction: Direction,
    /// What it does.
    pub kind: AmendmentKind,
    /// The new words, or the reaction; empty when they are gone.
    pub text: String,
    /// Its number among its sender's letters: the last one counts.
    pub sequence: u64,
    /// When it was stored.
    pub at: Timestamp,
    /// Where it is, for outgoing ones.
    pub state: Option<DeliveryState>,
}

impl AmendmentRow {
    /// Whether it counts: the user has not taken it back before it left.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.state != Some(DeliveryState::Cancelled)
    }
}

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Whose.
    pub direction: Direction,
    /// One character.
    pub emoji: String,
}

/// What was done to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendments {
    /// At most one of each side.
    pub reactions: Vec<Reaction>,
    /// The user's own that count and have not arrived yet, or did not: the last of each kind.
    pub open: Vec<DeliveryState>,
    /// Whether both sides call the message by the same name: only then can it be answered and amended.
    pub named: bool,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The message, if it is here.
    pub to: Option<Replied>,
}

/// A message that is answered, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replied {
    /// Which.
    pub key: MessageKey,
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// Its first 160 characters.
    pub text: String,
    /// Sats that it brings.
    pub payment: Msat,
    /// Whether its author took it back.
    pub taken_back: bool,
}

impl Reader<'_> {
    /// All letters that amend a message, in the order in which they were stored, and those of each side in the order in
    /// which they were written; at most 500.
    pub fn amendments_of(&self, key: MessageKey) -> Result<Vec<AmendmentRow>> {
        let mut rows = self.all(
            &format!("{SELECT} WHERE m.target = ?1 LIMIT 500"),
            params![S(key)],
            amendment_of,
        )?;
        rows.sort_by_key(|row| row.key);
        let places: Vec<Direction> = rows.iter().map(|row| row.direction).collect();
        rows.sort_by_key(|row| (row.sequence, row.key));
        let (mut came, mut went): (VecDeque<_>, VecDeque<_>) = rows
            .into_iter()
            .partition(|row| row.direction == Direction::Incoming);
        let next = |direction| match direction {
            Direction::Incoming => came.pop_front(),
            Direction::Outgoing => went.pop_front(),
        };
        Ok(places.into_iter().filter_map(next).collect())
    }

    /// The words of a message before its author's first edit; `None` when it was not edited.
    pub fn first_words(&self, key: MessageKey) -> Result<Option<String>> {
        self.first(
            "SELECT text FROM first_words WHERE message = ?1",
            params![S(key)],
            |row| row.get("text"),
        )
    }

    /// The bubble that changes with a message: itself, or what it amends if that is here.
    pub fn bubble_of(&self, key: MessageKey) -> Result<Option<MessageKey>> {
        let bubble: Option<Option<MessageKey>> = self.first(
            "SELECT iif(amendment = 0, key, target) AS bubble FROM message WHERE key = ?1",
            params![S(key)],
            |row| row.take("bubble"),
        )?;
        // One that is gone is gone for the window too.
        Ok(bubble.unwrap_or(Some(key)))
    }

    /// The bubble of this name in a conversation: of the first of these authors who has one.
    pub fn bubble_named(
        &self,
        conversation: ConversationId,
        authors: &[NodeId],
        id: MessageId,
    ) -> Result<Option<Message>> {
        for author in authors {
            if let Found::Here(key) = self.find_message(*author, id)?
                && let Some(message) = self.message(key)?
                && message.conversation == conversation
                && message.amends.is_none()
            {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Whether the recipient may have a message: something of it left that is not known to have failed on the way. The words
    /// of a payment travel with the money: an invoice that was asked for in vain has brought nothing.
    pub fn may_have_arrived(&self, key: MessageKey) -> Result<bool> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM attempt WHERE message = ?1 AND NOT (carrier IN (0, 3) AND state = 4)) AS may",
            params![S(key)],
            |row| row.get("may"),
        )
    }

    /// Whether a delivery may be cancelled as far as amendments go. A reaction or an edit that may have arrived stays,
    /// and so does an edit whose words its message may have brought since; a delete always stays, as the words are gone.
    pub fn can_cancel_amendment(&self, message: &Message) -> Result<bool> {
        let Some(amends) = message.amends else {
            return Ok(true);
        };
        if amends.kind == AmendmentKind::Delete || self.may_have_arrived(message.key)? {
            return Ok(false);
        }
        self.one(
            "SELECT NOT EXISTS (SELECT 1 FROM message m CROSS JOIN attempt a ON a.message = m.target
                                WHERE m.key = ?1 AND m.amendment = 2
                                  AND iif(a.made_after IS NULL, a.created_at >= m.stored_at, a.made_after >= m.key)
                                  AND NOT (a.carrier IN (0, 3) AND a.state = 4)) AS can",
            params![S(message.key)],
            |row| row.get("can"),
        )
    }

    pub(crate) fn amendments(&self, message: &Message) -> Result<Amendments> {
        if message.amends.is_some() || message.taken_back_at.is_some() {
            return Ok(Amendments {
                open: self.open_amendments(message.key)?,
                ..Amendments::default()
            });
        }
        let theirs = self.first(
            &format!(
                "{SELECT} WHERE m.target = ?1 AND m.direction = 0 AND m.amendment = 1
                 ORDER BY m.sequence DESC, m.key DESC LIMIT 1"
            ),
            params![S(message.key)],
            amendment_of,
        )?;
        let ours = self.own_amendments(message.key)?;
        let mine = last(&ours, AmendmentKind::Reaction).cloned();
        let reactions = [theirs, mine].into_iter().flatten();
        Ok(Amendments {
            reactions: reactions
                .filter(|row| !row.text.is_empty())
                .map(|row| Reaction {
                    direction: row.direction,
                    emoji: row.text,
                })
                .collect(),
            open: open(&ours),
            named: self.is_named(message)?,
        })
    }

    fn open_amendments(&self, key: MessageKey) -> Result<Vec<DeliveryState>> {
        Ok(open(&self.own_amendments(key)?))
    }

    /// The user's own, in the order in which they were written.
    pub fn own_amendments(&self, key: MessageKey) -> Result<Vec<AmendmentRow>> {
        let mut rows = self.all(
            &format!("{SELECT} WHERE m.target = ?1 AND m.direction = 1"),
            params![S(key)],
            amendment_of,
        )?;
        rows.sort_by_key(|row| (row.sequence, row.key));
        Ok(rows)
    }

    /// Readable text has a name only for those who got a letter beside it.
    fn is_named(&self, message: &Message) -> Result<bool> {
        match (message.privacy, message.kind) {
            (_, MessageKind::Unreadable) => Ok(false),
            (Privacy::Sealed, _) => Ok(true),
            (Privacy::Open, _) => self.one(
                "SELECT EXISTS (SELECT 1 FROM letter WHERE message = ?1)
                     OR EXISTS (SELECT 1 FROM attempt
                                WHERE message = ?1 AND (carrier <> 0 OR instr(records, x'0000000048454c49') > 0))
                     AS named",
                params![S(message.key)],
                |row| row.get("named"),
            ),
        }
    }

    pub(crate) fn reply_of(&self, message: &Message) -> Result<Option<Reply>> {
        if message.reply_to.is_none() {
            return Ok(None);
        }
        let to = self.first(
            "SELECT m.key, m.direction, m.kind, m.refund_of, substr(m.text, 1, 160) AS text, m.payment,
                    m.taken_back_at IS NOT NULL AS taken_back
             FROM message r CROSS JOIN message m ON m.key = r.reply_key WHERE r.key = ?1",
            params![S(message.key)],
            |row| {
                Ok(Replied {
                    key: row.take("key")?,
                    direction: row.take("direction")?,
                    kind: kind_of_columns(row.take("kind")?, row.take("refund_of")?)
                        .ok_or(rusqlite::Error::InvalidQuery)?,
                    text: row.take("text")?,
                    payment: row.take("payment")?,
                    taken_back: row.take("taken_back")?,
                })
            },
        )?;
        Ok(Some(Reply { to }))
    }
}

impl Tx<'_> {
    /// What a message answers; `to` is that message, if it is here.
    pub fn set_reply(&self, key: MessageKey, id: MessageId, to: Option<MessageKey>) -> Result<()> {
        self.change(
            "UPDATE message SET reply_to = ?2, reply_key = ?3 WHERE key = ?1",
            params![S(key), S(id), S(to)],
        )?;
        Ok(())
    }

    pub(crate) fn set_target(&self, key: MessageKey, target: MessageKey) -> Result<()> {
        self.change(
            "UPDATE message SET target = ?2 WHERE key = ?1",
            params![S(key), S(target)],
        )?;
        Ok(())
    }

    /// Other words for a message that has not left: nobody has read the ones before.
    pub fn rewrite(&self, key: MessageKey, text: &str) -> Result<()> {
        self.change(
            "UPDATE message SET text = ?2 WHERE key = ?1 AND taken_back_at IS NULL",
            params![S(key), text],
        )?;
        // None of its parts is there: it is cut anew, with these words.
        self.change("DELETE FROM cut WHERE message = ?1", params![S(key)])?;
        Ok(())
    }

    /// Brings a message to what its author's edits and deletes say of it. To be called whenever one of them is stored or
    /// taken back, and when a message is stored that they may have overtaken.
    pub fn settle_amendments(&self, key: MessageKey) -> Result<()> {
        let Some(message) = self.message(key)? else {
            return Ok(());
        };
        let deleted: Option<Timestamp> = self.first(
            "SELECT stored_at FROM message WHERE target = ?1 AND direction = ?2 AND amendment = 3 LIMIT 1",
            params![S(key), S(message.direction)],
            |row| row.take("stored_at"),
        )?;
        if let Some(at) = message.taken_back_at.or(deleted) {
            return self.take_back(key, at);
        }
        let money = match message.kind {
            MessageKind::Text => false,
            MessageKind::Payment => true,
            _ => return Ok(()),
        };
        let edit: Option<AmendmentRow> = self.first(
            &format!(
                "{SELECT} WHERE m.target = ?1 AND m.direction = ?2 AND m.amendment = 2 AND d.state IS NOT 6
                   AND (m.text <> '' OR ?3)
                 ORDER BY m.sequence DESC, m.key DESC LIMIT 1"
            ),
            params![S(key), S(message.direction), money],
            amendment_of,
        )?;
        let Some(edit) = edit else {
            return self.restore(key);
        };
        self.change(
            "INSERT INTO first_words(message, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![S(key), message.text],
        )?;
        self.change(
            "UPDATE message SET text = ?2, edited_at = ?3 WHERE key = ?1",
            params![S(key), edit.text, S(edit.at)],
        )?;
        Ok(())
    }

    /// Back to the first words: no edit counts any more.
    fn restore(&self, key: MessageKey) -> Result<()> {
        if let Some(text) = self.first_words(key)? {
            self.change(
                "UPDATE message SET text = ?2, edited_at = NULL WHERE key = ?1",
                params![S(key), text],
            )?;
            self.change(
                "DELETE FROM first_words WHERE message = ?1",
                params![S(key)],
            )?;
        }
        Ok(())
    }

    /// Takes a message back: its words are gone, with all that was said of it; what it paid stays. Own reactions and
    /// edits of it that have not left do not leave.
    pub fn take_back(&self, key: MessageKey, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE message SET text = '', edited_at = NULL, taken_back_at = ?2
             WHERE key = ?1 AND taken_back_at IS NULL",
            params![S(key), S(at)],
        )?;
        self.change(
            "UPDATE message SET text = '', taken_back_at = ?2
             WHERE target = ?1 AND amendment IN (1, 2) AND taken_back_at IS NULL",
            params![S(key), S(at)],
        )?;
        self.change("DELETE FROM cut WHERE message = ?1", params![S(key)])?;
        for row in self.own_amendments(key)? {
            if row.kind == AmendmentKind::Delete {
                continue;
            }
            self.change("DELETE FROM cut WHERE message = ?1", params![S(row.key)])?;
            if row.state == Some(DeliveryState::Queued) {
                self.step_delivery(row.key, DeliveryEvent::Cancel, Outcome::default(), at)?;
            }
        }
        Ok(())
    }

    /// Whether something that amends a message, or the payment under it, is on its way.
    pub(crate) fn is_being_amended(&self, key: MessageKey) -> Result<bool> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM message m CROSS JOIN delivery d ON d.message = m.key
                            WHERE m.target = ?1 AND d.state IN (1, 5))
                 OR EXISTS (SELECT 1 FROM message m CROSS JOIN incoming i ON i.message = m.key
                            WHERE m.target = ?1 AND i.state IN (1, 2, 3))
                 AS busy",
            params![S(key)],
            |row| row.get("busy"),
        )
    }

    pub(crate) fn drop_amendments(&self, key: MessageKey) -> Result<()> {
        self.change("DELETE FROM message WHERE target = ?1", params![S(key)])?;
        Ok(())
    }
}

/// The last of a kind that counts.
fn last(rows: &[AmendmentRow], kind: AmendmentKind) -> Option<&AmendmentRow> {
    rows.iter()
        .rev()
        .find(|row| row.kind == kind && row.counts())
}

/// Where those are that count and are not there.
fn open(rows: &[AmendmentRow]) -> Vec<DeliveryState> {
    use AmendmentKind as K;
    use DeliveryState as D;
    [K::Reaction, K::Edit, K::Delete]
        .into_iter()
        .filter_map(|kind| last(rows, kind)?.state)
        .filter(|state| matches!(state, D::Queued | D::InFlight | D::Failed | D::Parked))
        .collect()
}

fn amendment_of(row: &Row<'_>) -> rusqlite::Result<AmendmentRow> {
    Ok(AmendmentRow {
        key: row.take("key")?,
        direction: row.take("direction")?,
        kind: row.take("amendment")?,
        text: row.take("text")?,
        sequence: row.take("sequence")?,
        at: row.take("stored_at")?,
        state: row.take("state")?,
    })
}

/// Ends before the condition.
const SELECT: &str = "
    SELECT m.key, m.direction, m.amendment, m.text, m.sequence, m.stored_at, d.state
    FROM message m LEFT JOIN delivery d ON d.message = m.key";

#[cfg(test)]
mod tests;
