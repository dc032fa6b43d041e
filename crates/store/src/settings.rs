//! Table `setting`: what the user has set, as text.

use rusqlite::params;

use crate::Result;
use crate::column::Take;
use crate::tx::{Reader, Tx};

impl Reader<'_> {
    /// One setting; `None` when it was never set.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        self.first(
            "SELECT value FROM setting WHERE name = ?1",
            params![name],
            |row| row.take("value"),
        )
    }
}

impl Tx<'_> {
    /// Sets one setting.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        self.change(
            "INSERT INTO setting(name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[test]
    fn a_setting_keeps_its_last_value() {
        let world = World::new();
        assert_eq!(world.read(|db| db.setting("theme")), None);
        world.write(|tx| tx.set_setting("theme", "dark"));
        world.write(|tx| tx.set_setting("theme", "light"));
        assert_eq!(
            world.read(|db| db.setting("theme")).as_deref(),
            Some("light")
        );
    }
}
