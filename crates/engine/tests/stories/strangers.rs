//! What comes from people and programs that nobody vouches for.

use crate::people::stranger::{keysend, letter, sealed, text};
use crate::people::{HOLD, Line, Person, eventually, sat};
use domain::{Authorship, HoldState, MessageKind, Msat, Privacy, Timestamp, Trust};
use lnd::{Lightning, PaymentUpdate};
use protocol::{Body, whatsat};

#[tokio::test(start_paused = true)]
async fn text_without_a_sender_is_shown_as_nobodys() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let paid = keysend(&line.carol, line.alice.id(), Msat::SAT, 1, text("psst")).await;
    assert!(
        matches!(paid, PaymentUpdate::Settled { .. }),
        "small readable text is accepted"
    );
    let got = alice.expect_message(&line.alice, "psst").await.message;
    assert_eq!(
        (got.authorship, got.privacy),
        (Authorship::Claimed, Privacy::Open)
    );
}

#[tokio::test(start_paused = true)]
async fn a_forged_signature_is_only_a_claim() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (bob, ours) = (line.bob.id(), line.alice.id());
    let time = whatsat::time_bytes(Timestamp(1_790_000_000_000));
    // carol signs, and names bob as the sender.
    let signature = line
        .carol
        .sign(whatsat::signed_bytes(bob, ours, &time, "i am bob"))
        .await
        .unwrap();
    let records = whatsat::records(bob, &time, "i am bob", &signature);
    keysend(&line.carol, ours, Msat::SAT, 1, records).await;
    let got = alice.expect_message(&line.alice, "i am bob").await.message;
    assert_eq!(
        (got.authorship, got.claims),
        (Authorship::Claimed, Some(bob))
    );
    assert!(
        alice.talk(&line.bob).await.is_empty(),
        "and makes no contact"
    );

    let signature = line
        .bob
        .sign(whatsat::signed_bytes(bob, ours, &time, "truly"))
        .await
        .unwrap();
    let records = whatsat::records(bob, &time, "truly", &signature);
    keysend(&line.bob, ours, Msat::SAT, 2, records).await;
    let got = alice.expect_message(&line.bob, "truly").await.message;
    assert_eq!(got.authorship, Authorship::Verified);
}

#[tokio::test(start_paused = true)]
async fn a_keysend_for_another_program_of_the_node_is_let_through() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let records = vec![(7_629_169, b"{}".to_vec()), (5_482_373_481, vec![1; 32])];
    let paid = keysend(&line.carol, line.alice.id(), sat(300), 1, records).await;
    assert!(matches!(paid, PaymentUpdate::Settled { .. }), "{paid:?}");
    let talk = alice.talk(&line.alice).await;
    let seen: Vec<_> = talk.iter().map(|row| row.message.payment).collect();
    assert_eq!(seen, [sat(300)], "its money is seen");
}

#[tokio::test(start_paused = true)]
async fn a_refund_that_lies_waits_for_the_person() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let body = Body::Refund {
        of: domain::PaymentHash([5; 32]),
        amount: sat(40),
        note: "your money back".into(),
    };
    let lie = letter(1, domain::Expectation::Keep, body);
    let records = sealed(&line.carol, line.alice.id(), 1, &lie).await;
    let payer = line.carol.clone();
    let to = line.alice.id();
    let payment = tokio::spawn(async move { keysend(&payer, to, sat(40), 1, records).await });
    let row = alice.expect_message(&line.carol, "your money back").await;
    assert_eq!(
        row.message.kind,
        MessageKind::Payment,
        "it is no refund of ours"
    );
    alice.expect_hold(row.message.key, HoldState::Held).await;
    alice.engine.refuse(row.message.key).await.unwrap();
    assert!(matches!(
        payment.await.unwrap(),
        PaymentUpdate::Refused { .. }
    ));
    assert_eq!(alice.totals().await.refunds_received, Msat::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_same_letter_twice_is_one_message_and_its_second_payment_goes_back() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let once = letter(1, domain::Expectation::Return, Body::Text("once".into()));
    for seed in [1, 2] {
        let records = sealed(&line.carol, line.alice.id(), seed, &once).await;
        let end = keysend(&line.carol, line.alice.id(), Msat::SAT, seed, records).await;
        assert!(matches!(end, PaymentUpdate::Refused { .. }), "{end:?}");
    }
    alice.expect_message(&line.carol, "once").await;
    assert_eq!(alice.talk(&line.carol).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_letter_moved_to_another_payment_does_not_open() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let secret = letter(
        1,
        domain::Expectation::Return,
        Body::Text("for one payment".into()),
    );
    let records = sealed(&line.carol, line.alice.id(), 1, &secret).await;
    let to = line.alice.id();
    let thief = line.bob.clone();
    let stolen = tokio::spawn(async move { keysend(&thief, to, Msat::SAT, 2, records).await });
    let row = eventually("something unreadable is shown", async || {
        alice.talk(&line.alice).await.into_iter().next()
    })
    .await;
    assert_eq!(row.message.kind, MessageKind::Unreadable);
    assert_eq!(row.message.text, "");
    alice.engine.refuse(row.message.key).await.unwrap();
    assert!(matches!(
        stolen.await.unwrap(),
        PaymentUpdate::Refused { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_blocked_is_refused_unread() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.befriend(&line.carol, None).await;
    let node = line.carol.id();
    alice
        .store
        .write(move |tx| tx.set_trust(node, Trust::Blocked))
        .await
        .unwrap();
    let before = carol.balance().await;
    let key = carol.pay(talk, "let me in", sat(5)).await;
    carol
        .expect_delivery(key, domain::DeliveryState::Returned)
        .await;
    assert_eq!(carol.balance().await, before);
    assert!(alice.talk(&line.carol).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_fills_no_more_than_their_share() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    for number in 1..=25 {
        let body = Body::Text(format!("spam {number}"));
        let spam = letter(number, domain::Expectation::Return, body);
        let records = sealed(&line.carol, line.alice.id(), number, &spam).await;
        keysend(&line.carol, line.alice.id(), Msat::SAT, number, records).await;
    }
    assert_eq!(alice.talk(&line.carol).await.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn nobodys_money_is_asked_about_however_much_of_it_came_before() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    // More than one sender may leave.
    for number in 1..=25 {
        let words = format!("for you {number}");
        let (payer, to, records) = (line.carol.clone(), line.alice.id(), text(&words));
        let paid = tokio::spawn(async move { keysend(&payer, to, sat(11), number, records).await });
        let key = alice.expect_message(&line.alice, &words).await.message.key;
        alice.expect_hold(key, HoldState::Held).await;
        alice.engine.refuse(key).await.unwrap();
        assert!(matches!(paid.await.unwrap(), PaymentUpdate::Refused { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_unsigned_ones_the_oldest_and_smallest_goes() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, now) = (line.alice.id(), line.network.now());
    keysend(&line.carol, ours, Msat::SAT, 1, text("the first")).await;
    let first = alice.expect_message(&line.alice, "the first").await.message;
    alice
        .store
        .write(move |tx| {
            for number in 1..1_000_u128 {
                tx.insert_message(&store::NewMessage {
                    conversation: first.conversation,
                    sender: ours,
                    id: domain::MessageId(number.to_be_bytes()),
                    direction: domain::Direction::Incoming,
                    kind: MessageKind::Text,
                    text: "spam".into(),
                    payment: Msat::ZERO,
                    sent_at: now,
                    stored_at: now,
                    authorship: Authorship::Claimed,
                    privacy: Privacy::Open,
                    seen: false,
                    carrier: None,
                    letter: None,
                })?;
            }
            Ok(())
        })
        .await
        .unwrap();

    let end = keysend(&line.carol, ours, Msat::SAT, 2, text("one more")).await;
    assert!(matches!(end, PaymentUpdate::Settled { .. }), "{end:?}");
    alice.expect_message(&line.alice, "one more").await;
    let key = first.key;
    let gone = alice.store.read(move |db| db.message(key)).await.unwrap();
    assert_eq!(gone, None, "the first made room");

    let payer = line.carol.clone();
    let records = text("a gift");
    let paid = tokio::spawn(async move { keysend(&payer, ours, sat(11), 3, records).await });
    let key = alice
        .expect_message(&line.alice, "a gift")
        .await
        .message
        .key;
    alice.engine.accept(key).await.unwrap();
    assert!(matches!(paid.await.unwrap(), PaymentUpdate::Settled { .. }));
    // Whoever signs has room.
    let body = Body::Text("it is carol".into());
    let signed = letter(4, domain::Expectation::Return, body);
    let records = sealed(&line.carol, ours, 4, &signed).await;
    keysend(&line.carol, ours, Msat::SAT, 4, records).await;
    alice.expect_message(&line.carol, "it is carol").await;
    let unsigned = alice.store.read(|db| db.unsigned_count()).await.unwrap();
    assert_eq!(unsigned, 1_000);
}

#[tokio::test(start_paused = true)]
async fn money_that_calls_itself_postage_waits_for_the_person() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, payer) = (line.alice.id(), line.carol.clone());
    let dear = letter(1, domain::Expectation::Return, Body::Text("a lot".into()));
    let records = sealed(&line.carol, ours, 1, &dear).await;
    let paid = tokio::spawn(async move { keysend(&payer, ours, sat(11), 1, records).await });
    let row = alice.expect_message(&line.carol, "a lot").await;
    assert_eq!(
        (row.message.kind, row.message.payment),
        (MessageKind::Payment, sat(11))
    );
    alice.expect_hold(row.message.key, HoldState::Held).await;
    alice.engine.accept(row.message.key).await.unwrap();
    assert!(matches!(paid.await.unwrap(), PaymentUpdate::Settled { .. }));
    assert_eq!(alice.totals().await.received, sat(11));

    let cheap = letter(
        2,
        domain::Expectation::Return,
        Body::Text("a little".into()),
    );
    let records = sealed(&line.carol, ours, 2, &cheap).await;
    let end = keysend(&line.carol, ours, sat(10), 2, records).await;
    assert!(matches!(end, PaymentUpdate::Refused { .. }), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn letters_that_overtook_each_other_are_put_in_order() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    for number in [3, 1, 4, 2] {
        let body = Body::Text(format!("number {number}"));
        let one = letter(number, domain::Expectation::Return, body);
        let records = sealed(&line.carol, line.alice.id(), number, &one).await;
        keysend(&line.carol, line.alice.id(), Msat::SAT, number, records).await;
    }
    let talk = alice.talk(&line.carol).await;
    let words: Vec<_> = talk.iter().map(|row| row.message.text.as_str()).collect();
    assert_eq!(words, ["number 1", "number 2", "number 3", "number 4"]);
}
