use domain::{Msat, Program, Trust};

use crate::StoreError;
use crate::testing::{World, bob, carol, contact};

#[test]
fn bob_is_added_once_and_what_alice_says_of_him_stays() {
    let mut world = World::new();
    let full = domain::Contact {
        name: "Bob".into(),
        note: "from the meetup".into(),
        alias: "BOBNODE".into(),
        program: Program::Heliograph {
            hold_secs: Some(900),
        },
        accept_up_to: Msat::new(5_001),
        ..contact(bob(), Trust::Known)
    };
    let first = full.clone();
    assert!(world.write(move |tx| tx.add_contact(&first)));
    assert!(!world.write(|tx| tx.add_contact(&contact(bob(), Trust::Request))));
    world.reopen();
    assert_eq!(world.read(|db| db.contact(bob())), Some(full));
    assert_eq!(world.read(|db| db.contact(carol())), None);
}

#[test]
fn each_change_tells_whether_it_changed_anything() {
    let world = World::new();
    world.write(|tx| tx.add_contact(&contact(bob(), Trust::Request)));
    let program = Program::Heliograph { hold_secs: None };
    for expected in [true, false] {
        let changed = world.write(move |tx| {
            Ok([
                tx.rename_contact(bob(), "Bob", "a note", Msat::SAT)?,
                tx.set_trust(bob(), Trust::Known)?,
                tx.set_alias(bob(), "BOBNODE")?,
                tx.set_program(bob(), program)?,
            ])
        });
        assert_eq!(changed, [expected; 4]);
    }
    let of_a_stranger = world.write(move |tx| {
        Ok([
            tx.rename_contact(carol(), "Carol", "", Msat::SAT)?,
            tx.set_trust(carol(), Trust::Known)?,
            tx.set_alias(carol(), "C")?,
            tx.set_program(carol(), program)?,
        ])
    });
    assert_eq!(of_a_stranger, [false; 4]);
    let stored = world.read(|db| db.contact(bob())).unwrap();
    assert_eq!(
        (stored.name.as_str(), stored.note.as_str()),
        ("Bob", "a note")
    );
    assert_eq!(
        (stored.trust, stored.alias.as_str()),
        (Trust::Known, "BOBNODE")
    );
    assert_eq!((stored.program, stored.accept_up_to), (program, Msat::SAT));
}

#[test]
fn an_amount_beyond_the_database_is_refused_and_not_wrapped() {
    let world = World::new();
    world.write(|tx| tx.add_contact(&contact(bob(), Trust::Known)));
    let refused =
        world.try_write(|tx| tx.rename_contact(bob(), "Bob", "", Msat::new(i64::MAX as u64 + 1)));
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "{refused:?}"
    );
    let largest = Msat::new(i64::MAX as u64);
    world.write(move |tx| tx.rename_contact(bob(), "Bob", "", largest));
    assert_eq!(
        world.read(|db| db.contact(bob())).unwrap().accept_up_to,
        largest
    );
}
