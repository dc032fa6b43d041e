use domain::{Authorship, Decision, HoldEvent as E, HoldState as H, IncomingPayment, Msat, Trust};

use crate::testing::{World, at, bob, carol, contact, from_bob, hash, held, preimage};
use crate::{IncomingRow, NewMessage, StoreError};

fn see(world: &World, number: u8) -> bool {
    world.write(move |tx| tx.see_payment(hash(number), &preimage(number), at(number.into())))
}

fn receive(world: &World, payment: &IncomingPayment) -> bool {
    let payment = payment.clone();
    world.write(move |tx| tx.receive_payment(&payment))
}

fn step(world: &World, event: E, decision: Option<Decision>) -> Option<H> {
    world.write(move |tx| tx.step_hold(hash(1), event, decision, at(50)))
}

fn stored(world: &World) -> IncomingRow {
    world.read(|db| db.incoming(hash(1))).unwrap()
}

#[test]
fn a_payment_is_seen_then_received_and_both_only_once() {
    let mut world = World::new();
    assert!(see(&world, 1));
    assert!(!see(&world, 1));
    assert_eq!(world.read(|db| db.seen_hashes()), [hash(1)]);
    assert_eq!(world.read(|db| db.unopened()), []);
    world.reopen();

    assert!(receive(&world, &held(1, 5)));
    assert_eq!(stored(&world).payment, held(1, 5));
    assert_eq!(world.read(|db| db.seen_hashes()), []);
    assert_eq!(world.read(|db| db.unopened()), [held(1, 5)]);
    // The node tells it again, with other content: somebody replays the hash.
    let replay = IncomingPayment {
        records: vec![(9, vec![9])],
        ..held(1, 900)
    };
    assert!(!receive(&world, &replay));
    assert!(!see(&world, 1));
    assert_eq!(stored(&world).payment, held(1, 5));
}

#[test]
fn a_payment_may_come_without_having_been_seen_and_without_records() {
    let world = World::new();
    let bare = IncomingPayment {
        records: vec![],
        state: H::Settled,
        ..held(1, 5)
    };
    assert!(receive(&world, &bare));
    assert!(!receive(&world, &bare));
    assert_eq!(world.read(|db| db.unopened()), [bare]);
}

#[test]
fn a_payment_that_is_only_seen_has_no_records_yet() {
    let world = World::new();
    assert!(receive(
        &world,
        &IncomingPayment {
            state: H::Seen,
            records: vec![],
            ..held(1, 0)
        }
    ));
    assert_eq!(world.read(|db| db.seen_hashes()), [hash(1)]);
    assert!(receive(&world, &held(1, 5)));
}

#[test]
fn the_nodes_last_word_is_not_undone_by_records_that_come_late() {
    let world = World::new();
    see(&world, 1);
    assert_eq!(
        step(&world, E::Returned, Some(Decision::Node)),
        Some(H::Returned)
    );
    assert!(receive(&world, &held(1, 5)));
    let row = stored(&world);
    assert_eq!(
        (row.payment.state, row.payment.decision),
        (H::Returned, Some(Decision::Node))
    );
    assert_eq!(row.payment.records, held(1, 5).records);
}

#[test]
fn a_click_decides_once_and_the_node_has_the_last_word() {
    let world = World::new();
    receive(&world, &held(1, 5));
    assert_eq!(
        step(&world, E::Accept, Some(Decision::Person)),
        Some(H::Accepting)
    );
    // The second click, and a click on the other button.
    assert_eq!(step(&world, E::Accept, Some(Decision::Person)), None);
    assert_eq!(step(&world, E::Refuse, Some(Decision::Deadline)), None);
    assert_eq!(stored(&world).payment.decision, Some(Decision::Person));
    assert_eq!(world.read(|db| db.undecided()).len(), 1);

    assert_eq!(
        step(&world, E::Returned, Some(Decision::Node)),
        Some(H::Returned)
    );
    let payment = stored(&world).payment;
    assert_eq!(
        (payment.state, payment.decision),
        (H::Returned, Some(Decision::Node))
    );
    assert_eq!(step(&world, E::Settled, Some(Decision::Node)), None);
    assert_eq!(world.read(|db| db.undecided()), []);
}

#[test]
fn a_decision_stands_unless_the_node_overrides_it() {
    let world = World::new();
    receive(&world, &held(1, 5));
    step(&world, E::Refuse, Some(Decision::Policy));
    assert_eq!(
        step(&world, E::Returned, Some(Decision::Deadline)),
        Some(H::Returned)
    );
    assert_eq!(stored(&world).payment.decision, Some(Decision::Policy));
    let nothing = world.write(|tx| tx.step_hold(hash(2), E::Accept, None, at(1)));
    assert_eq!(nothing, None);
}

#[test]
fn what_was_found_in_a_payment_is_kept_with_it() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.hold(chat, 1, 5);
    let row = stored(&world);
    assert_eq!(
        (row.sender, row.message, row.postage, row.opened),
        (Some(bob()), Some(key), false, true)
    );
    assert_eq!(world.read(|db| db.unopened()), []);
    assert_eq!(world.read(move |db| db.incoming_of(key)), Some(row));
    let text = world.store_message(from_bob(chat, 9, "no payment"));
    assert_eq!(world.read(move |db| db.incoming_of(text)), None);
}

#[test]
fn of_two_payments_for_one_message_the_live_one_is_shown() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.hold(chat, 1, 5);
    let shown = |world: &World| {
        world
            .read(move |db| db.incoming_of(key))
            .unwrap()
            .payment
            .hash
    };
    world.write(move |tx| {
        tx.step_hold(hash(1), E::Returned, None, at(3))?;
        tx.receive_payment(&held(2, 5))?;
        tx.mark_opened(hash(2), Some(bob()), Some(key), false)
    });
    assert_eq!(shown(&world), hash(2));
    world.write(|tx| tx.step_hold(hash(2), E::Returned, None, at(4)));
    assert_eq!(shown(&world), hash(1));
}

#[test]
fn what_was_refused_unread_is_forgotten_and_not_taken_again() {
    let world = World::new();
    receive(&world, &held(1, 5));
    world.write(|tx| tx.drop_records(hash(1)));
    assert_eq!(stored(&world).payment.records, []);
    assert_eq!(world.read(|db| db.unopened()), []);
    assert!(!receive(&world, &held(1, 5)));
    assert_eq!(stored(&world).payment.records, []);
}

#[test]
fn what_a_stranger_left_is_counted() {
    let world = World::new();
    assert_eq!(world.read(|db| db.stranger_usage(bob())), (0, 0));
    let chat = world.write(|tx| {
        tx.add_contact(&contact(bob(), Trust::Request))?;
        tx.add_contact(&contact(carol(), Trust::Known))?;
        tx.conversation_with(bob(), at(0))
    });
    assert_eq!(world.read(|db| db.request_nodes()).len(), 1);
    world.hold(chat, 1, 1);
    let key = world.hold(chat, 2, 1);
    // Twelve bytes of frame and forty of content in each.
    assert_eq!(world.read(|db| db.stranger_usage(bob())), (2, 104));
    world.write(move |tx| {
        tx.step_hold(hash(2), E::Returned, None, at(5))?;
        tx.delete_message(key)
    });
    assert_eq!(world.read(|db| db.stranger_usage(bob())), (1, 52));
    world.write(|tx| tx.set_trust(bob(), Trust::Known));
    assert_eq!(world.read(|db| db.request_nodes()).len(), 0);
}

#[test]
fn an_amount_beyond_the_database_is_refused() {
    let world = World::new();
    let huge = IncomingPayment {
        amount: Msat::new(u64::MAX),
        ..held(1, 1)
    };
    let refused = world.try_write(move |tx| tx.receive_payment(&huge));
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "{refused:?}"
    );
    assert_eq!(world.read(|db| db.incoming(hash(1))), None);
}

#[test]
fn what_is_written_in_somebodys_name_takes_none_of_their_room() {
    let world = World::new();
    let chat = world.meet(bob());
    world.hold(chat, 1, 1);
    world.write(move |tx| {
        tx.receive_payment(&held(2, 1))?;
        let forged = NewMessage {
            authorship: Authorship::Claimed,
            ..from_bob(chat, 2, "i am bob")
        };
        let key = tx.insert_message(&forged)?;
        tx.mark_opened(hash(2), Some(bob()), key, true)
    });
    assert_eq!(world.read(|db| db.stranger_usage(bob())), (1, 52));
}

#[test]
fn what_is_refused_unread_is_counted_once() {
    let world = World::new();
    for number in [1, 2] {
        receive(&world, &held(number, 1));
    }
    assert_eq!(world.read(|db| db.refused_unread()), 0);
    world.write(|tx| {
        tx.mark_unread(hash(2))?;
        tx.mark_unread(hash(2))
    });
    assert_eq!(world.read(|db| db.refused_unread()), 1);
}
