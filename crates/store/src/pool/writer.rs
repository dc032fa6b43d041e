//! The thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::fault::{Fault, Faults};
use crate::tx::Tx;
use crate::{Result, StoreError};

/// What the writer is asked to do.
pub(crate) enum Order {
    Run(Box<dyn Write>),
    Close(oneshot::Sender<Result<()>>),
    #[cfg(feature = "paused-clock")]
    Raw(&'static str, oneshot::Sender<Result<()>>),
}

/// A closure and who waits for it.
pub(crate) struct Job<F, T> {
    pub(crate) f: F,
    pub(crate) reply: oneshot::Sender<Result<T>>,
}

/// A job, whatever it returns.
pub(crate) trait Write: Send {
    fn run(self: Box<Self>, tx: &Tx<'_>) -> Done;
    fn refuse(self: Box<Self>, error: StoreError);
}

/// A job that ran and whose caller still waits.
pub(crate) struct Done {
    keep: bool,
    fault: Option<Fault>,
    acknowledge: Box<dyn FnOnce(Result<()>)>,
}

impl<T, F> Write for Job<F, T>
where
    F: FnOnce(&Tx<'_>) -> Result<T> + Send,
    T: Send + 'static,
{
    fn run(self: Box<Self>, tx: &Tx<'_>) -> Done {
        let Self { f, reply } = *self;
        let result = catch_unwind(AssertUnwindSafe(|| f(tx))).unwrap_or(Err(StoreError::Panicked));
        Done {
            keep: result.is_ok(),
            fault: result.as_ref().err().and_then(Fault::of),
            acknowledge: Box::new(move |stored| {
                let _ = reply.send(result.and_then(|value| stored.map(|()| value)));
            }),
        }
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }
}

/// The writer's life.
pub(crate) fn run(mut connection: Connection, mut orders: mpsc::Receiver<Order>, faults: &Faults) {
    let mut commits = 0_u32;
    let close = loop {
        let first = match orders.blocking_recv() {
            Some(Order::Run(first)) => first,
            #[cfg(feature = "paused-clock")]
            Some(Order::Raw(sql, reply)) => {
                let _ = reply.send(connection.execute_batch(sql).map_err(Into::into));
                continue;
            }
            Some(Order::Close(reply)) => break Some(reply),
            None => break None,
        };
        let close = group(&mut connection, first, &mut orders, faults);
        if close.is_some() {
            break close;
        }
        commits = commits.saturating_add(1);
        // A commit that finds a thousand pages in the log has to move them into the file and keeps its callers
        // waiting. Doing it in a pause spares them that.
        if commits >= COMMITS_PER_CHECKPOINT && orders.is_empty() {
            commits = 0;
            if let Err(error) = checkpoint(&connection, "PASSIVE") {
                tracing::warn!(%error, "checkpoint failed");
            }
        }
    };
    let finished = finish(connection);
    if let Err(error) = &finished {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
    if let Some(reply) = close {
        // From here on nobody can be told anything but that it is closed.
        drop(orders);
        let _ = reply.send(finished);
    }
}

/// One transaction with `first` and what waits behind it. Who asked to close meanwhile, if anybody did.
fn group(
    connection: &mut Connection,
    first: Box<dyn Write>,
    orders: &mut mpsc::Receiver<Order>,
    faults: &Faults,
) -> Option<oneshot::Sender<Result<()>>> {
    let before = connection.total_changes();
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            faults.note(Fault::of_sqlite(&error));
            first.refuse(error.into());
            return None;
        }
    };
    let mut done = Vec::new();
    let mut close = None;
    let mut next = Some(first);
    let mut intact = Ok(());
    while let Some(job) = next.take() {
        match step(&transaction, job) {
            Ok(job) => done.push(job),
            Err((job, error)) => {
                done.extend(job);
                intact = Err(error);
                break;
            }
        }
        if done.len() < GROUP {
            match orders.try_recv() {
                Ok(Order::Run(job)) => next = Some(job),
                #[cfg(feature = "paused-clock")]
                Ok(Order::Raw(sql, reply)) => {
                    let _ = reply.send(transaction.execute_batch(sql).map_err(Into::into));
                }
                Ok(Order::Close(reply)) => close = Some(reply),
                Err(_) => {}
            }
        }
    }
    let stored = match intact {
        Ok(()) => transaction.commit(),
        // Dropping the transaction rolls it back, if SQLite has not done so already.
        Err(error) => {
            drop(transaction);
            Err(error)
        }
    };
    if let Err(error) = &stored {
        tracing::error!(%error, "a transaction was lost");
    }
    // A transaction that wrote nothing says nothing of the disk.
    match &stored {
        Err(error) => faults.note(Fault::of_sqlite(error)),
        Ok(()) if connection.total_changes() != before => faults.written(),
        Ok(()) => {}
    }
    for job in done {
        faults.note(job.fault);
        (job.acknowledge)(match &stored {
            Ok(()) => Ok(()),
            Err(error) => Err(StoreError::NotCommitted(error.to_string())),
        });
    }
    close
}

/// One closure in its savepoint. An error means that the whole transaction is gone: SQLite gives it up on a full disk
/// and the like.
fn step(
    transaction: &Transaction<'_>,
    job: Box<dyn Write>,
) -> Result<Done, (Option<Done>, rusqlite::Error)> {
    if let Err(error) = transaction.execute_batch("SAVEPOINT closure") {
        job.refuse(StoreError::NotCommitted(error.to_string()));
        return Err((None, error));
    }
    let done = job.run(&Tx::new(transaction));
    let end = if done.keep {
        "RELEASE closure"
    } else {
        "ROLLBACK TO closure; RELEASE closure"
    };
    match transaction.execute_batch(end) {
        Ok(()) => Ok(done),
        Err(error) => Err((Some(done), error)),
    }
}

fn finish(connection: Connection) -> Result<()> {
    // Better plans for the next time are worth a try, and no reason to leave the log behind.
    if let Err(error) = connection.execute_batch("PRAGMA optimize") {
        tracing::warn!(%error, "the statistics were not renewed");
    }
    checkpoint(&connection, "TRUNCATE")?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn checkpoint(connection: &Connection, mode: &str) -> Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))?;
    Ok(())
}

/// Closures in one transaction at most: the first of them waits for the last.
const GROUP: usize = 256;
/// About twelve pages each: well below the thousand at which a commit does it itself.
const COMMITS_PER_CHECKPOINT: u32 = 40;
