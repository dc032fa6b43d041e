//! The receiving side: what becomes of a payment that arrives, and who is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Msat, PaymentHash, Preimage, Timestamp};
use tokio::sync::oneshot;

use super::Shared;
use super::books::EndedBy;
use super::hold_invoice::{self, Terms};
use super::state::{Line, State};
use crate::error::LightningError;
use crate::types::{
    Further, Invoice, InvoiceCursor, InvoiceKind, InvoiceNews, InvoicePage, InvoiceState, Records,
};

/// Blocks between arrival and expiry of a keysend's HTLC.
const KEYSEND_EXPIRY: u32 = 83;
/// Held payments go back so many blocks before that.
pub(super) const LAST_CALL: u32 = 18;
/// Between an invoice and the payment in it.
const BREATH: Duration = Duration::from_millis(3);

/// A node's list of invoices.
#[derive(Default)]
pub(super) struct Invoices {
    pub(super) by_index: BTreeMap<u64, SimInvoice>,
    /// The newest place that is taken.
    pub(super) newest: u64,
    /// The newest one of another program's invoices: those are never told, and stay.
    pub(super) newest_other: u64,
    pub(super) settlements: u64,
    /// What the node had before it was restored from its seed. Only the books of the network know it.
    pub(super) erased: Vec<SimInvoice>,
}

pub(super) struct SimInvoice {
    pub(super) facts: Invoice,
    /// Those of the first HTLC. Told only when it is accepted.
    pub(super) records: Records,
    pub(super) expiry: u32,
    /// Money that waits for the decision: the first HTLC, and whoever paid the same hash meanwhile; or all parts.
    pub(super) waiting: Vec<oneshot::Sender<bool>>,
    /// What those who pay the same hash bring while it is not settled.
    pub(super) later: Vec<Further>,
    /// Only of a hold invoice.
    pub(super) terms: Option<Terms>,
    /// When it was made, by the network's clock.
    pub(super) came_at: Timestamp,
    /// When it was settled or canceled, by the network's clock, and who did it.
    pub(super) ended: Option<(Timestamp, EndedBy)>,
}

impl SimInvoice {
    pub(super) fn view(&self) -> Invoice {
        self.facts.clone()
    }

    /// Whether those who want to hear of keysends are told: of a hold invoice, once it is paid with records.
    fn is_told(&self) -> bool {
        let paid = matches!(self.facts.state, InvoiceState::Held | InvoiceState::Settled);
        self.terms.is_none() || paid && !self.facts.records.is_empty()
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(self.facts.state, InvoiceState::Open | InvoiceState::Held)
    }

    /// A later payment of the same hash.
    fn later(&self, arrival: &Arrival, at: Timestamp) -> Further {
        let count = self.later.len().saturating_add(self.facts.further.len());
        let index = u64::try_from(count).unwrap_or(u64::MAX);
        Further {
            name: Further::name_of_htlc(self.facts.hash, 0, index),
            amount: arrival.amount,
            records: arrival.records.clone(),
            at,
        }
    }
}

impl Invoices {
    /// A new list, which begins at 1 again.
    pub(super) fn erase(&mut self) {
        let erased = std::mem::take(&mut self.by_index).into_values();
        self.erased.extend(erased);
        (self.newest, self.newest_other, self.settlements) = (0, 0, 0);
    }

    pub(super) fn get(&mut self, hash: PaymentHash) -> Option<&mut SimInvoice> {
        self.by_index
            .values_mut()
            .find(|invoice| invoice.facts.hash == hash)
    }

    pub(super) fn remove_canceled(&mut self, hash: PaymentHash) -> Result<(), LightningError> {
        let invoice = self.get(hash).ok_or(LightningError::NotFound)?;
        if invoice.facts.state != InvoiceState::Canceled {
            return Err(LightningError::Node("invoice not canceled".to_owned()));
        }
        let place = invoice.facts.add_index;
        self.remove(place);
        Ok(())
    }

    /// The next invoice takes the place behind the newest one that is there, so that places at the end are given again: this
    /// is how LND does it on SQLite.
    fn remove(&mut self, place: u64) {
        self.by_index.remove(&place);
        let newest = self
            .by_index
            .last_key_value()
            .map_or(0, |(place, _)| *place);
        self.newest = newest.max(self.newest_other);
    }

    /// Takes a place for an invoice that is never told.
    pub(super) fn add_other(&mut self) {
        self.newest = self.newest.saturating_add(1);
        self.newest_other = self.newest;
    }

    pub(super) fn view(&mut self, hash: PaymentHash) -> Option<Invoice> {
        self.get(hash).map(|invoice| invoice.view())
    }

    pub(super) fn after(&self, add_index: u64) -> impl Iterator<Item = Invoice> {
        let later = self.by_index.range(add_index.saturating_add(1)..);
        later
            .filter(|(_, invoice)| invoice.is_told())
            .map(|(_, invoice)| invoice.view())
    }

    /// Looks at no more than `limit` invoices.
    pub(super) fn page(&self, pending_only: bool, add_index: u64, limit: u64) -> InvoicePage {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let later = self.by_index.range(add_index.saturating_add(1)..);
        let looked_at: Vec<_> = later
            .filter(|(_, invoice)| !pending_only || invoice.is_pending())
            .take(limit)
            .collect();
        let told = looked_at.iter().map(|(_, invoice)| invoice);
        let mark = |invoice: &SimInvoice| invoice.terms.as_ref().and_then(|terms| terms.asks.mark);
        InvoicePage {
            marks: told
                .clone()
                .filter_map(|invoice| Some((invoice.facts.add_index, mark(invoice)?)))
                .collect(),
            invoices: told
                .filter(|invoice| invoice.is_told())
                .map(|invoice| invoice.view())
                .collect(),
            next: looked_at.last().map(|(index, _)| **index),
        }
    }

    /// What a new subscriber is told of the past. Held and canceled ones are left out, and a settled one comes twice: this
    /// is how LND does it. Zero means that nothing of this kind is wanted.
    pub(super) fn backlog(&self, cursor: InvoiceCursor) -> Vec<Invoice> {
        let told = |state| matches!(state, InvoiceState::Open | InvoiceState::Settled);
        let mut backlog = Vec::new();
        if cursor.add_index > 0 {
            backlog.extend(
                self.after(cursor.add_index)
                    .filter(|invoice| told(invoice.state)),
            );
        }
        if cursor.settle_index > 0 {
            let mut settled: Vec<_> = self
                .after(0)
                .filter(|invoice| invoice.settle_index > cursor.settle_index)
                .collect();
            settled.sort_by_key(|invoice| invoice.settle_index);
            backlog.extend(settled);
        }
        backlog
    }
}

/// An HTLC at its last hop.
pub(super) struct Arrival {
    pub(super) hash: PaymentHash,
    /// A keysend's.
    pub(super) preimage: Option<Preimage>,
    pub(super) amount: Msat,
    pub(super) records: Records,
    /// Over which channel it came.
    pub(super) channel: Option<u64>,
    /// Of a payment to an invoice: what all parts come to.
    pub(super) part_of: Option<Msat>,
    /// Of a payment with AMP: its set.
    pub(super) amp: Option<[u8; 32]>,
}

/// What the last hop says.
pub(super) enum Reception {
    /// Nothing is known of it afterwards.
    Refused,
    /// An invoice has been made in this run of the node; the money comes a breath later, and is held so long.
    Opened {
        runs: u64,
        hold: Duration,
    },
    Settled,
    Held(oneshot::Receiver<bool>),
    /// Waits for the other parts, but not for ever: the first part of this set.
    Incomplete {
        set: u64,
        decision: oneshot::Receiver<bool>,
    },
}

/// Hands an HTLC to its recipient; `true` when it was settled, however long that takes.
pub(super) async fn receive(shared: &Arc<Shared>, node: usize, arrival: Arrival) -> bool {
    let opened = shared.lock().open(node, &arrival);
    let reception = match opened {
        Reception::Opened { runs, hold } => {
            if !hold.is_zero() {
                let timer = return_after(Arc::clone(shared), node, runs, arrival.hash, hold);
                tokio::spawn(timer);
            }
            tokio::time::sleep(BREATH).await;
            super::pay::until_running(shared, node).await;
            shared.lock().accept(node, &arrival, hold)
        }
        reception => reception,
    };
    match reception {
        Reception::Settled => true,
        Reception::Incomplete { set, decision } => {
            let (shared, hash) = (Arc::clone(shared), arrival.hash);
            tokio::spawn(hold_invoice::give_up(shared, node, hash, set));
            decision.await.unwrap_or(false)
        }
        // A sender that is dropped unanswered belongs to an invoice that is gone.
        Reception::Held(decision) => decision.await.unwrap_or(false),
        Reception::Refused | Reception::Opened { .. } => false,
    }
}

/// The timer of a hold. It does not survive a restart of the node.
async fn return_after(
    shared: Arc<Shared>,
    node: usize,
    runs: u64,
    hash: PaymentHash,
    hold: Duration,
) {
    tokio::time::sleep(hold).await;
    let mut state = shared.lock();
    if state.nodes[node].runs == runs && state.nodes[node].is_running() {
        // Decided already: nothing to do.
        let _ = state.cancel(node, hash, EndedBy::Timer);
    }
}

impl State {
    fn open(&mut self, node: usize, arrival: &Arrival) -> Reception {
        if let Some(total) = arrival.part_of {
            return self.take_part(node, arrival, total);
        }
        if let Some(set) = arrival.amp {
            return self.take_amp(node, arrival, set);
        }
        let (came_at, now, expiry) = (
            self.now(),
            self.now_in_seconds(node),
            self.height.saturating_add(KEYSEND_EXPIRY),
        );
        let this = &mut self.nodes[node];
        let preimage = arrival.preimage.as_ref();
        let Some(preimage) = preimage.filter(|preimage| preimage.payment_hash() == arrival.hash)
        else {
            return Reception::Refused;
        };
        if !this.settings.keysend {
            return Reception::Refused;
        }
        if let Some(known) = this.invoices.get(arrival.hash) {
            return match known.facts.state {
                // The invoice's own secret is missing.
                _ if known.terms.is_some() => Reception::Refused,
                InvoiceState::Canceled => Reception::Refused,
                // Whoever has the preimage may pay once more. Nobody is told.
                InvoiceState::Settled => {
                    let later = known.later(arrival, now);
                    known.facts.further.push(later);
                    Reception::Settled
                }
                InvoiceState::Open | InvoiceState::Held => {
                    let (sender, decision) = oneshot::channel();
                    known.waiting.push(sender);
                    let later = known.later(arrival, now);
                    known.later.push(later);
                    Reception::Held(decision)
                }
            };
        }
        this.invoices.newest = this.invoices.newest.saturating_add(1);
        let add_index = this.invoices.newest;
        let facts = Invoice {
            hash: arrival.hash,
            kind: InvoiceKind::Keysend,
            preimage: Some(preimage.clone()),
            state: InvoiceState::Open,
            amount: arrival.amount,
            records: Vec::new(),
            further: Vec::new(),
            created_at: now,
            settled_at: None,
            hold_secs: u32::try_from(this.settings.hold.as_secs()).unwrap_or(u32::MAX),
            htlc_expiry: None,
            channel: None,
            add_index,
            settle_index: 0,
        };
        let records = arrival.records.clone();
        let invoice = SimInvoice {
            facts: facts.clone(),
            records,
            expiry,
            waiting: Vec::new(),
            later: Vec::new(),
            terms: None,
            came_at,
            ended: None,
        };
        this.invoices.by_index.insert(add_index, invoice);
        self.tell_subscribers(node, &facts);
        let this = &self.nodes[node];
        Reception::Opened {
            runs: this.runs,
            hold: this.settings.hold,
        }
    }

    fn accept(&mut self, node: usize, arrival: &Arrival, hold: Duration) -> Reception {
        let Some(invoice) = self.nodes[node].invoices.get(arrival.hash) else {
            return Reception::Refused;
        };
        if invoice.facts.state != InvoiceState::Open {
            return Reception::Refused;
        }
        invoice.facts.records = std::mem::take(&mut invoice.records);
        invoice.facts.htlc_expiry = Some(invoice.expiry);
        invoice.facts.channel = arrival.channel;
        invoice.facts.state = InvoiceState::Held;
        if let (true, Some(preimage)) = (hold.is_zero(), &arrival.preimage) {
            return match self.settle(node, preimage, EndedBy::Arrival) {
                Ok(()) => Reception::Settled,
                Err(_) => Reception::Refused,
            };
        }
        let (sender, decision) = oneshot::channel();
        invoice.waiting.push(sender);
        let view = invoice.view();
        self.tell_watchers(node, &view);
        Reception::Held(decision)
    }

    pub(super) fn settle(
        &mut self,
        node: usize,
        preimage: &Preimage,
        by: EndedBy,
    ) -> Result<(), LightningError> {
        let (moment, now) = (self.now(), self.now_in_seconds(node));
        let hash = preimage.payment_hash();
        let invoices = &mut self.nodes[node].invoices;
        let settle_index = invoices.settlements.saturating_add(1);
        let invoice = invoices.get(hash).ok_or(LightningError::NotFound)?;
        match invoice.facts.state {
            InvoiceState::Settled => return Ok(()),
            InvoiceState::Canceled => return Err(LightningError::TooLate),
            InvoiceState::Open => {
                return Err(LightningError::Node("invoice still open".to_owned()));
            }
            InvoiceState::Held => {}
        }
        invoice.facts.state = InvoiceState::Settled;
        invoice.facts.preimage = Some(preimage.clone());
        invoice.facts.settled_at = Some(now);
        invoice.facts.settle_index = settle_index;
        let later = std::mem::take(&mut invoice.later);
        invoice.facts.further.extend(later);
        invoice.ended = Some((moment, by));
        let waiting = std::mem::take(&mut invoice.waiting);
        let (view, is_told) = (invoice.view(), invoice.is_told());
        invoices.settlements = settle_index;
        self.decided(node, &view, waiting);
        if is_told {
            self.tell_subscribers(node, &view);
        }
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        node: usize,
        hash: PaymentHash,
        by: EndedBy,
    ) -> Result<(), LightningError> {
        let moment = self.now();
        let invoices = &mut self.nodes[node].invoices;
        let invoice = invoices.get(hash).ok_or(LightningError::NotFound)?;
        match invoice.facts.state {
            InvoiceState::Canceled => return Ok(()),
            InvoiceState::Settled => return Err(LightningError::TooLate),
            InvoiceState::Open if invoice.terms.is_some() => invoice.facts.amount = Msat::ZERO,
            InvoiceState::Open | InvoiceState::Held => {}
        }
        invoice.facts.state = InvoiceState::Canceled;
        invoice.ended = Some((moment, by));
        let waiting = std::mem::take(&mut invoice.waiting);
        let view = invoice.view();
        if self.nodes[node].settings.deletes_canceled {
            self.nodes[node].invoices.remove(view.add_index);
        }
        self.decided(node, &view, waiting);
        Ok(())
    }

    /// Sends the money where it belongs and tells those who watch this invoice, for the last time.
    fn decided(&mut self, node: usize, view: &Invoice, waiting: Vec<oneshot::Sender<bool>>) {
        for sender in waiting {
            // The payment's task is gone only when the runtime is.
            let _ = sender.send(view.state == InvoiceState::Settled);
        }
        self.tell_watchers(node, view);
        self.nodes[node]
            .watchers
            .retain(|(hash, _)| *hash != view.hash);
    }

    /// Returns what is too close to its expiry, as a running node does at every block.
    pub(super) fn return_expiring(&mut self, node: usize) {
        let (this, height) = (&self.nodes[node], self.height);
        if !this.is_running() {
            return;
        }
        let due: Vec<_> = this
            .invoices
            .by_index
            .values()
            .filter(|invoice| invoice.is_pending())
            .filter(|invoice| {
                invoice
                    .facts
                    .htlc_expiry
                    .is_some_and(|expiry| expiry.saturating_sub(LAST_CALL) <= height)
            })
            .map(|invoice| invoice.facts.hash)
            .collect();
        for hash in due {
            // It is pending, so it can be canceled.
            let _ = self.cancel(node, hash, EndedBy::Expiry);
        }
    }

    /// New and settled invoices only: this is how LND does it.
    pub(super) fn tell_subscribers(&mut self, node: usize, invoice: &Invoice) {
        self.tell_news(node, &InvoiceNews::Invoice(invoice.clone()));
    }

    pub(super) fn tell_news(&mut self, node: usize, news: &InvoiceNews) {
        let this = &mut self.nodes[node];
        if !this.subscribers.is_empty() && !this.loses_event() {
            this.subscribers
                .retain(|line| line.send(Ok(news.clone())).is_ok());
        }
    }

    pub(super) fn tell_watchers(&mut self, node: usize, invoice: &Invoice) {
        let this = &mut self.nodes[node];
        let watched = this.watchers.iter().any(|(hash, _)| *hash == invoice.hash);
        if watched && !this.loses_event() {
            let tell = |line: &Line<Invoice>| line.send(Ok(invoice.clone())).is_ok();
            this.watchers
                .retain(|(hash, line)| *hash != invoice.hash || tell(line));
        }
    }
}
