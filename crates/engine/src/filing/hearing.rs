//! What a letter tells the app besides what it says to the person: the sender's key card, which key of ours they know,
//! and receipts.

use std::time::Duration;

use domain::{CardFault, MessageId, NodeId, RouteHint, Trust};
use protocol::{Body, KeyId, Letter, RequestId, SignedCard};
use store::{CardRow, KeyNews, NewCard, Received, StoreError};

use super::{Desk, Filed};
use crate::invoices::giving::Wanted;
use crate::keys::read_card;
use crate::opening::Spoken;

/// What was written so long ago is repeated for somebody who could not read it.
const LATELY: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// New keys of one contact lead to repeats this often at most.
const REPEAT_PAUSE: Duration = Duration::from_secs(60 * 60);

/// And so do the requests of one contact.
const RESEND_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Said to the app by the author of a letter.
#[derive(Debug)]
pub(super) struct Heard {
    by: NodeId,
    card: Option<NewCard>,
    fault: Option<CardFault>,
    by_node: bool,
    sealed_to: Option<KeyId>,
    again: bool,
    /// Over which channels their node can be paid.
    hints: Vec<RouteHint>,
    delivered: Vec<MessageId>,
    read: Vec<MessageId>,
    wants_card: bool,
    wanted: Option<Wanted>,
    invoice: Option<(RequestId, String)>,
    /// Its number and that of the letter before; `None` for a part: the whole is not here.
    numbers: Option<(u64, u64)>,
    /// Letters of ours that they ask for.
    lacks: Vec<store::Range>,
}

impl Heard {
    pub(super) fn of(spoken: &Spoken<Letter>) -> Self {
        let (delivered, read) = match &spoken.what.body {
            Body::Receipt { delivered, read } => (delivered.clone(), read.clone()),
            _ => Default::default(),
        };
        Self {
            by: spoken.by,
            card: spoken.card.clone(),
            fault: spoken.fault,
            by_node: spoken.by_node,
            sealed_to: spoken.sealed_to,
            again: spoken.again,
            hints: spoken.what.hints.clone(),
            delivered,
            read,
            wants_card: spoken.what.body == Body::CardRequest,
            wanted: match spoken.what.body {
                Body::InvoiceRequest { request, amount } => Some(Wanted {
                    by: spoken.by,
                    request,
                    amount,
                }),
                _ => None,
            },
            numbers: (!matches!(spoken.what.body, Body::Piece(_)))
                .then_some((spoken.what.after, spoken.what.sequence)),
            lacks: match &spoken.what.body {
                Body::ResendRequest(numbers) => {
                    let range = |range: &protocol::Numbers| (range.first, range.last);
                    numbers.iter().map(range).collect()
                }
                _ => Vec::new(),
            },
            invoice: match &spoken.what.body {
                Body::Invoice { request, bolt11 } => Some((*request, bolt11.clone())),
                _ => None,
            },
        }
    }
}

/// Whether a card says less than the one that is here.
fn says_less(new: &NewCard, before: &CardRow) -> bool {
    let new = SignedCard::decode(&new.card).and_then(|card| card.claimed());
    match (new, read_card(before)) {
        (Ok(new), Some(before)) => new.says_less_than(&before),
        _ => false,
    }
}

impl Desk<'_, '_> {
    /// What waits for them goes now.
    pub(super) fn hurry(&self, to: NodeId, filed: &mut Filed) -> Result<(), StoreError> {
        filed.hurried = filed.hurried.saturating_add(self.tx.hurry(to)?);
        Ok(())
    }

    /// Keeps what was heard. Of nodes that are no contacts nothing is kept.
    pub(super) fn hear(&self, heard: &Heard, filed: &mut Filed) -> Result<(), StoreError> {
        let by = heard.by;
        let Some(contact) = self.tx.contact(by)?.filter(|_| by != self.ours) else {
            return Ok(());
        };
        filed.heard = Some(by);
        let before = self.tx.card(by)?;
        if (heard.card.is_some() || heard.fault.is_some())
            && self.tx.set_card_fault(by, heard.fault)?
        {
            filed.conversation = self.tx.conversation_of(by)?;
        }
        if let Some(card) = &heard.card
            && let Some(news) = self.tx.take_card(
                card,
                before.as_ref().is_some_and(|row| says_less(card, row)),
            )?
        {
            filed.conversation = self.tx.conversation_of(by)?;
            // Nobody introduced it: their app may have lost the key before, and all that was sealed to it.
            if news == KeyNews::Changed && contact.trust == Trust::Known {
                let since = self.now.minus(LATELY);
                let again = self
                    .tx
                    .repeat_unconfirmed(by, since, REPEAT_PAUSE, self.now)?;
                filed.repeats = filed.repeats.saturating_add(again);
            }
        }
        // A part has no room for them, and an old letter knows no better.
        if !heard.hints.is_empty() && !heard.again && contact.trust != Trust::Blocked {
            let useful = |hint: &RouteHint| hint.via != self.ours && hint.via != by;
            let hints = heard.hints.iter().copied().filter(useful);
            if self.tx.set_hints(by, &hints.collect::<Vec<_>>())? {
                // What waits for a way may have one now, though nobody said anything.
                self.hurry(by, filed)?;
            }
        }
        if let Some((after, number)) = heard.numbers {
            self.tx.hear_number(by, after, number, self.now)?;
        }
        if contact.trust == Trust::Known {
            let again = if heard.lacks.is_empty() {
                self.tx.hurry_repeats(by, self.now)?
            } else {
                let (since, not_after) = (self.now.minus(LATELY), self.now.minus(RESEND_PAUSE));
                let lacks = &heard.lacks;
                self.tx.resend(by, lacks, since, not_after, self.now)?
            };
            filed.repeats = filed.repeats.saturating_add(again);
        }
        // Once their app has a key, it alone says which one of ours it knows.
        // What was written long ago does not.
        if !heard.again && (before.is_none() || !heard.by_node) {
            self.tx.set_told(by, heard.sealed_to.map(|id| id.0))?;
        }
        let delivered = heard.delivered.iter().map(|id| (id, Received::Delivered));
        let read = heard.read.iter().map(|id| (id, Received::Read));
        for (id, received) in delivered.chain(read) {
            let receipt = self
                .tx
                .take_receipt(self.ours, by, *id, received, self.now)?;
            if let Some(receipt) = receipt {
                filed.answered.push(receipt.message);
                let news = (receipt.conversation, receipt.message);
                filed.changed.extend(receipt.is_news.then_some(news));
            }
        }
        if contact.trust == Trust::Known {
            filed.repeats = filed.repeats.saturating_add(self.tx.repeat_returned(by)?);
        }
        if heard.wants_card && contact.trust == Trust::Known {
            filed.asks_for_card = Some(by);
        }
        Ok(())
    }

    /// What apps say to each other about invoices; only free letters are listened to. Whoever is not known is not answered.
    pub(super) fn hear_of_invoices(
        &self,
        heard: Heard,
        filed: &mut Filed,
    ) -> Result<(), StoreError> {
        let by = heard.by;
        let in_doubt = self.tx.card(by)?.is_some_and(|card| card.is_in_doubt());
        if heard.wanted.is_some()
            && let Some(contact) = self.tx.contact(by)?
            && contact.trust == Trust::Known
            && !in_doubt
        {
            filed.wanted = heard.wanted;
        }
        filed.invoice = heard.invoice.map(|(request, bolt11)| (by, request, bolt11));
        Ok(())
    }
}
