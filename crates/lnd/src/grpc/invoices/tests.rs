use super::*;

fn keysend(state: State) -> lnrpc::Invoice {
    lnrpc::Invoice {
        r_preimage: vec![7; 32],
        r_hash: Preimage::new([7; 32]).payment_hash().0.to_vec(),
        creation_date: 1_767_225_600,
        expiry: 900,
        add_index: 5,
        state: state.into(),
        value_msat: 2_000,
        is_keysend: true,
        ..lnrpc::Invoice::default()
    }
}

fn htlc(height: i32, time: i64, index: u64, record: u8) -> lnrpc::InvoiceHtlc {
    lnrpc::InvoiceHtlc {
        chan_id: 1,
        htlc_index: index,
        amt_msat: u64::from(record).saturating_add(2_000),
        accept_height: height,
        accept_time: time,
        expiry_height: height.saturating_add(83),
        custom_records: [(34_349_334, vec![record])].into(),
    }
}

#[test]
fn an_open_keysend_has_an_amount_and_no_records() {
    let read = read_keysend(keysend(State::Open)).unwrap().unwrap();
    assert_eq!(read.state, InvoiceState::Open);
    assert_eq!(read.amount, Msat::new(2_000));
    assert_eq!(read.records, []);
    assert_eq!(
        (read.hold_secs, read.htlc_expiry, read.settled_at),
        (900, None, None)
    );
    assert_eq!(read.hash, read.preimage.payment_hash());
    assert_eq!(read.created_at, Timestamp::from_secs(1_767_225_600));
}

#[test]
fn only_the_first_htlc_counts_however_they_are_listed() {
    let (first, replay, later) = (
        htlc(500, 10, 4, 1),
        htlc(500, 11, 2, 2),
        htlc(501, 10, 0, 3),
    );
    let orders = [
        vec![first.clone(), replay.clone(), later.clone()],
        vec![later, replay, first],
    ];
    for htlcs in orders {
        let invoice = lnrpc::Invoice {
            htlcs,
            ..keysend(State::Accepted)
        };
        let read = read_keysend(invoice).unwrap().unwrap();
        assert_eq!(read.state, InvoiceState::Held);
        assert_eq!(read.records, [(34_349_334, vec![1])]);
        assert_eq!(read.amount, Msat::new(2_001));
        assert_eq!(read.htlc_expiry, Some(583));
    }
}

#[test]
fn a_settled_one_says_when_and_a_canceled_one_keeps_its_records() {
    let settled = lnrpc::Invoice {
        settle_date: 1_767_225_700,
        settle_index: 3,
        htlcs: vec![htlc(500, 10, 1, 1)],
        ..keysend(State::Settled)
    };
    let read = read_keysend(settled).unwrap().unwrap();
    assert_eq!(read.settled_at, Some(Timestamp::from_secs(1_767_225_700)));
    assert_eq!((read.add_index, read.settle_index), (5, 3));
    let canceled = lnrpc::Invoice {
        htlcs: vec![htlc(500, 10, 1, 1)],
        ..keysend(State::Canceled)
    };
    let read = read_keysend(canceled).unwrap().unwrap();
    assert_eq!(read.state, InvoiceState::Canceled);
    assert_eq!(read.records, [(34_349_334, vec![1])]);
}

#[test]
fn invoices_of_other_programs_stay_outside() {
    let ordinary = lnrpc::Invoice {
        is_keysend: false,
        ..keysend(State::Settled)
    };
    let spontaneous = lnrpc::Invoice {
        is_amp: true,
        ..keysend(State::Settled)
    };
    assert!(read_keysend(ordinary).is_none());
    assert!(read_keysend(spontaneous).is_none());
}

#[test]
fn nonsense_is_an_error() {
    let short = lnrpc::Invoice {
        r_hash: vec![1],
        ..keysend(State::Open)
    };
    assert!(matches!(
        read_keysend(short),
        Some(Err(LightningError::Node(_)))
    ));
    let empty = lnrpc::Invoice {
        r_preimage: Vec::new(),
        ..keysend(State::Open)
    };
    assert!(matches!(
        read_keysend(empty),
        Some(Err(LightningError::Node(_)))
    ));
}
