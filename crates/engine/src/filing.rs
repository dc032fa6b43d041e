//! Filing what was opened: contact, message and decision, in one transaction.

use domain::{
    Authorship, Contact, Content, Decision, Direction, HoldEvent, HoldState, Incoming,
    IncomingPayment, MessageKey, MessageKind, Msat, NodeId, Program, Room, Rules, StrangerCaps,
    Timestamp, Trust, Verdict, decide,
};
use store::{Found, NewMessage, RefundSide, StoreError, Tx};

use self::entry::Entry;
use crate::books::book_incoming;
use crate::opening::Opened;

mod entry;

/// One opened payment, filed in one transaction.
pub(crate) struct Desk<'a, 'tx> {
    pub(crate) tx: &'a Tx<'tx>,
    pub(crate) ours: NodeId,
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
}

impl Desk<'_, '_> {
    /// Returns the sender when a message of theirs was stored.
    pub(crate) fn file(
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
            room: if trust == Trust::Request {
                self.room(payment, &entry, contact.is_none())?
            } else {
                Room::Free
            },
        };
        let verdict = decide(&self.rules, &incoming);
        let (by, postage) = (entry.by, entry.payment.is_zero());
        let shown = entry.visible || verdict == Verdict::Ask;
        let mut stored = None;
        let mut message = None;
        if verdict == Verdict::RefuseUnread {
            // Nothing of it is kept but the money that could not be refused.
        } else if known != Found::Absent {
            message = self.double(payment, &entry, known)?;
        } else if shown {
            stored = self.store(payment, contact, entry)?;
            message = stored;
        } else if let Some(program) = entry.program {
            self.introduce(&contact, by, program)?;
        }
        if stored.is_none() {
            self.tx.drop_records(payment.hash)?;
        }
        // What nobody wrote belongs to nobody, unless it stands in nobody's conversation.
        let sender = (by != self.ours || message.is_some()).then_some(by);
        self.tx
            .mark_opened(payment.hash, sender, message, postage)?;
        let decided = self.carry_out(payment, verdict)?;
        if decided && verdict == Verdict::RefuseUnread {
            self.tx.mark_unread(payment.hash)?;
        }
        book_incoming(self.tx, payment.hash, self.now)?;
        Ok(stored.map(|_| by))
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
        payment: &IncomingPayment,
        contact: Option<Contact>,
        entry: Entry,
    ) -> Result<Option<MessageKey>, StoreError> {
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
            letter: entry.letter,
        };
        let key = self.tx.insert_letter(&message, entry.sequence)?;
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

    /// Whether a stranger may leave one more.
    fn room(
        &self,
        payment: &IncomingPayment,
        entry: &Entry,
        new: bool,
    ) -> Result<Room, StoreError> {
        // What has been paid for is kept.
        if payment.state == HoldState::Settled {
            return Ok(Room::Free);
        }
        let caps = StrangerCaps::default();
        // Names can be invented: nobody's room is taken by what is written in theirs.
        if entry.by == self.ours || entry.authorship == Authorship::Claimed {
            let full = self.tx.unsigned_count()? >= caps.unsigned;
            return Ok(if full { Room::UnsignedFull } else { Room::Free });
        }
        let (messages, bytes) = self.tx.stranger_usage(entry.by)?;
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
