use super::HoldEvent as E;
use super::HoldState as S;
use super::*;

const EVENTS: [E; 5] = [E::Held, E::Accept, E::Refuse, E::Settled, E::Returned];

fn node(last: u8) -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([last; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

#[test]
fn the_last_word_is_the_nodes() {
    assert_eq!(
        S::Accepting.step(E::Returned),
        Some(S::Returned),
        "too late"
    );
    assert_eq!(
        S::Refunding.step(E::Settled),
        Some(S::Settled),
        "settled elsewhere"
    );
    for event in EVENTS {
        assert_eq!(S::Settled.step(event), None);
        assert_eq!(S::Returned.step(event), None);
    }
}

#[test]
fn a_second_click_changes_nothing() {
    for event in [E::Accept, E::Refuse] {
        assert_eq!(S::Accepting.step(event), None);
        assert_eq!(S::Refunding.step(event), None);
    }
}

#[test]
fn nothing_is_decided_before_its_records_are_stored() {
    assert_eq!(S::Seen.step(E::Accept), None);
    assert_eq!(S::Seen.step(E::Refuse), None);
}

#[test]
fn a_refund_that_lies_is_not_honest() {
    let (alice, mallory) = (node(1), node(2));
    let of = PaymentHash([9; 32]);
    let claim = RefundClaim {
        from: alice,
        of,
        amount: Msat::new(5_000),
    };
    let paid = PaidBefore {
        to: alice,
        amount: Msat::new(5_000),
        settled: true,
        refunded: false,
        is_refund: false,
    };
    assert!(claim.is_honest(Some(&paid)));
    assert!(!claim.is_honest(None), "of a payment that we never made");
    assert!(
        !RefundClaim {
            from: mallory,
            ..claim
        }
        .is_honest(Some(&paid)),
        "by somebody else"
    );
    assert!(
        !RefundClaim {
            amount: Msat::new(5_001),
            ..claim
        }
        .is_honest(Some(&paid)),
        "too much"
    );
    assert!(
        !claim.is_honest(Some(&PaidBefore {
            settled: false,
            ..paid
        })),
        "of what came back"
    );
    assert!(
        !claim.is_honest(Some(&PaidBefore {
            refunded: true,
            ..paid
        })),
        "twice"
    );
    assert!(
        !claim.is_honest(Some(&PaidBefore {
            is_refund: true,
            ..paid
        })),
        "of a refund"
    );
}

#[test]
fn the_last_moment_is_ten_seconds_early_or_a_third_of_a_short_time() {
    let at = Timestamp::from_secs;
    assert_eq!(last_moment(at(100), at(1_000)), at(990));
    assert_eq!(last_moment(at(100), at(130)), at(120));
    assert_eq!(last_moment(at(100), at(106)), at(104));
    // A deadline that had passed when it came.
    assert_eq!(last_moment(at(100), at(90)), at(90));
}
