//! Hold invoices, over a real socket.

use super::*;
use crate::types::{
    InvoicePayment, InvoiceState, NewInvoice, Over, PaidBy, PaymentUpdate, RouteQuery,
};
use domain::Preimage;

const HASH: PaymentHash = PaymentHash([7; 32]);

fn new_invoice(amount: u64) -> NewInvoice {
    NewInvoice {
        hash: HASH,
        amount: Msat::new(amount),
        expiry_secs: 600,
        cltv_expiry: 144,
        mark: None,
    }
}

fn payment(amount: u64) -> InvoicePayment {
    InvoicePayment {
        bolt11: "lnbcrt1new".to_owned(),
        amount: Msat::new(amount),
        records: vec![(65_537, vec![1])],
        fee_limit: Msat::new(3_000),
        timeout_secs: 30,
        max_parts: 0,
    }
}

#[tokio::test]
async fn an_invoice_is_made_once_however_often_it_is_asked_for() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let made = node.add_hold_invoice(new_invoice(5_000)).await;
    assert_eq!(made.as_deref(), Ok("lnbcrt1new"));
    let asked = fake.payments(|script| script.made.remove(0));
    assert_eq!(asked.hash, HASH.0);
    assert_eq!(
        (asked.value_msat, asked.expiry, asked.cltv_expiry),
        (5_000, 600, 144)
    );
    assert!(asked.private, "an unannounced node is found by hints only");

    let again = async |known: Option<lnrpc::Invoice>| {
        fake.payments(|script| {
            script.refuse = Some(Status::unknown("invoice with payment hash already exists"));
            script.known = known;
        });
        node.add_hold_invoice(new_invoice(5_000)).await
    };
    let known = |value_msat, text: &str| lnrpc::Invoice {
        r_hash: HASH.0.to_vec(),
        value_msat,
        payment_request: text.to_owned(),
        ..lnrpc::Invoice::default()
    };
    assert_eq!(
        again(Some(known(5_000, "lnbcrt1old"))).await.as_deref(),
        Ok("lnbcrt1old")
    );
    let other = Err(LightningError::AlreadyExists);
    assert_eq!(again(Some(known(4_000, "lnbcrt1old"))).await, other);
    assert_eq!(again(Some(known(5_000, ""))).await, other, "a keysend");
}

#[tokio::test]
async fn exactly_the_given_amount_is_paid() {
    let fake = Fake::default();
    let asks = |num_msat| {
        fake.payments(|script| {
            script.decoded = lnrpc::PayReq {
                destination: node_key().to_string(),
                payment_hash: hex::encode(HASH.0),
                timestamp: 1_767_225_600,
                expiry: 600,
                cltv_expiry: 80,
                num_msat,
                ..lnrpc::PayReq::default()
            };
            script.updates = vec![lnrpc::Payment {
                status: lnrpc::payment::PaymentStatus::Succeeded.into(),
                fee_msat: 1_000,
                payment_preimage: "07".repeat(32),
                ..lnrpc::Payment::default()
            }];
        });
    };
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    asks(5_000);
    let mut updates = node.pay_invoice(payment(5_000)).await.unwrap();
    let settled = PaymentUpdate::Settled {
        fee: Msat::new(1_000),
        hops: 0,
        preimage: Some(Preimage::new([7; 32])),
    };
    assert_eq!(updates.next().await, Some(Ok(settled)));
    assert!(matches!(
        node.pay_invoice(payment(4_999)).await.err(),
        Some(LightningError::Node(_))
    ));
    asks(0);
    drop(node.pay_invoice(payment(4_999)).await.unwrap());
    let paid = fake.payments(|script| std::mem::take(&mut script.paid));
    // LND refuses an amount where the invoice has one.
    let amounts: Vec<_> = paid.iter().map(|it| it.amt_msat).collect();
    assert_eq!(amounts, [0, 4_999]);
    let first = &paid[0];
    assert_eq!((first.max_parts, first.fee_limit_msat), (1, 3_000));
    assert_eq!(first.dest_custom_records, [(65_537, vec![1])].into());
    assert!(first.dest.is_empty() && first.payment_hash.is_empty());
}

#[tokio::test]
async fn words_that_stand_in_somebodys_invoice_say_nothing_of_our_macaroon() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    // LND quotes the invoice, and the contact who wrote it chose its letters.
    let refusals = [
        "invalid human-readable part: lnbcmacaroon",
        "unknown prefix lncaveat",
    ];
    for words in refusals {
        fake.payments(|script| script.refuse = Some(Status::unknown(words)));
        let read = node.decode_invoice("lnbcmacaroon1qqqqqq").await;
        assert!(matches!(read, Err(LightningError::Node(_))), "{read:?}");
        fake.payments(|script| script.refuse = Some(Status::unknown(words)));
        let paid = node.pay_invoice(payment(5_000)).await.err();
        assert!(matches!(paid, Some(LightningError::Node(_))), "{paid:?}");
    }
    // What LND says of our own macaroon begins its sentence.
    let revoked = "cannot get macaroon: root key with id 7 doesn't exist";
    fake.payments(|script| script.refuse = Some(Status::unknown(revoked)));
    let read = node.decode_invoice("lnbcrt1new").await;
    let refused = LightningError::Unreachable(LinkFault::WrongMacaroon);
    assert_eq!(read, Err(refused));
}

#[tokio::test]
async fn our_own_invoice_is_found_by_its_hash_and_not_among_the_keysends() {
    let fake = Fake::default();
    let held = lnrpc::Invoice {
        r_hash: HASH.0.to_vec(),
        state: lnrpc::invoice::InvoiceState::Accepted.into(),
        value_msat: 5_000,
        htlcs: vec![lnrpc::InvoiceHtlc {
            amt_msat: 5_000,
            custom_records: [(65_537, vec![1])].into(),
            ..lnrpc::InvoiceHtlc::default()
        }],
        ..lnrpc::Invoice::default()
    };
    fake.invoices(&[false]);
    fake.payments(|script| script.known = Some(held));
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let found = node.invoice(HASH).await.unwrap();
    assert_eq!(
        (found.state, found.preimage.clone()),
        (InvoiceState::Held, None)
    );
    assert_eq!(found.records, [(65_537, vec![1])]);
    let watched = node.watch_invoice(HASH).await.unwrap().next().await;
    assert_eq!(watched, Some(Ok(found)));
    let pending = node.pending_invoices(0, 10).await.unwrap();
    assert_eq!(pending.invoices, []);
    let all = node.invoices_after(0, 10).await.unwrap();
    assert_eq!(all.invoices, []);
}

#[tokio::test]
async fn an_app_knows_whether_it_may_make_invoices() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    fake.allow(&[permission::CHECK_PERMISSIONS]);
    assert_eq!(node.may_issue_invoices().await, Ok(false));
    fake.allow(&[permission::CHECK_PERMISSIONS, permission::ADD_HOLD_INVOICE]);
    assert_eq!(node.may_issue_invoices().await, Ok(true));
    // Without a macaroon that may ask, nothing is promised.
    fake.allow(&[]);
    assert_eq!(node.may_issue_invoices().await, Ok(false));
}

#[tokio::test]
async fn a_route_to_an_invoice_carries_the_secret_of_the_invoice_and_the_whole_amount() {
    let fake = Fake::default();
    let hint = lnrpc::RouteHint {
        hop_hints: vec![lnrpc::HopHint {
            node_id: node_key().to_string(),
            chan_id: 42,
            fee_base_msat: 1,
            fee_proportional_millionths: 2,
            cltv_expiry_delta: 40,
        }],
    };
    let invoice = lnrpc::PayReq {
        destination: node_key().to_string(),
        payment_hash: hex::encode(HASH.0),
        timestamp: 1_767_225_600,
        expiry: 600,
        cltv_expiry: 40,
        num_msat: 5_000,
        route_hints: vec![hint.clone()],
        payment_addr: vec![9; 32],
    };
    let last = lnrpc::Hop {
        pub_key: node_key().to_string(),
        amt_to_forward_msat: 5_000,
        custom_records: [(65_537, vec![1])].into(),
        ..lnrpc::Hop::default()
    };
    fake.payments(|script| {
        script.decoded = invoice.clone();
        script.route = Some(lnrpc::Route {
            hops: vec![last.clone()],
            total_amt_msat: 5_000,
            ..lnrpc::Route::default()
        });
    });
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let query = RouteQuery {
        to: node_key(),
        amount: Msat::new(5_000),
        fee_limit: Msat::new(3_000),
        records: vec![(65_537, vec![1])],
        paid_by: PaidBy::Invoice("lnbcrt1new".to_owned()),
        use_mission_control: false,
        over: Over::Anything,
        hints: Vec::new(),
    };
    let route = node.route(query.clone()).await.unwrap();
    let asked = fake.payments(|script| script.asked.remove(0));
    assert!(!asked.use_mission_control);
    assert_eq!(
        asked.final_cltv_delta, 43,
        "three blocks may come meanwhile"
    );
    assert_eq!(asked.route_hints, [hint]);
    assert_eq!(asked.dest_custom_records, [(65_537, vec![1])].into());

    let settled = PaymentUpdate::Settled {
        fee: Msat::ZERO,
        hops: 1,
        preimage: Some(Preimage::new([7; 32])),
    };
    assert_eq!(node.send_to_route(HASH, route).await, Ok(settled));
    let taken = fake.payments(|script| script.taken.remove(0));
    let proof = lnrpc::MppRecord {
        total_amt_msat: 5_000,
        payment_addr: vec![9; 32],
    };
    let expected = lnrpc::Hop {
        mpp_record: Some(proof),
        ..last
    };
    assert_eq!(taken.route.unwrap().hops, [expected]);

    // Another amount, another recipient, and no secret: nothing is asked for.
    let other = RouteQuery {
        amount: Msat::new(4_999),
        ..query.clone()
    };
    assert!(matches!(
        node.route(other).await,
        Err(LightningError::Node(_))
    ));
    fake.payments(|script| script.decoded.payment_addr.clear());
    assert!(matches!(
        node.route(query).await,
        Err(LightningError::Node(_))
    ));
    assert!(fake.payments(|script| script.asked.is_empty()));
}

#[tokio::test]
async fn an_invoice_is_removed_where_the_node_can() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    assert_eq!(node.remove_canceled(HASH).await, Ok(()));
    let removed = fake.payments(|script| std::mem::take(&mut script.removed));
    assert_eq!(removed, [hex::encode(HASH.0)]);
    fake.payments(|script| script.refuse = Some(Status::unimplemented("unknown method")));
    let method = permission::DELETE_CANCELED_INVOICE;
    assert_eq!(
        node.remove_canceled(HASH).await,
        Err(LightningError::Unsupported(method))
    );
}
