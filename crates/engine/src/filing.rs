//! Filing what was opened: contact, message and decision, in one transaction.

use domain::{
    Carrier, Contact, Content, ConversationId, Decision, Direction, HoldEvent, HoldState, Incoming,
    IncomingPayment, MessageId, MessageKey, MessageKind, Msat, NodeId, Program, Room, Rules,
    StrangerCaps, Timestamp, Trust, Verdict, Way, decide,
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
}

/// One opened payment, filed in one transaction.
pub(crate) struct Desk<'a, 'tx> {
    pub(crate) tx: &'a Tx<'tx>,
    pub(crate) ours: NodeId,
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
}

impl Desk<'_, '_> {
    /// Files what came with a payment, and decides on the payment.
    pub(crate) fn file(
        &self,
        payment: &IncomingPayment,
        opened: Opened,
    ) -> Result<Filed, StoreError> {
        let mut filed = Filed::default();
        if self.tx.incoming(payment.hash)?.is_none_or(|row| row.opened) {
            return Ok(filed);
        }
        let opened = match opened {
            Opened::Letter(spoken) => {
                let paid_for = paid_for(payment);
                Opened::Letter(Box::new(self.gather(*spoken, payment.amount, paid_for)?))
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
        let entry = self.entry(payment, opened)?;
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
            room: if trust == Trust::Request {
                self.room(paid_for(payment), entry.by, !proven, contact.is_none())?
            } else {
                Room::Free
            },
        };
        // An invoice is for one contact: without a letter its payment is not for another program of this node.
        let rules = Rules {
            accept_bare: self.rules.accept_bare && payment.carrier == Carrier::Keysend,
            ..self.rules
        };
        let verdict = decide(&rules, &incoming);
        let (by, id, postage) = (entry.by, entry.id, entry.payment.is_zero());
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
        let decided = self.carry_out(payment, verdict)?;
        if decided && verdict == Verdict::RefuseUnread {
            self.tx.mark_unread(payment.hash)?;
        }
        book_incoming(self.tx, payment.hash, self.now)?;
        filed.stored = stored.map(|_| by);
        if let Some(heard) = heard.filter(|_| verdict != Verdict::RefuseUnread) {
            self.hear(&heard, &mut filed)?;
            // Of the parts of a double one is answered.
            let answers = receipt(trust, stored.is_some(), known) && part.unwrap_or(0) == 0;
            filed.receipt = answers.then_some((by, id));
        }
        if filed.stored.is_some() {
            // They are there: what waits for them goes now.
            filed.hurried = self.tx.hurry(by)?;
        }
        Ok(filed)
    }

    /// A message that is known came once more. The first payment stays the message's; money that settled beside it is
    /// tied to the message, so that it can be paid back from there.
    fn double(
        &self,
        payment: &IncomingPayment,
        entry: &Entry,
        known: Found,
    ) -> Result<Option<MessageKey>, StoreError> {
        let Found::Here(key) = known else {
            return Ok(None);
        };
        if payment.state != HoldState::Settled || entry.payment < Msat::SAT {
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
            seen: false,
            carrier: Some(carrier),
            letter: entry.letter,
        };
        let (amends, reply_to, claims) = (entry.amends, entry.reply_to, entry.claims);
        let key = match amends {
            Some(amends) => self.file_amendment(&message, amends, entry.sequence)?,
            None => self.tx.insert_letter(&message, entry.sequence)?,
        };
        self.tx.drop_pieces(entry.by, entry.id)?;
        if let Some(key) = key {
            if let Some(named) = claims {
                self.tx.set_claims(key, named)?;
            }
            if amends.is_none() {
                self.settle(key, conversation, entry.by, reply_to)?;
            }
            self.tx.book(
                store::Booking::MessageReceived,
                booked,
                Some(entry.by),
                Msat::ZERO,
                self.now,
            )?;
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
                    way: Way::Auto,
                    sealed_only: false,
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

    /// Whether a stranger may leave one more.
    fn room(
        &self,
        paid_for: bool,
        by: NodeId,
        claimed: bool,
        new: bool,
    ) -> Result<Room, StoreError> {
        if paid_for {
            return Ok(Room::Free);
        }
        let caps = StrangerCaps::default();
        // Names can be invented: nobody's room is taken by what is written in theirs.
        if claimed {
            let count = self.tx.unsigned_count()?;
            return Ok(if count >= caps.unsigned_with_money {
                Room::UnsignedCrowded
            } else if count >= caps.unsigned {
                Room::UnsignedFull
            } else {
                Room::Free
            });
        }
        let (messages, bytes) = self.tx.stranger_usage(by)?;
        let full = messages >= caps.messages
            || bytes >= caps.bytes
            || (new && self.tx.request_count()? >= caps.requests);
        Ok(if full { Room::SenderFull } else { Room::Free })
    }

    /// Whether something was decided: what the node has ended, or somebody has decided, is left as it is.
    fn carry_out(&self, payment: &IncomingPayment, verdict: Verdict) -> Result<bool, StoreError> {
        let event = match verdict {
            Verdict::Accept => HoldEvent::Accept,
            Verdict::Refuse | Verdict::RefuseUnread => HoldEvent::Refuse,
            Verdict::Ask => return Ok(false),
        };
        let stepped = self
            .tx
            .step_hold(payment.hash, event, Some(Decision::Policy), self.now)?;
        Ok(stepped.is_some())
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
