//! Payments with AMP: settled on arrival, whatever the node does with keysends; any number of them to one invoice.

use std::sync::Arc;

use domain::{Msat, NodeId, PaymentHash};

use super::SimNode;
use super::books::EndedBy;
use super::invoice::{Arrival, Reception, SimInvoice};
use super::path::{Proof, Search};
use super::pay::{Flight, carry, with_preimage};
use super::state::State;
use crate::error::LightningError;
use crate::types::{Further, Invoice, InvoiceKind, InvoiceState, Over, Records};

impl SimNode {
    /// Gives an invoice out that takes any number of payments with AMP. Returns its address.
    pub fn add_amp_invoice(&self) -> PaymentHash {
        let mut state = self.shared.lock();
        let address = PaymentHash([u8::try_from(self.me).unwrap_or(0xa0) | 0xa0; 32]);
        let facts = state.amp_invoice(self.me, address, InvoiceKind::Reusable);
        state.add_amp(self.me, facts);
        address
    }

    /// Pays with AMP, in one part, and waits for the end: to an invoice, or without having been asked to. Whether it was
    /// settled.
    ///
    /// # Errors
    /// [`LightningError::NoRoute`] and [`LightningError::InsufficientBalance`].
    pub async fn pay_amp(
        &self,
        to: NodeId,
        invoice: Option<PaymentHash>,
        set: [u8; 32],
        amount: Msat,
        records: Records,
    ) -> Result<bool, LightningError> {
        let (hops, _) = self.shared.lock().find_path(&Search {
            from: self.me,
            to,
            amount,
            fee_limit: amount,
            records: &records,
            proof: Proof::Keysend,
            use_mission_control: false,
            over: Over::Anything,
            hints: &[],
        })?;
        let arrival = Arrival {
            hash: invoice.unwrap_or(PaymentHash(set)),
            preimage: None,
            amount,
            records: with_preimage(records, None),
            part_of: None,
            amp: Some(set),
            channel: None,
        };
        let flight = carry(&Arc::clone(&self.shared), &hops, 0, arrival).await;
        Ok(matches!(flight, Flight::Settled))
    }
}

impl State {
    fn amp_invoice(&self, node: usize, address: PaymentHash, kind: InvoiceKind) -> Invoice {
        Invoice {
            hash: address,
            kind,
            preimage: None,
            state: InvoiceState::Open,
            amount: Msat::ZERO,
            records: Vec::new(),
            further: Vec::new(),
            created_at: self.now_in_seconds(node),
            settled_at: None,
            hold_secs: 0,
            htlc_expiry: None,
            channel: None,
            add_index: 0,
            settle_index: 0,
        }
    }

    fn add_amp(&mut self, node: usize, mut facts: Invoice) {
        let came_at = self.now();
        let invoices = &mut self.nodes[node].invoices;
        invoices.newest = invoices.newest.saturating_add(1);
        facts.add_index = invoices.newest;
        let invoice = SimInvoice {
            facts: facts.clone(),
            records: Vec::new(),
            expiry: 0,
            waiting: Vec::new(),
            later: Vec::new(),
            terms: None,
            came_at,
            ended: None,
        };
        invoices.by_index.insert(invoices.newest, invoice);
        self.tell_subscribers(node, &facts);
    }

    /// One settled set more. Each has a place of its own in the list of settlements, and none in that of invoices.
    pub(super) fn take_amp(&mut self, node: usize, arrival: &Arrival, set: [u8; 32]) -> Reception {
        let (moment, now) = (self.now(), self.now_in_seconds(node));
        if self.nodes[node].invoices.get(arrival.hash).is_none() {
            let facts = self.amp_invoice(node, arrival.hash, InvoiceKind::Amp);
            self.add_amp(node, facts);
        }
        let invoices = &mut self.nodes[node].invoices;
        let settle_index = invoices.settlements.saturating_add(1);
        let Some(invoice) = invoices.get(arrival.hash) else {
            return Reception::Refused;
        };
        invoice.facts.state = InvoiceState::Settled;
        invoice.facts.settle_index = settle_index;
        invoice.facts.settled_at = Some(now);
        invoice.ended = Some((moment, EndedBy::Arrival));
        let newest = Further {
            name: Further::name_of_set(arrival.hash, &set),
            amount: arrival.amount,
            records: arrival.records.clone(),
            at: now,
        };
        invoice.facts.further.push(newest.clone());
        // The stream tells of the newest set only.
        let told = Invoice {
            further: vec![newest],
            ..invoice.view()
        };
        invoices.settlements = settle_index;
        self.tell_subscribers(node, &told);
        Reception::Settled
    }
}
