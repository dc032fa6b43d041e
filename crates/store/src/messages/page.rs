//! Pages of a conversation, found by the place of a message and not by counting.

use domain::{ConversationId, Message, MessageKey};
use rusqlite::params;

use super::{MessageRow, SELECT, message_of};
use crate::Result;
use crate::column::{S, Take};
use crate::tx::Reader;

/// Which messages. A message that is not in the conversation (any more) counts as [`PageAt::End`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAt {
    /// The newest.
    End,
    /// Those before this one, without it.
    Before(MessageKey),
    /// Those after this one, without it.
    After(MessageKey),
    /// Those on both sides of this one, with it.
    Around(MessageKey),
}

/// Some messages of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order in which they were stored, whatever the clock said then.
    pub rows: Vec<MessageRow>,
    /// Whether there are older ones.
    pub more_before: bool,
    /// Whether there are newer ones.
    pub more_after: bool,
}

/// Where a message stands in its conversation: its place, its number, its key.
type Place = (i64, u64, MessageKey);

impl Reader<'_> {
    /// At most `limit` messages (at least 1, at most 500).
    pub fn messages_page(
        &self,
        conversation: ConversationId,
        at: PageAt,
        limit: u32,
    ) -> Result<Page> {
        let limit = limit.clamp(1, MOST);
        let anchor = match at {
            PageAt::End => None,
            PageAt::Before(key) | PageAt::After(key) | PageAt::Around(key) => {
                self.place(conversation, key)?
            }
        };
        let (messages, more_before, more_after) = match (at, anchor) {
            (PageAt::End, _) | (_, None) => {
                let (messages, more) = self.older(conversation, END, limit)?;
                (messages, more, false)
            }
            (PageAt::Before(_), Some(place)) => {
                let (messages, more) = self.older(conversation, place, limit)?;
                (messages, more, true)
            }
            (PageAt::After(_), Some(place)) => {
                let (messages, more) = self.newer(conversation, place, limit)?;
                (messages, true, more)
            }
            (PageAt::Around(key), Some(place)) => {
                let before = limit.div_euclid(2);
                let (mut messages, more_before) = self.older(conversation, place, before)?;
                let found = u32::try_from(messages.len()).unwrap_or(before);
                messages.extend(self.message(key)?);
                let after = limit.saturating_sub(found).saturating_sub(1);
                let (newer, more_after) = self.newer(conversation, place, after)?;
                messages.extend(newer);
                (messages, more_before, more_after)
            }
        };
        let rows = messages
            .into_iter()
            .map(|message| self.surround(message))
            .collect::<Result<_>>()?;
        Ok(Page {
            rows,
            more_before,
            more_after,
        })
    }

    fn place(&self, conversation: ConversationId, key: MessageKey) -> Result<Option<Place>> {
        self.first(
            "SELECT place, sequence, key FROM message WHERE key = ?1 AND conversation = ?2 AND amendment = 0",
            params![S(key), S(conversation)],
            |row| {
                Ok((
                    row.take("place")?,
                    row.take("sequence")?,
                    row.take("key")?,
                ))
            },
        )
    }

    /// Those before a place, oldest first, and whether there are more.
    fn older(&self, c: ConversationId, place: Place, limit: u32) -> Result<(Vec<Message>, bool)> {
        let (mut messages, more) = self.side(&older_sql(), c, place, limit)?;
        messages.reverse();
        Ok((messages, more))
    }

    /// Those after a place, oldest first, and whether there are more.
    fn newer(&self, c: ConversationId, place: Place, limit: u32) -> Result<(Vec<Message>, bool)> {
        self.side(&newer_sql(), c, place, limit)
    }

    /// Asks for one more than wanted, which tells whether there is one.
    fn side(
        &self,
        sql: &str,
        c: ConversationId,
        (place, sequence, key): Place,
        limit: u32,
    ) -> Result<(Vec<Message>, bool)> {
        let asked = limit.saturating_add(1);
        let mut messages = self.all(
            sql,
            params![S(c), S(place), S(sequence), S(key), asked],
            message_of,
        )?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = messages.len() > limit;
        messages.truncate(limit);
        Ok((messages, more))
    }
}

pub(crate) fn older_sql() -> String {
    format!(
        "{SELECT} WHERE conversation = ?1 AND amendment = 0 AND (place, sequence, key) < (?2, ?3, ?4)
         ORDER BY place DESC, sequence DESC, key DESC LIMIT ?5"
    )
}

pub(crate) fn newer_sql() -> String {
    format!(
        "{SELECT} WHERE conversation = ?1 AND amendment = 0 AND (place, sequence, key) > (?2, ?3, ?4)
         ORDER BY place, sequence, key LIMIT ?5"
    )
}

/// Behind every message.
const END: Place = (i64::MAX, 0, MessageKey(i64::MAX));

const MOST: u32 = 500;
