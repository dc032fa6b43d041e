//! Taking the node's word on invoices: raw records first, then what they say together with the decision.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{
    AttemptState, Carrier, Decision, HoldCaps, HoldEvent, HoldState, IncomingPayment, MessageKind,
    Msat, NodeId, Owed, Preimage, Reason, Timestamp, Trust, WORTH_A_LOOK,
};
use lnd::{Further, Invoice, InvoiceKind, InvoiceState, LightningError};
use protocol::{Body, Envelope, Lock};
use store::{Store, StoreError, Tx};
use tokio::sync::Notify;

use crate::apps::Charge;
use crate::aside::Aside;
use crate::books::book_incoming;
use crate::clock::Clock;
use crate::compose::NO_PAYMENT;
use crate::door::Doors;
use crate::error::Trouble;
use crate::feed::{Change, Feed};
use crate::filing::{Desk, Filed, Standing};
use crate::free::courier::Answers;
use crate::free::notes::{CameBy, Notes};
use crate::invoices::asking::Awaited;
use crate::invoices::giving::Giver;
use crate::listening::is_refusal;
use crate::neighbours::Neighbours;
use crate::opening::{Opened, Opener, pays_postage_back};
use crate::reopening::NOT_ALLOWED;
use crate::rules::Settings;
use crate::tasks::Tasks;

/// How far a word of the node lets the cursor move: nothing may be jumped over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is the next in the list of invoices.
    List,
    /// It is the next in the list of settlements.
    Settlements,
    /// It was asked for by itself.
    Beside,
}

impl Told {
    fn advance(self, tx: &Tx<'_>, invoice: &Invoice) -> Result<(), StoreError> {
        match self {
            Self::List => tx.advance_added(invoice.add_index, Some(invoice.hash)),
            Self::Settlements => tx.advance_settled(invoice.settle_index),
            Self::Beside => Ok(()),
        }
    }
}

/// Takes the node's word on invoices. Every call may be repeated.
#[derive(Clone)]
pub(crate) struct Reception {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) opener: Opener,
    pub(crate) ours: NodeId,
    pub(crate) neighbours: Neighbours,
    pub(crate) settings: Settings,
    pub(crate) tasks: Tasks,
    pub(crate) holds: Arc<Notify>,
    pub(crate) outbox: Arc<Notify>,
    pub(crate) notes: Notes,
    pub(crate) answers: Answers,
    /// Our questions for invoices, and those of our contacts.
    pub(crate) awaited: Awaited,
    pub(crate) giver: Giver,
    pub(crate) charge: Charge,
    /// How many letters that cost nothing are taken now.
    pub(crate) doors: Arc<Mutex<Doors>>,
    /// What could not be filed.
    pub(crate) aside: Aside,
}

impl Reception {
    /// Stores what the node says of an invoice, cursor included, and opens it when it is new.
    pub(crate) async fn take(&self, invoice: Invoice, told: Told) -> Result<(), Trouble> {
        let (now, ours, word) = (self.clock.now(), self.ours, invoice.clone());
        let write = self
            .store
            .write(move |tx| record(tx, ours, &word, told, now));
        let all = match write.await {
            Err(error) if error.is_of_what_was_asked() => {
                return self.pass_over(&invoice, told, &error).await;
            }
            all => all?,
        };
        for recorded in all {
            if invoice.kind == InvoiceKind::Keysend && recorded.is_keysend() {
                self.learn(&invoice, matches!(recorded, Recorded::New(_)))
                    .await?;
            }
            match recorded {
                Recorded::New(payment) => self.open(*payment).await?,
                Recorded::Moved { hash, .. } => self.moved(hash).await?,
                Recorded::Nothing => {}
            }
        }
        Ok(())
    }

    /// Opens a payment whose records are stored, and decides on it.
    pub(crate) async fn open(&self, payment: IncomingPayment) -> Result<(), Trouble> {
        let hash = payment.hash;
        if self.aside.holds(hash) {
            return Ok(());
        }
        let paid_hash = payment.paid_hash();
        let (opened, tried) = match self.opener.payment(&payment.records, paid_hash).await {
            Ok(opened) => (opened, self.means()),
            Err(Trouble::Store(error)) => return Err(error.into()),
            Err(Trouble::Lightning(error @ LightningError::Unreachable(_))) => {
                return Err(error.into());
            }
            // What has settled is seen, whether or not it can be read.
            Err(Trouble::Lightning(LightningError::Permission(_)))
                if payment.state == HoldState::Settled =>
            {
                (Opened::Unreadable, NOT_ALLOWED.to_owned())
            }
            Err(Trouble::Lightning(error)) => {
                // It stays unopened, and nobody else's waits for it. A missing permission stands on the page *Node*.
                tracing::info!(%error, "a letter cannot be opened yet");
                if is_refusal(&Trouble::Lightning(error)) {
                    self.return_surplus(hash).await?;
                }
                return Ok(());
            }
        };
        let waits = match self.is_too_early(&opened, payment.amount).await? {
            Some(Early::Refund) => return Ok(()),
            early => early == Some(Early::Postage),
        };
        let standing = self.standing(&opened, &payment).await?;
        let (kept, later) = (payment.clone(), tried.clone());
        let write = self.file(standing, move |desk| {
            let tried = opened.is_unread().then_some(tried);
            let filed = desk.file(&payment, opened, waits)?;
            desk.tx.set_tried(hash, tried.as_deref())?;
            Ok(filed)
        });
        let filed = match write.await {
            Err(error) if error.is_of_what_was_asked() => {
                tracing::error!(%error, "a letter cannot be filed");
                // Its money at least is shown.
                let plain = move |desk: &Desk<'_, '_>| {
                    let filed = desk.file(&kept, Opened::Unreadable, false)?;
                    desk.tx.set_tried(hash, Some(&later))?;
                    Ok(filed)
                };
                match self.file(standing, plain).await {
                    Err(error) if error.is_of_what_was_asked() => {
                        tracing::error!(%error, "a payment is set aside");
                        self.aside.put(hash);
                        return Ok(());
                    }
                    filed => filed?,
                }
            }
            filed => filed?,
        };
        self.holds.notify_one();
        self.follow_up(filed, CameBy::default());
        self.moved(hash).await?;
        Ok(())
    }

    /// Decides on payments of which it is known by now whether they are postage that comes back.
    pub(crate) async fn decide_waiting(&self) -> Result<(), StoreError> {
        for row in self.store.read(|db| db.undetermined()).await? {
            let hash = row.payment.hash;
            let decide = move |desk: &Desk<'_, '_>| desk.decide_waiting(&row);
            let decided = self.file(Standing::default(), decide).await?;
            if decided {
                self.holds.notify_one();
                self.moved(hash).await?;
            }
        }
        Ok(())
    }

    /// Takes a letter that came without a payment: stored, and then acknowledged.
    pub(crate) async fn take_free(&self, record: &[u8], came: CameBy) -> Result<(), Trouble> {
        let Ok(envelope) = Envelope::parse(record) else {
            return Ok(());
        };
        let costly = envelope.lock() == Lock::NodeKey;
        if costly && !self.doors().opens_with_node() {
            tracing::debug!("too many letters at once that only the node can open");
            return Ok(());
        }
        let opened = match self.opener.letter(envelope, &NO_PAYMENT).await {
            Ok(opened) => opened,
            Err(Trouble::Lightning(error)) if !matches!(error, LightningError::Unreachable(_)) => {
                // One letter that the node does not open, or a missing permission, keeps no other waiting.
                tracing::debug!(%error, "a free letter cannot be opened");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (Opened::Letter(letter), Some(carrier)) = (opened, came.carrier) else {
            return Ok(());
        };
        let by = letter.by;
        let contact = self.store.read(move |db| db.contact(by)).await?;
        let comes_in = match contact.map_or(Trust::Request, |contact| contact.trust) {
            Trust::Blocked => false,
            Trust::Known => self.doors().opens_to(by, record.len()),
            // What only the node could open has passed a door.
            Trust::Request => costly || self.doors().opens_to_stranger(),
        };
        if !comes_in {
            tracing::debug!("a free letter is left outside");
            return Ok(());
        }
        let file = move |desk: &Desk<'_, '_>| desk.file_free(*letter, carrier);
        let filed = match self.file(Standing::default(), file).await {
            Err(error) if error.is_of_what_was_asked() => {
                // Without a receipt it comes again, at last by a payment.
                tracing::error!(%error, "a free letter cannot be filed");
                return Ok(());
            }
            filed => filed?,
        };
        self.follow_up(filed, came);
        Ok(())
    }

    /// What the node says of an invoice cannot be stored, because of a fault of ours. The rest goes on; it is looked up at
    /// the next start.
    async fn pass_over(
        &self,
        invoice: &Invoice,
        told: Told,
        error: &StoreError,
    ) -> Result<(), Trouble> {
        tracing::error!(%error, "a payment cannot be stored");
        self.aside.put(invoice.hash);
        let invoice = invoice.clone();
        self.store
            .write(move |tx| {
                let known =
                    tx.issued(invoice.hash)?.is_some() || tx.incoming(invoice.hash)?.is_some();
                if let Some(preimage) = invoice.preimage.as_ref().filter(|_| !known) {
                    tx.see_payment(invoice.hash, preimage, invoice.created_at)?;
                }
                told.advance(tx, &invoice)
            })
            .await?;
        Ok(())
    }

    fn doors(&self) -> MutexGuard<'_, Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the sender of a payment besides what stands in the books. A name is worth something where the
    /// network knows it: keys can be invented.
    pub(crate) async fn standing(
        &self,
        opened: &Opened,
        payment: &IncomingPayment,
    ) -> Result<Standing, StoreError> {
        let signed_by = match opened {
            Opened::Letter(letter) => Some(letter.by),
            Opened::Readable(text) if text.verified => text.sender,
            _ => None,
        };
        let Some(by) = signed_by.filter(|by| *by != self.ours) else {
            return Ok(Standing::default());
        };
        let (contact, proven) = self
            .store
            .read(move |db| Ok((db.contact(by)?, db.is_proven(by)?)))
            .await?;
        let bytes = payment.records.iter().map(|(_, bytes)| bytes.len()).sum();
        Ok(
            match contact.map_or(Trust::Request, |contact| contact.trust) {
                Trust::Known => Standing {
                    proven: false,
                    too_much: !self.doors().opens_to(by, bytes),
                },
                Trust::Request if !proven && payment.amount < WORTH_A_LOOK => Standing {
                    proven: self.neighbours.is_known(by).await,
                    too_much: false,
                },
                Trust::Request | Trust::Blocked => Standing::default(),
            },
        )
    }

    /// Sends a payment back that nothing can open, where enough of them wait.
    async fn return_surplus(&self, hash: domain::PaymentHash) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let holds = tx.stranger_holds()?;
                let others = holds
                    .iter()
                    .filter(|hold| hold.unopenable && hold.hash != hash);
                let most = usize::try_from(HoldCaps::default().unopenable).unwrap_or(usize::MAX);
                if others.count() < most {
                    return Ok(());
                }
                let decision = Some(Decision::Policy);
                if tx
                    .step_hold(hash, HoldEvent::Refuse, decision, now)?
                    .is_some()
                {
                    tx.mark_opened(hash, None, None, false)?;
                    tx.set_reason(hash, Reason::HoldsFull)?;
                    tx.drop_records(hash)?;
                    tx.mark_unread(hash)?;
                }
                Ok(())
            })
            .await?;
        self.holds.notify_one();
        Ok(())
    }

    pub(crate) async fn file<T: Send + 'static>(
        &self,
        standing: Standing,
        file: impl FnOnce(&Desk<'_, '_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (ours, rules, clock) = (self.ours, self.settings.rules(), self.clock.clone());
        self.store
            .write(move |tx| {
                file(&Desk {
                    tx,
                    ours,
                    rules,
                    standing,
                    // What is filed first has the earlier time, however long it has waited for its turn.
                    now: clock.now(),
                })
            })
            .await
    }

    /// What comes after a letter is filed: the sender is there, is told that it arrived, and the window is told.
    pub(crate) fn follow_up(&self, filed: Filed, came: CameBy) {
        if let Some(by) = filed.heard {
            self.answers.heard(by);
        }
        if filed.hurried > 0 || filed.repeats > 0 {
            self.outbox.notify_one();
        }
        if let Some(node) = filed.stored.filter(|node| *node != self.ours) {
            let neighbours = self.neighbours.clone();
            self.tasks
                .spawn(async move { neighbours.refresh_alias(node).await });
        }
        if let Some((to, id)) = filed.receipt {
            self.notes.delivered(to, vec![id], came);
        } else if let Some(to) = filed.asks_for_card {
            self.notes.introduce(to, came);
        } else if let Some(wanted) = filed.wanted.filter(|_| !self.charge.is_elsewhere()) {
            self.giver.give(wanted, came);
        }
        if let Some((by, request, bolt11)) = filed.invoice {
            self.awaited.came(by, request, bolt11);
        }
        for key in filed.answered {
            self.answers.came(key);
        }
        for (conversation, key) in filed.changed {
            self.feed.publish(Change::Message(conversation, key));
            self.feed.publish(Change::Conversation(conversation));
        }
        if let Some(conversation) = filed.conversation {
            self.feed.publish(Change::Conversation(conversation));
        }
        if filed.displaced || !filed.removed.is_empty() {
            self.holds.notify_one();
        }
        for conversation in filed.removed {
            self.feed.publish(Change::Removed(conversation));
        }
    }

    /// Whether it may pay back a payment or postage of ours, and the end of something else is to be known here first: then
    /// its time comes later.
    pub(crate) async fn is_too_early(
        &self,
        opened: &Opened,
        amount: Msat,
    ) -> Result<Option<Early>, StoreError> {
        let Opened::Letter(letter) = opened else {
            return Ok(None);
        };
        if pays_postage_back(&letter.what, amount) {
            let by = letter.by;
            let balance = self.store.read(move |db| db.postage_balance(by)).await?;
            let early = balance.owed(amount) == Owed::Perhaps;
            return Ok(early.then_some(Early::Postage));
        }
        let Body::Refund { of, .. } = letter.what.body else {
            return Ok(None);
        };
        // Only whom we pay can pay that back.
        let by = letter.by;
        let paid = self
            .store
            .read(move |db| {
                let Some(attempt) = db.attempt(of)? else {
                    return Ok(None);
                };
                let delivery = db.delivery(attempt.message)?;
                Ok(delivery.filter(|it| it.to == by).map(|_| attempt.state))
            })
            .await?;
        let early = matches!(paid, Some(AttemptState::Prepared | AttemptState::Sent));
        Ok(early.then_some(Early::Refund))
    }

    /// The node has deleted an invoice whose end was not known here: it neither holds nor pays anything any more.
    pub(crate) async fn gone(&self, hash: domain::PaymentHash) -> Result<(), StoreError> {
        tracing::info!("the node has deleted an invoice that was not finished here");
        let (now, ours) = (self.clock.now(), self.ours);
        self.store
            .write(move |tx| {
                tx.close_issued(hash)?;
                tx.step_hold(hash, HoldEvent::Returned, Some(Decision::Node), now)?;
                book_incoming(tx, ours, hash, now)
            })
            .await?;
        self.moved(hash).await
    }

    /// Learns how the node treats keysends, from one that came.
    async fn learn(&self, invoice: &Invoice, new: bool) -> Result<(), StoreError> {
        match (invoice.state, invoice.settled_at) {
            (InvoiceState::Held, _) => self.settings.learned(invoice.hold_secs, &self.store).await,
            // A node that holds is heard of first when it holds: this one settled by itself.
            (InvoiceState::Settled, Some(settled))
                if new && invoice.created_at.until(settled) <= AT_ONCE =>
            {
                self.settings.learned(0, &self.store).await
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn moved(&self, hash: domain::PaymentHash) -> Result<(), StoreError> {
        let changed = self
            .store
            .read(move |db| {
                let key = db.incoming(hash)?.and_then(|row| row.message);
                let Some(message) = key.map(|key| db.message(key)).transpose()?.flatten() else {
                    return Ok(None);
                };
                // A refund changes how the message looks whose payment it pays back.
                let original = match message.kind {
                    MessageKind::Refund { of } => db.attempt(of)?.map(|attempt| attempt.message),
                    _ => None,
                };
                Ok(Some((message.conversation, message.key, original)))
            })
            .await?;
        if let Some((conversation, key, original)) = changed {
            for key in [Some(key), original].into_iter().flatten() {
                self.feed.publish(Change::Message(conversation, key));
            }
            self.feed.publish(Change::Conversation(conversation));
        }
        Ok(())
    }
}

/// What is settled this soon was settled on arrival; LND's times have whole seconds.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What comes before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Early {
    /// It pays back a payment that is under way.
    Refund,
    /// It may be postage of ours; some is under way.
    Postage,
}

enum Recorded {
    /// Its records are stored now and wait to be opened.
    New(Box<IncomingPayment>),
    /// It was known; its state may have changed.
    Moved {
        hash: domain::PaymentHash,
        carrier: Carrier,
    },
    Nothing,
}

impl Recorded {
    fn is_keysend(&self) -> bool {
        let carrier = match self {
            Self::New(payment) => payment.carrier,
            Self::Moved { carrier, .. } => *carrier,
            Self::Nothing => return false,
        };
        carrier == Carrier::Keysend
    }
}

/// How a payment comes, and what our side knows of it.
struct Origin {
    carrier: Carrier,
    preimage: Preimage,
    /// When it came, and until when it may wait.
    arrived_at: Timestamp,
    deadline: Timestamp,
}

impl Origin {
    /// `None` for what is no concern of ours: neither a keysend nor paid to an invoice that we gave.
    fn of(tx: &Tx<'_>, invoice: &Invoice, now: Timestamp) -> Result<Option<Self>, StoreError> {
        if let Some(issued) = tx.issued(invoice.hash)? {
            return Ok(Some(Self {
                carrier: Carrier::Invoice,
                preimage: issued.preimage,
                arrived_at: now,
                deadline: issued.expires_at,
            }));
        }
        let span = Duration::from_secs(u64::from(invoice.hold_secs));
        let (carrier, preimage) = match tx.incoming(invoice.hash)? {
            Some(row) => (row.payment.carrier, Some(row.payment.preimage)),
            // Every keysend brings its preimage.
            None => (Carrier::Keysend, invoice.preimage.clone()),
        };
        Ok(preimage.map(|preimage| Self {
            carrier,
            preimage,
            arrived_at: invoice.created_at,
            deadline: invoice.created_at.plus(span),
        }))
    }
}

/// The node's word in our books: raw records, state, cursor; one transaction.
fn record(
    tx: &Tx<'_>,
    ours: NodeId,
    invoice: &Invoice,
    told: Told,
    now: Timestamp,
) -> Result<Vec<Recorded>, StoreError> {
    let mut all = Vec::new();
    // All the money of an invoice with AMP is in its sets.
    if matches!(invoice.kind, InvoiceKind::Keysend | InvoiceKind::Given) {
        all.push(record_first(tx, ours, invoice, now)?);
    }
    for further in &invoice.further {
        all.push(record_further(tx, ours, invoice, further)?);
    }
    told.advance(tx, invoice)?;
    Ok(all)
}

/// One of several payments to an invoice. To one that somebody gave out, only what brings a message is for us.
fn record_further(
    tx: &Tx<'_>,
    ours: NodeId,
    invoice: &Invoice,
    further: &Further,
) -> Result<Recorded, StoreError> {
    let records = &further.records;
    let is_message = || {
        protocol::letter_record(records).is_some()
            || protocol::read_readable(records, ours).is_some()
    };
    if invoice.kind == InvoiceKind::Reusable && !is_message() {
        return Ok(Recorded::Nothing);
    }
    let payment = IncomingPayment {
        hash: further.name,
        within: Some(invoice.hash),
        // It is settled: nothing has to be settled with it.
        preimage: Preimage::new([0; 32]),
        carrier: Carrier::Keysend,
        amount: further.amount,
        records: records.clone(),
        state: HoldState::Settled,
        decision: Some(Decision::Arrival),
        deadline: None,
        arrived_at: further.at,
        channel: None,
    };
    Ok(if tx.receive_payment(&payment)? {
        Recorded::New(Box::new(payment))
    } else {
        Recorded::Nothing
    })
}

fn record_first(
    tx: &Tx<'_>,
    ours: NodeId,
    invoice: &Invoice,
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    let hash = invoice.hash;
    let Some(origin) = Origin::of(tx, invoice, now)? else {
        return Ok(Recorded::Nothing);
    };
    let carrier = origin.carrier;
    let by_invoice = carrier == Carrier::Invoice;
    let recorded = match invoice.state {
        InvoiceState::Open => {
            if !by_invoice {
                tx.see_payment(hash, &origin.preimage, invoice.created_at)?;
            }
            Recorded::Nothing
        }
        // An invoice of ours that nobody has paid.
        InvoiceState::Canceled
            if by_invoice && tx.issued(hash)?.is_some() && invoice.amount.is_zero() =>
        {
            tx.close_issued(hash)?;
            Recorded::Nothing
        }
        state => {
            let payment = arrived(invoice, origin, state);
            tx.close_issued(hash)?;
            if tx.receive_payment(&payment)? {
                Recorded::New(Box::new(payment))
            } else {
                let (event, decision) = match state {
                    InvoiceState::Settled => (HoldEvent::Settled, Some(Decision::Node)),
                    InvoiceState::Canceled => (HoldEvent::Returned, Some(Decision::Node)),
                    InvoiceState::Held | InvoiceState::Open => (HoldEvent::Held, None),
                };
                let decision = decision.filter(|_| !agrees(tx, hash, event).unwrap_or(false));
                if tx.step_hold(hash, event, decision, now)?.is_some() {
                    book_incoming(tx, ours, hash, now)?;
                }
                Recorded::Moved { hash, carrier }
            }
        }
    };
    Ok(recorded)
}

/// Whether the node did what was decided here.
fn agrees(tx: &Tx<'_>, hash: domain::PaymentHash, event: HoldEvent) -> Result<bool, StoreError> {
    let state = tx.incoming(hash)?.map(|row| row.payment.state);
    Ok(matches!(
        (state, event),
        (Some(HoldState::Accepting), HoldEvent::Settled)
            | (Some(HoldState::Refunding), HoldEvent::Returned)
    ))
}

fn arrived(invoice: &Invoice, origin: Origin, state: InvoiceState) -> IncomingPayment {
    let (state, decision) = match state {
        InvoiceState::Settled => (HoldState::Settled, Some(Decision::Arrival)),
        InvoiceState::Canceled => (HoldState::Returned, Some(Decision::Deadline)),
        InvoiceState::Held | InvoiceState::Open => (HoldState::Held, None),
    };
    IncomingPayment {
        hash: invoice.hash,
        within: None,
        preimage: origin.preimage,
        carrier: origin.carrier,
        amount: invoice.amount,
        channel: invoice.channel,
        records: invoice.records.clone(),
        state,
        decision,
        deadline: (state == HoldState::Held).then_some(origin.deadline),
        arrived_at: origin.arrived_at,
    }
}
