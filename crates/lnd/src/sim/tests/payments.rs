use domain::Failure;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_keysend_costs_nothing_direct_and_a_sat_for_each_node_that_forwards() {
    let (_net, [alice, bob, carol, dave]) = line();
    let mut number = 0;
    for (to, fee, hops) in [(&bob, 0, 1), (&carol, 1_000, 2), (&dave, 2_000, 3)] {
        number += 1;
        let before = balance(&alice).await;
        let told = all(alice.send(keysend(to, number)).await.unwrap()).await;
        let fee = Msat::new(fee);
        assert_eq!(
            told,
            [
                PaymentUpdate::InFlight { hops: None },
                PaymentUpdate::InFlight { hops: Some(hops) },
                PaymentUpdate::Settled {
                    fee,
                    hops,
                    preimage: None
                },
            ]
        );
        let paid = before.checked_sub(balance(&alice).await).unwrap();
        assert_eq!(paid, Msat::SAT.checked_add(fee).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn the_recipient_sees_the_records_and_the_preimage_among_them() {
    let (_net, [alice, _, carol, _]) = line();
    send(&alice, keysend(&carol, 1)).await;
    let invoice = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(invoice.state, InvoiceState::Settled);
    assert_eq!(invoice.amount, Msat::SAT);
    assert_eq!(invoice.preimage, Some(preimage(1)));
    let preimage_record = (path::KEYSEND_PREIMAGE, vec![1; 32]);
    let stranger = (106_823, vec![0]);
    assert_eq!(
        invoice.records,
        [vec![stranger], text(5), vec![preimage_record]].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_hash_is_never_paid_twice_by_the_same_node() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(Duration::from_secs(60));
    let first = alice.send(keysend(&carol, 1)).await.unwrap();
    assert_eq!(
        alice.send(keysend(&carol, 1)).await.err(),
        Some(LightningError::AlreadyExists),
        "in flight"
    );
    until_held(&carol, hash(1)).await;
    carol.settle(&preimage(1)).await.unwrap();
    all(first).await;
    assert_eq!(
        alice.send(keysend(&carol, 1)).await.err(),
        Some(LightningError::AlreadyExists),
        "paid"
    );
    assert_eq!(balance(&alice).await, sat(100_000 - 2));
}

#[tokio::test(start_paused = true)]
async fn a_hash_that_failed_may_be_sent_again() {
    let (_net, [alice, bob, carol, _]) = line();
    carol.stop();
    let failed = send(&alice, keysend(&carol, 1)).await;
    assert!(matches!(failed, PaymentUpdate::Failed { .. }), "{failed:?}");
    carol.start();
    let settled = send(&bob, keysend(&carol, 2)).await;
    assert!(
        matches!(settled, PaymentUpdate::Settled { .. }),
        "{settled:?}"
    );
    tokio::time::sleep(Duration::from_secs(200)).await;
    let settled = send(&alice, keysend(&carol, 1)).await;
    assert!(
        matches!(settled, PaymentUpdate::Settled { .. }),
        "{settled:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_payment_goes_on_when_nobody_listens() {
    let (_net, [alice, _, carol, _]) = line();
    drop(alice.send(keysend(&carol, 1)).await.unwrap());
    let told = all(alice.track(hash(1)).await.unwrap()).await;
    assert_eq!(
        told.last(),
        Some(&PaymentUpdate::Settled {
            fee: sat(1),
            hops: 2,
            preimage: None
        })
    );
    assert_eq!(
        carol.invoice(hash(1)).await.unwrap().state,
        InvoiceState::Settled
    );
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_was_never_sent_or_was_deleted_is_not_found() {
    let (_net, [alice, bob, _, _]) = line();
    assert_eq!(
        alice.track(hash(1)).await.err(),
        Some(LightningError::NotFound)
    );
    send(&alice, keysend(&bob, 1)).await;
    assert!(alice.track(hash(1)).await.is_ok());
    alice.delete_payments();
    assert_eq!(
        alice.track(hash(1)).await.err(),
        Some(LightningError::NotFound)
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_only_the_stream_knew_the_attempts() {
    let (_net, [alice, _, carol, _]) = line();
    carol.stop();
    assert_eq!(
        send(&alice, keysend(&carol, 1)).await,
        PaymentUpdate::Failed {
            failure: Failure::RecipientOffline,
            attempts: 1,
            hops: Some(2)
        }
    );
    assert_eq!(
        all(alice.track(hash(1)).await.unwrap()).await,
        [PaymentUpdate::Failed {
            failure: Failure::NoRoute,
            attempts: 0,
            hops: None
        }]
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_take_keysends_looks_like_a_refusal() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_keysend(false);
    assert_eq!(
        alice
            .node(carol.id())
            .await
            .unwrap()
            .map(|facts| facts.keysend),
        Some(false)
    );
    let before = balance(&alice).await;
    assert_eq!(
        send(&alice, keysend(&carol, 1)).await,
        PaymentUpdate::Refused { hops: 2 }
    );
    assert_eq!(balance(&alice).await, before);
    assert_eq!(carol.invoice(hash(1)).await, Err(LightningError::NotFound));
}

#[tokio::test(start_paused = true)]
async fn without_the_preimage_nothing_reaches_the_recipients_app() {
    let (_net, [alice, _, carol, _]) = line();
    let probe = alice.route(query(&carol)).await.unwrap();
    let refused = alice.send_to_route(hash(1), probe).await.unwrap();
    assert_eq!(refused, PaymentUpdate::Refused { hops: 2 });
    assert_eq!(carol.newest_add_index().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn less_than_a_sat_is_not_forwarded_and_not_even_tried() {
    let (_net, [alice, bob, _, _]) = line();
    let small = Keysend {
        amount: Msat::new(999),
        ..keysend(&bob, 1)
    };
    let failed = PaymentUpdate::Failed {
        failure: Failure::AmountTooSmall,
        attempts: 0,
        hops: None,
    };
    assert_eq!(send(&alice, small).await, failed);
    assert_eq!(bob.newest_add_index().await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn more_than_we_have_is_not_even_tried() {
    let (_net, [alice, bob, _, _]) = line();
    let large = Keysend {
        amount: sat(100_001),
        ..keysend(&bob, 1)
    };
    let failed = PaymentUpdate::Failed {
        failure: Failure::InsufficientBalance,
        attempts: 0,
        hops: None,
    };
    assert_eq!(send(&alice, large).await, failed);
}

#[tokio::test(start_paused = true)]
async fn a_channel_without_money_on_that_side_is_found_out_by_trying() {
    let net = SimNetwork::new(1);
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|alias| net.node(alias));
    net.channel(&alice, sat(100_000), &bob, Msat::ZERO);
    net.channel(&bob, Msat::ZERO, &carol, sat(100_000));
    let failed = PaymentUpdate::Failed {
        failure: Failure::NoRoute,
        attempts: 1,
        hops: Some(2),
    };
    assert_eq!(send(&alice, keysend(&carol, 1)).await, failed);
    assert_eq!(balance(&alice).await, sat(100_000));
}

#[tokio::test(start_paused = true)]
async fn another_way_is_tried_when_the_first_one_fails() {
    let net = SimNetwork::new(1);
    let [alice, bob, erin, carol] = ["alice", "bob", "erin", "carol"].map(|alias| net.node(alias));
    erin.set_fees(sat(2), 1);
    net.channel(&alice, sat(100_000), &bob, Msat::ZERO);
    net.channel(&bob, Msat::ZERO, &carol, sat(100_000));
    net.channel(&alice, sat(100_000), &erin, Msat::ZERO);
    net.channel(&erin, sat(100_000), &carol, Msat::ZERO);
    let told = all(alice.send(keysend(&carol, 1)).await.unwrap()).await;
    assert_eq!(
        told.last(),
        Some(&PaymentUpdate::Settled {
            fee: sat(2),
            hops: 2,
            preimage: None
        })
    );
    assert_eq!(told.len(), 5, "the second try is told as well: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_recipient_is_final_even_with_another_way_open() {
    let net = SimNetwork::new(1);
    let [alice, bob, erin, carol] = ["alice", "bob", "erin", "carol"].map(|alias| net.node(alias));
    for middle in [&bob, &erin] {
        net.channel(&alice, sat(100_000), middle, Msat::ZERO);
        net.channel(middle, sat(100_000), &carol, Msat::ZERO);
    }
    carol.set_keysend(false);
    let told = all(alice.send(keysend(&carol, 1)).await.unwrap()).await;
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told.last(), Some(&PaymentUpdate::Refused { hops: 2 }));
}

#[tokio::test(start_paused = true)]
async fn whoever_knows_the_preimage_can_pay_the_hash_again_and_nobody_is_told() {
    let (_net, [alice, bob, carol, _]) = line();
    let mut seen = subscribe(&carol, InvoiceCursor::default());
    send(&alice, keysend(&carol, 1)).await;
    let first = carol.invoice(hash(1)).await.unwrap();
    let replay = Keysend {
        records: text(9),
        ..keysend(&carol, 1)
    };
    let settled = send(&bob, replay).await;
    assert_eq!(
        settled,
        PaymentUpdate::Settled {
            fee: Msat::ZERO,
            hops: 1,
            preimage: None
        }
    );
    let both = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(both.further.len(), 1, "the second is told to whoever asks");
    let alone = Invoice {
        further: Vec::new(),
        ..both
    };
    assert_eq!(alone, first, "the first HTLC counts");
    tokio::time::sleep(A_WHILE).await;
    let states: Vec<_> = std::iter::from_fn(|| seen.try_recv().ok())
        .map(|it| it.state)
        .collect();
    assert_eq!(states, [InvoiceState::Open, InvoiceState::Settled]);
}

#[tokio::test(start_paused = true)]
async fn nobody_pays_himself() {
    let (_net, [alice, ..]) = line();
    let refused = alice.send(keysend(&alice, 1)).await.err();
    assert!(
        matches!(refused, Some(LightningError::Node(_))),
        "{refused:?}"
    );
}
