//! Filing letters that no payment carried.

use domain::{Carrier, Msat, Room, Trust};
use protocol::{Body, Letter};
use store::{Found, StoreError};

use super::hearing::Heard;
use super::{Desk, Filed, receipt};
use crate::opening::Spoken;

impl Desk<'_, '_> {
    /// Files a free letter. What is refused is dropped without an answer: its sender may try again by a payment.
    pub(crate) fn file_free(
        &self,
        spoken: Spoken<Letter>,
        carrier: Carrier,
    ) -> Result<Filed, StoreError> {
        let mut filed = Filed::default();
        let by = spoken.by;
        // Whoever speaks of money has to bring it.
        let money = matches!(spoken.what.body, Body::Payment { .. } | Body::Refund { .. });
        let contact = self.tx.contact(by)?;
        let trust = contact
            .as_ref()
            .map_or(Trust::Request, |contact| contact.trust);
        if money || by == self.ours || trust == Trust::Blocked {
            return Ok(filed);
        }
        let spoken = self.gather(spoken, Msat::ZERO)?;
        let hello = matches!(spoken.what.body, Body::Hello { .. } | Body::CardRequest);
        let heard = Heard::of(&spoken);
        let entry = self.letter(Msat::ZERO, spoken, false)?;
        let id = entry.id;
        let known = self.tx.find_message(by, id)?;
        let full = match trust {
            Trust::Request => self.room(by, Msat::ZERO)? == Room::SenderFull,
            Trust::Known | Trust::Blocked => self.standing.too_much,
        };
        if full {
            return Ok(filed);
        }
        if known == Found::Absent && entry.visible {
            let stored = self.store(None, contact, entry, carrier)?;
            filed.stored = stored.map(|_| by);
            filed.conversation = self.tx.conversation_of(by)?;
            if let (Some(key), Some(conversation)) = (stored, filed.conversation) {
                filed.changed.push((conversation, key));
            }
        } else if hello {
            // Somebody wants to be known: that is a request without words.
            let news = contact.is_none();
            if let Some(program) = entry.program {
                self.introduce(&contact, by, program)?;
            }
            if news {
                filed.conversation = Some(self.tx.conversation_with(by, self.now)?);
            }
        }
        if trust == Trust::Request {
            self.tidy(&mut filed)?;
        }
        self.hear(&heard, &mut filed)?;
        self.hear_of_invoices(heard, &mut filed)?;
        filed.receipt = receipt(trust, filed.stored.is_some(), known).then_some((by, id));
        if filed.stored.is_some() || hello {
            // They are there.
            self.hurry(by, &mut filed)?;
        }
        Ok(filed)
    }
}
