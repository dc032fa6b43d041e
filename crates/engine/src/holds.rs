//! Carries decisions out before the deadline. The node's word, not the answer of our call, ends a hold.

use std::sync::Arc;
use std::time::Duration;

use domain::{Decision, HoldEvent, HoldState, PaymentHash, Preimage, Timestamp};
use futures::StreamExt;
use lnd::{Lightning, LightningError};
use store::{IncomingRow, Store, StoreError};
use tokio::sync::Notify;

use crate::apps::Charge;
use crate::link::Link;
use crate::reading::Reading;
use crate::reception::{Reception, Told};
use crate::time::Time;

/// Decisions that are carried out at once.
const AT_ONCE: usize = 16;
/// What could not be carried out is tried again after this long.
const AGAIN: Duration = Duration::from_secs(2);
/// Without a deadline to wait for, the books are looked through this often.
const PERIOD: Duration = Duration::from_secs(60);

/// Settles and cancels.
#[derive(Clone)]
pub(crate) struct Holds {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) time: Time,
    pub(crate) reading: Reading,
    pub(crate) link: Link,
    pub(crate) reception: Reception,
    pub(crate) charge: Charge,
    pub(crate) wake: Arc<Notify>,
}

/// What a row needs now.
enum Duty {
    Settle(Preimage),
    Cancel(PaymentHash),
}

impl Holds {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        self.reading.done().await;
        loop {
            self.link.connected().await;
            let wait = match self.round().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(%error, "holds cannot be read");
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Does what is due; returns how long nothing more will be.
    async fn round(&self) -> Result<Duration, StoreError> {
        // Deadlines are the node's: while its clock is not known, it ends what is late itself.
        let sure = self.time.node_for_sure();
        let now = self.time.node();
        let elsewhere = self.charge.is_elsewhere();
        let end = move |row: &IncomingRow| {
            if elsewhere {
                overdue(row)
            } else {
                last_moment(row)
            }
        };
        let (rows, issued) = self
            .store
            .write(move |tx| {
                for row in tx.undecided()? {
                    let late = sure.is_some_and(|now| end(&row) <= now);
                    if late && row.payment.state == HoldState::Held {
                        let decision = Some(Decision::Deadline);
                        tx.step_hold(row.payment.hash, HoldEvent::Refuse, decision, now)?;
                    }
                }
                Ok((tx.undecided()?, tx.all_issued()?))
            })
            .await?;
        let mut moments = Vec::new();
        let mut duties = Vec::new();
        for row in rows {
            let by_person = row.payment.decision == Some(Decision::Person);
            let over = sure.is_some_and(|now| overdue(&row) <= now);
            if elsewhere && !by_person && !over {
                // The app in charge does what the rules say.
                moments.push(overdue(&row));
                continue;
            }
            match row.payment.state {
                HoldState::Accepting => {
                    duties.push((row.payment.hash, Duty::Settle(row.payment.preimage)));
                }
                HoldState::Refunding => {
                    duties.push((row.payment.hash, Duty::Cancel(row.payment.hash)));
                }
                _ => moments.push(end(&row)),
            }
        }
        // An invoice that nobody has paid in time is closed; its end is stored as that of a hold.
        for invoice in issued {
            if sure.is_some_and(|now| invoice.expires_at <= now) {
                duties.push((invoice.hash, Duty::Cancel(invoice.hash)));
            } else {
                moments.push(invoice.expires_at);
            }
        }
        // All of them, whatever becomes of one: a call that is dropped half-way may be taken back by the node.
        let failed = futures::stream::iter(duties)
            .map(|(hash, duty)| self.carry_out(hash, duty))
            .buffer_unordered(AT_ONCE)
            .fold(false, |failed, done| async move { failed || !done })
            .await;
        let longest = if failed || sure.is_none() {
            AGAIN
        } else {
            PERIOD
        };
        let now = self.time.node_for_sure();
        let waits = moments
            .into_iter()
            .filter_map(|moment| Some(now?.until(moment)));
        Ok(waits.fold(longest, Duration::min))
    }

    /// Whether the node has said its last word on it.
    async fn carry_out(&self, hash: PaymentHash, duty: Duty) -> bool {
        let done = match duty {
            Duty::Settle(preimage) => self.lightning.settle(&preimage).await,
            Duty::Cancel(hash) => self.lightning.cancel(hash).await,
        };
        match done {
            Ok(()) | Err(LightningError::TooLate) => {}
            Err(LightningError::Unreachable(_)) => {
                self.link.check();
                return false;
            }
            Err(LightningError::NotFound) => return self.gone(hash).await,
            Err(error) => {
                tracing::warn!(%error, "a decision could not be carried out");
                return false;
            }
        }
        match self.lightning.invoice(hash).await {
            Ok(invoice) => match self.reception.take(invoice, Told::Beside).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::info!(%error, "the node's word could not be stored yet");
                    false
                }
            },
            Err(LightningError::NotFound) => self.gone(hash).await,
            Err(_) => false,
        }
    }

    async fn gone(&self, hash: PaymentHash) -> bool {
        match self.reception.gone(hash).await {
            Ok(()) => true,
            Err(error) => {
                tracing::info!(%error, "the end of a payment could not be stored yet");
                false
            }
        }
    }
}

/// When even an app that is not in charge ends a payment: whoever is in charge, and the node's own timer, are not there.
fn overdue(row: &IncomingRow) -> Timestamp {
    let deadline = row.payment.deadline;
    deadline.map_or(Timestamp(i64::MAX), |deadline| deadline.plus(PERIOD))
}

/// When an undecided payment is refused; never for one without a deadline.
fn last_moment(row: &IncomingRow) -> Timestamp {
    let payment = &row.payment;
    payment.deadline.map_or(Timestamp(i64::MAX), |deadline| {
        domain::last_moment(payment.arrived_at, deadline)
    })
}
