//! Deciding on payments that may be postage of ours which comes back: not before the end of that postage is known.

use domain::{Content, Expectation, Incoming, Msat, Owed, Room, Trust, decide};
use store::{IncomingRow, StoreError};

use super::Desk;
use crate::books::book_incoming;

impl Desk<'_, '_> {
    /// Decides as soon as our own books tell what it is. `false`: they do not yet.
    pub(crate) fn decide_waiting(&self, row: &IncomingRow) -> Result<bool, StoreError> {
        let (hash, amount) = (row.payment.hash, row.payment.amount);
        let Some(by) = row.sender else {
            return Ok(false);
        };
        let balance = self.tx.postage_balance(by)?;
        let contact = self.tx.contact(by)?;
        let trust = contact
            .as_ref()
            .map_or(Trust::Request, |contact| contact.trust);
        let owed = match balance.owed(amount) {
            Owed::Perhaps => return Ok(false),
            owed => owed == Owed::Yes,
        };
        let message = row.message.map(|key| self.tx.message(key)).transpose()?;
        let message = message.flatten();
        let is_bubble = message
            .as_ref()
            .is_some_and(|message| message.amends.is_none());
        let content = if owed {
            Content::OwedPostage
        } else if is_bubble {
            Content::Letter(Expectation::Keep)
        } else {
            // What amends a message brings nothing but postage.
            Content::Letter(Expectation::Return)
        };
        let incoming = Incoming {
            content,
            amount,
            trust,
            accept_up_to: contact.map_or(Msat::ZERO, |contact| contact.accept_up_to),
            room: Room::Free,
            holds: self.hold_room(&row.payment, Some(by), trust, content)?,
        };
        let (verdict, reason) = decide(&self.rules, &incoming);
        self.tx.set_reason(hash, reason)?;
        let postage = owed || !is_bubble;
        self.tx.set_waits(hash, false, postage)?;
        if let Some(message) = message.filter(|_| !postage) {
            self.tx.becomes_payment(message.key, amount)?;
        }
        self.carry_out(hash, verdict)?;
        book_incoming(self.tx, self.ours, hash, self.now)?;
        Ok(true)
    }
}
