use domain::Msat;

use super::PaymentFailureReason as Reason;
use super::*;

/// An attempt over so many hops that failed at this node: zero is ours.
fn failed(hops: usize, source: u32, code: FailureCode) -> HtlcAttempt {
    HtlcAttempt {
        preimage: Vec::new(),
        status: HtlcStatus::Failed.into(),
        route: Some(route(hops)),
        failure: Some(lnrpc::Failure {
            code: code.into(),
            failure_source_index: source,
        }),
    }
}

fn route(hops: usize) -> lnrpc::Route {
    lnrpc::Route {
        hops: vec![lnrpc::Hop::default(); hops],
        total_fees_msat: 1_000,
        ..lnrpc::Route::default()
    }
}

fn payment(status: PaymentStatus, reason: Reason, htlcs: Vec<HtlcAttempt>) -> PaymentUpdate {
    read_payment(Payment {
        payment_hash: String::new(),
        payment_preimage: String::new(),
        status: status.into(),
        fee_msat: 1_000,
        htlcs,
        failure_reason: reason.into(),
    })
    .unwrap()
}

fn failure(reason: Reason, htlcs: Vec<HtlcAttempt>) -> PaymentUpdate {
    payment(PaymentStatus::Failed, reason, htlcs)
}

const NONE: Reason = Reason::FailureReasonNone;
const NO_ROUTE: Reason = Reason::FailureReasonNoRoute;
const DETAILS: Reason = Reason::FailureReasonIncorrectPaymentDetails;

#[test]
fn on_its_way_it_says_how_long_the_way_is() {
    let flying = HtlcAttempt {
        preimage: Vec::new(),
        status: HtlcStatus::InFlight.into(),
        route: Some(route(2)),
        failure: None,
    };
    let update = |htlcs| payment(PaymentStatus::InFlight, NONE, htlcs);
    assert_eq!(update(vec![]), PaymentUpdate::InFlight { hops: None });
    assert_eq!(
        update(vec![flying]),
        PaymentUpdate::InFlight { hops: Some(2) }
    );
    let initiated = payment(PaymentStatus::Initiated, NONE, vec![]);
    assert_eq!(initiated, PaymentUpdate::InFlight { hops: None });
}

#[test]
fn a_paid_one_says_the_hops_of_the_way_that_succeeded() {
    let paid = HtlcAttempt {
        preimage: Vec::new(),
        status: HtlcStatus::Succeeded.into(),
        route: Some(route(3)),
        failure: None,
    };
    let before = failed(2, 1, FailureCode::TemporaryChannelFailure);
    let update = payment(PaymentStatus::Succeeded, NONE, vec![before, paid.clone()]);
    assert_eq!(
        update,
        PaymentUpdate::Settled {
            fee: Msat::new(1_000),
            hops: 3,
            preimage: None
        }
    );
    assert_eq!(
        read_single(&paid),
        PaymentUpdate::Settled {
            fee: Msat::new(1_000),
            hops: 3,
            preimage: None
        }
    );
}

#[test]
fn a_refusal_comes_from_the_recipient_itself() {
    let details = FailureCode::IncorrectOrUnknownPaymentDetails;
    let refused = PaymentUpdate::Refused { hops: 2 };
    assert_eq!(failure(DETAILS, vec![failed(2, 2, details)]), refused);
    assert_eq!(read_single(&failed(2, 2, details)), refused);
    // After a payment over a given route LND names another reason.
    assert_eq!(
        failure(Reason::FailureReasonError, vec![failed(2, 2, details)]),
        refused
    );
    // Tracked after its end, when the attempts are deleted.
    assert_eq!(failure(DETAILS, vec![]), PaymentUpdate::Refused { hops: 0 });
    // A forwarder cannot refuse in the recipient's name.
    assert!(matches!(
        read_single(&failed(3, 1, details)),
        PaymentUpdate::Failed {
            failure: Failure::NoRoute,
            ..
        }
    ));
}

#[test]
fn the_recipient_is_off_line_when_the_node_before_it_says_so() {
    let away = FailureCode::UnknownNextPeer;
    let offline = |attempts| PaymentUpdate::Failed {
        failure: Failure::RecipientOffline,
        attempts,
        hops: Some(2),
    };
    assert_eq!(failure(NO_ROUTE, vec![failed(2, 1, away)]), offline(1));
    assert_eq!(read_single(&failed(2, 1, away)), offline(1));
    let other = failed(2, 1, FailureCode::TemporaryChannelFailure);
    assert_eq!(
        failure(NO_ROUTE, vec![failed(3, 2, away), other]),
        offline(2)
    );
    // Somebody else on the way is away.
    assert_eq!(
        failure(NO_ROUTE, vec![failed(3, 1, away)]),
        PaymentUpdate::Failed {
            failure: Failure::NoRoute,
            attempts: 1,
            hops: Some(3)
        }
    );
}

#[test]
fn no_route_and_no_attempt_leaves_room_for_mission_control() {
    assert_eq!(
        failure(NO_ROUTE, vec![]),
        PaymentUpdate::Failed {
            failure: Failure::NoRoute,
            attempts: 0,
            hops: None
        }
    );
}

#[test]
fn the_other_reasons_are_kept_apart() {
    for (reason, expected) in [
        (Reason::FailureReasonTimeout, Failure::Timeout),
        (
            Reason::FailureReasonInsufficientBalance,
            Failure::InsufficientBalance,
        ),
        (Reason::FailureReasonError, Failure::Rejected),
        (Reason::FailureReasonCanceled, Failure::Rejected),
    ] {
        let PaymentUpdate::Failed {
            failure,
            attempts: 0,
            hops: None,
        } = failure(reason, vec![])
        else {
            panic!("{reason:?}");
        };
        assert_eq!(failure, expected, "{reason:?}");
    }
    let small = failed(2, 1, FailureCode::AmountBelowMinimum);
    assert!(matches!(
        failure(NO_ROUTE, vec![small]),
        PaymentUpdate::Failed {
            failure: Failure::AmountTooSmall,
            attempts: 1,
            ..
        }
    ));
}

#[test]
fn the_preimage_goes_among_the_records() {
    let records = last_hop_records(vec![(34_349_334, b"hi".to_vec())], &Preimage::new([3; 32]));
    assert_eq!(records.get(&KEYSEND_PREIMAGE), Some(&vec![3; 32]));
    assert_eq!(records.len(), 2);
}

#[test]
fn a_route_shows_no_preimage() {
    let token = RouteToken::Grpc(Zeroizing::new(vec![0xab; 64]));
    let shown = format!("{token:?}");
    assert!(!shown.contains("171") && !shown.contains("ab"), "{shown}");
}
