//! Table `cut`: messages of ours that go by several payments, as they were cut.

use domain::{MessageKey, Packing, PartSet};
use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// A message in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How their bytes were made.
    pub packing: Packing,
    /// SHA-256 of all bytes.
    pub hash: [u8; 32],
    /// Bytes of each part but the last; at least 1.
    pub each: u32,
    /// The bytes of all parts, one after the other.
    pub bytes: Vec<u8>,
}

impl Cut {
    /// What all parts have in common.
    #[must_use]
    pub fn set(&self) -> PartSet {
        let total = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        PartSet {
            count: total.div_ceil(self.each.max(1)),
            total,
            hash: self.hash,
            packing: self.packing,
        }
    }

    /// The bytes of one part, counted from 0; `None` when there are not so many.
    #[must_use]
    pub fn part(&self, index: u32) -> Option<&[u8]> {
        let each = usize::try_from(self.each.max(1)).ok()?;
        self.bytes.chunks(each).nth(usize::try_from(index).ok()?)
    }
}

impl Reader<'_> {
    /// How a message was cut; `None` when it was not, or has arrived.
    pub fn cut(&self, key: MessageKey) -> Result<Option<Cut>> {
        self.first(
            "SELECT packing, hash, each, bytes FROM cut WHERE message = ?1",
            params![S(key)],
            |row| {
                Ok(Cut {
                    packing: row.take("packing")?,
                    hash: row.get("hash")?,
                    each: row.take("each")?,
                    bytes: row.get("bytes")?,
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Stores how a message is cut. `false`: it was cut before, and that stays.
    pub fn store_cut(&self, key: MessageKey, cut: &Cut) -> Result<bool> {
        let stored = self.change(
            "INSERT INTO cut(message, packing, hash, each, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (message) DO NOTHING",
            params![
                S(key),
                S(cut.packing),
                cut.hash.as_slice(),
                S(cut.each),
                cut.bytes.as_slice()
            ],
        )?;
        Ok(stored == 1)
    }
}

#[cfg(test)]
mod tests;
