use domain::{Carrier, MessageKey, Part, Preimage};

use super::*;

/// One of so many parts, in this state.
pub(crate) fn part(index: u32, count: u32, state: AttemptState) -> Attempt {
    let preimage = Preimage::new([1; 32]);
    Attempt {
        hash: preimage.payment_hash(),
        preimage: Some(preimage),
        invoice: None,
        message: MessageKey(1),
        carrier: Carrier::Keysend,
        part: Some(Part { index, count }),
        try_number: None,
        amount: Msat::SAT,
        fee_limit: Msat::ZERO,
        records: Vec::new(),
        state,
        fee: Msat::ZERO,
        hops: None,
        failure: None,
        created_at: Timestamp(0),
        ended_at: None,
    }
}

/// A part that was sent on this day.
fn sent(day: u32, index: u32, state: AttemptState) -> Attempt {
    Attempt {
        created_at: on(day),
        ..part(index, 3, state)
    }
}

fn on(day: u32) -> Timestamp {
    Timestamp(0).plus(Duration::from_secs(24 * 60 * 60).saturating_mul(day))
}

fn parts(attempts: &[Attempt], day: u32) -> Vec<u32> {
    present(attempts, on(day)).into_iter().collect()
}

#[test]
fn what_arrived_lately_is_counted_on_and_what_failed_is_not() {
    use AttemptState::{Failed, Refused, Settled};
    let attempts = [
        sent(0, 0, Settled),
        sent(0, 1, Failed),
        sent(2, 1, Refused),
        sent(3, 2, Failed),
    ];
    assert_eq!(parts(&attempts, 6), [0, 1]);
    assert_eq!(parts(&attempts, 7), [0; 0], "the first is too old");
}

#[test]
fn what_was_sent_again_is_counted_on_anew() {
    use AttemptState::{Failed, Settled};
    let attempts = [
        sent(0, 0, Settled),
        sent(0, 1, Failed),
        sent(8, 0, Failed),
        sent(8, 1, Settled),
        sent(9, 0, Settled),
    ];
    assert_eq!(parts(&attempts[..4], 8), [1], "the first is gone");
    assert_eq!(parts(&attempts, 14), [0, 1]);
    assert_eq!(parts(&attempts, 15), [0; 0]);
}
