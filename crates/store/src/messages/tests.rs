use domain::{
    AttemptState, ConversationId, DeliveryEvent, HoldEvent, MessageId, MessageKey, MessageKind,
    Msat, Timestamp,
};

use crate::testing::{World, at, attempt, bob, carol, delivery, from_bob, hash, held, to_bob};
use crate::{
    Delivery, Found, NewMessage, Outcome, Page, PageAt, RefundRow, RefundSide, StoreError,
};

#[test]
fn a_message_comes_back_as_it_was_stored() {
    let mut world = World::new();
    let chat = world.meet(bob());
    let kinds = [
        MessageKind::Text,
        MessageKind::Payment,
        MessageKind::Refund { of: hash(9) },
        MessageKind::Unreadable,
        MessageKind::Newer,
    ];
    for (number, kind) in (1..).zip(kinds) {
        let letter = vec![number; 300];
        let new = NewMessage {
            kind,
            payment: Msat::new(1_001),
            sent_at: Timestamp(-5),
            letter: Some(letter.clone()),
            ..from_bob(chat, number, "line\nline \0 \u{202e} 界 🦀")
        };
        let key = world.store_message(new.clone());
        world.reopen();
        let stored = world.read(move |db| db.message(key)).unwrap();
        assert_eq!(
            (stored.kind, &stored.text, stored.sent_at),
            (kind, &new.text, new.sent_at)
        );
        assert_eq!(
            (stored.key, stored.conversation, stored.id),
            (key, chat, new.id)
        );
        assert_eq!(
            (stored.payment, stored.stored_at, stored.seen),
            (new.payment, at(number.into()), false)
        );
        assert_eq!(world.read(move |db| db.letter(key)), Some(letter));
    }
    assert_eq!(world.read(|db| db.message(MessageKey(99))), None);
    assert_eq!(world.read(|db| db.letter(MessageKey(99))), None);
}

#[test]
fn a_double_is_stored_once_and_a_deleted_message_never_again() {
    let world = World::new();
    let chat = world.meet(bob());
    let id = MessageId([1; 16]);
    assert_eq!(
        world.read(move |db| db.find_message(bob(), id)),
        Found::Absent
    );
    let key = world.store_message(from_bob(chat, 1, "once"));
    assert_eq!(
        world.write(move |tx| tx.insert_message(&from_bob(chat, 1, "twice"))),
        None
    );
    assert_eq!(
        world.read(move |db| db.find_message(bob(), id)),
        Found::Here(key)
    );
    // The same id of another sender is another message.
    world.store_message(to_bob(chat, 1, "mine"));

    assert!(world.write(move |tx| tx.delete_message(key)));
    assert!(!world.write(move |tx| tx.delete_message(key)));
    assert_eq!(
        world.read(move |db| db.find_message(bob(), id)),
        Found::Deleted
    );
    assert_eq!(
        world.write(move |tx| tx.insert_message(&from_bob(chat, 1, "again"))),
        None
    );
    assert_eq!(world.read(move |db| db.letter(key)), None);
}

#[test]
fn a_key_is_never_used_twice() {
    let world = World::new();
    let chat = world.meet(bob());
    let first = world.store_message(from_bob(chat, 1, "a"));
    world.write(move |tx| tx.delete_message(first));
    assert!(world.store_message(from_bob(chat, 2, "b")) > first);
}

#[test]
fn a_message_is_not_deleted_while_its_payment_is_under_way() {
    let world = World::new();
    let chat = world.meet(bob());
    let came = world.hold(chat, 1, 2);
    for event in [HoldEvent::Refuse, HoldEvent::Returned] {
        assert!(
            !world.write(move |tx| tx.delete_message(came)),
            "before {event:?}"
        );
        world.write(move |tx| tx.step_hold(hash(1), event, None, at(3)));
    }
    assert!(world.write(move |tx| tx.delete_message(came)));
    let sent = world.send(chat, 4, "hi");
    world.write(move |tx| tx.step_delivery(sent, DeliveryEvent::Begin, Outcome::default(), at(5)));
    assert!(!world.write(move |tx| tx.delete_message(sent)));
    world
        .write(move |tx| tx.step_delivery(sent, DeliveryEvent::Refused, Outcome::default(), at(6)));
    assert!(world.write(move |tx| tx.delete_message(sent)));
}

#[test]
fn a_message_needs_its_conversation() {
    let world = World::new();
    let lost = world.try_write(|tx| tx.insert_message(&from_bob(ConversationId(5), 1, "?")));
    assert!(matches!(lost, Err(StoreError::Constraint(_))), "{lost:?}");
}

fn numbers(page: &Page) -> Vec<u8> {
    page.rows.iter().map(|row| row.message.id.0[0]).collect()
}

#[test]
fn pages_meet_without_gaps_or_doubles() {
    let world = World::new();
    let (chat, other) = (world.meet(bob()), world.meet(carol()));
    // The clock jumps, several stand in the same moment, mixed with another conversation.
    let mut keys = [MessageKey(0); 21];
    for number in [
        3, 1, 2, 10, 9, 8, 7, 6, 5, 4, 20, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ] {
        let moment = at(i64::from(number / 3));
        let message = NewMessage {
            stored_at: moment,
            ..from_bob(chat, number, "x")
        };
        keys[usize::from(number)] = world.store_message(message);
        world.store_message(from_bob(other, number + 100, "elsewhere"));
    }
    let page =
        move |at: PageAt, limit: u32| world.read(move |db| db.messages_page(chat, at, limit));

    let all = page(PageAt::End, 500);
    assert_eq!(
        (all.rows.len(), all.more_before, all.more_after),
        (20, false, false)
    );
    let order = numbers(&all);
    let mut places: Vec<_> = all.rows.iter().map(|row| row.message.key).collect();
    assert!(places.is_sorted());
    places.dedup();
    assert_eq!(places.len(), 20);

    // Backwards from the end and forwards from the beginning, in pages of every size.
    for limit in 1..=7 {
        let mut back = page(PageAt::End, limit);
        let mut found = numbers(&back);
        while back.more_before {
            back = page(PageAt::Before(back.rows[0].message.key), limit);
            assert!(back.more_after);
            found.splice(0..0, numbers(&back));
        }
        assert_eq!(found, order, "back by {limit}");
        let mut forth = page(PageAt::After(all.rows[0].message.key), limit);
        let mut found = vec![order[0]];
        found.extend(numbers(&forth));
        while forth.more_after {
            forth = page(PageAt::After(forth.rows.last().unwrap().message.key), limit);
            assert!(forth.more_before);
            found.extend(numbers(&forth));
        }
        assert_eq!(found, order, "forth by {limit}");
    }

    for (anchor, limit) in [
        (0, 5),
        (1, 5),
        (10, 6),
        (10, 1),
        (18, 5),
        (19, 4),
        (10, 500),
    ] {
        let around = page(PageAt::Around(all.rows[anchor].message.key), limit);
        let shown = numbers(&around);
        assert!(
            shown.contains(&order[anchor]),
            "{anchor} {limit}: {shown:?}"
        );
        assert!(shown.len() <= limit as usize);
        let start = order.iter().position(|number| *number == shown[0]).unwrap();
        assert_eq!(shown, order[start..start + shown.len()]);
        assert_eq!(around.more_before, start > 0);
        assert_eq!(around.more_after, start + shown.len() < order.len());
    }

    // A message that is gone, or of another conversation, counts as the end.
    assert_eq!(
        page(PageAt::Around(MessageKey(9_999)), 3),
        page(PageAt::End, 3)
    );
    assert_eq!(page(PageAt::End, 0).rows.len(), 1);
}

#[test]
fn an_empty_conversation_has_an_empty_page() {
    let world = World::new();
    let chat = world.meet(bob());
    for at in [PageAt::End, PageAt::After(MessageKey(1))] {
        let page = world.read(move |db| db.messages_page(chat, at, 50));
        assert_eq!(
            page,
            Page {
                rows: vec![],
                more_before: false,
                more_after: false
            }
        );
    }
}

#[test]
fn a_row_tells_what_an_outgoing_message_cost() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "hi");
    let row = world.read(move |db| db.message_row(key)).unwrap();
    assert_eq!((row.paid, row.fee, row.hops), (None, Msat::ZERO, None));
    assert_eq!(row.delivery.unwrap().sequence, 1);

    world.write(move |tx| {
        tx.insert_attempt(&attempt(1, key))?;
        tx.end_attempt(
            hash(1),
            AttemptState::Failed,
            Msat::ZERO,
            Some(4),
            None,
            at(2),
        )?;
        tx.insert_attempt(&attempt(2, key))?;
        tx.mark_sent(hash(2), None)
    });
    let row = world.read(move |db| db.message_row(key)).unwrap();
    assert_eq!((row.paid, row.hops), (None, None));
    world.write(move |tx| {
        tx.end_attempt(
            hash(2),
            AttemptState::Settled,
            Msat::new(204),
            Some(2),
            None,
            at(3),
        )
    });
    let row = world.read(move |db| db.message_row(key)).unwrap();
    assert_eq!(
        (row.paid, row.fee, row.hops),
        (Some(Msat::SAT), Msat::new(204), Some(2))
    );
    assert_eq!(world.read(|db| db.message_row(MessageKey(77))), None);
}

#[test]
fn a_payment_and_its_pay_back_know_each_other_on_both_sides() {
    let world = World::new();
    let chat = world.meet(bob());

    // Bob paid, it settled, alice pays it back.
    let came = world.hold(chat, 1, 2);
    let back = world.write(move |tx| {
        tx.step_hold(hash(1), HoldEvent::Settled, None, at(2))?;
        let kind = MessageKind::Refund { of: hash(1) };
        let new = NewMessage {
            kind,
            payment: Msat::new(2_000),
            ..to_bob(chat, 2, "")
        };
        let key = tx.insert_message(&new)?.unwrap();
        tx.enqueue(&Delivery {
            refund_of: Some(hash(1)),
            ..delivery(key, chat)
        })?;
        assert!(tx.claim_refund(hash(1), RefundSide::ByUs, key, Msat::new(2_000))?);
        Ok(key)
    });
    let mut under_way = RefundRow {
        of: hash(1),
        side: RefundSide::ByUs,
        message: back,
        done: false,
        failed: false,
        amount: Msat::new(2_000),
    };
    let row = world.read(move |db| db.message_row(came)).unwrap();
    assert_eq!((row.refund, row.refund_of), (Some(under_way), None));
    assert_eq!(row.incoming.unwrap().payment.hash, hash(1));
    let row = world.read(move |db| db.message_row(back)).unwrap();
    assert_eq!((row.refund, row.refund_of), (None, Some(came)));
    world.write(move |tx| {
        tx.step_delivery(back, DeliveryEvent::Begin, Outcome::default(), at(3))?;
        tx.step_delivery(back, DeliveryEvent::Failed, Outcome::default(), at(3))
    });
    under_way.failed = true;
    let row = world.read(move |db| db.message_row(came)).unwrap();
    assert_eq!(row.refund, Some(under_way));

    // Alice paid, it settled, bob pays it back.
    let sent = world.send(chat, 3, "for you");
    let returned = world.write(move |tx| {
        tx.insert_attempt(&attempt(3, sent))?;
        tx.end_attempt(
            hash(3),
            AttemptState::Settled,
            Msat::new(1),
            Some(1),
            None,
            at(4),
        )?;
        tx.receive_payment(&held(4, 1))?;
        let kind = MessageKind::Refund { of: hash(3) };
        let key = tx
            .insert_message(&NewMessage {
                kind,
                ..from_bob(chat, 4, "")
            })?
            .unwrap();
        tx.mark_opened(hash(4), Some(bob()), Some(key), false)?;
        assert!(tx.claim_refund(hash(3), RefundSide::ByThem, key, Msat::SAT)?);
        assert!(tx.finish_refund(key)?);
        Ok(key)
    });
    let row = world.read(move |db| db.message_row(sent)).unwrap();
    let refund = row.refund.unwrap();
    assert_eq!(
        (refund.message, refund.done, refund.side),
        (returned, true, RefundSide::ByThem)
    );
    let row = world.read(move |db| db.message_row(returned)).unwrap();
    assert_eq!(row.refund_of, Some(sent));

    // The original is deleted: the pay-back points nowhere and stays.
    world.write(move |tx| tx.delete_message(sent));
    let row = world.read(move |db| db.message_row(returned)).unwrap();
    assert_eq!(
        (row.refund_of, row.message.kind),
        (None, MessageKind::Refund { of: hash(3) })
    );
}

#[test]
fn sequence_numbers_count_up_for_each_contact() {
    let world = World::new();
    let (chat, other) = (world.meet(bob()), world.meet(carol()));
    assert_eq!(
        world.read(move |db| db.next_sequence(chat, domain::Timestamp(0))),
        1
    );
    let key = world.send(chat, 1, "a");
    world.send(chat, 2, "b");
    assert_eq!(
        world.read(move |db| db.next_sequence(chat, domain::Timestamp(0))),
        3
    );
    assert_eq!(
        world.read(move |db| db.next_sequence(other, domain::Timestamp(0))),
        1
    );
    world.write(move |tx| tx.delete_message(key));
    assert_eq!(
        world.read(move |db| db.next_sequence(chat, domain::Timestamp(0))),
        3
    );
}

/// Letters of bob by number and moment, as they come; what the conversation shows then.
fn shown(letters: &[(u64, i64)]) -> Vec<u8> {
    let world = World::new();
    let chat = world.meet(bob());
    for (sequence, moment) in letters.iter().copied() {
        let letter = NewMessage {
            stored_at: at(moment),
            ..from_bob(chat, u8::try_from(sequence).unwrap(), "x")
        };
        world
            .write(move |tx| tx.insert_letter(&letter, sequence))
            .unwrap();
    }
    numbers(&world.read(move |db| db.messages_page(chat, PageAt::End, 50)))
}

#[test]
fn letters_that_overtook_each_other_are_shown_in_the_order_of_their_numbers() {
    // All ways in which five letters can come, in one moment and one after the other.
    let mut ways: Vec<Vec<u64>> = vec![vec![]];
    for next in 1..=5 {
        ways = ways
            .iter()
            .flat_map(|way| {
                (0..=way.len()).map(move |place| {
                    let mut longer = way.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    assert_eq!(ways.len(), 120);
    for way in ways {
        for pace in [0, 1] {
            let letters: Vec<_> = way
                .iter()
                .copied()
                .zip((0..).map(|step| step * pace))
                .collect();
            assert_eq!(shown(&letters), [1, 2, 3, 4, 5], "{letters:?}");
        }
    }
}

#[test]
fn letters_that_came_by_a_wrong_clock_are_not_moved() {
    // Two stood there with a clock that was ahead; it is right again.
    assert_eq!(shown(&[(2, 900_000), (3, 900_001), (1, 0)]), [2, 3, 1]);
    // It was behind.
    assert_eq!(shown(&[(2, 0), (1, 900_000)]), [2, 1]);
}

#[test]
fn a_letter_that_comes_very_late_does_not_hide_above_what_was_read() {
    assert_eq!(shown(&[(2, 0), (1, 59)]), [1, 2]);
    assert_eq!(shown(&[(2, 0), (1, 61)]), [2, 1]);
    // It goes no further up than to those of the last minute.
    assert_eq!(shown(&[(2, 0), (3, 50), (1, 70)]), [2, 1, 3]);
}

#[test]
fn an_overtaken_letter_is_unread_and_the_list_shows_the_last_one() {
    let world = World::new();
    let chat = world.meet(bob());
    world.write(move |tx| {
        tx.insert_letter(&from_bob(chat, 5, "second"), 2)?;
        let late = NewMessage {
            stored_at: at(6),
            ..from_bob(chat, 6, "first")
        };
        tx.insert_letter(&late, 1)
    });
    let row = world.read(move |db| db.conversation(chat)).unwrap();
    assert_eq!(row.unread, 2);
    let last = row.last.unwrap();
    assert_eq!((last.text.as_str(), last.at), ("second", at(5)));
    // The last one goes: the one before it takes its place.
    world.write(move |tx| {
        let Found::Here(key) = tx.find_message(bob(), MessageId([5; 16]))? else {
            return Ok(false);
        };
        tx.delete_message(key)
    });
    let row = world.read(move |db| db.conversation(chat)).unwrap();
    assert_eq!(row.last.unwrap().text, "first");
}

#[test]
fn numbers_do_not_move_what_others_wrote() {
    let world = World::new();
    let chat = world.meet(bob());
    world.write(move |tx| {
        tx.insert_letter(&from_bob(chat, 1, "question"), 8)?;
        tx.insert_message(&to_bob(chat, 2, "answer"))?;
        // Of another sender, and without a number.
        let other = NewMessage {
            sender: carol(),
            ..from_bob(chat, 3, "other")
        };
        tx.insert_letter(&other, 1)?;
        tx.insert_letter(&from_bob(chat, 4, "plain"), 0)
    });
    let page = world.read(move |db| db.messages_page(chat, PageAt::End, 50));
    assert_eq!(numbers(&page), [1, 2, 3, 4]);
}
