use domain::{HoldState, IncomingPayment, PaymentHash, Preimage, Timestamp};

use super::*;

#[test]
fn the_deadline_that_is_shown_is_the_last_moment_to_decide() {
    let arrived_at = Timestamp::from_secs(1_790_000_000);
    let after = |secs: i64| Timestamp::from_secs(1_790_000_000 + secs);
    let shown = |deadline| {
        let row = IncomingRow {
            payment: IncomingPayment {
                hash: PaymentHash([1; 32]),
                within: None,
                preimage: Preimage::new([1; 32]),
                carrier: domain::Carrier::Keysend,
                amount: Msat::SAT,
                channel: None,
                records: Vec::new(),
                state: HoldState::Held,
                decision: None,
                deadline,
                arrived_at,
            },
            sender: None,
            message: None,
            postage: false,
            opened: true,
            waits: false,
            reason: None,
        };
        hold_view(&row, true).deadline
    };
    assert_eq!(shown(Some(after(900))), Some(after(890)));
    assert_eq!(shown(Some(after(15))), Some(after(10)));
    assert_eq!(shown(None), None);
}
