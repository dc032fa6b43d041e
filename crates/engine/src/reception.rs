//! Storing what came and deciding on it: first the raw records, then what they say together with the decision.

use std::sync::Arc;
use std::time::Duration;

use domain::{
    Authorship, Contact, Content, Decision, Direction, Expectation, HoldEvent, HoldState, Incoming,
    IncomingPayment, MessageId, MessageKind, Msat, NodeId, Preimage, Privacy, Program, RefundClaim,
    Rules, StrangerCaps, Timestamp, Trust, Verdict, decide,
};
use lnd::{Invoice, InvoiceState, LightningError};
use protocol::Body;
use store::{Found, NewMessage, RefundSide, Store, StoreError, Tx};
use tokio::sync::Notify;

use crate::books::book_incoming;
use crate::clock::Clock;
use crate::feed::{Change, Feed};
use crate::identity::Identity;
use crate::neighbours::Neighbours;
use crate::opening::{self, Opened};
use crate::rules::Settings;
use crate::tasks::Tasks;

/// Takes the node's word on invoices. Every call may be repeated.
#[derive(Clone)]
pub(crate) struct Reception {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) identity: Identity,
    pub(crate) neighbours: Neighbours,
    pub(crate) settings: Settings,
    pub(crate) tasks: Tasks,
    pub(crate) holds: Arc<Notify>,
}

/// Why an invoice could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceptionError {
    #[error(transparent)]
    Lightning(#[from] LightningError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Reception {
    /// Stores what the node says of an invoice, cursor included, and opens it when it is new.
    pub(crate) async fn take(&self, invoice: Invoice) -> Result<(), ReceptionError> {
        let (now, told) = (self.clock.now(), invoice.clone());
        let recorded = self.store.write(move |tx| record(tx, &told, now)).await?;
        self.learn(&invoice, matches!(recorded, Recorded::New(_)))
            .await?;
        match recorded {
            Recorded::New(payment) => self.open(*payment).await,
            Recorded::Moved { hash } => {
                self.moved(hash).await?;
                Ok(())
            }
            Recorded::Nothing => Ok(()),
        }
    }

    /// Opens a payment whose records are stored, and decides on it.
    pub(crate) async fn open(&self, payment: IncomingPayment) -> Result<(), ReceptionError> {
        let hash = payment.hash;
        let opened = match opening::open(&self.identity, &payment.records, hash).await {
            Ok(opened) => opened,
            Err(LightningError::Permission(method)) => {
                // It stays unopened; the page *Node* says which permission is missing.
                tracing::info!(method, "a letter waits for a permission");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let (ours, rules, now) = (
            self.identity.node(),
            self.settings.rules(),
            self.clock.now(),
        );
        let stored = self
            .store
            .write(move |tx| {
                Desk {
                    tx,
                    ours,
                    rules,
                    now,
                }
                .file(&payment, opened)
            })
            .await?;
        self.holds.notify_one();
        if let Some(node) = stored.filter(|node| *node != ours) {
            let neighbours = self.neighbours.clone();
            self.tasks
                .spawn(async move { neighbours.refresh_alias(node).await });
        }
        self.moved(hash).await?;
        Ok(())
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

    async fn moved(&self, hash: domain::PaymentHash) -> Result<(), StoreError> {
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

enum Recorded {
    /// Its records are stored now and wait to be opened.
    New(Box<IncomingPayment>),
    /// It was known; its state may have changed.
    Moved {
        hash: domain::PaymentHash,
    },
    Nothing,
}

/// The node's word in our books: raw records, state, cursor; one transaction.
fn record(tx: &Tx<'_>, invoice: &Invoice, now: Timestamp) -> Result<Recorded, StoreError> {
    let hash = invoice.hash;
    // Every keysend brings its preimage; nothing else is told here.
    let Some(preimage) = &invoice.preimage else {
        return Ok(Recorded::Nothing);
    };
    let recorded = match invoice.state {
        InvoiceState::Open => {
            tx.see_payment(hash, preimage, invoice.created_at)?;
            Recorded::Nothing
        }
        state => {
            let payment = arrived(invoice, preimage, state);
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
                    book_incoming(tx, hash, now)?;
                }
                Recorded::Moved { hash }
            }
        }
    };
    tx.advance_invoice_cursor(invoice.add_index, invoice.settle_index)?;
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

fn arrived(invoice: &Invoice, preimage: &Preimage, state: InvoiceState) -> IncomingPayment {
    let (state, decision) = match state {
        InvoiceState::Settled => (HoldState::Settled, Some(Decision::Arrival)),
        InvoiceState::Canceled => (HoldState::Returned, Some(Decision::Deadline)),
        InvoiceState::Held | InvoiceState::Open => (HoldState::Held, None),
    };
    let span = Duration::from_secs(u64::from(invoice.hold_secs));
    let deadline = (state == HoldState::Held).then(|| invoice.created_at.plus(span));
    IncomingPayment {
        hash: invoice.hash,
        preimage: preimage.clone(),
        amount: invoice.amount,
        records: invoice.records.clone(),
        state,
        decision,
        deadline,
        arrived_at: invoice.created_at,
    }
}

/// One opened payment, filed in one transaction.
struct Desk<'a, 'tx> {
    tx: &'a Tx<'tx>,
    ours: NodeId,
    rules: Rules,
    now: Timestamp,
}

/// What is filed: all that the decision and the row need.
struct Entry {
    by: NodeId,
    id: MessageId,
    kind: MessageKind,
    text: String,
    payment: Msat,
    sent_at: Timestamp,
    authorship: Authorship,
    privacy: Privacy,
    letter: Option<Vec<u8>>,
    content: Content,
    program: Option<Program>,
    /// Whether there is a bubble to show.
    visible: bool,
}

impl Desk<'_, '_> {
    /// Returns the sender when a message of theirs was stored.
    fn file(
        &self,
        payment: &IncomingPayment,
        opened: Opened,
    ) -> Result<Option<NodeId>, StoreError> {
        if self.tx.incoming(payment.hash)?.is_none_or(|row| row.opened) {
            return Ok(None);
        }
        let entry = self.entry(payment, opened)?;
        let contact = self.tx.contact(entry.by)?;
        let trust = match &contact {
            _ if entry.by == self.ours || entry.authorship == Authorship::Claimed => Trust::Request,
            Some(contact) => contact.trust,
            None => Trust::Request,
        };
        // A name that anybody can write is no reason to refuse what it is written on, unless the user blocked it.
        let blocked = contact
            .as_ref()
            .is_some_and(|contact| contact.trust == Trust::Blocked);
        let known = self.tx.find_message(entry.by, entry.id)?;
        let incoming = Incoming {
            content: if known == Found::Absent {
                entry.content
            } else {
                Content::Double
            },
            amount: payment.amount,
            trust: if blocked { Trust::Blocked } else { trust },
            accept_up_to: contact
                .as_ref()
                .map_or(Msat::ZERO, |contact| contact.accept_up_to),
            // What has been paid for is kept.
            over_caps: trust == Trust::Request
                && payment.state != HoldState::Settled
                && self.over_caps(entry.by, contact.is_none())?,
        };
        let verdict = decide(&self.rules, &incoming);
        if verdict == Verdict::RefuseUnread {
            self.tx
                .mark_opened(payment.hash, Some(entry.by), None, true)?;
            self.tx.drop_records(payment.hash)?;
            return self.carry_out(payment, verdict).map(|()| None);
        }
        let shown = entry.visible || verdict == Verdict::Ask;
        let (by, postage) = (entry.by, entry.payment.is_zero());
        let mut message = None;
        if known != Found::Absent {
            // The first payment stays the message's; of this one only the money matters.
            self.tx.drop_records(payment.hash)?;
        } else if shown {
            message = self.store(payment, contact, entry)?;
        } else if let Some(program) = entry.program {
            self.introduce(&contact, by, program)?;
        }
        self.tx
            .mark_opened(payment.hash, Some(by), message, postage)?;
        self.carry_out(payment, verdict)?;
        book_incoming(self.tx, payment.hash, self.now)?;
        Ok(message.map(|_| by))
    }

    fn store(
        &self,
        payment: &IncomingPayment,
        contact: Option<Contact>,
        entry: Entry,
    ) -> Result<Option<domain::MessageKey>, StoreError> {
        self.introduce(&contact, entry.by, entry.program.unwrap_or(Program::Other))?;
        let conversation = self.tx.conversation_with(entry.by, self.now)?;
        let key = self.tx.insert_message(&NewMessage {
            conversation,
            sender: entry.by,
            id: entry.id,
            direction: Direction::Incoming,
            kind: entry.kind,
            text: entry.text,
            payment: entry.payment,
            sent_at: entry.sent_at,
            stored_at: self.now,
            authorship: entry.authorship,
            privacy: entry.privacy,
            seen: false,
            letter: entry.letter,
        })?;
        if let Some(key) = key {
            self.tx.book(
                store::Booking::MessageReceived,
                payment.hash,
                Some(entry.by),
                Msat::ZERO,
                self.now,
            )?;
            if let MessageKind::Refund { of } = entry.kind {
                self.tx
                    .claim_refund(of, RefundSide::ByThem, key, payment.amount)?;
            }
        }
        Ok(key)
    }

    /// Makes sure that there is a contact, and that we know what they run.
    fn introduce(
        &self,
        contact: &Option<Contact>,
        by: NodeId,
        program: Program,
    ) -> Result<(), StoreError> {
        match contact {
            None => {
                let trust = if by == self.ours {
                    Trust::Known
                } else {
                    Trust::Request
                };
                self.tx.add_contact(&Contact {
                    node: by,
                    name: String::new(),
                    note: String::new(),
                    alias: String::new(),
                    trust,
                    program,
                    accept_up_to: Msat::ZERO,
                    since: self.now,
                })?;
            }
            // Readable text does not make a Heliograph another program: it may have been its first message.
            Some(contact) if program != Program::Other || contact.program == Program::Unknown => {
                self.tx.set_program(by, program)?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn over_caps(&self, by: NodeId, new: bool) -> Result<bool, StoreError> {
        let caps = StrangerCaps::default();
        let (messages, bytes) = self.tx.stranger_usage(by)?;
        Ok(messages >= caps.messages
            || bytes >= caps.bytes
            || (new && self.tx.request_count()? >= caps.requests))
    }

    fn carry_out(&self, payment: &IncomingPayment, verdict: Verdict) -> Result<(), StoreError> {
        let event = match verdict {
            Verdict::Accept => HoldEvent::Accept,
            Verdict::Refuse | Verdict::RefuseUnread => HoldEvent::Refuse,
            Verdict::Ask => return Ok(()),
        };
        self.tx
            .step_hold(payment.hash, event, Some(Decision::Policy), self.now)?;
        Ok(())
    }

    fn entry(&self, payment: &IncomingPayment, opened: Opened) -> Result<Entry, StoreError> {
        let nobody = |kind, content, visible| Entry {
            by: self.ours,
            id: payment.hash.message_id(),
            kind,
            text: String::new(),
            payment: payment.amount,
            sent_at: payment.arrived_at,
            authorship: Authorship::Claimed,
            privacy: Privacy::Sealed,
            letter: None,
            content,
            program: None,
            visible,
        };
        Ok(match opened {
            Opened::Bare => Entry {
                privacy: Privacy::Open,
                ..nobody(MessageKind::Payment, Content::Bare, false)
            },
            Opened::Unreadable => nobody(MessageKind::Unreadable, Content::Sealed, true),
            Opened::Newer => nobody(MessageKind::Newer, Content::Sealed, true),
            Opened::Readable(readable) => {
                let head = opening::head(&readable, payment.hash, payment.arrived_at);
                // One satoshi is what programs attach to carry a text; more is meant for the person.
                let postage = payment.amount <= Msat::SAT;
                Entry {
                    by: head.by.unwrap_or(self.ours),
                    id: head.id,
                    kind: if postage {
                        MessageKind::Text
                    } else {
                        MessageKind::Payment
                    },
                    text: protocol::display_text(&readable.text),
                    payment: if postage { Msat::ZERO } else { payment.amount },
                    sent_at: head.sent_at,
                    authorship: head.authorship,
                    privacy: Privacy::Open,
                    letter: None,
                    content: Content::Readable,
                    program: Some(Program::Other),
                    visible: true,
                }
            }
            Opened::Letter(letter) => self.letter(payment, *letter)?,
        })
    }

    fn letter(
        &self,
        payment: &IncomingPayment,
        spoken: opening::Spoken<protocol::Letter>,
    ) -> Result<Entry, StoreError> {
        let letter = spoken.what;
        let postage = letter.expectation == Expectation::Return;
        let plain = if postage {
            MessageKind::Text
        } else {
            MessageKind::Payment
        };
        let content = Content::Letter(letter.expectation);
        let (kind, text, content, visible) = match letter.body {
            Body::Text(text) => (plain, text, content, true),
            Body::Payment { note, .. } => (plain, note, content, true),
            // A hello that brings money is shown; one that brings postage only introduces.
            Body::Hello { .. } => {
                let visible = spoken.text.is_some() || !postage;
                (plain, spoken.text.unwrap_or_default(), content, visible)
            }
            Body::Refund { of, note, .. } => {
                let claim = RefundClaim {
                    from: spoken.by,
                    of,
                    amount: payment.amount,
                };
                let honest = claim.is_honest(self.tx.paid_before(of)?.as_ref());
                let kind = if honest {
                    MessageKind::Refund { of }
                } else {
                    MessageKind::Payment
                };
                (kind, note, Content::Refund { honest }, true)
            }
            Body::Unknown => (MessageKind::Newer, String::new(), Content::Sealed, true),
        };
        let carries_money = kind != MessageKind::Text;
        Ok(Entry {
            by: spoken.by,
            id: letter.id,
            kind,
            text: protocol::display_text(&text),
            payment: if carries_money {
                payment.amount
            } else {
                Msat::ZERO
            },
            sent_at: letter.sent_at,
            authorship: Authorship::Verified,
            privacy: spoken.privacy,
            letter: Some(spoken.bytes),
            content,
            program: Some(Program::Heliograph {
                hold_secs: letter.hold_secs,
            }),
            visible,
        })
    }
}
