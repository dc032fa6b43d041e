//! What the user may ask for. A command checks, writes the intent in one transaction, wakes the actor, and returns.

use domain::resume::MONEY_LEAVES_WITHIN;
use domain::{
    Amendment, Authorship, Contact, ConversationId, Decision, DeliveryEvent, DeliveryState,
    Direction, Expectation, HoldEvent, HoldState, Limits, Message, MessageId, MessageKey,
    MessageKind, Msat, PATIENCE, PaymentHash, Postage, RouteHint, Trust, Way,
};
use rand::Rng;
use store::{CardRow, Delivery, MessageRow, NewMessage, Outcome, RefundSide, StoreError, Tx};

use crate::compose::{Draft, Purpose};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::feed::Change;
use crate::outbox::is_stopped;
use crate::quotes::Quote;

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where.
    pub conversation: ConversationId,
    /// The words; may be empty with a payment.
    pub text: String,
    /// Sats for the recipient; zero for a text, which carries postage.
    pub payment: Msat,
    /// The most in fees; `None` takes the user's setting.
    pub fee_limit: Option<Msat>,
    /// Which ways are allowed; `Auto` takes the contact's setting.
    pub way: Way,
    /// The message of this conversation that it answers.
    pub reply_to: Option<MessageKey>,
}

/// The outcome of a guarded write: refusals are answers, not failures of the database.
pub(crate) type Guarded<T> = Result<Result<T, EngineError>, StoreError>;

impl Engine {
    /// Stores a message and queues it.
    ///
    /// # Errors
    /// Nothing is stored when the message is empty, too small, too long for where the contact was last seen, or for nobody.
    pub async fn send(&self, outgoing: Outgoing) -> Result<MessageKey, EngineError> {
        let to = self.recipient(outgoing.conversation).await?;
        let purpose = purpose(&outgoing)?;
        let draft = Draft {
            reply_to: self.answered(&outgoing).await?,
            ..self.draft(&to, purpose, outgoing.text)
        };
        self.parts
            .quotes
            .check_size(&draft, to.limits(outgoing.way))?;
        let fee_limit = self.parts.quotes.fee_limit(&draft, outgoing.fee_limit);
        let conversation = outgoing.conversation;
        let queued = Queued {
            ours: self.parts.identity.node(),
            conversation,
            fee_limit,
            way: outgoing.way,
        };
        let (reply_to, orders) = (outgoing.reply_to, self.parts.orders.clone());
        let key = self
            .parts
            .store
            .write(move |tx| {
                let key = queued.store(tx, &draft)?;
                if draft.purpose != Purpose::Text {
                    orders.add(key);
                }
                if let Some(id) = draft.reply_to {
                    tx.set_reply(key, id, reply_to)?;
                }
                Ok(key)
            })
            .await?;
        self.queued(conversation, key);
        Ok(key)
    }

    /// What a send would cost now.
    ///
    /// # Errors
    /// As for [`Engine::send`]; besides: no route, no balance, no keysend, not connected.
    pub async fn quote(&self, outgoing: Outgoing) -> Result<Quote, EngineError> {
        let to = self.recipient(outgoing.conversation).await?;
        let limits = to.limits(outgoing.way);
        // An amount is asked for while the text is still empty.
        let purpose = match purpose(&outgoing) {
            Err(EngineError::Empty) => Purpose::Text,
            other => other?,
        };
        let draft = Draft {
            reply_to: self.answered(&outgoing).await?,
            ..self.draft(&to, purpose, outgoing.text)
        };
        let quotes = &self.parts.quotes;
        quotes.quote(&draft, limits, outgoing.fee_limit).await
    }

    /// Tries a message again now that did not arrive, or that waits.
    ///
    /// # Errors
    /// [`EngineError::Delivery`] when it neither failed nor waits; [`EngineError::Blocked`].
    pub async fn retry(&self, key: MessageKey) -> Result<(), EngineError> {
        let (now, orders) = (self.parts.clock.now(), self.parts.orders.clone());
        self.step_delivery(key, move |tx, delivery, message| {
            // Words that are gone are not sent.
            if message.taken_back_at.is_some() {
                return Ok(Err(EngineError::Delivery(delivery.state)));
            }
            if tx
                .contact(delivery.to)?
                .is_some_and(|to| is_stopped(&to, delivery))
            {
                return Ok(Err(EngineError::Blocked));
            }
            if delivery.next_try.is_some() {
                tx.hurry(delivery.to)?;
                return Ok(Ok(()));
            }
            let event = DeliveryEvent::Retry;
            if tx
                .step_delivery(key, event, Outcome::default(), now)?
                .is_none()
            {
                return Ok(Err(EngineError::Delivery(delivery.state)));
            }
            orders.add(key);
            tx.set_gives_up_at(key, now.plus(PATIENCE))?;
            tx.set_leaves_by(key, now.plus(MONEY_LEAVES_WITHIN))?;
            Ok(Ok(()))
        })
        .await
    }

    /// Takes a message back that has not left, or gives one up that did not arrive.
    ///
    /// # Errors
    /// [`EngineError::Delivery`] when it is on its way or over.
    pub async fn cancel(&self, key: MessageKey) -> Result<(), EngineError> {
        let now = self.parts.clock.now();
        self.step_delivery(key, move |tx, delivery, message| {
            // What may be there already stays.
            let cancelled = tx.can_cancel_amendment(message)? && tx.cancel_delivery(key, now)?;
            Ok(cancelled
                .then_some(())
                .ok_or(EngineError::Delivery(delivery.state)))
        })
        .await
    }

    /// Takes a held payment.
    ///
    /// # Errors
    /// [`EngineError::Hold`] when it went back or is going back. Accepting twice is accepting once.
    pub async fn accept(&self, key: MessageKey) -> Result<(), EngineError> {
        self.decide(
            key,
            HoldEvent::Accept,
            [HoldState::Accepting, HoldState::Settled],
        )
        .await
    }

    /// Returns a held payment; free for both sides.
    ///
    /// # Errors
    /// [`EngineError::Hold`] when it is settled or being settled. Refusing twice is refusing once.
    pub async fn refuse(&self, key: MessageKey) -> Result<(), EngineError> {
        self.decide(
            key,
            HoldEvent::Refuse,
            [HoldState::Refunding, HoldState::Returned],
        )
        .await
    }

    /// What paying a settled payment back would cost.
    ///
    /// # Errors
    /// [`EngineError::NotRefundable`], [`EngineError::AlreadyRefunded`], and those of [`Engine::quote`].
    pub async fn quote_pay_back(&self, key: MessageKey) -> Result<Quote, EngineError> {
        let original = self
            .parts
            .store
            .read(move |db| Original::find(db, key))
            .await??;
        let purpose = Purpose::Refund {
            of: original.hash,
            amount: original.amount,
        };
        let draft = self.draft(&original.to, purpose, String::new());
        let limits = original.to.limits(Way::Auto);
        self.parts.quotes.quote(&draft, limits, None).await
    }

    /// Pays a settled payment back, in full, with the fee on the user. Once per payment.
    ///
    /// # Errors
    /// [`EngineError::NotRefundable`], [`EngineError::AlreadyRefunded`].
    pub async fn pay_back(
        &self,
        key: MessageKey,
        fee_limit: Option<Msat>,
    ) -> Result<MessageKey, EngineError> {
        let engine = self.clone();
        let (conversation, refund) = self
            .parts
            .store
            .write(move |tx| -> Guarded<(ConversationId, MessageKey)> {
                let original = match Original::find(tx, key)? {
                    Ok(original) => original,
                    Err(error) => return Ok(Err(error)),
                };
                let purpose = Purpose::Refund {
                    of: original.hash,
                    amount: original.amount,
                };
                let draft = engine.draft(&original.to, purpose, String::new());
                let parts = &engine.parts;
                let fee_limit = parts.quotes.fee_limit(&draft, fee_limit);
                let conversation = original.conversation;
                let queued = Queued {
                    ours: parts.identity.node(),
                    conversation,
                    fee_limit,
                    way: Way::Auto,
                };
                let refund = queued.store(tx, &draft)?;
                parts.orders.add(refund);
                if !tx.claim_refund(original.hash, RefundSide::ByUs, refund, original.amount)? {
                    return Err(StoreError::Constraint(
                        "it has been paid back already".into(),
                    ));
                }
                Ok(Ok((conversation, refund)))
            })
            .await??;
        self.queued(conversation, refund);
        self.parts.feed.publish(Change::Message(conversation, key));
        Ok(refund)
    }

    pub(crate) async fn recipient(
        &self,
        conversation: ConversationId,
    ) -> Result<Recipient, EngineError> {
        let recipient = self
            .parts
            .store
            .read(move |db| {
                let Some(row) = db.conversation(conversation)? else {
                    return Ok(None);
                };
                let card = db.card(row.contact.node)?;
                let balance = db.postage_balance(row.contact.node)?;
                Ok(Some(Recipient {
                    // Whoever is answered is let in, with what they have told.
                    ways_in: db.hints(row.contact.node)?,
                    postage: balance.next(row.contact.program),
                    contact: row.contact,
                    card,
                }))
            })
            .await?
            .ok_or(EngineError::NotFound)?;
        let contact = &recipient.contact;
        if contact.node == self.parts.identity.node() {
            return Err(EngineError::Nobody);
        }
        if contact.trust == Trust::Blocked {
            return Err(EngineError::Blocked);
        }
        Ok(recipient)
    }

    /// The sequence number is filled in when the message is stored.
    pub(crate) fn draft(&self, to: &Recipient, purpose: Purpose, text: String) -> Draft {
        let parts = &self.parts;
        let contact = &to.contact;
        Draft {
            to: contact.node,
            program: contact.program,
            sealing: parts
                .keys
                .sealing(contact.node, Some(contact), to.card.as_ref()),
            sealed_only: contact.sealed_only,
            id: MessageId(parts.rng().random()),
            sequence: SOME_SEQUENCE,
            after: SOME_SEQUENCE,
            sent_at: parts.clock.now(),
            hold_secs: parts.settings.mode().hold_secs_told(),
            text,
            purpose,
            amends: None,
            reply_to: None,
            postage: to.postage,
            ways_in: to.ways_in.clone(),
        }
    }

    /// Has `step` change a delivery, in one transaction; the outbox and the window hear of it.
    async fn step_delivery(
        &self,
        key: MessageKey,
        step: impl FnOnce(&Tx<'_>, &Delivery, &Message) -> Guarded<()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let conversation = self
            .parts
            .store
            .write(move |tx| -> Guarded<ConversationId> {
                let (Some(delivery), Some(message)) = (tx.delivery(key)?, tx.message(key)?) else {
                    return Ok(Err(EngineError::NotFound));
                };
                Ok(step(tx, &delivery, &message)?.map(|()| delivery.conversation))
            })
            .await??;
        self.queued(conversation, key);
        Ok(())
    }

    async fn decide(
        &self,
        key: MessageKey,
        event: HoldEvent,
        already: [HoldState; 2],
    ) -> Result<(), EngineError> {
        let now = self.parts.clock.now();
        let conversation = self
            .parts
            .store
            .write(move |tx| -> Guarded<ConversationId> {
                let (Some(message), Some(row)) = (tx.message(key)?, tx.incoming_of(key)?) else {
                    return Ok(Err(EngineError::NotFound));
                };
                let hash = row.payment.hash;
                let stepped = tx.step_hold(hash, event, Some(Decision::Person), now)?;
                if stepped.is_none() && !already.contains(&row.payment.state) {
                    return Ok(Err(EngineError::Hold(row.payment.state)));
                }
                Ok(Ok(message.conversation))
            })
            .await??;
        self.parts.holds.notify_one();
        self.parts.feed.publish(Change::Message(conversation, key));
        self.parts.feed.publish(Change::Conversation(conversation));
        Ok(())
    }

    pub(crate) fn queued(&self, conversation: ConversationId, key: MessageKey) {
        self.parts.outbox.notify_one();
        self.parts.feed.publish(Change::Message(conversation, key));
        self.parts.feed.publish(Change::Conversation(conversation));
    }
}

/// Any number of the usual size, for measuring a letter before it has its own.
const SOME_SEQUENCE: u64 = 1_790_000_000_000;

fn purpose(outgoing: &Outgoing) -> Result<Purpose, EngineError> {
    if outgoing.payment.is_zero() {
        let empty = outgoing.text.trim().is_empty();
        return if empty {
            Err(EngineError::Empty)
        } else {
            Ok(Purpose::Text)
        };
    }
    if outgoing.payment < Msat::SAT {
        return Err(EngineError::BelowMinimum);
    }
    Ok(Purpose::Payment(outgoing.payment))
}

/// Somebody to write to.
pub(crate) struct Recipient {
    pub(crate) contact: Contact,
    card: Option<CardRow>,
    /// What a text would carry now, if it travelled by a payment.
    postage: Postage,
    ways_in: Vec<RouteHint>,
}

impl Recipient {
    /// What is allowed for a message with a setting of its own.
    pub(crate) const fn limits(&self, chosen: Way) -> Limits {
        chosen.and(self.contact.way)
    }
}

/// Where a draft is stored.
pub(crate) struct Queued {
    pub(crate) ours: domain::NodeId,
    pub(crate) conversation: ConversationId,
    pub(crate) fee_limit: Msat,
    pub(crate) way: Way,
}

impl Queued {
    /// Message and delivery, in the caller's transaction.
    fn store(&self, tx: &Tx<'_>, draft: &Draft) -> Result<MessageKey, StoreError> {
        let sequence = tx.next_sequence(self.conversation, draft.sent_at)?;
        let key = tx.insert_message(&self.message(draft))?;
        self.enqueue(tx, draft, key, sequence)
    }

    /// A letter that amends this message, and its delivery, in the caller's transaction.
    pub(crate) fn store_amendment(
        &self,
        tx: &Tx<'_>,
        draft: &Draft,
        amends: Amendment,
        target: MessageKey,
    ) -> Result<MessageKey, StoreError> {
        let sequence = tx.next_sequence(self.conversation, draft.sent_at)?;
        let message = self.message(draft);
        let key = tx.insert_amendment(&message, amends, Some(target), sequence)?;
        self.enqueue(tx, draft, key, sequence)
    }

    fn message(&self, draft: &Draft) -> NewMessage {
        let (kind, payment) = match draft.purpose {
            Purpose::Text => (MessageKind::Text, Msat::ZERO),
            Purpose::Payment(amount) => (MessageKind::Payment, amount),
            Purpose::Refund { of, amount } => (MessageKind::Refund { of }, amount),
        };
        NewMessage {
            conversation: self.conversation,
            sender: self.ours,
            id: draft.id,
            direction: Direction::Outgoing,
            kind,
            text: draft.text.clone(),
            payment,
            sent_at: draft.sent_at,
            stored_at: draft.sent_at,
            authorship: Authorship::Verified,
            privacy: draft.privacy(),
            seen: true,
            carrier: None,
            letter: None,
        }
    }

    fn enqueue(
        &self,
        tx: &Tx<'_>,
        draft: &Draft,
        key: Option<MessageKey>,
        sequence: u64,
    ) -> Result<MessageKey, StoreError> {
        let key = key.ok_or_else(|| StoreError::Constraint("a message id came up twice".into()))?;
        // What a text asks of its postage is decided for each attempt.
        let (refund_of, expectation) = match draft.purpose {
            Purpose::Text => (None, Expectation::Return),
            Purpose::Payment(_) => (None, Expectation::Decide),
            Purpose::Refund { of, .. } => (Some(of), Expectation::Keep),
        };
        // Whoever is answered is let in; money that goes back is no answer.
        if refund_of.is_none() {
            tx.let_in(draft.to)?;
        }
        // Whoever writes again wants to know now; and what has waited comes first.
        tx.hurry(draft.to)?;
        tx.enqueue(&Delivery {
            message: key,
            conversation: self.conversation,
            to: draft.to,
            state: DeliveryState::Queued,
            expectation,
            amount: draft.amount(),
            fee_limit: self.fee_limit,
            refund_of,
            sequence,
            failure: None,
            returned: None,
            waits_until: None,
            tries: 0,
            next_try: None,
            // A text waits for its recipient. Money leaves when it is told to, or not at all.
            gives_up_at: (draft.purpose == Purpose::Text).then(|| draft.sent_at.plus(PATIENCE)),
            leaves_by: (draft.purpose != Purpose::Text)
                .then(|| draft.sent_at.plus(MONEY_LEAVES_WITHIN)),
            way: self.way,
            delivered_at: None,
            read_at: None,
            updated_at: draft.sent_at,
        })?;
        Ok(key)
    }
}

/// Whether the payment of a message can be paid back: it has settled, its sender is proven, it is neither postage nor a
/// pay-back, and nothing of it has been paid back. The fronts and the command go by this.
///
/// # Errors
/// [`EngineError::NotFound`] without a payment, [`EngineError::NotRefundable`], [`EngineError::AlreadyRefunded`].
pub fn can_pay_back(row: &MessageRow) -> Result<(), EngineError> {
    let (message, incoming) = (&row.message, row.incoming.as_ref());
    let incoming = incoming.ok_or(EngineError::NotFound)?;
    let payment = &incoming.payment;
    let refundable = message.authorship.is_proven()
        && !matches!(message.kind, MessageKind::Refund { .. })
        && !incoming.postage
        && payment.state == HoldState::Settled
        && payment.amount >= Msat::SAT;
    if !refundable {
        return Err(EngineError::NotRefundable);
    }
    if row.refund.is_some() {
        return Err(EngineError::AlreadyRefunded);
    }
    Ok(())
}

/// A payment that can be paid back.
struct Original {
    hash: PaymentHash,
    amount: Msat,
    to: Recipient,
    conversation: ConversationId,
}

impl Original {
    fn find(db: &store::Reader<'_>, key: MessageKey) -> Guarded<Self> {
        let Some(found) = db.message_row(key)? else {
            return Ok(Err(EngineError::NotFound));
        };
        if let Err(error) = can_pay_back(&found) {
            return Ok(Err(error));
        }
        let (message, Some(row)) = (found.message, found.incoming) else {
            return Ok(Err(EngineError::NotFound));
        };
        let contact = row
            .sender
            .map(|sender| db.contact(sender))
            .transpose()?
            .flatten();
        let Some(contact) = contact else {
            return Ok(Err(EngineError::NotRefundable));
        };
        let (hash, amount) = (row.payment.hash, row.payment.amount);
        let card = db.card(contact.node)?;
        Ok(Ok(Self {
            hash,
            amount,
            to: Recipient {
                ways_in: db.hints_of_known(&contact)?,
                contact,
                card,
                postage: Postage::PLAIN,
            },
            conversation: message.conversation,
        }))
    }
}
