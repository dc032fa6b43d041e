//! What strangers pay is in the books and can be seen, whatever they bring with it.

use domain::HoldState;
use lnd::sim::Deed;
use store::IncomingRow;

use crate::doings::short;
use crate::record::{Diary, Record};

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = unseen(record);
    for diary in &record.diaries {
        broken.extend(once_more(record, diary));
    }
    broken
}

/// A hash that was paid several times is in the books as often, and each time that it was no postage there is a row.
fn once_more(record: &Record, diary: &Diary) -> Vec<String> {
    let kept = diary.keysends.iter().filter(|one| !one.erased);
    kept.filter_map(|one| {
        let hash = one.invoice.hash;
        let to_them = |deed: &&Deed| deed.settled && deed.hash == hash && deed.to == diary.node;
        let paid = record.deeds.iter().filter(to_them).count();
        let later = diary
            .payments
            .values()
            .filter(|row| row.payment.within == Some(hash) && is_seen(row));
        let seen = later.count() + 1;
        let what = format!("{} of {}", short(hash), diary.name);
        (paid > 1 && seen != paid).then(|| format!("{what} was paid {paid} times, seen {seen}"))
    })
    .collect()
}

/// Under words that came once more it is postage: *Costs* shows it.
fn is_seen(row: &IncomingRow) -> bool {
    row.message.is_some() || row.postage
}

fn unseen(record: &Record) -> Vec<String> {
    let settled = record.deeds.iter().filter(|deed| deed.settled);
    let foreign = settled.filter(|deed| record.is_foreign(deed));
    foreign
        .filter_map(|deed| {
            let diary = record.diary(deed.to)?;
            let node_forgot =
                |one: &lnd::sim::IncomingKeysend| one.erased && one.invoice.hash == deed.hash;
            if diary.keysends.iter().any(node_forgot) {
                return None;
            }
            let what = format!(
                "a stranger's payment {} to {}",
                short(deed.hash),
                diary.name
            );
            let Some(row) = diary.payments.get(&deed.hash) else {
                return Some(format!("{what} is settled, and is not in their books"));
            };
            let state = row.payment.state;
            if state != HoldState::Settled {
                return Some(format!(
                    "{what} is {state:?} there, and is settled in truth"
                ));
            }
            (!is_seen(row)).then(|| format!("{what} is settled, and nobody can see it"))
        })
        .collect()
}
