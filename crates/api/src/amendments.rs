//! What can be done to a message for both sides: react, edit, take back.

use domain::{AmendmentKind, DeliveryState, MessageKey};
use engine::Amend;
use store::{Amendments, MessageRow, Reader, Reply, StoreError};

use crate::Error;
use crate::messages::{delivery_of, quote_view};
use crate::messenger::Messenger;
use crate::view::{
    AmendRequest, Amending, AmendmentView, QuoteView, ReactionView, RepliedView, ReplyView,
    VersionView,
};

impl Messenger {
    /// Does something to a message: here at once, on the other side by a letter that goes on by itself.
    ///
    /// # Errors
    /// [`crate::Code::NotAmendable`], [`crate::Code::NoLetters`], [`crate::Code::NotNow`], [`crate::Code::Empty`],
    /// [`crate::Code::TooLong`], [`crate::Code::Blocked`], [`crate::Code::NotFound`]: nothing was done.
    pub async fn message_amend(&self, key: MessageKey, request: AmendRequest) -> Result<(), Error> {
        Ok(self.open()?.engine.amend(key, amend(request)).await?)
    }

    /// What that would cost; `None` when nothing has to be sent.
    ///
    /// # Errors
    /// As [`Messenger::message_amend`] and [`Messenger::quote`].
    pub async fn message_amend_quote(
        &self,
        key: MessageKey,
        request: AmendRequest,
    ) -> Result<Option<QuoteView>, Error> {
        let quote = self.open()?.engine.quote_amend(key, amend(request)).await?;
        Ok(quote.as_ref().map(quote_view))
    }
}

fn amend(request: AmendRequest) -> Amend {
    match request {
        AmendRequest::React { emoji } => Amend::React(emoji),
        AmendRequest::Edit { text } => Amend::Edit(text),
        AmendRequest::TakeBack => Amend::TakeBack,
    }
}

pub(crate) fn reply_view(reply: Reply) -> ReplyView {
    ReplyView {
        to: reply.to.map(|to| RepliedView {
            key: to.key,
            direction: to.direction,
            kind: to.kind,
            text: to.text,
            payment: to.payment,
            taken_back: to.taken_back,
        }),
    }
}

pub(crate) fn reaction_views(amendments: &Amendments) -> Vec<ReactionView> {
    amendments
        .reactions
        .iter()
        .map(|reaction| ReactionView {
            emoji: reaction.emoji.clone(),
            direction: reaction.direction,
        })
        .collect()
}

pub(crate) fn amending(amendments: &Amendments) -> Option<Amending> {
    let failed = |state: &DeliveryState| state.is_over();
    if amendments.open.iter().any(failed) {
        Some(Amending::Failed)
    } else if amendments.open.is_empty() {
        None
    } else {
        Some(Amending::UnderWay)
    }
}

/// All that amends a message, and the words that it had before, oldest first.
pub(crate) fn history(
    db: &Reader<'_>,
    row: &MessageRow,
) -> Result<(Vec<AmendmentView>, Vec<VersionView>), StoreError> {
    let message = &row.message;
    let mut views = Vec::new();
    let mut versions: Vec<_> = db
        .first_words(message.key)?
        .map(|text| VersionView {
            text,
            at: message.stored_at,
        })
        .into_iter()
        .collect();
    for amendment in db.amendments_of(message.key)? {
        let Some(letter) = db.message_row(amendment.key)? else {
            continue;
        };
        let ours = amendment.direction == message.direction;
        if amendment.kind == AmendmentKind::Edit && ours && amendment.counts() {
            versions.push(VersionView {
                text: amendment.text.clone(),
                at: amendment.at,
            });
        }
        views.push(AmendmentView {
            key: amendment.key,
            kind: amendment.kind,
            direction: amendment.direction,
            text: amendment.text,
            at: amendment.at,
            can_cancel: db.can_cancel_amendment(&letter.message)?,
            delivery: delivery_of(&letter),
        });
    }
    versions.retain(|version| version.text != message.text && !version.text.is_empty());
    versions.dedup_by(|next, before| next.text == before.text);
    Ok((views, versions))
}
