//! What is left in the end: the books of the apps, and what the network knows without them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Attempt, Carrier, Direction, MessageKey, Msat, NodeId, PaymentHash, PostageBalance, Timestamp,
};
use lnd::sim::{Deed, IncomingKeysend, Totals as NetworkTotals};
use store::{IncomingRow, MessageRow, Store, Totals};
use tokio::time::Instant;

use crate::doings::everything;
use crate::world::World;

/// All of it.
pub(crate) struct Record {
    pub(crate) diaries: Vec<Diary>,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) network: NetworkTotals,
    /// Of every node: its name, what it put in and what it has.
    pub(crate) money: BTreeMap<NodeId, (&'static str, Msat, Msat)>,
}

/// One person's.
pub(crate) struct Diary {
    pub(crate) name: &'static str,
    pub(crate) node: NodeId,
    pub(crate) sent: Vec<Sent>,
    /// What they did to messages that were there.
    pub(crate) letters: Vec<Sent>,
    /// In the order of the window, conversation by conversation.
    pub(crate) got: Vec<MessageRow>,
    pub(crate) payments: BTreeMap<PaymentHash, IncomingRow>,
    pub(crate) totals: Totals,
    /// What everybody else and they have kept of each other's postage.
    pub(crate) postage: BTreeMap<NodeId, PostageBalance>,
    /// What their node got.
    pub(crate) keysends: Vec<IncomingKeysend>,
    /// Invoices of theirs that were paid.
    pub(crate) invoices: Vec<IncomingKeysend>,
    /// When app and node were undisturbed.
    pub(crate) calm: Vec<(Timestamp, Timestamp)>,
    /// Whether somebody has deleted their node's list of payments.
    pub(crate) deleted: bool,
    /// Messages that were taken for sending.
    pub(crate) promised: BTreeSet<MessageKey>,
    /// Held payments that the person accepted (or refused).
    pub(crate) decided: BTreeMap<MessageKey, bool>,
    /// Messages whose repetition may have been paid twice, as the window says.
    pub(crate) risked: BTreeSet<MessageKey>,
}

/// A message with all tries.
pub(crate) struct Sent {
    pub(crate) to: NodeId,
    pub(crate) row: MessageRow,
    pub(crate) attempts: Vec<Attempt>,
}

impl Diary {
    /// Everything that went out.
    pub(crate) fn outgoing(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().chain(&self.letters)
    }
}

impl Record {
    /// The payments of this hash that the recipient has. The parts of one to an invoice are one.
    pub(crate) fn settled(&self, hash: PaymentHash) -> usize {
        let of = |deed: &&Deed| deed.hash == hash && deed.settled;
        let deeds: Vec<_> = self.deeds.iter().filter(of).collect();
        let sent = self.diaries.iter().flat_map(|diary| &diary.sent);
        let mut attempts = sent.flat_map(|sent| &sent.attempts);
        let sum = Msat::checked_sum(deeds.iter().map(|deed| deed.amount));
        let in_parts = attempts.any(|attempt| {
            attempt.hash == hash
                && attempt.carrier == Carrier::Invoice
                && Some(attempt.amount) == sum
        });
        if in_parts { 1 } else { deeds.len() }
    }

    pub(crate) fn diary(&self, node: NodeId) -> Option<&Diary> {
        self.diaries.iter().find(|diary| diary.node == node)
    }
}

impl World {
    pub(crate) async fn record(&self) -> Record {
        let mut diaries = Vec::new();
        for number in 0..self.apps.len() {
            diaries.push(self.diary(number).await);
        }
        let money = self.nodes.iter().map(|(name, node)| {
            let put_in = self.put_in.get(&node.id()).copied().unwrap_or_default();
            (node.id(), (*name, put_in, node.local_balance()))
        });
        Record {
            diaries,
            deeds: self.around.network.deeds(),
            network: self.around.network.totals(),
            money: money.collect(),
        }
    }

    async fn diary(&self, number: usize) -> Diary {
        let app = &self.apps[number];
        let store = &app.life.as_ref().unwrap().store;
        let (mut sent, mut got, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        for row in everything(store, self).await {
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
        let keysends = app.node.incoming();
        let invoices = app.node.paid_invoices();
        let both = keysends.iter().chain(&invoices);
        let hashes: Vec<_> = both.map(|one| one.invoice.hash).collect();
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
        let others: Vec<_> = self.apps.iter().map(|app| app.node.id()).collect();
        let postage = store
            .read(move |db| {
                let balances = others
                    .into_iter()
                    .map(|node| Ok((node, db.postage_balance(node)?)));
                balances.collect::<Result<_, store::StoreError>>()
            })
            .await
            .unwrap();
        let calm = app.calm.spans(Instant::now());
        let mine = |of: &(usize, MessageKey)| (of.0 == number).then_some(of.1);
        Diary {
            name: app.name,
            node: app.node.id(),
            sent,
            letters,
            got,
            payments,
            totals: store.read(|db| db.totals(None)).await.unwrap(),
            postage,
            keysends,
            invoices,
            calm: calm
                .into_iter()
                .map(|(from, to)| (self.timestamp(from), self.timestamp(to)))
                .collect(),
            deleted: app.deleted,
            promised: self.promised.iter().filter_map(mine).collect(),
            decided: self
                .decided
                .iter()
                .filter_map(|((who, key), accepted)| Some((mine(&(*who, *key))?, *accepted)))
                .collect(),
            risked: self.risked.iter().filter_map(mine).collect(),
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
