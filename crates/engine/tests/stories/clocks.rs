//! Clocks that are wrong: by minutes, hours, days and years, ahead and behind, and set while the app runs.

use std::sync::Arc;
use std::time::Duration;

use domain::{Condition, DeliveryState, HoldState};
use lnd::{Lightning, LightningError};

use crate::people::gate::{Gate, Gated};
use crate::people::{HOLD, Line, Person, acquainted, eventually, sat, talking_line};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The app is started again on a computer whose clock shows this.
async fn with_clock(person: &mut Person, ahead: i64) {
    person.close().await;
    person.turn_clock(ahead);
    person.reopen();
}

fn skew(person: &Person) -> Option<i64> {
    let health = person.engine.health();
    let all = health.borrow();
    all.iter().find_map(|condition| match condition {
        Condition::ClockOff { skew_ms, .. } => Some(*skew_ms),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_told_and_no_longer_when_it_is_set() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    for ahead in [2 * MINUTE, -HOUR, DAY, -3 * YEAR] {
        with_clock(&mut alice, ahead).await;
        let told = eventually("the clock is said to be off", async || skew(&alice)).await;
        assert!((told - ahead).abs() < 3_000, "{told} {ahead}");
    }
    with_clock(&mut alice, 2_000).await;
    alice.has_a_card().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(skew(&alice), None);
}

#[tokio::test(start_paused = true)]
async fn with_a_clock_ahead_by_the_hold_time_payments_wait_for_their_person_all_the_same() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    for ahead in [20 * MINUTE, DAY, YEAR] {
        with_clock(&mut alice, ahead).await;
        let text = format!("ahead {ahead}");
        let sent = carol.pay(talk, &text, sat(5_000)).await;
        let key = alice.expect_message(&line.carol, &text).await.message.key;
        tokio::time::sleep(Duration::from_secs(60)).await;
        alice.expect_hold(key, HoldState::Held).await;
        alice.engine.accept(key).await.unwrap();
        carol.expect_delivery(sent, DeliveryState::Settled).await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_clock_behind_what_nobody_decides_on_is_returned_before_the_node_does_it() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    with_clock(&mut alice, -HOUR).await;
    carol.pay(talk, "in vain", sat(5_000)).await;
    let key = alice
        .expect_message(&line.carol, "in vain")
        .await
        .message
        .key;
    alice.expect_hold(key, HoldState::Held).await;
    tokio::time::sleep(HOLD).await;
    let row = alice.expect_hold(key, HoldState::Returned).await;
    let decision = row.incoming.unwrap().payment.decision;
    assert_eq!(decision, Some(domain::Decision::Deadline));
}

#[tokio::test(start_paused = true)]
async fn a_card_that_is_due_while_the_clock_is_wrong_can_be_read_by_everybody() {
    for ahead in [8 * DAY, 2 * YEAR, -2 * DAY] {
        let line = talking_line();
        let (mut alice, to_carol, mut carol, to_alice) = acquainted(&line).await;
        alice.close().await;
        carol.close().await;
        tokio::time::sleep(Duration::from_secs(31 * 24 * 60 * 60)).await;
        alice.turn_clock(ahead);
        alice.reopen();
        carol.reopen();
        let text = format!("my clock is {ahead} ahead");
        alice.say(to_carol, &text).await;
        carol.expect_message(&line.alice, &text).await;
        carol.say(to_alice, "I can read you").await;
        alice.expect_message(&line.carol, "I can read you").await;
        // Who lives on would live through the next month too.
        alice.close().await;
        carol.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_card_of_an_earlier_version_is_replaced_and_its_key_stays() {
    let line = talking_line();
    let (mut alice, to_carol, carol, _) = acquainted(&line).await;
    let key = alice.engine.seal_key();
    alice.close().await;
    let poisoned = domain::Timestamp(line.network.now().0 + YEAR);
    alice.poison_card(poisoned).await;
    alice.reopen();
    let issued = eventually("the card is of today again", async || {
        let keys = alice.store.read(|db| db.seal_keys()).await.unwrap();
        let own = keys.into_iter().next()?;
        (own.issued <= line.network.now()).then_some(own)
    })
    .await;
    assert!(issued.made_at <= line.network.now());
    assert_eq!(alice.engine.seal_key(), key);
    alice.say(to_carol, "can you read me?").await;
    carol.expect_message(&line.alice, "can you read me?").await;
    assert!(
        !carol
            .engine
            .key_facts(line.alice.id())
            .await
            .unwrap()
            .changed
    );
}

#[tokio::test(start_paused = true)]
async fn a_payer_whose_clock_is_ahead_pays_by_invoice() {
    for ahead in [10 * MINUTE, DAY, -DAY] {
        let line = talking_line();
        let (mut alice, to_carol, carol, _) = acquainted(&line).await;
        with_clock(&mut alice, ahead).await;
        let hello = alice.say(to_carol, "hello again").await;
        alice.expect_delivery(hello, DeliveryState::Delivered).await;
        let sent = alice.pay(to_carol, "for you", sat(5_000)).await;
        let row = carol.expect_message(&line.alice, "for you").await;
        assert_eq!(row.message.carrier, Some(domain::Carrier::Invoice));
        carol.engine.accept(row.message.key).await.unwrap();
        alice.expect_delivery(sent, DeliveryState::Settled).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_gives_up_nothing_that_waits() {
    let line = Line::new();
    let mut carol = Person::open(&line.network, &line.carol).await;
    let alice = Person::open(&line.network, &line.alice).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    line.alice.stop();
    let sent = carol.say(talk, "for when you are back").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    with_clock(&mut carol, 30 * DAY).await;
    tokio::time::sleep(Duration::from_secs(10 * 60)).await;
    let state = carol.row(sent).await.delivery.unwrap().state;
    assert_ne!(state, DeliveryState::Failed);
    line.alice.start();
    alice
        .expect_message(&line.carol, "for when you are back")
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_while_the_app_runs_refuses_nothing() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    for ahead in [DAY, -YEAR, 2 * YEAR] {
        alice.turn_clock(0);
        let text = format!("ahead {ahead}");
        let sent = carol.pay(talk, &text, sat(5_000)).await;
        let key = alice.expect_message(&line.carol, &text).await.message.key;
        alice.turn_clock(ahead);
        eventually("the clock is said to be off by this", async || {
            skew(&alice).filter(|told| (told - ahead).abs() < 3_000)
        })
        .await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        alice.expect_hold(key, HoldState::Held).await;
        alice.engine.accept(key).await.unwrap();
        carol.expect_delivery(sent, DeliveryState::Settled).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_makes_no_work() {
    let line = Line::new();
    let (alice, watch) = Person::open_watched(&line.network, &line.alice).await;
    alice.has_a_card().await;
    let mut hours = Vec::new();
    for ahead in [0, 2 * YEAR, -2 * YEAR] {
        alice.turn_clock(ahead);
        let before = watch.all_calls();
        tokio::time::sleep(Duration::from_secs(60 * 60)).await;
        hours.push(watch.all_calls() - before);
    }
    // The node's clock is read once more, and a card may be renewed.
    assert!(hours.iter().all(|hour| *hour <= hours[0] + 10), "{hours:?}");
}

#[tokio::test(start_paused = true)]
async fn of_all_readings_only_the_last_one_leaves_an_invoice_with_the_node() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let mut before = None;
    for _ in 0..3 {
        let last = eventually("the node's clock is read", async || {
            let noted = alice.store.read(|db| db.setting("clock_invoice")).await;
            noted
                .unwrap()
                .filter(|noted| Some(noted) != before.as_ref())
        })
        .await;
        eventually("only this one is there", async || {
            let there = async |hash: &String| line.alice.invoice(hash.parse().unwrap()).await;
            let gone = match &before {
                Some(before) => there(before).await == Err(LightningError::NotFound),
                None => true,
            };
            (gone && there(&last).await.is_ok()).then_some(())
        })
        .await;
        before = Some(last);
        alice.restart().await;
    }
}

/// Finds out slowly what became of an invoice.
struct SlowLookUps;

impl Gate for SlowLookUps {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == "invoice" {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn an_invoice_given_at_the_start_is_not_over_once_the_time_is_known() {
    let line = talking_line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let hello = alice.say(to_carol, "hello again").await;
    alice.expect_delivery(hello, DeliveryState::Delivered).await;
    carol.close().await;
    carol.turn_clock(-HOUR);
    carol.reopen_over(Arc::new(Gated {
        node: line.carol.clone(),
        gate: SlowLookUps,
    }));
    carol.listens().await;

    let sent = alice.pay(to_carol, "for you", sat(5_000)).await;
    let key = carol
        .expect_message(&line.alice, "for you")
        .await
        .message
        .key;
    tokio::time::sleep(Duration::from_secs(60)).await;
    carol.expect_hold(key, HoldState::Held).await;
    carol.engine.accept(key).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
}
