//! Whoever keeps postage gives it back with the next message.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::people::gate::Gate;
use crate::people::{HOLD, Line, Person, eventually, sat};
use domain::{
    AttemptState, DeliveryState, Expectation, HoldState, MessageId, MessageKey, MessageKind, Msat,
    PostageBalance, Preimage, Privacy, Program, Timestamp, Way,
};
use heliograph_engine::Outgoing;
use lnd::sim::SimNode;
use lnd::{Keysend, Lightning, LightningError};
use protocol::{Body, Letter, record};

async fn balance(person: &Person, with: &SimNode) -> PostageBalance {
    let node = with.id();
    person
        .store
        .read(move |db| db.postage_balance(node))
        .await
        .unwrap()
}

/// How much a person owes somebody, in msat; negative: is owed.
async fn debt(person: &Person, to: &SimNode) -> i64 {
    let books = balance(person, to).await;
    i64::try_from(books.received.get()).unwrap() - i64::try_from(books.sent.get()).unwrap()
}

/// What the attempts of a message carried, oldest first.
async fn carried(person: &Person, key: MessageKey) -> Vec<Msat> {
    let attempts = person.store.read(move |db| db.attempts_of(key)).await;
    attempts.unwrap().iter().map(|one| one.amount).collect()
}

/// The debts of both are known to both.
async fn agree(one: &Person, other: &Person) -> i64 {
    eventually("the books of both agree", async || {
        let ours = debt(one, &other.node).await;
        (ours == -debt(other, &one.node).await).then_some(ours)
    })
    .await
}

fn words(conversation: domain::ConversationId) -> Outgoing {
    Outgoing {
        conversation,
        text: "How much is it?".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    }
}

#[tokio::test(start_paused = true)]
async fn between_two_stock_nodes_nobody_is_more_than_a_satoshi_ahead() {
    let line = Line::new();
    line.alice.set_hold(Duration::ZERO);
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, None).await;
    let mut last = None;
    for number in 0..12_u32 {
        let text = format!("number {number}");
        let (from, to, talk) = if number % 2 == 0 {
            (&alice, &carol, to_carol)
        } else {
            (&carol, &alice, to_alice)
        };
        let key = from.say(talk, &text).await;
        from.expect_delivery(key, DeliveryState::Settled).await;
        to.expect_message(&from.node, &text).await;
        let ahead = agree(&alice, &carol).await;
        assert!(ahead.abs() <= 1_000, "after {text}: {ahead}");
        last = Some(ahead);
    }
    assert_eq!(last, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_holds_gets_its_postage_back_with_the_next_message() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;

    // carol owes nothing: her postage comes back.
    let first = carol.say(to_alice, "nothing owed").await;
    carol.expect_delivery(first, DeliveryState::Returned).await;
    for text in ["one", "two", "three"] {
        let key = alice.say(to_carol, text).await;
        alice.expect_delivery(key, DeliveryState::Settled).await;
        carol.expect_message(&line.alice, text).await;
    }
    eventually("carol owes three", async || {
        (debt(&carol, &line.alice).await == 3_000).then_some(())
    })
    .await;
    assert_eq!(balance(&alice, &line.carol).await.they_owe(), sat(3));

    let quote = carol.engine.quote(words(to_alice)).await.unwrap();
    assert_eq!(
        (quote.fee.amount, quote.owed, quote.returned),
        (sat(3), sat(3), false)
    );
    let before = (carol.balance().await, alice.balance().await);
    let key = carol.say(to_alice, "here it is").await;
    let row = carol.expect_delivery(key, DeliveryState::Settled).await;
    assert_eq!(row.paid, Some(sat(3)));
    assert_eq!(row.delivery.unwrap().amount, quote.fee.amount);
    let spent = sat(3).checked_add(row.fee).unwrap();
    assert_eq!(before.0.checked_sub(carol.balance().await), Some(spent));
    let got = alice.expect_message(&line.carol, "here it is").await;
    assert_eq!(got.message.kind, MessageKind::Text, "it is no payment");
    assert_eq!(got.message.payment, Msat::ZERO);
    alice.expect_hold(got.message.key, HoldState::Settled).await;
    assert_eq!(alice.balance().await.checked_sub(before.1), Some(sat(3)));
    assert_eq!(agree(&alice, &carol).await, 0);
    assert_eq!(alice.totals().await.postage_received, sat(3));

    let last = carol.say(to_alice, "we are even").await;
    carol.expect_delivery(last, DeliveryState::Returned).await;
}

#[tokio::test(start_paused = true)]
async fn several_messages_at_once_do_not_pay_a_debt_twice() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    for text in ["one", "two"] {
        let key = alice.say(to_carol, text).await;
        alice.expect_delivery(key, DeliveryState::Settled).await;
        carol.expect_message(&line.alice, text).await;
    }
    eventually("carol owes two", async || {
        (debt(&carol, &line.alice).await == 2_000).then_some(())
    })
    .await;
    // alice sleeps: all of them are under way at once.
    alice.close().await;
    let mut keys = Vec::new();
    for number in 0..5 {
        let key = carol.say(to_alice, &format!("letter {number}")).await;
        carol.expect_delivery(key, DeliveryState::InFlight).await;
        keys.push(key);
    }
    assert_eq!(balance(&carol, &line.alice).await.we_owe(), Msat::ZERO);
    alice.reopen();
    for (number, key) in keys.iter().enumerate() {
        let end = if number == 0 {
            DeliveryState::Settled
        } else {
            DeliveryState::Returned
        };
        carol.expect_delivery(*key, end).await;
    }
    assert_eq!(carried(&carol, keys[0]).await, [sat(2)]);
    assert_eq!(carried(&carol, keys[1]).await, [Msat::SAT]);
    assert_eq!(agree(&alice, &carol).await, 0);
}

#[tokio::test(start_paused = true)]
async fn postage_that_comes_back_before_its_own_end_is_known_waits_for_it() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let key = alice.say(to_carol, "hello").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    eventually("carol owes one", async || {
        (debt(&carol, &line.alice).await == 1_000).then_some(())
    })
    .await;
    // carol answers in the moment in which alice hears of nothing.
    line.alice.delay_answers(Duration::from_secs(3));
    let answer = carol.say(to_alice, "at once").await;
    carol.expect_delivery(answer, DeliveryState::Settled).await;
    let got = alice.expect_message(&line.carol, "at once").await;
    assert_eq!(got.message.payment, Msat::ZERO);
    line.alice.delay_answers(Duration::ZERO);
    assert_eq!(agree(&alice, &carol).await, 0);
}

/// A letter that says of its payment that it is to be kept.
async fn claims(from: &SimNode, to: &SimNode, amount: Msat, number: u8) {
    let letter = Letter {
        id: MessageId([number; 16]),
        sequence: 0,
        after: 0,
        sent_at: Timestamp(1_790_000_000_000),
        expectation: Expectation::Keep,
        hold_secs: None,
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body: Body::Text(format!("keep it {number}")),
    };
    let preimage = Preimage::new([number; 32]);
    let secret = from.shared_secret(to.id()).await.unwrap();
    let envelope = protocol::seal(
        &mut rand::rng(),
        from.id(),
        to.id(),
        &secret.0,
        &preimage.payment_hash().0,
        &letter.encode(),
    )
    .unwrap();
    let keysend = Keysend {
        to: to.id(),
        amount,
        preimage,
        records: vec![(record::LETTER, envelope)],
        fee_limit: sat(10),
        timeout_secs: 60,
        hints: Vec::new(),
    };
    drop(from.send(keysend).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn whoever_only_says_that_they_owe_is_asked_about() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;

    // Nothing is owed at all.
    claims(&line.carol, &line.alice, Msat::SAT, 1).await;
    let got = alice.expect_message(&line.carol, "keep it 1").await;
    assert_eq!(got.message.kind, MessageKind::Payment);
    alice.expect_hold(got.message.key, HoldState::Held).await;

    // A satoshi is owed, two are claimed.
    let key = alice.say(to_carol, "for you").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    claims(&line.carol, &line.alice, sat(2), 2).await;
    let got = alice.expect_message(&line.carol, "keep it 2").await;
    assert_eq!(got.message.payment, sat(2));
    alice.expect_hold(got.message.key, HoldState::Held).await;

    // What is owed is taken, once.
    for (number, state) in [(3, HoldState::Settled), (4, HoldState::Held)] {
        claims(&line.carol, &line.alice, Msat::SAT, number).await;
        let text = format!("keep it {number}");
        let got = alice.expect_message(&line.carol, &text).await;
        alice.expect_hold(got.message.key, state).await;
    }
    drop(carol);
}

#[tokio::test(start_paused = true)]
async fn postage_comes_back_whose_end_the_node_has_forgotten() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    // alice's app dies with two of hers on their way; both arrive, and somebody deletes her node's list.
    line.network.set_hop_time(Duration::from_secs(5));
    let mut sent = Vec::new();
    for text in ["one", "two"] {
        let key = alice.say(to_carol, text).await;
        eventually("it has left", async || {
            let attempts = alice.store.read(move |db| db.attempts_of(key)).await;
            let state = attempts.unwrap().last()?.state;
            (state == AttemptState::Sent).then_some(())
        })
        .await;
        sent.push(key);
    }
    alice.close().await;
    carol.expect_message(&line.alice, "two").await;
    eventually("carol owes two", async || {
        (debt(&carol, &line.alice).await == 2_000).then_some(())
    })
    .await;
    // The proofs are on their way back until then.
    tokio::time::sleep(Duration::from_secs(60)).await;
    line.network.set_hop_time(Duration::from_millis(40));
    line.alice.delete_payments();
    alice.reopen();
    // Words may go again, and the postage under them.
    for key in sent {
        alice.expect_delivery(key, DeliveryState::Settled).await;
    }

    let key = carol.say(to_alice, "here is yours").await;
    carol.expect_delivery(key, DeliveryState::Settled).await;
    let got = alice.expect_message(&line.carol, "here is yours").await;
    assert_eq!(got.message.kind, MessageKind::Text, "it is no payment");
    assert_eq!(got.message.payment, Msat::ZERO);
    alice.expect_hold(got.message.key, HoldState::Settled).await;
    assert_eq!(balance(&alice, &line.carol).await.we_owe(), Msat::ZERO);
}

/// The node cannot settle while this is on.
#[derive(Clone, Default)]
struct NoSettling(Arc<AtomicBool>);

impl Gate for NoSettling {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == "settle" && self.0.load(Ordering::SeqCst) {
            return Err(LightningError::Node("not now".into()));
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn postage_comes_back_once_more_when_its_first_try_could_not_be_taken() {
    let line = Line::new();
    let gate = NoSettling::default();
    let mut alice = Person::open_behind(&line.network, &line.alice, gate.clone()).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let key = alice.say(to_carol, "a satoshi is owed").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    eventually("carol owes one", async || {
        (debt(&carol, &line.alice).await == 1_000).then_some(())
    })
    .await;

    gate.0.store(true, Ordering::SeqCst);
    let first = carol.say(to_alice, "the first try").await;
    let got = alice.expect_message(&line.carol, "the first try").await;
    let got = got.message.key;
    alice.expect_hold(got, HoldState::Accepting).await;
    alice.close().await;
    // Blocks are found: what is held goes back, and nobody tells alice's app.
    line.network.mine(2_000);
    carol.expect_delivery(first, DeliveryState::Returned).await;
    let second = carol.say(to_alice, "the second try").await;
    carol.expect_delivery(second, DeliveryState::InFlight).await;
    alice.reopen();

    carol.expect_delivery(second, DeliveryState::Settled).await;
    let got = alice.expect_message(&line.carol, "the second try").await;
    assert_eq!(got.message.kind, MessageKind::Text, "it is no payment");
    assert_eq!(got.message.payment, Msat::ZERO);
    assert_eq!(agree(&alice, &carol).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_satoshi_that_is_paid_with_a_long_readable_text_is_no_postage() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    carol.befriend(&line.alice, Some(HOLD)).await;
    let node = line.carol.id();
    // alice has never heard of carol: what she writes can be read by every program.
    alice
        .store
        .write(move |tx| tx.set_program(node, Program::Unknown))
        .await
        .unwrap();
    let text = "for luck ".repeat(70);

    let sent = alice.pay(to_carol, &text, Msat::SAT).await;

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let got = carol.expect_message(&line.alice, &text).await.message;
    assert_eq!(got.privacy, Privacy::Open);
    assert_eq!((got.kind, got.payment), (MessageKind::Payment, Msat::SAT));
    assert_eq!(agree(&alice, &carol).await, 0);
    assert_eq!(carol.totals().await.received, Msat::SAT);
    assert_eq!(alice.totals().await.sent, Msat::SAT);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_in_somebodys_name_makes_nobody_owe() {
    let line = Line::new();
    let carol = Person::open(&line.network, &line.carol).await;
    carol.befriend(&line.alice, Some(HOLD)).await;
    let records = vec![
        (record::TEXT, b"I am alice".to_vec()),
        (record::SENDER, line.alice.id().as_bytes().to_vec()),
    ];
    let keysend = Keysend {
        to: line.carol.id(),
        amount: Msat::SAT,
        preimage: Preimage::new([9; 32]),
        records,
        fee_limit: sat(10),
        timeout_secs: 60,
        hints: Vec::new(),
    };
    drop(line.bob.send(keysend).await.unwrap());
    // carol, whom it did not come from, has it among the words of nobody.
    let row = carol.expect_message(&line.carol, "I am alice").await;
    assert_eq!(row.message.claims, Some(line.alice.id()));
    eventually("it is booked", async || {
        (carol.totals().await.postage_received == Msat::SAT).then_some(())
    })
    .await;
    assert_eq!(debt(&carol, &line.alice).await, 0);
}
