use domain::{
    Attempt, AttemptState as A, Carrier, Failure, MessageKey, Msat, PaidBefore, Preimage,
};

use crate::testing::{World, at, attempt, bob, delivery, from_bob, hash, to_bob};
use crate::{Delivery, RefundSide, StoreError};

#[test]
fn an_attempt_is_there_before_it_is_sent_and_after_a_restart() {
    let mut world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    world.write(move |tx| tx.insert_attempt(&attempt(1, key)));
    world.reopen();
    assert_eq!(world.read(|db| db.attempt(hash(1))), Some(attempt(1, key)));
    assert_eq!(world.read(|db| db.open_attempts()), [attempt(1, key)]);
    assert_eq!(world.read(|db| db.attempt(hash(2))), None);
}

#[test]
fn the_same_hash_is_never_stored_twice() {
    let world = World::new();
    let chat = world.meet(bob());
    let (first, second) = (world.send(chat, 1, "a"), world.send(chat, 2, "b"));
    world.write(move |tx| tx.insert_attempt(&attempt(1, first)));
    let again = world.try_write(move |tx| tx.insert_attempt(&attempt(1, second)));
    assert!(matches!(again, Err(StoreError::Constraint(_))), "{again:?}");
    assert_eq!(world.read(|db| db.attempt(hash(1))).unwrap().message, first);
}

#[test]
fn an_attempt_that_asked_for_an_invoice_becomes_the_payment_of_it_once() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    let asked = Attempt {
        preimage: None,
        carrier: Carrier::Invoice,
        records: Vec::new(),
        ..attempt(1, key)
    };
    let paid = Attempt {
        hash: hash(2),
        invoice: Some("lnbc1".into()),
        records: vec![(1, vec![2])],
        ..asked.clone()
    };
    let (first, second) = (asked.clone(), paid.clone());
    world.write(move |tx| tx.insert_attempt(&first));
    assert!(asked.pays_nothing() && !paid.pays_nothing());
    assert!(world.write(move |tx| tx.take_invoice(hash(1), &second)));
    assert_eq!(
        world.read(|db| db.open_attempts()),
        std::slice::from_ref(&paid)
    );
    // A second invoice for the same request, and a hash that another attempt has.
    let again = Attempt {
        hash: hash(3),
        ..paid.clone()
    };
    assert!(!world.write(move |tx| tx.take_invoice(hash(1), &again)));
    let other = Attempt {
        hash: hash(4),
        ..asked
    };
    world.write(move |tx| tx.insert_attempt(&other));
    assert!(!world.write(move |tx| tx.take_invoice(hash(4), &paid)));
}

#[test]
fn an_attempt_needs_a_message_in_the_outbox() {
    let world = World::new();
    let chat = world.meet(bob());
    let incoming = world.store_message(from_bob(chat, 1, "hi"));
    for key in [incoming, MessageKey(40)] {
        let lost = world.try_write(move |tx| tx.insert_attempt(&attempt(1, key)));
        assert!(matches!(lost, Err(StoreError::Constraint(_))), "{lost:?}");
    }
}

#[test]
fn an_attempt_learns_its_route_and_ends_once() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    world.write(move |tx| tx.insert_attempt(&attempt(1, key)));
    assert!(world.write(|tx| tx.mark_sent(hash(1), None)));
    // The route is known a moment later, and may be another one after a failure on the way.
    for hops in [4, 3] {
        assert!(world.write(move |tx| tx.mark_sent(hash(1), Some(hops))));
    }
    assert!(world.write(|tx| tx.mark_sent(hash(1), None)));
    let end = |state: A, fee: u64, failure: Option<Failure>| {
        world.try_write(move |tx| {
            tx.end_attempt(hash(1), state, Msat::new(fee), None, failure, at(8))
        })
    };
    assert!(matches!(
        end(A::Sent, 0, None),
        Err(StoreError::Constraint(_))
    ));
    assert!(end(A::Settled, 12, None).unwrap());
    assert!(!end(A::Failed, 0, Some(Failure::Timeout)).unwrap());
    let stored = world.read(|db| db.attempt(hash(1))).unwrap();
    assert_eq!(
        (stored.state, stored.fee, stored.failure),
        (A::Settled, Msat::new(12), None)
    );
    assert_eq!((stored.hops, stored.ended_at), (Some(3), Some(at(8))));
    assert_eq!(world.read(|db| db.open_attempts()), []);
    assert!(!world.write(|tx| tx.mark_sent(hash(1), None)));
    assert!(!world.write(|tx| tx.mark_sent(hash(9), None)));
}

#[test]
fn attempts_of_a_message_come_oldest_first() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    world.write(move |tx| {
        for number in [5, 3, 9] {
            tx.insert_attempt(&attempt(number, key))?;
            let failure = Some(Failure::NoRoute);
            tx.end_attempt(hash(number), A::Failed, Msat::ZERO, Some(2), failure, at(9))?;
        }
        Ok(())
    });
    let hashes: Vec<_> = world
        .read(move |db| db.attempts_of(key))
        .iter()
        .map(|found| found.hash)
        .collect();
    assert_eq!(hashes, [hash(5), hash(3), hash(9)]);
}

#[test]
fn our_own_books_know_what_a_refund_may_pay_back() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    world.write(move |tx| tx.insert_attempt(&attempt(1, key)));
    let mut known = PaidBefore {
        to: bob(),
        amount: Msat::SAT,
        settled: false,
        refunded: false,
        is_refund: false,
    };
    assert_eq!(world.read(|db| db.paid_before(hash(1))), Some(known));
    assert_eq!(world.read(|db| db.paid_before(hash(2))), None);
    world.write(|tx| tx.end_attempt(hash(1), A::Settled, Msat::ZERO, None, None, at(2)));
    known.settled = true;
    assert_eq!(world.read(|db| db.paid_before(hash(1))), Some(known));

    // It is known after the message was deleted, too.
    world.write(move |tx| tx.delete_message(key));
    assert_eq!(world.read(|db| db.paid_before(hash(1))), Some(known));
    let carrier = world.store_message(from_bob(chat, 7, ""));
    world.write(move |tx| tx.claim_refund(hash(1), RefundSide::ByThem, carrier, Msat::SAT));
    known.refunded = true;
    assert_eq!(world.read(|db| db.paid_before(hash(1))), Some(known));

    let back = world.store_message(to_bob(chat, 8, ""));
    world.write(move |tx| {
        tx.enqueue(&Delivery {
            refund_of: Some(hash(3)),
            ..delivery(back, chat)
        })?;
        tx.insert_attempt(&attempt(4, back))
    });
    assert!(world.read(|db| db.paid_before(hash(4))).unwrap().is_refund);
}

#[test]
fn the_recipients_preimage_is_kept_and_no_other() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    let proof = Preimage::new([1; 32]);
    let hash = proof.payment_hash();
    let by_invoice = Attempt {
        hash,
        preimage: None,
        carrier: Carrier::Invoice,
        ..attempt(1, key)
    };
    world.write(move |tx| tx.insert_attempt(&by_invoice));
    let prove = |byte| world.write(move |tx| tx.prove(hash, &Preimage::new([byte; 32])));
    assert!(!prove(2), "it belongs to another hash");
    assert_eq!(
        world.read(move |db| db.attempt(hash)).unwrap().preimage,
        None
    );
    assert!(prove(1));
    assert!(!prove(1), "it is there");
    assert_eq!(
        world.read(move |db| db.attempt(hash)).unwrap().preimage,
        Some(proof)
    );
}
