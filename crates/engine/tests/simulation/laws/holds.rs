//! Every hold is settled or refused before its deadline by the app, or as soon as the app can. None is forgotten.

use std::time::Duration;

use domain::Timestamp;
use lnd::sim::{EndedBy, IncomingKeysend};

use crate::doings::short;
use crate::record::{Diary, Record};

/// The longest that an undisturbed app may take: it meets its node again, reads what it has missed, and looks at the clock.
const SLOWEST: Duration = Duration::from_secs(200);
/// LND's moments have whole seconds.
const ROUGH: Duration = Duration::from_secs(1);

pub(super) fn broken(record: &Record) -> Vec<String> {
    let mut broken = Vec::new();
    for diary in &record.diaries {
        for keysend in &diary.keysends {
            if keysend.invoice.hold_secs == 0 {
                continue;
            }
            let what = format!("the hold {} of {}", short(keysend.invoice.hash), diary.name);
            match keysend.ended {
                None => broken.push(format!("{what} is forgotten")),
                Some((at, by)) => broken.extend(
                    late(diary, keysend, at, by).map(|problem| format!("{what} {problem}")),
                ),
            }
        }
    }
    broken
}

fn late(diary: &Diary, keysend: &IncomingKeysend, at: Timestamp, by: EndedBy) -> Option<String> {
    let span = Duration::from_secs(keysend.invoice.hold_secs.into());
    let deadline = keysend.invoice.created_at.plus(span);
    let calm = |from: Timestamp, to: Timestamp| {
        let during = |span: &(Timestamp, Timestamp)| span.0 <= from && to <= span.1;
        diary.calm.iter().any(during)
    };
    if by == EndedBy::Timer && calm(deadline.minus(SLOWEST), deadline) {
        return Some("was ended by the node while the app was there".to_owned());
    }
    if at > deadline.plus(ROUGH) {
        if calm(deadline.minus(SLOWEST), deadline.plus(ROUGH)) {
            return Some(format!("was ended {:?} late", deadline.until(at)));
        }
        // It was late because nobody was there: then at once.
        let idle = diary.calm.iter().find(|(from, to)| {
            (*from).max(deadline).plus(SLOWEST) < (*to).min(at)
        });
        if idle.is_some() {
            let late = deadline.until(at);
            return Some(format!("was ended {late:?} late while the app was there"));
        }
    }
    None
}
