//! alice and carol talk and pay, two hops apart. alice's node holds keysends, carol's settles on arrival.

use crate::people::{HOLD, Line, Person, eventually, sat};
use domain::{
    Authorship, Decision, DeliveryState, HoldState, MessageKind, Msat, Privacy, ReturnMeaning,
    Trust, Way,
};
use heliograph_engine::{EngineError, Outgoing};

#[tokio::test(start_paused = true)]
async fn a_message_to_a_node_that_holds_comes_back_free() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    let before = carol.balance().await;

    let key = carol.say(talk, "are you there?").await;

    let row = carol.expect_delivery(key, DeliveryState::Returned).await;
    // No receipt finds its way here.
    assert_eq!(
        row.delivery.unwrap().returned,
        Some(ReturnMeaning::Unconfirmed)
    );
    assert_eq!(carol.balance().await, before, "it cost nothing");
    let got = alice
        .expect_message(&line.carol, "are you there?")
        .await
        .message;
    assert_eq!(
        (got.authorship, got.privacy),
        (Authorship::Verified, Privacy::Sealed)
    );
    let trust = alice
        .store
        .read(move |db| db.contact(line.carol.id()))
        .await
        .unwrap()
        .unwrap()
        .trust;
    assert_eq!(trust, Trust::Request, "alice has not let her in yet");
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_stock_node_costs_its_postage_and_the_fee_that_was_quoted() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    let outgoing = Outgoing {
        conversation: talk,
        text: "hi".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    };
    let quote = eventually("the node answers", async || {
        alice.engine.quote(outgoing.clone()).await.ok()
    })
    .await;
    assert!(quote.postage && !quote.returned);

    let key = alice.say(talk, "hi").await;

    let row = alice.expect_delivery(key, DeliveryState::Settled).await;
    assert_eq!((row.paid, row.fee), (Some(Msat::SAT), quote.fee.fee));
    let cost = Msat::SAT.checked_add(quote.fee.fee).unwrap();
    assert_eq!(before.checked_sub(alice.balance().await), Some(cost));
    let totals = alice.totals().await;
    assert_eq!(
        (totals.postage_sent, totals.fees),
        (Msat::SAT, quote.fee.fee)
    );
    carol.expect_message(&line.alice, "hi").await;
    let totals = carol.totals().await;
    assert_eq!(
        (totals.postage_received, totals.messages_received),
        (Msat::SAT, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_payment_is_accepted() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    let before = alice.balance().await;

    let sent = carol.pay(talk, "for the book", sat(2_100)).await;
    let key = alice
        .expect_message(&line.carol, "for the book")
        .await
        .message
        .key;
    let row = alice.expect_hold(key, HoldState::Held).await;
    assert_eq!(row.message.kind, MessageKind::Payment);
    assert_eq!(row.message.payment, sat(2_100));
    alice.engine.accept(key).await.unwrap();
    alice
        .engine
        .accept(key)
        .await
        .expect("a second click changes nothing");

    let row = alice.expect_hold(key, HoldState::Settled).await;
    assert_eq!(
        row.incoming.unwrap().payment.decision,
        Some(Decision::Person)
    );
    carol.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(alice.balance().await.checked_sub(before), Some(sat(2_100)));
    assert_eq!(alice.totals().await.received, sat(2_100));
    assert_eq!(carol.totals().await.sent, sat(2_100));
    let refused = alice.engine.refuse(key).await;
    assert!(
        matches!(refused, Err(EngineError::Hold(HoldState::Settled))),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_payment_costs_the_payer_nothing() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    let before = carol.balance().await;

    let sent = carol.pay(talk, "take it", sat(500)).await;
    let key = alice
        .expect_message(&line.carol, "take it")
        .await
        .message
        .key;
    alice.expect_hold(key, HoldState::Held).await;
    alice.engine.refuse(key).await.unwrap();

    alice.expect_hold(key, HoldState::Returned).await;
    let row = carol.expect_delivery(sent, DeliveryState::Returned).await;
    assert_eq!(
        row.delivery.unwrap().returned,
        Some(ReturnMeaning::Declined)
    );
    assert_eq!(carol.balance().await, before);
    assert_eq!(carol.totals().await.returned_to_us, sat(500));
    assert_eq!(alice.totals().await.returned_by_us, sat(500));
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_and_the_payment_goes_back_before_the_deadline() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;

    let sent = carol.pay(talk, "hello?", sat(500)).await;
    let key = alice
        .expect_message(&line.carol, "hello?")
        .await
        .message
        .key;
    alice.expect_hold(key, HoldState::Held).await;
    tokio::time::sleep(HOLD).await;

    let row = alice.expect_hold(key, HoldState::Returned).await;
    assert_eq!(
        row.incoming.unwrap().payment.decision,
        Some(Decision::Deadline)
    );
    carol.expect_delivery(sent, DeliveryState::Returned).await;
    let late = alice.engine.accept(key).await;
    assert!(
        matches!(late, Err(EngineError::Hold(HoldState::Returned))),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_settled_payment_is_paid_back_once_and_both_see_it() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;

    let sent = alice.pay(talk, "too much?", sat(900)).await;
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let key = carol
        .expect_message(&line.alice, "too much?")
        .await
        .message
        .key;
    carol.expect_hold(key, HoldState::Settled).await;
    let before = alice.balance().await;
    carol.engine.quote_pay_back(key).await.unwrap();
    let refund = carol.engine.pay_back(key, None).await.unwrap();
    let again = carol.engine.pay_back(key, None).await;
    assert!(
        matches!(again, Err(EngineError::AlreadyRefunded)),
        "{again:?}"
    );

    carol.expect_delivery(refund, DeliveryState::Settled).await;
    eventually("alice sees it on the original", async || {
        alice.row(sent).await.refund.filter(|refund| refund.done)
    })
    .await;
    assert_eq!(
        alice.balance().await.checked_sub(before),
        Some(sat(900)),
        "in full"
    );
    assert!(carol.row(key).await.refund.unwrap().done);
    assert_eq!(carol.totals().await.refunds_sent, sat(900));
    assert_eq!(alice.totals().await.refunds_received, sat(900));
    let back = alice
        .talk(&line.carol)
        .await
        .into_iter()
        .find(|row| row.refund_of == Some(sent));
    let never = alice.engine.pay_back(back.unwrap().message.key, None).await;
    assert!(
        matches!(never, Err(EngineError::NotRefundable)),
        "a refund is never refunded"
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_message_is_readable_and_its_hello_introduces() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let node = line.carol.id();
    alice
        .store
        .write(move |tx| tx.set_program(node, domain::Program::Unknown))
        .await
        .unwrap();

    alice.say(talk, "we have not met").await;
    let got = carol
        .expect_message(&line.alice, "we have not met")
        .await
        .message;
    assert_eq!(
        (got.authorship, got.privacy),
        (Authorship::Verified, Privacy::Open)
    );

    carol.say(got.conversation, "then let us seal it").await;
    let reply = alice
        .expect_message(&line.carol, "then let us seal it")
        .await
        .message;
    assert_eq!(reply.privacy, Privacy::Sealed);
}

#[tokio::test(start_paused = true)]
async fn mail_that_came_while_the_app_was_closed_is_there_when_it_opens() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    carol.say(talk, "first").await;
    alice.expect_message(&line.carol, "first").await;

    alice.close().await;
    let held = carol.pay(talk, "still held", sat(50)).await;
    carol.expect_delivery(held, DeliveryState::InFlight).await;
    alice.reopen();
    let key = alice
        .expect_message(&line.carol, "still held")
        .await
        .message
        .key;
    alice.engine.accept(key).await.unwrap();
    carol.expect_delivery(held, DeliveryState::Settled).await;

    alice.close().await;
    let missed = carol.pay(talk, "too late", sat(50)).await;
    carol.expect_delivery(missed, DeliveryState::InFlight).await;
    tokio::time::sleep(HOLD).await;
    carol.expect_delivery(missed, DeliveryState::Returned).await;
    alice.reopen();
    let row = alice.expect_message(&line.carol, "too late").await;
    assert_eq!(row.incoming.unwrap().payment.state, HoldState::Returned);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_said_before_anything_is_stored() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let talk = alice.befriend(&line.carol, None).await;
    let send = async |text: &str, payment: u64| {
        let payment = Msat::new(payment);
        let text = text.into();
        alice
            .engine
            .send(Outgoing {
                conversation: talk,
                text,
                payment,
                fee_limit: None,
                way: Way::Auto,
                reply_to: None,
            })
            .await
    };
    assert!(matches!(send(" \n", 0).await, Err(EngineError::Empty)));
    assert!(matches!(
        send("small", 999).await,
        Err(EngineError::BelowMinimum)
    ));
    let quote = |text: String| Outgoing {
        conversation: talk,
        text,
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    };
    let left = eventually("the node answers", async || {
        alice.engine.quote(quote(String::new())).await.ok()
    })
    .await
    .bytes_left;
    let longest = "x".repeat(usize::try_from(left).unwrap());
    let too_long = alice.engine.quote(quote(format!("{longest}y"))).await;
    assert!(
        matches!(too_long, Err(EngineError::TooLong { over: 1 })),
        "{too_long:?}"
    );
    assert!(matches!(
        send(&format!("{longest}y"), 0).await,
        Err(EngineError::TooLong { over: 1 })
    ));
    assert!(alice.talk(&line.carol).await.is_empty());
    let key = send(&longest, 0).await.unwrap();
    alice.expect_delivery(key, DeliveryState::Settled).await;
}
