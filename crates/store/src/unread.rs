//! Letters that could not be read when they came, and what stands in their place until they can.

use domain::{IncomingPayment, MessageId, MessageKey, MessageKind, NodeId, PaymentHash};
use rusqlite::params;

use crate::Result;
use crate::codes::kind_columns;
use crate::column::{S, Take};
use crate::ledger::Booking;
use crate::tx::{Reader, Tx};

/// A payment with a letter that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadLetter {
    /// The payment that brought it, with its records.
    pub payment: IncomingPayment,
    /// What the letter was tried with last, in the engine's words.
    pub tried: String,
}

/// A letter that was opened and that says something which this program did not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewerLetter {
    /// What stands in its place.
    pub message: MessageKey,
    /// Its author.
    pub by: NodeId,
    /// The opened bytes as they came.
    pub bytes: Vec<u8>,
}

impl Reader<'_> {
    /// Payments with a letter that could not be read, and that was not tried with `means` yet; oldest first.
    pub fn unread_letters(&self, means: &str) -> Result<Vec<UnreadLetter>> {
        let found: Vec<(PaymentHash, String)> = self.all(
            "SELECT hash, tried FROM incoming
             WHERE tried IS NOT NULL AND tried <> ?1 AND opened = 1 AND records <> x'' ORDER BY number",
            params![means],
            |row| Ok((row.take("hash")?, row.take("tried")?)),
        )?;
        let mut letters = Vec::new();
        for (hash, tried) in found {
            if let Some(row) = self.incoming(hash)? {
                let payment = row.payment;
                letters.push(UnreadLetter { payment, tried });
            }
        }
        Ok(letters)
    }

    /// The place of the newest payment with a letter that no key of ours opens; zero: there is none.
    pub fn newest_unreadable(&self) -> Result<i64> {
        let newest: Option<Option<i64>> = self.first(
            "SELECT max(i.number) AS number FROM incoming i JOIN message m ON m.key = i.message
             WHERE i.tried IS NOT NULL AND m.kind = ?1",
            params![kind_columns(MessageKind::Unreadable).0],
            |row| row.take("number"),
        )?;
        Ok(newest.flatten().unwrap_or(0))
    }

    /// Letters of known authors whose bodies this program did not know, oldest first.
    pub fn newer_letters(&self) -> Result<Vec<NewerLetter>> {
        self.all(
            "SELECT m.key, m.sender, l.bytes FROM message m CROSS JOIN letter l ON l.message = m.key
             WHERE m.kind = 4 AND m.direction = 0 ORDER BY m.key",
            [],
            |row| {
                Ok(NewerLetter {
                    message: row.take("key")?,
                    by: row.take("sender")?,
                    bytes: row.get("bytes")?,
                })
            },
        )
    }
}

impl Tx<'_> {
    /// What a letter was tried with that cannot be read; `None`: it is read. Where nothing is kept, nothing is tried.
    pub fn set_tried(&self, hash: PaymentHash, means: Option<&str>) -> Result<()> {
        self.change(
            "UPDATE incoming SET tried = iif(records <> x'', ?2, NULL) WHERE hash = ?1",
            params![S(hash), means],
        )?;
        Ok(())
    }

    /// Takes away what stands in the place of a letter that can be read now, and what was booked for its payment, if one
    /// brought it: both are as if the letter had just come. `false`: there is no such message (any more), or it is none
    /// that could not be read.
    pub fn unfile(&self, key: MessageKey, hash: Option<PaymentHash>) -> Result<bool> {
        let Some(message) = self.message(key)? else {
            return Ok(false);
        };
        if !matches!(message.kind, MessageKind::Unreadable | MessageKind::Newer) {
            return Ok(false);
        }
        if let Some(hash) = hash {
            for kind in [
                Booking::PaymentReceived,
                Booking::PostageReceived,
                Booking::RefundReceived,
                Booking::ReturnedByUs,
                Booking::MessageReceived,
            ] {
                self.change(
                    "DELETE FROM booking WHERE hash = ?1 AND kind = ?2",
                    params![S(hash), S(kind)],
                )?;
            }
            self.change(
                "UPDATE incoming SET message = NULL, conversation = NULL, sender = NULL, reason = NULL, opened = 0,
                   waits = 0, postage = 0, tried = NULL
                 WHERE hash = ?1",
                params![S(hash)],
            )?;
        }
        // What answers it finds it again by its name.
        self.change(
            "UPDATE message SET target = NULL WHERE target = ?1",
            params![S(key)],
        )?;
        self.change(
            "UPDATE message SET reply_key = NULL WHERE reply_key = ?1",
            params![S(key)],
        )?;
        let name: Option<(NodeId, MessageId)> = self.first(
            "DELETE FROM message WHERE key = ?1 RETURNING sender, id",
            params![S(key)],
            |row| Ok((row.take("sender")?, row.take("id")?)),
        )?;
        if let Some((sender, id)) = name {
            self.change(
                "DELETE FROM tombstone WHERE sender = ?1 AND id = ?2",
                params![S(sender), S(id)],
            )?;
        }
        Ok(true)
    }
}
