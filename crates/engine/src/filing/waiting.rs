//! Deciding on payments that may be postage of ours which comes back: not before the end of that postage is known.

use domain::{Content, Expectation, Incoming, Owed, Room, Trust, Verdict, decide};
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
        let verdict = if owed {
            Verdict::Accept
        } else if is_bubble {
            decide(
                &self.rules,
                &Incoming {
                    content: Content::Letter(Expectation::Keep),
                    amount,
                    trust,
                    accept_up_to: contact
                        .map_or(domain::Msat::ZERO, |contact| contact.accept_up_to),
                    room: Room::Free,
                },
            )
        } else {
            // What amends a message brings nothing but postage.
            Verdict::Refuse
        };
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
