use domain::Msat;

use crate::RefundSide::{ByThem, ByUs};
use crate::testing::{World, bob, hash, to_bob};

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
