//! Which nodes learn of a payment: the user's word holds for money as well.

use crate::people::{Line, Person, eventually, sat};
use domain::{Carrier, ConversationId, DeliveryState, Failure, Msat, Way};
use heliograph_engine::{EngineError, Outgoing};

fn five_sat(conversation: ConversationId, way: Way) -> Outgoing {
    Outgoing {
        reply_to: None,
        conversation,
        text: "for the ferry".into(),
        payment: sat(5),
        fee_limit: None,
        way,
    }
}

/// alice and carol, who share a channel besides bob; alice has so much on her side of it.
async fn neighbours(alices: Msat) -> (Line, Person, ConversationId) {
    let line = Line::new();
    line.network
        .channel(&line.alice, alices, &line.carol, sat(50_000));
    let alice = Person::open(&line.network, &line.alice).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    (line, alice, to_carol)
}

#[tokio::test(start_paused = true)]
async fn routed_only_pays_around_the_shared_channel() {
    let (_line, alice, to_carol) = neighbours(sat(50_000)).await;
    let payment = five_sat(to_carol, Way::RoutedOnly);

    let quote = alice.engine.quote(payment.clone()).await.unwrap();
    let key = alice.engine.send(payment).await.unwrap();
    let row = alice.expect_delivery(key, DeliveryState::Settled).await;

    assert_eq!((quote.hops, quote.fee.fee), (2, Msat::SAT));
    assert_eq!((row.hops, row.fee), (Some(2), Msat::SAT));
    assert_eq!(row.carrier, Some(Carrier::Keysend));
    let direct = alice.engine.send(five_sat(to_carol, Way::Auto)).await;
    let row = alice
        .expect_delivery(direct.unwrap(), DeliveryState::Settled)
        .await;
    assert_eq!((row.hops, row.fee), (Some(1), Msat::ZERO));
}

#[tokio::test(start_paused = true)]
async fn direct_only_does_not_go_around_an_empty_channel() {
    let (line, alice, to_carol) = neighbours(sat(4)).await;
    let before = alice.balance().await;
    let payment = five_sat(to_carol, Way::DirectOnly);

    let quote = alice.engine.quote(payment.clone()).await;
    let money = alice.engine.send(payment).await.unwrap();
    let money = alice.expect_delivery(money, DeliveryState::Failed).await;

    assert!(quote.is_err(), "{quote:?}");
    assert_eq!(money.delivery.unwrap().failure, Some(Failure::NoRoute));
    assert_eq!(alice.balance().await, before);
    let words = Outgoing {
        payment: Msat::ZERO,
        ..five_sat(to_carol, Way::DirectOnly)
    };
    let words = alice.engine.send(words).await.unwrap();
    let words = alice.expect_delivery(words, DeliveryState::Settled).await;
    assert_eq!((words.hops, words.fee), (Some(1), Msat::ZERO));

    // Her own side has something again: the next one goes.
    line.network
        .splice(&line.alice, sat(100), &line.carol, Msat::ZERO);
    let money = five_sat(to_carol, Way::DirectOnly);
    let money = alice.engine.send(money).await.unwrap();
    let money = alice.expect_delivery(money, DeliveryState::Settled).await;
    assert_eq!((money.hops, money.fee), (Some(1), Msat::ZERO));
}

#[tokio::test(start_paused = true)]
async fn direct_only_to_somebody_far_away_waits() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let words = Outgoing {
        payment: Msat::ZERO,
        ..five_sat(to_carol, Way::DirectOnly)
    };

    let quote = alice.engine.quote(words.clone()).await;
    let key = alice.engine.send(words).await.unwrap();

    assert!(matches!(quote, Err(EngineError::NoWay)), "{quote:?}");
    let failure = eventually("it waits", async || {
        let delivery = alice.row(key).await.delivery.unwrap();
        delivery.next_try.and(delivery.failure)
    })
    .await;
    assert_eq!(failure, Failure::NoWay);
}

#[tokio::test(start_paused = true)]
async fn free_only_for_a_message_does_not_undo_routed_only_for_its_contact() {
    let line = crate::people::talking_line();
    line.network
        .channel(&line.alice, sat(50_000), &line.carol, sat(50_000));
    let (alice, to_carol, carol, _) = crate::people::acquainted(&line).await;
    let node = line.carol.id();
    let engine = &alice.engine;
    engine.set_way(node, Way::RoutedOnly, false).await.unwrap();
    let words = Outgoing {
        payment: Msat::ZERO,
        ..five_sat(to_carol, Way::FreeOnly)
    };
    let key = engine.send(words).await.unwrap();
    let row = alice.expect_delivery(key, DeliveryState::Delivered).await;
    assert_eq!((row.carrier, row.hops), (Some(Carrier::Onion), Some(2)));
    carol.expect_message(&line.alice, "for the ferry").await;

    // What is neither direct nor routed is nothing.
    let words = Outgoing {
        payment: Msat::ZERO,
        ..five_sat(to_carol, Way::DirectOnly)
    };
    let key = engine.send(words).await.unwrap();
    let failure = eventually("it waits", async || {
        let delivery = alice.row(key).await.delivery.unwrap();
        delivery.next_try.and(delivery.failure)
    })
    .await;
    assert_eq!(failure, Failure::NoWay);
}
