use super::DeliveryEvent as E;
use super::DeliveryState as S;
use super::*;

const STATES: [S; 7] = [
    S::Queued,
    S::InFlight,
    S::Settled,
    S::Returned,
    S::Failed,
    S::Parked,
    S::Cancelled,
];
const EVENTS: [E; 8] = [
    E::Begin,
    E::Settled,
    E::Refused,
    E::Failed,
    E::Forgotten,
    E::Postponed,
    E::Retry,
    E::Cancel,
];

#[test]
fn what_has_been_paid_or_returned_never_moves_again() {
    for state in [S::Settled, S::Returned, S::Cancelled] {
        for event in EVENTS {
            assert_eq!(state.step(event), None, "{state:?} {event:?}");
        }
    }
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
            ReturnMeaning::of(expectation, false),
            ReturnMeaning::Unconfirmed
        );
    }
    assert_eq!(ReturnMeaning::of(Return, true), ReturnMeaning::Arrived);
    assert_eq!(ReturnMeaning::of(Decide, true), ReturnMeaning::Declined);
}
