//! Filing what was opened: contact, message and decision, in one transaction.

use domain::{
    Authorship, Contact, Content, Decision, Direction, Expectation, HoldEvent, HoldState, Incoming,
    IncomingPayment, MessageId, MessageKind, Msat, NodeId, Privacy, Program, RefundClaim, Rules,
    StrangerCaps, Timestamp, Trust, Verdict, decide,
};
use protocol::Body;
use store::{Found, NewMessage, RefundSide, StoreError, Tx};

use crate::books::book_incoming;
use crate::opening::{self, Opened};

/// One opened payment, filed in one transaction.
pub(crate) struct Desk<'a, 'tx> {
    pub(crate) tx: &'a Tx<'tx>,
    pub(crate) ours: NodeId,
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
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
            // Said in a way that this program does not show yet.
            _ => (MessageKind::Newer, String::new(), content, true),
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
