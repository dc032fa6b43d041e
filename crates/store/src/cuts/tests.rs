use domain::{AttemptState, DeliveryEvent, Msat, Part};

use super::*;
use crate::testing::{World, at, attempt, bob, cut, hash};
use crate::{Outcome, Tx};

/// The attempt of this number, for one of three parts.
fn part(number: u8, key: MessageKey, index: u32) -> domain::Attempt {
    domain::Attempt {
        part: Some(Part { index, count: 3 }),
        ..attempt(number, key)
    }
}

fn ends(tx: &Tx<'_>, number: u8, state: AttemptState) -> Result<()> {
    tx.end_attempt(
        hash(number),
        state,
        Msat::new(number.into()),
        None,
        None,
        at(9),
    )
    .map(drop)
}

#[test]
fn a_cut_tells_its_parts() {
    let cut = cut();
    assert_eq!((cut.set().count, cut.set().total), (3, 25));
    assert_eq!(cut.part(0).map(<[u8]>::len), Some(10));
    assert_eq!(cut.part(2), Some(&[20, 21, 22, 23, 24][..]));
    assert_eq!(cut.part(3), None);
}

#[test]
fn a_message_is_cut_once_and_forgotten_when_it_has_arrived() {
    let mut world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "long");
    let other = Cut { each: 5, ..cut() };
    world.write(move |tx| {
        assert!(tx.store_cut(key, &cut())?);
        assert!(!tx.store_cut(key, &other)?);
        Ok(())
    });
    world.reopen();
    assert_eq!(world.read(move |db| db.cut(key)), Some(cut()));

    world.write(move |tx| {
        tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(1))?;
        tx.step_delivery(key, DeliveryEvent::Postponed, Outcome::default(), at(2))?;
        assert!(tx.cut(key)?.is_some(), "the rest is still to be sent");
        tx.step_delivery(key, DeliveryEvent::Begin, Outcome::default(), at(3))?;
        tx.step_delivery(key, DeliveryEvent::Settled, Outcome::default(), at(4))
    });
    assert_eq!(world.read(move |db| db.cut(key)), None);
}

#[test]
fn what_the_recipient_kept_of_the_parts_adds_up() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "long");
    world.write(move |tx| {
        for (number, index) in [(1, 2), (2, 0), (3, 1), (4, 1)] {
            tx.insert_attempt(&part(number, key, index))?;
        }
        ends(tx, 1, AttemptState::Settled)?;
        ends(tx, 2, AttemptState::Refused)?;
        ends(tx, 3, AttemptState::Failed)
    });
    assert!(world.read(move |db| db.has_open_payment(key)));
    world.write(move |tx| ends(tx, 4, AttemptState::Settled));
    assert!(!world.read(move |db| db.has_open_payment(key)));
    let row = world.read(move |db| db.message_row(key)).unwrap();
    assert_eq!(row.paid, Some(Msat::new(2_000)));
    assert_eq!(row.fee, Msat::new(1 + 4));
    let attempts = world.read(move |db| db.attempts_of(key));
    assert_eq!(attempts[0].part, Some(Part { index: 2, count: 3 }));
}
