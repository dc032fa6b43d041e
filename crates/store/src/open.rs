//! Connections to the encrypted file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::key::DatabaseKey;
use crate::migrate::{SCRIPTS, migrate};
use crate::{Result, StoreError, words};

/// The connection that writes, on a file of this program's version; makes the file when there is none.
pub(crate) fn writer(path: &Path, key: &DatabaseKey) -> Result<Connection> {
    match fs::metadata(path) {
        Ok(_) => look(path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => create(path, key)?,
        Err(error) => return Err(error.into()),
    }
    for suffix in ["", "-wal", "-shm"] {
        keep_private(&beside(path, suffix))?;
    }
    let mut connection = connect(path, key, OpenFlags::empty())?;
    prepare(&connection)?;
    migrate(&mut connection, SCRIPTS)?;
    Ok(connection)
}

/// Only the user can read it. SQLite makes the files beside a database with the database's own mode.
fn keep_private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        match fs::metadata(path) {
            Ok(found) if found.permissions().mode() & 0o777 != 0o600 => {
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// A connection that can only read.
pub(crate) fn reader(path: &Path, key: &DatabaseKey) -> Result<Connection> {
    let connection = connect(path, key, OpenFlags::empty())?;
    prepare(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Makes the file under another name and renames it when it is whole: a crash leaves no half a database behind.
fn create(path: &Path, key: &DatabaseKey) -> Result<()> {
    let draft = beside(path, ".new");
    for name in [
        draft.clone(),
        beside(&draft, "-wal"),
        beside(&draft, "-shm"),
    ] {
        match fs::remove_file(name) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    // The log of a lost database would be played back into the new one.
    for suffix in ["-wal", "-shm"] {
        let left = beside(path, suffix);
        match fs::rename(&left, beside(&left, ".lost")) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    File::create(&draft)?;
    keep_private(&draft)?;
    let mut connection = connect(&draft, key, OpenFlags::empty())?;
    prepare(&connection)?;
    migrate(&mut connection, SCRIPTS)?;
    // Closing the last connection moves the log into the file.
    connection.close().map_err(|(_, error)| error)?;
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, path)?;
    #[cfg(unix)]
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What can be said of a file without its key. A database that was made by [`create`] is never empty or shorter than a
/// page, so such a file is a loss. SQLite would take it for a new database and write over it.
fn look(path: &Path) -> Result<()> {
    let length = fs::metadata(path)?.len();
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    if length == 0 {
        return Err(StoreError::Corrupt("the file is empty".into()));
    }
    if head == b"SQLite format 3\0" {
        return Err(StoreError::Corrupt("the file is not encrypted".into()));
    }
    if length < PAGE {
        return Err(StoreError::Corrupt("the file is cut off".into()));
    }
    Ok(())
}

/// SQLCipher's keying touches state of the whole process: two at once were seen to fail.
static KEYING: Mutex<()> = Mutex::new(());

/// An unlocked connection. Nothing has been written when this fails.
fn connect(path: &Path, key: &DatabaseKey, extra: OpenFlags) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | extra;
    let _alone = KEYING.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&key.pragma())?;
    // SQLCipher would write to the standard error what it returns as an error anyway.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    // A plain SQLite would take the key for an unknown pragma, ignore it, and write in clear.
    let cipher: Option<String> = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .ok();
    if cipher.is_none() {
        return Err(StoreError::Unencrypted);
    }
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StoreError::WrongKey,
            _ => error.into(),
        })?;
    Ok(connection)
}

/// The settings of every connection, and the function that the triggers call.
pub(crate) fn prepare(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -16384;
         PRAGMA busy_timeout = 5000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.create_scalar_function(
        "fts_norm",
        1,
        FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS,
        |context| Ok(words::indexed(context.get_raw(0).as_str()?).into_owned()),
    )?;
    Ok(())
}

/// What SQLCipher reads and writes at once.
const PAGE: u64 = 4096;

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
