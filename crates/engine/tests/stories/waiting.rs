//! alice writes to carol, whose node is away. What she wrote waits.

use std::time::Duration;

use crate::people::{HOLD, Line, Person, acquainted, eventually, sat, talking_line};
use domain::{DeliveryState, Failure, Msat, PATIENCE, Timestamp, Trust, Way};
use heliograph_engine::{EngineError, Outgoing};
use store::Delivery;

/// The message is in the queue, and is to be tried again later.
async fn waits(person: &Person, key: domain::MessageKey) -> Delivery {
    eventually("the message waits", async || {
        let delivery = person.row(key).await.delivery?;
        (delivery.state == DeliveryState::Queued && delivery.next_try.is_some()).then_some(delivery)
    })
    .await
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    from.until(to).as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_a_node_that_is_away_and_goes_out_by_itself() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    line.carol.stop();

    let key = alice.say(talk, "wake up").await;
    let delivery = waits(&alice, key).await;
    assert_eq!(delivery.failure, Some(Failure::RecipientOffline));
    let written = alice.row(key).await.message.sent_at;
    assert_eq!(delivery.gives_up_at, Some(written.plus(PATIENCE)));
    assert!(seconds(line.network.now(), delivery.next_try.unwrap()) <= 10);
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    let delivery = waits(&alice, key).await;
    assert!(seconds(line.network.now(), delivery.next_try.unwrap()) <= 60 * 60);
    assert_eq!(alice.balance().await, before, "waiting costs nothing");

    line.carol.start();
    // Mission control still remembers the failure; the next pause is at most an hour.
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    let row = alice.expect_delivery(key, DeliveryState::Settled).await;
    let cost = row.paid.unwrap().checked_add(row.fee).unwrap();
    assert_eq!(before.checked_sub(alice.balance().await), Some(cost));
    carol.expect_message(&line.alice, "wake up").await;
    assert_eq!(carol.talk(&line.alice).await.len(), 1, "exactly once");
}

#[tokio::test(start_paused = true)]
async fn news_of_a_node_wake_what_waits_for_it() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    line.carol.stop();
    let key = alice.say(talk, "are you there?").await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    let delivery = waits(&alice, key).await;
    let tries = delivery.tries;

    // Of others nobody waits for there may be as much news as there is.
    for fee in 1..50 {
        line.bob.set_fees(sat(fee), 0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    line.bob.set_fees(sat(1), 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(waits(&alice, key).await.tries, tries, "nobody was tried");

    // carol is no neighbour of alice: only gossip tells that she is back.
    line.carol.start();
    let back = line.network.now();
    alice.expect_delivery(key, DeliveryState::Settled).await;
    assert!(seconds(back, line.network.now()) < 60);
    carol.expect_message(&line.alice, "are you there?").await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_survives_a_restart_and_goes_out_in_order() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    line.carol.stop();
    let words: Vec<String> = (1..=5).map(|number| format!("number {number}")).collect();
    for text in &words {
        let key = alice.say(talk, text).await;
        waits(&alice, key).await;
    }
    alice.close().await;
    line.carol.start();

    alice.reopen();

    carol.expect_message(&line.alice, "number 5").await;
    let heard: Vec<String> = carol
        .talk(&line.alice)
        .await
        .into_iter()
        .map(|row| row.message.text)
        .collect();
    assert_eq!(heard, words);
}

#[tokio::test(start_paused = true)]
async fn only_the_oldest_is_tried_while_nobody_is_there() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let talk = alice.befriend(&line.carol, None).await;
    line.carol.stop();
    let mut keys = Vec::new();
    for number in 1..=4 {
        let key = alice.say(talk, &format!("number {number}")).await;
        waits(&alice, key).await;
        keys.push(key);
    }
    let tried = async || {
        let keys = keys.clone();
        alice
            .store
            .read(move |db| {
                let attempts = keys.iter().map(|key| Ok(db.attempts_of(*key)?.len()));
                attempts.collect::<Result<Vec<_>, store::StoreError>>()
            })
            .await
            .unwrap()
    };
    let before = tried().await;
    tokio::time::sleep(Duration::from_secs(6 * 60 * 60)).await;
    let after = tried().await;
    assert!(after[0] >= before[0] + 5, "{before:?} {after:?}");
    assert_eq!(after[1..], before[1..], "the others wait with it");
}

#[tokio::test(start_paused = true)]
async fn a_word_from_the_recipient_sends_what_waits_for_them() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, to_alice) = (
        alice.befriend(&line.carol, None).await,
        carol.befriend(&line.alice, Some(HOLD)).await,
    );
    line.carol.stop();
    let key = alice.say(to_carol, "are you back?").await;
    tokio::time::sleep(Duration::from_secs(5 * 60 * 60)).await;
    line.carol.start();
    let delivery = waits(&alice, key).await;

    carol.say(to_alice, "I am back").await;

    carol.expect_message(&line.alice, "are you back?").await;
    assert!(
        line.network.now() < delivery.next_try.unwrap(),
        "before its time"
    );
}

#[tokio::test(start_paused = true)]
async fn the_user_can_try_now_and_can_take_it_back() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    line.carol.stop();
    let (first, second) = (
        alice.say(talk, "first").await,
        alice.say(talk, "second").await,
    );
    waits(&alice, first).await;
    waits(&alice, second).await;
    tokio::time::sleep(Duration::from_secs(5 * 60 * 60)).await;
    line.carol.start();
    waits(&alice, first).await;
    alice.engine.cancel(first).await.unwrap();
    let before = line.network.now();

    alice.engine.retry(second).await.unwrap();

    alice.expect_delivery(second, DeliveryState::Settled).await;
    assert!(seconds(before, line.network.now()) < 60, "at once");
    tokio::time::sleep(Duration::from_secs(2 * 60 * 60)).await;
    assert_eq!(
        carol.talk(&line.alice).await.len(),
        1,
        "the first never left"
    );
    let again = alice.engine.retry(first).await;
    assert!(
        matches!(again, Err(EngineError::Delivery(DeliveryState::Cancelled))),
        "{again:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_somebody_whom_the_user_blocks_does_not_leave() {
    let line = talking_line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;
    let node = line.carol.id();
    let direct = Outgoing {
        conversation: to_carol,
        text: "until we are neighbours".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::DirectOnly,
        reply_to: None,
    };
    let waiting = alice.engine.send(direct).await.unwrap();
    waits(&alice, waiting).await;
    let leaving = alice.say(to_carol, "on its way for free").await;
    alice
        .expect_delivery(leaving, DeliveryState::InFlight)
        .await;

    alice.engine.set_trust(node, Trust::Blocked).await.unwrap();
    for key in [waiting, leaving] {
        alice.expect_delivery(key, DeliveryState::Cancelled).await;
    }
    // They become neighbours, and carol is back: neither by a payment nor for free anything comes.
    line.network
        .channel(&line.alice, sat(100_000), &line.carol, sat(100_000));
    let before = alice.balance().await;
    carol.reopen();
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    let heard = carol.talk(&line.alice).await;
    assert!(heard.iter().all(|row| row.delivery.is_some()), "not a word");
    assert_eq!(alice.balance().await, before);
    let again = alice.engine.retry(waiting).await;
    assert!(matches!(again, Err(EngineError::Blocked)), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_week_it_is_given_up_and_another_try_gives_it_another_week() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let talk = alice.befriend(&line.carol, None).await;
    line.carol.stop();
    let key = alice.say(talk, "wake up").await;
    tokio::time::sleep(PATIENCE).await;

    let row = alice.expect_delivery(key, DeliveryState::Failed).await;
    let failure = row.delivery.unwrap().failure;
    assert!(failure.is_some_and(Failure::passes), "{failure:?}");
    alice.engine.retry(key).await.unwrap();
    let delivery = waits(&alice, key).await;
    let week = seconds(line.network.now(), delivery.gives_up_at.unwrap());
    assert!(week > PATIENCE.as_secs() - 60, "{week}");
}

#[tokio::test(start_paused = true)]
async fn money_does_not_wait() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let talk = alice.befriend(&line.carol, None).await;
    line.carol.stop();

    let key = alice.pay(talk, "for the book", sat(500)).await;

    let row = alice.expect_delivery(key, DeliveryState::Failed).await;
    assert_eq!(
        row.delivery.unwrap().failure,
        Some(Failure::RecipientOffline)
    );
    line.carol.start();
    let before = alice.balance().await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(alice.balance().await, before, "nothing leaves unasked");
}

#[tokio::test(start_paused = true)]
async fn one_that_has_waited_and_is_held_then_keeps_no_other_waiting() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.close().await;
    line.alice.stop();
    let first = carol.say(talk, "are you there?").await;
    waits(&carol, first).await;

    // alice's node is back, her app is not: what comes is held.
    line.alice.start();
    let in_flight = async |key| {
        eventually("it is on its way", async || {
            let state = carol.row(key).await.delivery?.state;
            (state == DeliveryState::InFlight).then_some(())
        })
        .await;
    };
    in_flight(first).await;
    let second = carol.say(talk, "I have news").await;
    in_flight(second).await;
    let state = carol.row(first).await.delivery.unwrap().state;
    assert_eq!(
        state,
        DeliveryState::InFlight,
        "held for a quarter of an hour"
    );
}

#[tokio::test(start_paused = true)]
async fn texts_that_are_held_let_a_payment_pass_and_the_others_follow_in_order() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.befriend(&line.carol, None).await;
    alice.close().await;

    // More than may be under way at once: alice's node holds them, her app is not there.
    for number in 0..40 {
        carol.say(talk, &format!("text {number}")).await;
    }
    let money = carol.pay(talk, "not behind them", sat(50)).await;
    carol.expect_delivery(money, DeliveryState::InFlight).await;

    alice.reopen();
    let got = alice.expect_message(&line.carol, "not behind them").await;
    alice.engine.accept(got.message.key).await.unwrap();
    carol.expect_delivery(money, DeliveryState::Settled).await;
    alice.expect_message(&line.carol, "text 39").await;
    let talk = alice.talk(&line.carol).await;
    let texts: Vec<_> = talk
        .iter()
        .map(|row| row.message.text.as_str())
        .filter(|text| text.starts_with("text "))
        .collect();
    let expected: Vec<_> = (0..40).map(|number| format!("text {number}")).collect();
    assert_eq!(texts, expected);
}
