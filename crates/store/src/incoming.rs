//! Table `incoming`: payments that came. Their raw records are stored before they are opened.

use domain::{
    Decision, HoldEvent, HoldState, IncomingPayment, MessageKey, NodeId, PaymentHash, Preimage,
    Reason, Timestamp,
};
use rusqlite::{Row, params};

use crate::Result;
use crate::column::{S, Take};
use crate::records::Records;
use crate::tx::{Reader, Tx};

/// An incoming payment, and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingRow {
    /// The payment.
    pub payment: IncomingPayment,
    /// Who sent it, as far as its records tell.
    pub sender: Option<NodeId>,
    /// The message that it brought; it may be deleted since.
    pub message: Option<MessageKey>,
    /// Whether the sats only carried the message.
    pub postage: bool,
    /// Whether its records were opened.
    pub opened: bool,
    /// Whether it is postage or a payment is not known yet.
    pub waits: bool,
    /// Why the rules decided as they did; `None` before that.
    pub reason: Option<Reason>,
}

impl Reader<'_> {
    /// The payment with this hash.
    pub fn incoming(&self, hash: PaymentHash) -> Result<Option<IncomingRow>> {
        self.first(
            &format!("{SELECT} WHERE hash = ?1"),
            params![S(hash)],
            incoming_of,
        )
    }

    /// The payment that brought a message. Of several (the sender tried again) the one that matters: undecided, else
    /// settled, else the first.
    pub fn incoming_of(&self, key: MessageKey) -> Result<Option<IncomingRow>> {
        self.first(
            &format!(
                "{SELECT} WHERE message = ?1 ORDER BY state IN (1, 2, 3) DESC, state = 4 DESC, number LIMIT 1"
            ),
            params![S(key)],
            incoming_of,
        )
    }

    /// Payments whose records are stored and not opened yet, oldest first.
    pub fn unopened(&self) -> Result<Vec<IncomingPayment>> {
        self.all(
            &format!("{SELECT} WHERE opened = 0 AND records IS NOT NULL ORDER BY number"),
            [],
            |row| Ok(incoming_of(row)?.payment),
        )
    }

    /// Payments of which it is not known yet whether they are postage, oldest first.
    pub fn undetermined(&self) -> Result<Vec<IncomingRow>> {
        self.all(
            &format!("{SELECT} WHERE waits = 1 ORDER BY number"),
            [],
            incoming_of,
        )
    }

    /// The newest payment to its own hash that has settled: a node that does not know it has lost its invoices.
    pub fn last_settled(&self) -> Result<Option<PaymentHash>> {
        self.first(
            "SELECT hash FROM incoming WHERE state = 4 AND within IS NULL ORDER BY number DESC LIMIT 1",
            [],
            |row| row.take("hash"),
        )
    }

    /// Payments that the node announced and whose records are not stored, oldest first.
    pub fn seen_hashes(&self) -> Result<Vec<PaymentHash>> {
        self.all(
            "SELECT hash FROM incoming WHERE state = 0 ORDER BY number",
            [],
            |row| row.take("hash"),
        )
    }

    /// Payments that are held, or whose decision is not carried out yet, oldest first.
    pub fn undecided(&self) -> Result<Vec<IncomingRow>> {
        self.all(
            &format!("{SELECT} WHERE state IN (1, 2, 3) ORDER BY number"),
            [],
            incoming_of,
        )
    }

    /// What a stranger has left here: messages, and bytes of their records, their letters, and the parts of unfinished
    /// ones. What somebody else wrote in their name does not count.
    pub fn stranger_usage(&self, node: NodeId) -> Result<(u32, u64)> {
        self.one(
            "SELECT (SELECT count(*) FROM message
                     WHERE conversation = (SELECT id FROM conversation WHERE node = ?1)
                       AND direction = 0 AND authorship IN (0, 2)) AS messages,
                    (SELECT coalesce(sum(length(i.records)), 0)
                     FROM incoming i CROSS JOIN message m ON m.key = i.message
                     WHERE i.sender = ?1 AND m.authorship IN (0, 2))
                  + (SELECT coalesce(sum(length(l.bytes)), 0)
                     FROM message m CROSS JOIN letter l ON l.message = m.key
                     WHERE m.conversation = (SELECT id FROM conversation WHERE node = ?1)
                       AND m.direction = 0 AND m.authorship IN (0, 2))
                  + (SELECT coalesce(sum(held), 0) FROM unfinished WHERE sender = ?1) AS bytes",
            params![S(node)],
            |row| Ok((row.take("messages")?, row.take("bytes")?)),
        )
    }

    /// How many payments were refused without having been read, in all.
    pub fn refused_unread(&self) -> Result<u32> {
        self.one(
            "SELECT count(*) AS refused FROM incoming WHERE unread = 1",
            [],
            |row| row.take("refused"),
        )
    }
}

impl Tx<'_> {
    /// The node has announced a payment. `false`: it was known.
    pub fn see_payment(
        &self,
        hash: PaymentHash,
        preimage: &Preimage,
        at: Timestamp,
    ) -> Result<bool> {
        let inserted = self.change(
            "INSERT INTO incoming(hash, preimage, amount, state, arrived_at, updated_at)
             VALUES (?1, ?2, 0, ?3, ?4, ?4) ON CONFLICT (hash) DO NOTHING",
            params![S(hash), S(preimage), S(HoldState::Seen), S(at)],
        )?;
        Ok(inserted == 1)
    }

    /// Stores what came: a new payment, or the records, amount, state and deadline of one that was only seen. `false`:
    /// its records were stored before, and nothing has changed.
    ///
    /// A payment in state `Seen` has no records yet, so it goes the way of [`Tx::see_payment`].
    pub fn receive_payment(&self, payment: &IncomingPayment) -> Result<bool> {
        if payment.state == HoldState::Seen {
            return self.see_payment(payment.hash, &payment.preimage, payment.arrived_at);
        }
        // What the node has said last of a payment that was only seen is not undone by an older word.
        let stored = self.change(
            "INSERT INTO incoming(hash, preimage, amount, records, state, decision, deadline, arrived_at, updated_at,
                                  carrier, within, channel)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11)
             ON CONFLICT (hash) DO UPDATE SET
               amount = excluded.amount, records = excluded.records,
               state = iif(state = 0, excluded.state, state),
               decision = coalesce(decision, excluded.decision),
               deadline = excluded.deadline, arrived_at = excluded.arrived_at, channel = excluded.channel
             WHERE records IS NULL",
            params![
                S(payment.hash),
                S(&payment.preimage),
                S(payment.amount),
                S(Records(payment.records.clone())),
                S(payment.state),
                S(payment.decision),
                S(payment.deadline),
                S(payment.arrived_at),
                S(payment.carrier),
                S(payment.within),
                payment.channel.map(u64::cast_signed),
            ],
        )?;
        Ok(stored == 1)
    }

    /// What was found in its records.
    pub fn mark_opened(
        &self,
        hash: PaymentHash,
        sender: Option<NodeId>,
        message: Option<MessageKey>,
        postage: bool,
    ) -> Result<()> {
        self.change(
            "UPDATE incoming SET opened = 1, sender = ?2, message = ?3, postage = ?4,
               conversation = (SELECT conversation FROM message WHERE key = ?3)
             WHERE hash = ?1",
            params![S(hash), S(sender), S(message), postage],
        )?;
        Ok(())
    }

    /// The message that shows a payment.
    pub fn show_payment(&self, hash: PaymentHash, message: MessageKey) -> Result<()> {
        self.change(
            "UPDATE incoming SET message = ?2, conversation = (SELECT conversation FROM message WHERE key = ?2)
             WHERE hash = ?1",
            params![S(hash), S(message)],
        )?;
        Ok(())
    }

    /// Whether it is postage is not known yet, or, with `false`, is known now.
    pub fn set_waits(&self, hash: PaymentHash, waits: bool, postage: bool) -> Result<()> {
        self.change(
            "UPDATE incoming SET waits = ?2, postage = ?3 WHERE hash = ?1",
            params![S(hash), waits, postage],
        )?;
        Ok(())
    }

    /// Lets something happen to a payment. The new state, or `None` when the event changes nothing. `decision` is
    /// stored when none stands yet; [`Decision::Node`] overrides, as the node's word wins.
    pub fn step_hold(
        &self,
        hash: PaymentHash,
        event: HoldEvent,
        decision: Option<Decision>,
        at: Timestamp,
    ) -> Result<Option<HoldState>> {
        let state: Option<HoldState> = self.first(
            "SELECT state FROM incoming WHERE hash = ?1",
            params![S(hash)],
            |row| row.take("state"),
        )?;
        let Some((from, to)) = state.and_then(|from| Some((from, from.step(event)?))) else {
            return Ok(None);
        };
        let overrides = decision == Some(Decision::Node);
        let changed = self.change(
            "UPDATE incoming SET state = ?3, decision = iif(?5, ?4, coalesce(decision, ?4)), updated_at = ?6
             WHERE hash = ?1 AND state = ?2",
            params![S(hash), S(from), S(to), S(decision), overrides, S(at)],
        )?;
        Ok((changed == 1).then_some(to))
    }

    /// Why the rules decide as they do.
    pub fn set_reason(&self, hash: PaymentHash, reason: Reason) -> Result<()> {
        self.change(
            "UPDATE incoming SET reason = ?2 WHERE hash = ?1",
            params![S(hash), S(reason)],
        )?;
        Ok(())
    }

    /// It was refused without having been read.
    pub fn mark_unread(&self, hash: PaymentHash) -> Result<()> {
        self.change(
            "UPDATE incoming SET unread = 1 WHERE hash = ?1",
            params![S(hash)],
        )?;
        Ok(())
    }

    /// Forgets what a payment said, and that there is anything to open. The payment itself stays known.
    pub fn drop_records(&self, hash: PaymentHash) -> Result<()> {
        self.change(
            "UPDATE incoming SET records = x'', opened = 1 WHERE hash = ?1",
            params![S(hash)],
        )?;
        Ok(())
    }
}

fn incoming_of(row: &Row<'_>) -> rusqlite::Result<IncomingRow> {
    let hash: PaymentHash = row.take("hash")?;
    Ok(IncomingRow {
        payment: IncomingPayment {
            hash,
            within: row.take("within")?,
            preimage: row.take("preimage")?,
            carrier: row.take("carrier")?,
            amount: row.take("amount")?,
            channel: row
                .get::<_, Option<i64>>("channel")?
                .map(i64::cast_unsigned),
            records: row
                .take::<Option<Records>>("records")?
                .map_or_else(Vec::new, |found| found.0),
            state: row.take("state")?,
            decision: row.take("decision")?,
            deadline: row.take("deadline")?,
            arrived_at: row.take("arrived_at")?,
        },
        sender: row.take("sender")?,
        message: row.take("message")?,
        postage: row.take("postage")?,
        opened: row.take("opened")?,
        waits: row.take("waits")?,
        reason: row.take("reason")?,
    })
}

/// Ends before the condition.
const SELECT: &str = "
    SELECT hash, preimage, amount, records, state, decision, deadline, arrived_at, sender, message, postage, opened,
           carrier, within, waits, channel, reason
    FROM incoming";

#[cfg(test)]
mod tests;
