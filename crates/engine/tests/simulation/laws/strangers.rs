//! What strangers pay is in the books and can be seen, whatever they bring with it.

use domain::HoldState;

use crate::doings::short;
use crate::record::Record;

pub(super) fn broken(record: &Record) -> Vec<String> {
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
            row.message
                .is_none()
                .then(|| format!("{what} is settled, and nobody can see it"))
        })
        .collect()
}
