//! Table `cursor`: how far the node's lists have been read.

use domain::PaymentHash;
use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// How far the node's invoices have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvoicePlace {
    /// The last add index whose effects, and those of all before it, are stored.
    pub added: u64,
    /// The same for the settle index.
    pub settled: u64,
    /// The invoice at `added`, as far as it was noted: another one there belongs to another list.
    pub hash: Option<PaymentHash>,
}

impl Reader<'_> {
    /// Where the invoices have been read to; `None` before the first.
    pub fn invoice_cursor(&self) -> Result<Option<InvoicePlace>> {
        self.first(
            "SELECT added, settled, hash FROM cursor WHERE name = 'invoices'",
            [],
            |row| {
                Ok(InvoicePlace {
                    added: row.take("added")?,
                    settled: row.take("settled")?,
                    hash: row.take("hash")?,
                })
            },
        )
    }
}

impl Tx<'_> {
    /// All invoices up to this one are stored: called in the transaction of the effect. Never goes back.
    pub fn advance_added(&self, add: u64, hash: Option<PaymentHash>) -> Result<()> {
        self.change(
            "INSERT INTO cursor(name, added, settled, hash) VALUES ('invoices', ?1, 0, ?2)
             ON CONFLICT (name) DO UPDATE SET added = excluded.added, hash = excluded.hash
             WHERE excluded.added > added OR (excluded.added = added AND excluded.hash IS NOT NULL)",
            params![S(add), S(hash)],
        )?;
        Ok(())
    }

    /// All settlements up to this one are stored. Never goes back.
    pub fn advance_settled(&self, settle: u64) -> Result<()> {
        self.change(
            "INSERT INTO cursor(name, added, settled) VALUES ('invoices', 0, ?1)
             ON CONFLICT (name) DO UPDATE SET settled = max(settled, excluded.settled)",
            params![S(settle)],
        )?;
        Ok(())
    }

    /// The node has another list of invoices than before: it is read from its beginning.
    pub fn reset_invoice_cursor(&self) -> Result<()> {
        self.change(
            "UPDATE cursor SET added = 0, settled = 0, hash = NULL WHERE name = 'invoices'",
            [],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::PaymentHash;

    use super::InvoicePlace;
    use crate::StoreError;
    use crate::testing::World;

    #[test]
    fn a_cursor_goes_back_only_when_the_list_is_another() {
        let world = World::new();
        assert_eq!(world.read(|db| db.invoice_cursor()), None);
        for (add, settle) in [(5, 2), (3, 9), (4, 4)] {
            let hash = PaymentHash([u8::try_from(add).unwrap(); 32]);
            world.write(move |tx| {
                tx.advance_added(add, Some(hash))?;
                tx.advance_settled(settle)
            });
        }
        let place = InvoicePlace {
            added: 5,
            settled: 9,
            hash: Some(PaymentHash([5; 32])),
        };
        assert_eq!(world.read(|db| db.invoice_cursor()), Some(place));
        let too_far = world.try_write(|tx| tx.advance_added(u64::MAX, None));
        assert!(
            matches!(too_far, Err(StoreError::Constraint(_))),
            "{too_far:?}"
        );
        assert_eq!(world.read(|db| db.invoice_cursor()), Some(place));
        world.write(|tx| tx.reset_invoice_cursor());
        let start = InvoicePlace::default();
        assert_eq!(world.read(|db| db.invoice_cursor()), Some(start));
    }
}
