//! What truly happened, for whoever checks the books of the apps against it.

use domain::{Msat, NodeId, PaymentHash, Timestamp};

use super::invoice::SimInvoice;
use super::path::Hop;
use super::state::State;
use super::{SimNetwork, SimNode};
use crate::types::Invoice;

/// A payment that came to its recipient and has an end. A hash that was paid twice stands here twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Which payment.
    pub hash: PaymentHash,
    /// Who paid.
    pub from: NodeId,
    /// Who was paid.
    pub to: NodeId,
    /// What the recipient got, or was to get.
    pub amount: Msat,
    /// What each forwarder earned, in the order of the way; not paid unless settled.
    pub fees: Vec<(NodeId, Msat)>,
    /// Whether the recipient has it; else it went back.
    pub settled: bool,
    /// When the recipient's node decided.
    pub at: Timestamp,
}

/// Who ended a keysend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The node settles on arrival.
    Arrival,
    /// The app has asked for it.
    App,
    /// The node's own timer.
    Timer,
    /// The chain came too close to its expiry.
    Expiry,
    /// The node was restored from its seed: its channels were closed, and what it held went back.
    Restore,
}

/// An incoming keysend as the node has it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncomingKeysend {
    /// As the port tells it; its times are those of the node's clock.
    pub invoice: Invoice,
    /// When it was made, by the network's clock.
    pub came_at: Timestamp,
    /// When it was settled or canceled, by the network's clock, and who did it; `None` while it waits.
    pub ended: Option<(Timestamp, EndedBy)>,
    /// Whether the node was restored from its seed since then, and has forgotten it.
    pub erased: bool,
}

impl SimNetwork {
    /// Every payment that came to its recipient and has an end, in that order.
    #[must_use]
    pub fn deeds(&self) -> Vec<Deed> {
        self.shared.lock().deeds.clone()
    }
}

impl SimNode {
    /// Every keysend that this node has got, in order, also before it was restored; it answers while it is stopped, too.
    #[must_use]
    pub fn incoming(&self) -> Vec<IncomingKeysend> {
        self.invoices_of(|invoice| invoice.terms.is_none())
    }

    /// Every hold invoice of this node that somebody has paid, likewise.
    #[must_use]
    pub fn paid_invoices(&self) -> Vec<IncomingKeysend> {
        self.invoices_of(|invoice| invoice.terms.is_some() && !invoice.facts.records.is_empty())
    }

    fn invoices_of(&self, kind: impl Fn(&SimInvoice) -> bool) -> Vec<IncomingKeysend> {
        self.with(|node| {
            let erased = node.invoices.erased.iter().map(|one| (one, true));
            let present = node.invoices.by_index.values().map(|one| (one, false));
            let all = erased.chain(present).filter(|(invoice, _)| kind(invoice));
            all.map(|(invoice, erased)| IncomingKeysend {
                invoice: invoice.view(),
                came_at: invoice.came_at,
                ended: invoice.ended,
                erased,
            })
            .collect()
        })
    }

    /// What its channels hold on its side; it answers while it is stopped, too.
    #[must_use]
    pub fn local_balance(&self) -> Msat {
        let state = self.shared.lock();
        let sides = state.channels_of(self.me);
        Msat::checked_sum(sides.map(|(channel, side)| channel.local(side))).unwrap_or_default()
    }
}

impl State {
    /// Notes the end of a payment at its recipient.
    pub(super) fn note(&mut self, hash: PaymentHash, hops: &[Hop], settled: bool) {
        let (Some(first), Some(last)) = (hops.first(), hops.last()) else {
            return;
        };
        let fees = hops.windows(2).map(|pair| {
            let fee = pair[0].amount.checked_sub(pair[1].amount);
            (self.nodes[pair[1].from].id, fee.unwrap_or_default())
        });
        let deed = Deed {
            hash,
            from: self.nodes[first.from].id,
            to: self.nodes[last.to].id,
            amount: last.amount,
            fees: fees.collect(),
            settled,
            at: self.now(),
        };
        self.deeds.push(deed);
    }
}
