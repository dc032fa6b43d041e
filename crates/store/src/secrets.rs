//! Table `secret`: what other secrets are derived from.

use rusqlite::params;

use crate::Result;
use crate::tx::Tx;

impl Tx<'_> {
    /// The secret of this name: the one that is stored, or `new`, which is stored then.
    pub fn secret_or(&self, name: &str, new: [u8; 32]) -> Result<[u8; 32]> {
        self.change(
            "INSERT INTO secret(name, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, new],
        )?;
        self.one(
            "SELECT bytes FROM secret WHERE name = ?1",
            params![name],
            |row| row.get("bytes"),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[test]
    fn a_secret_stays_what_it_was_first() {
        let world = World::new();
        assert_eq!(world.write(|tx| tx.secret_or("a", [1; 32])), [1; 32]);
        assert_eq!(world.write(|tx| tx.secret_or("a", [2; 32])), [1; 32]);
        assert_eq!(world.write(|tx| tx.secret_or("b", [3; 32])), [3; 32]);
    }
}
