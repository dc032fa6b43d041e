//! Follows every attempt to its end, across lost streams and restarts.
//!
//! Money is stored as sent before the node gets it. The node is asked before anything is given to it again: an attempt that
//! it knows is followed, and of others [`domain::resume`] decides: what surely never left is sent as it was stored, with the
//! same payment hash, words as well, and money that may have left is left to the user.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::resume::{Action, Case, Known, Ordered, Stake};
use domain::{
    Attempt, AttemptState, Carrier, Contact, Failure, NodeId, PaymentHash, Program, RouteHint,
    Timestamp, Way,
};
use futures::StreamExt;
use lnd::{
    InvoicePayment, Keysend, Lightning, LightningError, LinkFault, Over, PaidBy, PaymentUpdate,
    RouteQuery, Updates,
};
use store::{Store, StoreError};
use tokio::sync::Notify;

use crate::books::is_postage;
use crate::choice::routes;
use crate::clock::Clock;
use crate::feed::{Change, Feed};
use crate::invoices;
use crate::link::Link;
use crate::outcome::{conclude, forget};

/// Path finding ends after this many seconds.
const PATH_FINDING_SECS: u32 = 60;
/// Parts of one message that are on their way at once.
const PARTS_AT_ONCE: usize = 8;
/// A pause after the database has failed.
pub(crate) const TROUBLE: Duration = Duration::from_secs(5);

/// Carries attempts.
#[derive(Clone)]
pub(crate) struct Tracker {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) link: Link,
    pub(crate) following: Arc<Mutex<HashSet<PaymentHash>>>,
    pub(crate) outbox: Arc<Notify>,
    pub(crate) unopened: Arc<Notify>,
}

/// How one try to learn an attempt's end went.
enum Step {
    /// The end is known.
    Over(PaymentUpdate),
    /// It may have left, and the node has no record of it.
    Forgotten,
    /// The connection broke: ask again.
    Interrupted,
}

/// What a delivery says of its attempts.
#[derive(Clone)]
struct Terms {
    to: NodeId,
    /// `None`: what the user allows leads nowhere.
    over: Option<Over>,
    stake: Stake,
    leaves_by: Option<Timestamp>,
    /// Over which channels their node can be paid that gossip does not know.
    hints: Vec<RouteHint>,
}

impl Tracker {
    /// Picks up everything that was on its way when the app ended.
    pub(crate) async fn open_attempts(&self) -> Result<Vec<Attempt>, StoreError> {
        self.store.read(|db| db.open_attempts()).await
    }

    /// Sends the attempts of one message that were stored a moment ago, and follows them to their ends.
    pub(crate) async fn start(&self, attempts: Vec<Attempt>) {
        self.carry_all(attempts, true).await;
    }

    /// Brings a message's attempts of an earlier run to their ends, or those that the node knows already.
    pub(crate) async fn pick_up(&self, attempts: Vec<Attempt>) {
        self.carry_all(attempts, false).await;
    }

    async fn carry_all(&self, attempts: Vec<Attempt>, fresh: bool) {
        futures::stream::iter(attempts)
            .map(|attempt| self.carry(attempt, fresh))
            .buffer_unordered(PARTS_AT_ONCE)
            .collect::<()>()
            .await;
    }

    /// Carrying an attempt twice at once is carrying it once.
    async fn carry(&self, attempt: Attempt, fresh: bool) {
        let hash = attempt.hash;
        if !self
            .following
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(hash)
        {
            return;
        }
        let mut result = self.carry_to_the_end(attempt.clone(), fresh).await;
        while let Err(error) = result {
            // A full disk may have room again. The node is asked first what it knows.
            tracing::error!(%error, "an attempt cannot be followed");
            tokio::time::sleep(TROUBLE).await;
            result = self.carry_to_the_end(attempt.clone(), false).await;
        }
        self.following
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&hash);
    }

    async fn carry_to_the_end(&self, attempt: Attempt, mut fresh: bool) -> Result<(), StoreError> {
        let ordered = if fresh {
            Ordered::ThisRun
        } else {
            Ordered::EarlierRun
        };
        // As it is stored now: the node may have acknowledged it since it was read.
        let mut sent = !fresh && self.was_sent(attempt.hash).await?;
        loop {
            let Some(terms) = self.terms(&attempt).await? else {
                return self.forget(&attempt).await;
            };
            let step = if self.connected_in_time(&terms, sent).await {
                if fresh {
                    self.send(&attempt, &terms, &mut sent).await?
                } else {
                    self.resume(&attempt, &terms, ordered, &mut sent).await?
                }
            } else {
                Step::Over(too_late())
            };
            fresh = false;
            match step {
                Step::Over(update) => return self.conclude(&attempt, update).await,
                Step::Forgotten => return self.forget(&attempt).await,
                Step::Interrupted => {
                    self.link.check();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn was_sent(&self, hash: PaymentHash) -> Result<bool, StoreError> {
        let attempt = self.store.read(move |db| db.attempt(hash)).await?;
        Ok(attempt.is_some_and(|attempt| attempt.state == AttemptState::Sent))
    }

    /// Waits for the node. `false`: money that has not left may no longer leave.
    async fn connected_in_time(&self, terms: &Terms, sent: bool) -> bool {
        let Some(end) = terms.leaves_by.filter(|_| !sent) else {
            self.link.connected().await;
            return true;
        };
        let time = self.clock.now().until(end);
        let connected = tokio::time::timeout(time, self.link.connected()).await;
        connected.is_ok() && self.clock.now() < end
    }

    async fn send(
        &self,
        attempt: &Attempt,
        terms: &Terms,
        sent: &mut bool,
    ) -> Result<Step, StoreError> {
        if terms.over != Some(Over::Anything) {
            return self.over_a_route(attempt, terms, true, sent).await;
        }
        let first = self.hand_over(attempt, terms, sent).await?;
        match self.give_to_node(attempt, terms).await {
            Ok(updates) => self.follow(attempt, terms, updates, sent).await,
            Err(LightningError::Unreachable(fault)) => {
                self.take_back(attempt, &fault, first, sent).await?;
                Ok(Step::Interrupted)
            }
            Err(error) => {
                // It said no. Whether it started anything is for its own books to say.
                match self.lightning.track(attempt.hash).await {
                    Ok(updates) => self.follow(attempt, terms, updates, sent).await,
                    Err(LightningError::NotFound) if first || !*sent => {
                        Ok(Step::Over(failed(&error)))
                    }
                    Err(LightningError::NotFound) => Ok(Step::Forgotten),
                    Err(_) => Ok(Step::Interrupted),
                }
            }
        }
    }

    /// Money may have left from now on: that is stored before the node gets it. `true`: it surely had not before.
    async fn hand_over(
        &self,
        attempt: &Attempt,
        terms: &Terms,
        sent: &mut bool,
    ) -> Result<bool, StoreError> {
        if terms.stake == Stake::Words || *sent {
            return Ok(false);
        }
        let hash = attempt.hash;
        self.store.write(move |tx| tx.mark_sent(hash, None)).await?;
        *sent = true;
        Ok(true)
    }

    /// What broke before it could reach the node has not left.
    async fn take_back(
        &self,
        attempt: &Attempt,
        fault: &LinkFault,
        first: bool,
        sent: &mut bool,
    ) -> Result<(), StoreError> {
        if first && fault.is_before_the_call() {
            let hash = attempt.hash;
            self.store.write(move |tx| tx.mark_unsent(hash)).await?;
            *sent = false;
        }
        Ok(())
    }

    async fn give_to_node(
        &self,
        attempt: &Attempt,
        terms: &Terms,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        let Attempt {
            amount, fee_limit, ..
        } = *attempt;
        let (records, timeout_secs) = (attempt.records.clone(), PATH_FINDING_SECS);
        match (&attempt.invoice, &attempt.preimage) {
            (Some(bolt11), _) => {
                let payment = InvoicePayment {
                    bolt11: bolt11.clone(),
                    amount,
                    records,
                    fee_limit,
                    timeout_secs,
                    max_parts: invoices::PARTS,
                };
                self.lightning.pay_invoice(payment).await
            }
            (None, Some(preimage)) => {
                let keysend = Keysend {
                    to: terms.to,
                    amount,
                    preimage: preimage.clone(),
                    records,
                    fee_limit,
                    timeout_secs,
                    hints: terms.hints.clone(),
                };
                self.lightning.send(keysend).await
            }
            // Nothing settles it, so nothing is sent.
            (None, None) => Err(LightningError::Node("there is nothing to pay".to_owned())),
        }
    }

    async fn resume(
        &self,
        attempt: &Attempt,
        terms: &Terms,
        ordered: Ordered,
        sent: &mut bool,
    ) -> Result<Step, StoreError> {
        match self.lightning.track(attempt.hash).await {
            Ok(updates) => self.follow(attempt, terms, updates, sent).await,
            Err(LightningError::NotFound) => match self.unknown_to_node(terms, ordered, *sent) {
                Action::Send(0) => self.send(attempt, terms, sent).await,
                Action::Fail => Ok(Step::Over(too_late())),
                _ => Ok(Step::Forgotten),
            },
            Err(_) => Ok(Step::Interrupted),
        }
    }

    /// What becomes of an attempt that the node does not know. Whatever another copy of the database did with this
    /// delivery, it began with this attempt.
    fn unknown_to_node(&self, terms: &Terms, ordered: Ordered, sent: bool) -> Action {
        let state = if sent {
            AttemptState::Sent
        } else {
            AttemptState::Prepared
        };
        let case = Case {
            stake: terms.stake,
            ordered,
            stored: &[(0, state)].into(),
            known: &[(0, Known::Unknown)].into(),
            expired: self.is_late(terms),
            unseen: false,
        };
        case.next()
    }

    /// Whether it may no longer leave.
    fn is_late(&self, terms: &Terms) -> bool {
        terms.leaves_by.is_some_and(|end| self.clock.now() >= end)
    }

    async fn follow(
        &self,
        attempt: &Attempt,
        terms: &Terms,
        mut updates: Updates<PaymentUpdate>,
        sent: &mut bool,
    ) -> Result<Step, StoreError> {
        while let Some(update) = updates.next().await {
            match update {
                Ok(PaymentUpdate::InFlight { hops }) => {
                    if !*sent || hops.is_some() {
                        self.on_its_way(attempt, hops).await?;
                        *sent = true;
                    }
                }
                Ok(PaymentUpdate::Failed {
                    failure: Failure::NoRoute,
                    attempts: 0,
                    ..
                }) if !self.is_late(terms) => {
                    // The same payment hash goes over a route that is found without the node's memory of old failures.
                    return self.over_a_route(attempt, terms, false, sent).await;
                }
                Ok(update) => return Ok(Step::Over(update)),
                Err(LightningError::NotFound) if *sent && terms.stake == Stake::Money => {
                    return Ok(Step::Forgotten);
                }
                Err(_) => return Ok(Step::Interrupted),
            }
        }
        Ok(Step::Interrupted)
    }

    /// Pays over one route of the kind that the user allows: the node's own search knows no such limits. Where it remembers
    /// too much to find one, it is asked to forget.
    async fn over_a_route(
        &self,
        attempt: &Attempt,
        terms: &Terms,
        use_mission_control: bool,
        sent: &mut bool,
    ) -> Result<Step, StoreError> {
        let no_route = |failure| {
            Ok(Step::Over(PaymentUpdate::Failed {
                failure,
                attempts: 0,
                hops: None,
            }))
        };
        let Some(over) = terms.over else {
            return no_route(Failure::NoWay);
        };
        let paid_by = match (&attempt.invoice, &attempt.preimage) {
            (Some(bolt11), _) => PaidBy::Invoice(bolt11.clone()),
            (None, Some(preimage)) => PaidBy::Keysend(preimage.clone()),
            // Nothing settles it, so nothing is sent.
            (None, None) => return no_route(Failure::Rejected),
        };
        let query = RouteQuery {
            to: terms.to,
            amount: attempt.amount,
            fee_limit: attempt.fee_limit,
            records: attempt.records.clone(),
            paid_by,
            use_mission_control,
            over,
            hints: terms.hints.clone(),
        };
        let found = match self.lightning.route(query.clone()).await {
            Err(LightningError::NoRoute) if use_mission_control => {
                let anew = RouteQuery {
                    use_mission_control: false,
                    ..query.clone()
                };
                self.lightning.route(anew).await
            }
            found => found,
        };
        match found {
            Ok(route) => {
                let hops = u32::try_from(route.nodes.len()).ok();
                let first = self.hand_over(attempt, terms, sent).await?;
                let sending = self.lightning.send_to_route(attempt.hash, route);
                match self.watched(attempt, hops, sending).await? {
                    Ok(update) if update.is_final() => Ok(Step::Over(update)),
                    Ok(_) | Err(LightningError::AlreadyExists) => Ok(Step::Interrupted),
                    Err(LightningError::Unreachable(fault)) => {
                        self.take_back(attempt, &fault, first, sent).await?;
                        Ok(Step::Interrupted)
                    }
                    Err(error) => Ok(self.after_refusal(attempt, &error).await),
                }
            }
            Err(LightningError::NoRoute | LightningError::InsufficientBalance) => {
                no_route(lnd::diagnose(&*self.lightning, query).await)
            }
            Err(LightningError::Unreachable(_)) => Ok(Step::Interrupted),
            Err(_) => no_route(Failure::NoRoute),
        }
    }

    /// The answer, which comes with the outcome only. As soon as the node has the payment it is stored that it has; not
    /// before: what the node never had may be sent after a crash.
    async fn watched<T>(
        &self,
        attempt: &Attempt,
        hops: Option<u32>,
        sending: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        tokio::pin!(sending);
        tokio::select! {
            biased;
            answer = &mut sending => return Ok(answer),
            () = self.taken(attempt.hash) => {}
        }
        self.on_its_way(attempt, hops).await?;
        Ok(sending.await)
    }

    /// Returns when the node says that it has the payment.
    async fn taken(&self, hash: PaymentHash) {
        loop {
            if let Ok(mut updates) = self.lightning.track(hash).await
                && let Some(Ok(_)) = updates.next().await
            {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// The node said no to a route. The payment may have left all the same: its own books say.
    async fn after_refusal(&self, attempt: &Attempt, error: &LightningError) -> Step {
        let mut updates = match self.lightning.track(attempt.hash).await {
            Ok(updates) => updates,
            Err(LightningError::NotFound) => return Step::Over(failed(error)),
            Err(_) => return Step::Interrupted,
        };
        match updates.next().await {
            Some(Ok(PaymentUpdate::Failed { .. })) => Step::Over(failed(error)),
            Some(Ok(update)) if update.is_final() => Step::Over(update),
            _ => Step::Interrupted,
        }
    }

    /// Who gets it, over which routes, what is at stake, and until when it may leave.
    async fn terms(&self, attempt: &Attempt) -> Result<Option<Terms>, StoreError> {
        let key = attempt.message;
        self.store
            .read(move |db| {
                let Some(delivery) = db.delivery(key)? else {
                    return Ok(None);
                };
                let contact = db.contact(delivery.to)?;
                let hints = contact
                    .as_ref()
                    .map_or(Ok(Vec::new()), |contact| db.hints_of_known(contact))?;
                let theirs = contact.map_or(Way::Auto, |contact| contact.way);
                let stake = if is_postage(&delivery) {
                    Stake::Words
                } else {
                    Stake::Money
                };
                Ok(Some(Terms {
                    hints,
                    to: delivery.to,
                    over: routes(delivery.way.and(theirs)),
                    stake,
                    leaves_by: delivery.leaves_by,
                }))
            })
            .await
    }

    async fn on_its_way(&self, attempt: &Attempt, hops: Option<u32>) -> Result<(), StoreError> {
        let (hash, key, now) = (attempt.hash, attempt.message, self.clock.now());
        let by_invoice = attempt.carrier == Carrier::Invoice;
        self.store
            .write(move |tx| {
                tx.mark_sent(hash, hops)?;
                let Some(delivery) = tx.delivery(key)? else {
                    return Ok(());
                };
                let span = if by_invoice {
                    Some(invoices::VALID)
                } else {
                    hold_of(tx.contact(delivery.to)?)
                };
                if let Some(span) = span
                    && hops.is_some()
                    && !is_postage(&delivery)
                    && delivery.waits_until.is_none()
                {
                    tx.set_waits_until(key, Some(now.plus(span)))?;
                }
                Ok(())
            })
            .await?;
        self.changed(attempt).await
    }

    /// Stores the end of an attempt and of its delivery, and books it, in one transaction.
    async fn conclude(&self, attempt: &Attempt, update: PaymentUpdate) -> Result<(), StoreError> {
        let (stored, now) = (attempt.clone(), self.clock.now());
        self.store
            .write(move |tx| conclude(tx, &stored, update, now))
            .await?;
        // It may have to wait for its next try; and a refund that names it may be judged now.
        self.outbox.notify_one();
        self.unopened.notify_one();
        self.changed(attempt).await
    }

    async fn forget(&self, attempt: &Attempt) -> Result<(), StoreError> {
        tracing::info!("the node has no record of a payment that may have left");
        let (stored, now) = (attempt.clone(), self.clock.now());
        self.store.write(move |tx| forget(tx, &stored, now)).await?;
        // Words go again at once.
        self.outbox.notify_one();
        self.changed(attempt).await
    }

    async fn changed(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let key = attempt.message;
        if let Some(delivery) = self.store.read(move |db| db.delivery(key)).await? {
            self.feed
                .publish(Change::Message(delivery.conversation, key));
            self.feed
                .publish(Change::Conversation(delivery.conversation));
            if let Some(of) = delivery.refund_of {
                // The message that is paid back shows the pay-back's state.
                let original = self.store.read(move |db| db.incoming(of)).await?;
                if let Some(original) = original.and_then(|row| row.message) {
                    self.feed
                        .publish(Change::Message(delivery.conversation, original));
                }
            }
        }
        Ok(())
    }
}

/// Money that could not leave in its time.
const fn too_late() -> PaymentUpdate {
    PaymentUpdate::Failed {
        failure: Failure::TooLate,
        attempts: 0,
        hops: None,
    }
}

/// For how long a contact's node holds keysends.
fn hold_of(contact: Option<Contact>) -> Option<Duration> {
    match contact?.program {
        Program::Heliograph { hold_secs } => hold_secs.map(|secs| Duration::from_secs(secs.into())),
        Program::Unknown | Program::Other => None,
    }
}

/// What the node's refusal to start a payment means for the message.
fn failed(error: &LightningError) -> PaymentUpdate {
    let failure = match error {
        LightningError::Permission(_) => Failure::Permission,
        LightningError::InsufficientBalance => Failure::InsufficientBalance,
        LightningError::NoRoute => Failure::NoRoute,
        // The user's next try asks for a new one. By itself nothing is paid to a second hash.
        LightningError::TooLate => Failure::InvoiceExpired,
        _ => Failure::Rejected,
    };
    PaymentUpdate::Failed {
        failure,
        attempts: 0,
        hops: None,
    }
}
