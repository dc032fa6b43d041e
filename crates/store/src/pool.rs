//! Who works on the database: one thread that writes and two that read, each with a connection of its own.
//!
//! The writer takes whatever waits into one transaction, each closure inside a savepoint of its own, and acknowledges
//! all of them after the one commit. So a closure that fails takes back only what it did itself, a hundred messages at
//! once cost one write to the disk, and nothing is acknowledged that a power cut could take away.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::tx::{Reader, Tx};
use crate::{DatabaseKey, Result, StoreError, open};

mod writer;

/// A profile's database. Clones share it; it closes by itself after the last one is gone.
#[derive(Clone)]
pub struct Store {
    writes: mpsc::Sender<writer::Order>,
    reads: mpsc::Sender<ReadOrder>,
}

enum ReadOrder {
    Run(Box<dyn FnOnce(&Connection) + Send>),
    Close(oneshot::Sender<()>),
}

impl Store {
    /// Opens the database, makes it when there is no file, and brings an older one to this program's version. Blocks
    /// for some ten milliseconds; the caller makes sure that no other process does the same.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::Newer`], [`StoreError::Corrupt`], or when the file cannot be read or
    /// written. A file that could not be opened is unchanged.
    pub fn open(path: &Path, key: &DatabaseKey) -> Result<Self, StoreError> {
        let connection = open::writer(path, key)?;
        let readers: Vec<Connection> =
            (0..READERS).map(|_| open::reader(path, key)).collect::<Result<_>>()?;

        let (writes, orders) = mpsc::channel(WAITING);
        spawn("store-writer", move || writer::run(connection, orders))?;
        let (reads, orders) = mpsc::channel(WAITING);
        let orders = Arc::new(Mutex::new(orders));
        for connection in readers {
            let orders = Arc::clone(&orders);
            spawn("store-reader", move || read(connection, &orders))?;
        }
        Ok(Self { writes, reads })
    }

    /// Runs `f` in a transaction and returns after it is on the disk. When `f` returns an error, all that it did is
    /// taken back. `f` runs to its end even when the caller does not wait for it.
    ///
    /// # Errors
    /// What `f` returned, [`StoreError::NotCommitted`] when it could not be stored, or [`StoreError::Closed`].
    pub async fn write<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let order = writer::Order::Run(Box::new(writer::Job { f, reply }));
        self.writes.send(order).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `f` on a snapshot of what is stored.
    ///
    /// # Errors
    /// What `f` returned, or [`StoreError::Closed`].
    pub async fn read<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let run = move |connection: &Connection| {
            // Nobody waits any more, for example because the next letter was typed into the search.
            if reply.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(|| snapshot(connection, f)))
                .unwrap_or(Err(StoreError::Panicked));
            let _ = reply.send(result);
        };
        let order = ReadOrder::Run(Box::new(run));
        self.reads.send(order).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what waits, moves the log into the file and closes it. Everything after that gets
    /// [`StoreError::Closed`], except another close, which is fine.
    ///
    /// # Errors
    /// When the last writing to the file failed; what was acknowledged is safe in the log.
    pub async fn close(&self) -> Result<(), StoreError> {
        for _ in 0..READERS {
            let (reply, answer) = oneshot::channel();
            if self.reads.send(ReadOrder::Close(reply)).await.is_ok() {
                let _ = answer.await;
            }
        }
        let (reply, answer) = oneshot::channel();
        match self.writes.send(writer::Order::Close(reply)).await {
            Ok(()) => answer.await.unwrap_or(Ok(())),
            Err(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(…)")
    }
}

/// A reader's life. The readers share one queue; whoever is free takes the next.
fn read(connection: Connection, orders: &Mutex<mpsc::Receiver<ReadOrder>>) {
    loop {
        let order = orders.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match order {
            Some(ReadOrder::Run(run)) => run(&connection),
            Some(ReadOrder::Close(reply)) => {
                drop(connection);
                let _ = reply.send(());
                return;
            }
            None => return,
        }
    }
}

/// Several questions of one closure see the same state.
fn snapshot<T>(
    connection: &Connection,
    f: impl FnOnce(&Reader<'_>) -> Result<T>,
) -> Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let result = f(&Reader::new(connection));
    transaction.finish()?;
    result
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name.into()).spawn(run)?;
    Ok(())
}

/// So many can read at the same time; reading does not wait for writing.
const READERS: usize = 2;
/// Closures that may wait; whoever comes then waits outside.
const WAITING: usize = 1024;

#[cfg(test)]
mod tests;
