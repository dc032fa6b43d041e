//! Keys get old and are replaced. Nobody is warned of that, whoever only reads included; and nobody who holds a node can
//! hide behind it.

use std::time::Duration;

use domain::DeliveryState;
use protocol::{Body, SealKey};

use crate::people::mallory::Stage;
use crate::people::{HOLD, Line, Person, acquainted, eventually, talking_line};

const MONTH: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// A month goes by while all apps are closed; alice's key is a new one after that.
async fn a_month_later(alice: &mut Person, others: &mut [&mut Person]) {
    let key = alice.engine.seal_key();
    alice.close().await;
    for other in &mut *others {
        other.close().await;
    }
    tokio::time::sleep(MONTH).await;
    alice.reopen();
    for other in others {
        other.reopen();
    }
    eventually("alice's key is new", async || {
        alice
            .engine
            .seal_key()
            .filter(|now| Some(now) != key.as_ref())
    })
    .await;
}

/// Whether `person` is warned of `of`'s key.
async fn warned(person: &Person, of: &Person) -> bool {
    let facts = person.engine.key_facts(of.node.id()).await.unwrap();
    facts.changed
}

#[tokio::test(start_paused = true)]
async fn who_only_reads_for_months_is_not_warned_of_new_keys() {
    let line = talking_line();
    let (mut alice, to_carol, mut carol, _) = acquainted(&line).await;
    let key = alice.say(to_carol, "hello").await;
    alice.expect_delivery(key, DeliveryState::Delivered).await;

    // From now on nothing that is free gets through, not even a receipt: alice's app hears no more of carol's.
    for node in [&line.alice, &line.bob, &line.carol] {
        node.set_onion(false);
    }
    let mut known = vec![carol.engine.key_facts(line.alice.id()).await.unwrap()];
    for month in ["one", "two"] {
        a_month_later(&mut alice, &mut [&mut carol]).await;
        for letter in ["first", "second"] {
            let text = format!("month {month}, {letter}");
            let key = alice.say(to_carol, &text).await;
            alice.expect_delivery(key, DeliveryState::Settled).await;
            carol.expect_message(&line.alice, &text).await;
        }
        known.push(carol.engine.key_facts(line.alice.id()).await.unwrap());
    }

    assert!(known.iter().all(|facts| !facts.changed));
    let numbers: Vec<_> = known.into_iter().map(|facts| facts.safety_number).collect();
    assert!(
        numbers.windows(2).all(|two| two[0] != two[1]),
        "{numbers:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_has_never_answered_is_not_warned_either() {
    let line = Line::new();
    let (mut alice, to_carol, mut carol, _) = acquainted(&line).await;
    let dave = line.network.node("dave");
    let fund = crate::people::sat(1_000_000);
    line.network.channel(&line.bob, fund, &dave, fund);
    let mut dave = Person::open(&line.network, &dave).await;
    dave.has_a_card().await;
    let to_dave = alice.befriend(&dave.node, None).await;
    let from_dave = dave.befriend(&line.alice, Some(HOLD)).await;
    dave.say(from_dave, "I am dave").await;
    alice.expect_message(&dave.node, "I am dave").await;
    // carol reads it, and her app knows alice's key; of dave's nothing is known.
    let key = alice.say(to_carol, "hello").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    carol.expect_message(&line.alice, "hello").await;

    a_month_later(&mut alice, &mut [&mut carol, &mut dave]).await;
    for text in ["a month later", "and the next day"] {
        alice.say(to_carol, text).await;
        carol.expect_message(&line.alice, text).await;
        assert!(!warned(&carol, &alice).await);
    }

    // The first letter of all comes under the key that its card names.
    alice.say(to_dave, "a late answer").await;
    dave.expect_message(&line.alice, "a late answer").await;
    assert!(!warned(&dave, &alice).await);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_never_accepted_introduces_none_after_the_right_one_was_compared() {
    let mut stage = Stage::new().await;
    let node = stage.mallory().clone();
    let now = stage.line.network.now();
    let later = |seconds| now.plus(Duration::from_secs(seconds));
    let mut key = || SealKey::generate(&mut stage.rng);
    let (right, forged, another) = (key(), key(), key());
    stage.alice.befriend(&node, None).await;
    let facts = async |stage: &Stage| stage.alice.engine.key_facts(node.id()).await.unwrap();

    // Whoever has the node has it vouch for a key of theirs, and has that introduce the right one.
    for (sealed_with, named, seconds, changed) in [
        (&right, &right, 1, false),
        (&forged, &forged, 2, true),
        (&forged, &right, 3, true),
    ] {
        let mut letter = stage.letter(Body::Text(format!("letter {seconds}")));
        letter.card = Some(stage.card_of(&node, named, later(seconds)).await);
        stage.sends_as(sealed_with, &letter).await;
        assert_eq!(facts(&stage).await.changed, changed, "letter {seconds}");
    }
    assert_eq!(stage.heard().await, 3);

    // The number is right. What the forged key says after that is nobody's.
    let number = facts(&stage).await.safety_number.unwrap();
    let engine = stage.alice.engine.clone();
    engine
        .set_compared(node.id(), number.clone(), true)
        .await
        .unwrap();
    let mut letter = stage.letter(Body::Text("a new key of mine".into()));
    letter.card = Some(stage.card_of(&node, &another, later(4)).await);
    stage.sends_as(&forged, &letter).await;

    assert_eq!(stage.heard().await, 3);
    let after = facts(&stage).await;
    assert!(after.compared && !after.changed);
    assert_eq!(after.safety_number, Some(number));
}
