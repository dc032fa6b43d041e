//! Tables `heard` and `asking`: which letters of a contact are here, by their numbers, and what is asked for.

use std::time::Duration;

use domain::{DeliveryState, NodeId, Timestamp, Trust};
use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// So many holes are known of one contact; of more, the oldest are given up.
const HOLES: usize = 63;
/// What is missing may still be on its way for so long.
const FIRST: Duration = Duration::from_secs(60);
/// And this long until it is asked for once more; after the last of them it is given up.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(11 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(6 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];
/// No number is higher.
const HIGHEST: u64 = i64::MAX.unsigned_abs();

/// Numbers of letters, both ends included.
pub type Range = (u64, u64);

impl Reader<'_> {
    /// The number of the last letter to this node before `number` that was not taken back; 0 when there is none.
    pub fn number_before(&self, to: NodeId, number: u64) -> Result<u64> {
        let before: Option<u64> = self.first(
            "SELECT sequence FROM delivery WHERE recipient = ?1 AND sequence < ?2 AND state <> ?3
             ORDER BY sequence DESC LIMIT 1",
            params![S(to), S(number.min(HIGHEST)), S(DeliveryState::Cancelled)],
            |row| row.take("sequence"),
        )?;
        Ok(before.unwrap_or(0))
    }

    /// Numbers of a contact's letters that are missing here, ascending.
    pub fn missing(&self, of: NodeId) -> Result<Vec<Range>> {
        let here = self.heard(of)?;
        let named: Option<u64> = self.first(
            "SELECT named FROM asking WHERE node = ?1",
            params![S(of)],
            |row| row.take("named"),
        )?;
        let mut missing: Vec<Range> = here
            .windows(2)
            .filter_map(|pair| match pair {
                [(_, last), (first, _)] => Some((last.saturating_add(1), first.saturating_sub(1))),
                _ => None,
            })
            .collect();
        let last = here.last().map_or(0, |(_, last)| *last);
        if let Some(named) = named.filter(|named| *named > last) {
            missing.push((last.saturating_add(1), named));
        }
        Ok(missing)
    }

    /// Known contacts who are to be asked now for what is missing of theirs.
    pub fn to_be_asked(&self, now: Timestamp) -> Result<Vec<NodeId>> {
        self.all(
            "SELECT a.node FROM asking a JOIN contact c ON c.node = a.node
             WHERE a.ask_at <= ?1 AND c.trust = ?2 ORDER BY a.ask_at LIMIT 100",
            params![S(now), S(Trust::Known)],
            |row| row.take("node"),
        )
    }

    fn heard(&self, of: NodeId) -> Result<Vec<Range>> {
        self.all(
            "SELECT first, last FROM heard WHERE node = ?1 ORDER BY first",
            params![S(of)],
            |row| Ok((row.take("first")?, row.take("last")?)),
        )
    }
}

impl Tx<'_> {
    /// A letter of this contact is here, which has this number and follows the one with number `after`; `number` 0: it has
    /// none, and `after` is the last one.
    pub fn hear_number(&self, of: NodeId, after: u64, number: u64, now: Timestamp) -> Result<()> {
        self.mark_heard(of, 0, 0)?;
        let before = self.missing(of)?;
        let last = self.heard(of)?.last().map_or(0, |(_, last)| *last);
        if number > 0 {
            self.mark_heard(of, after.saturating_add(1).min(number), number)?;
        } else if after > last {
            self.name(of, after, now)?;
        }
        let missing = self.missing(of)?;
        if missing.is_empty() {
            self.change("DELETE FROM asking WHERE node = ?1", params![S(of)])?;
        } else if missing != before {
            self.name(of, 0, now)?;
            if number > 0 && number <= last {
                // One of those that were missing came: the others may come too.
                self.change(
                    "UPDATE asking SET tries = 1, ask_at = min(ask_at, ?2) WHERE node = ?1 AND tries > 0",
                    params![S(of), S(now.plus(PAUSES[0]))],
                )?;
            }
        }
        Ok(())
    }

    /// Everything that is missing of this contact is asked for now, and whatever came after that: somebody was let in, of
    /// whom letters may have been refused unread.
    pub(crate) fn ask_for_all(&self, of: NodeId) -> Result<()> {
        self.change(
            "INSERT INTO asking(node, tries, ask_at, named) SELECT ?1, 0, 0, ?2
             WHERE EXISTS (SELECT 1 FROM heard WHERE node = ?1)
             ON CONFLICT (node) DO UPDATE SET tries = 0, ask_at = 0, named = excluded.named",
            params![S(of), S(HIGHEST)],
        )?;
        Ok(())
    }

    /// What is missing is being asked for. After the last time it is given up.
    pub fn asked(&self, of: NodeId, now: Timestamp) -> Result<()> {
        let tries: Option<u32> = self.first(
            "UPDATE asking SET tries = tries + 1 WHERE node = ?1 RETURNING tries",
            params![S(of)],
            |row| row.take("tries"),
        )?;
        let tries = tries.and_then(|tries| usize::try_from(tries).ok());
        let pause = tries.and_then(|tries| PAUSES.get(tries.checked_sub(1)?));
        if let Some(pause) = pause {
            self.change(
                "UPDATE asking SET ask_at = ?2 WHERE node = ?1",
                params![S(of), S(now.plus(*pause))],
            )?;
            return Ok(());
        }
        let last = self.heard(of)?.last().map_or(0, |(_, last)| *last);
        self.mark_heard(of, 0, last)?;
        self.change("DELETE FROM asking WHERE node = ?1", params![S(of)])?;
        Ok(())
    }

    fn name(&self, of: NodeId, number: u64, now: Timestamp) -> Result<()> {
        self.change(
            "INSERT INTO asking(node, ask_at, named) VALUES (?1, ?2, ?3)
             ON CONFLICT (node) DO UPDATE SET named = max(named, excluded.named)",
            params![S(of), S(now.plus(FIRST)), S(number)],
        )?;
        Ok(())
    }

    fn mark_heard(&self, of: NodeId, first: u64, last: u64) -> Result<()> {
        // Those that it touches become one with it.
        let touched: Vec<Range> = self.all(
            "DELETE FROM heard WHERE node = ?1 AND first <= ?3 + 1 AND last >= ?2 - 1 RETURNING first, last",
            params![S(of), S(first), S(last)],
            |row| Ok((row.take("first")?, row.take("last")?)),
        )?;
        let first = touched
            .iter()
            .map(|(first, _)| *first)
            .fold(first, u64::min);
        let last = touched.iter().map(|(_, last)| *last).fold(last, u64::max);
        self.change(
            "INSERT INTO heard(node, first, last) VALUES (?1, ?2, ?3)",
            params![S(of), S(first), S(last)],
        )?;
        let all = self.heard(of)?;
        if let [(low, _), (_, high), ..] = all[..]
            && all.len() > HOLES.saturating_add(1)
        {
            self.mark_heard(of, low, high)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
