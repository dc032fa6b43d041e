//! alice and carol answer, react to, edit and take back what they wrote; both see the same.

use std::time::Duration;

use crate::people::{HOLD, Line, Person, acquainted, eventually, sat, talking_line};
use domain::{ConversationId, DeliveryState, Direction, HoldState, MessageKey, Msat, Trust, Way};
use heliograph_engine::{Amend, EngineError, Outgoing};
use store::{Amendments, MessageRow};

fn reactions(amendments: &Amendments) -> Vec<(Direction, &str)> {
    amendments
        .reactions
        .iter()
        .map(|reaction| (reaction.direction, reaction.emoji.as_str()))
        .collect()
}

impl Person {
    async fn does(&self, key: MessageKey, amend: Amend) {
        self.engine.amend(key, amend).await.unwrap();
    }

    async fn reacts(&self, key: MessageKey, emoji: &str) {
        self.does(key, Amend::React(emoji.into())).await;
    }

    async fn edits(&self, key: MessageKey, text: &str) {
        self.does(key, Amend::Edit(text.into())).await;
    }

    /// Nothing that this person has done to a message is under way any more.
    async fn expect_told(&self, key: MessageKey) -> MessageRow {
        eventually("the other side has heard of it", async || {
            let row = self.row(key).await;
            row.amendments.open.is_empty().then_some(row)
        })
        .await
    }

    async fn expect_row(&self, key: MessageKey, of: impl Fn(&MessageRow) -> bool) -> MessageRow {
        eventually("the message looks as told", async || {
            let row = self.row(key).await;
            of(&row).then_some(row)
        })
        .await
    }

    /// The letters of this person that amend a message.
    async fn letters(&self, key: MessageKey) -> usize {
        let rows = self.store.read(move |db| db.own_amendments(key)).await;
        rows.unwrap().iter().filter(|row| row.counts()).count()
    }
}

#[tokio::test(start_paused = true)]
async fn reactions_edits_and_deletes_go_both_ways_and_cost_nothing_where_apps_listen() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let sent = alice.say(to_carol, "tea at five?").await;
    alice.expect_delivery(sent, DeliveryState::Delivered).await;
    let got = carol.expect_message(&line.alice, "tea at five?").await;
    let got = got.message.key;
    let before = (alice.balance().await, carol.balance().await);

    carol.reacts(got, "👍").await;
    let seen = |emoji: &'static str| {
        move |row: &MessageRow| reactions(&row.amendments) == [(Direction::Incoming, emoji)]
    };
    alice.expect_row(sent, seen("👍")).await;
    carol.reacts(got, "🎉").await;
    alice.expect_row(sent, seen("🎉")).await;
    alice.reacts(sent, "🙂").await;
    let both = carol
        .expect_row(got, |row| row.amendments.reactions.len() == 2)
        .await;
    assert_eq!(
        reactions(&both.amendments),
        [(Direction::Incoming, "🙂"), (Direction::Outgoing, "🎉")]
    );
    carol.reacts(got, "").await;
    alice
        .expect_row(sent, |row| row.amendments.reactions.len() == 1)
        .await;

    alice.edits(sent, "tea at six?").await;
    assert_eq!(alice.row(sent).await.message.text, "tea at six?");
    let edited = carol
        .expect_row(got, |row| row.message.text == "tea at six?")
        .await;
    assert!(edited.message.edited_at.is_some());
    let search = |words: &'static str| carol.store.read(move |db| db.search(words, None, None, 9));
    assert_eq!(search("six").await.unwrap().len(), 1);
    assert_eq!(search("five").await.unwrap().len(), 0);

    alice.does(sent, Amend::TakeBack).await;
    let gone = carol
        .expect_row(got, |row| row.message.taken_back_at.is_some())
        .await;
    assert_eq!(gone.message.text, "");
    assert!(gone.amendments.reactions.is_empty());
    assert_eq!(search("six").await.unwrap().len(), 0);
    alice.expect_told(sent).await;
    let row = alice.row(sent).await;
    assert_eq!(row.message.text, "");
    assert_eq!(row.delivery.unwrap().state, DeliveryState::Delivered);
    assert_eq!(
        alice.talk(&line.carol).await.len(),
        2,
        "no bubbles of their own"
    );
    assert_eq!(carol.talk(&line.alice).await.len(), 2);
    assert_eq!((alice.balance().await, carol.balance().await), before);
}

#[tokio::test(start_paused = true)]
async fn an_answer_names_what_it_answers() {
    let line = talking_line();
    let (alice, to_carol, carol, to_alice) = acquainted(&line).await;
    let question = alice.say(to_carol, "tea or coffee?").await;
    let got = carol.expect_message(&line.alice, "tea or coffee?").await;
    let answer = Outgoing {
        conversation: to_alice,
        text: "tea".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: Some(got.message.key),
    };
    let strange = Outgoing {
        conversation: ConversationId(99),
        ..answer.clone()
    };
    let sent = carol.engine.send(answer).await.unwrap();

    let row = alice.expect_message(&line.carol, "tea").await;
    let to = row.reply.unwrap().to.unwrap();
    assert_eq!((to.key, to.direction), (question, Direction::Outgoing));
    assert_eq!(to.text, "tea or coffee?");
    let ours = carol.row(sent).await.reply.unwrap().to.unwrap();
    assert_eq!(ours.key, got.message.key);
    assert!(matches!(
        carol.engine.send(strange).await,
        Err(EngineError::NotFound)
    ));
}

#[tokio::test(start_paused = true)]
async fn without_a_free_way_a_payment_brings_it_and_its_cost_is_known_before() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    carol.befriend(&line.alice, Some(HOLD)).await;
    let sent = alice.say(to_carol, "hello").await;
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let got = carol.expect_message(&line.alice, "hello").await.message.key;

    let quote = alice
        .engine
        .quote_amend(sent, Amend::Edit("hello!".into()))
        .await
        .unwrap()
        .unwrap();
    let before = alice.balance().await;
    alice.edits(sent, "hello!").await;
    carol
        .expect_row(got, |row| row.message.text == "hello!")
        .await;
    alice.expect_told(sent).await;
    let cost = before.checked_sub(alice.balance().await).unwrap();
    assert_eq!(Some(cost), quote.fee.amount.checked_add(quote.fee.fee));
    // The same once more says nothing new, and costs nothing.
    alice.edits(sent, "hello!").await;
    assert_eq!(alice.letters(sent).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_is_too_long_for_one_payment_goes_in_parts() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    carol.befriend(&line.alice, Some(HOLD)).await;
    let sent = alice.say(to_carol, "to be continued").await;
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let got = carol.expect_message(&line.alice, "to be continued").await;
    let got = got.message.key;
    let text: String = (0..300_u32)
        .map(|line| format!("{:x} ", line.wrapping_mul(2_654_435_761)))
        .collect();
    let edit = Amend::Edit(text.clone());
    let quote = alice.engine.quote_amend(sent, edit.clone()).await;
    assert!(quote.unwrap().unwrap().parts > 2);

    alice.does(sent, edit).await;

    let row = carol
        .expect_row(got, |row| row.message.edited_at.is_some())
        .await;
    assert_eq!(row.message.text, text);
    alice.expect_told(sent).await;
    assert_eq!(alice.row(sent).await.message.text, text);
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_author_changes_words_and_only_what_is_there() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let sent = alice.say(to_carol, "mine").await;
    let got = carol.expect_message(&line.alice, "mine").await.message.key;
    for amend in [Amend::Edit("hers".into()), Amend::TakeBack] {
        let refused = carol.engine.amend(got, amend).await;
        assert!(matches!(refused, Err(EngineError::NotAmendable)));
    }
    let word = carol.engine.amend(got, Amend::React("two".into())).await;
    assert!(matches!(word, Err(EngineError::NotAmendable)));
    let nothing = alice.engine.amend(sent, Amend::Edit(" ".into())).await;
    assert!(matches!(nothing, Err(EngineError::Empty)));
    let nowhere = alice.engine.amend(MessageKey(99), Amend::TakeBack).await;
    assert!(matches!(nowhere, Err(EngineError::NotFound)));
    alice.does(sent, Amend::TakeBack).await;
    let gone = alice.engine.amend(sent, Amend::React("🙂".into())).await;
    assert!(matches!(gone, Err(EngineError::NotAmendable)));
}

#[tokio::test(start_paused = true)]
async fn taking_the_words_of_a_payment_back_leaves_the_money_where_it_is() {
    let line = talking_line();
    let (alice, _, carol, to_alice) = acquainted(&line).await;
    let paid = carol.pay(to_alice, "for the tea", sat(500)).await;
    let got = alice.expect_message(&line.carol, "for the tea").await;
    let got = got.message.key;
    alice.expect_hold(got, HoldState::Held).await;

    carol.does(paid, Amend::TakeBack).await;
    let row = alice
        .expect_row(got, |row| row.message.taken_back_at.is_some())
        .await;
    assert_eq!(
        (row.message.text.as_str(), row.message.payment),
        ("", sat(500))
    );
    let held = row.incoming.unwrap().payment.state;
    assert_eq!(held, HoldState::Held, "it is still for alice to decide");
    alice.engine.accept(got).await.unwrap();

    alice.expect_hold(got, HoldState::Settled).await;
    carol.expect_delivery(paid, DeliveryState::Settled).await;
    assert_eq!(alice.totals().await.received, sat(500));
    assert_eq!(carol.totals().await.sent, sat(500));
}

#[tokio::test(start_paused = true)]
async fn what_has_not_left_is_changed_where_it_waits_and_nothing_else_is_sent() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    line.carol.stop();
    let sent = alice.say(to_carol, "first thoughts").await;
    let regret = alice.say(to_carol, "never mind").await;
    let waits = |key: MessageKey| {
        let alice = &alice;
        async move {
            alice
                .expect_row(key, |row| {
                    let delivery = row.delivery.as_ref();
                    delivery.is_some_and(|one| one.next_try.is_some())
                })
                .await
        }
    };
    waits(sent).await;
    waits(regret).await;
    let edit = Amend::Edit("second thoughts".into());
    let quote = alice.engine.quote_amend(sent, edit.clone()).await;
    assert_eq!(
        quote.unwrap(),
        None,
        "a payment that failed brought nothing"
    );

    alice.does(sent, edit).await;
    alice.does(regret, Amend::TakeBack).await;
    line.carol.start();
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let got = carol.expect_message(&line.alice, "second thoughts").await;
    assert_eq!(
        got.message.edited_at, None,
        "nobody has read the first ones"
    );
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
    assert_eq!(alice.letters(sent).await, 0);
    let gone = alice.row(regret).await;
    assert_eq!(gone.delivery.unwrap().state, DeliveryState::Cancelled);
    assert!(gone.message.taken_back_at.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_may_have_arrived_is_changed_and_told_so_that_both_end_with_the_same() {
    let line = talking_line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let way = Way::FreeOnly;
    carol.close().await;
    let node = line.carol.id();
    alice.engine.set_way(node, way, false).await.unwrap();
    let sent = alice.say(to_carol, "first thoughts").await;
    // It left, and nobody said that it arrived.
    alice
        .expect_row(sent, |row| {
            let delivery = row.delivery.as_ref();
            delivery.is_some_and(|one| one.next_try.is_some())
        })
        .await;

    alice.edits(sent, "second thoughts").await;
    alice.edits(sent, "third thoughts").await;
    carol.reopen();
    carol.has_a_card().await;
    // Its next try may be under way by itself.
    let again = alice.engine.retry(sent).await;
    assert!(matches!(again, Ok(()) | Err(EngineError::Delivery(_))));

    alice.expect_delivery(sent, DeliveryState::Delivered).await;
    let told = alice.expect_told(sent).await;
    let got = carol.expect_message(&line.alice, "third thoughts").await;
    assert!(told.message.edited_at.is_some() && got.message.edited_at.is_some());
    assert_eq!(carol.talk(&line.alice).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reaction_that_waits_can_be_cancelled_and_a_change_of_mind_sends_nothing() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    carol.say(to_alice, "look").await;
    let got = alice.expect_message(&line.carol, "look").await.message.key;
    alice.say(to_carol, "I see").await;
    carol.expect_message(&line.alice, "I see").await;
    // Nothing leaves: no channel leads to carol directly.
    let node = line.carol.id();
    let way = Way::DirectOnly;
    alice.engine.set_way(node, way, false).await.unwrap();

    alice.reacts(got, "😮").await;
    alice.reacts(got, "😂").await;
    assert_eq!(alice.letters(got).await, 1);
    let row = alice.row(got).await;
    assert_eq!(reactions(&row.amendments), [(Direction::Outgoing, "😂")]);
    assert_eq!(row.amendments.open.len(), 1);
    let letter = alice
        .store
        .read(move |db| db.own_amendments(got))
        .await
        .unwrap()
        .pop()
        .unwrap();
    eventually("it was tried in vain", async || {
        let delivery = alice.row(letter.key).await.delivery?;
        delivery.next_try
    })
    .await;
    alice.engine.cancel(letter.key).await.unwrap();
    let row = alice.row(got).await;
    assert!(row.amendments.reactions.is_empty() && row.amendments.open.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_program_without_letters_is_told_nothing() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let node = line.carol.id();
    let talk = alice.befriend(&line.carol, None).await;
    alice
        .store
        .write(move |tx| tx.set_program(node, domain::Program::Other))
        .await
        .unwrap();
    let sent = alice.say(talk, "hello").await;
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let refused = alice.engine.amend(sent, Amend::TakeBack).await;
    assert!(matches!(refused, Err(EngineError::NoLetters)));
}

#[tokio::test(start_paused = true)]
async fn what_a_stranger_amends_takes_room_like_what_a_stranger_writes() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let mallory = Person::open(&line.network, &line.carol).await;
    let to_alice = mallory.befriend(&line.alice, Some(HOLD)).await;
    let sent = mallory.say(to_alice, "hello").await;
    let got = alice.expect_message(&line.carol, "hello").await;
    for number in 0..30 {
        mallory.edits(sent, &format!("hello {number}")).await;
        mallory.expect_told(sent).await;
    }
    let node = line.carol.id();
    let (contact, usage) = alice
        .store
        .read(move |db| Ok((db.contact(node)?, db.stranger_usage(node)?)))
        .await
        .unwrap();
    assert_eq!(contact.unwrap().trust, Trust::Request);
    assert!(usage.0 <= 20, "{usage:?}");
    let row = alice.row(got.message.key).await;
    assert_ne!(row.message.text, "hello 29", "there was no room for it");
    assert_eq!(alice.talk(&line.carol).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_edit_of_what_waits_counts_although_the_first_one_may_still_come() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    carol.befriend(&line.alice, Some(HOLD)).await;
    line.carol.stop();
    line.network.set_hop_time(Duration::from_secs(5));
    let sent = alice.say(to_carol, "at five").await;
    eventually("it is on its way", async || {
        let state = alice.row(sent).await.delivery?.state;
        (state == DeliveryState::InFlight).then_some(())
    })
    .await;
    // It may arrive: this edit goes behind it.
    alice.edits(sent, "at six").await;
    let waits_again = async |tries: usize| {
        eventually("what left came back", async || {
            let attempts = alice.store.read(move |db| db.attempts_of(sent)).await;
            let waits = alice.row(sent).await.delivery?.state == DeliveryState::Queued;
            (waits && attempts.unwrap().len() >= tries).then_some(())
        })
        .await;
    };
    waits_again(1).await;
    alice.engine.retry(sent).await.unwrap();
    waits_again(2).await;

    alice.edits(sent, "at seven").await;
    line.network.set_hop_time(Duration::from_millis(40));
    line.carol.start();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let told = alice.expect_told(sent).await;
    assert_eq!(told.message.text, "at seven");
    let got = carol.expect_message(&line.alice, "at seven").await;
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(carol.row(got.message.key).await.message.text, "at seven");
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
}
