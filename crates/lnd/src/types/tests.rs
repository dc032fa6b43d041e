use super::*;

#[test]
fn nothing_shows_what_people_say_or_what_settles_a_payment() {
    let node: NodeId = secp256k1::SecretKey::from_secret_bytes([3; 32])
        .unwrap()
        .public_key()
        .into();
    let preimage = Preimage::new([0xab; 32]);
    let records: Records = vec![
        (34_349_334, b"good morning".to_vec()),
        (5_482_373_484, vec![0xab; 32]),
    ];
    let keysend = Keysend {
        to: node,
        amount: Msat::SAT,
        preimage: preimage.clone(),
        records: records.clone(),
        fee_limit: Msat::SAT,
        timeout_secs: 30,
        hints: Vec::new(),
    };
    let query = RouteQuery {
        to: node,
        amount: Msat::SAT,
        fee_limit: Msat::SAT,
        records: records.clone(),
        paid_by: PaidBy::Keysend(preimage.clone()),
        use_mission_control: true,
        over: Over::Anything,
        hints: Vec::new(),
    };
    let invoice = Invoice {
        hash: PaymentHash([1; 32]),
        kind: InvoiceKind::Keysend,
        preimage: Some(preimage),
        state: InvoiceState::Held,
        amount: Msat::SAT,
        further: vec![Further {
            name: PaymentHash([1; 32]),
            amount: Msat::SAT,
            records: records.clone(),
            at: Timestamp(0),
        }],
        records,
        created_at: Timestamp(0),
        settled_at: None,
        hold_secs: 60,
        htlc_expiry: None,
        channel: None,
        add_index: 1,
        settle_index: 0,
    };
    let route = Route {
        fee: Msat::ZERO,
        total: Msat::SAT,
        nodes: vec![node],
        token: RouteToken::Grpc(Zeroizing::new(vec![0xab; 32])),
    };
    let secret = SharedSecret([0xab; 32]);
    let payment = InvoicePayment {
        bolt11: "lnbcrt1abab".to_owned(),
        amount: Msat::SAT,
        records: invoice.records.clone(),
        fee_limit: Msat::SAT,
        timeout_secs: 30,
        max_parts: 4,
    };
    let peer_message = PeerMessage {
        from: node,
        kind: 40_001,
        bytes: b"good morning".to_vec(),
    };
    let path = RawReplyPath {
        introduction_node: node,
        blinding_point: node,
        hops: vec![(node, vec![0xab; 51])],
    };
    let onion_message = OnionMessage {
        path_key: node,
        records: vec![(65_537, b"good morning".to_vec())],
        reply_path: Some(path),
        encrypted_recipient_data: vec![0xab; 16],
    };
    let shown = format!(
        "{keysend:?} {query:?} {invoice:?} {route:?} {secret:?} {payment:?} {peer_message:?} {onion_message:?}"
    );
    assert!(
        shown.contains("34349334: 12"),
        "types and sizes are for the log: {shown}"
    );
    // The bytes of "good" and of the preimage, as a list would show them, and as text and hexadecimal.
    for leak in ["103, 111, 111, 100", "171", "good", "abab"] {
        assert!(!shown.contains(leak), "{leak}: {shown}");
    }
}
