//! Nodes that gossip does not know: their channels are not announced. They can be answered all the same, over the channels
//! that their letters name.

use std::time::Duration;

use crate::people::stranger::{keysend, letter, sealed};
use crate::people::{Person, eventually, sat};
use domain::{
    ConversationId, DeliveryState, Expectation, Failure, HINTS_KEPT, HoldState, MessageId,
    MessageKey, Msat, NodeId, RouteHint, Trust,
};
use lnd::Lightning;
use lnd::sim::{SimNetwork, SimNode};
use protocol::Body;

/// alice – bob – carol, where nobody but bob knows of alice's channel.
struct Hideout {
    network: SimNetwork,
    alice: SimNode,
    bob: SimNode,
    carol: SimNode,
}

fn hideout() -> Hideout {
    let network = SimNetwork::new(7);
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| network.node(name));
    network.private_channel(&alice, sat(1_000_000), &bob, sat(1_000_000));
    network.channel(&bob, sat(1_000_000), &carol, sat(1_000_000));
    for node in [&alice, &bob, &carol] {
        node.set_onion(false);
    }
    Hideout {
        network,
        alice,
        bob,
        carol,
    }
}

async fn hints(person: &Person, of: &SimNode) -> Vec<RouteHint> {
    let node = of.id();
    person.store.read(move |db| db.hints(node)).await.unwrap()
}

/// Words from alice's node, written by hand, whose channels are these.
async fn tells(there: &Hideout, seed: u8, hints: Vec<RouteHint>) {
    let words = Body::Text(format!("letter {seed}"));
    writes(there, seed, words, hints).await;
}

/// The same with any body.
async fn writes(there: &Hideout, seed: u8, body: Body, hints: Vec<RouteHint>) {
    let mut words = letter(seed, Expectation::Return, body);
    words.hints = hints;
    let to = there.carol.id();
    let records = sealed(&there.alice, to, seed, &words).await;
    keysend(&there.alice, to, Msat::SAT, seed, records).await;
}

/// Waits until this is the reason why a message has not arrived.
async fn fails(person: &Person, key: MessageKey, why: Failure) {
    eventually("the reason is told", async || {
        let delivery = person.row(key).await.delivery?;
        (delivery.failure == Some(why)).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_hides_is_answered_over_the_channel_that_they_name() {
    let there = hideout();
    let alice = Person::open(&there.network, &there.alice).await;
    let carol = Person::open(&there.network, &there.carol).await;
    alice.has_a_card().await;
    carol.has_a_card().await;
    let to_carol = alice.befriend(&there.carol, None).await;
    alice.say(to_carol, "I am behind bob").await;
    carol.expect_message(&there.alice, "I am behind bob").await;
    let node = there.alice.id();
    let talk = carol.store.read(move |db| db.conversation_of(node)).await;
    let to_alice = talk.unwrap().unwrap();
    let answer = carol.say(to_alice, "found you").await;
    alice.expect_message(&there.carol, "found you").await;
    carol.expect_delivery(answer, DeliveryState::Settled).await;
    // And money, with a price that is shown before.
    let gift = carol.pay(to_alice, "for the rent", sat(5_000)).await;
    alice.expect_message(&there.carol, "for the rent").await;
    let paid = carol.expect_delivery(gift, DeliveryState::Settled).await;
    assert_eq!((paid.paid, paid.hops), (Some(sat(5_000)), Some(2)));

    // What the channel asks for changes: the next letter tells.
    there.bob.set_fees(Msat::new(3_000), 7);
    tokio::time::sleep(Duration::from_secs(1_200)).await;
    alice.say(to_carol, "bob is dearer now").await;
    carol
        .expect_message(&there.alice, "bob is dearer now")
        .await;
    let told = hints(&carol, &there.alice).await;
    assert_eq!((told[0].base_fee, told[0].fee_ppm), (Msat::new(3_000), 7));
    // carol's node is public: she names no channels.
    assert_eq!(hints(&alice, &there.carol).await, []);
}

#[tokio::test(start_paused = true)]
async fn whoever_hides_and_names_no_channel_cannot_be_answered_and_the_reason_is_told() {
    let there = hideout();
    let carol = Person::open(&there.network, &there.carol).await;
    let to_alice = carol.befriend(&there.alice, None).await;
    let words = letter(1, Expectation::Return, Body::Text("an old program".into()));
    let records = sealed(&there.alice, there.carol.id(), 1, &words).await;
    keysend(&there.alice, there.carol.id(), Msat::SAT, 1, records).await;
    carol.expect_message(&there.alice, "an old program").await;
    let answer = carol.say(to_alice, "where are you?").await;
    fails(&carol, answer, Failure::Hidden).await;
}

#[tokio::test(start_paused = true)]
async fn a_letter_without_words_that_names_a_channel_ends_the_wait() {
    let there = hideout();
    let carol = Person::open(&there.network, &there.carol).await;
    let to_alice = carol.befriend(&there.alice, None).await;
    let answer = carol.say(to_alice, "where are you?").await;
    fails(&carol, answer, Failure::Hidden).await;
    tokio::time::sleep(Duration::from_secs(6 * 60 * 60)).await;
    let next_try = carol.row(answer).await.delivery.unwrap().next_try.unwrap();
    let receipt = Body::Receipt {
        delivered: vec![MessageId([9; 16])],
        read: Vec::new(),
    };
    let real = there.alice.own_hints().await.unwrap();
    writes(&there, 1, receipt, real).await;
    carol.expect_delivery(answer, DeliveryState::Settled).await;
    assert!(there.network.now() < next_try, "it waited for its next try");
}

/// alice's program, which knows carol; carol has never heard of alice.
async fn newcomer(there: &Hideout) -> (Person, ConversationId) {
    let alice = Person::open(&there.network, &there.alice).await;
    alice.has_a_card().await;
    let to_carol = alice.befriend(&there.carol, None).await;
    (alice, to_carol)
}

#[tokio::test(start_paused = true)]
async fn what_a_stranger_names_moves_no_money_before_they_are_let_in() {
    let there = hideout();
    let carol = Person::open(&there.network, &there.carol).await;
    let (alice, to_carol) = newcomer(&there).await;
    alice.pay(to_carol, "take this", sat(5_000)).await;
    let got = carol.expect_message(&there.alice, "take this").await;
    let key = got.message.key;
    carol.expect_hold(key, HoldState::Settled).await;
    let node = there.alice.id();
    let contact = carol.store.read(move |db| db.contact(node)).await.unwrap();
    assert_eq!(contact.unwrap().trust, Trust::Request);
    let told = hints(&carol, &there.alice).await;
    assert_eq!(told.len(), 1, "kept for an answer");

    let back = carol.engine.pay_back(key, None).await.unwrap();
    fails(&carol, back, Failure::Hidden).await;
    carol.expect_delivery(back, DeliveryState::Failed).await;
    assert_eq!(carol.balance().await, sat(1_005_000), "all of it is here");

    let letting_in = carol
        .store
        .write(move |tx| tx.set_trust(node, Trust::Known));
    assert!(letting_in.await.unwrap());
    carol.engine.retry(back).await.unwrap();
    let paid = carol.expect_delivery(back, DeliveryState::Settled).await;
    assert_eq!((paid.paid, paid.hops), (Some(sat(5_000)), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_answered_is_let_in_with_the_channel_that_they_named() {
    let there = hideout();
    let carol = Person::open(&there.network, &there.carol).await;
    let (alice, to_carol) = newcomer(&there).await;
    alice.say(to_carol, "you do not know me").await;
    carol
        .expect_message(&there.alice, "you do not know me")
        .await;
    let node = there.alice.id();
    let talk = carol.store.read(move |db| db.conversation_of(node)).await;
    let answer = carol.say(talk.unwrap().unwrap(), "who are you?").await;
    alice.expect_message(&there.carol, "who are you?").await;
    carol.expect_delivery(answer, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn channels_that_cost_too_much_or_cannot_be_cost_nothing() {
    let there = hideout();
    let carol = Person::open(&there.network, &there.carol).await;
    let to_alice = carol.befriend(&there.alice, None).await;
    let real = there.alice.own_hints().await.unwrap()[0];
    let of = |via: NodeId, channel| RouteHint {
        via,
        channel,
        ..real
    };
    let dear = RouteHint {
        base_fee: Msat::new(u32::MAX.into()),
        fee_ppm: u32::MAX,
        ..real
    };
    let carol_herself = of(there.carol.id(), real.channel);
    let alice_herself = of(there.alice.id(), real.channel);
    let bob = there.bob.id();
    for (seed, told, kept) in [
        (1, vec![carol_herself, alice_herself], 0),
        (
            2,
            (1..=1_000)
                .map(|channel| of(bob, channel))
                .take(12)
                .collect(),
            0,
        ),
        (3, vec![of(bob, 0)], 0),
        (4, vec![of(bob, 1), of(bob, 2), of(bob, 3)], HINTS_KEPT),
        (5, vec![dear, dear], 2),
    ] {
        tells(&there, seed, told).await;
        carol
            .expect_message(&there.alice, &format!("letter {seed}"))
            .await;
        assert_eq!(
            hints(&carol, &there.alice).await.len(),
            kept,
            "letter {seed}"
        );
    }
    let before = carol.balance().await;
    let answer = carol.say(to_alice, "too dear").await;
    fails(&carol, answer, Failure::NoRoute).await;
    assert_eq!(carol.balance().await, before);
    // The true one mends it, twice told or not.
    tells(&there, 6, vec![real, real]).await;
    carol.expect_delivery(answer, DeliveryState::Settled).await;
}
