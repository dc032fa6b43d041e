//! mallory, whose node knows what others have paid: she repeats it, pays it once more, and sends more than anybody reads.

use domain::{Msat, Preimage};
use lnd::sim::SimNode;
use lnd::{InvoiceState, Keysend, Lightning, Records};
use protocol::record;

use crate::hazards::Hazard;
use crate::world::World;

/// Her node's place among the nodes; she has no app.
const PLACE: usize = 3;

impl World {
    /// She takes part only where a hazard needs her.
    pub(crate) fn invite_mallory(&mut self) {
        let needed = [Hazard::Replays, Hazard::Floods];
        if !needed.into_iter().any(|hazard| self.hazards.has(hazard)) {
            return;
        }
        let node = self.around.network.node("mallory");
        let bob = self.nodes[2].1.clone();
        let side = Msat::from_sat(500_000).unwrap();
        self.channel(&node, side, &bob, side);
        self.nodes.push(("mallory", node));
    }

    /// She sends the records of somebody's payment again with another one, or pays what is settled once more.
    pub(crate) async fn replay(&self, app: usize) {
        let dice = &self.around.dice;
        let to = &self.apps[app].node;
        let known = to.incoming();
        let Some(one) = dice.pick(&known) else {
            return;
        };
        let settled = one.invoice.state == InvoiceState::Settled;
        let (records, preimage) = match (&one.invoice.preimage, dice.below(3)) {
            // Whoever forwarded a payment knows its preimage once it is settled.
            (Some(preimage), 1) if settled => (words("once more"), preimage.clone()),
            (Some(preimage), 2) if settled => (one.invoice.records.clone(), preimage.clone()),
            _ => (one.invoice.records.clone(), Preimage::new(dice.seed())),
        };
        self.mallory_pays(to, records, preimage).await;
    }

    /// She sends dozens of payments at once.
    pub(crate) async fn flood(&self, app: usize) {
        let dice = &self.around.dice;
        for number in 0..dice.between(20, 60) {
            let records = words(&format!("buy {number}"));
            let preimage = Preimage::new(dice.seed());
            let to = &self.apps[app].node;
            self.mallory_pays(to, records, preimage).await;
        }
    }

    async fn mallory_pays(&self, to: &SimNode, mut records: Records, preimage: Preimage) {
        let Some((_, mallory)) = self.nodes.get(PLACE) else {
            return;
        };
        records.retain(|(kind, _)| *kind != record::KEYSEND_PREIMAGE);
        let sat = self.around.dice.between(1, 50);
        let keysend = Keysend {
            to: to.id(),
            amount: Msat::from_sat(sat).unwrap(),
            preimage,
            records,
            fee_limit: Msat::from_sat(200).unwrap(),
            timeout_secs: 60,
            hints: Vec::new(),
        };
        // She does not wait for what becomes of it.
        let _ = mallory.send(keysend).await;
    }
}

/// Readable, and signed by nobody.
fn words(text: &str) -> Records {
    vec![(record::TEXT, text.as_bytes().to_vec())]
}
