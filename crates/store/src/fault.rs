//! Why nothing can be written now. Whoever asked for something hears of it as an error; this is for those who tell the user.

use rusqlite::ErrorCode;
use tokio::sync::watch;

use crate::StoreError;

/// What is wrong with the file or its disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full.
    Full,
    /// The disk or the file may not be written to.
    ReadOnly,
    /// What is in the file cannot be right. In the words of the database.
    Damaged(String),
    /// It fails in another way. In the words of the database.
    Fails(String),
}

impl Fault {
    /// `None` for an error that only concerns what was asked for.
    pub(crate) fn of(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Sqlite(error) => Self::of_sqlite(error),
            StoreError::Corrupt(words) => Some(Self::Damaged(words.clone())),
            StoreError::File(error) => Some(Self::Fails(error.to_string())),
            _ => None,
        }
    }

    pub(crate) fn of_sqlite(error: &rusqlite::Error) -> Option<Self> {
        match error.sqlite_error_code()? {
            ErrorCode::DiskFull => Some(Self::Full),
            ErrorCode::ReadOnly => Some(Self::ReadOnly),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Some(Self::Damaged(error.to_string()))
            }
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::FileLockingProtocolFailed => Some(Self::Fails(error.to_string())),
            _ => None,
        }
    }
}

/// The fault of this moment, for whoever watches. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(watch::Sender<Option<Fault>>);

impl Faults {
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Fault>> {
        self.0.subscribe()
    }

    /// Something failed.
    pub(crate) fn note(&self, fault: Option<Fault>) {
        if fault.is_some() {
            self.change(fault);
        }
    }

    /// Something was written. Damage does not go away by that.
    pub(crate) fn written(&self) {
        if !matches!(*self.0.borrow(), Some(Fault::Damaged(_))) {
            self.change(None);
        }
    }

    fn change(&self, fault: Option<Fault>) {
        self.0.send_if_modified(|old| {
            let differs = *old != fault;
            *old = fault;
            differs
        });
    }
}
