//! Whatever way money takes, the books know it.

use std::time::Duration;

use crate::people::stranger::{keysend, letter, sealed};
use crate::people::{Line, Person, eventually, sat};
use domain::{
    AttemptState, DeliveryState, Expectation, HoldState, Msat, NodeId, Preimage, ReturnMeaning,
    Trust,
};
use heliograph_engine::EngineError;
use lnd::sim::SimNode;
use lnd::{Lightning, PaymentUpdate, Records};
use protocol::Body;
use store::Totals;

/// Pays as a program of our kind does: whether it was kept.
async fn pay(from: &SimNode, to: NodeId, amount: Msat, seed: u8, records: Records) -> bool {
    let paid = keysend(from, to, amount, seed, records).await;
    matches!(paid, PaymentUpdate::Settled { .. })
}

/// The records of letter 1 of a node, with a gift, for the payment with this seed.
async fn gift(from: &SimNode, to: NodeId, seed: u8, amount: Msat) -> Records {
    let body = Body::Payment {
        note: "a gift".into(),
        amount,
    };
    sealed(from, to, seed, &letter(1, Expectation::Decide, body)).await
}

/// Waits until everything that came is in the books.
async fn booked(person: &Person, wanted: impl Fn(&Totals) -> bool) -> Totals {
    eventually("it is booked", async || {
        Some(person.totals().await).filter(|totals| wanted(totals))
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_keysend_of_another_program_is_booked_without_a_name() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let records = vec![(7_629_169, b"{}".to_vec())];
    assert!(pay(&line.carol, line.alice.id(), sat(300), 1, records).await);
    let totals = booked(&alice, |totals| totals.received == sat(300)).await;
    assert_eq!(totals.messages_received, 0);
    let ours = line.alice.id();
    let nobodys = alice.store.read(move |db| db.totals(Some(ours))).await;
    assert_eq!(nobodys.unwrap().received, sat(300), "an unknown sender's");
}

#[tokio::test(start_paused = true)]
async fn what_a_blocked_sender_pays_to_a_stock_node_is_booked() {
    let line = Line::new();
    let carol = Person::open(&line.network, &line.carol).await;
    carol.befriend(&line.alice, None).await;
    let node = line.alice.id();
    carol
        .store
        .write(move |tx| tx.set_trust(node, Trust::Blocked))
        .await
        .unwrap();
    let to = line.carol.id();
    let records = gift(&line.alice, to, 1, sat(5)).await;
    assert!(pay(&line.alice, to, sat(5), 1, records).await);
    booked(&carol, |totals| totals.received == sat(5)).await;
    let talk = carol.talk(&line.alice).await;
    let seen: Vec<_> = talk
        .iter()
        .map(|row| (row.message.payment, row.message.text.as_str()))
        .collect();
    assert_eq!(seen, [(sat(5), "")], "the money, and no words");
    let refused = carol.store.read(|db| db.refused_unread()).await.unwrap();
    assert_eq!(refused, 0, "it could not be refused");
}

#[tokio::test(start_paused = true)]
async fn the_postage_of_a_hello_is_booked() {
    let line = Line::new();
    let carol = Person::open(&line.network, &line.carol).await;
    let to = line.carol.id();
    let hello = Body::Hello { beside: None };
    let records = sealed(&line.alice, to, 1, &letter(1, Expectation::Return, hello)).await;
    assert!(pay(&line.alice, to, Msat::SAT, 1, records).await);
    let totals = booked(&carol, |totals| totals.postage_received == Msat::SAT).await;
    assert_eq!((totals.received, totals.messages_received), (Msat::ZERO, 0));
}

#[tokio::test(start_paused = true)]
async fn both_payments_of_a_message_are_booked_when_both_settled() {
    let line = Line::new();
    let carol = Person::open(&line.network, &line.carol).await;
    let to = line.carol.id();
    for seed in [1, 2] {
        let records = gift(&line.alice, to, seed, sat(5)).await;
        assert!(pay(&line.alice, to, sat(5), seed, records).await);
    }
    let totals = booked(&carol, |totals| totals.received == sat(10)).await;
    assert_eq!(totals.messages_received, 1);
    let talk = carol.talk(&line.alice).await;
    let seen: Vec<_> = talk.iter().map(|row| row.message.payment).collect();
    assert_eq!(seen, [sat(5), sat(5)]);
}

#[tokio::test(start_paused = true)]
async fn money_that_settled_at_the_second_try_can_be_paid_back() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (payer, to) = (line.carol.clone(), line.alice.id());
    let first = gift(&payer, to, 1, sat(50)).await;
    let second = gift(&payer, to, 2, sat(50)).await;
    let paid = tokio::spawn(async move { pay(&payer, to, sat(50), 1, first).await });
    let key = alice
        .expect_message(&line.carol, "a gift")
        .await
        .message
        .key;
    alice.engine.refuse(key).await.unwrap();
    assert!(!paid.await.unwrap());
    alice.expect_hold(key, HoldState::Returned).await;
    let nothing = alice.engine.pay_back(key, None).await;
    assert!(
        matches!(nothing, Err(EngineError::NotRefundable)),
        "{nothing:?}"
    );

    // The node settles on arrival from now on.
    line.alice.set_hold(Duration::ZERO);
    assert!(pay(&line.carol, to, sat(50), 2, second).await);
    let row = alice.expect_hold(key, HoldState::Settled).await;
    assert_eq!(
        row.incoming.unwrap().payment.hash,
        Preimage::new([2; 32]).payment_hash()
    );
    assert_eq!(alice.totals().await.received, sat(50));
    let before = line.carol.balance().await.unwrap().local;
    let back = alice.engine.pay_back(key, None).await.unwrap();
    alice.expect_delivery(back, DeliveryState::Settled).await;
    let after = line.carol.balance().await.unwrap().local;
    assert_eq!(after.checked_sub(before), Some(sat(50)));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_may_not_have_arrived_does_not_count_and_is_tried_again() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    // alice's letters did not say that her node holds.
    let talk = carol.befriend(&line.alice, None).await;
    let key = carol.say(talk, "anybody there?").await;
    let row = carol.expect_delivery(key, DeliveryState::Returned).await;
    assert_eq!(
        row.delivery.unwrap().returned,
        Some(ReturnMeaning::Unconfirmed)
    );
    let totals = carol.totals().await;
    assert_eq!(
        (totals.messages_sent, totals.returned_to_us),
        (0, Msat::SAT)
    );

    carol.engine.retry(key).await.unwrap();
    let attempts = eventually("the second try is over", async || {
        let attempts = carol
            .store
            .read(move |db| db.attempts_of(key))
            .await
            .unwrap();
        let over = attempts
            .iter()
            .filter(|one| one.state == AttemptState::Refused);
        (over.count() == 2).then_some(attempts)
    })
    .await;
    assert_ne!(attempts[0].hash, attempts[1].hash, "a new payment");
    carol.expect_delivery(key, DeliveryState::Returned).await;
    alice.expect_message(&line.carol, "anybody there?").await;
    assert_eq!(alice.talk(&line.carol).await.len(), 1, "it is one message");

    // A payment that came back may have been declined: it is not sent again by a click.
    let paid = carol.pay(talk, "take it", sat(5)).await;
    let got = alice
        .expect_message(&line.carol, "take it")
        .await
        .message
        .key;
    alice.expect_hold(got, HoldState::Held).await;
    alice.engine.refuse(got).await.unwrap();
    carol.expect_delivery(paid, DeliveryState::Returned).await;
    let again = carol.engine.retry(paid).await;
    assert!(
        matches!(again, Err(EngineError::Delivery(DeliveryState::Returned))),
        "{again:?}"
    );
}
