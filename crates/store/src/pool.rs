//! Who works on the database: one thread that writes and two that read, each with a connection of its own.
//!
//! The writer takes whatever waits into one transaction, each closure inside a savepoint of its own, and acknowledges
//! all of them after the one commit. So a closure that fails takes back only what it did itself, a hundred messages at
//! once cost one write to the disk, and nothing is acknowledged that a power cut could take away.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::fault::{Fault, Faults};
use crate::tx::{Reader, Tx};
use crate::{DatabaseKey, Result, StoreError, open};

#[cfg(feature = "stepped")]
mod stepped;
mod writer;

#[cfg(feature = "stepped")]
pub use stepped::Pace;

/// A profile's database. Clones share it. The last one that goes closes it, and waits until that is done.
#[derive(Clone)]
pub struct Store {
    threads: Arc<Threads>,
    faults: Faults,
    /// In a simulation there are no threads: what is asked for is done where it is asked for.
    #[cfg(feature = "stepped")]
    stepped: Option<Arc<stepped::Stepped>>,
}

/// The working threads and the way to them.
struct Threads {
    writes: Option<mpsc::Sender<writer::Order>>,
    reads: Option<mpsc::Sender<ReadOrder>>,
    /// The writer's first.
    handles: Vec<JoinHandle<()>>,
}

/// Waits for the thread that works. A paused clock does not see our threads and would run ahead of them; it does see
/// blocking tasks, so one stands in for the work.
async fn waited<T>(
    answer: oneshot::Receiver<T>,
) -> std::result::Result<T, oneshot::error::RecvError> {
    #[cfg(feature = "paused-clock")]
    let _until_answered = {
        let (until_answered, over) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || over.recv());
        until_answered
    };
    answer.await
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
        let readers: Vec<Connection> = (0..READERS)
            .map(|_| open::reader(path, key))
            .collect::<Result<_>>()?;

        let faults = Faults::default();
        let (writes, write_orders) = mpsc::channel(WAITING);
        let (reads, read_orders) = mpsc::channel(WAITING);
        let mut threads = Threads {
            writes: Some(writes),
            reads: Some(reads),
            handles: Vec::new(),
        };
        let noted = faults.clone();
        threads.spawn("store-writer", move || {
            writer::run(connection, write_orders, &noted);
        })?;
        let orders = Arc::new(Mutex::new(read_orders));
        for connection in readers {
            let orders = Arc::clone(&orders);
            threads.spawn("store-reader", move || read(connection, &orders))?;
        }
        Ok(Self {
            threads: Arc::new(threads),
            faults,
            #[cfg(feature = "stepped")]
            stepped: None,
        })
    }

    /// As [`Store::open`], for a database that was made before: a lost one is not replaced by an empty one without a word.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Missing`].
    pub fn open_existing(path: &Path, key: &DatabaseKey) -> Result<Self, StoreError> {
        if path.try_exists()? {
            Self::open(path, key)
        } else {
            Err(StoreError::Missing)
        }
    }

    /// As [`Store::open`], for simulations: everything runs on the caller's thread, step by step, so that the same seed
    /// does the same once more. Nothing is flushed to the disk: it outlives a program, and not the computer.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[cfg(feature = "stepped")]
    pub fn open_stepped(path: &Path, key: &DatabaseKey, pace: Pace) -> Result<Self, StoreError> {
        let stepped = stepped::Stepped::open(path, key, pace)?;
        Ok(Self {
            threads: Arc::new(Threads {
                writes: None,
                reads: None,
                handles: Vec::new(),
            }),
            faults: Faults::default(),
            stepped: Some(Arc::new(stepped)),
        })
    }

    /// Runs statements that no part of the program has: a test makes the disk full, or has the database refuse a row.
    ///
    /// # Errors
    /// What the database says.
    #[cfg(feature = "paused-clock")]
    pub async fn execute_raw(&self, sql: &'static str) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let order = writer::Order::Raw(sql, reply);
        self.threads.write(order).await?;
        waited(answer).await.map_err(|_| StoreError::Closed)?
    }

    /// Why nothing can be written now; `None` while all is well. Once something was written the fault is over, but for damage.
    #[must_use]
    pub fn faults(&self) -> watch::Receiver<Option<Fault>> {
        self.faults.watch()
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
        #[cfg(feature = "stepped")]
        if let Some(stepped) = &self.stepped {
            return stepped.write(f).await;
        }
        let (reply, answer) = oneshot::channel();
        let order = writer::Order::Run(Box::new(writer::Job { f, reply }));
        self.threads.write(order).await?;
        waited(answer).await.map_err(|_| StoreError::Closed)?
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
        #[cfg(feature = "stepped")]
        if let Some(stepped) = &self.stepped {
            return stepped.read(f).await;
        }
        let (reply, answer) = oneshot::channel();
        let faults = self.faults.clone();
        let run = move |connection: &Connection| {
            // Nobody waits any more, for example because the next letter was typed into the search.
            if reply.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(|| snapshot(connection, f)))
                .unwrap_or(Err(StoreError::Panicked));
            faults.note(result.as_ref().err().and_then(Fault::of));
            let _ = reply.send(result);
        };
        let order = ReadOrder::Run(Box::new(run));
        self.threads.read(order).await?;
        waited(answer).await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what waits, moves the log into the file and closes it. Everything after that gets
    /// [`StoreError::Closed`], except another close, which is fine.
    ///
    /// # Errors
    /// When the last writing to the file failed; what was acknowledged is safe in the log.
    pub async fn close(&self) -> Result<(), StoreError> {
        #[cfg(feature = "stepped")]
        if let Some(stepped) = &self.stepped {
            stepped.close();
            return Ok(());
        }
        for _ in 0..READERS {
            let (reply, answer) = oneshot::channel();
            if self.threads.read(ReadOrder::Close(reply)).await.is_ok() {
                let _ = waited(answer).await;
            }
        }
        let (reply, answer) = oneshot::channel();
        match self.threads.write(writer::Order::Close(reply)).await {
            Ok(()) => waited(answer).await.unwrap_or(Ok(())),
            Err(_) => Ok(()),
        }
    }
}

impl Threads {
    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
        self.handles
            .push(thread::Builder::new().name(name.into()).spawn(run)?);
        Ok(())
    }

    async fn write(&self, order: writer::Order) -> Result<()> {
        let writes = self.writes.as_ref().ok_or(StoreError::Closed)?;
        writes.send(order).await.map_err(|_| StoreError::Closed)
    }

    async fn read(&self, order: ReadOrder) -> Result<()> {
        let reads = self.reads.as_ref().ok_or(StoreError::Closed)?;
        reads.send(order).await.map_err(|_| StoreError::Closed)
    }
}

impl Drop for Threads {
    /// The threads end when nobody can ask them any more. They are waited for: the cryptographic library takes itself
    /// down at the end of the process, and a thread that still uses it then would crash. The writer goes last: of
    /// connections that close at the same moment none is the last one, and the log would stay.
    fn drop(&mut self) {
        let readers = self.handles.split_off(self.handles.len().min(1));
        self.reads = None;
        join(readers);
        self.writes = None;
        join(std::mem::take(&mut self.handles));
    }
}

fn join(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        // A closure that carried the last clone is run by one of them.
        if handle.thread().id() != thread::current().id() {
            let _ = handle.join();
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
        let order = orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
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
fn snapshot<T>(connection: &Connection, f: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let result = f(&Reader::new(connection));
    transaction.finish()?;
    result
}

/// So many can read at the same time; reading does not wait for writing.
const READERS: usize = 2;
/// Closures that may wait; whoever comes then waits outside.
const WAITING: usize = 1024;

#[cfg(test)]
mod tests;
