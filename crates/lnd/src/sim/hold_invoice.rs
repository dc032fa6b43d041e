//! Invoices whose payment waits for a decision. Their text is this network's own: nobody else reads it.

use std::sync::Arc;
use std::time::Duration;

use domain::{Msat, NodeId, PaymentHash, Timestamp};
use tokio::sync::oneshot;

use super::Shared;
use super::books::EndedBy;
use super::invoice::{Arrival, LAST_CALL, Reception, SimInvoice};
use super::pay::until_running;
use super::state::State;
use crate::error::LightningError;
use crate::types::{DecodedInvoice, Invoice, InvoiceKind, InvoiceNews, InvoiceState, NewInvoice};

/// What LND takes where nothing is asked for.
const DEFAULT_EXPIRY_SECS: u32 = 86_400;
const DEFAULT_CLTV_EXPIRY: u32 = 80;
/// For so long a node waits for the other parts of a payment.
const PATIENCE: Duration = Duration::from_secs(120);
/// Before the text of an invoice.
const PREFIX: &str = "lnsim1";

/// What a hold invoice has beside a keysend's.
pub(super) struct Terms {
    text: String,
    pub(super) asks: NewInvoice,
    /// What has arrived of the payment, and what all its parts come to.
    arrived: Msat,
    total: Msat,
    /// Counts the payments that were begun: parts that waited in vain make room for others.
    set: u64,
}

const fn or(given: u32, default: u32) -> u32 {
    if given == 0 { default } else { given }
}

/// Cancels an invoice that nobody pays in time.
pub(super) async fn expire(shared: Arc<Shared>, node: usize, invoice: NewInvoice) {
    let span = or(invoice.expiry_secs, DEFAULT_EXPIRY_SECS);
    tokio::time::sleep(Duration::from_secs(span.into())).await;
    until_running(&shared, node).await;
    let mut state = shared.lock();
    let open = state.nodes[node]
        .invoices
        .view(invoice.hash)
        .is_some_and(|invoice| invoice.state == InvoiceState::Open);
    if open {
        // It is open, so it can be canceled.
        let _ = state.cancel(node, invoice.hash, EndedBy::Timer);
    }
}

/// Returns the parts of a payment that is still not complete.
pub(super) async fn give_up(shared: Arc<Shared>, node: usize, hash: PaymentHash, set: u64) {
    tokio::time::sleep(PATIENCE).await;
    until_running(&shared, node).await;
    let mut state = shared.lock();
    let Some(invoice) = state.nodes[node].invoices.get(hash) else {
        return;
    };
    let Some(terms) = &mut invoice.terms else {
        return;
    };
    if invoice.facts.state == InvoiceState::Open && terms.set == set {
        terms.arrived = Msat::ZERO;
        for part in invoice.waiting.drain(..) {
            // The payment's task is gone only when the runtime is.
            let _ = part.send(false);
        }
    }
}

impl State {
    /// The text of a new invoice, or of the same one made before; whether it is new.
    pub(super) fn add_hold_invoice(
        &mut self,
        node: usize,
        asks: &NewInvoice,
    ) -> Result<(String, bool), LightningError> {
        let cltv_expiry = or(asks.cltv_expiry, DEFAULT_CLTV_EXPIRY);
        if cltv_expiry < LAST_CALL {
            return Err(LightningError::Node("CLTV delta is too low".to_owned()));
        }
        if let Some(known) = self.nodes[node].invoices.get(asks.hash) {
            let same = known
                .terms
                .as_ref()
                .filter(|it| it.asks.amount == asks.amount);
            return same
                .map(|terms| (terms.text.clone(), false))
                .ok_or(LightningError::AlreadyExists);
        }
        let (came_at, created_at) = (self.now(), self.now_in_seconds(node));
        let expiry_secs = or(asks.expiry_secs, DEFAULT_EXPIRY_SECS);
        let text = write(&DecodedInvoice {
            destination: self.nodes[node].id,
            hash: asks.hash,
            amount: (!asks.amount.is_zero()).then_some(asks.amount),
            expires_at: created_at.plus(Duration::from_secs(expiry_secs.into())),
            cltv_expiry,
        });
        self.signed.insert(text.clone());
        let invoices = &mut self.nodes[node].invoices;
        invoices.newest = invoices.newest.saturating_add(1);
        let facts = Invoice {
            hash: asks.hash,
            kind: InvoiceKind::Given,
            preimage: None,
            state: InvoiceState::Open,
            amount: asks.amount,
            records: Vec::new(),
            further: Vec::new(),
            created_at,
            settled_at: None,
            hold_secs: expiry_secs,
            htlc_expiry: None,
            channel: None,
            add_index: invoices.newest,
            settle_index: 0,
        };
        let terms = Terms {
            text: text.clone(),
            asks: NewInvoice {
                cltv_expiry,
                ..*asks
            },
            arrived: Msat::ZERO,
            total: Msat::ZERO,
            set: 0,
        };
        let invoice = SimInvoice {
            facts,
            records: Vec::new(),
            expiry: 0,
            waiting: Vec::new(),
            later: Vec::new(),
            terms: Some(terms),
            came_at,
            ended: None,
        };
        let add_index = invoices.newest;
        invoices.by_index.insert(add_index, invoice);
        if let Some(mark) = asks.mark {
            self.tell_news(node, &InvoiceNews::Mark { add_index, mark });
        }
        Ok((text, true))
    }

    pub(super) fn decode_invoice(&self, text: &str) -> Result<DecodedInvoice, LightningError> {
        self.signed
            .get(text)
            .and_then(|text| read(text))
            .ok_or_else(|| LightningError::Node("invalid checksum".to_owned()))
    }

    /// One part of a payment to an invoice. Only an open one takes it, and only when the payment is large enough.
    pub(super) fn take_part(&mut self, node: usize, arrival: &Arrival, total: Msat) -> Reception {
        let height = self.height;
        let Some(invoice) = self.nodes[node].invoices.get(arrival.hash) else {
            return Reception::Refused;
        };
        let Some(terms) = &mut invoice.terms else {
            return Reception::Refused;
        };
        let begins = terms.arrived.is_zero();
        let fits = total >= terms.asks.amount && (begins || total == terms.total);
        let arrived = terms.arrived.checked_add(arrival.amount);
        let (InvoiceState::Open, true, Some(arrived)) = (invoice.facts.state, fits, arrived) else {
            return Reception::Refused;
        };
        let expiry = height.saturating_add(terms.asks.cltv_expiry);
        if begins {
            terms.total = total;
            terms.set = terms.set.saturating_add(1);
            invoice.records.clone_from(&arrival.records);
            invoice.expiry = expiry;
            invoice.facts.channel = arrival.channel;
        }
        terms.arrived = arrived;
        let set = terms.set;
        let (sender, decision) = oneshot::channel();
        invoice.waiting.push(sender);
        if arrived < total {
            return if begins {
                Reception::Incomplete { set, decision }
            } else {
                Reception::Held(decision)
            };
        }
        invoice.facts.state = InvoiceState::Held;
        invoice.facts.amount = arrived;
        invoice.facts.records = std::mem::take(&mut invoice.records);
        invoice.facts.htlc_expiry = Some(invoice.expiry);
        let view = invoice.view();
        self.tell_watchers(node, &view);
        Reception::Held(decision)
    }
}

fn write(invoice: &DecodedInvoice) -> String {
    let amount = invoice.amount.unwrap_or_default();
    let bytes = [
        &invoice.destination.as_bytes()[..],
        &invoice.hash.0,
        &amount.get().to_be_bytes(),
        &invoice.expires_at.0.to_be_bytes(),
        &invoice.cltv_expiry.to_be_bytes(),
    ];
    format!("{PREFIX}{}", hex::encode(bytes.concat()))
}

fn read(text: &str) -> Option<DecodedInvoice> {
    let bytes = hex::decode(text.strip_prefix(PREFIX)?).ok()?;
    let (destination, rest) = bytes.split_at_checked(33)?;
    let (hash, rest) = rest.split_at_checked(32)?;
    let (amount, rest) = rest.split_at_checked(8)?;
    let (expires_at, cltv_expiry) = rest.split_at_checked(8)?;
    let amount = Msat::new(u64::from_be_bytes(amount.try_into().ok()?));
    Some(DecodedInvoice {
        destination: NodeId::from_bytes(destination).ok()?,
        hash: PaymentHash::from_slice(hash)?,
        amount: (!amount.is_zero()).then_some(amount),
        expires_at: Timestamp(i64::from_be_bytes(expires_at.try_into().ok()?)),
        cltv_expiry: u32::from_be_bytes(cltv_expiry.try_into().ok()?),
    })
}
