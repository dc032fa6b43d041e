//! alice and carol write at length: in as many parts as the carrier needs, for free or by payments.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::people::gate::Gate;
use crate::people::killer::{Killer, Moment};
use crate::people::{HOLD, Line, Person, acquainted, eventually, sat, talking_line};
use domain::{
    Attempt, AttemptState, Carrier, ConversationId, DeliveryState, Failure, MessageKey, Msat,
    PARTS_KEPT, Way,
};
use heliograph_engine::{EngineError, Outgoing};
use lnd::{Lightning, LightningError};

/// Chinese that does not repeat itself, of so many bytes.
fn chinese(bytes: usize) -> String {
    let mut state = 7_u32;
    let mut text = String::new();
    while text.len() + 3 <= bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push(char::from_u32(0x4e00 + (state >> 16) % 20_000).unwrap());
    }
    while text.len() < bytes {
        text.push('.');
    }
    text
}

fn words(conversation: ConversationId, text: &str) -> Outgoing {
    Outgoing {
        conversation,
        text: text.into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    }
}

async fn attempts(person: &Person, key: MessageKey) -> Vec<Attempt> {
    let read = person.store.read(move |db| db.attempts_of(key));
    read.await.unwrap()
}

/// How often each part was tried.
fn tries(attempts: &[Attempt]) -> BTreeMap<u32, usize> {
    let mut tries = BTreeMap::new();
    for part in attempts.iter().filter_map(|attempt| attempt.part) {
        *tries.entry(part.index).or_default() += 1;
    }
    tries
}

/// Nothing of a letter waits for the rest.
async fn nothing_waits(person: &Person, from: &lnd::sim::SimNode) {
    let node = from.id();
    let read = person.store.read(move |db| db.unfinished_of(node));
    assert_eq!(read.await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn the_longest_text_goes_by_onion_in_several_letters_for_nothing() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let before = alice.balance().await;
    let text = chinese(65_536);

    let free = Outgoing {
        way: Way::FreeOnly,
        ..words(to_carol, &text)
    };
    let quote = alice.engine.quote(free).await.unwrap();
    let key = alice.say(to_carol, &text).await;

    let row = alice.expect_delivery(key, DeliveryState::Delivered).await;
    assert_eq!((row.carrier, row.hops), (Some(Carrier::Onion), Some(2)));
    assert!(quote.parts > 1 && !quote.payable, "{quote:?}");
    assert_eq!(quote.bytes_left, 0);
    let got = carol.expect_message(&line.alice, &text).await;
    assert_eq!(got.carrier, Some(Carrier::Onion));
    assert_eq!(attempts(&alice, key).await.len(), 1, "one try in all");
    assert_eq!(alice.balance().await, before);
    assert_eq!(carol.totals().await.messages_received, 1);
    nothing_waits(&carol, &line.alice).await;

    let longer = alice.engine.send(words(to_carol, &chinese(65_537))).await;
    assert!(matches!(longer, Err(EngineError::TooLong { over: 1 })));
}

#[tokio::test(start_paused = true)]
async fn between_connected_nodes_it_takes_the_connection() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let bob = Person::open(&line.network, &line.bob).await;
    alice.has_a_card().await;
    bob.has_a_card().await;
    let to_bob = alice.befriend(&line.bob, None).await;
    let to_alice = bob.befriend(&line.alice, Some(HOLD)).await;
    let first = bob.say(to_alice, "neighbour?").await;
    alice.expect_message(&line.bob, "neighbour?").await;
    bob.expect_delivery(first, DeliveryState::Returned).await;
    // ASCII without a pattern: it does not pack well.
    let text: String = chinese(65_536 * 3)
        .chars()
        .map(|sign| char::from(33 + u8::try_from(u32::from(sign) % 90).unwrap()))
        .take(65_536)
        .collect();

    let key = alice.say(to_bob, &text).await;

    let row = alice.expect_delivery(key, DeliveryState::Delivered).await;
    assert_eq!(row.carrier, Some(Carrier::Peer));
    bob.expect_message(&line.alice, &text).await;
    nothing_waits(&bob, &line.alice).await;
}

#[tokio::test(start_paused = true)]
async fn lost_and_doubled_pieces_make_one_message() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    line.network.lose_onions(5);
    line.network.double_onions(true);
    let text = chinese(65_000);

    let keys = [
        alice.say(to_carol, &text).await,
        alice.say(to_carol, "and then").await,
    ];

    for key in keys {
        eventually("it arrived", async || {
            let state = alice.row(key).await.delivery.unwrap().state;
            matches!(state, DeliveryState::Delivered | DeliveryState::Settled).then_some(())
        })
        .await;
    }
    let talk = carol.talk(&line.alice).await;
    let copies = talk.iter().filter(|row| row.message.text == text);
    assert_eq!(copies.count(), 1);
    nothing_waits(&carol, &line.alice).await;
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_paid_for_cost_what_the_estimate_says() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    let text = chinese(6_000);

    let quote = alice.engine.quote(words(to_carol, &text)).await.unwrap();
    let key = alice.say(to_carol, &text).await;
    let row = alice.expect_delivery(key, DeliveryState::Settled).await;

    carol.expect_message(&line.alice, &text).await;
    let made = attempts(&alice, key).await;
    assert!(quote.parts > 5, "{quote:?}");
    assert_eq!(u32::try_from(made.len()).unwrap(), quote.parts);
    let large = |attempt: &Attempt| attempt.records.iter().any(|(_, bytes)| bytes.len() > 692);
    assert!(!made.iter().any(large), "any usual route has room for them");
    assert_eq!(row.paid, Some(quote.fee.amount));
    assert_eq!(row.fee, quote.fee.fee);
    let most = Msat::checked_sum(made.iter().map(|attempt| attempt.fee_limit));
    assert!(most.unwrap() <= quote.fee.fee_limit);
    let spent = before.checked_sub(alice.balance().await);
    assert_eq!(spent, quote.fee.amount.checked_add(quote.fee.fee));
    let (ours, theirs) = (alice.totals().await, carol.totals().await);
    assert_eq!(
        (ours.postage_sent, ours.fees),
        (quote.fee.amount, quote.fee.fee)
    );
    assert_eq!((ours.messages_sent, theirs.messages_received), (1, 1));
    assert_eq!(theirs.postage_received, quote.fee.amount);
    let cut = alice.store.read(move |db| db.cut(key)).await.unwrap();
    assert_eq!(cut, None, "nothing of it is sent again");
    nothing_waits(&carol, &line.alice).await;
}

#[tokio::test(start_paused = true)]
async fn what_packs_well_needs_one_payment() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let text = "from hill to hill, ".repeat(3_000);

    let quote = alice.engine.quote(words(to_carol, &text)).await.unwrap();
    let key = alice.say(to_carol, &text).await;

    let row = alice.expect_delivery(key, DeliveryState::Settled).await;
    carol.expect_message(&line.alice, &text).await;
    assert_eq!((quote.parts, row.paid), (1, Some(Msat::SAT)));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_holds_gives_the_postage_of_all_parts_back() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.befriend(&line.carol, None).await;
    let before = carol.balance().await;
    let text = chinese(9_000);

    let key = carol.say(to_alice, &text).await;

    let row = carol.expect_delivery(key, DeliveryState::Returned).await;
    alice.expect_message(&line.carol, &text).await;
    assert_eq!((row.paid, row.fee), (None, Msat::ZERO));
    assert_eq!(carol.balance().await, before);
    assert_eq!(
        carol.totals().await.messages_sent,
        0,
        "nobody has confirmed it"
    );
}

/// Refuses one payment.
struct Faulty {
    sends: AtomicUsize,
    refused: usize,
    error: LightningError,
}

impl Gate for Faulty {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == "send" && self.sends.fetch_add(1, Ordering::SeqCst) == self.refused {
            return Err(match self.error {
                LightningError::NoRoute => LightningError::NoRoute,
                _ => LightningError::Node("no".into()),
            });
        }
        work.await
    }
}

async fn with_one_failure(error: LightningError) -> (Line, Person, Person, MessageKey, String) {
    let line = Line::new();
    let carol = Person::open(&line.network, &line.carol).await;
    let gate = Faulty {
        sends: AtomicUsize::new(0),
        refused: 3,
        error,
    };
    let alice = Person::open_behind(&line.network, &line.alice, gate).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let text = chinese(6_000);
    let key = alice.say(to_carol, &text).await;
    (line, alice, carol, key, text)
}

/// Each part was tried once, but this one twice.
fn only_one_was_tried_again(made: &[Attempt], failure: Failure) {
    let failed: Vec<_> = made
        .iter()
        .filter(|attempt| attempt.state == AttemptState::Failed)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].failure, Some(failure));
    let part = failed[0].part.unwrap();
    for (index, count) in tries(made) {
        assert_eq!(count, if index == part.index { 2 } else { 1 }, "{index}");
    }
    let paid = made
        .iter()
        .filter(|attempt| attempt.state == AttemptState::Settled);
    assert_eq!(u32::try_from(paid.count()).unwrap(), part.count);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_finds_no_way_is_tried_again_alone() {
    let (line, alice, carol, key, text) = with_one_failure(LightningError::NoRoute).await;

    let row = alice.expect_delivery(key, DeliveryState::Settled).await;

    carol.expect_message(&line.alice, &text).await;
    let made = attempts(&alice, key).await;
    only_one_was_tried_again(&made, Failure::NoRoute);
    let count = made[0].part.unwrap().count;
    assert_eq!(row.paid, sat(1).checked_mul(count));
    assert_eq!(alice.totals().await.messages_sent, 1);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_failed_for_good_waits_for_the_user_and_goes_alone() {
    let (line, alice, carol, key, text) =
        with_one_failure(LightningError::Node(String::new())).await;
    alice.expect_delivery(key, DeliveryState::Failed).await;
    assert!(
        carol.talk(&line.alice).await.is_empty(),
        "a part is no message"
    );

    alice.engine.retry(key).await.unwrap();

    alice.expect_delivery(key, DeliveryState::Settled).await;
    carol.expect_message(&line.alice, &text).await;
    only_one_was_tried_again(&attempts(&alice, key).await, Failure::Rejected);
}

/// alice has seen carol two channels away, and writes a text that one payment carries so far. But bob has become dear, and
/// the next way leads over so many others.
async fn a_longer_way(between: usize) -> (Line, Person, Person, MessageKey, String) {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let mut last = line.alice.clone();
    for number in 0..between {
        let next = line.network.node(&format!("node {number}"));
        next.set_fees(Msat::new(100), 0);
        line.network
            .channel(&last, sat(100_000), &next, sat(100_000));
        last = next;
    }
    line.network
        .channel(&last, sat(100_000), &line.carol, sat(100_000));
    line.bob.set_fees(Msat::new(10), 0);
    let to_carol = alice.befriend(&line.carol, None).await;
    let text = chinese(700);
    let quote = alice.engine.quote(words(to_carol, &text)).await.unwrap();
    assert_eq!((quote.hops, quote.parts), (2, 1));

    line.bob.set_fees(sat(1_000), 0);
    let key = alice.say(to_carol, &text).await;
    (line, alice, carol, key, text)
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_for_a_longer_way_goes_in_parts_by_itself() {
    let (line, alice, carol, key, text) = a_longer_way(5).await;

    alice.expect_delivery(key, DeliveryState::Settled).await;

    carol.expect_message(&line.alice, &text).await;
    let made = attempts(&alice, key).await;
    assert_eq!(made[0].failure, Some(Failure::TooLarge));
    assert!(made[1..].iter().all(|attempt| attempt.part.is_some()));
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_long_in_parts_as_well_does_not_arrive() {
    let (_line, alice, _carol, key, _) = a_longer_way(13).await;

    let row = alice.expect_delivery(key, DeliveryState::Failed).await;

    assert_eq!(row.delivery.unwrap().failure, Some(Failure::TooLarge));
    let made = attempts(&alice, key).await;
    assert!(made[0].part.is_none() && made[1..].iter().all(|one| one.part.is_some()));
    assert!(tries(&made).values().all(|count| *count == 1));
}

#[tokio::test(start_paused = true)]
async fn what_arrived_a_week_ago_is_sent_again_with_the_rest() {
    let (line, alice, carol, key, text) =
        with_one_failure(LightningError::Node(String::new())).await;
    alice.expect_delivery(key, DeliveryState::Failed).await;
    tokio::time::sleep(PARTS_KEPT + Duration::from_secs(24 * 60 * 60)).await;

    alice.engine.retry(key).await.unwrap();

    alice.expect_delivery(key, DeliveryState::Settled).await;
    carol.expect_message(&line.alice, &text).await;
    assert!(
        tries(&attempts(&alice, key).await)
            .values()
            .all(|count| *count == 2)
    );
    nothing_waits(&carol, &line.alice).await;
}

#[tokio::test(start_paused = true)]
async fn many_long_texts_that_leave_at_once_all_arrive_at_an_app_that_slept() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let mut carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    carol.befriend(&line.alice, Some(HOLD)).await;
    carol.close().await;
    line.alice.stop();
    let texts: Vec<_> = (10..30)
        .map(|number| format!("{number}{}", chinese(7_000)))
        .collect();
    let mut keys = Vec::new();
    for text in &texts {
        keys.push(alice.say(to_carol, text).await);
    }

    line.alice.start();
    for key in keys {
        alice.expect_delivery(key, DeliveryState::Settled).await;
    }
    carol.reopen();

    for text in &texts {
        carol.expect_message(&line.alice, text).await;
    }
    nothing_waits(&carol, &line.alice).await;
}

#[tokio::test(start_paused = true)]
async fn the_senders_app_dies_in_the_middle() {
    for fatal in [10, 14, 18, 23, 29, 36, 44, 53] {
        for moment in [Moment::Before, Moment::After] {
            let line = Line::new();
            let carol = Person::open(&line.network, &line.carol).await;
            let killer = Arc::new(Killer::new(line.alice.clone(), fatal, moment));
            let died = killer.gate.died.clone();
            let mut alice = Person::open_over(&line.network, &line.alice, killer);
            let to_carol = alice.befriend(&line.carol, None).await;
            let before = line.alice.balance().await.unwrap().local;
            let text = chinese(6_000);
            let key = alice.say(to_carol, &text).await;
            tokio::select! {
                biased;
                () = died.notified() => {}
                _ = alice.expect_delivery(key, DeliveryState::Settled) => {}
            }
            alice.restart().await;

            let row = alice.expect_delivery(key, DeliveryState::Settled).await;
            carol.expect_message(&line.alice, &text).await;
            let step = format!("step {fatal} {moment:?}");
            assert_eq!(carol.talk(&line.alice).await.len(), 1, "{step}");
            let made = attempts(&alice, key).await;
            // What the node does not know after that goes once more, under another hash.
            assert!(tries(&made).values().all(|count| *count <= 2), "{step}");
            let cost = row.paid.unwrap().checked_add(row.fee).unwrap();
            let spent = before.checked_sub(alice.balance().await);
            assert_eq!(spent, Some(cost), "{step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_recipients_app_dies_in_the_middle() {
    for fatal in [31, 37, 44, 52, 61, 71, 82] {
        for moment in [Moment::Before, Moment::After] {
            let line = Line::new();
            let carol = Person::open(&line.network, &line.carol).await;
            let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
            let killer = Arc::new(Killer::new(line.alice.clone(), fatal, moment));
            let died = killer.gate.died.clone();
            let mut alice = Person::open_over(&line.network, &line.alice, killer);
            alice.befriend(&line.carol, None).await;
            tokio::select! {
                biased;
                () = died.notified() => panic!("too early: {fatal}"),
                () = alice.listens() => {}
            }
            let before = carol.balance().await;
            let text = chinese(6_000);
            let key = carol.say(to_alice, &text).await;
            tokio::select! {
                biased;
                () = died.notified() => {}
                _ = carol.expect_delivery(key, DeliveryState::Returned) => {}
            }
            alice.restart().await;

            carol.expect_delivery(key, DeliveryState::Returned).await;
            alice.expect_message(&line.carol, &text).await;
            let step = format!("step {fatal} {moment:?}");
            assert_eq!(alice.talk(&line.carol).await.len(), 1, "{step}");
            assert_eq!(carol.balance().await, before, "{step}");
            nothing_waits(&alice, &line.carol).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_that_sleeps_gets_the_parts_by_payments_and_joins_them_later() {
    let line = talking_line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;
    let text = chinese(6_000);

    let key = alice.say(to_carol, &text).await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    carol.reopen();

    carol.expect_message(&line.alice, &text).await;
    eventually("her app says that it has it", async || {
        alice.row(key).await.delivery.unwrap().delivered_at
    })
    .await;
    let made = attempts(&alice, key).await;
    assert_eq!(made[0].carrier, Carrier::Onion);
    assert!(made[1..].iter().all(|attempt| attempt.part.is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_note_stays_with_its_payment_and_other_programs_get_no_parts() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let note = Outgoing {
        payment: sat(5),
        ..words(to_carol, &chinese(3_000))
    };
    let refused = alice.engine.send(note).await;
    assert!(matches!(refused, Err(EngineError::TooLong { .. })));

    let node = line.carol.id();
    alice
        .store
        .write(move |tx| tx.set_program(node, domain::Program::Other))
        .await
        .unwrap();
    let refused = alice.engine.send(words(to_carol, &chinese(3_000))).await;
    assert!(matches!(refused, Err(EngineError::TooLong { .. })));
}
