//! Everything that came is seen, can be paid back once, and stands in the books.

use std::sync::Arc;
use std::time::Duration;

use crate::people::gate::{Gate, Gated};
use crate::people::mallory::Stage;
use crate::people::stranger::{keysend, letter, sealed, text};
use crate::people::{HOLD, Line, Person, eventually, sat};
use domain::{
    Authorship, DeliveryState, Expectation, HoldState, MessageKey, MessageKind, Msat, Timestamp,
};
use heliograph_engine::EngineError;
use lnd::sim::SimNode;
use lnd::{Lightning, PaymentUpdate, Records};
use protocol::{Body, record, whatsat};
use store::{MessageRow, Totals};

/// alice's node settles on arrival.
fn stock_line() -> Line {
    let line = Line::new();
    line.alice.set_hold(Duration::ZERO);
    line
}

/// The payments that somebody sees in a conversation, oldest first.
async fn payments(person: &Person, with: &SimNode) -> Vec<MessageRow> {
    let talk = person.talk(with).await;
    let is_payment = |row: &MessageRow| !row.message.payment.is_zero();
    talk.into_iter().filter(is_payment).collect()
}

/// Waits until so many payments are seen.
async fn expect_payments(person: &Person, with: &SimNode, count: usize) -> Vec<MessageRow> {
    eventually(&format!("{count} payments are seen"), async || {
        let found = payments(person, with).await;
        (found.len() == count).then_some(found)
    })
    .await
}

/// Every booking belongs to somebody who has a conversation, and the sums of them all are the sum in all.
async fn books_agree(person: &Person) {
    let (all, each) = person
        .store
        .read(|db| {
            let mut each = Vec::new();
            for (node, totals) in db.totals_by_contact()? {
                if db.conversation_of(node)?.is_some() {
                    each.push(totals);
                }
            }
            Ok((db.totals(None)?, each))
        })
        .await
        .unwrap();
    let sum = |of: fn(&Totals) -> Msat| Msat::checked_sum(each.iter().map(of)).unwrap();
    for of in [
        |totals: &Totals| totals.received,
        |totals: &Totals| totals.postage_received,
        |totals: &Totals| totals.refunds_received,
        |totals: &Totals| totals.returned_by_us,
    ] {
        assert_eq!(sum(of), of(&all), "{each:?}");
    }
}

/// What the ledger says came, and what the node says came.
async fn agrees_with_the_node(person: &Person) {
    let came = |deed: &&lnd::sim::Deed| deed.settled && deed.to == person.node.id();
    let truth = person.network().deeds();
    let truth = Msat::checked_sum(truth.iter().filter(came).map(|deed| deed.amount)).unwrap();
    let booked = eventually("the books are as the node's", async || {
        let totals = person.totals().await;
        let parts = [
            totals.received,
            totals.postage_received,
            totals.refunds_received,
        ];
        let booked = Msat::checked_sum(parts).unwrap();
        (booked == truth).then_some(booked)
    })
    .await;
    assert_eq!(booked, truth);
    books_agree(person).await;
}

/// Paid back, once.
async fn pays_back_once(person: &Person, key: MessageKey) {
    let carrier = person.engine.pay_back(key, None).await.unwrap();
    eventually("the pay-back has settled", async || {
        let refund = person.row(key).await.refund?;
        (refund.done && refund.message == carrier).then_some(())
    })
    .await;
    let again = person.engine.pay_back(key, None).await;
    assert!(
        matches!(again, Err(EngineError::AlreadyRefunded)),
        "{again:?}"
    );
}

async fn signed(from: &SimNode, to: &SimNode, words: &str) -> Records {
    let time = whatsat::time_bytes(Timestamp(1_790_000_000_000));
    let bytes = whatsat::signed_bytes(from.id(), to.id(), &time, words);
    let signature = from.sign(bytes).await.unwrap();
    whatsat::records(from.id(), &time, words, &signature)
}

#[tokio::test(start_paused = true)]
async fn money_without_a_word_is_seen_and_stands_in_the_books() {
    for hold in [Duration::ZERO, HOLD] {
        let line = Line::new();
        line.alice.set_hold(hold);
        let alice = Person::open(&line.network, &line.alice).await;
        let paid = keysend(&line.carol, line.alice.id(), sat(21_000), 1, vec![]).await;
        assert!(matches!(paid, PaymentUpdate::Settled { .. }), "{paid:?}");
        let found = expect_payments(&alice, &line.alice, 1).await;
        let message = &found[0].message;
        assert_eq!(message.payment, sat(21_000));
        assert_eq!(message.kind, MessageKind::Payment);
        assert_eq!(message.authorship, Authorship::Claimed);
        agrees_with_the_node(&alice).await;
    }
}

#[tokio::test(start_paused = true)]
async fn money_with_a_senders_key_and_no_words_is_seen_among_unknown_senders() {
    for words in [None, Some("   \n \t ")] {
        let line = stock_line();
        let alice = Person::open(&line.network, &line.alice).await;
        let key = line.carol.id().as_bytes().to_vec();
        let words = words.map(|words| (record::TEXT, words.as_bytes().to_vec()));
        let records = words.into_iter().chain([(record::SENDER, key)]).collect();
        keysend(&line.bob, line.alice.id(), sat(300), 1, records).await;
        let found = expect_payments(&alice, &line.alice, 1).await;
        let message = &found[0].message;
        assert_eq!((message.payment, message.text.as_str()), (sat(300), ""));
        assert_eq!(message.authorship, Authorship::Claimed);
        agrees_with_the_node(&alice).await;
    }
}

#[tokio::test(start_paused = true)]
async fn postage_in_somebody_elses_name_belongs_to_unknown_senders() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let key = line.carol.id().as_bytes().to_vec();
    let mut records = text("I am carol");
    records.push((record::SENDER, key));
    keysend(&line.bob, line.alice.id(), Msat::SAT, 1, records).await;
    alice.expect_message(&line.alice, "I am carol").await;
    agrees_with_the_node(&alice).await;
}

#[tokio::test(start_paused = true)]
async fn boosts_are_seen_with_and_without_words() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let boosts = [
        r#"{"action":"boost","sender_name":"Listener"}"#,
        r#"{"action":"boost","message":null,"sender_name":null}"#,
        r#"{"action":"stream","value_msat_total":5000000}"#,
        r#"{"action":7,"message":["no"],"sender_name":{}}"#,
        "no JSON at all",
    ];
    for (number, json) in (1..).zip(boosts) {
        let records = vec![(record::PODCAST, json.as_bytes().to_vec())];
        keysend(&line.carol, line.alice.id(), sat(50), number, records).await;
    }
    let tip = vec![(7_629_168, b"d21 sent from a node in 2020".to_vec())];
    keysend(&line.carol, line.alice.id(), Msat::SAT, 9, tip).await;
    expect_payments(&alice, &line.alice, boosts.len()).await;
    alice
        .expect_message(&line.alice, "d21 sent from a node in 2020")
        .await;
    agrees_with_the_node(&alice).await;
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_comes_twice_with_money_is_seen_twice_and_paid_back_twice() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let body = Body::Payment {
        note: "for the wall".into(),
        amount: sat(42),
    };
    let paid = letter(1, Expectation::Decide, body);
    for seed in [1, 2] {
        let records = sealed(&line.carol, line.alice.id(), seed, &paid).await;
        keysend(&line.carol, line.alice.id(), sat(42), seed, records).await;
    }
    let found = expect_payments(&alice, &line.carol, 2).await;
    agrees_with_the_node(&alice).await;
    for row in found {
        assert_eq!(row.message.authorship, Authorship::Verified);
        pays_back_once(&alice, row.message.key).await;
    }
    assert_eq!(alice.totals().await.refunds_sent, sat(84));
}

#[tokio::test(start_paused = true)]
async fn a_readable_text_that_is_played_again_with_money_is_seen_and_paid_back() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let records = signed(&line.carol, &line.alice, "hello").await;
    for (seed, amount) in [(1, Msat::SAT), (2, sat(104)), (3, sat(104))] {
        keysend(&line.carol, line.alice.id(), amount, seed, records.clone()).await;
    }
    let found = expect_payments(&alice, &line.carol, 2).await;
    agrees_with_the_node(&alice).await;
    for row in found {
        pays_back_once(&alice, row.message.key).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_free_letter_that_comes_again_with_money_shows_the_money() {
    let mut stage = Stage::new().await;
    stage.line.alice.set_hold(Duration::ZERO);
    let carol = stage.line.carol.clone();
    let first = stage.letter(Body::Text("for nothing".into()));
    stage.sends(&first).await;
    let free = stage.alice.expect_message(&carol, "for nothing").await;
    let ours = stage.line.alice.id();
    let records = sealed(&carol, ours, 1, &first).await;
    keysend(&carol, ours, sat(42_000), 1, records).await;
    let found = expect_payments(&stage.alice, &carol, 1).await;
    assert_ne!(found[0].message.key, free.message.key);
    assert_eq!(found[0].message.payment, sat(42_000));
    agrees_with_the_node(&stage.alice).await;
    // What came for nothing is not paid back.
    let nothing = stage.alice.engine.pay_back(free.message.key, None).await;
    assert!(nothing.is_err(), "{nothing:?}");
    pays_back_once(&stage.alice, found[0].message.key).await;
}

#[tokio::test(start_paused = true)]
async fn money_for_a_deleted_message_and_from_a_blocked_sender_is_seen() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let gift = letter(1, Expectation::Decide, Body::Text("a gift".into()));
    let records = sealed(&line.carol, line.alice.id(), 1, &gift).await;
    keysend(&line.carol, line.alice.id(), sat(42), 1, records).await;
    let got = alice.expect_message(&line.carol, "a gift").await.message;
    let key = got.key;
    alice
        .store
        .write(move |tx| tx.delete_message(key))
        .await
        .unwrap();
    let records = sealed(&line.carol, line.alice.id(), 2, &gift).await;
    keysend(&line.carol, line.alice.id(), sat(43), 2, records).await;
    expect_payments(&alice, &line.carol, 1).await;

    let node = line.carol.id();
    alice
        .store
        .write(move |tx| tx.set_trust(node, domain::Trust::Blocked))
        .await
        .unwrap();
    let more = letter(3, Expectation::Decide, Body::Text("let me in".into()));
    let records = sealed(&line.carol, line.alice.id(), 3, &more).await;
    keysend(&line.carol, line.alice.id(), sat(44), 3, records).await;
    let found = expect_payments(&alice, &line.carol, 2).await;
    assert_eq!(found[1].message.text, "", "not a word of it");
    agrees_with_the_node(&alice).await;
}

#[tokio::test(start_paused = true)]
async fn postage_is_not_paid_back_by_anybody() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let words = letter(1, Expectation::Return, Body::Text("hello".into()));
    let records = sealed(&line.carol, line.alice.id(), 1, &words).await;
    keysend(&line.carol, line.alice.id(), Msat::SAT, 1, records).await;
    let got = alice.expect_message(&line.carol, "hello").await.message;
    alice.expect_hold(got.key, HoldState::Settled).await;
    let back = alice.engine.pay_back(got.key, None).await;
    assert!(matches!(back, Err(EngineError::NotRefundable)), "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn one_preimage_that_two_nodes_pay_brings_the_money_of_both() {
    let line = stock_line();
    let alice = Person::open(&line.network, &line.alice).await;
    let records = signed(&line.carol, &line.alice, "one preimage").await;
    keysend(&line.carol, line.alice.id(), sat(300), 1, records).await;
    let records = signed(&line.bob, &line.alice, "one preimage").await;
    keysend(&line.bob, line.alice.id(), sat(500), 1, records).await;
    // No stream tells of it: it is found when the list is looked at again.
    line.alice.break_streams();
    agrees_with_the_node(&alice).await;
    let first = expect_payments(&alice, &line.carol, 1).await;
    let second = expect_payments(&alice, &line.bob, 1).await;
    assert_eq!(first[0].message.payment, sat(300));
    assert_eq!(second[0].message.payment, sat(500));
    assert_eq!(second[0].message.text, "one preimage");
    pays_back_once(&alice, first[0].message.key).await;
    pays_back_once(&alice, second[0].message.key).await;
}

#[tokio::test(start_paused = true)]
async fn payments_with_amp_are_seen_with_their_words_and_paid_back() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let ours = line.alice.id();
    let words = signed(&line.carol, &line.alice, "by the switch").await;
    let pay = line.carol.pay_amp(ours, None, [1; 32], sat(70), words);
    assert_eq!(pay.await, Ok(true), "never held");
    let found = expect_payments(&alice, &line.carol, 1).await;
    assert_eq!(found[0].message.text, "by the switch");
    assert_eq!(found[0].message.authorship, Authorship::Verified);
    assert_eq!(found[0].message.payment, sat(70));
    pays_back_once(&alice, found[0].message.key).await;

    // A reusable one has no new place in the list, however often it is paid; also while the app is closed.
    let address = line.alice.add_amp_invoice();
    for (set, text) in [(2, "once"), (3, "twice")] {
        let words = signed(&line.carol, &line.alice, text).await;
        let pay = line
            .carol
            .pay_amp(ours, Some(address), [set; 32], sat(80), words);
        assert_eq!(pay.await, Ok(true));
        alice.expect_message(&line.carol, text).await;
        if set == 2 {
            alice.close().await;
            let words = signed(&line.carol, &line.alice, "while it was closed").await;
            let pay = line
                .carol
                .pay_amp(ours, Some(address), [9; 32], sat(90), words);
            assert_eq!(pay.await, Ok(true));
            alice.reopen();
            alice
                .expect_message(&line.carol, "while it was closed")
                .await;
        }
    }
    agrees_with_the_node(&alice).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_restored_from_its_seed_is_read_from_the_start() {
    let line = stock_line();
    let mut alice = Person::open(&line.network, &line.alice).await;
    for seed in 1..=3 {
        let words = format!("before {seed}");
        keysend(&line.carol, line.alice.id(), sat(5), seed, text(&words)).await;
        alice.expect_message(&line.alice, &words).await;
    }
    alice.close().await;
    line.alice.stop();
    line.alice.restore();
    line.alice.start();
    keysend(&line.carol, line.alice.id(), sat(5), 9, text("after")).await;
    alice.reopen();
    alice.expect_message(&line.alice, "after").await;
    assert_eq!(payments(&alice, &line.alice).await.len(), 4, "none twice");
    eventually("the user is told", async || {
        let told = alice.engine.health().borrow().clone();
        told.contains(&domain::Condition::HistoryLost).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_given_again_is_read_and_is_no_other_list() {
    let line = Line::new();
    line.alice.set_deletes_canceled(true);
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let paid = carol.pay(to_alice, "before", sat(5_000)).await;
    let before = alice.expect_message(&line.carol, "before").await;
    alice.engine.accept(before.message.key).await.unwrap();
    carol.expect_delivery(paid, DeliveryState::Settled).await;
    carol.say(to_alice, "goes back").await;
    let words = alice.expect_message(&line.carol, "goes back").await;
    alice
        .expect_hold(words.message.key, HoldState::Returned)
        .await;
    let place = alice.store.read(|db| db.invoice_cursor()).await.unwrap();
    let place = place.unwrap().added;
    assert_eq!(line.alice.invoice_at(place).await, Ok(None));
    alice.close().await;

    carol.say(to_alice, "after").await;
    eventually("the node has it in the same place", async || {
        line.alice.invoice_at(place).await.unwrap()
    })
    .await;
    alice.reopen();

    alice.expect_message(&line.carol, "after").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(alice.talk(&line.carol).await.len(), 3, "none twice");
    let told = alice.engine.health().borrow().clone();
    assert!(!told.contains(&domain::Condition::HistoryLost), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn postage_that_may_come_back_is_read_at_once_and_decided_later() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.close().await;
    // carol's postage is stuck at alice's node.
    let stuck = carol.say(to_alice, "stuck").await;
    carol
        .expect_delivery(stuck, domain::DeliveryState::InFlight)
        .await;
    let back = letter(1, Expectation::Keep, Body::Text("read at once".into()));
    let records = sealed(&line.alice, line.carol.id(), 1, &back).await;
    keysend(&line.alice, line.carol.id(), Msat::SAT, 1, records).await;
    let got = carol.expect_message(&line.alice, "read at once").await;
    assert_eq!(got.message.kind, MessageKind::Text);
    assert_eq!(
        carol.row(stuck).await.delivery.unwrap().state,
        domain::DeliveryState::InFlight
    );
    // alice's app gives it back: nothing was owed, so it was a payment.
    alice.reopen();
    carol
        .expect_delivery(stuck, domain::DeliveryState::Returned)
        .await;
    eventually("it is known what it was", async || {
        let row = carol.row(got.message.key).await;
        (row.message.payment == Msat::SAT).then_some(())
    })
    .await;
    agrees_with_the_node(&carol).await;
}

/// Everything but this call.
struct Without(&'static str);

impl crate::people::gate::Gate for Without {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, lnd::LightningError>> + Send,
    ) -> Result<T, lnd::LightningError> {
        if call == self.0 {
            return Err(lnd::LightningError::Permission(call));
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn money_under_a_letter_that_may_not_be_opened_is_seen() {
    let line = stock_line();
    let gate = Without("shared_secret");
    let alice = Person::open_behind(&line.network, &line.alice, gate).await;
    let gift = letter(1, Expectation::Decide, Body::Text("a gift".into()));
    let records = sealed(&line.carol, line.alice.id(), 1, &gift).await;
    keysend(&line.carol, line.alice.id(), sat(50), 1, records).await;
    let found = expect_payments(&alice, &line.alice, 1).await;
    assert_eq!(found[0].message.kind, MessageKind::Unreadable);
    agrees_with_the_node(&alice).await;
}

/// A node whose list of pending invoices never comes.
struct Slow;

impl crate::people::gate::Gate for Slow {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, lnd::LightningError>> + Send,
    ) -> Result<T, lnd::LightningError> {
        if matches!(call, "pending_invoices" | "invoices_after") {
            std::future::pending().await
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn the_inbox_is_live_while_a_slow_node_makes_its_lists() {
    let line = stock_line();
    let alice = Person::open_behind(&line.network, &line.alice, Slow).await;
    keysend(&line.carol, line.alice.id(), Msat::SAT, 1, text("live")).await;
    alice.expect_message(&line.alice, "live").await;
    let mut health = alice.engine.health();
    let catching_up = health.wait_for(|all| all.contains(&domain::Condition::CatchingUp));
    catching_up.await.unwrap();
}

/// A node whose whole list of invoices takes longer than anybody waits.
struct SlowList;

impl Gate for SlowList {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, lnd::LightningError>> + Send,
    ) -> Result<T, lnd::LightningError> {
        if call == "invoices_after" {
            std::future::pending::<()>().await;
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_is_shown_and_does_not_move_the_place_in_the_list() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.befriend(&line.carol, None).await;
    let before = alice.store.read(|db| db.invoice_cursor()).await.unwrap();
    alice.close().await;
    let money = carol.pay(talk, "while you were away", sat(50)).await;
    carol.expect_delivery(money, DeliveryState::InFlight).await;

    alice.reopen_over(Arc::new(Gated {
        node: line.alice.clone(),
        gate: SlowList,
    }));
    alice
        .expect_message(&line.carol, "while you were away")
        .await;
    let place = alice.store.read(|db| db.invoice_cursor()).await.unwrap();
    assert_eq!(place, before, "what stands before it was not read yet");

    alice.close().await;
    alice.reopen();
    eventually("the list moves it", async || {
        let place = alice.store.read(|db| db.invoice_cursor()).await.unwrap();
        (place != before).then_some(())
    })
    .await;
    assert_eq!(alice.talk(&line.carol).await.len(), 1);
}
