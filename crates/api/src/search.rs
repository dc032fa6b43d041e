//! Finding messages by their words.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use domain::{Authorship, ConversationId, MessageKey};

use crate::Error;
use crate::contacts;
use crate::messenger::Messenger;
use crate::view::SearchHit;

/// The most hits of one page.
const LARGEST_PAGE: u32 = 200;

impl Messenger {
    /// Messages that contain all words of `text`, the newest first; the next page begins `before` the last hit.
    ///
    /// # Errors
    /// [`crate::Code::NoProfile`].
    pub async fn search(
        &self,
        text: String,
        conversation: Option<ConversationId>,
        before: Option<MessageKey>,
        limit: u32,
    ) -> Result<Vec<SearchHit>, Error> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let open = self.open()?;
        let ours = open.node;
        let hits = open
            .store
            .read(move |db| {
                let mut titles = HashMap::new();
                let mut found = Vec::new();
                for hit in db.search(&text, conversation, before, limit)? {
                    let title = match titles.entry(hit.conversation) {
                        Entry::Occupied(title) => title.into_mut(),
                        Entry::Vacant(free) => {
                            let row = db.conversation(hit.conversation)?;
                            let title = row.map(|row| contacts::title(&row.contact, ours));
                            free.insert(title.unwrap_or_default())
                        }
                    };
                    let message = db.message(hit.message)?;
                    let claims = message.as_ref().and_then(|message| message.claims);
                    found.push(SearchHit {
                        authorship: message.map_or(Authorship::Claimed, |found| found.authorship),
                        claims: contacts::claim_view(db, claims)?,
                        says: contacts::says_view(db.claim(hit.message)?),
                        message: hit.message,
                        conversation: hit.conversation,
                        title: title.clone(),
                        direction: hit.direction,
                        at: hit.at,
                        snippet: hit.snippet,
                    });
                }
                Ok(found)
            })
            .await?;
        Ok(hits)
    }
}
