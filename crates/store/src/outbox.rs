//! Table `delivery`: the outgoing life of messages.

use domain::{
    ConversationId, DeliveryEvent, DeliveryState, Expectation, Failure, MessageKey, Msat, NodeId,
    PaymentHash, ReturnMeaning, Timestamp, Way,
};
use rusqlite::{Row, params};

use crate::column::{S, Take};
use crate::tx::{Reader, Tx};
use crate::{Result, StoreError};

/// Where an outgoing message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which message.
    pub message: MessageKey,
    /// Where it stands.
    pub conversation: ConversationId,
    /// The recipient.
    pub to: NodeId,
    /// Where it is.
    pub state: DeliveryState,
    /// What is asked of the payment.
    pub expectation: Expectation,
    /// What the recipient gets: payment or postage.
    pub amount: Msat,
    /// The most in fees.
    pub fee_limit: Msat,
    /// For a pay-back: the payment that it pays back.
    pub refund_of: Option<PaymentHash>,
    /// Its place among what was sent to this node.
    pub sequence: u64,
    /// Why it did not arrive.
    pub failure: Option<Failure>,
    /// What its return means.
    pub returned: Option<ReturnMeaning>,
    /// When the recipient's node gives it back at the latest.
    pub waits_until: Option<Timestamp>,
    /// How often it was tried and has waited since the user asked for it.
    pub tries: u32,
    /// When it is tried again; `None` is now, or not at all.
    pub next_try: Option<Timestamp>,
    /// Until when it waits for its recipient; `None` when it fails at once.
    pub gives_up_at: Option<Timestamp>,
    /// Money leaves until then, or has failed; `None` for words.
    pub leaves_by: Option<Timestamp>,
    /// Which ways the user allows for it.
    pub way: Way,
    /// When the recipient's app said that it has it.
    pub delivered_at: Option<Timestamp>,
    /// When the recipient's app said that they have seen it.
    pub read_at: Option<Timestamp>,
    /// When its state changed last.
    pub updated_at: Timestamp,
}

/// What a step of a delivery leaves behind; it replaces what stood there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Why it did not arrive.
    pub failure: Option<Failure>,
    /// What its return means.
    pub returned: Option<ReturnMeaning>,
    /// When the recipient's node gives it back at the latest.
    pub waits_until: Option<Timestamp>,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
}

impl Reader<'_> {
    /// Where a message is; `None` for incoming ones.
    pub fn delivery(&self, key: MessageKey) -> Result<Option<Delivery>> {
        self.first(
            &format!("{SELECT} WHERE message = ?1"),
            params![S(key)],
            delivery_of,
        )
    }

    /// For whom something waits that is to be tried again later.
    pub fn waited_for(&self) -> Result<Vec<NodeId>> {
        self.all(
            "SELECT DISTINCT recipient FROM delivery WHERE state = 0 AND next_try IS NOT NULL",
            [],
            |row| row.take("recipient"),
        )
    }

    /// When the first money in the queue may no longer leave.
    pub fn first_leaves_by(&self) -> Result<Option<Timestamp>> {
        self.first(
            "SELECT leaves_by FROM delivery WHERE state = 0 AND leaves_by IS NOT NULL ORDER BY leaves_by LIMIT 1",
            [],
            |row| row.take("leaves_by"),
        )
    }

    /// Money in the queue that may no longer leave.
    pub fn too_late(&self, now: Timestamp) -> Result<Vec<Delivery>> {
        self.all(
            &format!("{SELECT} WHERE state = 0 AND leaves_by IS NOT NULL AND leaves_by <= ?1"),
            params![S(now)],
            delivery_of,
        )
    }

    /// Those whose turn has not come, oldest first.
    pub fn queued(&self) -> Result<Vec<Delivery>> {
        self.all(
            &format!("{SELECT} WHERE state = 0 ORDER BY message"),
            [],
            delivery_of,
        )
    }
}

impl Tx<'_> {
    /// Puts a message into the outbox.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when it is there already, or its state is another than queued.
    pub fn enqueue(&self, delivery: &Delivery) -> Result<()> {
        if delivery.state != DeliveryState::Queued {
            return Err(StoreError::Constraint(
                "a delivery begins in the queue".into(),
            ));
        }
        self.change(
            "INSERT INTO delivery(message, conversation, recipient, state, expectation, amount, fee_limit, refund_of,
                                  sequence, failure, returned, waits_until, tries, next_try, gives_up_at, way,
                                  delivered_at, read_at, updated_at, leaves_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
            params![
                S(delivery.message),
                S(delivery.conversation),
                S(delivery.to),
                S(delivery.state),
                S(delivery.expectation),
                S(delivery.amount),
                S(delivery.fee_limit),
                S(delivery.refund_of),
                S(delivery.sequence),
                S(delivery.failure),
                S(delivery.returned),
                S(delivery.waits_until),
                S(delivery.tries),
                S(delivery.next_try),
                S(delivery.gives_up_at),
                S(delivery.way),
                S(delivery.delivered_at),
                S(delivery.read_at),
                S(delivery.updated_at),
                S(delivery.leaves_by),
            ],
        )?;
        Ok(())
    }

    /// Lets something happen to a delivery. The new state, or `None` when the event changes nothing.
    pub fn step_delivery(
        &self,
        key: MessageKey,
        event: DeliveryEvent,
        outcome: Outcome,
        at: Timestamp,
    ) -> Result<Option<DeliveryState>> {
        let Some(delivery) = self.delivery(key)? else {
            return Ok(None);
        };
        let from = delivery.state;
        let may = event != DeliveryEvent::Retry
            || from.can_retry(delivery.expectation, delivery.returned);
        let Some(to) = from.step(event).filter(|_| may) else {
            return Ok(None);
        };
        let changed = self.change(
            "UPDATE delivery SET state = ?3, failure = ?4, returned = ?5, waits_until = ?6, updated_at = ?7,
                                 next_try = ?8, tries = iif(?10, 0, tries + ?9)
             WHERE message = ?1 AND state = ?2",
            params![
                S(key),
                S(from),
                S(to),
                S(outcome.failure),
                S(outcome.returned),
                S(outcome.waits_until),
                S(at),
                S(outcome.next_try),
                event == DeliveryEvent::Postponed,
                event == DeliveryEvent::Retry,
            ],
        )?;
        Ok((changed == 1).then_some(to))
    }

    /// Takes back what has not left or did not arrive, with what hangs on it. `false`: it is in another state, and stays.
    pub fn cancel_delivery(&self, key: MessageKey, at: Timestamp) -> Result<bool> {
        let cancelled = self.step_delivery(key, DeliveryEvent::Cancel, Outcome::default(), at)?;
        if cancelled.is_none() {
            return Ok(false);
        }
        self.drop_refund(key)?;
        if let Some(bubble) = self.bubble_of(key)? {
            self.settle_amendments(bubble)?;
        }
        Ok(true)
    }

    /// Everything that waits for this node is taken back: its recipient was blocked. What looks different now.
    pub fn drop_queued(
        &self,
        to: NodeId,
        at: Timestamp,
    ) -> Result<Vec<(ConversationId, MessageKey)>> {
        let queued = self.all(
            &format!("{SELECT} WHERE state = 0 AND recipient = ?1 ORDER BY message"),
            params![S(to)],
            delivery_of,
        )?;
        for delivery in &queued {
            self.drop_one(delivery, at)?;
        }
        let changed = |delivery: Delivery| (delivery.conversation, delivery.message);
        Ok(queued.into_iter().map(changed).collect())
    }

    /// One that waits is taken back. An amendment that may be there already, or whose words are gone, stays; it ends.
    pub fn drop_one(&self, delivery: &Delivery, at: Timestamp) -> Result<()> {
        let key = delivery.message;
        let Some(message) = self.message(key)? else {
            return Ok(());
        };
        if self.can_cancel_amendment(&message)? {
            self.cancel_delivery(key, at)?;
            return Ok(());
        }
        let begun = self.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at)?;
        if begun.is_some() {
            let outcome = Outcome {
                failure: delivery.failure,
                ..Outcome::default()
            };
            self.step_delivery(key, DeliveryEvent::Failed, outcome, at)?;
        }
        Ok(())
    }

    /// Until when it waits for its recipient from now on.
    pub fn set_gives_up_at(&self, key: MessageKey, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE delivery SET gives_up_at = ?2 WHERE message = ?1 AND gives_up_at IS NOT NULL",
            params![S(key), S(at)],
        )?;
        Ok(())
    }

    /// Until when this money may leave from now on.
    pub fn set_leaves_by(&self, key: MessageKey, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE delivery SET leaves_by = ?2 WHERE message = ?1 AND leaves_by IS NOT NULL",
            params![S(key), S(at)],
        )?;
        Ok(())
    }

    /// Everything that waits for this node is tried now. How much that is.
    pub fn hurry(&self, to: NodeId) -> Result<usize> {
        self.change(
            "UPDATE delivery SET next_try = NULL
             WHERE state = 0 AND next_try IS NOT NULL AND recipient = ?1",
            params![S(to)],
        )
    }

    /// Everything that waits is tried now. How much that is.
    pub fn hurry_all(&self) -> Result<usize> {
        self.change(
            "UPDATE delivery SET next_try = NULL WHERE state = 0 AND next_try IS NOT NULL",
            [],
        )
    }

    /// What stands in the queue of this conversation behind the one that was tried, may take the same ways and can wait,
    /// waits until then at least, for this reason. The one that was tried has its own time, or is to be tried at once.
    pub fn postpone(
        &self,
        conversation: ConversationId,
        tried: MessageKey,
        way: Way,
        failure: Failure,
        next_try: Timestamp,
    ) -> Result<Vec<MessageKey>> {
        self.all(
            "UPDATE delivery SET next_try = min(?3, gives_up_at), failure = ?2, tries = max(tries, 1)
             WHERE conversation = ?1 AND state = 0 AND ifnull(next_try, 0) < ?3 AND gives_up_at IS NOT NULL
               AND way = ?4 AND message <> ?5
             RETURNING message",
            params![S(conversation), S(failure), S(next_try), S(way), S(tried)],
            |row| row.take("message"),
        )
    }

    /// What a message carries that is about to travel by a payment.
    pub fn set_postage(&self, key: MessageKey, amount: Msat) -> Result<()> {
        self.change(
            "UPDATE delivery SET amount = ?2 WHERE message = ?1",
            params![S(key), S(amount)],
        )?;
        Ok(())
    }

    /// When the recipient's node gives the payment back at the latest.
    pub fn set_waits_until(&self, key: MessageKey, at: Option<Timestamp>) -> Result<()> {
        self.change(
            "UPDATE delivery SET waits_until = ?2 WHERE message = ?1 AND waits_until IS NOT ?2",
            params![S(key), S(at)],
        )?;
        Ok(())
    }
}

fn delivery_of(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        message: row.take("message")?,
        conversation: row.take("conversation")?,
        to: row.take("recipient")?,
        state: row.take("state")?,
        expectation: row.take("expectation")?,
        amount: row.take("amount")?,
        fee_limit: row.take("fee_limit")?,
        refund_of: row.take("refund_of")?,
        sequence: row.take("sequence")?,
        failure: row.take("failure")?,
        returned: row.take("returned")?,
        waits_until: row.take("waits_until")?,
        tries: row.take("tries")?,
        next_try: row.take("next_try")?,
        gives_up_at: row.take("gives_up_at")?,
        leaves_by: row.take("leaves_by")?,
        way: row.take("way")?,
        delivered_at: row.take("delivered_at")?,
        read_at: row.take("read_at")?,
        updated_at: row.take("updated_at")?,
    })
}

/// Ends before the condition.
const SELECT: &str = "
    SELECT message, conversation, recipient, state, expectation, amount, fee_limit, refund_of, sequence, failure,
           returned, waits_until, tries, next_try, gives_up_at, way, delivered_at, read_at, updated_at, leaves_by
    FROM delivery";

#[cfg(test)]
mod tests;
