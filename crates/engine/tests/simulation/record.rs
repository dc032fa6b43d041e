//! What is left in the end: the books of the apps, and what the network knows without them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Attempt, AttemptState, Carrier, MessageId, MessageKey, Msat, NodeId, PaymentHash,
    PostageBalance, Timestamp,
};
use lnd::sim::{Deed, IncomingKeysend, Totals as NetworkTotals};
use store::{IncomingRow, MessageRow, Totals};
use tokio::time::Instant;

use crate::hazards::Hazard;
use crate::past::Past;
use crate::world::World;

/// All of it.
pub(crate) struct Record {
    pub(crate) diaries: Vec<Diary>,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) network: NetworkTotals,
    /// Whether somebody has forged cards: what was sealed to their keys nobody can open.
    pub(crate) forged: bool,
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
    /// What strangers have sent.
    pub(crate) foreign: Vec<MessageRow>,
    pub(crate) payments: BTreeMap<PaymentHash, IncomingRow>,
    /// Books that are gone: a copy took their place, or their app was a second one.
    pub(crate) pasts: Vec<Past>,
    /// Whether there ever were such books.
    pub(crate) doubled: bool,
    /// When that was last so.
    pub(crate) doubled_at: Option<Timestamp>,
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
    /// Whether their node's clock was ever set.
    pub(crate) node_clock_set: bool,
    /// Whether the app was opened more than once: it has found what an earlier run left.
    pub(crate) reopened: bool,
    /// Messages that were taken for sending.
    pub(crate) promised: BTreeSet<MessageKey>,
    /// Held payments that the person accepted (or refused).
    pub(crate) decided: BTreeMap<MessageKey, bool>,
    /// Messages whose repetition may have been paid twice, as the window says.
    pub(crate) risked: BTreeSet<MessageKey>,
}

/// A message with all tries.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) to: NodeId,
    pub(crate) row: MessageRow,
    pub(crate) attempts: Vec<Attempt>,
}

impl Sent {
    /// Money is never paid twice; words, and the postage under them, may be when the node has forgotten them.
    pub(crate) fn is_money(&self) -> bool {
        !self.row.message.payment.is_zero()
    }
}

impl Diary {
    /// Everything that went out.
    pub(crate) fn outgoing(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().chain(&self.letters)
    }

    /// The same, with what stands only in books that are gone. The same message may come several times.
    pub(crate) fn ever(&self) -> impl Iterator<Item = &Sent> {
        let pasts = self.pasts.iter();
        let gone = pasts.flat_map(|past| past.sent.iter().chain(&past.letters));
        self.outgoing().chain(gone)
    }

    /// Every payment that they ever tried for this message, whichever books it stands in.
    pub(crate) fn tries(&self, message: MessageId) -> BTreeMap<PaymentHash, &Attempt> {
        let sent = self.ever().filter(|sent| sent.row.message.id == message);
        let attempts = sent.flat_map(|sent| &sent.attempts);
        attempts.map(|attempt| (attempt.hash, attempt)).collect()
    }

    /// Whether a payment stands in their books of today, with its end.
    pub(crate) fn has_paid(&self, hash: PaymentHash) -> bool {
        let mut attempts = self.outgoing().flat_map(|sent| &sent.attempts);
        attempts.any(|one| one.hash == hash && one.state == AttemptState::Settled)
    }
}

impl Record {
    /// The payments of this hash that the recipient has. The parts of one to an invoice are one.
    pub(crate) fn settled(&self, hash: PaymentHash) -> usize {
        let of = |deed: &&Deed| deed.hash == hash && deed.settled && !self.is_foreign(deed);
        let deeds: Vec<_> = self.deeds.iter().filter(of).collect();
        let sent = self.diaries.iter().flat_map(Diary::ever);
        let mut attempts = sent.flat_map(|sent| &sent.attempts);
        let sum = Msat::checked_sum(deeds.iter().map(|deed| deed.amount));
        let in_parts = attempts.any(|attempt| {
            attempt.hash == hash
                && attempt.carrier == Carrier::Invoice
                && Some(attempt.amount) == sum
        });
        if in_parts { 1 } else { deeds.len() }
    }

    /// Whether it came from somebody without an app.
    pub(crate) fn is_foreign(&self, deed: &Deed) -> bool {
        self.diary(deed.from).is_none()
    }

    /// What only strangers have paid.
    fn foreign(&self) -> BTreeSet<PaymentHash> {
        let of = |foreign: bool| {
            let deeds = self.deeds.iter();
            deeds
                .filter(move |deed| self.is_foreign(deed) == foreign)
                .map(|deed| deed.hash)
        };
        let ours: BTreeSet<_> = of(false).collect();
        of(true).filter(|hash| !ours.contains(hash)).collect()
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
        let mut record = Record {
            diaries,
            deeds: self.around.network.deeds(),
            network: self.around.network.totals(),
            forged: self.hazards.has(Hazard::Forgers),
            money: money.collect(),
        };
        let foreign = record.foreign();
        for diary in &mut record.diaries {
            // Whoever pays a hash once more is a stranger: our apps pay it once.
            let of = |row: &MessageRow| {
                let payment = row.incoming.as_ref().map(|one| &one.payment);
                payment.is_some_and(|one| one.within.is_some() || foreign.contains(&one.hash))
            };
            diary.foreign = diary.got.extract_if(.., |row| of(row)).collect();
        }
        record
    }

    async fn diary(&self, number: usize) -> Diary {
        let app = &self.apps[number];
        let store = &app.life.as_ref().unwrap().store;
        let books = Past::read(store, &app.node, &self.nodes).await;
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
        let pasts = self.pasts.iter().filter(|(who, _)| *who == number);
        Diary {
            name: app.name,
            node: app.node.id(),
            sent: books.sent,
            letters: books.letters,
            got: books.got,
            foreign: Vec::new(),
            payments: books.payments,
            pasts: pasts.map(|(_, past)| past.clone()).collect(),
            doubled: app.doubled,
            doubled_at: app.doubled_at.map(|at| self.timestamp(at)),
            totals: store.read(|db| db.totals(None)).await.unwrap(),
            postage,
            keysends: app.node.incoming(),
            invoices: app.node.paid_invoices(),
            calm: calm
                .into_iter()
                .map(|(from, to)| (self.timestamp(from), self.timestamp(to)))
                .collect(),
            deleted: app.deleted,
            node_clock_set: app.node_clock_set,
            reopened: app.opened > 1,
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
