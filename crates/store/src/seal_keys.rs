//! Table `seal_key`: the app's own keys, and the cards by which the node vouches for them.

use domain::Timestamp;
use rusqlite::{Row, params};
use zeroize::Zeroizing;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// A seal key of ours with its card.
#[derive(Clone)]
pub struct SealKeyRow {
    /// Counts them; the highest is in use.
    pub number: i64,
    /// The private key, 32 bytes.
    pub secret: Zeroizing<[u8; 32]>,
    /// The signed card as it travels.
    pub card: Vec<u8>,
    /// When the key was made.
    pub made_at: Timestamp,
    /// When its newest card was issued.
    pub issued: Timestamp,
    /// When another took its place.
    pub retired: Option<Timestamp>,
}

impl std::fmt::Debug for SealKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKeyRow({}, secret)", self.number)
    }
}

impl Reader<'_> {
    /// All keys of ours, the one in use first.
    pub fn seal_keys(&self) -> Result<Vec<SealKeyRow>> {
        self.all(
            "SELECT number, secret, card, made_at, issued, retired FROM seal_key
             WHERE number > 0 ORDER BY number DESC",
            [],
            row_of,
        )
    }
}

impl Tx<'_> {
    /// Puts a new key into use; the former ones retire at `made_at`.
    pub fn add_seal_key(&self, secret: &[u8; 32], card: &[u8], made_at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE seal_key SET retired = ?1 WHERE retired IS NULL",
            params![S(made_at)],
        )?;
        self.change(
            "INSERT INTO seal_key(secret, card, made_at, issued) VALUES (?1, ?2, ?3, ?3)",
            params![secret, card, S(made_at)],
        )?;
        Ok(())
    }

    /// A new card for the key in use.
    pub fn renew_card(&self, card: &[u8], issued: Timestamp) -> Result<()> {
        self.change(
            "UPDATE seal_key SET card = ?1, issued = ?2, made_at = min(made_at, ?2) WHERE retired IS NULL",
            params![card, S(issued)],
        )?;
        Ok(())
    }

    /// Deletes a key that has retired: nothing that is sealed to it can be opened any more.
    pub fn forget_seal_key(&self, number: i64) -> Result<()> {
        self.change(
            "DELETE FROM seal_key WHERE number = ?1 AND retired IS NOT NULL",
            params![number],
        )?;
        Ok(())
    }
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<SealKeyRow> {
    Ok(SealKeyRow {
        number: row.take("number")?,
        secret: Zeroizing::new(row.get("secret")?),
        card: row.get("card")?,
        made_at: row.take("made_at")?,
        issued: row.take("issued")?,
        retired: row.take("retired")?,
    })
}

#[cfg(test)]
mod tests;
