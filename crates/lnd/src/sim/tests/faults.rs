use super::*;

const REFUSED: LightningError = LightningError::Unreachable(LinkFault::Refused);

#[tokio::test(start_paused = true)]
async fn a_node_that_is_down_answers_nothing_and_its_streams_end_with_an_error() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(Duration::from_secs(300));
    let mut updates = alice.send(keysend(&carol, 1)).await.unwrap();
    until_held(&carol, hash(1)).await;
    let mut watched = carol.watch_invoice(hash(1)).await.unwrap();
    watched.next().await;
    alice.stop();
    carol.stop();
    assert_eq!(alice.info().await, Err(REFUSED));
    assert_eq!(alice.track(hash(1)).await.err(), Some(REFUSED));
    assert!(matches!(
        watched.next().await,
        Some(Err(LightningError::Unreachable(_)))
    ));
    assert!(watched.next().await.is_none());
    let mut last = None;
    while let Some(update) = updates.next().await {
        last = Some(update);
    }
    assert!(
        matches!(last, Some(Err(LightningError::Unreachable(_)))),
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_payment_survives_the_restart_of_its_sender() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(Duration::from_secs(300));
    drop(alice.send(keysend(&carol, 1)).await.unwrap());
    until_held(&carol, hash(1)).await;
    alice.stop();
    carol.settle(&preimage(1)).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    alice.start();
    let told = all(alice.track(hash(1)).await.unwrap()).await;
    assert_eq!(
        told.last(),
        Some(&PaymentUpdate::Settled {
            fee: sat(1),
            hops: 2,
            preimage: None
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_payment_waits_for_a_forwarder_that_went_down_with_it() {
    let (net, [alice, bob, carol, _]) = line();
    carol.set_hold(Duration::from_secs(300));
    drop(alice.send(keysend(&carol, 1)).await.unwrap());
    until_held(&carol, hash(1)).await;
    bob.stop();
    carol.cancel(hash(1)).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    assert_ne!(net.totals().in_flight, Msat::ZERO);
    bob.start();
    all(alice.track(hash(1)).await.unwrap()).await;
    assert_eq!(net.totals().in_flight, Msat::ZERO);
    assert_eq!(balance(&alice).await, sat(100_000));
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_lost_after_the_work_is_done() {
    let (_net, [alice, _, carol, _]) = line();
    alice.lose_next_answer();
    let lost = alice.send(keysend(&carol, 1)).await.err();
    assert!(
        matches!(lost, Some(LightningError::Unreachable(_))),
        "{lost:?}"
    );
    let again = alice.send(keysend(&carol, 1)).await.err();
    assert_eq!(again, Some(LightningError::AlreadyExists));
    let told = all(alice.track(hash(1)).await.unwrap()).await;
    assert!(matches!(told.last(), Some(PaymentUpdate::Settled { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_event_may_be_lost_and_the_backlog_has_it() {
    let (_net, [alice, _, carol, _]) = line();
    send(&alice, keysend(&carol, 1)).await;
    let mut seen = subscribe(
        &carol,
        InvoiceCursor {
            add_index: 0,
            settle_index: 0,
        },
    );
    tokio::time::sleep(A_WHILE).await;
    carol.set_hold(Duration::from_secs(300));
    let _first = alice.send(keysend(&carol, 2)).await.unwrap();
    assert_eq!(seen.recv().await.unwrap().hash, hash(2));
    until_held(&carol, hash(2)).await;
    carol.lose_next_event();
    carol.settle(&preimage(2)).await.unwrap();
    assert!(seen.recv().await.is_none(), "the stream broke");
    let mut seen = subscribe(
        &carol,
        InvoiceCursor {
            add_index: 2,
            settle_index: 1,
        },
    );
    let settled = seen.recv().await.unwrap();
    assert_eq!(
        (settled.hash, settled.state),
        (hash(2), InvoiceState::Settled)
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_late_and_the_work_was_done_at_once() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(Duration::from_secs(300));
    drop(alice.send(keysend(&carol, 1)).await.unwrap());
    until_held(&carol, hash(1)).await;
    carol.delay_answers(Duration::from_secs(20));
    let begun = tokio::time::Instant::now();
    let preimage = preimage(1);
    let late = carol.settle(&preimage);
    assert!(
        tokio::time::timeout(Duration::from_secs(10), late)
            .await
            .is_err()
    );
    carol.delay_answers(Duration::ZERO);
    assert_eq!(
        carol.invoice(hash(1)).await.unwrap().state,
        InvoiceState::Settled
    );
    carol.delay_answers(Duration::from_secs(20));
    carol.settle(&preimage).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn broken_streams_leave_the_node_and_its_payments_alone() {
    let (_net, [alice, _, carol, _]) = line();
    let mut updates = alice.send(keysend(&carol, 1)).await.unwrap();
    assert_eq!(
        updates.next().await,
        Some(Ok(PaymentUpdate::InFlight { hops: None }))
    );
    alice.break_streams();
    assert!(matches!(
        updates.next().await,
        Some(Err(LightningError::Unreachable(_)))
    ));
    let told = all(alice.track(hash(1)).await.unwrap()).await;
    assert!(matches!(told.last(), Some(PaymentUpdate::Settled { .. })));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_nodes() {
    let ids = |seed| {
        let net = SimNetwork::new(seed);
        [net.node("alice").id(), net.node("bob").id()]
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
    assert_ne!(ids(1)[0], ids(1)[1]);
}
