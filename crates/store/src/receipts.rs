//! What the recipients' apps say of our messages.

use domain::{
    ConversationId, DeliveryEvent, DeliveryState, MessageId, MessageKey, Msat, NodeId,
    ReturnMeaning, Timestamp,
};
use rusqlite::params;

use crate::Result;
use crate::column::S;
use crate::ledger::Booking;
use crate::messages::Found;
use crate::outbox::Outcome;
use crate::tx::Tx;

/// What a receipt says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The recipient's app has stored it.
    Delivered,
    /// The recipient has seen it.
    Read,
}

impl Tx<'_> {
    /// Takes a receipt of `from` for a message of `ours`. The message, when that says something new; a receipt for what
    /// was never sent to them says nothing.
    pub fn take_receipt(
        &self,
        ours: NodeId,
        from: NodeId,
        id: MessageId,
        received: Received,
        at: Timestamp,
    ) -> Result<Option<(ConversationId, MessageKey)>> {
        let Found::Here(key) = self.find_message(ours, id)? else {
            return Ok(None);
        };
        let Some(delivery) = self.delivery(key)?.filter(|delivery| delivery.to == from) else {
            return Ok(None);
        };
        let changed = self.change(
            "UPDATE delivery SET delivered_at = coalesce(delivered_at, ?2),
                                 read_at = coalesce(read_at, iif(?3, ?2, NULL)),
                                 returned = iif(returned = ?4, ?5, returned),
                                 repeats = 0
             WHERE message = ?1 AND (delivered_at IS NULL OR (?3 AND read_at IS NULL))",
            params![
                S(key),
                S(at),
                received == Received::Read,
                S(ReturnMeaning::Unconfirmed),
                S(ReturnMeaning::Arrived),
            ],
        )?;
        let paying = delivery.state == DeliveryState::InFlight && self.has_open_payment(key)?;
        if !paying {
            let attempt = self.mark_delivered(key, at)?;
            let event = DeliveryEvent::Delivered;
            let stepped = self.step_delivery(key, event, Outcome::default(), at)?;
            if let (Some(hash), Some(_)) = (attempt, stepped) {
                self.book(Booking::MessageSent, hash, Some(from), Msat::ZERO, at)?;
            }
        }
        Ok((changed == 1).then_some((delivery.conversation, key)))
    }
}

#[cfg(test)]
mod tests;
