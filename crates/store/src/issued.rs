//! Table `issued`: invoices that we gave to contacts and that nothing has been paid to yet.

use domain::{Msat, NodeId, PaymentHash, Preimage, Timestamp};
use rusqlite::{Row, params};

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// An invoice of ours. Stored before the node makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its identity.
    pub hash: PaymentHash,
    /// What settles it.
    pub preimage: Preimage,
    /// The contact that asked for it.
    pub node: NodeId,
    /// What the contact calls its request.
    pub request: [u8; 16],
    /// What it asks for.
    pub amount: Msat,
    /// When it was stored.
    pub created_at: Timestamp,
    /// From then on it cannot be paid, and what was paid to it goes back.
    pub expires_at: Timestamp,
}

impl Reader<'_> {
    /// The invoice with this payment hash.
    pub fn issued(&self, hash: PaymentHash) -> Result<Option<Issued>> {
        self.first(
            &format!("{SELECT} WHERE hash = ?1"),
            params![S(hash)],
            issued_of,
        )
    }

    /// What was given to a contact for this request.
    pub fn issued_for(&self, node: NodeId, request: [u8; 16]) -> Result<Option<Issued>> {
        self.first(
            &format!("{SELECT} WHERE node = ?1 AND request = ?2"),
            params![S(node), request],
            issued_of,
        )
    }

    /// How many invoices a contact has that nothing was paid to.
    pub fn issued_count(&self, node: NodeId) -> Result<u32> {
        self.one(
            "SELECT count(*) AS invoices FROM issued WHERE node = ?1",
            params![S(node)],
            |row| row.take("invoices"),
        )
    }

    /// All of them; those that end first come first.
    pub fn all_issued(&self) -> Result<Vec<Issued>> {
        self.all(&format!("{SELECT} ORDER BY expires_at"), [], issued_of)
    }
}

impl Tx<'_> {
    /// Stores an invoice before it is made.
    ///
    /// # Errors
    /// [`crate::StoreError::Constraint`] when its hash, or the contact's request, is known already.
    pub fn issue(&self, invoice: &Issued) -> Result<()> {
        self.change(
            "INSERT INTO issued(hash, preimage, node, request, amount, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                S(invoice.hash),
                S(&invoice.preimage),
                S(invoice.node),
                invoice.request,
                S(invoice.amount),
                S(invoice.created_at),
                S(invoice.expires_at),
            ],
        )?;
        Ok(())
    }

    /// It has been paid, or can no longer be. `false`: it was not there.
    pub fn close_issued(&self, hash: PaymentHash) -> Result<bool> {
        let closed = self.change("DELETE FROM issued WHERE hash = ?1", params![S(hash)])?;
        Ok(closed == 1)
    }
}

fn issued_of(row: &Row<'_>) -> rusqlite::Result<Issued> {
    Ok(Issued {
        hash: row.take("hash")?,
        preimage: row.take("preimage")?,
        node: row.take("node")?,
        request: row.get("request")?,
        amount: row.take("amount")?,
        created_at: row.take("created_at")?,
        expires_at: row.take("expires_at")?,
    })
}

/// Ends before the condition.
const SELECT: &str =
    "SELECT hash, preimage, node, request, amount, created_at, expires_at FROM issued";

#[cfg(test)]
mod tests;
