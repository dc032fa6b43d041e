use domain::{
    Amendment, AmendmentKind, AttemptState, ConversationId, DeliveryEvent, DeliveryState, Failure,
    MessageId, MessageKey, Msat,
};

use super::*;
use crate::messages::PageAt;
use crate::testing::{World, alice, at, attempt, bob, delivery, from_bob, hash, to_bob};
use crate::{Delivery, MessageRow, NewMessage};

/// Stores a letter that amends the message of this number, and does what it says.
fn amend(
    world: &World,
    letter: NewMessage,
    kind: AmendmentKind,
    of: u8,
    sequence: u64,
) -> MessageKey {
    world
        .write(move |tx| {
            let id = MessageId([of; 16]);
            let authors = if kind == AmendmentKind::Reaction {
                vec![alice(), bob()]
            } else {
                vec![letter.sender]
            };
            let target = tx.bubble_named(letter.conversation, &authors, id)?;
            let target = target.map(|message| message.key);
            let amends = Amendment { kind, of: id };
            let key = tx.insert_amendment(&letter, amends, target, sequence)?;
            if let Some(target) = target {
                tx.settle_amendments(target)?;
            }
            Ok(key)
        })
        .unwrap()
}

/// One of alice's own, in the outbox.
fn enqueue(world: &World, key: MessageKey, chat: ConversationId) {
    world.write(move |tx| {
        let sequence = tx.next_sequence(chat, domain::Timestamp(0))?;
        tx.enqueue(&Delivery {
            sequence,
            ..delivery(key, chat)
        })
    });
}

fn row(world: &World, key: MessageKey) -> MessageRow {
    world.read(move |db| db.message_row(key)).unwrap()
}

fn reactions(world: &World, key: MessageKey) -> Vec<(Direction, String)> {
    row(world, key)
        .amendments
        .reactions
        .into_iter()
        .map(|reaction| (reaction.direction, reaction.emoji))
        .collect()
}

fn found(world: &World, text: &str) -> Vec<MessageKey> {
    let text = text.to_owned();
    let hits = world.read(move |db| db.search(&text, None, None, 50));
    hits.into_iter().map(|hit| hit.message).collect()
}

use AmendmentKind::{Delete, Edit, Reaction as React};
use Direction::{Incoming, Outgoing};

#[test]
fn what_amends_is_no_bubble_anywhere() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(from_bob(chat, 1, "hello"));
    world.write(move |tx| tx.mark_seen(chat).map(drop));
    let mut letter = from_bob(chat, 2, "goodbye");
    letter.seen = true;
    let edit = amend(&world, letter, Edit, 1, 2);
    let page = world.read(move |db| db.messages_page(chat, PageAt::End, 50));
    let keys: Vec<_> = page.rows.iter().map(|row| row.message.key).collect();
    assert_eq!(keys, [key]);
    let conversation = world.read(move |db| db.conversation(chat)).unwrap();
    assert_eq!(conversation.unread, 0);
    let preview = conversation.last.unwrap();
    assert_eq!((preview.text.as_str(), preview.at), ("goodbye", at(1)));
    assert_eq!(found(&world, "goodbye"), [key]);
    assert_eq!(found(&world, "hello"), []);
    assert_eq!(world.read(move |db| db.bubble_of(edit)), Some(key));
    assert!(!world.write(move |tx| tx.delete_message(edit)));
}

#[test]
fn the_last_edit_counts_in_whatever_order_they_come() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(from_bob(chat, 1, "one"));
    amend(&world, from_bob(chat, 3, "three"), Edit, 1, 30);
    amend(&world, from_bob(chat, 2, "two"), Edit, 1, 20);
    let shown = row(&world, key).message;
    assert_eq!(
        (shown.text.as_str(), shown.edited_at),
        ("three", Some(at(3)))
    );
    assert_eq!(
        world.read(move |db| db.first_words(key)).as_deref(),
        Some("one")
    );
    let told: Vec<String> = world
        .read(move |db| db.amendments_of(key))
        .into_iter()
        .map(|row| row.text)
        .collect();
    assert_eq!(told, ["two", "three"]);
}

#[test]
fn an_edit_that_overtakes_its_message_waits_for_it() {
    let world = World::new();
    let chat = world.meet(bob());
    let edit = amend(&world, from_bob(chat, 2, "second thoughts"), Edit, 1, 2);
    amend(&world, from_bob(chat, 3, "🦀"), React, 1, 3);
    assert_eq!(world.read(move |db| db.bubble_of(edit)), None);
    let key = world.write(move |tx| {
        let key = tx
            .insert_letter(&from_bob(chat, 1, "first words"), 1)?
            .unwrap();
        tx.settle_amendments(key)?;
        Ok(key)
    });
    assert_eq!(row(&world, key).message.text, "second thoughts");
    assert_eq!(reactions(&world, key), [(Incoming, "🦀".into())]);
    assert_eq!(world.read(move |db| db.bubble_of(edit)), Some(key));
}

#[test]
fn nobody_edits_or_deletes_what_somebody_else_wrote() {
    let world = World::new();
    let chat = world.meet(bob());
    let mine = world.store_message(to_bob(chat, 1, "mine"));
    amend(&world, from_bob(chat, 2, "his"), Edit, 1, 2);
    amend(&world, from_bob(chat, 3, ""), Delete, 1, 3);
    let shown = row(&world, mine).message;
    assert_eq!((shown.text.as_str(), shown.edited_at), ("mine", None));
    assert_eq!(shown.taken_back_at, None);
    // Nor when theirs comes first.
    amend(&world, from_bob(chat, 4, "his again"), Edit, 5, 4);
    let late = world.store_message(to_bob(chat, 5, "mine too"));
    world.write(move |tx| tx.settle_amendments(late));
    assert_eq!(row(&world, late).message.text, "mine too");
}

#[test]
fn each_person_has_one_reaction_and_none_takes_it_back() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(from_bob(chat, 1, "hello"));
    amend(&world, from_bob(chat, 2, "🙂"), React, 1, 2);
    amend(&world, to_bob(chat, 3, "👍"), React, 1, 1);
    assert_eq!(
        reactions(&world, key),
        [(Incoming, "🙂".into()), (Outgoing, "👍".into())]
    );
    amend(&world, from_bob(chat, 4, "🎉"), React, 1, 9);
    amend(&world, from_bob(chat, 5, "😕"), React, 1, 5);
    amend(&world, to_bob(chat, 6, ""), React, 1, 2);
    assert_eq!(reactions(&world, key), [(Incoming, "🎉".into())]);
}

#[test]
fn what_is_taken_back_leaves_no_words() {
    let world = World::new();
    let chat = world.meet(bob());
    let mut letter = from_bob(chat, 1, "the password is swordfish");
    letter.letter = Some(vec![1, 2, 3]);
    let key = world.store_message(letter);
    amend(&world, from_bob(chat, 2, "swordfish2"), Edit, 1, 2);
    amend(&world, to_bob(chat, 3, "😱"), React, 1, 1);
    amend(&world, from_bob(chat, 4, ""), Delete, 1, 3);
    // And one that comes late.
    amend(&world, from_bob(chat, 5, "swordfish3"), Edit, 1, 1);
    let shown = row(&world, key);
    assert_eq!(shown.message.text, "");
    assert_eq!(shown.message.taken_back_at, Some(at(4)));
    assert!(shown.amendments.reactions.is_empty());
    for word in ["swordfish", "swordfish2", "swordfish3", "password"] {
        assert_eq!(found(&world, word), [], "{word}");
    }
    let left = world.read(move |db| {
        let texts = db.amendments_of(key)?;
        Ok((
            texts.into_iter().map(|row| row.text).collect::<String>(),
            db.letter(key)?,
            db.first_words(key)?,
        ))
    });
    assert_eq!(left, (String::new(), None, None));
    let preview = world.read(move |db| db.conversation(chat)).unwrap().last;
    assert!(preview.is_some_and(|preview| preview.taken_back && preview.text.is_empty()));
}

#[test]
fn records_that_are_still_needed_go_when_their_attempt_ends() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "words");
    world.write(move |tx| {
        tx.insert_attempt(&attempt(1, key))?;
        tx.take_back(key, at(2))
    });
    let records = || world.read(|db| db.attempt(hash(1))).unwrap().records;
    assert!(!records().is_empty(), "it may have to be sent once more");
    world.write(|tx| {
        tx.end_attempt(
            hash(1),
            AttemptState::Settled,
            Msat::ZERO,
            None,
            None,
            at(3),
        )
    });
    assert!(records().is_empty());
}

#[test]
fn a_long_message_that_is_changed_or_taken_back_is_not_sent_as_it_was_cut() {
    let world = World::new();
    let chat = world.meet(bob());
    for changes in [true, false] {
        let key = world.send(chat, u8::from(changes) + 1, "long words");
        world.write(move |tx| {
            let cut = crate::Cut {
                packing: domain::Packing::Plain,
                hash: [1; 32],
                each: 4,
                bytes: b"long words".to_vec(),
            };
            assert!(tx.store_cut(key, &cut)?);
            if changes {
                tx.rewrite(key, "other words")
            } else {
                tx.take_back(key, at(9))
            }
        });
        assert_eq!(world.read(move |db| db.cut(key)), None);
    }
}

#[test]
fn an_edit_that_is_cancelled_gives_the_first_words_back() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(to_bob(chat, 1, "one"));
    let edit = amend(&world, to_bob(chat, 2, "two"), Edit, 1, 2);
    enqueue(&world, edit, chat);
    assert_eq!(row(&world, key).message.text, "two");
    assert_eq!(row(&world, key).amendments.open, [DeliveryState::Queued]);
    world.write(move |tx| {
        tx.step_delivery(edit, DeliveryEvent::Cancel, Outcome::default(), at(3))?;
        tx.settle_amendments(key)
    });
    let shown = row(&world, key);
    assert_eq!(shown.message.text, "one");
    assert_eq!(shown.message.edited_at, None);
    assert_eq!(shown.amendments.open, []);
}

#[test]
fn an_amendment_that_fails_is_no_failed_message() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.store_message(from_bob(chat, 1, "hello"));
    let reaction = amend(&world, to_bob(chat, 2, "👍"), React, 1, 1);
    enqueue(&world, reaction, chat);
    world.write(move |tx| {
        for event in [DeliveryEvent::Begin, DeliveryEvent::Failed] {
            tx.step_delivery(reaction, event, Outcome::default(), at(3))?;
        }
        Ok(())
    });
    assert_eq!(row(&world, key).amendments.open, [DeliveryState::Failed]);
    let failed = || world.read(move |db| db.conversation(chat)).unwrap().failed;
    assert_eq!(failed(), 0);
    // It goes with its message.
    assert!(world.write(move |tx| tx.delete_message(key)));
    assert_eq!(failed(), 0);
    assert_eq!(world.read(move |db| db.message(reaction)), None);
}

#[test]
fn whether_it_may_have_arrived_is_known_from_its_attempts() {
    let world = World::new();
    let chat = world.meet(bob());
    let key = world.send(chat, 1, "words");
    let may = || world.read(move |db| db.may_have_arrived(key));
    assert!(!may());
    world.write(move |tx| tx.insert_attempt(&attempt(1, key)));
    assert!(may(), "it is on its way");
    world.write(|tx| {
        let failure = Some(Failure::NoRoute);
        tx.end_attempt(
            hash(1),
            AttemptState::Failed,
            Msat::ZERO,
            None,
            failure,
            at(2),
        )
    });
    assert!(!may(), "a payment that failed has brought nothing");
    world.write(move |tx| {
        tx.insert_attempt(&domain::Attempt {
            carrier: domain::Carrier::Invoice,
            state: AttemptState::Failed,
            ..attempt(3, key)
        })
    });
    assert!(!may(), "nor has an invoice that did not come");
    world.write(move |tx| {
        tx.insert_attempt(&domain::Attempt {
            carrier: domain::Carrier::Onion,
            state: AttemptState::Failed,
            ..attempt(2, key)
        })
    });
    assert!(may(), "only the receipt may have been lost");
}

#[test]
fn an_answer_finds_its_message_also_when_that_comes_later() {
    let world = World::new();
    let chat = world.meet(bob());
    let answer = world.store_message(from_bob(chat, 2, "yes"));
    world.write(move |tx| tx.set_reply(answer, MessageId([1; 16]), None));
    assert_eq!(row(&world, answer).reply, Some(Reply { to: None }));
    let asked = world.store_message(to_bob(chat, 1, "tea?"));
    let to = row(&world, answer).reply.unwrap().to.unwrap();
    assert_eq!((to.key, to.text.as_str()), (asked, "tea?"));
    assert_eq!(to.direction, Outgoing);
    world.write(move |tx| tx.delete_message(asked));
    assert_eq!(row(&world, answer).reply, Some(Reply { to: None }));
}

#[test]
fn readable_text_has_no_name_without_a_letter_beside_it() {
    let world = World::new();
    let chat = world.meet(bob());
    let open = |number| NewMessage {
        privacy: domain::Privacy::Open,
        ..from_bob(chat, number, "hi")
    };
    let alone = world.store_message(open(1));
    let beside = world.store_message(NewMessage {
        letter: Some(vec![1]),
        ..open(2)
    });
    let sealed = world.store_message(from_bob(chat, 3, "hi"));
    for (key, named) in [(alone, false), (beside, true), (sealed, true)] {
        assert_eq!(row(&world, key).amendments.named, named);
    }
}
