use domain::Trust;

use super::*;
use crate::testing::{World, at, bob, carol, contact, cut, piece};

#[test]
fn parts_come_in_any_order_survive_and_are_kept_once() {
    let mut world = World::new();
    let first = world
        .write(|tx| tx.keep_piece(&piece(1, 2), at(1)))
        .unwrap();
    assert_eq!((first.missing, first.bytes), (2, 5));
    world.reopen();
    let again = world.write(|tx| tx.keep_piece(&piece(1, 2), at(2)));
    assert_eq!(again, None, "it is here");
    let next = world
        .write(|tx| tx.keep_piece(&piece(1, 0), at(3)))
        .unwrap();
    assert_eq!((next.number, next.missing), (first.number, 1));
    let last = world
        .write(|tx| tx.keep_piece(&piece(1, 1), at(4)))
        .unwrap();
    assert_eq!((last.missing, last.bytes), (0, 25));

    let pieces = world.read(move |db| db.pieces(last.number));
    let places: Vec<_> = pieces.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 1, 2]);
    let bytes: Vec<u8> = pieces.into_iter().flat_map(|(_, bytes)| bytes).collect();
    assert_eq!(bytes, cut().bytes);
}

#[test]
fn another_cut_is_another_set_and_all_go_with_the_message() {
    let world = World::new();
    let mut other = piece(1, 0);
    other.set.count = 4;
    let (one, two) = world.write(move |tx| {
        let one = tx.keep_piece(&piece(1, 0), at(1))?.unwrap();
        let two = tx.keep_piece(&other, at(2))?.unwrap();
        tx.keep_piece(&piece(2, 0), at(3))?;
        Ok((one, two))
    });
    assert_ne!(one.number, two.number);
    world.write(|tx| tx.drop_pieces(bob(), MessageId([1; 16])));
    let left = world.read(|db| db.unfinished_of(bob()));
    assert_eq!(left.len(), 1, "the other letter stays");
    assert!(world.read(move |db| db.pieces(one.number)).is_empty());
}

#[test]
fn more_bytes_than_were_announced_are_not_kept() {
    let world = World::new();
    let mut larger = piece(1, 1);
    larger.bytes = vec![1; 16];
    let kept = world.write(move |tx| {
        tx.keep_piece(&piece(1, 0), at(1))?;
        tx.keep_piece(&larger, at(2))
    });
    assert_eq!(kept, None);
    assert_eq!(world.read(|db| db.unfinished_of(bob()))[0].bytes, 10);
}

#[test]
fn what_strangers_began_is_told_apart_and_counts_against_their_room() {
    let world = World::new();
    world.write(|tx| tx.add_contact(&contact(bob(), Trust::Known)));
    world.write(|tx| {
        tx.keep_piece(&piece(1, 0), at(1))?;
        let strange = NewPiece {
            sender: carol(),
            ..piece(2, 1)
        };
        tx.keep_piece(&strange, at(2))
    });
    let strange = world.read(|db| db.unfinished_of_strangers());
    assert_eq!(strange, world.read(|db| db.unfinished_of(carol())));
    let (_, bytes) = world.read(|db| db.stranger_usage(carol()));
    assert_eq!(bytes, 10);
}

#[test]
fn what_comes_again_is_waited_for_anew() {
    let world = World::new();
    world.write(|tx| {
        tx.keep_piece(&piece(1, 0), at(1))?;
        assert_eq!(tx.keep_piece(&piece(1, 0), at(5))?, None, "it is here");
        tx.keep_piece(&piece(2, 0), at(4))
    });
    assert_eq!(world.write(|tx| tx.drop_unfinished_before(at(5))), 1);
    let left = world.read(|db| db.unfinished_of(bob()));
    assert_eq!(left.len(), 1, "the first letter stays");
    assert_eq!(left[0].number, 1);
}

#[test]
fn nobody_waits_for_ever_nor_for_the_blocked() {
    let world = World::new();
    world.write(|tx| {
        tx.add_contact(&contact(bob(), Trust::Known))?;
        tx.keep_piece(&piece(1, 0), at(1))?;
        tx.keep_piece(&piece(2, 0), at(5))
    });
    assert_eq!(world.write(|tx| tx.drop_unfinished_before(at(5))), 1);
    assert_eq!(world.read(|db| db.unfinished_of(bob())).len(), 1);
    world.write(|tx| tx.set_trust(bob(), Trust::Blocked));
    assert_eq!(world.read(|db| db.unfinished_of(bob())), []);
}
