//! A node that no app of ours runs on: what it pays and says is made by hand.

use domain::{Expectation, MessageId, Msat, NodeId, Preimage, Timestamp};
use futures::StreamExt;
use lnd::sim::SimNode;
use lnd::{Keysend, Lightning, PaymentUpdate, Records};
use protocol::{Body, Letter, record};

use super::sat;

/// Pays with records of any kind, as another program would, and waits for the outcome.
pub(crate) async fn keysend(
    from: &SimNode,
    to: NodeId,
    amount: Msat,
    seed: u8,
    records: Records,
) -> PaymentUpdate {
    let keysend = Keysend {
        to,
        amount,
        preimage: Preimage::new([seed; 32]),
        records,
        fee_limit: sat(10),
        timeout_secs: 60,
        hints: Vec::new(),
    };
    let mut updates = from.send(keysend).await.unwrap();
    loop {
        match updates.next().await.unwrap().unwrap() {
            PaymentUpdate::InFlight { .. } => {}
            last => return last,
        }
    }
}

/// Readable words, signed by nobody.
pub(crate) fn text(words: &str) -> Records {
    vec![(record::TEXT, words.as_bytes().to_vec())]
}

/// A letter from one node to another for a payment with this seed.
pub(crate) async fn sealed(from: &SimNode, to: NodeId, seed: u8, letter: &Letter) -> Records {
    let secret = from.shared_secret(to).await.unwrap();
    let hash = Preimage::new([seed; 32]).payment_hash();
    let bytes = letter.encode();
    let envelope =
        protocol::seal(&mut rand::rng(), from.id(), to, &secret.0, &hash.0, &bytes).unwrap();
    vec![(record::LETTER, envelope)]
}

/// A letter by hand.
pub(crate) fn letter(number: u8, expectation: Expectation, body: Body) -> Letter {
    Letter {
        id: MessageId([number; 16]),
        sequence: u64::from(number),
        after: 0,
        sent_at: Timestamp(1_790_000_000_000),
        expectation,
        hold_secs: None,
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body,
    }
}
