//! Filing what was opened: contact, message and decision, in one transaction.

use domain::{
    Carrier, Contact, Content, ConversationId, Decision, Direction, HoldEvent, HoldState, Incoming,
    IncomingPayment, MessageId, MessageKey, MessageKind, Msat, NodeId, PaymentHash, Program, Room,
    Rules, Timestamp, Trust, Verdict, Way, decide,
};
use protocol::RequestId;
use store::{Found, NewMessage, RefundSide, StoreError, Tx};

use self::entry::Entry;
use self::gathering::part_of;
use self::hearing::Heard;
use crate::books::book_incoming;
use crate::invoices::giving::Wanted;
use crate::opening::Opened;

mod amending;
mod entry;
mod free;
mod gathering;
mod hearing;
mod room;
mod waiting;

/// What filing has led to.
#[derive(Debug, Default)]
pub(crate) struct Filed {
    /// Whose message was stored.
    pub(crate) stored: Option<NodeId>,
    /// Whose letter was opened: their app is there.
    pub(crate) heard: Option<NodeId>,
    /// How many messages that waited for them go now.
    pub(crate) hurried: usize,
    /// How many messages of ours go to them once more, because their app may have lost the key.
    pub(crate) repeats: usize,
    /// A known contact, who is to be told that this message of theirs is stored.
    pub(crate) receipt: Option<(NodeId, MessageId)>,
    /// A known contact, who wants our card.
    pub(crate) asks_for_card: Option<NodeId>,
    /// A known contact, who wants an invoice to pay.
    pub(crate) wanted: Option<Wanted>,
    /// An invoice, from whom, and for which request of ours.
    pub(crate) invoice: Option<(NodeId, RequestId, String)>,
    /// Messages of ours that are there, known before or not: nobody waits for their receipts any more.
    pub(crate) answered: Vec<MessageKey>,
    /// Messages that look different now.
    pub(crate) changed: Vec<(ConversationId, MessageKey)>,
    /// A conversation that looks different now.
    pub(crate) conversation: Option<ConversationId>,
    /// Conversations that are gone: there was no room for them.
    pub(crate) removed: Vec<ConversationId>,
    /// Whether a payment that waited goes back for it.
    pub(crate) displaced: bool,
}

/// What is known of the sender besides what stands in the books.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// Gossip knows the node, or it shares a channel with ours.
    pub(crate) proven: bool,
    /// A contact who sends more than anybody reads.
    pub(crate) too_much: bool,
}

/// One opened payment, filed in one transaction.
pub(crate) struct Desk<'a, 'tx> {
    pub(crate) tx: &'a Tx<'tx>,
    pub(crate) ours: NodeId,
    pub(crate) rules: Rules,
    pub(crate) standing: Standing,
    pub(crate) now: Timestamp,
}

impl Desk<'_, '_> {
    /// Files what came with a payment, and decides on the payment; unless it `waits`, because it is not known yet whether it
    /// is postage that comes back: [`Desk::decide_waiting`].
    pub(crate) fn file(
        &self,
        payment: &IncomingPayment,
        opened: Opened,
        waits: bool,
    ) -> Result<Filed, StoreError> {
        let mut filed = Filed::default();
        if self.tx.incoming(payment.hash)?.is_none_or(|row| row.opened) {
            return Ok(filed);
        }
        let opened = match opened {
            Opened::Letter(spoken) => {
                Opened::Letter(Box::new(self.gather(*spoken, payment.amount)?))
            }
            other => other,
        };
        let part = match &opened {
            Opened::Letter(spoken) => part_of(&spoken.what.body),
            _ => None,
        };
        let heard = match &opened {
            Opened::Letter(spoken) => Some(Heard::of(spoken)),
            _ => None,
        };
        let entry = self.entry(payment, opened, waits)?;
        let contact = self.tx.contact(entry.by)?;
        let proven = entry.by != self.ours && entry.authorship.is_proven();
        let trust = match &contact {
            _ if !proven => Trust::Request,
            Some(contact) => contact.trust,
            None => Trust::Request,
        };
        // A name that anybody can write is no reason to refuse what it is written on, unless the user blocked it.
        let named = self.tx.contact(entry.claims.unwrap_or(entry.by))?;
        let blocked = named.is_some_and(|named| named.trust == Trust::Blocked);
        let (by, id, postage) = (entry.by, entry.id, entry.payment.is_zero());
        let known = self.tx.find_message(by, id)?;
        let content = if known == Found::Absent {
            entry.content
        } else {
            Content::Double
        };
        let incoming = Incoming {
            content,
            amount: payment.amount,
            trust: if blocked { Trust::Blocked } else { trust },
            accept_up_to: contact
                .as_ref()
                .map_or(Msat::ZERO, |contact| contact.accept_up_to),
            room: match trust {
                Trust::Request if proven => self.room(by, payment.amount)?,
                Trust::Known if self.standing.too_much && !paid_for(payment) => Room::SenderFull,
                _ => Room::Free,
            },
            holds: self.hold_room(payment, proven.then_some(by), trust, content)?,
        };
        // An invoice is for one contact: without a letter its payment is not for another program of this node.
        let rules = Rules {
            accept_bare: self.rules.accept_bare && payment.carrier == Carrier::Keysend,
            ..self.rules
        };
        let (verdict, reason) = decide(&rules, &incoming);
        self.tx.set_reason(payment.hash, reason)?;
        if verdict == Verdict::Ask {
            filed.displaced = self.displace(payment, incoming.holds)?;
        }
        let waits = waits && known == Found::Absent && verdict == Verdict::Accept;
        let shown = entry.visible || verdict == Verdict::Ask;
        let mut stored = None;
        let mut message = None;
        if verdict == Verdict::RefuseUnread {
            // Nothing of it is kept but the money that could not be refused.
        } else if known != Found::Absent {
            message = self.double(payment, &entry, known)?;
        } else if shown {
            stored = self.store(Some(payment), contact, entry, payment.carrier)?;
            message = stored;
        } else if let Some(program) = entry.program {
            self.introduce(&contact, by, program)?;
        }
        if stored.is_none() {
            self.tx.drop_records(payment.hash)?;
        }
        // What nobody has signed belongs to nobody, unless it stands in a conversation.
        let sender = (proven || message.is_some()).then_some(by);
        self.tx
            .mark_opened(payment.hash, sender, message, postage)?;
        if waits {
            self.tx.set_waits(payment.hash, true, postage)?;
        } else {
            let decided = self.carry_out(payment.hash, verdict)?;
            if decided && verdict == Verdict::RefuseUnread {
                self.tx.mark_unread(payment.hash)?;
            }
        }
        let shown = book_incoming(self.tx, self.ours, payment.hash, self.now)?;
        // Money that came with a message that is here already is shown as an answer to it.
        if let (Some(shown), Found::Here(key)) = (shown, known) {
            self.tx.set_reply(shown, id, Some(key))?;
        }
        if proven && trust == Trust::Request {
            self.weigh(by)?;
        }
        if trust == Trust::Request {
            self.tidy(&mut filed)?;
        }
        filed.stored = stored.map(|_| by);
        if let Some(heard) = heard.filter(|_| verdict != Verdict::RefuseUnread) {
            self.hear(&heard, &mut filed)?;
            // Of the parts of a double one is answered.
            let answers = receipt(trust, stored.is_some(), known) && part.unwrap_or(0) == 0;
            filed.receipt = answers.then_some((by, id));
        }
        if filed.stored.is_some() {
            // They are there.
            self.hurry(by, &mut filed)?;
        }
        Ok(filed)
    }

    /// A message that is known came once more. Its payment becomes the message's when those before have gone back; what
    /// settles beside a settled one is shown by itself.
    fn double(
        &self,
        payment: &IncomingPayment,
        entry: &Entry,
        known: Found,
    ) -> Result<Option<MessageKey>, StoreError> {
        let Found::Here(key) = known else {
            return Ok(None);
        };
        let message = self.tx.message(key)?;
        let same = message.is_some_and(|message| message.payment == entry.payment);
        let before = self.tx.incoming_of(key)?;
        let went_back = before.is_some_and(|row| row.payment.state == HoldState::Returned);
        if payment.state != HoldState::Settled || entry.payment < Msat::SAT || !same || !went_back {
            return Ok(None);
        }
        // The first try of a pay-back went back, this one did not.
        if let MessageKind::Refund { of } = entry.kind {
            self.tx
                .claim_refund(of, RefundSide::ByThem, key, payment.amount)?;
        }
        Ok(Some(key))
    }

    fn store(
        &self,
        payment: Option<&IncomingPayment>,
        contact: Option<Contact>,
        entry: Entry,
        carrier: Carrier,
    ) -> Result<Option<MessageKey>, StoreError> {
        // What no payment brought is counted by its own name.
        let booked = payment.map_or_else(|| entry.booked_as(), |payment| payment.hash);
        self.introduce(&contact, entry.by, entry.program.unwrap_or(Program::Other))?;
        let conversation = self.tx.conversation_with(entry.by, self.now)?;
        let message = NewMessage {
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
            seen: entry.quiet,
            carrier: Some(carrier),
            letter: entry.letter,
        };
        let (amends, reply_to) = (entry.amends, entry.reply_to);
        let (claim, claims) = (entry.claim, entry.claims);
        let key = match amends {
            Some(amends) => self.file_amendment(&message, amends, entry.sequence)?,
            None => self.tx.insert_letter(&message, entry.sequence)?,
        };
        self.tx.drop_pieces(entry.by, entry.id)?;
        if let Some(key) = key {
            if let Some(claim) = &claim {
                self.tx.set_claim(key, claim)?;
            }
            if let Some(named) = claims {
                self.tx.set_claims(key, named)?;
            }
            if amends.is_none() {
                self.settle(key, conversation, entry.by, reply_to)?;
            }
            // Money without words is no message.
            if !message.text.is_empty() || message.letter.is_some() {
                self.tx.book(
                    store::Booking::MessageReceived,
                    booked,
                    Some(entry.by),
                    Msat::ZERO,
                    self.now,
                )?;
            }
            if let (MessageKind::Refund { of }, Some(payment)) = (entry.kind, payment) {
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
                self.tx
                    .add_contact(&newcomer(self.ours, by, program, self.now))?;
            }
            // Readable text does not make a Heliograph another program: it may have been its first message.
            Some(contact) if program != Program::Other || contact.program == Program::Unknown => {
                self.tx.set_program(by, program)?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Whether something was decided: what the node has ended, or somebody has decided, is left as it is.
    fn carry_out(&self, hash: PaymentHash, verdict: Verdict) -> Result<bool, StoreError> {
        let event = match verdict {
            Verdict::Accept => HoldEvent::Accept,
            Verdict::Refuse | Verdict::RefuseUnread => HoldEvent::Refuse,
            Verdict::Ask => return Ok(false),
        };
        let stepped = self
            .tx
            .step_hold(hash, event, Some(Decision::Policy), self.now)?;
        Ok(stepped.is_some())
    }
}

/// Somebody who is no contact yet; our own node stands for whoever does not say who they are.
pub(crate) fn newcomer(ours: NodeId, by: NodeId, program: Program, now: Timestamp) -> Contact {
    Contact {
        node: by,
        name: String::new(),
        note: String::new(),
        alias: String::new(),
        trust: if by == ours {
            Trust::Known
        } else {
            Trust::Request
        },
        program,
        accept_up_to: Msat::ZERO,
        way: Way::Auto,
        sealed_only: false,
        since: now,
    }
}

/// Whether a sender is told that their message is here. A double says that the first receipt was lost, or that there was
/// none.
fn receipt(trust: Trust, stored: bool, known: Found) -> bool {
    trust == Trust::Known && (stored || matches!(known, Found::Here(_)))
}

/// What has been paid for is kept.
fn paid_for(payment: &IncomingPayment) -> bool {
    payment.state == HoldState::Settled
}
