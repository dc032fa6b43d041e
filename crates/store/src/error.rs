//! What can go wrong with the database.

use rusqlite::ErrorCode;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not open the file. A file that is damaged at its beginning, or is no database of ours, looks the
    /// same: never answer this by making a new key or a new file.
    #[error("the key does not open the database, or the file is damaged")]
    WrongKey,
    /// There is no file where one was expected.
    #[error("the file of the messages is missing")]
    Missing,
    /// A newer program has used the file.
    #[error("the database has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The file's version.
        found: i64,
        /// The last version that this program knows.
        known: i64,
    },
    /// It would break a rule that the database keeps: an unknown contact, an amount out of range, a refused removal.
    #[error("not possible: {0}")]
    Constraint(String),
    /// SQLite refused or failed, for example for want of space.
    #[error("database: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The transaction could not be completed: nothing of it was stored.
    #[error("not stored: {0}")]
    NotCommitted(String),
    /// The closure panicked: nothing of it was stored.
    #[error("a question to the database panicked")]
    Panicked,
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// What is in the file cannot be right.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// This program was linked with an SQLite that cannot encrypt; nothing was written.
    #[error("SQLite was built without encryption")]
    Unencrypted,
    /// The file or its folder could not be read or written.
    #[error("database file: {0}")]
    File(#[from] std::io::Error),
}

impl StoreError {
    /// Whether it only concerns what was asked for: everything else can still be read and written.
    #[must_use]
    pub const fn is_of_what_was_asked(&self) -> bool {
        matches!(
            self,
            Self::Constraint(_) | Self::Panicked | Self::Corrupt(_)
        )
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match error {
            E::SqliteFailure(code, message) if code.code == ErrorCode::ConstraintViolation => {
                Self::Constraint(message.unwrap_or_else(|| code.to_string()))
            }
            E::SqliteFailure(code, message) if code.code == ErrorCode::DatabaseCorrupt => {
                Self::Corrupt(message.unwrap_or_else(|| code.to_string()))
            }
            E::ToSqlConversionFailure(why) => Self::Constraint(why.to_string()),
            E::FromSqlConversionFailure(..)
            | E::InvalidColumnType(..)
            | E::IntegralValueOutOfRange(..) => Self::Corrupt(error.to_string()),
            other => Self::Sqlite(other),
        }
    }
}
