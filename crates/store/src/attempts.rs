//! Table `attempt`: tries to pay for messages. Stored before they are sent; the payment hash is their identity.

use domain::{
    Attempt, AttemptState, Carrier, Failure, MessageKey, Msat, PaidBefore, Part, PaymentHash,
    Preimage, Timestamp,
};
use rusqlite::{Row, params};

use crate::column::{S, Take};
use crate::records::Records;
use crate::tx::{Reader, Tx};
use crate::{Result, StoreError};

/// The attempt that tells what became of a message: the settled one, else the last.
pub(crate) struct BestAttempt {
    pub(crate) hash: PaymentHash,
    pub(crate) settled: bool,
    /// Of all that settled: a message may go in parts.
    pub(crate) amount: Msat,
    pub(crate) fee: Msat,
    pub(crate) hops: Option<u32>,
    pub(crate) carrier: Carrier,
}

impl Reader<'_> {
    /// The attempt with this payment hash. Settled ones are kept, without their records, when their message is deleted.
    pub fn attempt(&self, hash: PaymentHash) -> Result<Option<Attempt>> {
        self.first(
            &format!("{SELECT} WHERE hash = ?1"),
            params![S(hash)],
            attempt_of,
        )
    }

    /// All attempts of a message, oldest first.
    pub fn attempts_of(&self, key: MessageKey) -> Result<Vec<Attempt>> {
        self.all(
            &format!("{SELECT} WHERE message = ?1 ORDER BY number"),
            params![S(key)],
            attempt_of,
        )
    }

    /// All attempts to pay this payment back, whichever message they carry; oldest first.
    pub fn attempts_to_pay_back(&self, of: PaymentHash) -> Result<Vec<Attempt>> {
        self.all(
            &format!(
                "{SELECT} WHERE message IN (SELECT message FROM delivery WHERE refund_of = ?1) ORDER BY number"
            ),
            params![S(of)],
            attempt_of,
        )
    }

    /// Attempts whose outcome is not known, oldest first.
    pub fn open_attempts(&self) -> Result<Vec<Attempt>> {
        self.all(
            &format!("{SELECT} WHERE state IN (0, 1) ORDER BY number"),
            [],
            attempt_of,
        )
    }

    /// Our own record of a payment that somebody claims to pay back; `None` when we never made it.
    pub fn paid_before(&self, hash: PaymentHash) -> Result<Option<PaidBefore>> {
        self.first(
            "SELECT recipient, amount, state = 2 AS settled, refund,
                    EXISTS (SELECT 1 FROM refund WHERE of = ?1) AS refunded
             FROM attempt WHERE hash = ?1",
            params![S(hash)],
            |row| {
                Ok(PaidBefore {
                    to: row.take("recipient")?,
                    amount: row.take("amount")?,
                    settled: row.take("settled")?,
                    refunded: row.take("refunded")?,
                    is_refund: row.take("refund")?,
                })
            },
        )
    }

    /// Whether a payment for this message is under way.
    pub fn has_open_payment(&self, key: MessageKey) -> Result<bool> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM attempt WHERE message = ?1 AND carrier IN (0, 3) AND state IN (0, 1)) AS open",
            params![S(key)],
            |row| row.get("open"),
        )
    }

    pub(crate) fn best_attempt(&self, key: MessageKey) -> Result<Option<BestAttempt>> {
        self.first(
            "SELECT hash, state = 2 AS settled, hops, carrier,
                    (SELECT coalesce(sum(amount), 0) FROM attempt WHERE message = ?1 AND state = 2) AS amount,
                    (SELECT coalesce(sum(fee), 0) FROM attempt WHERE message = ?1 AND state = 2) AS fee
             FROM attempt WHERE message = ?1
             ORDER BY settled DESC, state = 6 DESC, number DESC LIMIT 1",
            params![S(key)],
            |row| {
                Ok(BestAttempt {
                    hash: row.take("hash")?,
                    settled: row.take("settled")?,
                    amount: row.take("amount")?,
                    fee: row.take("fee")?,
                    hops: row.take("hops")?,
                    carrier: row.take("carrier")?,
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Stores an attempt for a message of the outbox. One with the same payment hash that did not arrive, or about which
    /// the user was asked, is the same one: it begins anew.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when the hash is known already, or the message is not in the outbox.
    pub fn insert_attempt(&self, attempt: &Attempt) -> Result<()> {
        self.change(
            "DELETE FROM attempt WHERE hash = ?1 AND state IN (4, 5)",
            params![S(attempt.hash)],
        )?;
        let inserted = self.change(
            "INSERT INTO attempt(hash, preimage, message, recipient, refund, amount, fee_limit, records, state, fee,
                                 hops, failure, created_at, ended_at, carrier, part, parts, invoice, try, made_after)
             SELECT ?1, ?2, message, recipient, refund_of IS NOT NULL, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                    ?14, ?15, ?16, ?17, (SELECT max(key) FROM message)
             FROM delivery WHERE message = ?3",
            params![
                S(attempt.hash),
                S(stored_preimage(attempt)),
                S(attempt.message),
                S(attempt.amount),
                S(attempt.fee_limit),
                S(Records(attempt.records.clone())),
                S(attempt.state),
                S(attempt.fee),
                S(attempt.hops),
                S(attempt.failure),
                S(attempt.created_at),
                S(attempt.ended_at),
                S(attempt.carrier),
                S(attempt.part.map(|part| part.index)),
                S(attempt.part.map(|part| part.count)),
                attempt.invoice,
                S(attempt.try_number),
            ],
        )?;
        if inserted == 1 {
            Ok(())
        } else {
            Err(StoreError::Constraint(
                "an attempt needs a message in the outbox".into(),
            ))
        }
    }

    /// The invoice is there that the attempt `asked` has asked for: from now on the attempt is this one. `false`: the hash
    /// of the invoice is known, or the attempt has ended; nothing is changed.
    pub fn take_invoice(&self, asked: PaymentHash, attempt: &Attempt) -> Result<bool> {
        if self.attempt(attempt.hash)?.is_some() {
            return Ok(false);
        }
        let changed = self.change(
            "UPDATE attempt SET hash = ?2, invoice = ?3, records = ?4, made_after = (SELECT max(key) FROM message)
             WHERE hash = ?1 AND state = 0 AND carrier = 3 AND invoice IS NULL",
            params![
                S(asked),
                S(attempt.hash),
                attempt.invoice,
                S(Records(attempt.records.clone())),
            ],
        )?;
        Ok(changed == 1)
    }

    /// It may have left from now on: it is about to be given to the node, or the node has acknowledged it and perhaps told
    /// its route. `false`: it has an outcome.
    pub fn mark_sent(&self, hash: PaymentHash, hops: Option<u32>) -> Result<bool> {
        let changed = self.change(
            "UPDATE attempt SET state = 1, hops = coalesce(?2, hops) WHERE hash = ?1 AND state IN (0, 1)",
            params![S(hash), S(hops)],
        )?;
        Ok(changed == 1)
    }

    /// The call that was to hand it over has surely not reached the node. `false`: it has an outcome.
    pub fn mark_unsent(&self, hash: PaymentHash) -> Result<bool> {
        let changed = self.change(
            "UPDATE attempt SET state = 0 WHERE hash = ?1 AND state = 1",
            params![S(hash)],
        )?;
        Ok(changed == 1)
    }

    /// The recipient's app has said that it has the message: the free attempt that was made last has brought it.
    /// Its hash.
    pub(crate) fn mark_delivered(
        &self,
        key: MessageKey,
        at: Timestamp,
    ) -> Result<Option<PaymentHash>> {
        self.first(
            "UPDATE attempt SET state = 6, failure = NULL, ended_at = ?2
             WHERE number = (SELECT max(number) FROM attempt WHERE message = ?1 AND carrier IN (1, 2))
             AND state IN (0, 1, 4) RETURNING hash",
            params![S(key), S(at)],
            |row| row.take("hash"),
        )
    }

    /// Keeps the preimage that the recipient has given: the proof that it was paid. `false`: there is one already, or this is
    /// none.
    pub fn prove(&self, hash: PaymentHash, preimage: &Preimage) -> Result<bool> {
        if preimage.payment_hash() != hash {
            return Ok(false);
        }
        let changed = self.change(
            "UPDATE attempt SET preimage = ?2 WHERE hash = ?1 AND preimage = ?3",
            params![S(hash), S(preimage), S(&Preimage::new(UNKNOWN))],
        )?;
        Ok(changed == 1)
    }

    /// Stores the outcome. `false`: it had one already, or there is no such attempt.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] when `state` is no outcome.
    pub fn end_attempt(
        &self,
        hash: PaymentHash,
        state: AttemptState,
        fee: Msat,
        hops: Option<u32>,
        failure: Option<Failure>,
        at: Timestamp,
    ) -> Result<bool> {
        if matches!(state, AttemptState::Prepared | AttemptState::Sent) {
            return Err(StoreError::Constraint(
                "an attempt ends with an outcome".into(),
            ));
        }
        let changed = self.change(
            "UPDATE attempt SET state = ?2, fee = ?3, hops = coalesce(?4, hops), failure = ?5, ended_at = ?6
             WHERE hash = ?1 AND state IN (0, 1)",
            params![S(hash), S(state), S(fee), S(hops), S(failure), S(at)],
        )?;
        Ok(changed == 1)
    }
}

/// In the column of a preimage that is not known.
const UNKNOWN: [u8; 32] = [0; 32];

fn stored_preimage(attempt: &Attempt) -> Preimage {
    let unknown = || Preimage::new(UNKNOWN);
    attempt.preimage.clone().unwrap_or_else(unknown)
}

fn attempt_of(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let preimage: Preimage = row.take("preimage")?;
    Ok(Attempt {
        hash: row.take("hash")?,
        preimage: (*preimage.expose() != UNKNOWN).then_some(preimage),
        message: row.take("message")?,
        carrier: row.take("carrier")?,
        part: part_of(row)?,
        try_number: row.take("try")?,
        amount: row.take("amount")?,
        fee_limit: row.take("fee_limit")?,
        invoice: row.get("invoice")?,
        records: row.take::<Records>("records")?.0,
        state: row.take("state")?,
        fee: row.take("fee")?,
        hops: row.take("hops")?,
        failure: row.take("failure")?,
        created_at: row.take("created_at")?,
        ended_at: row.take("ended_at")?,
    })
}

fn part_of(row: &Row<'_>) -> rusqlite::Result<Option<Part>> {
    let index: Option<u32> = row.take("part")?;
    let count: Option<u32> = row.take("parts")?;
    Ok(index.zip(count).map(|(index, count)| Part { index, count }))
}

/// Ends before the condition.
const SELECT: &str = "
    SELECT hash, preimage, message, carrier, part, parts, amount, fee_limit, records, state, fee, hops, failure, created_at,
           ended_at, invoice, try
    FROM attempt";

#[cfg(test)]
mod tests;
