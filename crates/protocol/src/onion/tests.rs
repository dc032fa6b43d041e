use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use secp256k1::PublicKey;

use super::*;
use crate::people::{Person, alice, bob, person};

mod answers;
mod hostile;
mod limits;
mod oracle;
mod peel;
mod vectors;

use peel::{Arrived, deliver, ecdh, listed};

const WORDS: &[u8] = b"meet me at the usual place";

fn carol() -> Person {
    person(0x33)
}

fn dave() -> Person {
    person(0x44)
}

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn ids(people: &[&Person]) -> Vec<NodeId> {
    people.iter().map(|person| person.node).collect()
}

/// Nodes that are nobody's: the 1st to the 8th.
fn line(nodes: usize) -> Vec<NodeId> {
    (1..=0x10)
        .map(|byte| person(byte).node)
        .take(nodes)
        .collect()
}

/// The id of the path that a message came over, as the recipient's app finds it with its node's answer.
fn path_id(recipient: &Person, arrived: &Arrived) -> Result<Option<PathId>, OpenError> {
    assert_eq!(arrived.at, recipient.node);
    open(&arrived.data, &derived(recipient, &arrived.path_key))
}

/// `signrpc.DeriveSharedKey`.
fn derived(person: &Person, point: &[u8; 33]) -> [u8; 32] {
    ecdh(&PublicKey::from_slice(point).unwrap(), &person.secret)
}

/// The reply path of a message, as the recipient's app reads it from its node's update.
fn reply_path(arrived: &Arrived) -> ReplyPath {
    let parts = listed(arrived.reply_path.as_ref().unwrap());
    let hops = parts
        .hops
        .iter()
        .map(|(id, data)| (id.as_slice(), data.as_slice()));
    ReplyPath::parse(&parts.introduction, &parts.blinding, hops)
        .unwrap()
        .unwrap()
}

#[test]
fn alice_writes_to_carol_through_bob() {
    let path = ids(&[&bob(), &carol()]);
    let message = send(&mut rng(1), &path, None, WORDS).unwrap();
    assert_eq!(message.first_hop, bob().node);
    assert_eq!(message.onion.len(), Form::Small.packet_len());

    let arrived = deliver(&alice(), &message).unwrap();
    assert_eq!(arrived.forwarded_by, [bob().node]);
    assert_eq!(arrived.records, [(1_212_501_065, WORDS.to_vec())]);
    assert_eq!(arrived.reply_path, None);
    assert_eq!(path_id(&carol(), &arrived), Ok(None));
}

#[test]
fn a_peer_is_written_to_without_anybody_between() {
    let message = send(&mut rng(2), &[bob().node], None, WORDS).unwrap();
    let arrived = deliver(&alice(), &message).unwrap();
    assert_eq!(arrived.at, bob().node);
    assert!(arrived.forwarded_by.is_empty());
    assert_eq!(path_id(&bob(), &arrived), Ok(None));
}

#[test]
fn the_same_words_twice_have_nothing_in_common() {
    let path = ids(&[&bob(), &carol()]);
    let mut rng = rng(3);
    let mut again = || send(&mut rng, &path, None, WORDS).unwrap();
    let (one, two) = (again(), again());
    assert_ne!(one.path_key, two.path_key);
    let same = one.onion.iter().zip(&two.onion).filter(|(a, b)| a == b);
    // By chance about 5 of 1366, and the version.
    assert!(same.count() < 40);
}

#[test]
fn the_path_and_the_packet_have_different_one_time_keys() {
    let message = send(&mut rng(4), &[bob().node], None, WORDS).unwrap();
    assert_ne!(message.path_key, message.onion[1..34]);
}

#[test]
fn a_forwarder_of_a_message_finds_nothing_for_itself() {
    let message = send(&mut rng(5), &ids(&[&bob(), &carol()]), None, WORDS).unwrap();
    let packet = peel::Packet {
        path_key: message.path_key,
        onion: message.onion,
    };
    // Carol's part is not Bob's to read, and what he is told does not pass for a message to him.
    assert!(peel::peel(&carol().secret, &packet).is_err());
    let secret = derived(&bob(), &message.path_key);
    let once = Once::new(&mut rng(5));
    let plain = [forward_to(carol().node, None), Vec::new()];
    let (key, hops) = blind(&once, &ids(&[&bob(), &carol()]), &plain).unwrap();
    assert_eq!(key.serialize(), message.path_key);
    assert_eq!(hops[0].data.len(), 51);
    assert_eq!(open(&hops[0].data, &secret), Err(OpenError::NotForUs));
}

#[test]
fn paths_that_cannot_work_are_refused() {
    let path = |nodes: &[NodeId]| send(&mut rng(6), nodes, None, WORDS).unwrap_err();
    let (bob, carol) = (bob().node, carol().node);
    assert_eq!(path(&[]), OnionError::NoPath);
    assert_eq!(path(&line(9)), OnionError::TooManyNodes(9));
    assert_eq!(path(&[bob, carol, bob]), OnionError::Repeats(bob));
    assert_eq!(path(&[bob, bob]), OnionError::Repeats(bob));

    let reply = |nodes: &[NodeId]| ReplyPath::to_ourselves(&mut rng(6), nodes).unwrap_err();
    assert_eq!(reply(&[]), OnionError::NoPath);
    assert_eq!(reply(&line(9)), OnionError::TooManyNodes(9));
    assert_eq!(reply(&[bob, carol, bob]), OnionError::Repeats(bob));
}

#[test]
fn secrets_of_a_path_are_not_printed() {
    let (path, id) = ReplyPath::to_ourselves(&mut rng(7), &ids(&[&bob(), &alice()])).unwrap();
    assert_eq!(format!("{id:?}"), "PathId(…)");
    assert_eq!(format!("{path:?}"), "ReplyPath(2 hops)");
}
