use std::time::Duration;

use super::*;
use crate::testing::{World, at, bob};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn what_lies_between_two_numbers_is_missing_until_it_comes() {
    let world = World::new();
    world.meet(bob());
    let hear = |after, number| world.write(move |tx| tx.hear_number(bob(), after, number, at(0)));
    let missing = || world.read(|db| db.missing(bob()));
    hear(0, 100);
    assert_eq!(missing(), [], "nothing was before the first");
    hear(100, 150);
    hear(300, 400);
    hear(500, 600);
    assert_eq!(missing(), [(151, 300), (401, 500)]);
    hear(700, 0);
    assert_eq!(missing(), [(151, 300), (401, 500), (601, 700)]);
    hear(150, 200);
    hear(200, 300);
    assert_eq!(missing(), [(401, 500), (601, 700)]);
    hear(400, 500);
    hear(600, 700);
    assert_eq!(missing(), []);
    assert_eq!(world.read(|db| db.to_be_asked(at(i64::MAX))), []);
}

#[test]
fn what_is_missing_is_asked_for_a_few_times_and_given_up_then() {
    let world = World::new();
    world.meet(bob());
    let missing = || world.read(|db| db.missing(bob()));
    world.write(|tx| tx.hear_number(bob(), 5, 7, at(0)));
    assert_eq!(
        world.read(|db| db.to_be_asked(at(0))),
        [],
        "it may be under way"
    );
    let mut now = at(0).plus(MINUTE);
    for _ in 0..5 {
        assert_eq!(world.read(move |db| db.to_be_asked(now)), [bob()]);
        assert_eq!(missing(), [(1, 5)]);
        world.write(move |tx| tx.asked(bob(), now));
        assert_eq!(world.read(move |db| db.to_be_asked(now)), []);
        now = now.plus(24 * 60 * MINUTE);
    }
    assert_eq!(missing(), []);
    world.write(move |tx| tx.hear_number(bob(), 9, 10, now));
    assert_eq!(
        missing(),
        [(8, 9)],
        "what is missing later is another thing"
    );
}

#[test]
fn somebody_with_many_holes_takes_no_more_room() {
    let world = World::new();
    world.meet(bob());
    for number in 1..1_000 {
        world.write(move |tx| tx.hear_number(bob(), 10 * number - 5, 10 * number, at(0)));
    }
    let missing = world.read(|db| db.missing(bob()));
    assert_eq!(missing.len(), 63);
    assert_eq!(missing.last(), Some(&(9_981, 9_985)));
}

#[test]
fn whoever_is_let_in_is_asked_at_once_for_all_that_is_not_here() {
    let world = World::new();
    world.meet(bob());
    world.write(|tx| {
        tx.hear_number(bob(), 0, 3, at(0))?;
        tx.set_trust(bob(), Trust::Request)?;
        tx.set_trust(bob(), Trust::Known)
    });
    assert_eq!(world.read(|db| db.to_be_asked(at(0))), [bob()]);
    assert_eq!(world.read(|db| db.missing(bob())), [(4, HIGHEST)]);
}
