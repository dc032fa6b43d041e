//! The channels hold what the ledgers say, to the millisatoshi.

use domain::{AttemptState, HoldState, Msat, NodeId};
use lnd::InvoiceState;

use crate::record::{Diary, Record};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    let network = record.network;
    if network.balances != network.capacity || !network.in_flight.is_zero() {
        broken.push(format!("the network has lost money: {network:?}"));
    }
    for (node, (name, put_in, has)) in &record.money {
        let gained = signed(*has) - signed(*put_in);
        let (paid, forwarded) = truth(record, *node);
        if gained != paid + forwarded {
            broken.push(format!(
                "{name}'s node has {gained}, its payments say {}",
                paid + forwarded
            ));
        }
        if let Some(diary) = record.diary(*node) {
            let booked = booked(diary) - unheard(record, diary) + untold(diary);
            if gained - forwarded != booked {
                let gained = gained - forwarded;
                broken.push(format!(
                    "{name} has {gained} more, their ledger says {booked}"
                ));
            }
        }
    }
    broken
}

fn signed(amount: Msat) -> i64 {
    i64::try_from(amount.get()).unwrap()
}

/// What a node gained by payments of its own, and by forwarding those of others.
fn truth(record: &Record, node: NodeId) -> (i64, i64) {
    let (mut paid, mut forwarded) = (0, 0);
    for deed in record.deeds.iter().filter(|deed| deed.settled) {
        let fees: i64 = deed.fees.iter().map(|(_, fee)| signed(*fee)).sum();
        if deed.to == node {
            paid += signed(deed.amount);
        }
        if deed.from == node {
            paid -= signed(deed.amount) + fees;
        }
        let earned = deed.fees.iter().filter(|(by, _)| *by == node);
        forwarded += earned.map(|(_, fee)| signed(*fee)).sum::<i64>();
    }
    (paid, forwarded)
}

fn booked(diary: &Diary) -> i64 {
    let totals = &diary.totals;
    let came = [
        totals.received,
        totals.postage_received,
        totals.refunds_received,
    ];
    let went = [
        totals.sent,
        totals.postage_sent,
        totals.refunds_sent,
        totals.fees,
    ];
    let sum = |amounts: &[Msat]| amounts.iter().map(|amount| signed(*amount)).sum::<i64>();
    sum(&came) - sum(&went)
}

/// What was paid and is in no ledger: the node had forgotten it before it was heard of, or it stands in books that are
/// gone.
fn unheard(record: &Record, diary: &Diary) -> i64 {
    let may_be_unheard = |hash| {
        let mut attempts = diary.outgoing().flat_map(|sent| &sent.attempts);
        let forgotten =
            attempts.any(|one| one.hash == hash && one.state == AttemptState::Forgotten);
        forgotten || (diary.doubled && !diary.has_paid(hash))
    };
    record
        .deeds
        .iter()
        .filter(|deed| deed.settled && deed.from == diary.node && may_be_unheard(deed.hash))
        .map(|deed| {
            let fees: i64 = deed.fees.iter().map(|(_, fee)| signed(*fee)).sum();
            signed(deed.amount) + fees
        })
        .sum()
}

/// What came, and what the node has forgotten before the app was told.
fn untold(diary: &Diary) -> i64 {
    let keysends = diary.keysends.iter().filter(|one| one.erased);
    let invoices = diary.invoices.iter().filter(|one| one.erased);
    let both = keysends.chain(invoices);
    let erased = both.filter(|one| one.invoice.state == InvoiceState::Settled);
    let known = |hash| {
        let row = diary.payments.get(&hash);
        row.is_some_and(|row| row.payment.state == HoldState::Settled)
    };
    erased
        .filter(|one| !known(one.invoice.hash))
        .map(|one| signed(one.invoice.amount))
        .sum()
}
