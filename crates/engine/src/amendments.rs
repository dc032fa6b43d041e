//! What the user does to a message that is there: react to it, change its words, take it back for both. Each is a letter
//! of its own that goes through the outbox like a text.

use domain::{
    Amendment, AmendmentKind, DeliveryEvent, DeliveryState, Direction, Message, MessageId,
    MessageKey, MessageKind, Way,
};
use store::{AmendmentRow, Delivery, Outcome, Reader, StoreError, Tx};

use crate::commands::{Guarded, Outgoing, Queued, Recipient};
use crate::compose::{Draft, Purpose};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::quotes::Quote;

/// What is done to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amend {
    /// One character beside it, in place of the user's former one; empty takes that back.
    React(String),
    /// Other words in place of the user's own. A payment's note may be empty; its amount does not change.
    Edit(String),
    /// The user takes an own message back, for both. What it paid stays.
    TakeBack,
}

impl Amend {
    const fn kind(&self) -> AmendmentKind {
        match self {
            Self::React(_) => AmendmentKind::Reaction,
            Self::Edit(_) => AmendmentKind::Edit,
            Self::TakeBack => AmendmentKind::Delete,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::React(text) | Self::Edit(text) => text,
            Self::TakeBack => "",
        }
    }
}

/// A message that may be amended, and what the other side knows of it.
struct Target {
    message: Message,
    delivery: Option<Delivery>,
    /// Whether the other side may have it, or may get an edit of it: what is done to it has to be told.
    told: bool,
}

impl Engine {
    /// Does something to a message, here at once and on the other side by a letter. Without a letter when the other side
    /// cannot have the message yet: then the words that wait are changed, or do not leave. The same once more does
    /// nothing.
    ///
    /// # Errors
    /// [`EngineError::NotAmendable`], [`EngineError::NoLetters`], [`EngineError::Delivery`] for a message that was
    /// cancelled, [`EngineError::Empty`], [`EngineError::TooLong`], [`EngineError::Blocked`], [`EngineError::NotFound`].
    pub async fn amend(&self, key: MessageKey, amend: Amend) -> Result<(), EngineError> {
        let (to, target) = self.target(key, &amend).await?;
        let draft = self.amendment(&to, &target.message, &amend)?;
        let limits = to.limits(Way::Auto);
        if target.told {
            self.parts.quotes.check_size(&draft, limits)?;
        } else {
            self.check_words(&to, &target, &amend)?;
        }
        let conversation = target.message.conversation;
        let parts = &self.parts;
        let queued = Queued {
            ours: parts.identity.node(),
            conversation,
            fee_limit: parts.quotes.fee_limit(&draft, None),
            way: Way::Auto,
        };
        let now = parts.clock.now();
        let reads_letters = draft.reads_letters();
        parts
            .store
            .write(move |tx| -> Guarded<()> {
                // As it is now: it may have left, or have come back, since it was looked at.
                let target = match Target::find(tx, key, &amend)? {
                    Ok(target) if !target.told || reads_letters => target,
                    Ok(_) => return Ok(Err(EngineError::NoLetters)),
                    Err(error) => return Ok(Err(error)),
                };
                supersede(tx, key, amend.kind(), now)?;
                tx.settle_amendments(key)?;
                if nothing_new(tx, key, &amend)? {
                    return Ok(Ok(()));
                }
                if target.told
                    && let Some(amends) = draft.amends
                {
                    queued.store_amendment(tx, &draft, amends, key)?;
                    tx.settle_amendments(key)?;
                } else if let Amend::Edit(text) = &amend {
                    tx.rewrite(key, text)?;
                } else {
                    tx.take_back(key, now)?;
                }
                let state = target.delivery.map(|delivery| delivery.state);
                if amend == Amend::TakeBack
                    && matches!(state, Some(DeliveryState::Queued | DeliveryState::Failed))
                {
                    // It has not left, or waits for another try: it does not leave any more.
                    tx.step_delivery(key, DeliveryEvent::Cancel, Outcome::default(), now)?;
                }
                Ok(Ok(()))
            })
            .await??;
        self.queued(conversation, key);
        Ok(())
    }

    /// What [`Engine::amend`] would cost; `None` when nothing has to be sent.
    ///
    /// # Errors
    /// As [`Engine::amend`] and [`Engine::quote`].
    pub async fn quote_amend(
        &self,
        key: MessageKey,
        amend: Amend,
    ) -> Result<Option<Quote>, EngineError> {
        let (to, target) = self.target(key, &amend).await?;
        if !target.told {
            return Ok(None);
        }
        let draft = self.amendment(&to, &target.message, &amend)?;
        let limits = to.limits(Way::Auto);
        let quote = self.parts.quotes.quote(&draft, limits, None).await?;
        Ok(Some(quote))
    }

    async fn target(
        &self,
        key: MessageKey,
        amend: &Amend,
    ) -> Result<(Recipient, Target), EngineError> {
        let wish = amend.clone();
        let target = self
            .parts
            .store
            .read(move |db| Target::find(db, key, &wish))
            .await??;
        let to = self.recipient(target.message.conversation).await?;
        Ok((to, target))
    }

    fn amendment(
        &self,
        to: &Recipient,
        message: &Message,
        amend: &Amend,
    ) -> Result<Draft, EngineError> {
        let text = amend.text();
        match amend {
            Amend::Edit(_) if text.trim().is_empty() && message.kind == MessageKind::Text => {
                return Err(EngineError::Empty);
            }
            Amend::React(_) if !text.is_empty() && !protocol::is_emoji(text) => {
                return Err(EngineError::NotAmendable);
            }
            _ => {}
        }
        Ok(Draft {
            amends: Some(Amendment {
                kind: amend.kind(),
                of: message.id,
            }),
            ..self.draft(to, Purpose::Text, text.to_owned())
        })
    }

    /// Whether other words fit into a message that waits.
    fn check_words(
        &self,
        to: &Recipient,
        target: &Target,
        amend: &Amend,
    ) -> Result<(), EngineError> {
        let (Amend::Edit(text), Some(delivery)) = (amend, &target.delivery) else {
            return Ok(());
        };
        let draft = Draft {
            reply_to: target.message.reply_to,
            ..self.draft(to, crate::outbox::purpose(delivery), text.clone())
        };
        self.parts
            .quotes
            .check_size(&draft, to.limits(delivery.way))
    }

    /// What the other side calls the message that is answered. Whoever reads no letters gets the words alone.
    pub(crate) async fn answered(
        &self,
        outgoing: &Outgoing,
    ) -> Result<Option<MessageId>, EngineError> {
        let Some(key) = outgoing.reply_to else {
            return Ok(None);
        };
        let row = self
            .parts
            .store
            .read(move |db| db.message_row(key))
            .await?
            .filter(|row| row.message.conversation == outgoing.conversation)
            .ok_or(EngineError::NotFound)?;
        Ok(row.amendments.named.then_some(row.message.id))
    }
}

impl Target {
    fn find(db: &Reader<'_>, key: MessageKey, amend: &Amend) -> Guarded<Self> {
        let Some(row) = db.message_row(key)? else {
            return Ok(Err(EngineError::NotFound));
        };
        let message = row.message;
        let told = message.direction == Direction::Incoming
            || db.may_have_arrived(key)?
            || (matches!(amend, Amend::Edit(_)) && has_edit_that_stays(db, key)?);
        let own = message.direction == Direction::Outgoing;
        let fits = match (amend, message.kind) {
            (Amend::React(_), _) => true,
            (_, MessageKind::Text | MessageKind::Payment) => own,
            _ => false,
        };
        // A reaction tells of a message that has not left that it exists: it goes behind it.
        let told = told || matches!(amend, Amend::React(_));
        let gone = message.amends.is_some() || message.taken_back_at.is_some();
        if gone || !fits || (told && !row.amendments.named) {
            return Ok(Err(EngineError::NotAmendable));
        }
        let state = row.delivery.as_ref().map(|delivery| delivery.state);
        if matches!(amend, Amend::Edit(_)) && state == Some(DeliveryState::Cancelled) {
            return Ok(Err(EngineError::Delivery(DeliveryState::Cancelled)));
        }
        Ok(Ok(Self {
            message,
            delivery: row.delivery,
            told,
        }))
    }
}

/// Of what was done before and has not left, nothing need be told any more.
fn supersede(
    tx: &Tx<'_>,
    key: MessageKey,
    kind: AmendmentKind,
    now: domain::Timestamp,
) -> Result<(), StoreError> {
    for row in tx.own_amendments(key)? {
        if row.kind == kind && has_not_left(tx, &row)? {
            tx.step_delivery(row.key, DeliveryEvent::Cancel, Outcome::default(), now)?;
        }
    }
    Ok(())
}

/// Whether it waits, and the other side cannot have what it says.
fn has_not_left(db: &Reader<'_>, row: &AmendmentRow) -> Result<bool, StoreError> {
    if row.state != Some(DeliveryState::Queued) {
        return Ok(false);
    }
    let message = db.message(row.key)?;
    message.map_or(Ok(false), |message| db.can_cancel_amendment(&message))
}

/// Whether the other side has an edit of this message, or may get one: only a later edit takes its place, whatever words
/// the message itself brings.
fn has_edit_that_stays(db: &Reader<'_>, key: MessageKey) -> Result<bool, StoreError> {
    for row in db.own_amendments(key)? {
        if row.kind == AmendmentKind::Edit && row.counts() && !has_not_left(db, &row)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the user has said just that.
fn nothing_new(tx: &Tx<'_>, key: MessageKey, amend: &Amend) -> Result<bool, StoreError> {
    if *amend == Amend::TakeBack {
        return Ok(false);
    }
    let said = tx.own_amendments(key)?;
    let last = said
        .iter()
        .rev()
        .find(|row| row.kind == amend.kind() && row.counts());
    Ok(match (last, amend) {
        (Some(last), _) => last.text == amend.text(),
        (None, Amend::Edit(text)) => {
            let words = tx.message(key)?.map(|message| message.text);
            tx.first_words(key)?.or(words).as_ref() == Some(text)
        }
        (None, _) => amend.text().is_empty(),
    })
}
