use super::*;
use crate::testing::{World, at, bob};

/// Sealed with key `under`.
fn card(key: u8, issued: i64, under: u8) -> NewCard {
    NewCard {
        node: bob(),
        card: vec![key],
        seal_key: [key; 33],
        issued: at(issued),
        under: [under; 33],
    }
}

fn take(world: &World, card: NewCard) -> bool {
    world.write(move |tx| tx.take_card(&card, false)).is_some()
}

#[test]
fn the_card_that_was_issued_last_stands() {
    let world = World::new();
    assert!(take(&world, card(2, 10, 2)), "the first");
    assert!(!take(&world, card(2, 20, 2)), "the same key, a new card");
    assert!(!take(&world, card(3, 20, 3)), "not later: it is ignored");
    assert!(!take(&world, card(3, 15, 2)));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!(
        (row.seal_key, row.issued, row.changed),
        ([2; 33], at(20), false)
    );
}

#[test]
fn a_key_that_nobody_introduced_is_a_change_until_the_user_has_looked() {
    let world = World::new();
    take(&world, card(2, 10, 2));
    world.write(|tx| tx.set_compared(bob(), Some([2; 33])));
    assert!(
        take(&world, card(3, 20, 2)),
        "introduced under the former key"
    );
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.former), (false, Some([2; 33])));

    assert!(take(&world, card(4, 30, 4)));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!(
        row.former, None,
        "the key before did not introduce this one"
    );
    assert!(
        take(&world, card(5, 40, 4)),
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
    assert_eq!(
        row.former, None,
        "a key that the user never knew introduces no other"
    );
}

#[test]
fn who_hears_nothing_introduces_each_key_under_the_same_one() {
    let world = World::new();
    take(&world, card(2, 10, 2));
    for key in [3, 4, 5] {
        assert!(take(&world, card(key, i64::from(key) * 10, 2)));
        let row = world.read(|db| db.card(bob())).unwrap();
        assert_eq!((row.changed, row.former), (false, Some([2; 33])));
    }
    world.write(|tx| tx.set_compared(bob(), Some([5; 33])));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!(row.former, Some([2; 33]), "it was theirs all the time");

    assert!(take(&world, card(6, 60, 3)));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.former), (true, None));
}

#[test]
fn which_key_of_ours_they_know_is_remembered_and_goes_with_the_contact() {
    let world = World::new();
    let chat = world.meet(bob());
    assert!(
        !world.write(|tx| tx.set_told(bob(), Some([1; 4]))),
        "no card yet"
    );
    take(&world, card(2, 10, 2));
    assert!(world.write(|tx| tx.set_told(bob(), Some([1; 4]))));
    assert!(world.read(|db| db.card(bob())).unwrap().told_sure);
    assert!(!world.write(|tx| tx.set_told(bob(), Some([1; 4]))));
    assert!(take(&world, card(3, 20, 2)));
    assert_eq!(world.read(|db| db.card(bob())).unwrap().told, Some([1; 4]));

    world.write(|tx| tx.presume_told(bob(), [3; 4]));
    assert_eq!(world.read(|db| db.card(bob())).unwrap().told, Some([1; 4]));
    world.write(|tx| tx.set_told(bob(), None));
    world.write(|tx| tx.presume_told(bob(), [3; 4]));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.told, row.told_sure), (Some([3; 4]), false));

    world.write(move |tx| tx.remove_conversation(chat));
    assert_eq!(world.read(|db| db.card(bob())), None);
}

/// A card for the same key that says less.
fn less(world: &World, card: NewCard) -> Option<KeyNews> {
    world.write(move |tx| tx.take_card(&card, true))
}

#[test]
fn what_only_the_node_says_of_a_key_is_not_taken_and_told_where_it_is_less() {
    let world = World::new();
    take(&world, card(2, 10, 2));
    let before = world.read(|db| db.card(bob())).unwrap();
    assert!(before.proven);
    assert!(!take(&world, card(2, 20, 9)), "not less: nothing to tell");
    assert_eq!(world.read(|db| db.card(bob())).unwrap(), before);

    assert_eq!(less(&world, card(2, 20, 9)), Some(KeyNews::Weakened));
    assert_eq!(less(&world, card(2, 30, 9)), None, "it is told once");
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.weakened), (true, true));
    assert_eq!((row.card, row.issued), (before.card, before.issued));

    // Their app may say less, also under the key that introduced this one.
    world.write(|tx| tx.set_compared(bob(), None));
    assert_eq!(less(&world, card(2, 40, 2)), None);
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.weakened), (false, false));
    assert_eq!(row.issued, at(40));
}

#[test]
fn a_change_of_the_key_says_more_than_a_weaker_card() {
    let world = World::new();
    take(&world, card(2, 10, 2));
    less(&world, card(2, 20, 9));
    assert!(take(&world, card(3, 30, 9)));
    let row = world.read(|db| db.card(bob())).unwrap();
    assert_eq!((row.changed, row.weakened), (true, false));
    assert!(!row.proven, "nobody has sealed with it yet");
    assert_eq!(less(&world, card(3, 40, 9)), None, "it is told already");
}

#[test]
fn a_key_is_of_whom_has_shown_a_card_under_it() {
    let world = World::new();
    let owner = |key: u8| world.read(move |db| db.owner_of_key(&[key; 33]));
    // Anybody can have a key of somebody else's signed by a node of their own.
    take(&world, card(2, 10, 9));
    assert_eq!(owner(2), None);
    take(&world, card(2, 10, 2));
    assert_eq!(owner(2), Some(bob()));
    take(&world, card(3, 20, 2));
    assert_eq!((owner(2), owner(3)), (Some(bob()), None));
    take(&world, card(3, 20, 3));
    assert_eq!(owner(3), Some(bob()));
}
