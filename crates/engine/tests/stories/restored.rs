//! What one side lacks is noticed and comes again, for free: receipts that nobody heard, letters that went with an older
//! database, letters that were refused before their writer was let in.

use std::time::Duration;

use domain::{DeliveryState, MessageKey, Trust};
use heliograph_engine::Amend;

use crate::people::{HOLD, Line, Person, acquainted, eventually, talking_line};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The other side has said that it has it.
async fn confirmed(person: &Person, key: MessageKey) {
    eventually("it is confirmed", async || {
        person.row(key).await.delivery?.delivered_at
    })
    .await;
}

/// What the other side has written, in the order of the window.
async fn heard(person: &Person, from: &lnd::sim::SimNode) -> Vec<String> {
    let rows = person.talk(from).await.into_iter();
    let theirs = rows.filter(|row| row.delivery.is_none());
    theirs.map(|row| row.message.text).collect()
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_fell_into_the_senders_pause_is_made_up_for() {
    let line = talking_line();
    let (mut alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;
    let key = alice.say(to_carol, "are you there?").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    alice.close().await;
    // carol's app finds it on her node, and its receipt finds nobody.
    carol.reopen();
    carol.expect_message(&line.alice, "are you there?").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    alice.reopen();
    let before = alice.balance().await;

    confirmed(&alice, key).await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    tokio::time::sleep(DAY).await;
    assert_eq!(alice.balance().await, before, "nothing was paid for it");
    assert_eq!(carol.talk(&line.alice).await.len(), 2, "it is there once");
}

#[tokio::test(start_paused = true)]
async fn letters_that_went_with_an_older_database_come_again() {
    let line = talking_line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;
    let copy = carol.copied();
    carol.reopen();
    carol.listens().await;
    let mut lost = Vec::new();
    for text in ["one", "two", "three"] {
        let key = alice.say(to_carol, text).await;
        confirmed(&alice, key).await;
        lost.push(key);
    }
    alice
        .engine
        .amend(lost[1], Amend::Edit("two!".into()))
        .await
        .unwrap();
    carol.expect_message(&line.alice, "two!").await;
    carol.close().await;
    carol.puts_back(&copy);
    carol.reopen();
    assert_eq!(heard(&carol, &line.alice).await, Vec::<String>::new());
    let before = alice.balance().await;

    let key = alice.say(to_carol, "four").await;
    confirmed(&alice, key).await;
    for text in ["one", "two!", "three"] {
        carol.expect_message(&line.alice, text).await;
    }
    tokio::time::sleep(2 * DAY).await;
    let mut all = heard(&carol, &line.alice).await;
    all.sort();
    assert_eq!(all, ["four", "one", "three", "two!"], "each once");
    let node = line.alice.id();
    let missing = carol.store.read(move |db| db.missing(node)).await.unwrap();
    assert_eq!(missing, []);
    assert_eq!(alice.balance().await, before, "nothing was paid for it");
    assert_eq!(
        alice.row(lost[0]).await.delivery.unwrap().state,
        DeliveryState::Delivered
    );
}

#[tokio::test(start_paused = true)]
async fn numbers_are_not_used_again_after_an_older_database_came_back() {
    let line = talking_line();
    let (mut alice, to_carol, carol, _) = acquainted(&line).await;
    let key = alice.say(to_carol, "at five").await;
    confirmed(&alice, key).await;
    let got = carol
        .expect_message(&line.alice, "at five")
        .await
        .message
        .key;
    alice.close().await;
    let copy = alice.copied();
    alice.reopen();
    for text in ["at six", "at seven"] {
        alice
            .engine
            .amend(key, Amend::Edit(text.into()))
            .await
            .unwrap();
        carol.expect_message(&line.alice, text).await;
    }
    alice.close().await;
    alice.puts_back(&copy);
    alice.reopen();
    assert_eq!(alice.row(key).await.message.text, "at five");

    alice
        .engine
        .amend(key, Amend::Edit("at eight".into()))
        .await
        .unwrap();
    eventually("both see the same", async || {
        (carol.row(got).await.message.text == "at eight").then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_before_somebody_was_let_in_comes_then() {
    let line: Line = talking_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    for person in [&alice, &carol] {
        person.has_a_card().await;
    }
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let mut keys = Vec::new();
    for number in 0..24 {
        let key = carol.say(to_alice, &format!("letter {number}")).await;
        carol.expect_delivery(key, DeliveryState::Returned).await;
        keys.push(key);
    }
    assert!(
        alice.talk(&line.carol).await.len() <= 20,
        "there is no more room"
    );
    let before = carol.balance().await;

    alice
        .engine
        .set_trust(line.carol.id(), Trust::Known)
        .await
        .unwrap();
    alice.expect_message(&line.carol, "letter 23").await;
    for key in keys.iter().skip(20) {
        confirmed(&carol, *key).await;
    }
    assert_eq!(alice.talk(&line.carol).await.len(), 24);
    assert_eq!(carol.balance().await, before, "nothing was paid for it");
}
