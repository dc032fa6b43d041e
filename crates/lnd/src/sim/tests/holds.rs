use super::*;

const HOLD: Duration = Duration::from_secs(300);

/// carol holds a keysend of alice; the stream of its sender.
async fn held() -> (SimNetwork, [SimNode; 4], Updates<PaymentUpdate>) {
    let (net, nodes) = line();
    nodes[2].set_hold(HOLD);
    let updates = nodes[0].send(keysend(&nodes[2], 1)).await.unwrap();
    until_held(&nodes[2], hash(1)).await;
    (net, nodes, updates)
}

#[tokio::test(start_paused = true)]
async fn the_subscription_tells_a_held_keysend_only_as_open_and_without_records() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(HOLD);
    let mut seen = subscribe(&carol, InvoiceCursor::default());
    let _updates = alice.send(keysend(&carol, 1)).await.unwrap();
    let open = seen.recv().await.unwrap();
    assert_eq!((open.state, open.hash), (InvoiceState::Open, hash(1)));
    assert_eq!(open.preimage, Some(preimage(1)));
    assert_eq!(open.records, []);
    assert_eq!(open.amount, Msat::SAT);
    assert_eq!(open.hold_secs, 300);
    let mut watched = carol.watch_invoice(hash(1)).await.unwrap();
    assert_eq!(
        watched.next().await.unwrap().unwrap().state,
        InvoiceState::Open
    );
    let held = watched.next().await.unwrap().unwrap();
    assert_eq!(held.state, InvoiceState::Held);
    assert_eq!(text_length(&held.records), Some(5));
    carol.cancel(hash(1)).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    assert!(
        seen.try_recv().is_err(),
        "neither held nor canceled is told"
    );
}

#[tokio::test(start_paused = true)]
async fn settling_pays_the_recipient_and_may_be_repeated() {
    let (_net, [alice, _, carol, _], updates) = held().await;
    carol.settle(&preimage(1)).await.unwrap();
    carol.settle(&preimage(1)).await.unwrap();
    let last = all(updates).await.pop();
    assert_eq!(
        last,
        Some(PaymentUpdate::Settled {
            fee: sat(1),
            hops: 2,
            preimage: None
        })
    );
    assert_eq!(balance(&alice).await, sat(100_000 - 2));
    assert_eq!(carol.cancel(hash(1)).await, Err(LightningError::TooLate));
    let invoice = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(
        (invoice.state, invoice.settle_index),
        (InvoiceState::Settled, 1)
    );
    assert!(invoice.settled_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn canceling_costs_nobody_anything_and_the_records_stay_readable() {
    let (net, [alice, bob, carol, _], updates) = held().await;
    carol.cancel(hash(1)).await.unwrap();
    carol.cancel(hash(1)).await.unwrap();
    assert_eq!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Refused { hops: 2 })
    );
    assert_eq!(balance(&alice).await, sat(100_000));
    assert_eq!(balance(&bob).await, sat(200_000));
    assert_eq!(net.totals().in_flight, Msat::ZERO);
    assert_eq!(
        carol.settle(&preimage(1)).await,
        Err(LightningError::TooLate)
    );
    let invoice = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(invoice.state, InvoiceState::Canceled);
    assert_eq!(text_length(&invoice.records), Some(5));
}

#[tokio::test(start_paused = true)]
async fn a_hash_that_was_canceled_is_dead() {
    let (_net, [alice, _, carol, _], updates) = held().await;
    carol.cancel(hash(1)).await.unwrap();
    all(updates).await;
    assert_eq!(
        send(&alice, keysend(&carol, 1)).await,
        PaymentUpdate::Refused { hops: 2 }
    );
    assert_eq!(carol.newest_add_index().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn when_the_hold_time_is_over_the_money_goes_back() {
    let (_net, [alice, _, carol, _], updates) = held().await;
    tokio::time::sleep(HOLD.checked_sub(Duration::from_secs(1)).unwrap()).await;
    assert_eq!(
        carol.invoice(hash(1)).await.unwrap().state,
        InvoiceState::Held
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        carol.invoice(hash(1)).await.unwrap().state,
        InvoiceState::Canceled
    );
    assert_eq!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Refused { hops: 2 })
    );
    assert_eq!(balance(&alice).await, sat(100_000));
}

#[tokio::test(start_paused = true)]
async fn the_senders_timeout_does_not_end_a_held_payment() {
    let (_net, [_, _, carol, _], updates) = held().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    carol.settle(&preimage(1)).await.unwrap();
    assert!(matches!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Settled { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn the_hold_timer_is_lost_at_a_restart_and_the_invoice_can_still_be_settled() {
    let (_net, [_, _, carol, _], updates) = held().await;
    carol.stop();
    carol.start();
    tokio::time::sleep(HOLD.saturating_mul(3)).await;
    let pending = carol.pending_invoices(0, 100).await.unwrap().invoices;
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].state, InvoiceState::Held);
    assert_eq!(text_length(&pending[0].records), Some(5));
    carol.settle(&preimage(1)).await.unwrap();
    assert!(matches!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Settled { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn eighteen_blocks_before_its_expiry_a_held_payment_goes_back() {
    let (net, [_, _, carol, _], updates) = held().await;
    let expiry = carol.invoice(hash(1)).await.unwrap().htlc_expiry.unwrap();
    let height = carol.info().await.unwrap().block_height;
    assert_eq!(expiry.checked_sub(height), Some(83));
    net.mine(64);
    assert_eq!(
        carol.invoice(hash(1)).await.unwrap().state,
        InvoiceState::Held
    );
    net.mine(1);
    assert_eq!(
        carol.invoice(hash(1)).await.unwrap().state,
        InvoiceState::Canceled
    );
    assert_eq!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Refused { hops: 2 })
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_slept_through_the_blocks_returns_it_at_its_start() {
    let (net, [_, _, carol, _], updates) = held().await;
    carol.stop();
    net.mine(65);
    assert_eq!(
        net.totals().in_flight,
        Msat::new(2_000 + 1_000),
        "two channels wait"
    );
    carol.start();
    assert_eq!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Refused { hops: 2 })
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_hash_can_be_neither_settled_nor_canceled() {
    let (_net, [_, _, carol, _]) = line();
    assert_eq!(
        carol.settle(&preimage(1)).await,
        Err(LightningError::NotFound)
    );
    assert_eq!(carol.cancel(hash(1)).await, Err(LightningError::NotFound));
    assert_eq!(carol.invoice(hash(1)).await, Err(LightningError::NotFound));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_collects_canceled_invoices_destroys_the_mail_in_them() {
    let (_net, [_, _, carol, _], updates) = held().await;
    carol.set_deletes_canceled(true);
    carol.cancel(hash(1)).await.unwrap();
    all(updates).await;
    assert_eq!(carol.invoice(hash(1)).await, Err(LightningError::NotFound));
    assert!(carol.config().await.unwrap().unwrap().deletes_canceled);
}
