use super::DeliveryEvent as E;
use super::DeliveryState as S;
use super::*;

const STATES: [S; 8] = [
    S::Queued,
    S::InFlight,
    S::Settled,
    S::Returned,
    S::Failed,
    S::Parked,
    S::Cancelled,
    S::Delivered,
];
const EVENTS: [E; 10] = [
    E::Begin,
    E::Settled,
    E::Refused,
    E::Failed,
    E::Forgotten,
    E::Postponed,
    E::Delivered,
    E::Unanswered,
    E::Retry,
    E::Cancel,
];

#[test]
fn what_has_been_paid_or_taken_back_never_moves_again() {
    for state in [S::Settled, S::Delivered] {
        for event in EVENTS {
            assert_eq!(state.step(event), None, "{state:?} {event:?}");
        }
    }
    for event in EVENTS {
        let moves = S::Cancelled.step(event).is_some();
        assert_eq!(
            moves,
            event == E::Delivered,
            "only a late receipt: {event:?}"
        );
    }
    for event in EVENTS {
        let moves = S::Returned.step(event).is_some();
        assert_eq!(moves, event == E::Retry, "{event:?}");
    }
}

#[test]
fn what_came_back_is_tried_again_only_when_nobody_knows_whether_it_arrived() {
    use Expectation::{Decide, Keep, Return};
    use ReturnMeaning::{Arrived, Declined, Unconfirmed};
    assert!(S::Returned.can_retry(Return, Some(Unconfirmed)));
    for (expectation, returned) in [
        (Return, Some(Arrived)),
        (Return, None),
        (Decide, Some(Unconfirmed)),
        (Decide, Some(Declined)),
        (Keep, Some(Unconfirmed)),
    ] {
        assert!(
            !S::Returned.can_retry(expectation, returned),
            "{expectation:?} {returned:?}"
        );
    }
    for state in STATES {
        let may = matches!(state, S::Failed | S::Parked);
        assert_eq!(state.can_retry(Decide, None), may, "{state:?}");
        assert!(!may || state.step(E::Retry).is_some(), "{state:?}");
    }
}

#[test]
fn what_the_node_has_forgotten_can_be_given_up() {
    assert_eq!(S::Parked.step(E::Cancel), Some(S::Cancelled));
}

#[test]
fn a_message_on_its_way_can_be_neither_cancelled_nor_begun_again() {
    for event in [E::Cancel, E::Begin, E::Retry] {
        assert_eq!(S::InFlight.step(event), None, "{event:?}");
    }
}

#[test]
fn only_begin_gives_a_message_to_the_node() {
    for state in STATES {
        for event in EVENTS {
            let expected = state == S::Queued && event == E::Begin;
            assert_eq!(
                state.step(event) == Some(S::InFlight),
                expected,
                "{state:?} {event:?}"
            );
        }
    }
}

#[test]
fn a_refusal_proves_arrival_only_from_a_node_that_holds() {
    use Expectation::{Decide, Keep, Return};
    for expectation in [Return, Keep, Decide] {
        assert_eq!(
            ReturnMeaning::of(expectation, false, false),
            ReturnMeaning::Unconfirmed
        );
    }
    for holds in [false, true] {
        assert_eq!(
            ReturnMeaning::of(Return, holds, false),
            ReturnMeaning::Unconfirmed
        );
        assert_eq!(
            ReturnMeaning::of(Return, holds, true),
            ReturnMeaning::Arrived
        );
    }
    for receipt in [false, true] {
        assert_eq!(
            ReturnMeaning::of(Decide, true, receipt),
            ReturnMeaning::Declined
        );
    }
}

#[test]
fn a_receipt_ends_what_no_payment_is_on_its_way_for() {
    for state in STATES {
        let delivered = state.step(E::Delivered) == Some(S::Delivered);
        let over = matches!(state, S::Settled | S::Returned | S::Delivered);
        let expected = !over;
        assert_eq!(delivered, expected, "{state:?}");
    }
}

#[test]
fn what_nobody_answered_is_tried_over_another_carrier() {
    assert_eq!(S::InFlight.step(E::Unanswered), Some(S::Queued));
    assert!(Failure::NoReceipt.passes() && Failure::NoWay.passes() && Failure::KeyChanged.passes());
}
