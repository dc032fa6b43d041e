//! What a node forgets, loses and answers too late.

use std::time::Duration;

use crate::people::{HOLD, Line, Person, sat};
use domain::{Decision, DeliveryState, HoldState};

#[tokio::test(start_paused = true)]
async fn a_held_payment_whose_invoice_the_node_has_deleted_is_over_and_stands_in_nobodys_way() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    line.alice.set_deletes_canceled(true);
    carol.pay(talk, "lost", sat(50)).await;
    let lost = alice.expect_message(&line.carol, "lost").await.message.key;
    alice.expect_hold(lost, HoldState::Held).await;
    alice.close().await;
    tokio::time::sleep(HOLD * 2).await;
    let kept = carol.pay(talk, "kept", sat(70)).await;
    carol.expect_delivery(kept, DeliveryState::InFlight).await;

    alice.reopen();

    let row = alice.expect_hold(lost, HoldState::Returned).await;
    assert_eq!(row.incoming.unwrap().payment.decision, Some(Decision::Node));
    let key = alice.expect_message(&line.carol, "kept").await.message.key;
    alice.expect_hold(key, HoldState::Held).await;
    alice.engine.accept(key).await.unwrap();
    alice.expect_hold(key, HoldState::Settled).await;
    carol.expect_delivery(kept, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_our_node_has_forgotten_is_parked_for_the_user() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let mut carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    let sent = carol.pay(talk, "for the book", sat(50)).await;
    let key = alice
        .expect_message(&line.carol, "for the book")
        .await
        .message
        .key;
    alice.expect_hold(key, HoldState::Held).await;
    carol.close().await;
    alice.engine.refuse(key).await.unwrap();
    alice.expect_hold(key, HoldState::Returned).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    line.carol.delete_payments();

    carol.reopen();

    carol.expect_delivery(sent, DeliveryState::Parked).await;
    let before = carol.balance().await;
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(
        carol.balance().await,
        before,
        "nothing is sent again unasked"
    );
    carol.engine.retry(sent).await.unwrap();
    carol.expect_delivery(sent, DeliveryState::InFlight).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_pays_nothing_twice() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    line.alice.break_streams();
    line.alice.lose_next_answer();

    let key = alice.pay(talk, "once", sat(50)).await;

    let row = alice.expect_delivery(key, DeliveryState::Settled).await;
    let cost = row.paid.unwrap().checked_add(row.fee).unwrap();
    assert_eq!(before.checked_sub(alice.balance().await), Some(cost));
    carol.expect_message(&line.alice, "once").await;
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_goes_around_old_failures_says_that_it_waits_for_an_answer() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    line.alice.stop();
    let failed = carol.pay(talk, "nobody there", sat(50)).await;
    carol.expect_delivery(failed, DeliveryState::Failed).await;
    line.alice.start();

    carol.engine.retry(failed).await.unwrap();

    let key = alice
        .expect_message(&line.carol, "nobody there")
        .await
        .message
        .key;
    alice.expect_hold(key, HoldState::Held).await;
    let row = carol.row(failed).await;
    assert_eq!(row.hops, Some(2));
    assert!(row.delivery.unwrap().waits_until.is_some());
    alice.engine.accept(key).await.unwrap();
    carol.expect_delivery(failed, DeliveryState::Settled).await;
}
