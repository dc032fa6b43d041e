//! Table `refund`: one pay-back per payment, in both directions.

use domain::{MessageKey, Msat, PaymentHash};
use rusqlite::{Row, params};

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// Who pays back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundSide {
    /// The user pays back what came.
    ByUs,
    /// A contact pays back what the user sent.
    ByThem,
}

/// A pay-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRow {
    /// The payment that it pays back.
    pub of: PaymentHash,
    /// Who pays.
    pub side: RefundSide,
    /// The message that carries it; it may be deleted since.
    pub message: MessageKey,
    /// Whether it has settled; until then it is under way.
    pub done: bool,
    /// Whether its delivery failed or is parked, and can be tried again.
    pub failed: bool,
    /// How much.
    pub amount: Msat,
}

impl Reader<'_> {
    /// The pay-back of a payment.
    pub fn refund_of_payment(&self, of: PaymentHash) -> Result<Option<RefundRow>> {
        self.first(
            &format!("{SELECT} WHERE r.of = ?1"),
            params![S(of)],
            refund_of,
        )
    }

    /// The pay-back that a message carries.
    pub fn refund_by(&self, key: MessageKey) -> Result<Option<RefundRow>> {
        self.first(
            &format!("{SELECT} WHERE r.message = ?1"),
            params![S(key)],
            refund_of,
        )
    }
}

impl Tx<'_> {
    /// Begins the pay-back of a payment. `false`: it has one already, or the message carries another.
    pub fn claim_refund(
        &self,
        of: PaymentHash,
        side: RefundSide,
        message: MessageKey,
        amount: Msat,
    ) -> Result<bool> {
        let claimed = self.change(
            "INSERT INTO refund(of, side, message, amount) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![S(of), S(side), S(message), S(amount)],
        )?;
        Ok(claimed == 1)
    }

    /// The pay-back that this message carries has settled. `false`: it had before, or there is none.
    pub fn finish_refund(&self, message: MessageKey) -> Result<bool> {
        let finished = self.change(
            "UPDATE refund SET done = 1 WHERE message = ?1 AND done = 0",
            params![S(message)],
        )?;
        Ok(finished == 1)
    }

    /// Nothing came of the pay-back that this message carries: the payment may be paid back by another. `false`: it has
    /// settled, or there is none.
    pub fn drop_refund(&self, message: MessageKey) -> Result<bool> {
        let dropped = self.change(
            "DELETE FROM refund WHERE message = ?1 AND done = 0",
            params![S(message)],
        )?;
        Ok(dropped == 1)
    }
}

fn refund_of(row: &Row<'_>) -> rusqlite::Result<RefundRow> {
    Ok(RefundRow {
        of: row.take("of")?,
        side: row.take("side")?,
        message: row.take("message")?,
        done: row.take("done")?,
        failed: row.take("failed")?,
        amount: row.take("amount")?,
    })
}

/// Ends before the condition. A failed delivery is state 4, a parked one 5.
const SELECT: &str = "
    SELECT r.of, r.side, r.message, r.done, r.amount,
           EXISTS (SELECT 1 FROM delivery d WHERE d.message = r.message AND d.state IN (4, 5)) AS failed
    FROM refund r";

#[cfg(test)]
mod tests;
