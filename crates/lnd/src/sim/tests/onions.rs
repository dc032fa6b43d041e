use domain::NodeId;

use super::*;
use crate::sim::onion::wrap::{LARGE, Path, SMALL, blind, tlv, wrap};
use crate::types::OnionMessage;

const RECORD: u64 = 1_212_501_065;
const REPLY_PATH: u64 = 2;
const DATA: u64 = 4;
const NEXT_NODE: u64 = 4;
const PATH_ID: u64 = 6;
const NEXT_PATH_KEY: u64 = 8;

fn seen(node: &SimNode) -> tokio::sync::mpsc::UnboundedReceiver<OnionMessage> {
    let node = node.clone();
    listen(async move { node.onion_messages().await })
}

/// A path over these nodes; the last one finds `path_id`.
fn path(secret: u8, nodes: &[&SimNode], path_id: &[u8]) -> Path {
    let ids: Vec<NodeId> = nodes.iter().map(|node| node.id()).collect();
    let mut instructions: Vec<_> = ids
        .iter()
        .skip(1)
        .map(|next| tlv(NEXT_NODE, next.as_bytes()))
        .collect();
    instructions.push(tlv(PATH_ID, path_id));
    let hops: Vec<_> = ids.into_iter().zip(instructions).collect();
    blind([secret; 32], &hops)
}

/// The layers for a path, the last one with more in it.
fn layers(path: &Path, before: &[u8], after: &[u8]) -> Vec<(NodeId, Vec<u8>)> {
    let mut layers: Vec<_> = path
        .hops
        .iter()
        .map(|(name, data)| (*name, tlv(DATA, data)))
        .collect();
    if let Some((_, last)) = layers.last_mut() {
        *last = [before, last, after].concat();
    }
    layers
}

/// Sends a text along this way; the first node of it is the first hop.
async fn say(from: &SimNode, way: &[&SimNode], text: &[u8]) -> Result<(), LightningError> {
    let path = path(9, way, &[]);
    let onion = wrap([8; 32], &layers(&path, &[], &tlv(RECORD, text)), SMALL);
    from.send_onion(way[0].id(), path.key, onion).await
}

async fn heard(seen: &mut tokio::sync::mpsc::UnboundedReceiver<OnionMessage>) -> Option<Vec<u8>> {
    tokio::time::sleep(A_WHILE).await;
    let message = seen.try_recv().ok()?;
    assert_eq!(message.records.len(), 1);
    assert_eq!(message.records[0].0, RECORD);
    Some(message.records[0].1.clone())
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_over_two_nodes_for_nothing_and_only_its_end_hears_it() {
    let (net, [alice, bob, carol, dave]) = line();
    let [mut by, mut at] = [seen(&bob), seen(&dave)];
    tokio::time::sleep(A_WHILE).await;
    let before = net.totals();
    say(&alice, &[&bob, &carol, &dave], b"hi dave")
        .await
        .unwrap();
    assert_eq!(heard(&mut at).await.as_deref(), Some(&b"hi dave"[..]));
    assert_eq!(heard(&mut by).await, None);
    assert_eq!(net.totals(), before);
}

#[tokio::test(start_paused = true)]
async fn the_large_form_carries_thirty_kilobytes() {
    let (_net, [alice, bob, carol, _]) = line();
    let mut at = seen(&carol);
    tokio::time::sleep(A_WHILE).await;
    let path = path(9, &[&bob, &carol], &[]);
    let text = vec![7; 30_000];
    let onion = wrap([8; 32], &layers(&path, &[], &tlv(RECORD, &text)), LARGE);
    alice.send_onion(bob.id(), path.key, onion).await.unwrap();
    assert_eq!(heard(&mut at).await, Some(text));
}

#[tokio::test(start_paused = true)]
async fn the_answer_comes_back_over_the_path_that_the_question_brought() {
    let (_net, [alice, bob, carol, _]) = line();
    let [mut at_carol, mut at_alice] = [seen(&carol), seen(&alice)];
    tokio::time::sleep(A_WHILE).await;

    let way = path(9, &[&bob, &carol], &[]);
    let back = path(5, &[&bob, &alice], b"question 7");
    let mut bytes = [&bob.id().as_bytes()[..], back.key.as_bytes(), &[2]].concat();
    for (name, data) in &back.hops {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        bytes.extend([&name.as_bytes()[..], &length, data].concat());
    }
    let question = layers(
        &way,
        &tlv(REPLY_PATH, &bytes),
        &tlv(RECORD, b"are you there?"),
    );
    let onion = wrap([8; 32], &question, SMALL);
    alice.send_onion(bob.id(), way.key, onion).await.unwrap();

    let question = at_carol.recv().await.unwrap();
    let back = question.reply_path.unwrap();
    let carols_path = Path {
        key: back.blinding_point,
        hops: back.hops,
    };
    let onion = wrap(
        [7; 32],
        &layers(&carols_path, &[], &tlv(RECORD, b"yes")),
        SMALL,
    );
    carol
        .send_onion(back.introduction_node, back.blinding_point, onion)
        .await
        .unwrap();

    let answer = at_alice.recv().await.unwrap();
    assert_eq!(answer.records, [(RECORD, b"yes".to_vec())]);
    let key = alice.shared_secret(answer.path_key).await.unwrap();
    let opened = crate::sim::onion::wrap::unseal(key.0, &answer.encrypted_recipient_data);
    assert_eq!(opened, tlv(PATH_ID, b"question 7"));
}

#[tokio::test(start_paused = true)]
async fn two_paths_are_joined_where_the_first_one_says_so() {
    let (_net, [alice, bob, carol, dave]) = line();
    let mut at = seen(&dave);
    tokio::time::sleep(A_WHILE).await;
    // dave's own path begins at carol; alice puts bob before it.
    let daves = path(5, &[&carol, &dave], b"mine");
    let joint = [
        tlv(NEXT_NODE, carol.id().as_bytes()),
        tlv(NEXT_PATH_KEY, daves.key.as_bytes()),
    ];
    let first = blind([9; 32], &[(bob.id(), joint.concat())]);
    let whole = Path {
        key: first.key,
        hops: first.hops.into_iter().chain(daves.hops).collect(),
    };
    let onion = wrap(
        [8; 32],
        &layers(&whole, &[], &tlv(RECORD, b"joined")),
        SMALL,
    );
    alice.send_onion(bob.id(), whole.key, onion).await.unwrap();
    assert_eq!(heard(&mut at).await.as_deref(), Some(&b"joined"[..]));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_back_where_it_came_from() {
    let (_net, [alice, bob, ..]) = line();
    let [mut at, mut by] = [seen(&alice), seen(&bob)];
    tokio::time::sleep(A_WHILE).await;
    say(&alice, &[&bob, &alice], b"to myself").await.unwrap();
    assert_eq!(heard(&mut at).await, None);
    assert_eq!(heard(&mut by).await, None);
}

#[tokio::test(start_paused = true)]
async fn only_an_active_channel_lets_an_onion_in_and_a_connection_lets_it_out() {
    let (net, [alice, bob, carol, dave]) = line();
    let erin = net.node("erin");
    let [mut at_erin, mut at_carol] = [seen(&erin), seen(&carol)];
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(
        say(&alice, &[&erin], b"hello?").await,
        Err(LightningError::NotConnected)
    );
    // A connection is enough to send, not to be heard.
    alice.connect(erin.id(), "203.0.113.7:9735").await.unwrap();
    say(&alice, &[&erin], b"hello?").await.unwrap();
    assert_eq!(heard(&mut at_erin).await, None);
    net.channel(&alice, Msat::ZERO, &erin, Msat::ZERO);
    say(&alice, &[&erin], b"hello!").await.unwrap();
    assert_eq!(
        heard(&mut at_erin).await.as_deref(),
        Some(&b"hello!"[..]),
        "no money is needed"
    );
    // bob knows no way to dave.
    say(&alice, &[&bob, &dave], b"far").await.unwrap();
    carol.stop();
    say(&alice, &[&bob, &carol], b"asleep").await.unwrap();
    carol.start();
    assert_eq!(heard(&mut at_carol).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_old_node_neither_sends_nor_forwards_nor_announces() {
    let (_net, [alice, bob, carol, _]) = line();
    let mut at = seen(&carol);
    tokio::time::sleep(A_WHILE).await;
    let facts = |node: &SimNode| alice.node(node.id());
    assert!(facts(&bob).await.unwrap().unwrap().onion_messages);
    bob.set_onion(false);
    assert!(!facts(&bob).await.unwrap().unwrap().onion_messages);
    say(&alice, &[&bob, &carol], b"lost").await.unwrap();
    assert_eq!(heard(&mut at).await, None);
    assert!(matches!(
        say(&bob, &[&carol], b"how?").await,
        Err(LightningError::Unsupported(_))
    ));
    assert!(matches!(
        bob.onion_messages().await.err(),
        Some(LightningError::Unsupported(_))
    ));
    bob.set_onion(true);
    say(&alice, &[&bob, &carol], b"found").await.unwrap();
    assert_eq!(heard(&mut at).await.as_deref(), Some(&b"found"[..]));
    carol.set_announced(false);
    assert!(!facts(&carol).await.unwrap().unwrap().onion_messages);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_onion_is_refused_by_its_size_and_otherwise_lost() {
    let (_net, [alice, bob, ..]) = line();
    let mut at = seen(&bob);
    tokio::time::sleep(A_WHILE).await;
    let send = |size| alice.send_onion(bob.id(), bob.id(), vec![0; size]);
    assert_eq!(send(10).await, Err(LightningError::Size(10)));
    assert_eq!(send(1_366).await, Ok(()));
    assert_eq!(heard(&mut at).await, None);
}

#[tokio::test(start_paused = true)]
async fn onions_get_lost_and_doubled_as_ordered_and_nobody_is_told() {
    let (net, [alice, bob, ..]) = line();
    let mut at = seen(&bob);
    tokio::time::sleep(A_WHILE).await;
    net.lose_onions(3);
    net.double_onions(true);
    for number in 1..=6 {
        say(&alice, &[&bob], &[number]).await.unwrap();
        tokio::time::sleep(A_WHILE).await;
    }
    net.lose_onions(0);
    net.double_onions(false);
    say(&alice, &[&bob], &[7]).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    let all: Vec<u8> = std::iter::from_fn(|| at.try_recv().ok())
        .map(|message| message.records[0].1[0])
        .collect();
    assert_eq!(all, [1, 1, 2, 2, 4, 4, 5, 5, 7]);
}

#[tokio::test(start_paused = true)]
async fn without_a_listener_a_message_is_gone() {
    let (_net, [alice, bob, ..]) = line();
    say(&alice, &[&bob], b"early").await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    let mut at = seen(&bob);
    assert_eq!(heard(&mut at).await, None);
    say(&alice, &[&bob], b"in time").await.unwrap();
    assert_eq!(heard(&mut at).await.as_deref(), Some(&b"in time"[..]));
}

#[tokio::test(start_paused = true)]
async fn a_node_takes_only_so_many_bytes_of_one_peer() {
    let (_net, [alice, bob, ..]) = line();
    let mut at = seen(&bob);
    tokio::time::sleep(A_WHILE).await;
    let path = path(9, &[&bob], &[]);
    let onion = wrap([8; 32], &layers(&path, &[], &tlv(RECORD, b"big")), LARGE);
    let send = || alice.send_onion(bob.id(), path.key, onion.clone());
    for _ in 0..12 {
        send().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut arrived = || std::iter::from_fn(|| at.try_recv().ok()).count();
    assert_eq!(arrived(), 7, "256 KiB at once");
    for _ in 0..10 {
        // One and a half a second is what the node takes for ever.
        tokio::time::sleep(Duration::from_millis(667)).await;
        send().await.unwrap();
    }
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(arrived(), 10);
}
