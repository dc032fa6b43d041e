//! Messages: reading, sending, and what can be done with one.

use domain::{Attempt, AttemptState, ConversationId, MessageKey, Msat, last_moment};
use engine::{Change, Outgoing, Quote};
use store::{Delivery, IncomingRow, MessageRow, Reader, StoreError};

use crate::amendments::{amending, history, reaction_views, reply_view};
use crate::contacts::{claim_view, says_view};
use crate::messenger::Messenger;
use crate::view::{
    AttemptView, DeliveryView, HoldView, MessageDetails, MessageView, MessagesPage, PageAt,
    PartView, QuoteView, RefundView, SendRequest,
};
use crate::{Code, Error};

/// The most messages of one page.
const LARGEST_PAGE: u32 = 500;

impl Messenger {
    /// Some messages of a conversation, oldest first; at most 500.
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn messages_page(
        &self,
        conversation: ConversationId,
        at: PageAt,
        limit: u32,
    ) -> Result<MessagesPage, Error> {
        let at = match at {
            PageAt::End => store::PageAt::End,
            PageAt::Before { key } => store::PageAt::Before(key),
            PageAt::After { key } => store::PageAt::After(key),
            PageAt::Around { key } => store::PageAt::Around(key),
        };
        let limit = limit.clamp(1, LARGEST_PAGE);
        let page = self
            .open()?
            .store
            .read(move |db| {
                let page = db.messages_page(conversation, at, limit)?;
                let messages = page.rows.into_iter().map(|row| message_view(db, row));
                Ok(MessagesPage {
                    messages: messages.collect::<Result<_, _>>()?,
                    more_before: page.more_before,
                    more_after: page.more_after,
                })
            })
            .await?;
        Ok(page)
    }

    /// What was not seen, and payments that wait for a decision: at most `each` unseen ones of a conversation. It grows
    /// with what it shows.
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn inbox(&self, each: u32) -> Result<Vec<MessageView>, Error> {
        let rows = self
            .open()?
            .store
            .read(move |db| {
                let rows = db.waiting(each.clamp(1, LARGEST_PAGE))?;
                rows.into_iter().map(|row| message_view(db, row)).collect()
            })
            .await?;
        Ok(rows)
    }

    /// One message.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn message_get(&self, key: MessageKey) -> Result<MessageView, Error> {
        // What amends a message is seen there and nowhere else.
        let view = self
            .open()?
            .store
            .read(move |db| {
                let row = db.message_row(key)?;
                let bubble = row.filter(|row| row.message.amends.is_none());
                bubble.map(|row| message_view(db, row)).transpose()
            })
            .await?;
        view.ok_or_else(|| Error::new(Code::NotFound))
    }

    /// Everything about one message.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn message_details(&self, key: MessageKey) -> Result<MessageDetails, Error> {
        let found = self
            .open()?
            .store
            .read(move |db| {
                let Some(row) = db.message_row(key)? else {
                    return Ok(None);
                };
                let (amendments, versions) = history(db, &row)?;
                let payment = row.incoming.as_ref().map(|incoming| &incoming.payment);
                Ok(Some(MessageDetails {
                    id: row.message.id.to_string(),
                    attempts: db.attempts_of(key)?.iter().map(attempt_view).collect(),
                    payment_hash: payment.map(|payment| payment.hash.to_string()),
                    record_bytes: payment.map(|payment| record_bytes(&payment.records)),
                    versions,
                    amendments,
                    message: message_view(db, row)?,
                }))
            })
            .await?;
        found.ok_or_else(|| Error::new(Code::NotFound))
    }

    /// Stores a message and queues it; its delivery goes on by itself.
    ///
    /// # Errors
    /// [`Code::Empty`], [`Code::TooLong`], [`Code::BelowMinimum`], [`Code::Blocked`], [`Code::ToSelf`],
    /// [`Code::NotFound`]: nothing was stored.
    pub async fn message_send(&self, request: SendRequest) -> Result<MessageKey, Error> {
        Ok(self.open()?.engine.send(outgoing(request)).await?)
    }

    /// Tries a message again now that did not arrive, that may not have arrived, or that waits.
    ///
    /// # Errors
    /// [`Code::NotNow`], [`Code::NotFound`].
    pub async fn message_retry(&self, key: MessageKey) -> Result<(), Error> {
        Ok(self.open()?.engine.retry(key).await?)
    }

    /// Takes a message back that has not left, or gives one up that did not arrive.
    ///
    /// # Errors
    /// [`Code::NotNow`], [`Code::NotFound`].
    pub async fn message_cancel(&self, key: MessageKey) -> Result<(), Error> {
        Ok(self.open()?.engine.cancel(key).await?)
    }

    /// Deletes a message here; the other side keeps theirs.
    ///
    /// # Errors
    /// [`Code::Busy`] while its payment waits for a decision, or it is on its way or parked; [`Code::NotFound`].
    pub async fn message_delete(&self, key: MessageKey) -> Result<(), Error> {
        let open = self.open()?;
        let (message, deleted) = open
            .store
            .write(move |tx| Ok((tx.message(key)?, tx.delete_message(key)?)))
            .await?;
        let conversation = message
            .ok_or_else(|| Error::new(Code::NotFound))?
            .conversation;
        if !deleted {
            return Err(Error::new(Code::Busy));
        }
        open.engine.publish(Change::Message(conversation, key));
        open.engine.publish(Change::Conversation(conversation));
        Ok(())
    }

    /// What a send would cost if it were made now.
    ///
    /// # Errors
    /// As [`Messenger::message_send`]; [`Code::NoRoute`], [`Code::InsufficientBalance`], [`Code::NoKeysend`],
    /// [`Code::Offline`], [`Code::NoWay`].
    pub async fn quote(&self, request: SendRequest) -> Result<QuoteView, Error> {
        Ok(quote_view(
            &self.open()?.engine.quote(outgoing(request)).await?,
        ))
    }
}

fn outgoing(request: SendRequest) -> Outgoing {
    Outgoing {
        conversation: request.conversation,
        text: request.text,
        payment: request.payment,
        fee_limit: request.fee_limit,
        way: request.way,
        reply_to: request.reply_to,
    }
}

pub(crate) const fn quote_view(quote: &Quote) -> QuoteView {
    QuoteView {
        carrier: quote.carrier,
        way_hops: quote.hops,
        payable: quote.payable,
        amount: quote.fee.amount,
        postage: quote.postage,
        owed: quote.owed,
        returned: quote.returned,
        fee: quote.fee.fee,
        fee_limit: quote.fee.fee_limit,
        hops: quote.fee.hops,
        privacy: quote.privacy,
        parts: quote.parts,
        bytes_left: quote.bytes_left,
        held: quote.held,
    }
}

/// Where an outgoing message is.
pub(crate) fn delivery_of(row: &MessageRow) -> Option<DeliveryView> {
    let delivery = row.delivery.as_ref()?;
    let postage = row.message.payment.is_zero();
    Some(delivery_view(
        delivery, postage, row.paid, row.fee, row.hops,
    ))
}

fn message_view(db: &Reader<'_>, row: MessageRow) -> Result<MessageView, StoreError> {
    let delivery = delivery_of(&row);
    let payable = engine::can_pay_back(&row).is_ok();
    let MessageRow {
        message,
        carrier,
        incoming,
        refund,
        refund_of,
        reply,
        amendments,
        claim,
        ..
    } = row;
    Ok(MessageView {
        key: message.key,
        conversation: message.conversation,
        direction: message.direction,
        kind: message.kind,
        text: message.text,
        payment: message.payment,
        sent_at: message.sent_at,
        stored_at: message.stored_at,
        authorship: message.authorship,
        claims: claim_view(db, message.claims)?,
        says: says_view(claim),
        privacy: message.privacy,
        carrier,
        delivery,
        hold: incoming.map(|incoming| hold_view(&incoming, payable)),
        refund: refund.map(|refund| RefundView {
            message: refund.message,
            done: refund.done,
            failed: refund.failed,
            amount: refund.amount,
        }),
        refund_of,
        reply: reply.map(reply_view),
        reactions: reaction_views(&amendments),
        edited_at: message.edited_at,
        taken_back_at: message.taken_back_at,
        named: amendments.named,
        amending: amending(&amendments),
    })
}

fn delivery_view(
    delivery: &Delivery,
    postage: bool,
    paid: Option<Msat>,
    fee: Msat,
    hops: Option<u32>,
) -> DeliveryView {
    DeliveryView {
        state: delivery.state,
        failure: delivery.failure,
        returned: delivery.returned,
        amount: delivery.amount,
        postage,
        fee,
        paid: paid
            .and_then(|paid| paid.checked_add(fee))
            .unwrap_or_default(),
        hops,
        waits_until: delivery.waits_until,
        next_try: delivery.next_try,
        gives_up_at: delivery.gives_up_at,
        way: delivery.way,
        delivered_at: delivery.delivered_at,
        read_at: delivery.read_at,
    }
}

fn hold_view(incoming: &IncomingRow, payable: bool) -> HoldView {
    let payment = &incoming.payment;
    HoldView {
        state: payment.state,
        amount: payment.amount,
        postage: incoming.postage,
        decision: payment.decision,
        deadline: payment
            .deadline
            .map(|deadline| last_moment(payment.arrived_at, deadline)),
        arrived_at: payment.arrived_at,
        can_pay_back: payable,
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    let proof = attempt.state == AttemptState::Settled;
    AttemptView {
        carrier: attempt.carrier,
        part: attempt.part.map(|part| PartView {
            number: part.index.saturating_add(1),
            count: part.count,
        }),
        payment_hash: attempt.hash.to_string(),
        preimage: attempt
            .preimage
            .as_ref()
            .filter(|_| proof)
            .map(|preimage| hex::encode(preimage.expose())),
        state: attempt.state,
        amount: attempt.amount,
        fee: attempt.fee,
        fee_limit: attempt.fee_limit,
        hops: attempt.hops,
        failure: attempt.failure,
        created_at: attempt.created_at,
        ended_at: attempt.ended_at,
        record_bytes: record_bytes(&attempt.records),
    }
}

fn record_bytes(records: &[(u64, Vec<u8>)]) -> u32 {
    let bytes = records
        .iter()
        .map(|(_, value)| value.len())
        .fold(0, usize::saturating_add);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
