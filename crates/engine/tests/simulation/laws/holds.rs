//! Every hold is settled or refused before its deadline by the app, or as soon as the app can. None is forgotten, and none
//! is ended by the app before somebody has decided.

use std::time::Duration;

use domain::{Decision, HoldState, Timestamp, last_moment};
use lnd::InvoiceState;
use lnd::sim::{EndedBy, IncomingKeysend};

use crate::doings::short;
use crate::record::{Diary, Record};

/// The longest that an undisturbed app may take: it meets its node again, reads what it has missed, and looks at the clock.
const SLOWEST: Duration = Duration::from_secs(200);
/// So much later an app that is not in charge ends a payment.
const NOT_IN_CHARGE: Duration = Duration::from_secs(60);
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
                Some((at, by)) => {
                    // Books that are gone have their reasons.
                    let gone = diary.doubled_at.is_some_and(|last| at <= last);
                    let problems = late(diary, keysend, at, by)
                        .into_iter()
                        .chain(rash(diary, keysend, at, by).filter(|_| !gone));
                    broken.extend(problems.map(|problem| format!("{what} {problem}")));
                }
            }
        }
        for invoice in &diary.invoices {
            let what = format!(
                "the invoice {} of {}",
                short(invoice.invoice.hash),
                diary.name
            );
            if invoice.ended.is_none() {
                broken.push(format!("{what} is paid and forgotten"));
            }
            // The node tells of an invoice only to those who know it.
            let unknown = invoice.erased || diary.doubled;
            if !diary.payments.contains_key(&invoice.invoice.hash) && !unknown {
                broken.push(format!("{what} is paid, and is not in its books"));
            }
        }
        broken.extend(disobeyed(diary));
    }
    broken
}

/// Ended by the app without a reason that stands in its books.
fn rash(diary: &Diary, keysend: &IncomingKeysend, at: Timestamp, by: EndedBy) -> Option<String> {
    if by != EndedBy::App {
        return None;
    }
    let Some(row) = diary.payments.get(&keysend.invoice.hash) else {
        return Some("was ended by the app, and is not in its books".to_owned());
    };
    let (created, span) = (whole_secs(keysend.came_at), keysend.invoice.hold_secs);
    let deadline = created.plus(Duration::from_secs(span.into()));
    let decided = match row.payment.decision {
        Some(Decision::Person | Decision::Policy) => true,
        Some(Decision::Deadline) => {
            // A deadline is a moment by the node's clock: when that is set, it comes sooner or later.
            let late = diary.node_clock_set || at >= last_moment(created, deadline);
            keysend.invoice.state == InvoiceState::Canceled && late
        }
        Some(Decision::Arrival | Decision::Node) | None => false,
    };
    let decision = row.payment.decision;
    (!decided).then(|| format!("was ended by the app, decided by {decision:?}"))
}

/// What a person has decided and the engine has taken is done, unless the node was faster.
fn disobeyed(diary: &Diary) -> Vec<String> {
    let mut broken = Vec::new();
    for row in &diary.got {
        let wish = diary.decided.get(&row.message.key);
        let (Some(accepted), Some(incoming)) = (wish, &row.incoming) else {
            continue;
        };
        let hash = incoming.payment.hash;
        let mut both = diary.keysends.iter().chain(&diary.invoices);
        let keysend = both.find(|one| one.invoice.hash == hash);
        let gone = |at| diary.doubled_at.is_some_and(|last| at <= last);
        let by_app = keysend
            .and_then(|one| one.ended)
            .is_some_and(|(at, by)| by == EndedBy::App && !gone(at));
        let settled = incoming.payment.state == HoldState::Settled;
        if by_app && settled != *accepted {
            let what = crate::doings::name_of(row);
            broken.push(format!("{what}: accepted {accepted}, settled {settled}"));
        }
    }
    broken
}

/// As LND notes them.
fn whole_secs(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.0.div_euclid(1_000))
}

fn late(diary: &Diary, keysend: &IncomingKeysend, at: Timestamp, by: EndedBy) -> Option<String> {
    // The node's timer runs on as before when its clock is set, and an app that asks what time it is there cannot know that.
    if diary.node_clock_set {
        return None;
    }
    let span = Duration::from_secs(keysend.invoice.hold_secs.into());
    let deadline = whole_secs(keysend.came_at).plus(span);
    let calm = |from: Timestamp, to: Timestamp| {
        let during = |span: &(Timestamp, Timestamp)| span.0 <= from && to <= span.1;
        diary.calm.iter().any(during)
    };
    // An app that is not in charge leaves it to the one that is, or to the node, and ends a minute later what neither has.
    let deadline = if diary.doubled {
        deadline.plus(NOT_IN_CHARGE)
    } else {
        deadline
    };
    if by == EndedBy::Timer && !diary.doubled && calm(deadline.minus(SLOWEST), deadline) {
        return Some("was ended by the node while the app was there".to_owned());
    }
    if at > deadline.plus(ROUGH) {
        if calm(deadline.minus(SLOWEST), deadline.plus(ROUGH)) {
            return Some(format!("was ended {:?} late", deadline.until(at)));
        }
        // It was late because nobody was there: then at once.
        let idle = diary
            .calm
            .iter()
            .find(|(from, to)| (*from).max(deadline).plus(SLOWEST) < (*to).min(at));
        if idle.is_some() {
            let late = deadline.until(at);
            return Some(format!("was ended {late:?} late while the app was there"));
        }
    }
    None
}
