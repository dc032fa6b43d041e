//! The key of the database file.

use std::fmt;
use std::fmt::Write as _;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 random bytes that open one database file. Never shown in `Debug`, erased when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DatabaseKey([u8; 32]);

impl DatabaseKey {
    /// Random bytes, from the caller's source of randomness or from the vault.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The statement that unlocks a connection; a raw key, so that no time is spent on deriving one.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        // As long as the text will be: growing would leave copies of it behind.
        let mut text = Zeroizing::new(String::with_capacity(96));
        text.push_str("PRAGMA key = \"x'");
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        text.push_str("'\";");
        text
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_printed() {
        let key = DatabaseKey::new([0xcd; 32]);
        assert!(!format!("{key:?} {:?}", Some(&key)).contains("cd"));
        assert_eq!(
            *key.pragma(),
            format!("PRAGMA key = \"x'{}'\";", "cd".repeat(32))
        );
    }
}
