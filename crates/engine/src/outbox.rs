//! The outbox: one lane per conversation, started in order, never waiting for outcomes. Each message takes the cheapest
//! carrier that may reach the other side; one that nobody answered takes the next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{
    Attempt, Carrier, Contact, ConversationId, DeliveryEvent, DeliveryState, Failure, IN_FLIGHT,
    Limits, MessageKey, Postage, PostageBalance, Preimage, Program, Timestamp, Trust, next_try,
};
use lnd::LightningError;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use store::{Delivery, Outcome, Store, StoreError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::apps::Charge;
use crate::books::is_postage;
use crate::choice::{Chooser, Chosen, InVain};
use crate::clock::Clock;
use crate::compose::{Draft, Purpose};
use crate::feed::{Change, Feed};
use crate::free::courier::{Courier, Parcel};
use crate::identity::Identity;
use crate::invoices::asking::{Answer, Asker, Errand};
use crate::keys::Keys;
use crate::link::Link;
use crate::neighbours::Neighbours;
use crate::purse::Purse;
use crate::quotes::Quotes;
use crate::reading::Reading;
use crate::rules::Settings;
use crate::tasks::Tasks;
use crate::tracker::{TROUBLE, Tracker};

mod judging;
mod loading;
mod repeating;

use judging::{Hashes, Judged};

/// How long one that has waited goes alone. Whoever is away is found out sooner; a payment may be held for much longer.
const ALONE: Duration = Duration::from_secs(10);
/// The books are looked through this often at least: a computer that slept has a clock that jumped.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Gives queued messages to the node.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) link: Link,
    pub(crate) reading: Reading,
    pub(crate) identity: Identity,
    pub(crate) neighbours: Neighbours,
    pub(crate) settings: Settings,
    pub(crate) charge: Charge,
    pub(crate) tracker: Tracker,
    pub(crate) courier: Courier,
    pub(crate) asker: Asker,
    pub(crate) quotes: Quotes,
    pub(crate) keys: Keys,
    pub(crate) purse: Purse,
    /// Carriers that were tried in vain, since the last payment or pause.
    pub(crate) tried: Arc<Mutex<HashMap<MessageKey, InVain>>>,
    pub(crate) chooser: Chooser,
    pub(crate) tasks: Tasks,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    pub(crate) wake: Arc<Notify>,
    /// Something may have to be sent once more.
    pub(crate) repeats: Arc<Notify>,
    pub(crate) busy: Arc<Mutex<HashSet<ConversationId>>>,
    pub(crate) room: Arc<Mutex<HashMap<ConversationId, Arc<Semaphore>>>>,
}

/// The room that a text takes while it is under way. Texts that found none are looked for when it ends.
#[derive(Default)]
struct Place(Option<(OwnedSemaphorePermit, Arc<Notify>)>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((permit, wake)) = self.0.take() {
            let was_full = permit.semaphore().available_permits() == 0;
            drop(permit);
            if was_full {
                wake.notify_one();
            }
        }
    }
}

/// An attempt that is stored and ready to go.
enum Load {
    /// By a payment, or by several: in parts.
    Paid(Vec<Attempt>),
    /// By a payment that the node knows already: another copy of the database made it.
    Known(Box<Attempt>),
    /// For free.
    Free(Box<Parcel>),
    /// By a payment to an invoice that has to be asked for.
    Asked(Box<Errand>),
}

/// What a delivery is to bring.
struct Drafted {
    draft: Draft,
    limits: Limits,
    taken_back: bool,
    /// [`is_stopped`].
    blocked: bool,
}

/// Why a lane stops before it is empty.
enum Stop {
    /// The node cannot be reached: everything stays queued.
    Link,
    /// The database failed: nothing is sent.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Outbox {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        let (mut away, mut vouched) = (true, false);
        loop {
            away |= !self.link.is_able();
            self.able_or_late().await;
            // What waits is not given up by a clock that may be wrong.
            self.reading.done().await;
            if !vouched && self.link.is_able() {
                vouched = true;
                // Letters without our card are the node's alone.
                self.keys.ready_or_late().await;
            }
            let wait = match self.round(away).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read");
                    TROUBLE
                }
            };
            away = false;
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = self.link.disabled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Starts what is due; returns how long nothing more will be. After our own node was away, everything is due.
    async fn round(&self, hurry: bool) -> Result<Duration, StoreError> {
        if hurry {
            self.store.write(|tx| tx.hurry_all()).await?;
        }
        let queued = self.store.read(|db| db.queued()).await?;
        let now = self.clock.now();
        let (due, later): (Vec<_>, Vec<_>) = queued
            .into_iter()
            .partition(|delivery| delivery.next_try.is_none_or(|at| at <= now));
        self.start_lanes(due);
        self.repeats.notify_one();
        let next = later.iter().filter_map(|delivery| delivery.next_try).min();
        Ok(next.map_or(LONGEST_SLEEP, |next| now.until(next).min(LONGEST_SLEEP)))
    }

    fn start_lanes(&self, queued: Vec<Delivery>) {
        let mut lanes: BTreeMap<ConversationId, Vec<Delivery>> = BTreeMap::new();
        for delivery in queued {
            lanes
                .entry(delivery.conversation)
                .or_default()
                .push(delivery);
        }
        for (conversation, lane) in lanes {
            if !self
                .busy
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(conversation)
            {
                continue;
            }
            let outbox = self.clone();
            self.tasks.spawn(async move {
                let result = outbox.drain(conversation, lane).await;
                outbox
                    .busy
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&conversation);
                match result {
                    // Something may have been queued while the lane was busy.
                    Ok(0) => {}
                    Ok(_) => outbox.wake.notify_one(),
                    Err(Stop::Link) => {
                        outbox.link.check();
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        outbox.wake.notify_one();
                    }
                    Err(Stop::Store(error)) => {
                        tracing::error!(%error, "a lane stopped");
                        tokio::time::sleep(TROUBLE).await;
                        outbox.wake.notify_one();
                    }
                }
            });
        }
    }

    async fn drain(
        &self,
        conversation: ConversationId,
        lane: Vec<Delivery>,
    ) -> Result<usize, Stop> {
        let (mut taken, mut full, mut there) = (0_usize, false, false);
        let mut closed = Vec::new();
        for delivery in lane {
            // A message that may take only one way keeps no other from taking another.
            if closed.contains(&delivery.way) {
                taken = taken.saturating_add(1);
                continue;
            }
            // Texts keep their order among each other; what cannot leave now is taken up when one of them has ended.
            let place = match self.place(conversation, &delivery) {
                Some(place) if !(full && is_postage(&delivery)) => place,
                _ => {
                    full = true;
                    continue;
                }
            };
            taken = taken.saturating_add(1);
            let Some(parcel) = self.prepare(&delivery).await? else {
                continue;
            };
            self.changed(conversation, delivery.message);
            if delivery.tries == 0 || there {
                let outbox = self.clone();
                self.tasks.spawn(async move {
                    outbox.carry(parcel).await;
                    drop(place);
                });
                continue;
            }
            // What has waited goes alone, to see whether the recipient is back; the others that may take the same
            // ways go or wait with it.
            if !self.carry_alone(delivery.message, parcel, place).await? {
                there = true;
                continue;
            }
            match self.waits_again(delivery.message).await? {
                Some((failure, next_try)) => {
                    self.postpone(&delivery, failure, next_try).await?;
                    closed.push(delivery.way);
                }
                None => there = true,
            }
        }
        Ok(taken)
    }

    /// Carries one by all carriers in turn. `false`: after [`ALONE`] it was still on its way, and goes on by itself.
    async fn carry_alone(&self, key: MessageKey, first: Load, place: Place) -> Result<bool, Stop> {
        let (told, ended) = oneshot::channel();
        let outbox = self.clone();
        self.tasks.spawn(async move {
            let result = outbox.carry_by_turns(key, first).await;
            drop(place);
            // Nobody waits for it any more: what came of it is for the next round.
            if told.send(result).is_err() {
                outbox.wake.notify_one();
            }
        });
        match tokio::time::timeout(ALONE, ended).await {
            Ok(Ok(result)) => result.map(|()| true),
            Ok(Err(_)) | Err(_) => Ok(false),
        }
    }

    async fn carry_by_turns(&self, key: MessageKey, first: Load) -> Result<(), Stop> {
        self.carry(first).await;
        while let Some(again) = self.unanswered(key).await? {
            let Some(load) = self.prepare(&again).await? else {
                break;
            };
            self.carry(load).await;
        }
        Ok(())
    }

    /// A delivery that is due at once, for another carrier.
    async fn unanswered(&self, key: MessageKey) -> Result<Option<Delivery>, StoreError> {
        let delivery = self.store.read(move |db| db.delivery(key)).await?;
        Ok(delivery.filter(|delivery| {
            delivery.state == DeliveryState::Queued && delivery.next_try.is_none()
        }))
    }

    async fn carry(&self, load: Load) {
        match load {
            Load::Paid(attempts) => self.tracker.start(attempts).await,
            Load::Known(attempt) => self.tracker.pick_up(vec![*attempt]).await,
            Load::Free(parcel) => {
                let key = parcel.attempt.message;
                if self.courier.carry(*parcel).await {
                    self.tried().remove(&key);
                }
            }
            Load::Asked(errand) => self.run_errand(*errand).await,
        }
    }

    /// Asks for an invoice, and pays it. Without one the message goes by a keysend; a wrong one ends it.
    async fn run_errand(&self, errand: Errand) {
        let (asked, conversation) = (errand.attempt.clone(), errand.conversation);
        match self.asker.ask(errand).await {
            Answer::Invoice(attempt) => return self.tracker.start(vec![*attempt]).await,
            Answer::Wrong => return self.changed(conversation, asked.message),
            Answer::Silence => {
                self.in_vain(asked.message, Carrier::Invoice);
            }
            Answer::Broken => {
                self.link.check();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        self.courier
            .give_up(&asked, conversation, Failure::NoReceipt)
            .await;
    }

    /// Why and until when a delivery waits that has just been tried.
    async fn waits_again(
        &self,
        key: MessageKey,
    ) -> Result<Option<(Failure, Timestamp)>, StoreError> {
        let delivery = self.store.read(move |db| db.delivery(key)).await?;
        Ok(delivery
            .filter(|delivery| delivery.state == DeliveryState::Queued)
            .and_then(|delivery| Some((delivery.failure?, delivery.next_try?))))
    }

    /// What may take the same ways waits with a delivery that has just been tried.
    async fn postpone(
        &self,
        tried: &Delivery,
        failure: Failure,
        next_try: Timestamp,
    ) -> Result<(), StoreError> {
        let (conversation, key, way) = (tried.conversation, tried.message, tried.way);
        let postponed = self
            .store
            .write(move |tx| tx.postpone(conversation, key, way, failure, next_try))
            .await?;
        for key in postponed {
            self.feed.publish(Change::Message(conversation, key));
        }
        Ok(())
    }

    /// Room for one more text under way; `None` when there is none now. Money needs none: it never waits behind texts.
    fn place(&self, conversation: ConversationId, delivery: &Delivery) -> Option<Place> {
        if !is_postage(delivery) {
            return Some(Place::default());
        }
        let room = self
            .room
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(conversation)
            .or_insert_with(|| Arc::new(Semaphore::new(IN_FLIGHT)))
            .clone();
        let permit = room.try_acquire_owned().ok()?;
        Some(Place(Some((permit, self.wake.clone()))))
    }

    /// Builds and stores the next attempt; `None` when the delivery ended, waits, or is no longer queued.
    async fn prepare(&self, delivery: &Delivery) -> Result<Option<Load>, Stop> {
        let (key, to) = (delivery.message, delivery.to);
        let Some(Drafted {
            draft,
            limits,
            taken_back,
            blocked,
        }) = self.draft(delivery).await?
        else {
            return Ok(None);
        };
        if taken_back {
            self.take_back(delivery).await?;
            return Ok(None);
        }
        if blocked {
            self.drop_one(delivery).await?;
            return Ok(None);
        }
        if draft.sealing.in_doubt {
            return self.wait(delivery, Failure::KeyChanged).await;
        }
        let (number, tries) = match self.judge(delivery, &draft).await? {
            Judged::Leaves(number, tries) => (number, tries),
            Judged::Stays(load) => return Ok(load),
        };
        let in_vain = self.tried().get(&key).copied().unwrap_or_default();
        let chosen = match self.chooser.choose(&draft, limits, in_vain).await {
            Ok(chosen) => chosen,
            Err(error) => return self.trouble(delivery, &error).await,
        };
        let free_only = draft.purpose == Purpose::Text && draft.sealing.has_card();
        match chosen {
            Chosen::Keysend => {
                self.tried().remove(&key);
                match self.neighbours.refuses_keysend(to).await {
                    Ok(false) => {
                        let hashes = Hashes { number, tries };
                        self.pay(delivery, draft, limits, &hashes).await
                    }
                    Ok(true) if free_only => self.wait(delivery, Failure::NoReceipt).await,
                    Ok(true) => self.fail(delivery, Failure::NoKeysend).await,
                    Err(error) => self.trouble(delivery, &error).await,
                }
            }
            Chosen::Nothing => {
                self.tried().remove(&key);
                let failure = if in_vain.any() {
                    Failure::NoReceipt
                } else {
                    Failure::NoWay
                };
                self.wait(delivery, failure).await
            }
            Chosen::Invoice => self.ask(delivery, draft).await,
            free => self.send_free(delivery, &draft, free).await,
        }
    }

    /// What is to be sent, as it stands now; `None` when message or contact are gone.
    async fn draft(&self, delivery: &Delivery) -> Result<Option<Drafted>, StoreError> {
        let (key, to, number) = (delivery.message, delivery.to, delivery.sequence);
        let read = self
            .store
            .read(move |db| {
                let (Some(message), Some(contact)) = (db.message(key)?, db.contact(to)?) else {
                    return Ok(None);
                };
                let after = db.number_before(to, number)?;
                let ways_in = db.hints_of_known(&contact)?;
                let read = (message, contact, db.card(to)?);
                Ok(Some((read, db.postage_balance(to)?, after, ways_in)))
            })
            .await?;
        let Some(((message, contact, card), balance, after, ways_in)) = read else {
            return Ok(None);
        };
        let draft = Draft {
            to,
            program: contact.program,
            sealing: self.keys.sealing(to, Some(&contact), card.as_ref()),
            sealed_only: contact.sealed_only,
            id: message.id,
            sequence: delivery.sequence,
            after,
            sent_at: message.sent_at,
            hold_secs: self.settings.mode().hold_secs_told(),
            text: message.text,
            purpose: purpose(delivery),
            postage: self.postage(&balance, contact.program),
            amends: message.amends,
            reply_to: message.reply_to,
            ways_in,
        };
        Ok(Some(Drafted {
            draft,
            limits: delivery.way.and(contact.way),
            taken_back: message.taken_back_at.is_some(),
            blocked: is_stopped(&contact, delivery),
        }))
    }

    /// What a message carries. What is owed is paid back by the app in charge.
    fn postage(&self, balance: &PostageBalance, program: Program) -> Postage {
        if self.charge.is_elsewhere() {
            Postage::PLAIN
        } else {
            balance.next(program)
        }
    }

    /// Unless an answer comes, it was no use.
    fn in_vain(&self, key: MessageKey, carrier: Carrier) {
        let mut tried = self.tried();
        let in_vain = tried.entry(key).or_default();
        *in_vain = in_vain.and(carrier);
    }

    /// What was taken back while it waited does not leave any more.
    async fn take_back(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let (key, now) = (delivery.message, self.clock.now());
        self.store
            .write(move |tx| tx.step_delivery(key, DeliveryEvent::Cancel, Outcome::default(), now))
            .await?;
        self.tried().remove(&key);
        self.changed(delivery.conversation, key);
        Ok(())
    }

    /// It was on its way when its recipient was blocked, and came back.
    async fn drop_one(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let (dropped, now) = (delivery.clone(), self.clock.now());
        self.store
            .write(move |tx| tx.drop_one(&dropped, now))
            .await?;
        self.tried().remove(&delivery.message);
        self.changed(delivery.conversation, delivery.message);
        Ok(())
    }

    fn tried(&self) -> MutexGuard<'_, HashMap<MessageKey, InVain>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn trouble(
        &self,
        delivery: &Delivery,
        error: &LightningError,
    ) -> Result<Option<Load>, Stop> {
        match error {
            LightningError::Unreachable(_) => Err(Stop::Link),
            LightningError::Permission(_) => self.fail(delivery, Failure::Permission).await,
            _ => self.fail(delivery, Failure::Rejected).await,
        }
    }

    /// Ends a delivery that needs no attempt to be known as failed.
    async fn fail(&self, delivery: &Delivery, failure: Failure) -> Result<Option<Load>, Stop> {
        self.end(delivery, failure, None).await
    }

    /// Lets a delivery wait that has no way now, if it can wait.
    async fn wait(&self, delivery: &Delivery, failure: Failure) -> Result<Option<Load>, Stop> {
        let now = self.clock.now();
        let next = delivery
            .gives_up_at
            .and_then(|end| next_try(failure, delivery.tries, now, end));
        self.end(delivery, failure, next).await
    }

    async fn end(
        &self,
        delivery: &Delivery,
        failure: Failure,
        next_try: Option<Timestamp>,
    ) -> Result<Option<Load>, Stop> {
        let key = delivery.message;
        let now = self.clock.now();
        let event = if next_try.is_some() {
            DeliveryEvent::Postponed
        } else {
            DeliveryEvent::Failed
        };
        let outcome = Outcome {
            failure: Some(failure),
            next_try,
            ..Outcome::default()
        };
        self.store
            .write(move |tx| {
                if tx
                    .step_delivery(key, DeliveryEvent::Begin, Outcome::default(), now)?
                    .is_some()
                {
                    tx.step_delivery(key, event, outcome, now)?;
                }
                Ok(())
            })
            .await?;
        self.changed(delivery.conversation, key);
        Ok(None)
    }

    /// For attempts that pay nothing.
    fn randomness(&self) -> (Preimage, StdRng) {
        let mut rng = self.fresh_rng();
        (Preimage::new(rng.random()), rng)
    }

    fn fresh_rng(&self) -> StdRng {
        StdRng::from_rng(&mut *self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn changed(&self, conversation: ConversationId, key: MessageKey) {
        self.feed.publish(Change::Message(conversation, key));
        self.feed.publish(Change::Conversation(conversation));
    }
}

/// Whether it is not sent any more: nothing goes to whom the user has blocked, but for a payment that the user gives back.
pub(crate) fn is_stopped(to: &Contact, delivery: &Delivery) -> bool {
    to.trust == Trust::Blocked && delivery.refund_of.is_none()
}

/// What a stored delivery does.
pub(crate) fn purpose(delivery: &Delivery) -> Purpose {
    match delivery.refund_of {
        Some(of) => Purpose::Refund {
            of,
            amount: delivery.amount,
        },
        None if is_postage(delivery) => Purpose::Text,
        None => Purpose::Payment(delivery.amount),
    }
}
