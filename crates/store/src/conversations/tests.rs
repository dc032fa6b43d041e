use domain::{
    Decision, DeliveryEvent, DeliveryState, Direction, HoldEvent, MessageKey, MessageKind, Msat,
    NodeId, Trust,
};

use crate::testing::{
    World, alice, at, attempt, bob, carol, delivery, from_bob, hash, held, to_bob,
};
use crate::{
    Booking, Delivery, Found, Listed, NewMessage, Outcome, PageAt, Preview, RefundSide, StoreError,
};

fn names(world: &World, listed: Listed, query: &'static str) -> Vec<NodeId> {
    let rows = world.read(move |db| db.conversations(listed, query));
    rows.into_iter().map(|row| row.contact.node).collect()
}

#[test]
fn a_conversation_needs_a_contact_and_is_made_once() {
    let world = World::new();
    let stranger = world.try_write(|tx| tx.conversation_with(bob(), at(0)));
    assert!(
        matches!(stranger, Err(StoreError::Constraint(_))),
        "{stranger:?}"
    );
    let first = world.meet(bob());
    assert_eq!(world.write(|tx| tx.conversation_with(bob(), at(9))), first);
    assert_eq!(world.read(|db| db.conversation_of(bob())), Some(first));
    assert_eq!(world.read(|db| db.conversation_of(carol())), None);
}

#[test]
fn the_newest_message_stands_in_the_list_with_where_it_is() {
    let world = World::new();
    let (with_bob, with_carol) = (world.meet(bob()), world.meet(carol()));
    assert_eq!(names(&world, Listed::Known, ""), [carol(), bob()]);
    world.store_message(from_bob(with_bob, 5, "hello"));
    assert_eq!(names(&world, Listed::Known, ""), [bob(), carol()]);

    let long = "界".repeat(200);
    let key = world.send(with_bob, 6, &long);
    let row = world.read(move |db| db.conversation(with_bob)).unwrap();
    let preview = Preview {
        direction: Direction::Outgoing,
        kind: MessageKind::Text,
        text: "界".repeat(120),
        payment: Msat::ZERO,
        at: at(6),
        delivery: Some(DeliveryState::Queued),
        taken_back: false,
        authorship: domain::Authorship::Verified,
        claims: None,
        claim: None,
    };
    assert_eq!(row.last, Some(preview));
    world.write(move |tx| tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(7)));
    let row = world.read(move |db| db.conversation(with_bob)).unwrap();
    assert_eq!(row.last.unwrap().delivery, Some(DeliveryState::InFlight));

    assert_eq!(
        world
            .read(move |db| db.conversation(with_carol))
            .unwrap()
            .last,
        None
    );
}

#[test]
fn a_clock_that_was_ahead_for_a_while_hides_nothing_that_came_since() {
    const WEEK: i64 = 8 * 86_400;
    let world = World::new();
    let (with_bob, with_carol) = (world.meet(bob()), world.meet(carol()));
    let ahead = NewMessage {
        stored_at: at(WEEK),
        ..from_bob(with_bob, 1, "while the clock was ahead")
    };
    world.store_message(ahead);
    world.store_message(from_bob(with_carol, 2, "hi from carol's house"));
    assert_eq!(names(&world, Listed::Known, ""), [carol(), bob()]);

    world.store_message(from_bob(with_bob, 3, "after it was set right"));
    assert_eq!(names(&world, Listed::Known, ""), [bob(), carol()]);
    let row = world.read(move |db| db.conversation(with_bob)).unwrap();
    let last = row.last.unwrap();
    // The times that are shown stay the times.
    assert_eq!(
        (last.text.as_str(), last.at),
        ("after it was set right", at(3))
    );
    let page = world.read(move |db| db.messages_page(with_bob, PageAt::End, 9));
    let times: Vec<_> = page.rows.iter().map(|row| row.message.stored_at).collect();
    assert_eq!(times, [at(WEEK), at(3)]);
    let hits = world.read(|db| db.search("the clock", None, None, 9));
    assert_eq!(hits.len(), 1);

    // A conversation that is made now stands above all that was said before.
    let with_alice = world.meet(alice());
    assert_eq!(names(&world, Listed::Known, ""), [alice(), bob(), carol()]);
    let newest = page.rows[1].message.key;
    assert!(world.write(move |tx| tx.delete_message(newest)));
    let row = world.read(move |db| db.conversation(with_bob)).unwrap();
    assert_eq!(row.last.unwrap().at, at(WEEK));
    assert_eq!(names(&world, Listed::Known, ""), [alice(), carol(), bob()]);
    world.store_message(from_bob(with_alice, 4, "x"));
    assert_eq!(names(&world, Listed::Known, ""), [alice(), carol(), bob()]);
}

#[test]
fn deleting_the_newest_message_brings_the_one_before_back_into_the_list() {
    let world = World::new();
    let chat = world.meet(bob());
    let first = world.send(chat, 1, "first");
    let second = world.store_message(from_bob(chat, 2, "second"));
    world.write(move |tx| tx.delete_message(second));
    let row = world.read(move |db| db.conversation(chat)).unwrap();
    let last = row.last.unwrap();
    assert_eq!(
        (last.text.as_str(), last.delivery),
        ("first", Some(DeliveryState::Queued))
    );
    assert_eq!(row.unread, 0);
    world.write(move |tx| tx.delete_message(first));
    assert_eq!(
        world.read(move |db| db.conversation(chat)).unwrap().last,
        None
    );
    assert_eq!(names(&world, Listed::Known, ""), [bob()]);
}

#[test]
fn unread_messages_are_counted_until_they_are_seen() {
    let world = World::new();
    let chat = world.meet(bob());
    let unread = |world: &World| world.read(move |db| db.conversation(chat)).unwrap().unread;
    let first = world.store_message(from_bob(chat, 1, "one"));
    world.store_message(from_bob(chat, 2, "two"));
    world.store_message(to_bob(chat, 3, "mine"));
    assert_eq!(unread(&world), 2);
    assert_eq!(names(&world, Listed::Unread, ""), [bob()]);
    world.write(move |tx| tx.delete_message(first));
    assert_eq!(unread(&world), 1);
    let seen = world.write(move |tx| tx.mark_seen(chat));
    assert!(!seen.is_empty());
    assert!(world.write(move |tx| tx.mark_seen(chat)).is_empty());
    assert_eq!(unread(&world), 0);
    assert!(names(&world, Listed::Unread, "").is_empty());
}

#[test]
fn failed_messages_are_counted_until_they_are_tried_again_given_up_or_deleted() {
    let world = World::new();
    let chat = world.meet(bob());
    let failed = |world: &World| world.read(move |db| db.conversation(chat)).unwrap().failed;
    let keys: Vec<MessageKey> = (1..=3)
        .map(|number| world.send(chat, number, "hi"))
        .collect();
    for (key, end) in keys.iter().copied().zip([
        DeliveryEvent::Failed,
        DeliveryEvent::Forgotten,
        DeliveryEvent::Settled,
    ]) {
        world.write(move |tx| {
            tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(10))?;
            tx.step_delivery(key, end, Outcome::default(), at(11))
        });
    }
    assert_eq!(failed(&world), 2);
    let (first, second) = (keys[0], keys[1]);
    world
        .write(move |tx| tx.step_delivery(first, DeliveryEvent::Retry, Outcome::default(), at(12)));
    assert_eq!(failed(&world), 1);
    world.write(move |tx| {
        tx.step_delivery(second, DeliveryEvent::Cancel, Outcome::default(), at(13))
    });
    assert_eq!(failed(&world), 0);
    world.write(move |tx| {
        tx.step_delivery(first, DeliveryEvent::Begin, Outcome::default(), at(14))?;
        tx.step_delivery(first, DeliveryEvent::Failed, Outcome::default(), at(15))
    });
    assert_eq!(failed(&world), 1);
    assert!(world.write(move |tx| tx.delete_message(first)));
    assert_eq!(failed(&world), 0);
}

#[test]
fn held_payments_are_counted_and_postage_is_not() {
    let world = World::new();
    let chat = world.meet(bob());
    let held_now = |world: &World| world.read(move |db| db.conversation(chat)).unwrap().held;
    world.hold(chat, 1, 2_100);
    world.write(move |tx| {
        let postage = held(2, 1);
        tx.receive_payment(&postage)?;
        let key = tx.insert_message(&from_bob(chat, 2, "just words"))?;
        tx.mark_opened(postage.hash, Some(bob()), key, true)
    });
    assert_eq!(held_now(&world), 1);
    assert_eq!(names(&world, Listed::Held, ""), [bob()]);
    world.write(|tx| tx.step_hold(hash(1), HoldEvent::Accept, Some(Decision::Person), at(20)));
    assert_eq!(held_now(&world), 0);
    assert!(names(&world, Listed::Held, "").is_empty());
}

#[test]
fn lists_keep_strangers_and_blocked_nodes_apart() {
    let world = World::new();
    let chat = world.meet(bob());
    world.meet(carol());
    world.hold(chat, 1, 5);
    for (trust, known, requests, blocked, held) in [
        (Trust::Known, 2, 0, 0, 1),
        (Trust::Request, 1, 1, 0, 1),
        (Trust::Blocked, 1, 0, 1, 0),
    ] {
        world.write(move |tx| tx.set_trust(bob(), trust));
        let lengths = [
            Listed::Known,
            Listed::Requests,
            Listed::Blocked,
            Listed::Held,
        ]
        .map(|listed| names(&world, listed, "").len());
        assert_eq!(lengths, [known, requests, blocked, held], "{trust:?}");
        let unread = usize::from(trust == Trust::Known);
        assert_eq!(names(&world, Listed::Unread, "").len(), unread, "{trust:?}");
    }
}

#[test]
fn a_conversation_is_found_by_name_alias_and_the_beginning_of_the_key() {
    let world = World::new();
    world.meet(bob());
    world.meet(carol());
    world.write(|tx| {
        tx.rename_contact(bob(), "Übel Bob", "", Msat::ZERO)?;
        tx.set_alias(carol(), "CAROLs node 界")
    });
    for (query, expected) in [
        ("übel", vec![bob()]),
        ("BOB", vec![bob()]),
        ("s NODE", vec![carol()]),
        ("界", vec![carol()]),
        ("02C604", vec![bob()]),
        (" 02f9308a ", vec![carol()]),
        ("c604", vec![]),
        ("%", vec![]),
        ("", vec![carol(), bob()]),
    ] {
        assert_eq!(names(&world, Listed::Known, query), expected, "{query:?}");
    }
}

#[test]
fn a_draft_is_kept_over_a_restart() {
    let mut world = World::new();
    let chat = world.meet(bob());
    world.write(move |tx| tx.set_draft(chat, "dear b"));
    world.reopen();
    assert_eq!(
        world.read(move |db| db.conversation(chat)).unwrap().draft,
        "dear b"
    );
}

#[test]
fn removing_bob_takes_his_words_away_and_keeps_what_was_paid() {
    let world = World::new();
    let chat = world.meet(bob());
    let paid = world.send(chat, 1, "a secretive payment");
    world.write(move |tx| {
        tx.insert_attempt(&attempt(1, paid))?;
        tx.insert_attempt(&attempt(2, paid))?;
        tx.step_delivery(paid, DeliveryEvent::Begin, Outcome::default(), at(2))?;
        tx.end_attempt(
            hash(1),
            domain::AttemptState::Failed,
            Msat::ZERO,
            None,
            None,
            at(3),
        )?;
        tx.end_attempt(
            hash(2),
            domain::AttemptState::Settled,
            Msat::new(7),
            None,
            None,
            at(3),
        )?;
        tx.step_delivery(paid, DeliveryEvent::Settled, Outcome::default(), at(4))?;
        tx.book(Booking::PaymentSent, hash(2), Some(bob()), Msat::SAT, at(4))?;
        tx.set_draft(chat, "unsent")
    });
    let came = world.hold(chat, 10, 3);
    let refused = world.try_write(move |tx| tx.remove_conversation(chat));
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "held: {refused:?}"
    );
    world.write(|tx| {
        tx.step_hold(
            hash(10),
            HoldEvent::Settled,
            Some(Decision::Arrival),
            at(11),
        )?;
        tx.book(
            Booking::PaymentReceived,
            hash(10),
            Some(bob()),
            Msat::new(3_000),
            at(11),
        )
    });
    let on_its_way = world.send(chat, 20, "under way");
    world.write(move |tx| {
        tx.step_delivery(on_its_way, DeliveryEvent::Begin, Outcome::default(), at(21))
    });
    let refused = world.try_write(move |tx| tx.remove_conversation(chat));
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "in flight: {refused:?}"
    );
    world.write(move |tx| {
        tx.step_delivery(
            on_its_way,
            DeliveryEvent::Failed,
            Outcome::default(),
            at(22),
        )
    });
    let before = world.read(|db| db.totals(Some(bob())));

    world.write(move |tx| tx.remove_conversation(chat));

    world.read(move |db| {
        assert_eq!(db.contact(bob())?, None);
        assert_eq!(db.conversation(chat)?, None);
        assert_eq!(db.conversations(Listed::Known, "")?, []);
        assert_eq!(db.message(paid)?, None);
        assert_eq!(db.search("secretive", None, None, 10)?, []);
        assert_eq!(
            db.find_message(alice(), domain::MessageId([1; 16]))?,
            Found::Deleted
        );
        assert_eq!(
            db.find_message(bob(), domain::MessageId([10; 16]))?,
            Found::Deleted
        );
        assert_eq!(db.totals(Some(bob()))?, before);
        assert_eq!(db.attempt(hash(1))?, None);
        let kept = db.attempt(hash(2))?.unwrap();
        assert_eq!((kept.records.len(), kept.fee), (0, Msat::new(7)));
        let came = db.incoming(hash(10))?.unwrap();
        assert_eq!((came.payment.records.len(), came.opened), (0, true));
        assert!(db.paid_before(hash(2))?.unwrap().settled);
        Ok(())
    });
    // The node tells of the payment again: it brings nothing back.
    assert!(!world.write(|tx| tx.receive_payment(&held(10, 3))));
    // Bob writes again: a new conversation, and none of the old numbers.
    let again = world.meet(bob());
    assert_ne!(again, chat);
    let row = world.read(move |db| db.conversation(again)).unwrap();
    assert_eq!(
        (row.unread, row.held, row.failed, row.draft.as_str()),
        (0, 0, 0, "")
    );
    assert_eq!(
        world.read(move |db| db.next_sequence(again, domain::Timestamp(0))),
        3
    );
    let replay = world.write(move |tx| tx.insert_message(&from_bob(again, 10, "replayed")));
    assert_eq!(replay, None);
    assert!(world.send(again, 30, "new") > came);
}

#[test]
fn a_refund_in_the_list_says_what_it_pays_back() {
    let world = World::new();
    let chat = world.meet(bob());
    world.write(move |tx| {
        let kind = MessageKind::Refund { of: hash(1) };
        let payment = Msat::new(2_000);
        let message = NewMessage {
            kind,
            payment,
            ..to_bob(chat, 2, "")
        };
        let key = tx.insert_message(&message)?.unwrap();
        tx.enqueue(&Delivery {
            refund_of: Some(hash(1)),
            ..delivery(key, chat)
        })?;
        assert!(tx.claim_refund(hash(1), RefundSide::ByUs, key, payment)?);
        Ok(())
    });
    let last = world
        .read(move |db| db.conversation(chat))
        .unwrap()
        .last
        .unwrap();
    assert_eq!(
        (last.kind, last.payment),
        (MessageKind::Refund { of: hash(1) }, Msat::new(2_000))
    );
}

#[test]
fn what_waits_is_found_however_much_was_said_since() {
    let world = World::new();
    let (with_bob, with_carol) = (world.meet(bob()), world.meet(carol()));
    let payment = world.hold(with_bob, 1, 5);
    world.write(move |tx| tx.mark_seen(with_bob));
    for number in 2..100 {
        world.store_message(NewMessage {
            seen: true,
            ..from_bob(with_bob, number, "seen")
        });
    }
    let unseen = world.store_message(from_bob(with_bob, 100, "new"));
    let other = NewMessage {
        sender: carol(),
        ..from_bob(with_carol, 101, "hi")
    };
    let from_carol = world.store_message(other);
    let keys = |each| -> Vec<MessageKey> {
        let rows = world.read(move |db| db.waiting(each));
        rows.into_iter().map(|row| row.message.key).collect()
    };
    assert_eq!(keys(20), [from_carol, payment, unseen]);
    world.store_message(from_bob(with_bob, 102, "newer"));
    assert_eq!(keys(1).len(), 3, "the newest of each, and what is held");
    world.write(|tx| tx.set_trust(carol(), Trust::Blocked));
    assert!(!keys(20).contains(&from_carol));
}
