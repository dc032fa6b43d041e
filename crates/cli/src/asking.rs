//! Questions that take several steps: finding a conversation, waiting for an outcome.

use std::time::Duration;

use api::domain::{ConversationId, Direction, HoldState, MessageKey, Msat};
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
const DECIDING: Duration = Duration::from_secs(60);

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

/// Gives a payment back: for nothing while it is held, by a new payment when it has settled.
pub(crate) async fn refund(app: &Messenger, key: MessageKey) -> Result<MessageView, Error> {
    let message = app.message_get(key).await?;
    let settled = message
        .hold
        .is_some_and(|hold| hold.state == HoldState::Settled);
    if settled {
        let carrier = app.payment_pay_back(key, None).await?;
        return outcome(app, carrier, DECIDING).await;
    }
    app.payment_refuse(key).await?;
    decided(app, key).await
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
    let mut found = Vec::new();
    for conversation in conversations(app).await? {
        if conversation.unread == 0 && conversation.held == 0 {
            continue;
        }
        let page = app
            .messages_page(conversation.id, PageAt::End, count)
            .await?;
        let unread = usize::try_from(conversation.unread).unwrap_or(usize::MAX);
        let incoming = |message: &MessageView| message.direction == Direction::Incoming;
        let old = page
            .messages
            .iter()
            .filter(|message| incoming(message))
            .count();
        let mut old = old.saturating_sub(unread);
        for message in page.messages.into_iter().filter(incoming) {
            let held = message
                .hold
                .as_ref()
                .is_some_and(|hold| hold.state == HoldState::Held);
            if old == 0 || held {
                found.push(message);
            }
            old = old.saturating_sub(1);
        }
    }
    Ok(found)
}

/// Tells every message that is new or has changed, until the program is stopped.
pub(crate) async fn watch(
    app: &Messenger,
    mut tell: impl FnMut(&MessageView) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut changes = app.changes();
    while let Some(change) = changes.next().await {
        let Change::Message { key, .. } = change else {
            continue;
        };
        match app.message_get(key).await {
            Ok(message) => tell(&message)?,
            // It was deleted meanwhile.
            Err(error) if error.code == Code::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
