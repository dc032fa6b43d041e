use std::collections::BTreeMap;

use super::{Action, Case, Known, Ordered, Stake, TRIES_AHEAD, last_to_ask};
use crate::AttemptState as S;

fn case(stored: &[(u32, S)], known: &[(u32, Known)], change: impl FnOnce(&mut Case<'_>)) -> Action {
    let stored: BTreeMap<_, _> = stored.iter().copied().collect();
    let known: BTreeMap<_, _> = known.iter().copied().collect();
    let mut case = Case {
        stake: Stake::Money,
        ordered: Ordered::EarlierRun,
        stored: &stored,
        known: &known,
        expired: false,
        unseen: false,
    };
    change(&mut case);
    case.next()
}

/// Money that this program found in its database.
fn found(stored: &[(u32, S)], known: &[(u32, Known)]) -> Action {
    case(stored, known, |_| {})
}

/// Money that the user has just ordered.
fn ordered(stored: &[(u32, S)], known: &[(u32, Known)]) -> Action {
    case(stored, known, |case| case.ordered = Ordered::ThisRun)
}

fn late(stored: &[(u32, S)], known: &[(u32, Known)]) -> Action {
    case(stored, known, |case| case.expired = true)
}

fn words(stored: &[(u32, S)], known: &[(u32, Known)]) -> Action {
    case(stored, known, |case| case.stake = Stake::Words)
}

#[test]
fn what_nobody_has_tried_begins_with_try_zero() {
    assert_eq!(ordered(&[], &[]), Action::Send(0));
    assert_eq!(ordered(&[(0, S::Prepared)], &[]), Action::Send(0));
    assert_eq!(words(&[], &[]), Action::Send(0));
}

#[test]
fn what_settled_or_may_settle_at_any_try_is_the_outcome() {
    for at in 0..=TRIES_AHEAD {
        assert_eq!(found(&[], &[(at, Known::Settled)]), Action::Done(at));
        assert_eq!(ordered(&[], &[(at, Known::Settled)]), Action::Done(at));
        assert_eq!(late(&[], &[(at, Known::Settled)]), Action::Done(at));
        assert_eq!(found(&[], &[(at, Known::InFlight)]), Action::Follow(at));
        assert_eq!(late(&[], &[(at, Known::InFlight)]), Action::Follow(at));
        let behind = [(0, S::Refused), (1, S::Failed)];
        assert_eq!(ordered(&behind, &[(at, Known::Settled)]), Action::Done(at));
    }
    assert_eq!(
        found(
            &[(0, S::Sent)],
            &[(0, Known::Refused), (2, Known::InFlight)]
        ),
        Action::Follow(2)
    );
}

#[test]
fn money_that_may_have_left_and_that_the_node_does_not_know_is_asked_about() {
    for decide in [found, ordered, late] {
        assert_eq!(decide(&[(0, S::Sent)], &[]), Action::Ask(0));
        assert_eq!(
            decide(&[(0, S::Refused), (1, S::Sent)], &[(0, Known::Refused)]),
            Action::Ask(1)
        );
    }
    // The answer of an earlier run is not the answer of this one: it may have been carried out since.
    assert_eq!(found(&[(0, S::Forgotten)], &[]), Action::Ask(0));
    assert_eq!(ordered(&[(0, S::Forgotten)], &[]), Action::Send(0));
    assert_eq!(late(&[(0, S::Forgotten)], &[]), Action::Ask(0));
}

#[test]
fn what_ended_at_the_node_is_the_outcome_of_what_was_handed_over() {
    for known in [Known::Failed, Known::Refused] {
        assert_eq!(found(&[(0, S::Sent)], &[(0, known)]), Action::Done(0));
        assert_eq!(late(&[(0, S::Sent)], &[(0, known)]), Action::Done(0));
    }
}

#[test]
fn money_keeps_its_hash_until_the_recipient_has_refused_it() {
    assert_eq!(
        ordered(&[(0, S::Failed)], &[(0, Known::Failed)]),
        Action::Send(0)
    );
    assert_eq!(ordered(&[(0, S::Failed)], &[]), Action::Send(0));
    assert_eq!(ordered(&[], &[(0, Known::Failed)]), Action::Send(0));
    assert_eq!(
        ordered(&[(0, S::Refused)], &[(0, Known::Refused)]),
        Action::Send(1)
    );
    assert_eq!(ordered(&[(0, S::Refused)], &[]), Action::Send(1));
    let refused_and_failed = [(0, Known::Refused), (1, Known::Failed)];
    assert_eq!(
        ordered(&[(0, S::Refused)], &refused_and_failed),
        Action::Send(1)
    );
}

#[test]
fn what_a_copy_has_offered_in_vain_is_not_offered_again_by_itself() {
    assert_eq!(found(&[], &[(0, Known::Refused)]), Action::Done(0));
    assert_eq!(
        found(&[(0, S::Prepared)], &[(0, Known::Refused)]),
        Action::Done(0)
    );
    // The user wants it now, whatever was before.
    assert_eq!(ordered(&[], &[(0, Known::Refused)]), Action::Send(1));
}

#[test]
fn money_of_an_earlier_run_does_not_leave_without_the_user() {
    assert_eq!(found(&[], &[]), Action::Ask(0));
    assert_eq!(found(&[(0, S::Prepared)], &[]), Action::Ask(0));
    assert_eq!(found(&[], &[(0, Known::Failed)]), Action::Ask(0));
    assert_eq!(found(&[(0, S::Refused)], &[]), Action::Ask(1));
    assert_eq!(found(&[(0, S::Forgotten)], &[]), Action::Ask(0));
}

#[test]
fn after_its_time_no_money_leaves() {
    let late_in_this_run = |stored: &[(u32, S)], known: &[(u32, Known)]| {
        case(stored, known, |case| {
            case.ordered = Ordered::ThisRun;
            case.expired = true;
        })
    };
    for late in [late, late_in_this_run] {
        assert_eq!(late(&[], &[]), Action::Fail);
        assert_eq!(late(&[(0, S::Prepared)], &[]), Action::Fail);
        assert_eq!(late(&[(0, S::Failed)], &[(0, Known::Failed)]), Action::Fail);
        assert_eq!(late(&[(0, S::Refused)], &[]), Action::Fail);
        // What was asked about stays open: it may have been paid.
        assert_eq!(late(&[(0, S::Forgotten)], &[]), Action::Ask(0));
    }
}

#[test]
fn what_may_have_been_paid_under_another_hash_is_asked_about_once() {
    let unseen = |stored: &[(u32, S)], ordered| {
        case(stored, &[], |case| {
            case.unseen = true;
            case.ordered = ordered;
        })
    };
    assert_eq!(unseen(&[], Ordered::ThisRun), Action::Ask(0));
    assert_eq!(unseen(&[], Ordered::EarlierRun), Action::Ask(0));
    assert_eq!(
        unseen(&[(0, S::Forgotten)], Ordered::ThisRun),
        Action::Send(0)
    );
    assert_eq!(
        unseen(&[(0, S::Forgotten)], Ordered::EarlierRun),
        Action::Ask(0)
    );
    assert_eq!(
        unseen(&[(0, S::Prepared)], Ordered::EarlierRun),
        Action::Ask(0)
    );
}

#[test]
fn words_go_again_and_each_of_their_attempts_has_its_own_hash() {
    // They may have left before the app died, and be gone from the node's list.
    assert_eq!(words(&[(0, S::Sent)], &[]), Action::Send(1));
    assert_eq!(words(&[(0, S::Prepared)], &[]), Action::Send(1));
    let now = |stored| {
        case(stored, &[], |case| {
            case.stake = Stake::Words;
            case.ordered = Ordered::ThisRun;
        })
    };
    assert_eq!(now(&[(0, S::Prepared)]), Action::Send(0));
    assert_eq!(now(&[(0, S::Sent)]), Action::Send(1));
    assert_eq!(
        words(&[(0, S::Sent)], &[(0, Known::InFlight)]),
        Action::Follow(0)
    );
    for known in [Known::Settled, Known::Refused, Known::Failed] {
        assert_eq!(words(&[(0, S::Sent)], &[(0, known)]), Action::Done(0));
        assert_eq!(words(&[(0, S::Prepared)], &[(0, known)]), Action::Done(0));
    }
    for over in [S::Settled, S::Refused, S::Failed, S::Forgotten] {
        assert_eq!(words(&[(0, over)], &[]), Action::Send(1));
    }
}

#[test]
fn the_walk_goes_on_behind_the_newest_try_that_anybody_has_made() {
    let none = BTreeMap::new();
    let stored = BTreeMap::from([(3, S::Refused)]);
    assert_eq!(last_to_ask(&BTreeMap::new(), &none), TRIES_AHEAD);
    assert_eq!(last_to_ask(&stored, &none), 3 + TRIES_AHEAD);
    let known = BTreeMap::from([(9, Known::Refused), (19, Known::Unknown)]);
    assert_eq!(last_to_ask(&stored, &known), 9 + TRIES_AHEAD);
}
