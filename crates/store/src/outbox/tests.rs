use domain::{
    DeliveryEvent as E, DeliveryState as S, Expectation, Failure, MessageKey, Msat, ReturnMeaning,
};

use crate::testing::{World, at, bob, carol, delivery, hash, to_bob};
use crate::{Delivery, Outcome, StoreError};

#[test]
fn a_delivery_comes_back_as_it_was_stored() {
    let mut world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(to_bob(chat, 1, "hi"));
    let full = Delivery {
        expectation: Expectation::Decide,
        amount: Msat::new(2_100_001),
        refund_of: Some(hash(9)),
        sequence: 12,
        failure: Some(Failure::NoRoute),
        returned: Some(ReturnMeaning::Unconfirmed),
        waits_until: Some(at(5)),
        ..delivery(key, chat)
    };
    let stored = full.clone();
    world.write(move |tx| tx.enqueue(&stored));
    world.reopen();
    assert_eq!(world.read(move |db| db.delivery(key)), Some(full.clone()));
    let twice = world.try_write(move |tx| tx.enqueue(&full));
    assert!(matches!(twice, Err(StoreError::Constraint(_))), "{twice:?}");
    assert_eq!(world.read(|db| db.delivery(MessageKey(50))), None);
}

#[test]
fn a_delivery_begins_in_the_queue() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(to_bob(chat, 1, "hi"));
    let cheat = world.try_write(move |tx| {
        tx.enqueue(&Delivery {
            state: S::Settled,
            ..delivery(key, chat)
        })
    });
    assert!(matches!(cheat, Err(StoreError::Constraint(_))), "{cheat:?}");
    assert_eq!(world.read(move |db| db.delivery(key)), None);
}

#[test]
fn the_queue_is_in_order_without_what_is_in_flight() {
    let world = World::new();
    let chat = world.meet(bob());
    let keys: Vec<MessageKey> = (1..=4)
        .map(|number| world.send(chat, number, "hi"))
        .collect();
    let (first, third) = (keys[0], keys[2]);
    world.write(move |tx| {
        tx.step_delivery(third, E::Begin, Outcome::default(), at(9))?;
        tx.step_delivery(first, E::Begin, Outcome::default(), at(9))
    });
    let waiting: Vec<_> = world
        .read(|db| db.queued())
        .iter()
        .map(|d| d.message)
        .collect();
    assert_eq!(waiting, [keys[1], keys[3]]);
}

#[test]
fn a_delivery_changes_only_as_the_domain_allows() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    let step = move |event: E, outcome: Outcome| {
        world.write(move |tx| {
            Ok((
                tx.step_delivery(key, event, outcome, at(3))?,
                tx.delivery(key)?,
            ))
        })
    };
    let nothing = Outcome::default();
    assert_eq!(step(E::Settled, nothing).0, None);
    let (state, stored) = step(E::Begin, nothing);
    assert_eq!(
        (state, stored.unwrap().updated_at),
        (Some(S::InFlight), at(3))
    );
    // A second Begin, a click on Cancel: too late.
    assert_eq!(step(E::Begin, nothing).0, None);
    assert_eq!(step(E::Cancel, nothing).0, None);
    let failed = Outcome {
        failure: Some(Failure::RecipientOffline),
        ..nothing
    };
    let (state, stored) = step(E::Failed, failed);
    assert_eq!(
        (state, stored.unwrap().failure),
        (Some(S::Failed), failed.failure)
    );
    // The next try begins without the old reason.
    let (state, stored) = step(E::Retry, nothing);
    assert_eq!((state, stored.unwrap().failure), (Some(S::Queued), None));
    step(
        E::Begin,
        Outcome {
            waits_until: Some(at(900)),
            ..nothing
        },
    );
    let back = Outcome {
        returned: Some(ReturnMeaning::Arrived),
        ..nothing
    };
    let (state, stored) = step(E::Refused, back);
    let stored = stored.unwrap();
    assert_eq!(state, Some(S::Returned));
    assert_eq!((stored.returned, stored.waits_until), (back.returned, None));
    for event in [
        E::Begin,
        E::Settled,
        E::Failed,
        E::Retry,
        E::Postponed,
        E::Cancel,
        E::Forgotten,
    ] {
        assert_eq!(step(event, nothing).0, None, "{event:?}");
    }
}

#[test]
fn an_unknown_message_has_no_steps() {
    let world = World::new();
    let step =
        world.write(|tx| tx.step_delivery(MessageKey(4), E::Begin, Outcome::default(), at(1)));
    assert_eq!(step, None);
}

#[test]
fn the_time_of_return_can_be_learned_later() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    for moment in [Some(at(900)), None] {
        world.write(move |tx| tx.set_waits_until(key, moment));
        assert_eq!(
            world.read(move |db| db.delivery(key)).unwrap().waits_until,
            moment
        );
    }
}

#[test]
fn a_message_whose_arrival_is_not_certain_is_tried_again_and_money_is_not() {
    let world = World::new();
    let chat = world.meet(bob());
    let came_back = |number: u8, expectation, meaning| {
        let key = world.store_message(to_bob(chat, number, "hi"));
        world.write(move |tx| {
            tx.enqueue(&Delivery {
                expectation,
                ..delivery(key, chat)
            })?;
            tx.step_delivery(key, E::Begin, Outcome::default(), at(1))?;
            let outcome = Outcome {
                returned: Some(meaning),
                ..Outcome::default()
            };
            tx.step_delivery(key, E::Refused, outcome, at(2))?;
            tx.step_delivery(key, E::Retry, Outcome::default(), at(3))
        })
    };
    assert_eq!(
        came_back(1, Expectation::Return, ReturnMeaning::Unconfirmed),
        Some(S::Queued)
    );
    assert_eq!(
        came_back(2, Expectation::Return, ReturnMeaning::Arrived),
        None
    );
    assert_eq!(
        came_back(3, Expectation::Decide, ReturnMeaning::Unconfirmed),
        None
    );
}

#[test]
fn a_parked_message_is_given_up() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    let failed = |world: &World| world.read(move |db| db.conversation(chat)).unwrap().failed;
    world.write(move |tx| {
        tx.step_delivery(key, E::Begin, Outcome::default(), at(1))?;
        tx.step_delivery(key, E::Forgotten, Outcome::default(), at(2))
    });
    assert_eq!(failed(&world), 1);
    let state = world.write(move |tx| tx.step_delivery(key, E::Cancel, Outcome::default(), at(3)));
    assert_eq!((state, failed(&world)), (Some(S::Cancelled), 0));
}

#[test]
fn blocking_takes_back_what_waits_for_that_node_and_nothing_else() {
    let world = World::new();
    let (chat, other) = (world.meet(bob()), world.meet(carol()));
    let elsewhere = world.store_message(to_bob(other, 3, "for somebody else"));
    world.write(move |tx| {
        tx.enqueue(&Delivery {
            to: carol(),
            ..delivery(elsewhere, other)
        })
    });
    let left = world.send(chat, 2, "has left");
    let keys = [world.send(chat, 1, "waits"), left, elsewhere];
    world.write(move |tx| tx.step_delivery(left, E::Begin, Outcome::default(), at(3)));

    let dropped = world.write(|tx| tx.drop_queued(bob(), at(4)));

    assert_eq!(dropped, [(chat, keys[0])]);
    let states = keys.map(|key| world.read(move |db| db.delivery(key)).unwrap().state);
    assert_eq!(states, [S::Cancelled, S::InFlight, S::Queued]);
}
