//! What the books of an app say, or have said.

use std::collections::BTreeMap;

use domain::{Direction, MessageKey, NodeId, PaymentHash};
use lnd::sim::SimNode;
use store::{IncomingRow, MessageRow, Store};

use crate::doings::everything;
use crate::home::{Home, now};
use crate::record::Sent;

#[derive(Clone)]
pub(crate) struct Past {
    pub(crate) sent: Vec<Sent>,
    /// What they did to messages that were there.
    pub(crate) letters: Vec<Sent>,
    /// In the order of the window, conversation by conversation.
    pub(crate) got: Vec<MessageRow>,
    pub(crate) payments: BTreeMap<PaymentHash, IncomingRow>,
}

impl Past {
    /// Of a home whose app is closed.
    pub(crate) fn of(home: &Home, node: &SimNode, nodes: &[(&'static str, SimNode)]) -> Self {
        let store = home.read();
        let past = now(Self::read(&store, node, nodes));
        now(store.close()).unwrap();
        past
    }

    /// `node` is the app's own.
    pub(crate) async fn read(
        store: &Store,
        node: &SimNode,
        nodes: &[(&'static str, SimNode)],
    ) -> Self {
        let (mut sent, mut got, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        let others: Vec<NodeId> = nodes.iter().map(|(_, node)| node.id()).collect();
        for row in everything(store, others).await {
            let key = row.message.key;
            letters.extend(amendments(store, key).await);
            match (row.message.direction, &row.delivery) {
                (Direction::Outgoing, Some(delivery)) => sent.push(Sent {
                    to: delivery.to,
                    attempts: store.read(move |db| db.attempts_of(key)).await.unwrap(),
                    row,
                }),
                _ => got.push(row),
            }
        }
        let both = node.incoming().into_iter().chain(node.paid_invoices());
        let hashes: Vec<_> = both
            .flat_map(|one| {
                let later = one.invoice.further.iter().map(|one| one.name);
                later.chain([one.invoice.hash]).collect::<Vec<_>>()
            })
            .collect();
        let payments = store
            .read(move |db| {
                let mut rows = BTreeMap::new();
                for hash in hashes {
                    rows.extend(db.incoming(hash)?.map(|row| (hash, row)));
                }
                Ok(rows)
            })
            .await
            .unwrap();
        Self {
            sent,
            letters,
            got,
            payments,
        }
    }
}

/// The person's own letters that amend a message.
async fn amendments(store: &Store, key: MessageKey) -> Vec<Sent> {
    store
        .read(move |db| {
            let mut letters = Vec::new();
            for letter in db.own_amendments(key)? {
                let Some(row) = db.message_row(letter.key)? else {
                    continue;
                };
                if let Some(to) = row.delivery.as_ref().map(|one| one.to) {
                    letters.push(Sent {
                        to,
                        attempts: db.attempts_of(letter.key)?,
                        row,
                    });
                }
            }
            Ok(letters)
        })
        .await
        .unwrap()
}
