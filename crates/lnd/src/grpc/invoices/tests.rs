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
        state: InvoiceHtlcState::Accepted.into(),
        custom_records: [(34_349_334, vec![record])].into(),
        amp: None,
    }
}

/// A hold invoice over 5,000 msat.
fn ordinary(state: State, htlcs: Vec<lnrpc::InvoiceHtlc>) -> lnrpc::Invoice {
    lnrpc::Invoice {
        r_preimage: Vec::new(),
        is_keysend: false,
        value_msat: 5_000,
        htlcs,
        ..keysend(state)
    }
}

#[test]
fn an_open_keysend_has_an_amount_and_no_records() {
    let read = read_unasked(keysend(State::Open)).unwrap().unwrap();
    assert_eq!(read.state, InvoiceState::Open);
    assert_eq!(read.amount, Msat::new(2_000));
    assert_eq!(read.records, []);
    assert_eq!(
        (read.hold_secs, read.htlc_expiry, read.settled_at),
        (900, None, None)
    );
    assert_eq!(Some(read.hash), read.preimage.map(|it| it.payment_hash()));
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
        let read = read_unasked(invoice).unwrap().unwrap();
        assert_eq!(read.state, InvoiceState::Held);
        assert_eq!(read.records, [(34_349_334, vec![1])]);
        assert_eq!(read.amount, Msat::new(2_001));
        assert_eq!(read.htlc_expiry, Some(583));
        assert!(read.channel.is_some());
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
    let read = read_unasked(settled).unwrap().unwrap();
    assert_eq!(read.settled_at, Some(Timestamp::from_secs(1_767_225_700)));
    assert_eq!((read.add_index, read.settle_index), (5, 3));
    let canceled = lnrpc::Invoice {
        htlcs: vec![htlc(500, 10, 1, 1)],
        ..keysend(State::Canceled)
    };
    let read = read_unasked(canceled).unwrap().unwrap();
    assert_eq!(read.state, InvoiceState::Canceled);
    assert_eq!(read.records, [(34_349_334, vec![1])]);
}

#[test]
fn invoices_of_other_programs_stay_outside() {
    let ordinary = lnrpc::Invoice {
        is_keysend: false,
        ..keysend(State::Settled)
    };
    let spontaneous = amp(Vec::new());
    assert!(read_unasked(ordinary.clone()).is_none());
    // Unless somebody knows the hash.
    assert!(read_known(ordinary).is_some());
    assert!(read_known(spontaneous).is_none());
}

#[test]
fn what_is_paid_with_records_to_an_invoice_without_a_memo_is_told() {
    let paid = |state| ordinary(state, vec![htlc(500, 10, 4, 1)]);
    for (state, told) in [
        (State::Open, false),
        (State::Accepted, true),
        (State::Settled, true),
        (State::Canceled, false),
    ] {
        let read = read_unasked(paid(state));
        assert_eq!(read.is_some(), told, "{state:?}");
        let kind = read.map(|read| read.unwrap().kind);
        assert!(kind.is_none_or(|kind| kind == InvoiceKind::Given));
        let of_a_shop = lnrpc::Invoice {
            memo: "coffee".to_owned(),
            ..paid(state)
        };
        assert!(read_unasked(of_a_shop).is_none());
        let mut without = paid(state);
        without.htlcs[0].custom_records.clear();
        assert!(read_unasked(without).is_none());
    }
}

#[test]
fn a_payment_in_parts_is_one_payment() {
    let parts = vec![htlc(501, 12, 0, 2), htlc(500, 10, 4, 1)];
    let open = read_known(ordinary(State::Open, parts[..1].to_vec()))
        .unwrap()
        .unwrap();
    assert_eq!((open.amount, open.records), (Msat::new(5_000), vec![]));
    assert_eq!((open.preimage, open.htlc_expiry), (None, None));

    // A part that came too early for the others went back.
    let late = lnrpc::InvoiceHtlc {
        state: InvoiceHtlcState::Canceled.into(),
        ..htlc(499, 1, 1, 9)
    };
    let all = [vec![late], parts].concat();
    let held = read_known(ordinary(State::Accepted, all.clone()))
        .unwrap()
        .unwrap();
    assert_eq!(held.state, InvoiceState::Held);
    assert_eq!(held.amount, Msat::new(2_001 + 2_002));
    assert_eq!(held.records, [(34_349_334, vec![1])]);
    assert_eq!(held.htlc_expiry, Some(583), "of the first to expire");
    assert_eq!(held.preimage, None);

    let settled = lnrpc::Invoice {
        r_preimage: vec![7; 32],
        ..ordinary(State::Settled, all.clone())
    };
    let settled = read_known(settled).unwrap().unwrap();
    assert_eq!(settled.preimage, Some(Preimage::new([7; 32])));
    assert_eq!(settled.amount, held.amount);

    let canceled = lnrpc::Invoice {
        amt_paid_msat: 4_003,
        ..ordinary(State::Canceled, all)
    };
    let canceled = read_known(canceled).unwrap().unwrap();
    assert_eq!(canceled.amount, Msat::new(4_003), "what was held");
    let never = read_known(ordinary(State::Canceled, Vec::new()));
    assert_eq!(never.unwrap().unwrap().amount, Msat::ZERO);
}

fn settled(htlc: lnrpc::InvoiceHtlc, set: Option<u8>) -> lnrpc::InvoiceHtlc {
    lnrpc::InvoiceHtlc {
        state: InvoiceHtlcState::Settled.into(),
        amp: set.map(|set| lnrpc::Amp {
            set_id: vec![set; 32],
        }),
        ..htlc
    }
}

/// As LND tells it: without a hash, settled as soon as one set is.
fn amp(htlcs: Vec<lnrpc::InvoiceHtlc>) -> lnrpc::Invoice {
    let set = |settle_index| lnrpc::AmpInvoiceState { settle_index };
    lnrpc::Invoice {
        r_hash: Vec::new(),
        r_preimage: Vec::new(),
        payment_addr: vec![9; 32],
        is_keysend: false,
        is_amp: true,
        amp_invoice_state: [("01".to_owned(), set(4)), ("02".to_owned(), set(7))].into(),
        htlcs,
        ..keysend(State::Settled)
    }
}

#[test]
fn later_payments_of_one_hash_are_payments_of_their_own() {
    let other = lnrpc::InvoiceHtlc {
        chan_id: 2,
        ..settled(htlc(501, 11, 4, 2), None)
    };
    let failed = lnrpc::InvoiceHtlc {
        state: InvoiceHtlcState::Canceled.into(),
        ..htlc(499, 9, 1, 9)
    };
    let invoice = lnrpc::Invoice {
        amt_paid_msat: 2_001 + 2_002,
        htlcs: vec![other, settled(htlc(500, 10, 4, 1), None), failed],
        ..keysend(State::Settled)
    };
    let read = read_unasked(invoice).unwrap().unwrap();
    assert_eq!(read.kind, InvoiceKind::Keysend);
    assert_eq!(
        (read.amount, read.records),
        (Msat::new(2_001), vec![(34_349_334, vec![1])])
    );
    let [later] = &read.further[..] else {
        panic!("{:?}", read.further)
    };
    assert_eq!(later.amount, Msat::new(2_002));
    assert_eq!(later.records, [(34_349_334, vec![2])]);
    assert_eq!(later.name, Further::name_of_htlc(read.hash, 2, 4));
}

#[test]
fn each_settled_set_of_parts_is_a_payment() {
    let parts = vec![
        settled(htlc(500, 10, 1, 1), Some(1)),
        settled(htlc(500, 10, 2, 1), Some(1)),
        settled(htlc(502, 30, 3, 5), Some(2)),
        htlc(503, 40, 4, 7),
    ];
    let read = read_unasked(amp(parts.clone())).unwrap().unwrap();
    assert_eq!(read.kind, InvoiceKind::Amp);
    assert_eq!(read.hash, PaymentHash([9; 32]), "its address");
    assert_eq!(
        (read.amount, read.preimage, read.settle_index),
        (Msat::ZERO, None, 7)
    );
    let amounts: Vec<_> = read.further.iter().map(|set| set.amount.get()).collect();
    assert_eq!(amounts, [2_001 + 2_001, 2_005]);
    assert_eq!(read.further[0].records, [(34_349_334, vec![1])]);
    assert_eq!(
        read.further[1].name,
        Further::name_of_set(read.hash, &[2; 32])
    );
    // The name is the same when LND tells of one set only.
    let one = read_unasked(amp(parts[2..3].to_vec())).unwrap().unwrap();
    assert_eq!(one.further, read.further[1..]);
    let reusable = lnrpc::Invoice {
        payment_request: "lnbcrt1amp".to_owned(),
        ..amp(parts)
    };
    let read = read_unasked(reusable).unwrap().unwrap();
    assert_eq!(read.kind, InvoiceKind::Reusable);
}

#[test]
fn a_settlement_of_another_program_tells_only_its_place() {
    let other = lnrpc::Invoice {
        settle_index: 12,
        is_keysend: false,
        ..keysend(State::Settled)
    };
    assert_eq!(
        read_news(other.clone()),
        Some(Ok(InvoiceNews::Passed { settle_index: 12 }))
    );
    let new = lnrpc::Invoice {
        settle_index: 0,
        ..other
    };
    assert_eq!(read_news(new.clone()), None);
    let mark = AppMark::parse("heliograph 1 2 open");
    let said = lnrpc::Invoice {
        memo: mark.map(|mark| mark.to_string()).unwrap(),
        ..new
    };
    let news = read_news(said).unwrap().unwrap();
    let told = (5, mark.unwrap());
    assert!(matches!(news, InvoiceNews::Mark { add_index, mark } if (add_index, mark) == told));
}

#[test]
fn nonsense_is_an_error() {
    let short = lnrpc::Invoice {
        r_hash: vec![1],
        ..keysend(State::Open)
    };
    assert!(matches!(
        read_unasked(short),
        Some(Err(LightningError::Node(_)))
    ));
    let empty = lnrpc::Invoice {
        r_preimage: Vec::new(),
        ..keysend(State::Open)
    };
    assert!(matches!(
        read_unasked(empty),
        Some(Err(LightningError::Node(_)))
    ));
}
