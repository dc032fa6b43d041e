use domain::{AttemptState, Expectation, Msat, NodeId, PostageBalance, Timestamp};

use crate::testing::{World, at, attempt, bob, carol, delivery, hash, to_bob};
use crate::{Booking, Delivery, StoreError, Totals};

fn book(
    world: &World,
    kind: Booking,
    number: u8,
    node: Option<NodeId>,
    msat: u64,
    when: Timestamp,
) -> bool {
    world.write(move |tx| tx.book(kind, hash(number), node, Msat::new(msat), when))
}

/// 2026-01-01 and 2026-02-01, by UTC.
const JANUARY: i64 = 0;
const FEBRUARY: i64 = 31 * 86_400;

#[test]
fn every_kind_is_added_up_in_its_own_column() {
    let world = World::new();
    let kinds = [
        Booking::PaymentSent,
        Booking::PostageSent,
        Booking::Fee,
        Booking::PaymentReceived,
        Booking::PostageReceived,
        Booking::RefundSent,
        Booking::RefundReceived,
        Booking::ReturnedToUs,
        Booking::ReturnedByUs,
        Booking::MessageSent,
        Booking::MessageReceived,
    ];
    for (number, kind) in (0..).zip(kinds) {
        assert!(
            book(&world, kind, 1, Some(bob()), 1 << number, at(0)),
            "{kind:?}"
        );
        assert!(
            !book(&world, kind, 1, Some(bob()), 1 << number, at(0)),
            "{kind:?} twice"
        );
    }
    let expected = Totals {
        sent: Msat::new(1),
        postage_sent: Msat::new(2),
        fees: Msat::new(4),
        received: Msat::new(8),
        postage_received: Msat::new(16),
        refunds_sent: Msat::new(32),
        refunds_received: Msat::new(64),
        returned_to_us: Msat::new(128),
        returned_by_us: Msat::new(256),
        messages_sent: 1,
        messages_received: 1,
    };
    assert_eq!(world.read(|db| db.totals(Some(bob()))), expected);
    assert_eq!(world.read(|db| db.totals(None)), expected);
    assert_eq!(world.read(|db| db.totals(Some(carol()))), Totals::default());
}

#[test]
fn totals_by_contact_and_month_agree_with_the_whole() {
    let mut world = World::new();
    world.meet(bob());
    let with_carol = world.meet(carol());
    book(
        &world,
        Booking::PaymentSent,
        1,
        Some(bob()),
        1_000,
        at(JANUARY),
    );
    book(
        &world,
        Booking::Fee,
        1,
        Some(bob()),
        3,
        at(JANUARY + 86_399),
    );
    book(
        &world,
        Booking::PaymentSent,
        2,
        Some(carol()),
        50,
        at(FEBRUARY),
    );
    book(
        &world,
        Booking::PaymentSent,
        3,
        Some(carol()),
        7_000,
        at(FEBRUARY + 5),
    );
    // A keysend of another program: nobody knows from whom.
    book(&world, Booking::PaymentReceived, 4, None, 40, at(FEBRUARY));
    // Before 1970, as a broken clock has it.
    book(
        &world,
        Booking::PostageSent,
        5,
        Some(bob()),
        9,
        Timestamp(-1),
    );
    world.reopen();

    let contacts = world.read(|db| db.totals_by_contact());
    let nodes: Vec<NodeId> = contacts.iter().map(|(node, _)| *node).collect();
    assert_eq!(nodes, [carol(), bob()]);
    assert_eq!(
        contacts[0].1,
        Totals {
            sent: Msat::new(7_050),
            ..Totals::default()
        }
    );
    assert_eq!(contacts[1].1, world.read(|db| db.totals(Some(bob()))));

    let months = world.read(|db| db.totals_by_month());
    let names: Vec<(i32, u32)> = months.iter().map(|(month, _)| *month).collect();
    assert_eq!(names, [(2026, 2), (2026, 1), (1969, 12)]);
    assert_eq!(
        (months[0].1.sent, months[0].1.received),
        (Msat::new(7_050), Msat::new(40))
    );
    assert_eq!(
        (months[1].1.sent, months[1].1.fees),
        (Msat::new(1_000), Msat::new(3))
    );
    assert_eq!(months[2].1.postage_sent, Msat::new(9));

    let whole = world.read(|db| db.totals(None));
    assert_eq!((whole.sent, whole.fees), (Msat::new(8_050), Msat::new(3)));
    assert_eq!(
        (whole.received, whole.postage_sent),
        (Msat::new(40), Msat::new(9))
    );

    // What belongs to nobody is beside the contacts; so is what a contact leaves who is removed.
    let others = world.read(|db| db.totals_of_others());
    let nobodys = Totals {
        received: Msat::new(40),
        ..Totals::default()
    };
    assert_eq!(others, nobodys);
    world.write(move |tx| tx.remove_conversation(with_carol));
    let contacts = world.read(|db| db.totals_by_contact());
    assert_eq!(contacts.len(), 1);
    let others = world.read(|db| db.totals_of_others());
    assert_eq!(
        others,
        Totals {
            sent: Msat::new(7_050),
            ..nobodys
        }
    );
    assert_eq!(world.read(|db| db.totals(None)), whole);
}

#[test]
fn an_empty_ledger_is_all_zeros() {
    let world = World::new();
    assert_eq!(world.read(|db| db.totals(None)), Totals::default());
    assert_eq!(world.read(|db| db.totals_by_contact()), []);
    assert_eq!(world.read(|db| db.totals_by_month()), []);
}

#[test]
fn a_sum_that_does_not_fit_is_refused_and_not_wrapped() {
    let world = World::new();
    let most = i64::MAX as u64;
    assert!(book(&world, Booking::Fee, 1, Some(bob()), most, at(0)));
    let over =
        world.try_write(|tx| tx.book(Booking::Fee, hash(2), Some(bob()), Msat::new(1), at(0)));
    assert!(
        matches!(over, Err(StoreError::Constraint(_) | StoreError::Sqlite(_))),
        "{over:?}"
    );
    assert_eq!(
        world.read(|db| db.totals(Some(bob()))).fees,
        Msat::new(most)
    );
}

#[test]
fn the_postage_balance_counts_what_is_on_its_way() {
    let world = World::new();
    let chat = world.meet(bob());
    for (kind, number, msat) in [
        (Booking::PostageReceived, 1, 3_000),
        (Booking::PostageSent, 2, 1_000),
        (Booking::PaymentReceived, 3, 70_000),
    ] {
        book(&world, kind, number, Some(bob()), msat, at(0));
    }
    book(&world, Booking::PostageReceived, 4, Some(carol()), 9, at(0));
    let balance = || world.read(|db| db.postage_balance(bob()));
    let expected = PostageBalance {
        received: Msat::new(3_000),
        sent: Msat::new(1_000),
        ..PostageBalance::default()
    };
    assert_eq!(balance(), expected);

    let text = world.send(chat, 1, "hi");
    let money = world.store_message(to_bob(chat, 2, "take it"));
    world.write(move |tx| {
        tx.enqueue(&Delivery {
            expectation: Expectation::Decide,
            ..delivery(money, chat)
        })?;
        tx.insert_attempt(&attempt(5, text))?;
        tx.insert_attempt(&attempt(6, money))
    });
    let going = PostageBalance {
        going: Msat::SAT,
        ..expected
    };
    assert_eq!(balance(), going, "money is no postage");
    world.write(|tx| {
        tx.end_attempt(
            hash(5),
            AttemptState::Refused,
            Msat::ZERO,
            None,
            None,
            at(1),
        )
    });
    assert_eq!(balance(), expected);
    assert_eq!(
        world.read(|db| db.postage_balance(carol())).received,
        Msat::new(9)
    );
}
