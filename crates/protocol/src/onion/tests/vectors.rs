//! The public test vectors of BOLT 4.

use secp256k1::{PublicKey, SecretKey};

use super::peel::{Packet, Peeled, ecdh, fields, instructions as plain_fields, peel};
use super::*;
use crate::onion::keys::{chain, next_public};
use crate::onion::open::instructions;

const VECTORS: &str = include_str!("../vectors.txt");

fn lines(name: &str) -> Vec<Vec<&'static str>> {
    let words = VECTORS.lines().map(|line| line.split(' '));
    let named = words.filter_map(|mut words| (words.next() == Some(name)).then(|| words.collect()));
    named.collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

fn secret(hex: &str) -> SecretKey {
    SecretKey::from_secret_bytes(bytes(hex).try_into().unwrap()).unwrap()
}

struct Hop {
    node: SecretKey,
    plain: Vec<u8>,
    path_key: Vec<u8>,
    shared: [u8; 32],
    id: Vec<u8>,
    data: Vec<u8>,
    next_path_key: Option<Vec<u8>>,
}

/// The one-time key and the hops of the path with this name.
fn path(name: &str) -> (SecretKey, Vec<Hop>) {
    let once = lines("once");
    let once = once.iter().find(|once| once[0] == name).unwrap();
    let hops = lines("hop").into_iter().filter(|hop| hop[0] == name);
    let hops = hops.map(|hop| Hop {
        node: secret(hop[1]),
        plain: bytes(hop[2]),
        path_key: bytes(hop[3]),
        shared: bytes(hop[4]).try_into().unwrap(),
        id: bytes(hop[5]),
        data: bytes(hop[6]),
        next_path_key: (hop[7] != "-").then(|| bytes(hop[7])),
    });
    (secret(once[1]), hops.collect())
}

fn blinded(name: &str) -> (PublicKey, Vec<BlindedHop>) {
    let (once, hops) = path(name);
    let nodes: Vec<NodeId> = hops
        .iter()
        .map(|hop| hop.node.public_key().into())
        .collect();
    let plain: Vec<_> = hops.iter().map(|hop| hop.plain.clone()).collect();
    blind(&once.into(), &nodes, &plain).unwrap()
}

#[test]
fn paths_are_blinded_as_the_vectors_say() {
    for name in ["bob", "dave", "alice", "message"] {
        let (once, hops) = path(name);
        assert!(!hops.is_empty());
        let (path_key, ours) = blinded(name);
        assert_eq!(path_key.serialize().as_slice(), hops[0].path_key);
        let points = hops.iter().map(|hop| hop.node.public_key());
        let links = chain(&once.into(), points).unwrap();
        for ((hop, ours), link) in hops.iter().zip(&ours).zip(links) {
            assert_eq!(link.public.serialize().as_slice(), hop.path_key);
            assert_eq!(*link.shared, hop.shared);
            assert_eq!(ours.id.serialize().as_slice(), hop.id);
            assert_eq!(hex::encode(&ours.data), hex::encode(&hop.data));
        }
    }
}

#[test]
fn instructions_are_read_as_the_vectors_say() {
    let mut overrides = 0;
    for name in ["bob", "dave", "alice", "message"] {
        for hop in path(name).1 {
            let key = PublicKey::from_slice(&hop.path_key).unwrap();
            assert_eq!(ecdh(&key, &hop.node), hop.shared);
            let written = fields(&hop.plain).unwrap();
            assert_eq!(plain_fields(&hop.data, &hop.shared), Ok(written.clone()));
            let find = |kind| written.iter().find(|(found, _)| *found == kind);
            if find(14).is_some_and(|(_, features)| features.iter().any(|byte| *byte != 0)) {
                let read = instructions(&hop.data, &hop.shared);
                assert_eq!(read.unwrap_err(), OpenError::Features);
                continue;
            }
            let read = instructions(&hop.data, &hop.shared).unwrap();
            let next = read.next_node.map(|node| node.as_bytes().to_vec());
            assert_eq!(next, find(4).map(|(_, node)| node.clone()));
            assert_eq!(read.path_id, find(6).map(|(_, id)| id.clone()));
            overrides += usize::from(read.next_path_key.is_some());
            let next_key = read
                .next_path_key
                .unwrap_or_else(|| next_public(&key, &hop.shared).unwrap());
            if let Some(expected) = hop.next_path_key {
                assert_eq!(next_key.serialize().as_slice(), expected);
            }
        }
    }
    assert_eq!(overrides, 2);
}

#[test]
fn the_packet_is_the_one_of_the_vectors_and_goes_the_same_way() {
    let mut hops = blinded("alice").1;
    hops.extend(blinded("message").1);
    let field = &lines("field")[0];
    let mut parts = Vec::new();
    for (position, hop) in hops.iter().enumerate() {
        let mut payload = Vec::new();
        if position == 3 {
            tlv::put(&mut payload, field[0].parse().unwrap(), &bytes(field[1]));
        }
        tlv::put(&mut payload, DATA, &hop.data);
        parts.push((hop.id, payload));
    }
    let session = secret(lines("session")[0][0]).into();
    let packet = sphinx::packet(&session, &parts, Form::Small).unwrap();

    let packets = lines("packet");
    assert_eq!(packets.len(), 4);
    let mut packet = Packet {
        path_key: blinded("alice").0.serialize(),
        onion: packet,
    };
    let nodes: Vec<Hop> = path("alice")
        .1
        .into_iter()
        .chain(path("message").1)
        .collect();
    for (position, (node, expected)) in nodes.iter().zip(packets).enumerate() {
        assert_eq!(packet.path_key.as_slice(), node.path_key);
        assert_eq!(hex::encode(&packet.onion), expected[0]);
        match peel(&node.node, &packet).unwrap() {
            Peeled::Forward(next, passed_on) => {
                assert_eq!(next, nodes[position + 1].node.public_key().into());
                packet = passed_on;
            }
            Peeled::Last { data, fields } => {
                assert_eq!(position, 3);
                assert_eq!(data, node.data);
                assert_eq!(fields[0], (1, b"hello".to_vec()));
            }
        }
    }
}
