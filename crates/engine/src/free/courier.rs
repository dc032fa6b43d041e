//! Brings messages over carriers that cost nothing, and waits for the receipt. Without one, the message goes back into
//! the queue at once, for another carrier.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{
    Attempt, AttemptState, Carrier, ConversationId, DeliveryEvent, Failure, MessageKey, Msat,
    NodeId,
};
use lnd::LightningError;
use store::{Outcome, Store, StoreError};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Free, FreeError};
use crate::clock::Clock;
use crate::feed::{Change, Feed};
use crate::link::Link;

/// How long a receipt may take over a connection, and over the graph.
const PEER_ANSWER: Duration = Duration::from_secs(2);
const ONION_ANSWER: Duration = Duration::from_secs(3);
/// And how much longer for each further part: the nodes on the way take large ones slowly.
const PART: Duration = Duration::from_secs(1);
/// An onion message is sent this often: over another way, or once more over the only one.
const ONION_TRIES: usize = 2;
/// For so long an app that left a message unanswered is taken to sleep, unless it is heard of.
const SLEEP: Duration = Duration::from_secs(600);

/// What is known of free attempts that are under way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Courier {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) link: Link,
    pub(crate) free: Free,
    pub(crate) outbox: Arc<Notify>,
    pub(crate) answers: Answers,
}

/// A letter that is on its way for free. The attempt is stored.
pub(crate) struct Parcel {
    pub(crate) attempt: Attempt,
    pub(crate) conversation: ConversationId,
    pub(crate) to: NodeId,
    /// One for each of its letters.
    pub(crate) records: Vec<Vec<u8>>,
    /// For onion messages; the first is taken first.
    pub(crate) ways: Vec<Vec<NodeId>>,
}

/// Who is waited for, and who has not answered lately. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Answers {
    waiting: Arc<Mutex<HashMap<MessageKey, Arc<Notify>>>>,
    silent: Arc<Mutex<HashMap<NodeId, Instant>>>,
}

impl Answers {
    /// The receipt for this message is stored.
    pub(crate) fn came(&self, message: MessageKey) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiter) = waiting.get(&message) {
            waiter.notify_one();
        }
    }

    /// Whether a node's app has lately left a free message unanswered, and has not been heard of since.
    pub(crate) fn is_silent(&self, node: NodeId) -> bool {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.retain(|_, since| since.elapsed() < SLEEP);
        silent.contains_key(&node)
    }

    /// A letter of theirs came: their app is there.
    pub(crate) fn heard(&self, node: NodeId) {
        self.silent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&node);
    }

    fn fell_silent(&self, node: NodeId) {
        self.silent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(node, Instant::now());
    }

    fn expect(&self, message: MessageKey) -> Arc<Notify> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry(message).or_default().clone()
    }

    fn done(&self, message: MessageKey) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&message);
    }
}

impl Courier {
    /// Carries a parcel to its end: a receipt (`true`), or the queue again.
    pub(crate) async fn carry(&self, parcel: Parcel) -> bool {
        let brought = self.bring(&parcel).await;
        if let Err(failure) = brought {
            self.give_up(&parcel.attempt, parcel.conversation, failure)
                .await;
        }
        brought.is_ok()
    }

    /// Sends a parcel, and waits whether a receipt comes; otherwise what is to be said of it.
    pub(crate) async fn bring(&self, parcel: &Parcel) -> Result<(), Failure> {
        let key = parcel.attempt.message;
        let answer = self.answers.expect(key);
        let brought = self.try_ways(parcel, &answer).await;
        self.answers.done(key);
        brought
    }

    /// Ends what an earlier run of the app had under way: nobody waits for its receipt any more.
    pub(crate) async fn end_unfinished(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let failure = Failure::NoReceipt;
        self.unanswered(attempt, failure).await.map(drop)
    }

    async fn try_ways(&self, parcel: &Parcel, answer: &Notify) -> Result<(), Failure> {
        let parts = u32::try_from(parcel.records.len()).unwrap_or(u32::MAX);
        let longer = PART.saturating_mul(parts.saturating_sub(1));
        if parcel.attempt.carrier == Carrier::Peer {
            let time = PEER_ANSWER.saturating_add(longer);
            let sent = self.over_the_connection(parcel).await;
            return self.answered(sent, parcel, answer, time).await;
        }
        let time = ONION_ANSWER.saturating_add(longer);
        let ways = parcel.ways.iter().cycle().take(ONION_TRIES);
        let mut worst = Failure::Rejected;
        for way in ways {
            let sent = self.along(way, parcel).await;
            match self.answered(sent, parcel, answer, time).await {
                Ok(()) => return Ok(()),
                Err(Failure::NoReceipt) => worst = Failure::NoReceipt,
                Err(_) => {}
            }
            self.free.ways.shun(way);
        }
        Err(worst)
    }

    async fn over_the_connection(&self, parcel: &Parcel) -> Result<(), FreeError> {
        for record in &parcel.records {
            self.free.to_peer(parcel.to, record.clone()).await?;
        }
        Ok(())
    }

    async fn along(&self, way: &[NodeId], parcel: &Parcel) -> Result<(), FreeError> {
        for record in &parcel.records {
            self.free.along(way, record, true).await?;
        }
        Ok(())
    }

    /// What our node refused has not left. What was on its way to our node when the connection broke may have.
    fn left(&self, sent: Result<(), FreeError>) -> Result<(), Failure> {
        let Err(error) = sent else { return Ok(()) };
        tracing::debug!(%error, "a free letter did not leave");
        if matches!(error, FreeError::Lightning(LightningError::Unreachable(_))) {
            self.link.check();
            return Err(Failure::NoReceipt);
        }
        Err(Failure::Rejected)
    }

    /// Whether it left, and the receipt is stored before the time is over.
    async fn answered(
        &self,
        sent: Result<(), FreeError>,
        parcel: &Parcel,
        answer: &Notify,
        time: Duration,
    ) -> Result<(), Failure> {
        self.left(sent)?;
        let answered = tokio::time::timeout(time, answer.notified()).await;
        answered.map_err(|_| {
            self.answers.fell_silent(parcel.to);
            Failure::NoReceipt
        })
    }

    /// Puts it back into the queue, for another carrier.
    pub(crate) async fn give_up(
        &self,
        attempt: &Attempt,
        conversation: ConversationId,
        failure: Failure,
    ) {
        while let Err(error) = self.unanswered(attempt, failure).await {
            tracing::error!(%error, "an unanswered message cannot be queued again");
            tokio::time::sleep(crate::tracker::TROUBLE).await;
        }
        self.outbox.notify_one();
        let key = attempt.message;
        self.feed.publish(Change::Message(conversation, key));
        self.feed.publish(Change::Conversation(conversation));
    }

    /// Back into the queue, unless the receipt came in this very moment.
    async fn unanswered(&self, attempt: &Attempt, failure: Failure) -> Result<bool, StoreError> {
        let (hash, key, hops, now) = (
            attempt.hash,
            attempt.message,
            attempt.hops,
            self.clock.now(),
        );
        self.store
            .write(move |tx| {
                let (state, failure) = (AttemptState::Failed, Some(failure));
                let ended = tx.end_attempt(hash, state, Msat::ZERO, hops, failure, now)?;
                if ended {
                    let outcome = Outcome::default();
                    tx.step_delivery(key, DeliveryEvent::Unanswered, outcome, now)?;
                }
                Ok(ended)
            })
            .await
    }
}
