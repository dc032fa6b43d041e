//! The database without threads, for simulations. Each closure runs where it is asked for, in a transaction of its own;
//! the simulation says when, and may let the program die before it or after it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::tx::{Reader, Tx};
use crate::{DatabaseKey, Result, StoreError, open};

/// What is waited for before and after each piece of work.
pub type Pace = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// One connection that does everything.
pub(super) struct Stepped {
    connection: Mutex<Option<Connection>>,
    pace: Pace,
}

impl Stepped {
    pub(super) fn open(path: &std::path::Path, key: &DatabaseKey, pace: Pace) -> Result<Self> {
        let connection = open::writer(path, key)?;
        connection.execute_batch("PRAGMA synchronous = OFF")?;
        Ok(Self {
            connection: Mutex::new(Some(connection)),
            pace,
        })
    }

    pub(super) async fn write<T>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        (self.pace)().await;
        let result = self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = f(&Tx::new(&transaction))?;
            transaction
                .commit()
                .map_err(|error| StoreError::NotCommitted(error.to_string()))?;
            Ok(value)
        });
        (self.pace)().await;
        result
    }

    pub(super) async fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
        (self.pace)().await;
        let result = self.with(|connection| f(&Reader::new(connection)));
        (self.pace)().await;
        result
    }

    /// The next one that opens the file finds what was committed.
    pub(super) fn close(&self) {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(connection.as_mut().ok_or(StoreError::Closed)?)
    }
}
