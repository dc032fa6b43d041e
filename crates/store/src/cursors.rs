//! Table `cursor`: how far the node's lists have been read.

use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

impl Reader<'_> {
    /// The last add index and settle index whose effects are stored; `None` before the first.
    pub fn invoice_cursor(&self) -> Result<Option<(u64, u64)>> {
        self.first(
            "SELECT added, settled FROM cursor WHERE name = 'invoices'",
            [],
            |row| Ok((row.take("added")?, row.take("settled")?)),
        )
    }
}

impl Tx<'_> {
    /// Moves the cursor forward, in the transaction of the effect; each half stays where it is rather than going back.
    pub fn advance_invoice_cursor(&self, add: u64, settle: u64) -> Result<()> {
        self.change(
            "INSERT INTO cursor(name, added, settled) VALUES ('invoices', ?1, ?2)
             ON CONFLICT (name) DO UPDATE SET
               added = max(added, excluded.added), settled = max(settled, excluded.settled)",
            params![S(add), S(settle)],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::StoreError;
    use crate::testing::World;

    #[test]
    fn a_cursor_never_goes_back() {
        let world = World::new();
        assert_eq!(world.read(|db| db.invoice_cursor()), None);
        for (add, settle) in [(5, 2), (3, 9), (4, 4)] {
            world.write(move |tx| tx.advance_invoice_cursor(add, settle));
        }
        assert_eq!(world.read(|db| db.invoice_cursor()), Some((5, 9)));
        let too_far = world.try_write(|tx| tx.advance_invoice_cursor(u64::MAX, 0));
        assert!(
            matches!(too_far, Err(StoreError::Constraint(_))),
            "{too_far:?}"
        );
        assert_eq!(world.read(|db| db.invoice_cursor()), Some((5, 9)));
    }
}
