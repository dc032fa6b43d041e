use domain::{DeliveryEvent, MessageId};

use super::*;
use crate::testing::{World, alice, at, bob, to_bob};
use crate::{NewCard, NewMessage, Outcome, Received};

/// alice's message to bob, kept by his node.
fn arrived(world: &World, message: NewMessage) -> MessageKey {
    let chat = message.conversation;
    world.write(move |tx| {
        let key = tx.insert_message(&message)?.unwrap();
        tx.enqueue(&crate::testing::delivery(key, chat))?;
        tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(1))?;
        tx.step_delivery(key, DeliveryEvent::Settled, Outcome::default(), at(2))?;
        Ok(key)
    })
}

fn has_card(world: &World, key: u8, issued: i64) {
    world.write(move |tx| {
        tx.take_card(
            &NewCard {
                node: bob(),
                card: vec![key],
                seal_key: [key; 33],
                issued: at(issued),
                under: [key; 33],
            },
            false,
        )
    });
}

const PAUSE: Duration = Duration::from_secs(30);

fn repeat(world: &World, since: i64, now: i64) -> usize {
    world.write(move |tx| tx.repeat_unconfirmed(bob(), at(since), PAUSE, at(now)))
}

fn due(world: &World) -> Vec<MessageKey> {
    let due = world.read(|db| db.repeats(at(i64::MAX)));
    due.into_iter().map(|delivery| delivery.message).collect()
}

#[test]
fn what_nobody_has_confirmed_is_sent_again_a_few_times() {
    let world = World::new();
    let chat = world.meet(bob());
    let lost = arrived(&world, to_bob(chat, 10, "lost"));
    let read = arrived(&world, to_bob(chat, 11, "read"));
    arrived(&world, to_bob(chat, 1, "long ago"));
    arrived(
        &world,
        NewMessage {
            privacy: Privacy::Open,
            ..to_bob(chat, 12, "readable by all")
        },
    );
    world.send(chat, 13, "not sent yet");
    let read_id = MessageId([11; 16]);
    world.write(move |tx| tx.take_receipt(alice(), bob(), read_id, Received::Read, at(15)));
    has_card(&world, 2, 20);

    assert_eq!(repeat(&world, 5, 30), 1);
    assert_eq!(due(&world), [lost]);
    for _ in 0..TIMES {
        assert_eq!(due(&world), [lost]);
        assert!(world.write(move |tx| tx.begin_repeat(lost, at(40))));
    }
    assert!(due(&world).is_empty(), "not for ever");
    assert!(!world.write(move |tx| tx.begin_repeat(lost, at(40))));
    assert!(!world.write(move |tx| tx.begin_repeat(read, at(40))));
}

#[test]
fn a_receipt_ends_it_and_a_contact_cannot_have_it_done_all_the_time() {
    let world = World::new();
    let chat = world.meet(bob());
    arrived(&world, to_bob(chat, 10, "lost"));
    assert_eq!(repeat(&world, 5, 25), 0, "they have no card");
    has_card(&world, 2, 20);
    assert_eq!(repeat(&world, 5, 30), 1);
    let key = due(&world)[0];
    for _ in 0..TIMES {
        assert!(world.write(move |tx| tx.begin_repeat(key, at(30))));
    }
    assert_eq!(repeat(&world, 5, 31), 0, "that was a moment ago");
    let due_at = |now| world.read(move |db| db.repeats(at(now)));
    assert!(due_at(59).is_empty());
    assert_eq!(due_at(60).len(), 1, "so it goes later");
    for now in 32..59 {
        assert_eq!(repeat(&world, 5, now), 0, "and no new key puts that off");
        world.write(move |tx| tx.hurry_repeats(bob(), at(now)));
    }
    assert!(due_at(59).is_empty());
    assert_eq!(due_at(60).len(), 1);

    let id = MessageId([10; 16]);
    world.write(move |tx| tx.take_receipt(alice(), bob(), id, Received::Delivered, at(61)));
    assert!(due(&world).is_empty());
}

#[test]
fn nothing_goes_to_a_key_that_took_the_place_of_a_compared_one_until_that_is_seen() {
    let world = World::new();
    let chat = world.meet(bob());
    let lost = arrived(&world, to_bob(chat, 10, "lost"));
    has_card(&world, 2, 20);
    world.write(|tx| tx.set_compared(bob(), Some([2; 33])));
    has_card(&world, 3, 30);
    assert_eq!(repeat(&world, 5, 40), 1);
    assert!(due(&world).is_empty(), "who is it?");
    world.write(|tx| tx.set_compared(bob(), Some([3; 33])));
    assert_eq!(due(&world), [lost]);
}

#[test]
fn words_of_a_payment_are_repeated_only_when_it_was_kept() {
    let world = World::new();
    let chat = world.meet(bob());
    let payment = |number| NewMessage {
        kind: MessageKind::Payment,
        ..to_bob(chat, number, "for the coffee")
    };
    let kept = arrived(&world, payment(10));
    arrived(
        &world,
        NewMessage {
            text: String::new(),
            ..payment(11)
        },
    );
    let back = world.store_message(payment(12));
    world.write(move |tx| {
        tx.enqueue(&crate::testing::delivery(back, chat))?;
        tx.step_delivery(back, DeliveryEvent::Begin, Outcome::default(), at(1))?;
        tx.step_delivery(back, DeliveryEvent::Refused, Outcome::default(), at(2))
    });
    has_card(&world, 2, 20);
    repeat(&world, 5, 30);
    assert_eq!(due(&world), [kept]);
}

#[test]
fn without_a_receipt_words_go_again_after_a_while_and_once_more_when_their_reader_is_heard_of() {
    let world = World::new();
    let chat = world.meet(bob());
    let text = world.send(chat, 10, "did it arrive?");
    world.write(move |tx| {
        tx.step_delivery(text, DeliveryEvent::Begin, Outcome::default(), at(0))?;
        tx.step_delivery(text, DeliveryEvent::Settled, Outcome::default(), at(0))?;
        tx.await_receipt(text, at(0))
    });
    has_card(&world, 2, 20);
    let due = |now| world.read(move |db| db.repeats(now)).len();
    let minute = |minutes: i64| at(minutes * 60_000);
    assert_eq!((due(minute(0)), due(minute(1))), (0, 1));
    for now in [1, 11, 71, 431] {
        assert_eq!(due(minute(now)), 1);
        assert!(world.write(move |tx| tx.begin_repeat(text, minute(now))));
        assert_eq!(due(minute(now)), 0);
    }
    assert_eq!(due(minute(1_000_000)), 0, "nobody is there");
    assert_eq!(
        world.write(move |tx| tx.hurry_repeats(bob(), minute(2_000))),
        1
    );
    assert_eq!(due(minute(2_000)), 1);
}

#[test]
fn what_is_asked_for_by_its_number_goes_again_whatever_became_of_its_receipt() {
    let world = World::new();
    let chat = world.meet(bob());
    let mut keys = Vec::new();
    for number in 10..14 {
        let key = world.send(chat, number, "words");
        world.write(move |tx| {
            tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(0))?;
            tx.step_delivery(key, DeliveryEvent::Settled, Outcome::default(), at(0))?;
            tx.take_receipt(
                alice(),
                bob(),
                MessageId([number; 16]),
                Received::Read,
                at(1),
            )
        });
        keys.push(key);
    }
    has_card(&world, 2, 20);
    let numbers: Vec<u64> = keys
        .iter()
        .map(|key| {
            let key = *key;
            world.read(move |db| db.delivery(key)).unwrap().sequence
        })
        .collect();
    let wish = [(numbers[1], numbers[2])];
    let resend = |not_after, now| {
        world.write(move |tx| tx.resend(bob(), &wish, at(0), at(not_after), at(now)))
    };
    assert_eq!(resend(0, 100), 2);
    assert_eq!(due(&world), keys[1..3]);
    assert_eq!(resend(99, 101), 0, "that was a moment ago");
    let id = MessageId([11; 16]);
    world.write(move |tx| tx.take_receipt(alice(), bob(), id, Received::Delivered, at(102)));
    assert_eq!(due(&world), keys[2..3]);
}
