//! Tables `message`, `letter` and `tombstone`.

use std::ops::ControlFlow;
use std::time::Duration;

use domain::{
    Amendment, Authorship, Carrier, ConversationId, Direction, Message, MessageId, MessageKey,
    MessageKind, Msat, NodeId, PaymentHash, Privacy, Timestamp,
};
use rusqlite::{Row, params};

use crate::Result;
use crate::amendments::{Amendments, Reply};
use crate::codes::{kind_columns, kind_of_columns};
use crate::column::{S, Take};
use crate::incoming::IncomingRow;
use crate::outbox::Delivery;
use crate::refunds::RefundRow;
use crate::tx::{Reader, Tx};

mod page;

pub use page::{Page, PageAt};

/// A message to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Where.
    pub conversation: ConversationId,
    /// The node that wrote it.
    pub sender: NodeId,
    /// The sender's name for it.
    pub id: MessageId,
    /// Who wrote it.
    pub direction: Direction,
    /// What it is.
    pub kind: MessageKind,
    /// The words; may be empty.
    pub text: String,
    /// Sats meant for the recipient; zero for a text.
    pub payment: Msat,
    /// By the sender's clock.
    pub sent_at: Timestamp,
    /// By ours. It does not decide on the order. A letter that was overtaken is put earlier ([`Tx::insert_letter`]).
    pub stored_at: Timestamp,
    /// What is known of the author.
    pub authorship: Authorship,
    /// Who could read it on the way.
    pub privacy: Privacy,
    /// Whether the user has seen it; true for outgoing ones.
    pub seen: bool,
    /// How it came; `None` for outgoing ones.
    pub carrier: Option<Carrier>,
    /// The opened bytes as they came, for programs that understand more of them.
    pub letter: Option<Vec<u8>>,
}

/// A message with what surrounds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The message.
    pub message: Message,
    /// Where it is, for outgoing ones.
    pub delivery: Option<Delivery>,
    /// What the recipient kept, for outgoing ones that settled.
    pub paid: Option<Msat>,
    /// Fees paid; zero unless settled.
    pub fee: Msat,
    /// Channels on the route that settled, else on the one that was tried last.
    pub hops: Option<u32>,
    /// How it came; for outgoing ones how it went, or was tried last.
    pub carrier: Option<Carrier>,
    /// The payment under it, for incoming ones.
    pub incoming: Option<IncomingRow>,
    /// The pay-back of this message's payment.
    pub refund: Option<RefundRow>,
    /// For a refund: the message whose payment it pays back, when it is still here.
    pub refund_of: Option<MessageKey>,
    /// What it answers.
    pub reply: Option<Reply>,
    /// What was done to it.
    pub amendments: Amendments,
    /// What the author of one that nobody has signed says of themselves.
    pub claim: Option<Claim>,
}

/// What somebody says of themselves, without proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What they call themselves; may be empty.
    pub name: String,
    /// What their program says of itself and of what it is about; may be empty.
    pub about: String,
}

/// Whether a message was stored before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Never.
    Absent,
    /// It is here.
    Here(MessageKey),
    /// It was, and the user has deleted it.
    Deleted,
}

impl Reader<'_> {
    /// One message.
    pub fn message(&self, key: MessageKey) -> Result<Option<Message>> {
        self.first(
            &format!("{SELECT} WHERE key = ?1"),
            params![S(key)],
            message_of,
        )
    }

    /// One message with what surrounds it.
    pub fn message_row(&self, key: MessageKey) -> Result<Option<MessageRow>> {
        self.message(key)?
            .map(|message| self.surround(message))
            .transpose()
    }

    /// Whether this message of this sender is known.
    pub fn find_message(&self, sender: NodeId, id: MessageId) -> Result<Found> {
        let here = self.first(
            "SELECT key FROM message WHERE sender = ?1 AND id = ?2",
            params![S(sender), S(id)],
            |row| row.take("key"),
        )?;
        if let Some(key) = here {
            return Ok(Found::Here(key));
        }
        let deleted = self.first(
            "SELECT 1 FROM tombstone WHERE sender = ?1 AND id = ?2",
            params![S(sender), S(id)],
            |_| Ok(()),
        )?;
        Ok(deleted.map_or(Found::Absent, |()| Found::Deleted))
    }

    /// The sequence number of the next outgoing message: the time in milliseconds, or the number after the last one. So no
    /// number is used again, neither when the contact was removed in between nor when an older copy of the database took
    /// the place of this one. The message that is enqueued takes it.
    pub fn next_sequence(&self, conversation: ConversationId, now: Timestamp) -> Result<u64> {
        let last: Option<u64> = self.first(
            "SELECT l.sequence FROM conversation c JOIN lane l ON l.node = c.node WHERE c.id = ?1",
            params![S(conversation)],
            |row| row.take("sequence"),
        )?;
        let time = u64::try_from(now.0).unwrap_or(0);
        Ok(last.unwrap_or(0).saturating_add(1).max(time))
    }

    /// The opened bytes of a message as they came.
    pub fn letter(&self, key: MessageKey) -> Result<Option<Vec<u8>>> {
        self.first(
            "SELECT bytes FROM letter WHERE message = ?1",
            params![S(key)],
            |row| row.get("bytes"),
        )
    }

    fn surround(&self, message: Message) -> Result<MessageRow> {
        let mut row = MessageRow {
            delivery: None,
            paid: None,
            fee: Msat::ZERO,
            hops: None,
            carrier: message.carrier,
            incoming: None,
            refund: None,
            refund_of: None,
            reply: self.reply_of(&message)?,
            amendments: self.amendments(&message)?,
            claim: self.claim(message.key)?,
            message,
        };
        let paid_by = match row.message.direction {
            Direction::Outgoing => {
                row.delivery = self.delivery(row.message.key)?;
                let best = self.best_attempt(row.message.key)?;
                row.hops = best.as_ref().and_then(|best| best.hops);
                row.carrier = best.as_ref().map(|best| best.carrier);
                best.filter(|best| best.settled).map(|best| {
                    row.paid = Some(best.amount);
                    row.fee = best.fee;
                    best.hash
                })
            }
            Direction::Incoming => {
                row.incoming = self.incoming_of(row.message.key)?;
                row.incoming.as_ref().map(|incoming| incoming.payment.hash)
            }
        };
        if let Some(hash) = paid_by {
            row.refund = self.refund_of_payment(hash)?;
        }
        if let MessageKind::Refund { of } = row.message.kind {
            row.refund_of = self.message_paid_by(of, row.message.direction)?;
        }
        Ok(row)
    }

    /// What the author of a message says of themselves, where nobody has signed it.
    pub fn claim(&self, key: MessageKey) -> Result<Option<Claim>> {
        self.first(
            "SELECT name, about FROM claim WHERE message = ?1",
            params![S(key)],
            |row| {
                Ok(Claim {
                    name: row.take("name")?,
                    about: row.take("about")?,
                })
            },
        )
    }

    /// The message that came or went with a payment, if it is still here. A refund's direction is the opposite of that
    /// of the payment.
    fn message_paid_by(&self, of: PaymentHash, refund: Direction) -> Result<Option<MessageKey>> {
        let sql = match refund {
            Direction::Incoming => {
                "SELECT m.key FROM attempt a JOIN message m ON m.key = a.message WHERE a.hash = ?1"
            }
            Direction::Outgoing => {
                "SELECT m.key FROM incoming i JOIN message m ON m.key = i.message WHERE i.hash = ?1"
            }
        };
        self.first(sql, params![S(of)], |row| row.take("key"))
    }
}

impl Tx<'_> {
    /// Stores a message. `None`: this sender's message of this id is here already, or was deleted.
    ///
    /// # Errors
    /// [`crate::StoreError::Constraint`] when there is no such conversation.
    pub fn insert_message(&self, new: &NewMessage) -> Result<Option<MessageKey>> {
        self.insert(new, None, 0, None)
    }

    /// What the author of a message says of themselves.
    pub fn set_claim(&self, key: MessageKey, claim: &Claim) -> Result<()> {
        self.change(
            "INSERT INTO claim(message, name, about) VALUES (?1, ?2, ?3) ON CONFLICT (message) DO NOTHING",
            params![S(key), claim.name, claim.about],
        )?;
        Ok(())
    }

    /// What was taken for a text was a payment.
    pub fn becomes_payment(&self, key: MessageKey, amount: Msat) -> Result<()> {
        let (kind, _) = kind_columns(MessageKind::Payment);
        self.change(
            "UPDATE message SET kind = ?2, payment = ?3 WHERE key = ?1",
            params![S(key), kind, S(amount)],
        )?;
        self.change(
            "UPDATE conversation SET last_kind = ?2, last_payment = ?3
             WHERE id = (SELECT conversation FROM message WHERE key = ?1) AND last_message = ?1",
            params![S(key), kind, S(amount)],
        )?;
        Ok(())
    }

    /// Stores a letter that amends another message; it is no bubble. `target`: that message, if it is here.
    ///
    /// # Errors
    /// As [`Tx::insert_message`].
    pub fn insert_amendment(
        &self,
        new: &NewMessage,
        amends: Amendment,
        target: Option<MessageKey>,
        sequence: u64,
    ) -> Result<Option<MessageKey>> {
        // There is nothing to see.
        let new = NewMessage {
            seen: true,
            ..new.clone()
        };
        let key = self.insert(&new, Some(amends), sequence, None)?;
        if let (Some(key), Some(target)) = (key, target) {
            self.set_target(key, target)?;
        }
        Ok(key)
    }

    /// Stores a letter in its place: in front of those of the same sender that have a higher number and came within the
    /// last minute. It goes no further up, so that an unread one does not hide there. `sequence` 0 is no number.
    ///
    /// # Errors
    /// As [`Tx::insert_message`].
    pub fn insert_letter(&self, new: &NewMessage, sequence: u64) -> Result<Option<MessageKey>> {
        self.insert(new, None, sequence, self.overtaken(new, sequence)?)
    }

    /// The place, and the time, of those that a letter is put in front of. In one place the number decides.
    fn overtaken(&self, new: &NewMessage, sequence: u64) -> Result<Option<(i64, Timestamp)>> {
        let mut found = None;
        if sequence == 0 {
            return Ok(None);
        }
        self.walk(
            "SELECT place, stored_at, sender = ?2 AS same, sequence FROM message
             WHERE conversation = ?1 AND amendment = 0 ORDER BY place DESC, sequence DESC, key DESC",
            params![S(new.conversation), S(new.sender)],
            |row| {
                let at: Timestamp = row.take("stored_at")?;
                let apart = at.until(new.stored_at).max(new.stored_at.until(at));
                let (same, other): (bool, u64) = (row.take("same")?, row.take("sequence")?);
                if apart >= OVERTAKING || (same && other > 0 && other < sequence) {
                    return Ok(ControlFlow::Break(()));
                }
                if same && other > sequence {
                    found = Some((row.take("place")?, at));
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(found)
    }

    fn insert(
        &self,
        new: &NewMessage,
        amends: Option<Amendment>,
        sequence: u64,
        overtaken: Option<(i64, Timestamp)>,
    ) -> Result<Option<MessageKey>> {
        let stored_at = overtaken.map_or(new.stored_at, |(_, at)| at.min(new.stored_at));
        let (kind, refund_of) = kind_columns(new.kind);
        let key: Option<MessageKey> = self.first(
            "INSERT INTO message(conversation, sender, id, direction, kind, refund_of, payment, sent_at, stored_at,
                                 authorship, privacy, seen, text, sequence, carrier, amendment, amends, place)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, coalesce(?16, 0), ?17,
                    coalesce(?18, (SELECT coalesce(max(key), 0) + 1 FROM message))
             WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE sender = ?2 AND id = ?3)
             ON CONFLICT (sender, id) DO NOTHING RETURNING key",
            params![
                S(new.conversation),
                S(new.sender),
                S(new.id),
                S(new.direction),
                kind,
                S(refund_of),
                S(new.payment),
                S(new.sent_at),
                S(stored_at),
                S(new.authorship),
                S(new.privacy),
                new.seen,
                new.text,
                S(sequence),
                S(new.carrier),
                S(amends.map(|amends| amends.kind)),
                S(amends.map(|amends| amends.of)),
                S(overtaken.map(|(place, _)| place)),
            ],
            |row| row.take("key"),
        )?;
        if let (Some(key), Some(letter)) = (key, &new.letter) {
            self.change(
                "INSERT INTO letter(message, bytes) VALUES (?1, ?2)",
                params![S(key), letter],
            )?;
        }
        Ok(key)
    }

    /// Whom a message of nobody's names as its author.
    pub fn set_claims(&self, key: MessageKey, node: NodeId) -> Result<()> {
        self.change(
            "UPDATE message SET claims = ?2 WHERE key = ?1",
            params![S(key), S(node)],
        )?;
        Ok(())
    }

    /// Deletes a message here; its identity stays, so that a double does not bring it back. A pay-back that did not go
    /// out makes room for another. `false`: there is none, or its payment has not come to an end yet; a parked one
    /// (state 5) may have been paid and has to be given up first.
    pub fn delete_message(&self, key: MessageKey) -> Result<bool> {
        if self.is_being_amended(key)? {
            return Ok(false);
        }
        let deleted = self.change(
            "DELETE FROM message WHERE key = ?1 AND amendment = 0
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = ?1 AND state IN (1, 5))
             AND NOT EXISTS (SELECT 1 FROM incoming WHERE message = ?1 AND state IN (1, 2, 3))",
            params![S(key)],
        )?;
        if deleted == 1 {
            self.drop_amendments(key)?;
        }
        Ok(deleted == 1)
    }
}

fn message_of(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        key: row.take("key")?,
        conversation: row.take("conversation")?,
        id: row.take("id")?,
        direction: row.take("direction")?,
        kind: kind_of_columns(row.take("kind")?, row.take("refund_of")?).ok_or(
            rusqlite::Error::IntegralValueOutOfRange(0, row.take("kind")?),
        )?,
        text: row.take("text")?,
        payment: row.take("payment")?,
        sent_at: row.take("sent_at")?,
        stored_at: row.take("stored_at")?,
        authorship: row.take("authorship")?,
        claims: row.take("claims")?,
        privacy: row.take("privacy")?,
        seen: row.take("seen")?,
        carrier: row.take("carrier")?,
        amends: match row.take("amends")? {
            Some(of) => Some(Amendment {
                kind: row.take("amendment")?,
                of,
            }),
            None => None,
        },
        reply_to: row.take("reply_to")?,
        edited_at: row.take("edited_at")?,
        taken_back_at: row.take("taken_back_at")?,
    })
}

/// How much later than its successors a letter may come and still be put in front of them.
const OVERTAKING: Duration = Duration::from_secs(60);

/// Ends before the condition.
const SELECT: &str = "
    SELECT key, conversation, id, direction, kind, refund_of, text, payment, sent_at, stored_at,
           authorship, claims, privacy, seen, carrier, amendment, amends, reply_to, edited_at, taken_back_at
    FROM message";

#[cfg(test)]
mod tests;
