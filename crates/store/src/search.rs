//! Messages that contain words, the newest first.

use domain::{ConversationId, Direction, MessageKey, Timestamp};
use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::Reader;
use crate::words::Question;

/// A message that contains what was searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub message: MessageKey,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub direction: Direction,
    /// When it was stored.
    pub at: Timestamp,
    /// The surroundings of the first hit on one line; the parts alternate: plain (may be empty), hit, plain, hit, …
    pub snippet: Vec<String>,
}

impl Reader<'_> {
    /// Messages with all words of `text`, newest first, at most `limit` (and 200). The last word may be a beginning;
    /// Chinese, Japanese and Korean are found by any run of characters; case and accents do not matter, and no sign in
    /// `text` has a meaning. `before`: only older ones, to go on behind a former answer. Empty when `text` has neither
    /// letters nor digits.
    ///
    /// # Errors
    /// When the database fails; never for what stands in `text`.
    pub fn search(
        &self,
        text: &str,
        conversation: Option<ConversationId>,
        before: Option<MessageKey>,
        limit: u32,
    ) -> Result<Vec<Hit>> {
        let Some(question) = Question::new(text) else {
            return Ok(Vec::new());
        };
        let expression = match conversation {
            Some(id) => format!("{} AND conv : \"c{id}\"", question.expression),
            None => question.expression.clone(),
        };
        self.all(
            SEARCH,
            params![
                expression,
                S(before.unwrap_or(MessageKey(i64::MAX))),
                limit.min(MOST_HITS)
            ],
            |row| {
                Ok(Hit {
                    message: row.take("key")?,
                    conversation: row.take("conversation")?,
                    direction: row.take("direction")?,
                    at: row.take("stored_at")?,
                    snippet: question.snippet(row.get_ref("text")?.as_str()?),
                })
            },
        )
    }
}

/// By recency, never by rank: scoring a common word among a million messages takes a second. The cross join keeps the
/// index in front.
pub(crate) const SEARCH: &str = "
    SELECT m.key, m.conversation, m.direction, m.stored_at, m.text
    FROM message_fts f CROSS JOIN message m ON m.key = f.rowid
    WHERE message_fts MATCH ?1 AND f.rowid < ?2 ORDER BY f.rowid DESC LIMIT ?3";

const MOST_HITS: u32 = 200;

#[cfg(test)]
mod tests;
