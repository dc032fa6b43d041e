use super::*;
use crate::testing::{World, at, bob, carol, contact, from_bob, hash, held};

/// A request of a node with this number, which has this much settled.
fn request(world: &World, number: u8, settled: u64, proven: bool) -> NodeId {
    let point = |last: u8| {
        let mut bytes = [number; 33];
        (bytes[0], bytes[32]) = (2, last);
        NodeId::from_bytes(&bytes).ok()
    };
    let node = (0..=u8::MAX).find_map(point).unwrap();
    world.write(move |tx| {
        tx.add_contact(&contact(node, Trust::Request))?;
        tx.conversation_with(node, at(0))?;
        if settled > 0 {
            tx.receive_payment(&held(number, settled))?;
            tx.mark_opened(hash(number), Some(node), None, true)?;
            tx.step_hold(hash(number), HoldEvent::Settled, None, at(1))?;
        }
        tx.weigh_request(node, Msat::new(1_000_000), proven)
    });
    node
}

#[test]
fn the_oldest_of_those_who_bring_nothing_goes_and_the_smallest_of_the_others() {
    let world = World::new();
    let caps = StrangerCaps {
        requests: 2,
        free_requests: 1,
        ..StrangerCaps::default()
    };
    let free: Vec<_> = [1, 2].map(|number| request(&world, number, 0, true)).into();
    let unproven = request(&world, 3, 900, false);
    let staking: Vec<_> = [(4, 5), (5, 3), (6, 4)]
        .map(|(number, sat)| request(&world, number, sat, true))
        .into();
    let dear = request(&world, 7, 1_000, false);
    let surplus = world.read(move |db| db.surplus_requests(&caps));
    assert_eq!(surplus, [free[1], free[0], staking[2], staking[1]]);
    assert!(!surplus.contains(&unproven) && !surplus.contains(&dear));
}

#[test]
fn what_is_held_counts_from_a_sum_that_is_worth_a_look_and_not_after_it_went_back() {
    let world = World::new();
    let node = request(&world, 1, 0, false);
    let stake = |world: &World| {
        world.read(move |db| {
            db.one(
                "SELECT stake FROM contact WHERE node = ?1",
                params![S(node)],
                |row| row.take::<Msat>("stake"),
            )
        })
    };
    for (number, sat) in [(2, 999), (3, 1_000)] {
        world.write(move |tx| {
            tx.receive_payment(&held(number, sat))?;
            tx.mark_opened(hash(number), Some(node), None, false)?;
            tx.weigh_request(node, Msat::new(1_000_000), false)
        });
    }
    assert_eq!(stake(&world), Msat::new(1_000_000));
    world.write(move |tx| {
        tx.step_hold(hash(3), HoldEvent::Returned, None, at(5))?;
        tx.weigh_request(node, Msat::new(1_000_000), false)
    });
    assert_eq!(stake(&world), Msat::ZERO);
}

#[test]
fn a_request_goes_with_all_of_it_and_its_money_goes_back() {
    let world = World::new();
    let chat = world.write(|tx| {
        tx.add_contact(&contact(bob(), Trust::Request))?;
        tx.conversation_with(bob(), at(0))
    });
    world.hold(chat, 1, 5);
    let gone = world.write(|tx| tx.drop_request(bob(), Decision::Policy, at(9)));
    assert_eq!(gone, Some(chat));
    let row = world.read(|db| db.incoming(hash(1))).unwrap();
    assert_eq!(row.payment.state, HoldState::Refunding);
    assert_eq!(row.payment.records, []);
    assert_eq!(world.read(|db| db.contact(bob())), None);
    let again = world.write(|tx| tx.drop_request(bob(), Decision::Policy, at(9)));
    assert_eq!(again, None);
    world.write(|tx| tx.add_contact(&contact(carol(), Trust::Known)));
    let kept = world.write(|tx| tx.drop_request(carol(), Decision::Person, at(9)));
    assert_eq!(kept, None, "only a request");
}

#[test]
fn of_what_nobody_signed_the_oldest_and_smallest_goes() {
    let world = World::new();
    let chat = world.meet(bob());
    for number in 1..=5 {
        let mut message = from_bob(chat, number, "spam");
        message.authorship = domain::Authorship::Claimed;
        message.payment = Msat::new(if number == 1 { 2_000 } else { 0 });
        world.store_message(message);
    }
    let changed = world.write(|tx| tx.trim_unsigned(3, Msat::new(1_000_000)));
    assert_eq!(changed, [chat]);
    let left: Vec<u64> = world.read(|db| {
        db.all("SELECT payment, id FROM message ORDER BY key", [], |row| {
            Ok(row.take::<domain::MessageId>("id")?.0[0].into())
        })
    });
    assert_eq!(left, [1, 4, 5]);
}
