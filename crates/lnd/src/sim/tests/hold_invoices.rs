use domain::Failure;

use super::*;
use crate::types::{InvoicePayment, NewInvoice};

fn asks(number: u8, amount: Msat) -> NewInvoice {
    NewInvoice {
        hash: hash(number),
        amount,
        expiry_secs: 600,
        cltv_expiry: 144,
        mark: None,
    }
}

fn payment(bolt11: &str, amount: Msat) -> InvoicePayment {
    InvoicePayment {
        bolt11: bolt11.to_owned(),
        amount,
        records: text(5),
        fee_limit: sat(100),
        timeout_secs: 30,
        max_parts: 4,
    }
}

async fn pay(from: &SimNode, payment: InvoicePayment) -> PaymentUpdate {
    all(from.pay_invoice(payment).await.unwrap())
        .await
        .pop()
        .unwrap()
}

/// alice pays an invoice of carol's, who holds it.
async fn held(amount: Msat) -> (SimNetwork, [SimNode; 4], Updates<PaymentUpdate>) {
    let (net, nodes) = line();
    let bolt11 = nodes[2].add_hold_invoice(asks(1, amount)).await.unwrap();
    let updates = nodes[0]
        .pay_invoice(payment(&bolt11, amount))
        .await
        .unwrap();
    until_held(&nodes[2], hash(1)).await;
    (net, nodes, updates)
}

#[tokio::test(start_paused = true)]
async fn a_stock_node_holds_what_is_paid_to_an_invoice_and_settles() {
    let (_net, [alice, _, carol, _], updates) = held(sat(50)).await;
    let invoice = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(text_length(&invoice.records), Some(5));
    assert_eq!((invoice.amount, invoice.preimage), (sat(50), None));
    let height = carol.info().await.unwrap().block_height;
    assert_eq!(invoice.htlc_expiry, Some(height + 144));
    carol.settle(&preimage(1)).await.unwrap();
    carol.settle(&preimage(1)).await.unwrap();
    let settled = PaymentUpdate::Settled {
        fee: sat(1),
        hops: 2,
        preimage: Some(preimage(1)),
    };
    assert_eq!(all(updates).await.pop(), Some(settled));
    assert_eq!(balance(&alice).await, sat(100_000 - 51));
    let invoice = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(invoice.state, InvoiceState::Settled);
    assert_eq!(invoice.preimage, Some(preimage(1)));
    assert_eq!(carol.cancel(hash(1)).await, Err(LightningError::TooLate));
}

#[tokio::test(start_paused = true)]
async fn canceling_is_free_and_the_invoice_is_dead() {
    let (net, [alice, _, carol, _], updates) = held(sat(50)).await;
    carol.cancel(hash(1)).await.unwrap();
    let refused = PaymentUpdate::Refused { hops: 2 };
    assert_eq!(all(updates).await.pop(), Some(refused.clone()));
    assert_eq!(balance(&alice).await, sat(100_000));
    assert_eq!(net.totals().in_flight, Msat::ZERO);
    let invoice = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(
        (invoice.state, invoice.amount),
        (InvoiceState::Canceled, sat(50))
    );
    assert_eq!(text_length(&invoice.records), Some(5));
    let bolt11 = carol.add_hold_invoice(asks(1, sat(50))).await.unwrap();
    assert_eq!(pay(&alice, payment(&bolt11, sat(50))).await, refused);
}

#[tokio::test(start_paused = true)]
async fn watching_an_invoice_tells_each_change_and_the_lists_know_it_once_it_is_paid() {
    let (_net, [alice, _, carol, _]) = line();
    let bolt11 = carol.add_hold_invoice(asks(1, sat(50))).await.unwrap();
    let watched = carol.watch_invoice(hash(1)).await.unwrap();
    let mut keysends = subscribe(
        &carol,
        InvoiceCursor {
            add_index: 0,
            settle_index: 0,
        },
    );
    let open = carol.pending_invoices(0, 100).await.unwrap();
    assert_eq!(open.invoices, []);
    let updates = alice.pay_invoice(payment(&bolt11, sat(50))).await.unwrap();
    until_held(&carol, hash(1)).await;
    let pending = carol.pending_invoices(0, 100).await.unwrap();
    assert_eq!(pending.invoices.len(), 1, "it is paid with records");
    carol.settle(&preimage(1)).await.unwrap();
    all(updates).await;
    let states: Vec<_> = all(watched).await.iter().map(|it| it.state).collect();
    use InvoiceState::{Held, Open, Settled};
    assert_eq!(states, [Open, Held, Settled]);
    assert_eq!(carol.newest_add_index().await, Ok(1), "it takes a place");
    let list = carol.invoices_after(0, 10).await.unwrap();
    assert_eq!(list.invoices[0].state, Settled);
    assert_eq!(keysends.recv().await.unwrap().hash, hash(1));
    send(&alice, keysend(&carol, 2)).await;
    assert_eq!(keysends.recv().await.unwrap().hash, hash(2));
}

#[tokio::test(start_paused = true)]
async fn one_invoice_takes_a_payment_over_two_channels() {
    let (net, [alice, bob, carol, _]) = line();
    let erin = net.node("erin");
    net.channel(&alice, sat(100_000), &erin, Msat::ZERO);
    net.channel(&erin, sat(100_000), &carol, Msat::ZERO);
    let bolt11 = carol.add_hold_invoice(asks(1, sat(150_000))).await.unwrap();
    let one = InvoicePayment {
        max_parts: 1,
        ..payment(&bolt11, sat(150_000))
    };
    assert!(matches!(
        pay(&alice, one).await,
        PaymentUpdate::Failed {
            failure: Failure::NoRoute,
            attempts: 0,
            ..
        }
    ));
    let updates = alice
        .pay_invoice(payment(&bolt11, sat(150_000)))
        .await
        .unwrap();
    let invoice = until_held(&carol, hash(1)).await;
    assert_eq!(invoice.amount, sat(150_000));
    assert_eq!(text_length(&invoice.records), Some(5));
    carol.settle(&preimage(1)).await.unwrap();
    let Some(PaymentUpdate::Settled { fee, hops: 2, .. }) = all(updates).await.pop() else {
        panic!("paid");
    };
    let total = sat(150_000).checked_add(fee).unwrap();
    assert_eq!(
        balance(&alice).await,
        sat(200_000).checked_sub(total).unwrap()
    );
    assert_eq!(balance(&carol).await, sat(100_000 + 100_000 + 150_000));
    let earned = balance(&bob).await.checked_sub(sat(200_000)).unwrap();
    assert!(earned > Msat::ZERO && earned < fee, "erin has the rest");
    assert_eq!(net.totals().in_flight, Msat::ZERO);
}

#[tokio::test(start_paused = true)]
async fn parts_that_wait_in_vain_go_back() {
    let (net, [alice, bob, carol, _]) = line();
    // bob can pass on only a third of it, and alice does not know that.
    net.channel(&alice, sat(100_000), &bob, Msat::ZERO);
    let (watched, bolt11) = (
        carol.clone(),
        carol.add_hold_invoice(asks(1, sat(150_000))).await.unwrap(),
    );
    let begun = tokio::time::Instant::now();
    let end = pay(&alice, payment(&bolt11, sat(150_000))).await;
    let PaymentUpdate::Failed {
        failure: Failure::NoRoute,
        attempts,
        ..
    } = end
    else {
        panic!("{end:?}");
    };
    assert!(attempts > 1, "it was tried");
    assert!(begun.elapsed() >= Duration::from_secs(120));
    assert_eq!(net.totals().in_flight, Msat::ZERO);
    assert_eq!(balance(&alice).await, sat(200_000));
    let open = watched.invoice(hash(1)).await.unwrap();
    assert_eq!(
        (open.state, open.amount),
        (InvoiceState::Open, sat(150_000))
    );
}

#[tokio::test(start_paused = true)]
async fn an_invoice_says_what_it_asks_for_and_the_same_one_is_made_once() {
    let (_net, [alice, _, carol, _]) = line();
    let bolt11 = carol.add_hold_invoice(asks(1, sat(50))).await.unwrap();
    assert_eq!(
        carol.add_hold_invoice(asks(1, sat(50))).await.as_ref(),
        Ok(&bolt11)
    );
    assert_eq!(
        carol.add_hold_invoice(asks(1, sat(51))).await,
        Err(LightningError::AlreadyExists)
    );
    let decoded = alice.decode_invoice(&bolt11).await.unwrap();
    assert_eq!((decoded.destination, decoded.hash), (carol.id(), hash(1)));
    assert_eq!((decoded.amount, decoded.cltv_expiry), (Some(sat(50)), 144));
    let created = carol.invoice(hash(1)).await.unwrap().created_at;
    assert_eq!(decoded.expires_at, created.plus(Duration::from_secs(600)));
    let forged = bolt11.replace("lnsim1", "lnsim10");
    for text in ["", "lnbc1", &forged] {
        assert!(matches!(
            alice.decode_invoice(text).await,
            Err(LightningError::Node(_))
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn the_payer_chooses_only_where_the_invoice_lets_him() {
    let (_net, [alice, _, carol, _]) = line();
    let fixed = carol.add_hold_invoice(asks(1, sat(50))).await.unwrap();
    let open = carol.add_hold_invoice(asks(2, Msat::ZERO)).await.unwrap();
    let refused = alice.pay_invoice(payment(&fixed, sat(49))).await.err();
    assert!(
        matches!(refused, Some(LightningError::Node(_))),
        "{refused:?}"
    );
    let own = carol.pay_invoice(payment(&fixed, sat(50))).await.err();
    assert!(matches!(own, Some(LightningError::Node(_))), "{own:?}");
    assert_eq!(alice.decode_invoice(&open).await.unwrap().amount, None);
    drop(alice.pay_invoice(payment(&open, sat(49))).await.unwrap());
    assert_eq!(until_held(&carol, hash(2)).await.amount, sat(49));
}

#[tokio::test(start_paused = true)]
async fn an_invoice_has_its_time_and_a_payment_that_came_in_time_stays() {
    let (net, [alice, _, carol, _], updates) = held(sat(50)).await;
    let late = carol.add_hold_invoice(asks(2, sat(50))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(601)).await;
    assert_eq!(
        alice.pay_invoice(payment(&late, sat(50))).await.err(),
        Some(LightningError::TooLate)
    );
    let canceled = carol.invoice(hash(2)).await.unwrap();
    assert_eq!(
        (canceled.state, canceled.amount),
        (InvoiceState::Canceled, Msat::ZERO)
    );
    let state = async || carol.invoice(hash(1)).await.unwrap().state;
    assert_eq!(state().await, InvoiceState::Held);
    net.mine(144 - 18 - 1);
    assert_eq!(state().await, InvoiceState::Held);
    net.mine(1);
    assert_eq!(state().await, InvoiceState::Canceled);
    assert_eq!(
        all(updates).await.pop(),
        Some(PaymentUpdate::Refused { hops: 2 })
    );
}

#[tokio::test(start_paused = true)]
async fn a_hash_is_paid_once() {
    let (_net, [alice, bob, carol, dave], _updates) = held(sat(50)).await;
    let bolt11 = carol.add_hold_invoice(asks(1, sat(50))).await.unwrap();
    let again = alice.pay_invoice(payment(&bolt11, sat(50))).await.err();
    assert_eq!(again, Some(LightningError::AlreadyExists));
    let mut tracked = alice.track(hash(1)).await.unwrap();
    assert_eq!(
        tracked.next().await,
        Some(Ok(PaymentUpdate::InFlight { hops: Some(2) }))
    );
    // One invoice is one payment, whoever pays, and a keysend of its hash is no payment to it.
    let refused = PaymentUpdate::Refused { hops: 1 };
    assert_eq!(pay(&dave, payment(&bolt11, sat(50))).await, refused);
    assert_eq!(send(&bob, keysend(&carol, 1)).await, refused);
}

#[tokio::test(start_paused = true)]
async fn records_may_be_a_little_longer_than_in_a_keysend() {
    let (_net, [alice, _, carol, dave]) = line();
    for (number, to, largest) in [(1, &carol, 1_162), (2, &dave, 1_111)] {
        let bolt11 = to.add_hold_invoice(asks(number, sat(1))).await.unwrap();
        let long = |length| InvoicePayment {
            records: text(length),
            ..payment(&bolt11, sat(1))
        };
        let too_long = PaymentUpdate::Failed {
            failure: Failure::NoRoute,
            attempts: 0,
            hops: None,
        };
        assert_eq!(pay(&alice, long(largest + 1)).await, too_long);
        drop(alice.pay_invoice(long(largest)).await.unwrap());
        let held = until_held(to, hash(number)).await;
        assert_eq!(text_length(&held.records), Some(largest));
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_is_canceled_is_removed_and_the_newest_place_is_given_again() {
    let (_net, [_, _, carol, _]) = line();
    carol.add_hold_invoice(asks(1, sat(50))).await.unwrap();
    assert!(matches!(
        carol.remove_canceled(hash(1)).await,
        Err(LightningError::Node(_))
    ));
    carol.cancel(hash(1)).await.unwrap();
    carol.remove_canceled(hash(1)).await.unwrap();
    for gone in [
        carol.invoice(hash(1)).await.map(drop),
        carol.remove_canceled(hash(1)).await,
    ] {
        assert_eq!(gone, Err(LightningError::NotFound));
    }
    assert_eq!(carol.newest_add_index().await, Ok(0));
    carol.add_hold_invoice(asks(2, sat(50))).await.unwrap();
    assert_eq!(carol.invoice_at(1).await, Ok(Some(hash(2))));
    carol.add_other_invoice();
    carol.cancel(hash(2)).await.unwrap();
    carol.remove_canceled(hash(2)).await.unwrap();
    assert_eq!(carol.invoice_at(1).await, Ok(None));
    carol.add_hold_invoice(asks(3, sat(50))).await.unwrap();
    assert_eq!(carol.invoice_at(3).await, Ok(Some(hash(3))));
}
