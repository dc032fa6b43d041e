//! mallory goes on: ways back that lead nowhere, floods, junk in every record, and numbers as large as they come.

use std::time::Duration;

use crate::people::mallory::Stage;
use crate::people::watch::Bend;
use crate::people::{HOLD, eventually, sat};
use domain::{Authorship, DeliveryState, MessageId, MessageKind, NodeId};
use lnd::{Lightning, RawReplyPath};
use protocol::{Body, PublicKey, Recipient, SealKey, record};
use rand::Rng;

#[tokio::test(start_paused = true)]
async fn a_way_back_that_leads_nowhere_is_tried_once_at_most() {
    let mut stage = Stage::new().await;
    stage.alice.befriend(&stage.line.carol.clone(), None).await;
    let (ours, nobody) = (
        stage.line.alice.id(),
        SealKey::generate(&mut stage.rng).public().as_node(),
    );
    let bends: [(&str, Bend); 8] = [
        ("as it is", Box::new(|_| {})),
        ("a hundred hops", Box::new(|way| lengthen(way, 100))),
        ("one hop too many", Box::new(|way| lengthen(way, 17))),
        ("no hops", Box::new(|way| way.hops.clear())),
        (
            "from our node, which cannot read it",
            Box::new(move |way| way.introduction_node = ours),
        ),
        (
            "from nobody's node",
            Box::new(move |way| way.introduction_node = nobody),
        ),
        ("junk", Box::new(|way| way.hops[0].1 = vec![0xff; 60])),
        (
            "a megabyte of junk",
            Box::new(|way| way.hops[0].1 = vec![0xff; 1_000_000]),
        ),
    ];
    for (name, bend) in bends {
        stage.watch.bend(Some(bend));
        let (sent, asked) = (questions(&stage, "send_onion"), secrets(&stage));
        let letter = stage.letter(Body::Text(name.into()));
        stage.sends(&letter).await;
        let (sent, asked) = (
            questions(&stage, "send_onion") - sent,
            secrets(&stage) - asked,
        );
        assert_eq!(sent, 1, "{name}: one receipt, whatever the way");
        assert!(asked <= 4, "{name}: {asked} questions to the node");
        let row = stage.alice.expect_message(&stage.line.carol, name).await;
        assert_eq!(row.message.authorship, Authorship::Verified);
    }
    stage.watch.bend(None);

    // Two that mallory can make herself: from our own node on, and through bob back to us.
    let (alice, bob, carol) = (ours, stage.line.bob.id(), stage.line.carol.id());
    for (name, back) in [
        ("from our node", vec![alice, bob, carol]),
        ("back to our node", vec![bob, alice]),
        ("of our node alone", vec![alice]),
    ] {
        let sent = questions(&stage, "send_onion");
        let letter = stage.letter(Body::Text(name.into()));
        let record = stage.sealed(&letter).await;
        stage.hands_over_with_way_back(record, &back).await;
        stage.alice.expect_message(&stage.line.carol, name).await;
        assert_eq!(questions(&stage, "send_onion") - sent, 1, "{name}");
    }
    assert_eq!(stage.heard().await, 11);
}

fn lengthen(way: &mut RawReplyPath, hops: usize) {
    way.hops = way.hops.iter().cycle().take(hops).cloned().collect();
}

fn questions(stage: &Stage, call: &str) -> usize {
    stage.watch.calls(call)
}

fn secrets(stage: &Stage) -> usize {
    questions(stage, "shared_secret")
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_letters_asks_the_node_no_more_than_the_door_lets_in() {
    let mut stage = Stage::new().await;
    let line = &stage.line;
    line.network
        .channel(&line.alice, sat(100_000), &line.carol, sat(100_000));
    let alice = line.alice.id();
    // Well formed, to our node's key, with a key that is one: only the node can tell that it is junk.
    let junk = [&[1, 1], line.carol.id().as_bytes().as_slice(), &[7; 100]].concat();
    let before = secrets(&stage);
    for _ in 0..2_000 {
        stage.tells(junk.clone()).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = secrets(&stage) - before;
    assert!((100..=120).contains(&asked), "{asked} of 2,000");

    // Whoever seals to the app's key is let in all the same.
    for _ in 0..200 {
        stage.tells(junk.clone()).await;
    }
    let key = PublicKey::from_bytes(&hex(&stage.alice.engine.seal_key().unwrap())).unwrap();
    let letter = stage.letter(Body::Text("to the app".into())).encode();
    let (to, sender) = (Recipient::with_seal_key(alice, key), stage.line.carol.id());
    let secret = stage.line.carol.shared_secret(key.as_node()).await.unwrap();
    let sealed = protocol::seal(&mut stage.rng, sender, to, &secret.0, &[0; 32], &letter);
    stage.tells(sealed.unwrap()).await;
    stage
        .alice
        .expect_message(&stage.line.carol, "to the app")
        .await;

    // And after a while everybody is.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let letter = stage.letter(Body::Text("to the node".into()));
    let record = stage.sealed(&letter).await;
    stage.tells(record).await;
    stage
        .alice
        .expect_message(&stage.line.carol, "to the node")
        .await;
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| digit(pair[0]) * 16 + digit(pair[1]))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn junk_in_every_record_stops_nobody() {
    let mut stage = Stage::new().await;
    let mut random = vec![0; 300];
    stage.rng.fill(&mut random[..]);
    let junk: [&[u8]; 8] = [
        b"",
        &[0],
        &[0xff; 33],
        &[2; 33],
        &[1, 1, 2, 3],
        b"{\"message\":{\"message\":{}},\"participants\":1e999}",
        "\u{202e}\u{0}\u{7}\n".as_bytes(),
        &random,
    ];
    let mut seed = 0;
    for number in RECORDS {
        for bytes in junk {
            seed += 1;
            let mut records = vec![(number, bytes.to_vec()), (record::TEXT, bytes.to_vec())];
            records.dedup_by_key(|(number, _)| *number);
            records.sort();
            // What she could be asked about waits for her; it keeps nobody waiting.
            let paid = stage.pays(seed, records);
            let _ = tokio::time::timeout(Duration::from_secs(2), paid).await;
            stage.hands_over(bytes.to_vec()).await;
        }
    }
    let shown = stage.alice.talk(&stage.line.alice.clone()).await;
    let hers = stage.alice.talk(&stage.line.carol.clone()).await;
    for row in shown.iter().chain(&hers) {
        assert_eq!(row.message.authorship, Authorship::Claimed);
        let unfit = |c: char| c == '\u{202e}' || c.is_control() && c != '\n' && c != '\t';
        assert!(!row.message.text.contains(unfit), "{:?}", row.message.text);
    }

    let letter = stage.letter(Body::Text("a letter like any other".into()));
    stage.sends(&letter).await;
    stage
        .alice
        .expect_message(&stage.line.carol, "a letter like any other")
        .await;
}

/// All records that are read.
const RECORDS: [u64; 19] = [
    record::LETTER,
    record::TEXT,
    record::NOISE_SIGNATURE,
    record::SIGNATURE,
    record::SENDER,
    record::ALIAS,
    record::TIME,
    record::CONTENT_TYPE,
    record::LNDHUB_ALIAS,
    record::BLIXT_ALIAS,
    record::TIP,
    record::TIP_ODD,
    record::PODCAST,
    record::SPHINX,
    record::C13N_PAYLOAD,
    record::C13N_SENDER,
    record::C13N_SIGNATURE,
    65_537,
    u64::MAX,
];

#[tokio::test(start_paused = true)]
async fn a_letter_that_came_for_nothing_opens_in_no_payment() {
    let mut stage = Stage::new().await;
    let letter = stage.letter(Body::Text("for nothing".into()));
    let record = stage.sealed(&letter).await;
    let paid = stage.pays(1, vec![(record::LETTER, record.clone())]);
    let _ = tokio::time::timeout(Duration::from_secs(2), paid).await;
    let unreadable = stage.alice.talk(&stage.line.alice.clone()).await;
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].message.kind, MessageKind::Unreadable);
    assert_eq!(stage.heard().await, 0);
    stage.hands_over(record).await;
    assert_eq!(stage.heard().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_contacts_receipt_for_what_was_never_sent_to_them_means_nothing() {
    let mut stage = Stage::new().await;
    let (bob, carol) = (stage.line.bob.clone(), stage.line.carol.clone());
    let to_bob = stage.alice.befriend(&bob, Some(HOLD)).await;
    let to_mallory = stage.alice.befriend(&carol, None).await;
    let own = stage.letter(Body::Text("from mallory".into()));
    stage.sends(&own).await;
    let for_bob = stage.alice.say(to_bob, "for bob alone").await;
    let for_mallory = stage.alice.say(to_mallory, "for mallory").await;
    for key in [for_bob, for_mallory] {
        stage
            .alice
            .expect_delivery(key, DeliveryState::Settled)
            .await;
    }
    let id = stage.alice.row(for_bob).await.message.id;
    let ids = vec![id, own.id, MessageId([0; 16]), MessageId([0xff; 16])];
    let receipt = stage.letter(Body::Receipt {
        delivered: ids.clone(),
        read: ids,
    });
    stage.sends(&receipt).await;

    let delivery = stage.alice.row(for_bob).await.delivery.unwrap();
    assert_eq!((delivery.delivered_at, delivery.read_at), (None, None));
    assert_eq!(stage.heard().await, 2, "and it shows nothing");

    let truly = stage.alice.row(for_mallory).await.message.id;
    let receipt = stage.letter(Body::Receipt {
        delivered: vec![truly],
        read: vec![truly],
    });
    stage.sends(&receipt).await;
    let delivery = stage.alice.row(for_mallory).await.delivery.unwrap();
    assert!(delivery.read_at.is_some(), "such a one is believed");
}

#[tokio::test(start_paused = true)]
async fn a_number_at_the_end_of_all_numbers_keeps_no_later_letter_back() {
    let mut stage = Stage::new().await;
    let last = (1 << 63) - 1;
    for (sequence, text) in [
        (last, "first"),
        (0, "second"),
        (1, "third"),
        (last, "fourth"),
    ] {
        let mut letter = stage.letter(Body::Text(text.into()));
        letter.sequence = sequence;
        stage.sends(&letter).await;
    }
    let mut beyond = stage.letter(Body::Text("beyond".into()));
    beyond.sequence = last + 1;
    stage.sends(&beyond).await;

    let talk = stage.alice.talk(&stage.line.carol.clone()).await;
    let mut words: Vec<_> = talk.iter().map(|row| row.message.text.as_str()).collect();
    words.sort_unstable();
    assert_eq!(words, ["first", "fourth", "second", "third"]);
    // alice's own numbers have nothing to do with it.
    let carol = stage.line.carol.clone();
    let to_mallory = stage.alice.befriend(&carol, None).await;
    let key = stage.alice.say(to_mallory, "fifth").await;
    stage
        .alice
        .expect_delivery(key, DeliveryState::Settled)
        .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_mallory_longer_than_a_payment_can() {
    let mut stage = Stage::new().await;
    let carol = stage.line.carol.clone();
    let to_mallory = stage.alice.befriend(&carol, None).await;
    carol.set_hold(HOLD);
    let mut letter = stage.letter(Body::Text("I decide in a hundred years".into()));
    letter.hold_secs = Some(u32::MAX);
    stage.sends(&letter).await;

    let key = stage.alice.pay(to_mallory, "for the wall", sat(5)).await;
    let until = eventually("it waits for her", async || {
        stage.alice.row(key).await.delivery.unwrap().waits_until
    })
    .await;
    let span = stage.line.network.now().until(until);
    assert!(span <= Duration::from_secs(14 * 24 * 60 * 60), "{span:?}");
}

#[tokio::test(start_paused = true)]
async fn direction_marks_are_not_shown_and_fill_the_senders_own_room() {
    let mut stage = Stage::new().await;
    let line = &stage.line;
    line.network
        .channel(&line.alice, sat(100_000), &line.carol, sat(100_000));
    let letter = stage.letter(Body::Text(
        "\u{202e}evil\u{2066}\u{0}\u{85}fine\u{200b}".into(),
    ));
    let record = stage.sealed(&letter).await;
    stage.tells(record).await;
    for _ in 0..3 {
        let letter = stage.letter(Body::Text("\u{202e}".repeat(21_500)));
        let record = stage.sealed(&letter).await;
        stage.tells(record).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let carol = stage.line.carol.clone();
    let talk = stage.alice.talk(&carol).await;
    let words: Vec<_> = talk.iter().map(|row| row.message.text.as_str()).collect();
    assert_eq!(words, ["evil\nfine", "", ""], "as many as fit into 64 KiB");
}

#[tokio::test(start_paused = true)]
async fn a_node_calls_itself_by_one_line_without_tricks() {
    let stage = Stage::new().await;
    let network = &stage.line.network;
    let node =
        network.node("alice\u{202e}ecila\n\nverified by your bank, the very best one there is");
    network.channel(&node, sat(100_000), &stage.line.bob, sat(100_000));
    let mallory: NodeId = node.id();
    stage.alice.befriend(&node, None).await;
    stage.alice.engine.refresh_alias(mallory);
    let alias = eventually("her alias", async || {
        let contact = stage.alice.store.read(move |db| db.contact(mallory));
        let alias = contact.await.unwrap().unwrap().alias;
        (!alias.is_empty()).then_some(alias)
    })
    .await;
    assert_eq!(alias, "aliceecila verified by your ban…");
}
