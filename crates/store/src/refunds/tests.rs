use domain::{DeliveryEvent, MessageKey, Msat};

use crate::RefundSide::{ByThem, ByUs};
use crate::testing::{World, at, bob, hash, to_bob};
use crate::{Outcome, StoreError};

#[test]
fn a_payment_is_paid_back_once() {
    let world = World::new();
    let chat = world.meet(bob());
    let first = world.store_message(to_bob(chat, 1, ""));
    let second = world.store_message(to_bob(chat, 2, ""));
    let claim =
        |of, side, message| world.write(move |tx| tx.claim_refund(of, side, message, Msat::SAT));
    assert!(claim(hash(1), ByUs, first));
    assert!(!claim(hash(1), ByUs, first));
    assert!(!claim(hash(1), ByUs, second));
    assert!(!claim(hash(1), ByThem, second));
    // One message does not pay two payments back.
    assert!(!claim(hash(2), ByUs, first));
    let row = world.read(|db| db.refund_of_payment(hash(1))).unwrap();
    assert_eq!((row.of, row.side, row.message), (hash(1), ByUs, first));
    assert_eq!(
        (row.done, row.failed, row.amount),
        (false, false, Msat::SAT)
    );
    assert_eq!(world.read(move |db| db.refund_by(first)), Some(row));
    assert_eq!(world.read(move |db| db.refund_by(second)), None);
    assert_eq!(world.read(|db| db.refund_of_payment(hash(2))), None);
}

#[test]
fn a_pay_back_that_came_to_nothing_makes_room_and_a_done_one_never() {
    let world = World::new();
    let chat = world.meet(bob());
    let first = world.store_message(to_bob(chat, 1, ""));
    let second = world.store_message(to_bob(chat, 2, ""));
    world.write(move |tx| {
        assert!(tx.claim_refund(hash(1), ByUs, first, Msat::SAT)?);
        assert!(tx.drop_refund(first)?);
        assert!(!tx.drop_refund(first)?);
        assert!(!tx.finish_refund(first)?);
        assert!(tx.claim_refund(hash(1), ByUs, second, Msat::SAT)?);
        assert!(tx.finish_refund(second)?);
        assert!(!tx.finish_refund(second)?);
        assert!(!tx.drop_refund(second)?);
        assert!(!tx.claim_refund(hash(1), ByUs, first, Msat::SAT)?);
        Ok(())
    });
    assert!(world.read(|db| db.refund_of_payment(hash(1))).unwrap().done);
    // Deleting the carrier does not open it again.
    world.write(move |tx| tx.delete_message(second));
    assert!(!world.write(move |tx| tx.claim_refund(hash(1), ByUs, first, Msat::SAT)));
}

/// A pay-back of payment 1 in the queue.
fn pay_back(world: &World) -> MessageKey {
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "");
    assert!(world.write(move |tx| tx.claim_refund(hash(1), ByUs, key, Msat::SAT)));
    key
}

fn step(world: &World, key: MessageKey, event: DeliveryEvent) {
    let stepped = world.write(move |tx| tx.step_delivery(key, event, Outcome::default(), at(1)));
    assert!(stepped.is_some(), "{event:?}");
}

#[test]
fn deleting_a_pay_back_that_did_not_go_out_makes_room_for_another() {
    for events in [&[][..], &[DeliveryEvent::Begin, DeliveryEvent::Failed]] {
        let world = World::new();
        let key = pay_back(&world);
        for event in events {
            step(&world, key, *event);
        }
        assert!(world.write(move |tx| tx.delete_message(key)));
        assert_eq!(
            world.read(|db| db.refund_of_payment(hash(1))),
            None,
            "after {events:?}"
        );
    }
}

#[test]
fn a_parked_pay_back_has_failed_and_stays_until_it_is_given_up() {
    let world = World::new();
    let key = pay_back(&world);
    step(&world, key, DeliveryEvent::Begin);
    step(&world, key, DeliveryEvent::Forgotten);
    let row = world.read(|db| db.refund_of_payment(hash(1))).unwrap();
    assert_eq!((row.done, row.failed), (false, true));
    assert!(!world.write(move |tx| tx.delete_message(key)));
    let gone = world.try_write(move |tx| {
        let chat = tx.conversation_of(bob())?;
        chat.map_or(Ok(()), |chat| tx.remove_conversation(chat))
    });
    assert!(matches!(gone, Err(StoreError::Constraint(_))), "{gone:?}");
    assert!(world.read(|db| db.refund_of_payment(hash(1))).is_some());

    step(&world, key, DeliveryEvent::Cancel);
    assert!(world.write(move |tx| tx.delete_message(key)));
    assert_eq!(world.read(|db| db.refund_of_payment(hash(1))), None);
}
