//! From any older version of the database to this program's.

use rusqlite::Connection;

use crate::{Result, StoreError};

/// One script per version; the first makes version 1. None is ever changed after a release.
pub(crate) const SCRIPTS: &[&str] = &[
    include_str!("../schema/001_first.sql"),
    include_str!("../schema/002_waiting.sql"),
    include_str!("../schema/003_order.sql"),
    include_str!("../schema/004_free.sql"),
    include_str!("../schema/005_parts.sql"),
    include_str!("../schema/006_amendments.sql"),
    include_str!("../schema/007_invoices.sql"),
    include_str!("../schema/008_repeats.sql"),
    include_str!("../schema/009_lost.sql"),
    include_str!("../schema/010_storing_order.sql"),
    include_str!("../schema/011_seen.sql"),
    include_str!("../schema/012_tries.sql"),
    include_str!("../schema/013_numbers.sql"),
    include_str!("../schema/014_strangers.sql"),
    include_str!("../schema/015_trust.sql"),
    include_str!("../schema/016_apps.sql"),
    include_str!("../schema/017_tried.sql"),
    include_str!("../schema/018_hints.sql"),
];

/// Applies the scripts that the file has not seen, each in one transaction with its version number.
///
/// # Errors
/// [`StoreError::Newer`] when a newer program has used the file, before anything is changed;
/// [`StoreError::Corrupt`] when it is some other program's.
pub(crate) fn migrate(connection: &mut Connection, scripts: &[&str]) -> Result<()> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let known = i64::try_from(scripts.len()).unwrap_or(i64::MAX);
    if found != 0 && application != APPLICATION {
        return Err(StoreError::Corrupt("it belongs to another program".into()));
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let first = usize::try_from(found)
        .map_err(|_| StoreError::Corrupt(format!("its version is {found}")))?;
    for (version, script) in (1_i64..).zip(scripts).skip(first) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        tracing::info!(version, "database migrated");
    }
    Ok(())
}

/// "HELI", as the first script writes it.
const APPLICATION: i64 = 1_212_501_065;

#[cfg(test)]
mod tests;
