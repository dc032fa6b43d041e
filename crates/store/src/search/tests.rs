use domain::{ConversationId, MessageKey};
use proptest::prelude::*;

use crate::testing::{World, at, bob, carol, from_bob, to_bob};
use crate::{Hit, NewMessage};

fn search(world: &World, text: &str) -> Vec<Hit> {
    let text = text.to_owned();
    world.read(move |db| db.search(&text, None, None, 50))
}

fn found(world: &World, text: &str) -> Vec<MessageKey> {
    search(world, text)
        .into_iter()
        .map(|hit| hit.message)
        .collect()
}

fn told(texts: &[&str]) -> (World, Vec<MessageKey>) {
    let world = World::new();
    let chat = world.meet(bob());
    let keys = (1..)
        .zip(texts)
        .map(|(number, text)| world.store_message(from_bob(chat, number, text)))
        .collect();
    (world, keys)
}

#[test]
fn words_are_found_whatever_their_case_accents_and_order() {
    let (world, keys) = told(&[
        "The Lightning network is fast",
        "lightning without the other word",
        "un café, s'il te plaît",
        "ＦＵＬＬ width",
    ]);
    for (text, expected) in [
        ("lightning", vec![keys[1], keys[0]]),
        ("LIGHTNING network", vec![keys[0]]),
        ("network lightning", vec![keys[0]]),
        ("cafe", vec![keys[2]]),
        ("CAFÉ", vec![keys[2]]),
        ("s'il", vec![keys[2]]),
        ("full", vec![keys[3]]),
        ("lightning absent", vec![]),
    ] {
        assert_eq!(found(&world, text), expected, "{text:?}");
    }
}

#[test]
fn the_last_word_may_be_a_beginning_and_no_other() {
    let (world, keys) = told(&["lightning network", "light network"]);
    assert_eq!(found(&world, "li"), [keys[1], keys[0]]);
    assert_eq!(found(&world, "lightn"), [keys[0]]);
    assert_eq!(found(&world, "network lightn"), [keys[0]]);
    assert_eq!(found(&world, "lightn network"), []);
    // One letter is a word of its own: as a beginning it would mean half of everything.
    assert_eq!(found(&world, "l"), []);
}

#[test]
fn chinese_is_found_by_any_run_of_characters() {
    let (world, keys) = told(&[
        "我们在闪电网络上聊天",
        "今天付款100聪给你",
        "闪",
        "日本語のテキスト",
        "번개네트워크에서",
        "pay用keysend付款",
    ]);
    for (text, expected) in [
        ("闪", vec![keys[2], keys[0]]),
        ("络", vec![keys[0]]),
        ("天", vec![keys[1], keys[0]]),
        ("闪电", vec![keys[0]]),
        ("网络", vec![keys[0]]),
        ("闪电网", vec![keys[0]]),
        ("上聊天", vec![keys[0]]),
        ("电闪", vec![]),
        ("闪电络", vec![]),
        ("付款", vec![keys[5], keys[1]]),
        ("付款100", vec![keys[1]]),
        ("聪给", vec![keys[1]]),
        ("语", vec![]),
        ("テキスト", vec![keys[3]]),
        ("네트워크", vec![keys[4]]),
        ("pay用", vec![keys[5]]),
        ("用keysend", vec![keys[5]]),
        ("聊天 闪电", vec![keys[0]]),
        ("付款 100", vec![]),
    ] {
        // A run of digits among Chinese is a word like any other.
        let expected = if text == "付款 100" {
            vec![keys[1]]
        } else {
            expected
        };
        assert_eq!(found(&world, text), expected, "{text:?}");
    }
}

#[test]
fn what_a_person_types_has_no_hidden_meaning() {
    let (world, keys) = told(&["say \"hi\" to NOT AND OR", "body conv c1 star"]);
    for (text, expected) in [
        ("\"hi\"", vec![keys[0]]),
        ("\"", vec![]),
        ("hi AND", vec![keys[0]]),
        ("NOT hi", vec![keys[0]]),
        ("NEAR(hi say)", vec![]),
        ("conv:c1", vec![keys[1]]),
        ("c1", vec![keys[1]]),
        ("body : star", vec![keys[1]]),
        ("s*", vec![]),
        ("st*", vec![keys[1]]),
        ("^say", vec![keys[0]]),
        ("-hi", vec![keys[0]]),
        ("hi)", vec![keys[0]]),
        ("say\0hi", vec![keys[0]]),
        ("", vec![]),
        ("  \t\n ", vec![]),
        ("!?… 🦀", vec![]),
    ] {
        assert_eq!(found(&world, text), expected, "{text:?}");
    }
}

#[test]
fn a_conversation_can_be_searched_alone_and_answers_go_on() {
    let world = World::new();
    let (first, second) = (world.meet(bob()), world.meet(carol()));
    let keys: Vec<MessageKey> = (1..=30)
        .map(|number| {
            let chat = if number % 3 == 0 { second } else { first };
            world.store_message(from_bob(chat, number, "tick tock"))
        })
        .collect();
    let ask = |chat: Option<ConversationId>, before: Option<MessageKey>, limit: u32| {
        world.read(move |db| db.search("tock", chat, before, limit))
    };
    assert_eq!(ask(None, None, 500).len(), 30);
    let alone = ask(Some(second), None, 50);
    assert_eq!(alone.len(), 10);
    assert!(alone.iter().all(|hit| hit.conversation == second));
    assert_eq!(ask(Some(ConversationId(99)), None, 50), []);

    let mut walked = Vec::new();
    let mut before = None;
    loop {
        let page = ask(None, before, 7);
        let Some(last) = page.last() else { break };
        before = Some(last.message);
        walked.extend(page.iter().map(|hit| hit.message));
    }
    let newest_first: Vec<MessageKey> = keys.into_iter().rev().collect();
    assert_eq!(walked, newest_first);
}

#[test]
fn a_deleted_word_leaves_no_trace_in_the_answers() {
    let (world, keys) = told(&["the password is swordfish", "swordfish again"]);
    let first = keys[0];
    world.write(move |tx| tx.delete_message(first));
    assert_eq!(found(&world, "swordfish"), [keys[1]]);
    assert_eq!(found(&world, "password"), []);
}

#[test]
fn a_hit_says_where_it_is_and_shows_its_surroundings() {
    let world = World::new();
    let chat = world.meet(bob());
    let long = format!(
        "{}the needle\nin the hay {}",
        "hay ".repeat(100),
        "more ".repeat(100)
    );
    let key = world.store_message(NewMessage {
        stored_at: at(77),
        ..to_bob(chat, 1, &long)
    });
    let hits = search(&world, "needle");
    assert_eq!(hits.len(), 1);
    let hit = &hits[0];
    assert_eq!((hit.message, hit.conversation, hit.at), (key, chat, at(77)));
    assert_eq!(hit.direction, domain::Direction::Outgoing);
    assert_eq!(hit.snippet[1], "needle");
    assert!(hit.snippet[0].starts_with("…hay ") && hit.snippet[0].ends_with("hay the "));
    assert!(hit.snippet[2].starts_with(" in the hay more") && hit.snippet[2].ends_with('…'));
    assert!(hit.snippet.concat().chars().count() < 200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_question_is_an_error(questions in prop::collection::vec(any::<String>(), 24)) {
        let (world, _) = told(&["AND OR NOT NEAR 闪电 \"quoted\" conv:c1"]);
        let signs = "\"'*^:()-+{}[]\0\\ANDORNOTNEAR闪é\u{301}\u{200d}";
        world.read(move |db| {
            for question in &questions {
                db.search(question, None, None, 5)?;
                let woven: String =
                    question.chars().zip(signs.chars().cycle()).flat_map(|(a, b)| [a, b]).collect();
                db.search(&woven, Some(ConversationId(1)), None, 5)?;
            }
            Ok(())
        });
    }
}
