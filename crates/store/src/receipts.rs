//! What the recipients' apps say of our messages.

use domain::{
    ConversationId, DeliveryEvent, DeliveryState, Expectation, MessageId, MessageKey, Msat, NodeId,
    PaymentHash, ReturnMeaning, Timestamp,
};
use rusqlite::params;

use crate::Result;
use crate::column::S;
use crate::ledger::Booking;
use crate::messages::Found;
use crate::outbox::{Delivery, Outcome};
use crate::tx::Tx;

/// What a receipt says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The recipient's app has stored it.
    Delivered,
    /// The recipient has seen it.
    Read,
}

/// A receipt for a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Where the message stands.
    pub conversation: ConversationId,
    /// Which it is.
    pub message: MessageKey,
    /// Whether it says anything that was not known.
    pub is_news: bool,
}

impl Tx<'_> {
    /// Takes a receipt of `from` for a message of `ours`; `None` when that was never sent to them.
    pub fn take_receipt(
        &self,
        ours: NodeId,
        from: NodeId,
        id: MessageId,
        received: Received,
        at: Timestamp,
    ) -> Result<Option<Receipt>> {
        let Found::Here(key) = self.find_message(ours, id)? else {
            return Ok(None);
        };
        let Some(delivery) = self.delivery(key)?.filter(|delivery| delivery.to == from) else {
            return Ok(None);
        };
        // Its postage came back, and nobody knew whether it had arrived: only now it counts as sent.
        let came_back = delivery.state == DeliveryState::Returned
            && delivery.returned == Some(ReturnMeaning::Unconfirmed)
            && delivery.expectation == Expectation::Return;
        let changed = self.change(
            "UPDATE delivery SET delivered_at = coalesce(delivered_at, ?2),
                                 read_at = coalesce(read_at, iif(?3, ?2, NULL)),
                                 returned = iif(returned = ?4 AND expectation = ?6, ?5, returned)
             WHERE message = ?1 AND (delivered_at IS NULL OR (?3 AND read_at IS NULL))",
            params![
                S(key),
                S(at),
                received == Received::Read,
                S(ReturnMeaning::Unconfirmed),
                S(ReturnMeaning::Arrived),
                S(Expectation::Return),
            ],
        )?;
        self.change(
            "UPDATE delivery SET repeats = 0 WHERE message = ?1 AND repeats > 0",
            params![S(key)],
        )?;
        let last = self.attempts_of(key)?.into_iter().next_back();
        if let (true, Some(last)) = (came_back, last) {
            self.book(Booking::MessageSent, last.hash, Some(from), Msat::ZERO, at)?;
        }
        let paying = delivery.state == DeliveryState::InFlight && self.has_open_payment(key)?;
        let ended = !paying && self.end_with_receipt(&delivery, None, at)?;
        Ok(Some(Receipt {
            conversation: delivery.conversation,
            message: key,
            is_news: changed == 1 || ended,
        }))
    }

    /// Ends a text whose receipt is here: the free attempt that was made last has brought it, or else `last`. A payment is
    /// not ended: whatever became of its words, the money has not arrived. Whether that changed anything.
    pub fn end_with_receipt(
        &self,
        delivery: &Delivery,
        last: Option<PaymentHash>,
        at: Timestamp,
    ) -> Result<bool> {
        let (key, to) = (delivery.message, Some(delivery.to));
        if delivery.expectation != Expectation::Return {
            return Ok(false);
        }
        let brought = self.mark_delivered(key, at)?.or(last);
        let event = DeliveryEvent::Delivered;
        let stepped = self.step_delivery(key, event, Outcome::default(), at)?;
        if let (Some(hash), Some(_)) = (brought, stepped) {
            self.book(Booking::MessageSent, hash, to, Msat::ZERO, at)?;
        }
        Ok(stepped.is_some())
    }
}

#[cfg(test)]
mod tests;
