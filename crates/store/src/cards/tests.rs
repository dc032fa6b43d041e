use super::*;
use crate::testing::{World, at, bob};

fn card(key: u8, issued: i64, introduced: bool) -> NewCard {
    NewCard {
        node: bob(),
        card: vec![key],
        seal_key: [key; 33],
        issued: at(issued),
        introduced,
    }
}

fn take(world: &World, card: NewCard) -> bool {
    world.write(move |tx| tx.take_card(&card)).is_some()
}

#[test]
fn the_card_that_was_issued_last_stands() {
    let world = World::new();
    assert!(take(&world, card(2, 10, false)), "the first");
    assert!(
        !take(&world, card(2, 20, false)),
        "the same key, a new card"
    );
    assert!(
        !take(&world, card(3, 20, false)),
        "not later: it is ignored"
    );
    assert!(!take(&world, card(3, 15, true)));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!(
        (row.seal_key, row.issued, row.changed),
        ([2; 33], at(20), false)
    );
}

#[test]
fn a_key_that_nobody_introduced_is_a_change_until_the_user_has_looked() {
    let world = World::new();
    take(&world, card(2, 10, false));
    world.write(|tx| tx.set_compared(bob(), Some([2; 33])));
    assert!(
        take(&world, card(3, 20, true)),
        "introduced under the former key"
    );
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.former), (false, Some([2; 33])));

    assert!(take(&world, card(4, 30, false)));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!(
        row.former, None,
        "the key before did not introduce this one"
    );
    assert!(
        take(&world, card(5, 40, true)),
        "what an unknown key introduces is unknown"
    );
    let row = world.read(|db| db.card(bob())).unwrap();
    assert!(row.changed);
    assert_eq!(
        row.compared,
        Some([2; 33]),
        "it was another key that was compared"
    );

    world.write(|tx| tx.set_compared(bob(), Some([5; 33])));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.compared), (false, Some([5; 33])));
}

#[test]
fn which_key_of_ours_they_know_is_remembered_and_goes_with_the_contact() {
    let world = World::new();
    let chat = world.meet(bob());
    assert!(
        !world.write(|tx| tx.set_told(bob(), Some([1; 4]))),
        "no card yet"
    );
    take(&world, card(2, 10, false));
    assert!(world.write(|tx| tx.set_told(bob(), Some([1; 4]))));
    assert!(!world.write(|tx| tx.set_told(bob(), Some([1; 4]))));
    assert!(take(&world, card(3, 20, true)));
    assert_eq!(world.read(|db| db.card(bob())).unwrap().told, Some([1; 4]));

    world.write(move |tx| tx.remove_conversation(chat));
    assert_eq!(world.read(|db| db.card(bob())), None);
}
