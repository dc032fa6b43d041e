//! Tables `booking` and `ledger_day`: what it cost. A booking is made once; a trigger adds it up by node and UTC day.

use domain::{Expectation, HoldState, Msat, NodeId, PaymentHash, PostageBalance, Timestamp};
use rusqlite::{Row, params};

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// What an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Booking {
    /// A payment that a contact kept.
    PaymentSent,
    /// Postage that the other side kept.
    PostageSent,
    /// Routing fees of something that was paid.
    Fee,
    /// A payment that the user kept.
    PaymentReceived,
    /// Postage that stayed here.
    PostageReceived,
    /// Paid back to a contact.
    RefundSent,
    /// Paid back by a contact.
    RefundReceived,
    /// Sent and refused by the other side: it came back, free.
    ReturnedToUs,
    /// Received and refused here: it went back, free.
    ReturnedByUs,
    /// A message reached a node; counts 1, the amount is not looked at.
    MessageSent,
    /// A message was received; counts 1, the amount is not looked at.
    MessageReceived,
}

/// Sums of bookings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Payments that contacts kept.
    pub sent: Msat,
    /// Postage that others kept.
    pub postage_sent: Msat,
    /// Routing fees.
    pub fees: Msat,
    /// Payments that the user kept.
    pub received: Msat,
    /// Postage that stayed here.
    pub postage_received: Msat,
    /// Paid back to contacts.
    pub refunds_sent: Msat,
    /// Paid back by contacts.
    pub refunds_received: Msat,
    /// Came back, free.
    pub returned_to_us: Msat,
    /// Went back, free.
    pub returned_by_us: Msat,
    /// Messages that reached a node.
    pub messages_sent: u32,
    /// Messages received.
    pub messages_received: u32,
}

impl Tx<'_> {
    /// Books an amount. `false`: this payment hash has a booking of this kind already.
    pub fn book(
        &self,
        kind: Booking,
        hash: PaymentHash,
        node: Option<NodeId>,
        amount: Msat,
        at: Timestamp,
    ) -> Result<bool> {
        let booked = self.change(
            "INSERT INTO booking(hash, kind, node, amount, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (hash, kind) DO NOTHING",
            params![S(hash), S(kind), S(node), S(amount), S(at)],
        )?;
        Ok(booked == 1)
    }
}

impl Reader<'_> {
    /// All there was with one node, or, with `None`, in all.
    pub fn totals(&self, node: Option<NodeId>) -> Result<Totals> {
        match node {
            Some(node) => self.one(
                &format!("SELECT {SUMS} FROM ledger_day WHERE node = ?1"),
                params![S(node)],
                totals_of,
            ),
            None => self.one(&format!("SELECT {SUMS} FROM ledger_day"), [], totals_of),
        }
    }

    /// What we and this node have kept of each other's postage, with what is on its way.
    pub fn postage_balance(&self, node: NodeId) -> Result<PostageBalance> {
        self.one(
            "SELECT (SELECT coalesce(sum(postage_received), 0) FROM ledger_day WHERE node = ?1) AS received,
                    (SELECT coalesce(sum(postage_sent), 0) FROM ledger_day WHERE node = ?1) AS sent,
                    (SELECT coalesce(sum(a.amount), 0) FROM attempt a CROSS JOIN delivery d ON d.message = a.message
                     WHERE a.state IN (0, 1) AND a.recipient = ?1 AND d.expectation = ?2) AS going,
                    (SELECT coalesce(sum(a.amount), 0) FROM attempt a CROSS JOIN delivery d ON d.message = a.message
                     WHERE a.state = 5 AND a.recipient = ?1 AND d.expectation = ?2) AS lost,
                    (SELECT coalesce(sum(amount), 0) FROM incoming
                     WHERE state IN (1, 2, 3) AND state = ?3 AND sender = ?1 AND postage = 1) AS coming",
            params![S(node), S(Expectation::Return), S(HoldState::Accepting)],
            |row| {
                Ok(PostageBalance {
                    received: row.take("received")?,
                    sent: row.take("sent")?,
                    going: row.take("going")?,
                    lost: row.take("lost")?,
                    coming: row.take("coming")?,
                })
            },
        )
    }

    /// By node that there is a conversation with, the dearest first (what was sent, postage and fees).
    /// With [`Reader::totals_of_others`] it is all there is.
    pub fn totals_by_contact(&self) -> Result<Vec<(NodeId, Totals)>> {
        self.all(
            &format!(
                "SELECT node, {SUMS} FROM ledger_day WHERE node IN (SELECT node FROM conversation) GROUP BY node
                 ORDER BY sum(sent) + sum(postage_sent) + sum(fees) DESC, node"
            ),
            [],
            |row| Ok((row.take("node")?, totals_of(row)?)),
        )
    }

    /// What belongs to no known node, or to one whose conversation was removed.
    pub fn totals_of_others(&self) -> Result<Totals> {
        self.one(
            &format!(
                "SELECT {SUMS} FROM ledger_day WHERE node NOT IN (SELECT node FROM conversation)"
            ),
            [],
            totals_of,
        )
    }

    /// By year and month (1 to 12) of UTC, the newest first.
    pub fn totals_by_month(&self) -> Result<Vec<((i32, u32), Totals)>> {
        self.all(
            &format!(
                "SELECT CAST(strftime('%Y', day * 86400, 'unixepoch') AS INTEGER) AS year,
                        CAST(strftime('%m', day * 86400, 'unixepoch') AS INTEGER) AS month, {SUMS}
                 FROM (SELECT day, {SUMS} FROM ledger_day GROUP BY day)
                 GROUP BY year, month ORDER BY year DESC, month DESC"
            ),
            [],
            |row| Ok(((row.get("year")?, row.get("month")?), totals_of(row)?)),
        )
    }
}

fn totals_of(row: &Row<'_>) -> rusqlite::Result<Totals> {
    Ok(Totals {
        sent: row.take("sent")?,
        postage_sent: row.take("postage_sent")?,
        fees: row.take("fees")?,
        received: row.take("received")?,
        postage_received: row.take("postage_received")?,
        refunds_sent: row.take("refunds_sent")?,
        refunds_received: row.take("refunds_received")?,
        returned_to_us: row.take("returned_to_us")?,
        returned_by_us: row.take("returned_by_us")?,
        messages_sent: row.take("messages_sent")?,
        messages_received: row.take("messages_received")?,
    })
}

const SUMS: &str = "
    coalesce(sum(sent), 0) AS sent, coalesce(sum(postage_sent), 0) AS postage_sent, coalesce(sum(fees), 0) AS fees,
    coalesce(sum(received), 0) AS received, coalesce(sum(postage_received), 0) AS postage_received,
    coalesce(sum(refunds_sent), 0) AS refunds_sent, coalesce(sum(refunds_received), 0) AS refunds_received,
    coalesce(sum(returned_to_us), 0) AS returned_to_us, coalesce(sum(returned_by_us), 0) AS returned_by_us,
    coalesce(sum(messages_sent), 0) AS messages_sent, coalesce(sum(messages_received), 0) AS messages_received";

#[cfg(test)]
mod tests;
