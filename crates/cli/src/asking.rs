//! Questions that take several steps: finding a conversation, waiting for an outcome.

use std::collections::HashMap;
use std::io::BufRead;
use std::time::Duration;

use api::domain::{ConversationId, HoldState, MessageKey, Msat, Way};
use api::view::{
    Change, ConversationFilter, ConversationView, LinkView, MessageView, PageAt, SendRequest,
};
use api::{Changes, Code, Error, Messenger};
use tokio::time::timeout;

/// How long the node may take to answer at the start.
const CONNECTING: Duration = Duration::from_secs(20);
/// After so much silence, everything that came while the program was closed is here.
const QUIET: Duration = Duration::from_secs(1);
/// How long a decision may take to be carried out.
pub(crate) const DECIDING: Duration = Duration::from_secs(60);

/// Asks again after every change until there is an answer, or the time is over.
async fn until<T>(
    mut changes: Changes,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let asking = async {
        loop {
            if let Some(answer) = ask().await? {
                return Ok(Some(answer));
            }
            if changes.next().await.is_none() {
                return Ok(None);
            }
        }
    };
    timeout(patience, asking).await.unwrap_or(Ok(None))
}

/// Waits until the node answers.
pub(crate) async fn link(app: &Messenger) -> Result<(), Error> {
    let connected = until(app.changes(), CONNECTING, async || {
        let link = app.node_view().await?.link;
        Ok(matches!(link, LinkView::Connected { .. }).then_some(()))
    });
    connected.await?.ok_or_else(|| Error::new(Code::Offline))
}

/// Waits until the node has told what came while the program was closed.
pub(crate) async fn catch_up(app: &Messenger) -> Result<(), Error> {
    let mut changes = app.changes();
    link(app).await?;
    while let Ok(Some(_)) = timeout(QUIET, changes.next()).await {}
    Ok(())
}

/// Everybody who is not blocked.
pub(crate) async fn conversations(app: &Messenger) -> Result<Vec<ConversationView>, Error> {
    let mut all = app
        .conversations_list(ConversationFilter::All, String::new())
        .await?;
    all.extend(
        app.conversations_list(ConversationFilter::Requests, String::new())
            .await?,
    );
    Ok(all)
}

/// The conversation with whom the user means: a whole name, alias or key.
async fn find(app: &Messenger, who: &str) -> Result<Option<ConversationId>, Error> {
    let all = conversations(app).await?;
    let mut named = all.iter().filter(|conversation| {
        let contact = &conversation.contact;
        [&contact.name, &contact.alias, &contact.node].contains(&&who.to_owned())
    });
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(Some(one.id)),
        (None, _) => Ok(None),
        _ => Err(Error::new(Code::ContactInvalid)
            .with_detail("several contacts have this name: give the public key")),
    }
}

/// Queues a message; who is no contact yet becomes one.
pub(crate) async fn send(
    app: &Messenger,
    to: &str,
    text: &str,
    payment: Msat,
    fee_limit: Option<Msat>,
    way: Way,
) -> Result<MessageKey, Error> {
    let conversation = match find(app, to).await? {
        Some(conversation) => conversation,
        None => {
            link(app).await?;
            app.contact_add(to.to_owned(), String::new()).await?
        }
    };
    let request = SendRequest {
        conversation,
        text: text.to_owned(),
        payment,
        fee_limit,
        way,
        reply_to: None,
    };
    app.message_send(request).await
}

/// The message once nothing more happens to it by itself, or as it is when the time is over.
pub(crate) async fn outcome(
    app: &Messenger,
    key: MessageKey,
    patience: Duration,
) -> Result<MessageView, Error> {
    let over = until(app.changes(), patience, async || {
        let message = app.message_get(key).await?;
        let over = message
            .delivery
            .as_ref()
            .is_none_or(|delivery| delivery.state.is_over());
        Ok(over.then_some(message))
    });
    match over.await? {
        Some(message) => Ok(message),
        None => app.message_get(key).await,
    }
}

/// The message once its payment has settled or gone back.
pub(crate) async fn decided(app: &Messenger, key: MessageKey) -> Result<MessageView, Error> {
    let over = until(app.changes(), DECIDING, async || {
        let message = app.message_get(key).await?;
        let over = message
            .hold
            .as_ref()
            .is_none_or(|hold| hold.state.is_over());
        Ok(over.then_some(message))
    });
    match over.await? {
        Some(message) => Ok(message),
        None => app.message_get(key).await,
    }
}

/// Whether a payment can only be given back by a new one.
pub(crate) async fn has_settled(app: &Messenger, key: MessageKey) -> Result<bool, Error> {
    let hold = app.message_get(key).await?.hold;
    Ok(hold.is_some_and(|hold| hold.state == HoldState::Settled))
}

/// The first line of what the user gives, which other programs do not see.
pub(crate) fn line(input: impl BufRead) -> Result<String, Error> {
    match input.lines().next() {
        Some(line) => line
            .map(|line| line.trim().to_owned())
            .map_err(|error| Error::new(Code::FileUnreadable).with_detail(error)),
        None => Err(Error::new(Code::LinkInvalid).with_detail("give the link on standard input")),
    }
}

/// Without `who`: what is unread or waits for a decision. With: the newest messages of that conversation.
pub(crate) async fn inbox(
    app: &Messenger,
    who: Option<&str>,
    count: u32,
) -> Result<Vec<MessageView>, Error> {
    if let Some(who) = who {
        let id = find(app, who)
            .await?
            .ok_or_else(|| Error::new(Code::NotFound))?;
        return Ok(app.messages_page(id, PageAt::End, count).await?.messages);
    }
    app.inbox(count).await
}

/// Tells every message that is new or has changed, until the program is stopped.
pub(crate) async fn watch(
    app: &Messenger,
    mut tell: impl FnMut(&MessageView) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut changes = app.changes();
    let mut newest = Newest::of(app).await?;
    while let Some(change) = changes.next().await {
        match change {
            Change::Message { key, .. } => match app.message_get(key).await {
                Ok(message) => {
                    tell(&message)?;
                    newest.0.insert(key, message);
                }
                // It was deleted meanwhile.
                Err(error) if error.code == Code::NotFound => {}
                Err(error) => return Err(error),
            },
            // Too much happened at once, and some of it was not told: it is looked for.
            Change::Everything => {
                for message in newest.changed(app).await? {
                    tell(&message)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The newest messages of every conversation, as they were told or were before.
struct Newest(HashMap<MessageKey, MessageView>);

impl Newest {
    /// So many of each conversation are looked at.
    const COUNT: u32 = 50;

    async fn of(app: &Messenger) -> Result<Self, Error> {
        let mut newest = Self(HashMap::new());
        newest.changed(app).await?;
        Ok(newest)
    }

    /// Those that are new or not as they were, oldest first in each conversation.
    async fn changed(&mut self, app: &Messenger) -> Result<Vec<MessageView>, Error> {
        let mut changed = Vec::new();
        for conversation in conversations(app).await? {
            let page = app.messages_page(conversation.id, PageAt::End, Self::COUNT);
            for message in page.await?.messages {
                if self.0.insert(message.key, message.clone()).as_ref() != Some(&message) {
                    changed.push(message);
                }
            }
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_one_line_without_what_surrounds_it() {
        let read = |text: &str| line(text.as_bytes()).map_err(|error| error.code);
        assert_eq!(
            read(" lndconnect://a:1 \nmore\n"),
            Ok("lndconnect://a:1".to_owned())
        );
        assert_eq!(read(""), Err(Code::LinkInvalid));
    }
}
