//! An app loses the key to which letters for it are sealed, because its database is a new one or an older one. It does
//! not lose the letters: their senders' apps send them again, for free.

use std::time::Duration;

use domain::{Carrier, DeliveryState, Failure, NodeId, Way};
use protocol::Body;

use crate::people::mallory::Stage;
use crate::people::{HOLD, Line, Person, acquainted, eventually, introduce, talking_line as line};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// alice's message was confirmed by carol's app.
async fn confirmed(alice: &Person, key: domain::MessageKey) {
    eventually("carol's app has confirmed it", async || {
        alice.row(key).await.delivery?.delivered_at
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn somebody_with_a_new_database_gets_what_was_sealed_to_the_lost_key() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let key = alice.say(to_carol, "hello").await;
    confirmed(&alice, key).await;
    carol.close().await;

    // carol's disk is broken. What alice writes meanwhile waits on carol's node, sealed to a key that nobody has any more.
    let words = alice.say(to_carol, "dinner at eight?").await;
    let coffee = alice
        .pay(to_carol, "for the coffee", crate::people::sat(21))
        .await;
    for key in [words, coffee] {
        alice.expect_delivery(key, DeliveryState::Settled).await;
    }
    let paid = async || {
        let totals = alice.totals().await;
        (totals.sent, totals.postage_sent, totals.fees)
    };
    let before = paid().await;
    let carol = Person::open_elsewhere(&line.network, &line.carol).await;
    carol.takes_over().await;

    // carol adds alice anew and writes to her: alice's app sees another key, and knows what that means.
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    carol.say(to_alice, "I have a new computer").await;
    alice
        .expect_message(&line.carol, "I have a new computer")
        .await;
    for text in ["dinner at eight?", "for the coffee"] {
        let row = carol.expect_message(&line.alice, text).await;
        assert!(row.message.payment.is_zero(), "the money came before");
        assert!(row.message.carrier.is_some_and(Carrier::is_free));
    }
    confirmed(&alice, words).await;
    confirmed(&alice, coffee).await;
    tokio::time::sleep(3 * HOUR).await;

    let heard = carol.talk(&line.alice).await;
    let incoming = heard.iter().filter(|row| row.delivery.is_none()).count();
    assert_eq!(
        incoming, 3,
        "each once; what had been confirmed before is missing, and was asked for"
    );
    assert_eq!(paid().await, before, "nothing was paid for it");
    alice.expect_delivery(words, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn an_app_with_an_old_database_asks_by_itself() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let key = alice.say(to_carol, "hello").await;
    confirmed(&alice, key).await;
    carol.close().await;
    let mut other = Person::open_elsewhere(&line.network, &line.carol).await;
    other.takes_over().await;
    introduce(&line, &alice, &other).await;
    other.close().await;

    // carol goes back to the database that she had before. alice's app knows the other one's key, which is younger.
    carol.reopen();
    carol.takes_over().await;
    let key = alice.say(to_carol, "are you back?").await;
    carol.expect_message(&line.alice, "are you back?").await;
    confirmed(&alice, key).await;

    // From now on they talk as before.
    let key = alice.say(to_carol, "good").await;
    alice.expect_delivery(key, DeliveryState::Delivered).await;
}

#[tokio::test(start_paused = true)]
async fn words_of_a_payment_go_again_though_another_key_came_a_moment_before() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;
    // Whoever has carol's node has an app on it for a while. What alice pays then is sealed to its key.
    let mut other = another_on_carols_node(&line, &alice).await;
    other.close().await;
    let coffee = alice
        .pay(to_carol, "for the coffee", crate::people::sat(21))
        .await;
    alice.expect_delivery(coffee, DeliveryState::Settled).await;

    // carol's app says which key is the right one: the second new one within an hour. alice's waits for its end.
    carol.reopen();
    carol.takes_over().await;
    tokio::time::sleep(2 * HOUR).await;
    let row = carol.expect_message(&line.alice, "for the coffee").await;
    assert!(row.message.payment.is_zero(), "the money came before");
    confirmed(&alice, coffee).await;
}

/// The number that alice would compare.
async fn number(alice: &Person, node: NodeId) -> String {
    let facts = alice.engine.key_facts(node).await.unwrap();
    facts.safety_number.unwrap()
}

/// alice has compared the number of carol's key.
async fn has_compared(alice: &Person, node: NodeId) {
    let compared = number(alice, node).await;
    alice
        .engine
        .set_compared(node, compared, true)
        .await
        .unwrap();
}

/// Whoever has carol's node could be this: an app on it, which has another key and writes to alice.
async fn another_on_carols_node(line: &Line, alice: &Person) -> Person {
    let other = Person::open_elsewhere(&line.network, &line.carol).await;
    other.takes_over().await;
    let to_alice = other.befriend(&line.alice, Some(HOLD)).await;
    other.say(to_alice, "it is me, believe me").await;
    alice
        .expect_message(&line.carol, "it is me, believe me")
        .await;
    other
}

/// For hours alice says nothing to whoever this is.
async fn hears_nothing(carol: &Person, line: &Line) {
    tokio::time::sleep(3 * HOUR).await;
    let heard = carol.talk(&line.alice).await;
    assert!(heard.iter().all(|row| row.delivery.is_some()), "not a word");
}

#[tokio::test(start_paused = true)]
async fn whose_key_was_compared_gets_nothing_again_before_the_change_was_seen() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let node = line.carol.id();
    has_compared(&alice, node).await;
    carol.close().await;
    let key = alice.say(to_carol, "the password is hunter2").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;

    let carol = another_on_carols_node(&line, &alice).await;
    hears_nothing(&carol, &line).await;

    let new = number(&alice, node).await;
    alice.engine.set_compared(node, new, false).await.unwrap();
    carol
        .expect_message(&line.alice, "the password is hunter2")
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_somebody_whose_key_was_compared_goes_to_no_other_key_by_itself() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let node = line.carol.id();
    has_compared(&alice, node).await;
    let engine = &alice.engine;
    engine.set_way(node, Way::FreeOnly, false).await.unwrap();
    carol.close().await;
    let password = alice.say(to_carol, "the password is hunter2").await;
    let waits = async |key, failure| {
        eventually(&format!("it waits: {failure:?}"), async || {
            let delivery = alice.row(key).await.delivery?;
            let waits = delivery.state == DeliveryState::Queued && delivery.next_try.is_some();
            (waits && delivery.failure == Some(failure)).then_some(())
        })
        .await;
    };
    waits(password, Failure::NoReceipt).await;

    // Whoever has carol's node writes: what waits would go now, to a key that alice has not seen.
    let carol = another_on_carols_node(&line, &alice).await;
    waits(password, Failure::KeyChanged).await;
    let later = alice.say(to_carol, "is it you?").await;
    waits(later, Failure::KeyChanged).await;
    // Money does not wait.
    let money = alice
        .pay(to_carol, "for the coffee", crate::people::sat(21))
        .await;
    let row = alice.expect_delivery(money, DeliveryState::Failed).await;
    assert_eq!(row.delivery.unwrap().failure, Some(Failure::KeyChanged));
    hears_nothing(&carol, &line).await;

    let new = number(&alice, node).await;
    engine.set_compared(node, new, false).await.unwrap();
    for text in ["the password is hunter2", "is it you?"] {
        carol.expect_message(&line.alice, text).await;
    }
    alice.expect_delivery(later, DeliveryState::Delivered).await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_names_keys_that_nobody_has_makes_alice_write_to_contacts_once_an_hour() {
    let mut stage = Stage::new().await;
    let bob = Person::open(&stage.line.network, &stage.line.bob).await;
    bob.listens().await;
    bob.has_a_card().await;
    stage.alice.befriend(&stage.line.bob, None).await;
    let to_alice = bob.befriend(&stage.line.alice, Some(HOLD)).await;
    bob.say(to_alice, "it is me").await;
    stage
        .alice
        .expect_message(&stage.line.bob, "it is me")
        .await;
    let sent = |stage: &Stage| {
        let calls = ["send_onion", "send_peer_message"];
        calls
            .map(|call| stage.watch.calls(call))
            .iter()
            .sum::<usize>()
    };
    let before = sent(&stage);

    for (round, pause) in [(1, HOUR / 2), (2, HOUR)] {
        for _ in 0..10 {
            let letter = stage.letter(Body::Text("open me".into()));
            stage.sends_to_some_key(&letter).await;
        }
        tokio::time::sleep(pause).await;
        assert_eq!(sent(&stage) - before, round, "one greeting to bob");
    }
    assert_eq!(stage.heard().await, 0);
    let facts = bob.engine.key_facts(stage.line.alice.id()).await.unwrap();
    assert!(!facts.changed, "it is the same key");
}
