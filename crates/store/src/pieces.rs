//! Tables `unfinished` and `piece`: letters of others that come in parts, while parts are missing.

use domain::{MessageId, NodeId, PartSet, Timestamp};
use rusqlite::{Row, params};

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// A part that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPiece {
    /// Whose letter.
    pub sender: NodeId,
    /// Which of theirs.
    pub id: MessageId,
    /// How it was cut.
    pub set: PartSet,
    /// Which part, from 0; below the set's count.
    pub index: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A letter of which parts are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Our row.
    pub number: i64,
    /// How many parts are missing.
    pub missing: u32,
    /// Bytes that are here.
    pub bytes: u64,
}

impl Reader<'_> {
    /// The letters of one sender of which parts are missing, oldest first.
    pub fn unfinished_of(&self, sender: NodeId) -> Result<Vec<Unfinished>> {
        self.all(
            "SELECT number, count, here, held FROM unfinished INDEXED BY unfinished_sender
             WHERE sender = ?1 ORDER BY number",
            params![S(sender)],
            unfinished_of,
        )
    }

    /// Those of everybody whom the user does not know, oldest first.
    pub fn unfinished_of_strangers(&self) -> Result<Vec<Unfinished>> {
        self.all(
            "SELECT number, count, here, held FROM unfinished INDEXED BY unfinished_since
             WHERE NOT EXISTS (SELECT 1 FROM contact WHERE node = sender AND trust = 1)
             ORDER BY since, number",
            [],
            unfinished_of,
        )
    }

    /// The parts that are here of a letter: place and bytes, ascending.
    pub fn pieces(&self, number: i64) -> Result<Vec<(u32, Vec<u8>)>> {
        self.all(
            "SELECT place, bytes FROM piece WHERE unfinished = ?1 ORDER BY place",
            params![number],
            |row| Ok((row.take("place")?, row.get("bytes")?)),
        )
    }
}

impl Tx<'_> {
    /// Keeps a part. The letter that it belongs to; `None` when its place is taken, or there would be more bytes than
    /// the letter has. Either way the letter is waited for anew: its sender is at it.
    pub fn keep_piece(&self, piece: &NewPiece, at: Timestamp) -> Result<Option<Unfinished>> {
        let set = &piece.set;
        self.change(
            "INSERT INTO unfinished(sender, id, count, total, hash, packing, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (sender, id, hash, count, total, packing) DO UPDATE SET since = excluded.since",
            params![
                S(piece.sender),
                S(piece.id),
                S(set.count),
                S(set.total),
                set.hash.as_slice(),
                S(set.packing),
                S(at),
            ],
        )?;
        let kept: Option<i64> = self.first(
            "INSERT INTO piece(unfinished, place, bytes)
             SELECT number, ?7, ?8 FROM unfinished
             WHERE sender = ?1 AND id = ?2 AND count = ?3 AND total = ?4 AND hash = ?5 AND packing = ?6
               AND held + length(?8) <= total
             ON CONFLICT DO NOTHING RETURNING unfinished",
            params![
                S(piece.sender),
                S(piece.id),
                S(set.count),
                S(set.total),
                set.hash.as_slice(),
                S(set.packing),
                S(piece.index),
                piece.bytes.as_slice(),
            ],
            |row| row.get("unfinished"),
        )?;
        let Some(number) = kept else {
            return Ok(None);
        };
        self.first(
            "SELECT number, count, here, held FROM unfinished WHERE number = ?1",
            params![number],
            unfinished_of,
        )
    }

    /// Gives a letter up, or has joined it.
    pub fn drop_unfinished(&self, number: i64) -> Result<()> {
        self.change("DELETE FROM unfinished WHERE number = ?1", params![number])?;
        Ok(())
    }

    /// The letter is here: its parts, however it was cut, are no longer waited for.
    pub fn drop_pieces(&self, sender: NodeId, id: MessageId) -> Result<()> {
        self.change(
            "DELETE FROM unfinished WHERE sender = ?1 AND id = ?2",
            params![S(sender), S(id)],
        )?;
        Ok(())
    }

    /// Gives up letters of which no part has come since this moment. How many.
    pub fn drop_unfinished_before(&self, at: Timestamp) -> Result<usize> {
        self.change("DELETE FROM unfinished WHERE since < ?1", params![S(at)])
    }
}

fn unfinished_of(row: &Row<'_>) -> rusqlite::Result<Unfinished> {
    let (count, here): (u32, u32) = (row.take("count")?, row.take("here")?);
    Ok(Unfinished {
        number: row.get("number")?,
        missing: count.saturating_sub(here),
        bytes: row.take("held")?,
    })
}

#[cfg(test)]
mod tests;
