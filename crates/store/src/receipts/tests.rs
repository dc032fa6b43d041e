use domain::{
    Attempt, AttemptState, Carrier, DeliveryEvent, DeliveryState, Failure, MessageId, Msat,
};

use super::*;
use crate::testing::{World, alice, at, attempt, bob, carol};

/// alice's text to bob is on its way over this carrier.
fn sent(world: &World, carrier: Carrier) -> MessageKey {
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    world.write(move |tx| {
        tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(1))?;
        tx.insert_attempt(&Attempt {
            carrier,
            amount: if carrier.is_free() {
                Msat::ZERO
            } else {
                Msat::SAT
            },
            ..attempt(1, key)
        })
    });
    key
}

fn receipt(world: &World, from: NodeId, received: Received, second: i64) -> bool {
    world
        .write(move |tx| tx.take_receipt(alice(), from, MessageId([1; 16]), received, at(second)))
        .is_some_and(|receipt| receipt.is_news)
}

fn state(world: &World, key: MessageKey) -> (DeliveryState, Option<Timestamp>, Option<Timestamp>) {
    let delivery = world.read(move |db| db.delivery(key)).unwrap();
    (delivery.state, delivery.delivered_at, delivery.read_at)
}

#[test]
fn a_receipt_ends_a_free_message_and_reading_it_is_told_later() {
    let world = World::new();
    let key = sent(&world, Carrier::Onion);

    assert!(receipt(&world, bob(), Received::Delivered, 2));
    assert!(
        !receipt(&world, bob(), Received::Delivered, 3),
        "told twice"
    );
    assert!(receipt(&world, bob(), Received::Read, 4));

    assert_eq!(
        state(&world, key),
        (DeliveryState::Delivered, Some(at(2)), Some(at(4)))
    );
    let row = world.read(move |db| db.message_row(key)).unwrap();
    assert_eq!(
        (row.carrier, row.paid, row.fee),
        (Some(Carrier::Onion), None, Msat::ZERO)
    );
    let attempts = world.read(move |db| db.attempts_of(key));
    assert_eq!(attempts[0].state, AttemptState::Delivered);
}

#[test]
fn a_receipt_that_comes_again_is_one_all_the_same() {
    let world = World::new();
    let key = sent(&world, Carrier::Onion);
    receipt(&world, bob(), Received::Delivered, 2);

    let id = MessageId([1; 16]);
    let again = world
        .write(move |tx| tx.take_receipt(alice(), bob(), id, Received::Delivered, at(3)))
        .unwrap();
    assert_eq!((again.message, again.is_news), (key, false));
}

#[test]
fn what_the_node_has_forgotten_may_be_there() {
    let world = World::new();
    let key = sent(&world, Carrier::Keysend);
    world.write(move |tx| {
        let (hash, zero) = (crate::testing::hash(1), Msat::ZERO);
        tx.end_attempt(hash, AttemptState::Forgotten, zero, None, None, at(2))?;
        tx.step_delivery(key, DeliveryEvent::Forgotten, Outcome::default(), at(2))
    });

    assert!(receipt(&world, bob(), Received::Delivered, 3));

    assert_eq!(state(&world, key).0, DeliveryState::Delivered);
}

#[test]
fn a_receipt_for_its_words_does_not_make_a_payment_arrive() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(crate::testing::to_bob(chat, 1, "for the ferry"));
    world.write(move |tx| {
        tx.enqueue(&Delivery {
            expectation: Expectation::Decide,
            ..crate::testing::delivery(key, chat)
        })?;
        for event in [DeliveryEvent::Begin, DeliveryEvent::Failed] {
            tx.step_delivery(key, event, Outcome::default(), at(1))?;
        }
        Ok(())
    });

    receipt(&world, bob(), Received::Delivered, 2);

    assert_eq!(
        state(&world, key),
        (DeliveryState::Failed, Some(at(2)), None)
    );
}

#[test]
fn whoever_was_not_written_to_cannot_say_that_it_arrived() {
    let world = World::new();
    let key = sent(&world, Carrier::Onion);

    assert!(!receipt(&world, carol(), Received::Read, 2));
    let never = world.write(|tx| {
        tx.take_receipt(
            alice(),
            bob(),
            MessageId([9; 16]),
            Received::Delivered,
            at(2),
        )
    });

    assert_eq!(never, None);
    assert_eq!(state(&world, key), (DeliveryState::InFlight, None, None));
}

#[test]
fn while_money_is_on_its_way_its_own_end_is_waited_for() {
    let world = World::new();
    let key = sent(&world, Carrier::Keysend);

    assert!(receipt(&world, bob(), Received::Delivered, 2));

    assert_eq!(
        state(&world, key),
        (DeliveryState::InFlight, Some(at(2)), None)
    );
    let attempts = world.read(move |db| db.attempts_of(key));
    assert_eq!(
        attempts[0].state,
        AttemptState::Prepared,
        "a payment ends at the node"
    );
}

#[test]
fn a_late_receipt_stops_what_would_have_been_tried_again() {
    let world = World::new();
    let key = sent(&world, Carrier::Onion);
    world.write(move |tx| {
        let failure = Some(Failure::NoReceipt);
        let hash = crate::testing::hash(1);
        tx.end_attempt(
            hash,
            AttemptState::Failed,
            Msat::ZERO,
            Some(2),
            failure,
            at(6),
        )?;
        tx.step_delivery(key, DeliveryEvent::Unanswered, Outcome::default(), at(6))
    });
    assert_eq!(state(&world, key).0, DeliveryState::Queued);

    assert!(receipt(&world, bob(), Received::Delivered, 7));

    assert_eq!(state(&world, key).0, DeliveryState::Delivered);
    let attempt = world.read(move |db| db.attempts_of(key)).remove(0);
    assert_eq!(
        (attempt.state, attempt.failure),
        (AttemptState::Delivered, None)
    );
}

#[test]
fn a_receipt_confirms_what_only_came_back() {
    let world = World::new();
    let key = sent(&world, Carrier::Keysend);
    world.write(move |tx| {
        let (hash, zero) = (crate::testing::hash(1), Msat::ZERO);
        tx.end_attempt(hash, AttemptState::Refused, zero, Some(2), None, at(2))?;
        let outcome = Outcome {
            returned: Some(ReturnMeaning::Unconfirmed),
            ..Outcome::default()
        };
        tx.step_delivery(key, DeliveryEvent::Refused, outcome, at(2))
    });

    assert!(receipt(&world, bob(), Received::Delivered, 3));

    let delivery = world.read(move |db| db.delivery(key)).unwrap();
    assert_eq!(delivery.state, DeliveryState::Returned);
    assert_eq!(delivery.returned, Some(ReturnMeaning::Arrived));
}
