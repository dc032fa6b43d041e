//! Many strangers at once, and what one stranger does over and over: a contact always gets through, and so does a newcomer
//! who brings something.

use std::time::Duration;

use domain::{
    Authorship, DeliveryState, Expectation, HoldState, MessageId, Msat, NodeId, PaymentHash,
    Preimage, ReturnMeaning, Timestamp, Trust,
};
use futures::StreamExt;
use lnd::sim::{SimNetwork, SimNode};
use lnd::{Keysend, Lightning, PaymentUpdate, Records};
use protocol::{Body, Letter, SealKey, record, whatsat};
use rand::SeedableRng;
use rand::rngs::StdRng;
use store::Listed;

use crate::people::mallory::Stage;
use crate::people::stranger::text;
use crate::people::{HOLD, Line, Person, eventually, sat};

/// A preimage for each number.
fn preimage(number: u32) -> Preimage {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes[31] = 1;
    Preimage::new(bytes)
}

/// Pays, and does not wait for what becomes of it.
async fn drops(
    from: &SimNode,
    to: NodeId,
    amount: Msat,
    number: u32,
    records: Records,
) -> PaymentHash {
    let preimage = preimage(number);
    let hash = preimage.payment_hash();
    let keysend = Keysend {
        to,
        amount,
        preimage,
        records,
        fee_limit: sat(10),
        timeout_secs: 60,
        hints: Vec::new(),
    };
    let mut updates = from.send(keysend).await.unwrap();
    // The node has taken it.
    updates.next().await.unwrap().unwrap();
    hash
}

/// Pays, and waits for the outcome.
async fn pays(
    from: &SimNode,
    to: NodeId,
    amount: Msat,
    number: u32,
    records: Records,
) -> PaymentUpdate {
    let hash = drops(from, to, amount, number, records).await;
    let mut updates = from.track(hash).await.unwrap();
    loop {
        match updates.next().await.unwrap().unwrap() {
            PaymentUpdate::InFlight { .. } => {}
            last => return last,
        }
    }
}

/// Nodes of another network: keys that gossip has never seen.
struct Ghosts(Vec<SimNode>);

impl Ghosts {
    fn new() -> Self {
        let network = SimNetwork::new(99);
        Self(
            (0..1_100)
                .map(|number| network.node(&format!("ghost {number}")))
                .collect(),
        )
    }

    fn next(&self, number: u32) -> SimNode {
        self.0[number as usize].clone()
    }
}

/// Words in a name that somebody has made up: the signature is another one's.
async fn in_the_name_of(name: NodeId, signer: &SimNode, to: NodeId, words: &str) -> Records {
    let time = whatsat::time_bytes(Timestamp(1_790_000_000_000));
    let signature = signer
        .sign(whatsat::signed_bytes(name, to, &time, words))
        .await
        .unwrap();
    whatsat::records(name, &time, words, &signature)
}

/// Readable words, truly signed.
async fn signed(by: &SimNode, to: NodeId, words: &str) -> Records {
    in_the_name_of(by.id(), by, to, words).await
}

fn letter(number: u32, expectation: Expectation, body: Body) -> Letter {
    let mut id = [7; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Letter {
        after: 0,
        id: MessageId(id),
        sequence: u64::from(number),
        sent_at: Timestamp(1_790_000_000_000),
        expectation,
        hold_secs: None,
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body,
    }
}

/// The record of a letter, sealed with a node's key for the payment with this number.
async fn sealed(from: &SimNode, to: NodeId, number: u32, letter: &Letter) -> Records {
    let hash = preimage(number).payment_hash();
    vec![(record::LETTER, envelope(from, to, &hash.0, letter).await)]
}

async fn envelope(from: &SimNode, to: NodeId, context: &[u8; 32], letter: &Letter) -> Vec<u8> {
    let secret = from.shared_secret(to).await.unwrap();
    let bytes = letter.encode();
    protocol::seal(&mut rand::rng(), from.id(), to, &secret.0, context, &bytes).unwrap()
}

/// What looks like a letter and opens for nobody.
fn junk(number: u32) -> Records {
    let mut rng = StdRng::seed_from_u64(number.into());
    let (key, to) = (
        SealKey::generate(&mut rng),
        SealKey::generate(&mut rng).public().as_node(),
    );
    let secret = key.shared(&to.into());
    let record = protocol::seal(&mut rng, key.public(), to, &secret, &[0; 32], b"junk").unwrap();
    vec![(record::LETTER, record)]
}

async fn requests(person: &Person) -> Vec<NodeId> {
    let rows = person
        .store
        .read(|db| db.conversations(Listed::Requests, ""))
        .await;
    rows.unwrap().iter().map(|row| row.contact.node).collect()
}

async fn held(person: &Person) -> Vec<PaymentHash> {
    let rows = person.store.read(|db| db.undecided()).await.unwrap();
    rows.iter()
        .filter(|row| row.payment.state == HoldState::Held)
        .map(|row| row.payment.hash)
        .collect()
}

async fn trust(person: &Person, node: &SimNode) -> Option<Trust> {
    let node = node.id();
    let contact = person.store.read(move |db| db.contact(node)).await.unwrap();
    contact.map(|contact| contact.trust)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_invented_names_lock_no_newcomer_out() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, ghosts) = (line.alice.id(), Ghosts::new());
    for number in 0..1_010 {
        let name = ghosts.next(number).id();
        let records = in_the_name_of(name, &line.carol, ours, &format!("spam {number}")).await;
        pays(&line.carol, ours, Msat::SAT, number, records).await;
    }
    assert_eq!(
        requests(&alice).await,
        [],
        "a name that nobody proved is no request"
    );

    let hello = letter(1, Expectation::Return, Body::Text("I am new here".into()));
    let records = sealed(&line.bob, ours, 5_000, &hello).await;
    pays(&line.bob, ours, Msat::SAT, 5_000, records).await;
    alice.expect_message(&line.bob, "I am new here").await;
    // What nobody signed has room of its own: the newest stay.
    let last = alice.expect_message(&line.alice, "spam 1009").await;
    assert_eq!(last.message.authorship, Authorship::Claimed);
    let unsigned = alice.store.read(|db| db.unsigned_count()).await.unwrap();
    assert_eq!(unsigned, 1_000);
}

#[tokio::test(start_paused = true)]
async fn keys_that_gossip_never_saw_have_a_hundred_places_and_lock_nobody_out() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, ghosts) = (line.alice.id(), Ghosts::new());
    for number in 0..150 {
        let ghost = ghosts.next(number);
        let records = signed(&ghost, ours, &format!("spam {number}")).await;
        let end = pays(&line.carol, ours, Msat::SAT, number, records).await;
        assert!(matches!(end, PaymentUpdate::Settled { .. }), "{end:?}");
    }
    let there = requests(&alice).await;
    assert_eq!(there.len(), 100);
    assert!(
        there.contains(&ghosts.next(149).id()),
        "the newest are there"
    );
    assert!(!there.contains(&ghosts.next(3).id()), "the oldest are not");
}

#[tokio::test(start_paused = true)]
async fn a_stranger_has_twenty_messages_whatever_their_form() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let ours = line.alice.id();
    for number in 0..30 {
        let records = signed(&line.carol, ours, &format!("readable {number}")).await;
        pays(&line.carol, ours, Msat::SAT, number, records).await;
        let body = Body::Text(format!("sealed {number}"));
        let spam = letter(number, Expectation::Return, body);
        let records = sealed(&line.carol, ours, 100 + number, &spam).await;
        pays(&line.carol, ours, Msat::SAT, 100 + number, records).await;
    }
    assert_eq!(alice.talk(&line.carol).await.len(), 20);
    // On a node that settles on arrival it is the same.
    line.alice.set_hold(Duration::ZERO);
    for number in 0..30 {
        let body = Body::Text(format!("settled {number}"));
        let spam = letter(1_000 + number, Expectation::Return, body);
        let records = sealed(&line.carol, ours, 1_000 + number, &spam).await;
        pays(&line.carol, ours, Msat::SAT, 1_000 + number, records).await;
    }
    assert_eq!(alice.talk(&line.carol).await.len(), 20);
    // What is worth a look takes the place of what is not.
    let gift = letter(9_000, Expectation::Decide, Body::Text("a gift".into()));
    let records = sealed(&line.carol, ours, 9_000, &gift).await;
    pays(&line.carol, ours, sat(1_000), 9_000, records).await;
    alice.expect_message(&line.carol, "a gift").await;
    assert_eq!(alice.talk(&line.carol).await.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn requests_that_bring_nothing_have_a_hundred_places_and_the_oldest_goes() {
    let mut stage = Stage::new().await;
    let (ours, ghosts) = (stage.line.alice.id(), Ghosts::new());
    let key = protocol::SealKey::generate(&mut stage.rng);
    let line = &stage.line;
    line.network
        .channel(&line.alice, sat(100_000), &line.carol, sat(100_000));
    // Somebody whose payment the node holds has something at stake.
    let gift = letter(1, Expectation::Decide, Body::Text("for you".into()));
    let records = sealed(&line.bob, ours, 1, &gift).await;
    drops(&line.bob, ours, sat(1_000), 1, records).await;
    stage
        .alice
        .expect_message(&stage.line.bob.clone(), "for you")
        .await;

    for number in 0..130 {
        let ghost = ghosts.next(number);
        let mut spam = stage.letter(Body::Text(format!("spam {number}")));
        let now = stage.line.network.now();
        spam.card = Some(stage.card_of(&ghost, &key, now).await);
        let record = envelope(&ghost, ours, &[0; 32], &spam).await;
        stage.tells(record).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let there = eventually("the last one is there", async || {
        let there = requests(&stage.alice).await;
        there.contains(&ghosts.next(129).id()).then_some(there)
    })
    .await;
    assert_eq!(there.len(), 101);
    assert!(
        there.contains(&stage.line.bob.id()),
        "who brings something stays"
    );
    assert!(!there.contains(&ghosts.next(0).id()), "the oldest has gone");
    let ghost = ghosts.next(0).id();
    let rows = stage.alice.store.read(move |db| {
        Ok((
            db.contact(ghost)?.is_some(),
            db.conversation_of(ghost)?.is_some(),
        ))
    });
    assert_eq!(rows.await.unwrap(), (false, false), "with all of it");
}

#[tokio::test(start_paused = true)]
async fn a_full_house_of_requests_refuses_no_newcomer() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, ghosts, now) = (line.alice.id(), Ghosts::new(), line.network.now());
    // As an older version has left it: a thousand requests that brought nothing.
    let nodes: Vec<_> = (0..1_000).map(|number| ghosts.next(number).id()).collect();
    alice
        .store
        .write(move |tx| {
            for node in nodes {
                tx.add_contact(&domain::Contact {
                    node,
                    name: String::new(),
                    note: String::new(),
                    alias: String::new(),
                    trust: Trust::Request,
                    program: domain::Program::Other,
                    accept_up_to: Msat::ZERO,
                    way: domain::Way::Auto,
                    sealed_only: false,
                    since: now,
                })?;
                tx.conversation_with(node, now)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let hello = letter(1, Expectation::Return, Body::Text("I am new here".into()));
    let records = sealed(&line.carol, ours, 1, &hello).await;
    pays(&line.carol, ours, Msat::SAT, 1, records).await;
    alice.expect_message(&line.carol, "I am new here").await;
    assert_eq!(requests(&alice).await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_open_is_held_four_times_and_a_contact_finds_room() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let ours = line.alice.id();
    for number in 0..40 {
        drops(&line.carol, ours, sat(2), number, junk(number)).await;
    }
    eventually("the rest goes back", async || {
        (held(&alice).await.len() == 4).then_some(())
    })
    .await;
    assert_eq!(alice.talk(&line.alice).await.len(), 4);
    let refused = alice.store.read(|db| db.refused_unread()).await.unwrap();
    assert_eq!(refused, 36);

    let carol = Person::open(&line.network, &line.carol).await;
    alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let key = carol.pay(to_alice, "for the coffee", sat(21)).await;
    let got = alice.expect_message(&line.carol, "for the coffee").await;
    alice.expect_hold(got.message.key, HoldState::Held).await;
    alice.engine.accept(got.message.key).await.unwrap();
    carol.expect_delivery(key, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn strangers_hold_three_each_thirty_a_channel_and_sixty_in_all() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, ghosts) = (line.alice.id(), Ghosts::new());
    let others: Vec<_> = (0..2)
        .map(|number| {
            let node = line.network.node(&format!("other {number}"));
            line.network
                .channel(&node, sat(1_000_000), &line.alice, sat(1_000_000));
            node
        })
        .collect();
    let holds = async |expected: usize| {
        eventually(&format!("{expected} are held"), async || {
            tokio::time::sleep(Duration::from_secs(2)).await;
            (held(&alice).await.len() == expected).then_some(())
        })
        .await;
    };
    let mut number = 0;
    let mut offer = async |payer: &SimNode, from: &SimNode, amount: Msat| {
        number += 1;
        let body = Body::Payment {
            amount,
            note: format!("offer {number}"),
        };
        let offer = letter(number, Expectation::Decide, body);
        let records = sealed(from, ours, number, &offer).await;
        drops(payer, ours, amount, number, records).await
    };
    for _ in 0..6 {
        offer(&line.carol, &line.carol, sat(20)).await;
    }
    holds(3).await;
    for ghost in 0..20 {
        for _ in 0..3 {
            offer(&line.carol, &ghosts.next(ghost), sat(20)).await;
        }
    }
    holds(30).await;
    for ghost in 20..60 {
        let way = &others[ghost as usize % 2];
        for _ in 0..3 {
            offer(way, &ghosts.next(ghost), sat(20)).await;
        }
    }
    holds(60).await;
    // Whoever brings more than the smallest of them gets in.
    let newcomer = line.network.node("newcomer");
    line.network
        .channel(&newcomer, sat(100_000), &line.bob, sat(100_000));
    let hash = offer(&newcomer, &newcomer, sat(1_000)).await;
    holds(60).await;
    assert!(held(&alice).await.contains(&hash));
    // A contact does in any case.
    alice.befriend(&line.bob, None).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(offer(&line.bob, &line.bob, sat(20)).await);
    }
    holds(65).await;
    let there = held(&alice).await;
    assert!(all.iter().all(|hash| there.contains(hash)));
}

#[tokio::test(start_paused = true)]
async fn requests_are_refused_all_at_once_and_nobody_is_blocked() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, ghosts) = (line.alice.id(), Ghosts::new());
    for number in 0..5 {
        let records = signed(&ghosts.next(number), ours, "spam").await;
        pays(&line.carol, ours, Msat::SAT, number, records).await;
    }
    let offer = letter(1, Expectation::Decide, Body::Text("for you".into()));
    let records = sealed(&line.carol, ours, 100, &offer).await;
    drops(&line.carol, ours, sat(50), 100, records).await;
    alice.expect_message(&line.carol, "for you").await;
    assert_eq!(requests(&alice).await.len(), 6);
    alice.befriend(&line.bob, None).await;

    assert_eq!(alice.engine.refuse_requests().await.unwrap(), 6);
    assert_eq!(requests(&alice).await, []);
    assert_eq!(trust(&alice, &line.bob).await, Some(Trust::Known));
    eventually("the money goes back", async || {
        held(&alice).await.is_empty().then_some(())
    })
    .await;
    // Whoever writes again is asked about again; what was refused does not come back by itself.
    let again = sealed(&line.carol, ours, 101, &offer).await;
    drops(&line.carol, ours, sat(50), 101, again).await;
    let second = letter(2, Expectation::Return, Body::Text("and now?".into()));
    let records = sealed(&line.carol, ours, 102, &second).await;
    pays(&line.carol, ours, Msat::SAT, 102, records).await;
    alice.expect_message(&line.carol, "and now?").await;
    assert_eq!(alice.talk(&line.carol).await.len(), 1);
    assert_eq!(trust(&alice, &line.carol).await, Some(Trust::Request));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_answered_is_let_in() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let hello = letter(1, Expectation::Return, Body::Text("hello".into()));
    let records = sealed(&line.carol, line.alice.id(), 1, &hello).await;
    pays(&line.carol, line.alice.id(), Msat::SAT, 1, records).await;
    let got = alice.expect_message(&line.carol, "hello").await;
    assert_eq!(trust(&alice, &line.carol).await, Some(Trust::Request));
    alice.say(got.message.conversation, "who are you?").await;
    assert_eq!(trust(&alice, &line.carol).await, Some(Trust::Known));
}

#[tokio::test(start_paused = true)]
async fn what_a_holding_node_refuses_unread_has_not_arrived() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.befriend(&line.carol, None).await;
    alice
        .engine
        .set_trust(line.carol.id(), Trust::Blocked)
        .await
        .unwrap();
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let key = carol.say(to_alice, "hello?").await;
    let row = carol.expect_delivery(key, DeliveryState::Returned).await;
    assert!(alice.talk(&line.carol).await.is_empty());
    let delivery = row.delivery.unwrap();
    assert_eq!(delivery.returned, Some(ReturnMeaning::Unconfirmed));
    assert_eq!(delivery.delivered_at, None);
    assert_eq!(carol.totals().await.messages_sent, 0);
    // Whoever wants may try again.
    carol.engine.retry(key).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn postage_that_is_owed_is_taken_from_somebody_who_was_never_let_in() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let (node, ours) = (line.carol.id(), line.alice.id());
    let to_carol = alice.befriend(&line.carol, None).await;
    let key = alice.say(to_carol, "is it you?").await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    // An older version did not let in whom it answered.
    let stranger = alice
        .store
        .write(move |tx| tx.set_trust(node, Trust::Request));
    stranger.await.unwrap();

    let answer = letter(1, Expectation::Keep, Body::Text("it is me".into()));
    let records = sealed(&line.carol, ours, 1, &answer).await;
    let end = pays(&line.carol, ours, Msat::SAT, 1, records).await;
    assert!(matches!(end, PaymentUpdate::Settled { .. }), "{end:?}");
    let got = alice.expect_message(&line.carol, "it is me").await;
    assert_eq!(got.message.payment, Msat::ZERO, "it is postage");
}

#[tokio::test(start_paused = true)]
async fn a_way_back_to_nowhere_costs_few_questions() {
    let mut stage = Stage::new().await;
    stage.alice.befriend(&stage.line.carol.clone(), None).await;
    // A network with many nodes, none of them near.
    let network = stage.line.network.clone();
    let node = |number: usize| network.node(&format!("far {number}"));
    let mut far = Vec::new();
    for number in 0..3 {
        let nowhere = node(number);
        for near in 0..8 {
            let near = node(10 * near);
            network.channel(&nowhere, sat(100_000), &near, sat(100_000));
            for further in 0..8 {
                let further = node(100 * further);
                network.channel(&near, sat(100_000), &further, sat(100_000));
            }
        }
        far.push(nowhere.id());
    }
    let asked = stage.watch.calls("node");
    for number in 0..6 {
        let nowhere = far[number % 3];
        stage
            .watch
            .bend(Some(Box::new(move |way| way.introduction_node = nowhere)));
        let letter = stage.letter(Body::Text(format!("number {number}")));
        stage.sends(&letter).await;
    }
    let asked = stage.watch.calls("node") - asked;
    assert_eq!(stage.heard().await, 6);
    assert!(asked <= 60, "{asked} questions for six answers");
}

#[tokio::test(start_paused = true)]
async fn strangers_make_alice_write_to_her_contacts_less_and_less_often() {
    let mut stage = Stage::new().await;
    let bob = Person::open(&stage.line.network, &stage.line.bob).await;
    bob.has_a_card().await;
    stage.alice.befriend(&stage.line.bob, None).await;
    let to_alice = bob.befriend(&stage.line.alice, Some(HOLD)).await;
    bob.say(to_alice, "it is me").await;
    stage
        .alice
        .expect_message(&stage.line.bob.clone(), "it is me")
        .await;
    let sent =
        |stage: &Stage| stage.watch.calls("send_onion") + stage.watch.calls("send_peer_message");
    let before = sent(&stage);
    for _ in 0..100 {
        let letter = stage.letter(Body::Text("open me".into()));
        stage.sends_to_some_key(&letter).await;
        tokio::time::sleep(Duration::from_secs(30 * 60)).await;
    }
    let sent = sent(&stage) - before;
    assert!(sent <= 6, "{sent} greetings in two days");
}

#[tokio::test(start_paused = true)]
async fn nobodys_words_alone_are_held_and_refused_by_the_same_rules() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let ours = line.alice.id();
    for number in 0..40 {
        drops(
            &line.carol,
            ours,
            sat(20),
            number,
            text(&format!("for you {number}")),
        )
        .await;
    }
    eventually("thirty of one channel wait", async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        (held(&alice).await.len() == 30).then_some(())
    })
    .await;
}

/// How many requests, messages of nobody and undecided payments there are.
async fn rows(person: &Person) -> (usize, u32, usize) {
    let unsigned = person.store.read(|db| db.unsigned_count()).await.unwrap();
    let (requests, held) = (requests(person).await, held(person).await);
    (requests.len(), unsigned, held.len())
}

#[tokio::test(start_paused = true)]
async fn in_a_storm_of_strangers_contacts_and_newcomers_get_through() {
    let line = Line::new();
    line.alice.set_onion(true);
    line.bob.set_onion(true);
    let alice = Person::open(&line.network, &line.alice).await;
    let (ours, ghosts) = (line.alice.id(), Ghosts::new());
    let friend = line.network.node("friend");
    line.network
        .channel(&friend, sat(1_000_000), &line.bob, sat(1_000_000));
    let peer = line.network.node("peer");
    line.network
        .channel(&peer, sat(1_000_000), &line.alice, sat(1_000_000));
    alice.befriend(&friend, None).await;
    let friend = Person::open(&line.network, &friend).await;
    let to_alice = friend.befriend(&line.alice, Some(HOLD)).await;
    let newcomer = line.network.node("newcomer");
    line.network
        .channel(&newcomer, sat(100_000), &line.bob, sat(100_000));

    let mut number = 0;
    for round in 0..2 {
        for spam in 0..750_u32 {
            number += 1;
            let name = ghosts.next(spam).id();
            let records = in_the_name_of(name, &line.carol, ours, &format!("name {number}")).await;
            pays(&line.carol, ours, Msat::SAT, number, records).await;
        }
        for _ in 0..250 {
            number += 1;
            drops(&line.carol, ours, sat(2), number, junk(number)).await;
        }
        for _ in 0..212 {
            number += 1;
            let body = Body::Text(format!("sealed {number}"));
            let spam = letter(number, Expectation::Return, body);
            let records = sealed(&line.carol, ours, number, &spam).await;
            pays(&line.carol, ours, Msat::SAT, number, records).await;
        }
        for spam in 0..150_u32 {
            number += 1;
            let spam = ghosts.next(800 + spam);
            let body = Body::Text(format!("free {number}"));
            let free = letter(number, Expectation::Return, body);
            let record = envelope(&spam, ours, &[0; 32], &free).await;
            peer.send_peer_message(ours, 48_801, record).await.unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        let words = format!("are you there? {round}");
        friend.say(to_alice, &words).await;
        alice.expect_message(&friend.node, &words).await;
        let coffee = format!("for the coffee {round}");
        let paid = friend.pay(to_alice, &coffee, sat(21)).await;
        let got = alice.expect_message(&friend.node, &coffee).await;
        alice.expect_hold(got.message.key, HoldState::Held).await;
        alice.engine.accept(got.message.key).await.unwrap();
        friend.expect_delivery(paid, DeliveryState::Settled).await;
        number += 1;
        let offer = letter(
            number,
            Expectation::Decide,
            Body::Text(format!("new {round}")),
        );
        let records = sealed(&newcomer, ours, number, &offer).await;
        drops(&newcomer, ours, sat(1_000), number, records).await;
        let got = alice
            .expect_message(&newcomer, &format!("new {round}"))
            .await;
        alice.expect_hold(got.message.key, HoldState::Held).await;

        let (requests, unsigned, held) = rows(&alice).await;
        assert!(requests <= 102, "{requests} requests");
        assert!(unsigned <= 1_000, "{unsigned} of nobody");
        // What cannot be opened goes back after a quarter of an hour, and others take its place.
        assert!(held <= 4 + 2, "{held} are held");
        assert!(alice.talk(&line.carol).await.len() <= 20);
    }
}
