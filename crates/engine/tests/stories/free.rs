//! alice and carol write for nothing: their apps listen, and bob passes onions on. Nobody pays a msat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::people::gate::Gate;
use crate::people::{HOLD, Person, acquainted, eventually, introduce, sat, talking_line as line};
use domain::{
    AttemptState, Carrier, DeliveryState, Failure, MessageKind, Msat, Privacy, Trust, Way,
};
use heliograph_engine::Outgoing;
use lnd::LightningError;
use tokio::sync::Notify;

#[tokio::test(start_paused = true)]
async fn whoever_has_written_is_answered_by_onion_and_nobody_pays() {
    let line = line();
    let (alice, to_carol, carol, to_alice) = acquainted(&line).await;
    let before = (alice.balance().await, line.bob.id(), carol.balance().await);

    let answer = alice.say(to_carol, "and me").await;
    let row = alice
        .expect_delivery(answer, DeliveryState::Delivered)
        .await;
    let got = carol.expect_message(&line.alice, "and me").await;
    let third = carol.say(to_alice, "then it is free").await;
    carol.expect_delivery(third, DeliveryState::Delivered).await;
    alice.expect_message(&line.carol, "then it is free").await;

    assert_eq!((row.carrier, row.hops), (Some(Carrier::Onion), Some(2)));
    assert_eq!((row.paid, row.fee), (None, Msat::ZERO));
    assert!(row.delivery.unwrap().delivered_at.is_some());
    assert_eq!(got.carrier, Some(Carrier::Onion));
    assert_eq!(got.message.privacy, Privacy::Sealed);
    assert!(got.incoming.is_none(), "no payment is under it");
    let after = (alice.balance().await, line.bob.id(), carol.balance().await);
    assert_eq!(before, after);
    let (ours, theirs) = (alice.totals().await, carol.totals().await);
    assert_eq!((ours.messages_sent, theirs.messages_received), (1, 1));
    assert_eq!((ours.postage_sent, ours.fees), (Msat::ZERO, Msat::ZERO));
}

#[tokio::test(start_paused = true)]
async fn between_connected_nodes_it_goes_over_the_connection() {
    let line = line();
    let alice = Person::open(&line.network, &line.alice).await;
    let bob = Person::open(&line.network, &line.bob).await;
    alice.has_a_card().await;
    bob.has_a_card().await;
    let to_bob = alice.befriend(&line.bob, None).await;
    let to_alice = bob.befriend(&line.alice, Some(HOLD)).await;
    let first = bob.say(to_alice, "neighbour?").await;
    alice.expect_message(&line.bob, "neighbour?").await;
    bob.expect_delivery(first, DeliveryState::Returned).await;

    let answer = alice.say(to_bob, "neighbour!").await;

    let row = alice
        .expect_delivery(answer, DeliveryState::Delivered)
        .await;
    assert_eq!((row.carrier, row.hops), (Some(Carrier::Peer), Some(1)));
    let got = bob.expect_message(&line.alice, "neighbour!").await;
    assert_eq!(got.carrier, Some(Carrier::Peer));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_sleeps_gets_it_by_a_payment_and_keeps_one_of_them() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;

    let key = alice.say(to_carol, "good night").await;
    let row = alice.expect_delivery(key, DeliveryState::Settled).await;
    let second = alice.say(to_carol, "again").await;
    alice.expect_delivery(second, DeliveryState::Settled).await;
    carol.reopen();

    assert_eq!(row.carrier, Some(Carrier::Keysend));
    let attempts = alice
        .store
        .read(move |db| db.attempts_of(key))
        .await
        .unwrap();
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.carrier, attempt.state, attempt.failure))
        .collect();
    assert_eq!(
        told,
        [
            (
                Carrier::Onion,
                AttemptState::Failed,
                Some(Failure::NoReceipt)
            ),
            (Carrier::Keysend, AttemptState::Settled, None),
        ]
    );
    let attempts = alice
        .store
        .read(move |db| db.attempts_of(second))
        .await
        .unwrap();
    assert_eq!(attempts.len(), 1, "a sleeping app is not waited for twice");
    carol.expect_message(&line.alice, "good night").await;
    eventually("her app says that it has it", async || {
        alice.row(key).await.delivery.unwrap().delivered_at
    })
    .await;
    assert_eq!(carol.talk(&line.alice).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_lost_onion_is_sent_again_and_a_lost_receipt_makes_no_second_message() {
    let line = line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    line.network.lose_onions(3);
    line.network.double_onions(true);

    let mut keys = Vec::new();
    for number in 0..12 {
        keys.push(alice.say(to_carol, &format!("number {number}")).await);
    }

    for key in keys {
        eventually("it arrived", async || {
            let delivery = alice.row(key).await.delivery.unwrap();
            matches!(
                delivery.state,
                DeliveryState::Delivered | DeliveryState::Settled
            )
            .then_some(())
        })
        .await;
    }
    let got: Vec<_> = carol
        .talk(&line.alice)
        .await
        .into_iter()
        .map(|row| row.message.text)
        .filter(|text| text.starts_with("number"))
        .collect();
    let expected: Vec<_> = (0..12).map(|number| format!("number {number}")).collect();
    assert_eq!(got, expected);
}

#[tokio::test(start_paused = true)]
async fn free_only_waits_for_the_other_app_and_pays_nothing_meanwhile() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let before = alice.balance().await;
    alice
        .engine
        .set_way(line.carol.id(), Way::FreeOnly, false)
        .await
        .unwrap();
    carol.close().await;

    let key = alice.say(to_carol, "it can wait").await;
    let waiting = eventually("it waits", async || {
        let delivery = alice.row(key).await.delivery.unwrap();
        delivery.next_try.is_some().then_some(delivery)
    })
    .await;
    assert_eq!(waiting.failure, Some(Failure::NoReceipt));
    carol.reopen();

    alice.expect_delivery(key, DeliveryState::Delivered).await;
    carol.expect_message(&line.alice, "it can wait").await;
    assert_eq!(alice.balance().await, before);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_must_be_free_keeps_no_other_waiting() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;
    let free = Outgoing {
        conversation: to_carol,
        text: "it can wait".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::FreeOnly,
        reply_to: None,
    };
    let waits = alice.engine.send(free).await.unwrap();
    eventually("it waits", async || {
        let delivery = alice.row(waits).await.delivery.unwrap();
        delivery.next_try.is_some().then_some(())
    })
    .await;

    let goes = alice.say(to_carol, "it cannot").await;
    alice.expect_delivery(goes, DeliveryState::Settled).await;
    let delivery = alice.row(waits).await.delivery.unwrap();
    assert_eq!(delivery.state, DeliveryState::Queued);
    carol.reopen();
    alice.expect_delivery(waits, DeliveryState::Delivered).await;
    carol.expect_message(&line.alice, "it cannot").await;
}

#[tokio::test(start_paused = true)]
async fn routed_only_never_takes_the_connection() {
    let line = line();
    let (alice, watch) = Person::open_watched(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, to_alice) = introduce(&line, &alice, &carol).await;
    // A channel between them: the short way is there, and may not be taken.
    line.network
        .channel(&line.alice, sat(100_000), &line.carol, sat(100_000));
    alice
        .engine
        .set_way(line.carol.id(), Way::RoutedOnly, false)
        .await
        .unwrap();

    let key = alice.say(to_carol, "the long way").await;
    let row = alice.expect_delivery(key, DeliveryState::Delivered).await;
    assert_eq!((row.carrier, row.hops), (Some(Carrier::Onion), Some(2)));

    // What alice's app says by itself goes around as well: that it has a message, that she has seen it, whose key it is.
    let short = carol.say(to_alice, "the short way").await;
    let row = carol.expect_delivery(short, DeliveryState::Delivered).await;
    assert_eq!(row.carrier, Some(Carrier::Peer));
    alice.reads(to_carol, &line.carol).await;
    eventually("carol knows that it was seen", async || {
        carol.row(short).await.delivery.unwrap().read_at
    })
    .await;
    let before = watch.calls("send_onion");
    carol.engine.greet(to_alice).await.unwrap();
    alice.engine.greet(to_carol).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(
        watch.calls("send_onion") > before + 1,
        "both were answered and asked"
    );

    assert_eq!(watch.calls("send_peer_message"), 0);
    assert_eq!(watch.neighbours(), [line.bob.id()].into());
}

#[tokio::test(start_paused = true)]
async fn direct_only_has_no_other_node_pass_on_what_was_seen() {
    let line = line();
    let (alice, watch) = Person::open_watched(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, to_alice) = introduce(&line, &alice, &carol).await;
    alice
        .engine
        .set_way(line.carol.id(), Way::DirectOnly, false)
        .await
        .unwrap();
    let key = carol.say(to_alice, "seen?").await;
    alice.expect_message(&line.carol, "seen?").await;
    let before = watch.calls("send_onion");

    alice.reads(to_carol, &line.carol).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(watch.calls("send_onion"), before);
    assert_eq!(carol.row(key).await.delivery.unwrap().read_at, None);

    line.network
        .channel(&line.alice, sat(100_000), &line.carol, sat(100_000));
    let key = carol.say(to_alice, "seen now?").await;
    alice.expect_message(&line.carol, "seen now?").await;
    alice.reads(to_carol, &line.carol).await;
    eventually("carol knows", async || {
        carol.row(key).await.delivery.unwrap().read_at
    })
    .await;
    assert!(watch.calls("send_peer_message") > 0);
    assert_eq!(watch.calls("send_onion"), before);
}

#[tokio::test(start_paused = true)]
async fn the_price_says_free_and_what_it_costs_if_they_sleep() {
    let line = line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let words = |conversation| Outgoing {
        conversation,
        text: "hi".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    };

    let quote = alice.engine.quote(words(to_carol)).await.unwrap();
    assert_eq!((quote.carrier, quote.hops), (Carrier::Onion, 2));
    assert!(quote.payable && !quote.returned);
    assert_eq!(quote.fee.amount, Msat::SAT);

    let free = Outgoing {
        way: Way::FreeOnly,
        reply_to: None,
        text: "x".repeat(20_000),
        ..words(to_carol)
    };
    let quote = alice.engine.quote(free.clone()).await.unwrap();
    assert!(!quote.payable && quote.fee.amount.is_zero());
    let key = alice.engine.send(free).await.unwrap();
    alice.expect_delivery(key, DeliveryState::Delivered).await;
    let got = carol.expect_message(&line.alice, &"x".repeat(20_000)).await;
    assert_eq!(got.message.kind, MessageKind::Text);
}

#[tokio::test(start_paused = true)]
async fn reading_is_told_unless_the_reader_does_not_want_it() {
    let line = line();
    let (alice, to_carol, carol, to_alice) = acquainted(&line).await;
    let key = alice.say(to_carol, "read me").await;
    let got = carol.expect_message(&line.alice, "read me").await.message;
    alice.expect_delivery(key, DeliveryState::Delivered).await;
    assert_eq!(alice.row(key).await.delivery.unwrap().read_at, None);

    let seen = carol
        .store
        .write(move |tx| tx.mark_seen(to_alice))
        .await
        .unwrap();
    assert!(seen.contains(&got.id));
    carol.engine.seen(line.alice.id(), seen);

    eventually("alice knows", async || {
        alice.row(key).await.delivery.unwrap().read_at
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_hears_nothing_back() {
    let line = line();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.has_a_card().await;
    carol.has_a_card().await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;

    carol.engine.greet(to_alice).await.unwrap();

    let contact = eventually("a request stands in alice's list", async || {
        let node = line.carol.id();
        alice.store.read(move |db| db.contact(node)).await.unwrap()
    })
    .await;
    assert_eq!(contact.trust, Trust::Request);
    assert!(contact.program.reads_letters());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let node = line.alice.id();
    let facts = carol.engine.key_facts(node).await.unwrap();
    assert!(!facts.sealed_to_app, "alice's app said nothing by itself");

    // Once she is let in, her question is answered.
    let node = line.carol.id();
    alice
        .store
        .write(move |tx| tx.set_trust(node, Trust::Known))
        .await
        .unwrap();
    carol.engine.greet(to_alice).await.unwrap();
    eventually("carol has alice's card", async || {
        let facts = carol.engine.key_facts(line.alice.id()).await.unwrap();
        facts.sealed_to_app.then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn both_see_the_same_safety_number_and_a_new_key_is_introduced_under_the_old_one() {
    let line = line();
    let (mut alice, to_carol, mut carol, to_alice) = acquainted(&line).await;
    let key = alice.say(to_carol, "hello").await;
    alice.expect_delivery(key, DeliveryState::Delivered).await;
    let (a, c) = (line.alice.id(), line.carol.id());
    let number = |person: &Person, of| {
        let engine = person.engine.clone();
        async move { engine.key_facts(of).await.unwrap().safety_number }
    };
    let before = number(&alice, c).await.unwrap();
    assert_eq!(number(&carol, a).await.as_ref(), Some(&before));
    alice
        .engine
        .set_compared(c, before.clone(), true)
        .await
        .unwrap();
    assert!(alice.engine.key_facts(c).await.unwrap().compared);
    let key = carol.say(to_alice, "now you know my key").await;
    carol.expect_delivery(key, DeliveryState::Delivered).await;

    // A month later both have new keys.
    let keys = (alice.engine.seal_key(), carol.engine.seal_key());
    alice.close().await;
    carol.close().await;
    tokio::time::sleep(Duration::from_secs(31 * 24 * 60 * 60)).await;
    alice.reopen();
    carol.reopen();
    eventually("both keys are new", async || {
        let now = (alice.engine.seal_key(), carol.engine.seal_key());
        let made = now.0.is_some() && now.1.is_some();
        (made && now.0 != keys.0 && now.1 != keys.1).then_some(())
    })
    .await;
    for round in 0..3 {
        alice.say(to_carol, &format!("a{round}")).await;
        carol
            .expect_message(&line.alice, &format!("a{round}"))
            .await;
        carol.say(to_alice, &format!("c{round}")).await;
        alice
            .expect_message(&line.carol, &format!("c{round}"))
            .await;
    }

    let after = number(&alice, c).await.unwrap();
    assert_ne!(after, before);
    assert_eq!(number(&carol, a).await, Some(after));
    for (person, other) in [(&alice, c), (&carol, a)] {
        let facts = person.engine.key_facts(other).await.unwrap();
        assert!(!facts.changed, "the new key came under the old one");
        assert!(!facts.compared, "it is another number now");
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_app_on_the_same_node_raises_a_warning() {
    let line = line();
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    let key = alice.say(to_carol, "hello").await;
    alice.expect_delivery(key, DeliveryState::Delivered).await;
    carol.close().await;

    // Whoever has carol's node can make a new profile with it.
    let other = Person::open_elsewhere(&line.network, &line.carol).await;
    other.takes_over().await;
    let to_alice = other.befriend(&line.alice, Some(HOLD)).await;
    other.say(to_alice, "trust me").await;
    alice.expect_message(&line.carol, "trust me").await;

    let facts = alice.engine.key_facts(line.carol.id()).await.unwrap();
    assert!(facts.changed && !facts.compared);
    let number = facts.safety_number.unwrap();
    alice
        .engine
        .set_compared(line.carol.id(), number, false)
        .await
        .unwrap();
    assert!(
        !alice
            .engine
            .key_facts(line.carol.id())
            .await
            .unwrap()
            .changed
    );
}

#[tokio::test(start_paused = true)]
async fn an_app_that_ends_on_the_way_sends_it_again_and_it_is_kept_once() {
    let line = line();
    let (mut alice, to_carol, carol, _) = acquainted(&line).await;
    let key = alice.say(to_carol, "before the end").await;
    eventually("it is on its way", async || {
        let delivery = alice.row(key).await.delivery.unwrap();
        (delivery.state != DeliveryState::Queued).then_some(())
    })
    .await;

    alice.restart().await;

    alice.expect_delivery(key, DeliveryState::Delivered).await;
    carol.expect_message(&line.alice, "before the end").await;
    let texts = carol.talk(&line.alice).await;
    let count = texts
        .iter()
        .filter(|row| row.message.text == "before the end")
        .count();
    assert_eq!(count, 1);
}

#[tokio::test(start_paused = true)]
async fn of_a_recipient_with_hundreds_of_neighbours_not_all_are_asked_about() {
    let line = line();
    for number in 0..600 {
        let node = line.network.node(&format!("silent {number}"));
        node.set_onion(false);
        line.network
            .channel(&line.carol, sat(1_000), &node, sat(1_000));
    }
    let (alice, watch) = Person::open_watched(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, _) = introduce(&line, &alice, &carol).await;

    let key = alice.say(to_carol, "you know many people").await;
    let row = alice.expect_delivery(key, DeliveryState::Delivered).await;

    assert_eq!((row.carrier, row.hops), (Some(Carrier::Onion), Some(2)));
    let asked = watch.calls("node");
    assert!(asked < 500, "bob is a neighbour of both: {asked}");
}

/// Lets nothing of one kind out while it is shut.
#[derive(Clone, Default)]
struct Door {
    call: &'static str,
    shut: Arc<AtomicBool>,
    waits: Arc<Notify>,
    opens: Arc<Notify>,
    /// What came to the door while it was shut is refused.
    refuses: bool,
}

impl Door {
    fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
        self.opens.notify_waiters();
    }

    fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }
}

impl Gate for Door {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == self.call && self.shut.load(Ordering::SeqCst) {
            self.waits.notify_one();
            self.opens.notified().await;
            if self.refuses {
                return Err(LightningError::NoRoute);
            }
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_comes_while_a_payment_fails_is_the_end_of_it() {
    let line = line();
    let (receipts, payments) = (
        Door {
            call: "send_onion",
            ..Door::default()
        },
        Door {
            call: "send",
            refuses: true,
            ..Door::default()
        },
    );
    let alice = Person::open_behind(&line.network, &line.alice, payments.clone()).await;
    let carol = Person::open_behind(&line.network, &line.carol, receipts.clone()).await;
    let (to_carol, _) = introduce(&line, &alice, &carol).await;
    let before = alice.balance().await;
    receipts.shut();
    payments.shut();

    let key = alice.say(to_carol, "are you there?").await;
    payments.waits.notified().await;
    carol.expect_message(&line.alice, "are you there?").await;
    receipts.open();
    eventually("carol's app says that it has it", async || {
        alice.row(key).await.delivery.unwrap().delivered_at
    })
    .await;
    let delivery = alice.row(key).await.delivery.unwrap();
    assert_eq!(
        delivery.state,
        DeliveryState::InFlight,
        "money is under way"
    );
    payments.open();

    let row = eventually("the payment has failed", async || {
        let row = alice.row(key).await;
        (row.delivery.as_ref()?.state != DeliveryState::InFlight).then_some(row)
    })
    .await;
    assert_eq!(row.delivery.unwrap().state, DeliveryState::Delivered);
    assert_eq!((row.carrier, row.paid), (Some(Carrier::Onion), None));
    assert_eq!(alice.balance().await, before);
    assert_eq!(alice.totals().await.messages_sent, 1);
}

#[tokio::test(start_paused = true)]
async fn what_our_node_does_not_pass_on_has_not_left_and_goes_by_a_payment() {
    let line = line();
    let door = Door {
        call: "send_onion",
        refuses: true,
        ..Door::default()
    };
    let alice = Person::open_behind(&line.network, &line.alice, door.clone()).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, _) = introduce(&line, &alice, &carol).await;
    door.shut();

    let key = alice.say(to_carol, "no onions today").await;
    eventually("both tries are refused", async || {
        door.opens.notify_waiters();
        let delivery = alice.row(key).await.delivery.unwrap();
        (delivery.state == DeliveryState::Settled).then_some(())
    })
    .await;

    carol.expect_message(&line.alice, "no onions today").await;
    let attempts = alice.store.read(move |db| db.attempts_of(key));
    let attempts = attempts.await.unwrap();
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.carrier, attempt.state, attempt.failure))
        .collect();
    let refused = Some(Failure::Rejected);
    assert_eq!(
        told,
        [
            (Carrier::Onion, AttemptState::Failed, refused),
            (Carrier::Keysend, AttemptState::Settled, None),
        ]
    );
}
