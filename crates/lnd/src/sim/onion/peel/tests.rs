use super::super::wrap::{LARGE, Path, SMALL, blind, tlv, wrap};
use super::*;

/// The node whose private key is this byte 32 times.
fn node(byte: u8) -> NodeId {
    key(byte).public_key().into()
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_secret_bytes([byte; 32]).unwrap()
}

fn to(next: NodeId) -> Vec<u8> {
    tlv(NEXT_NODE, next.as_bytes())
}

fn sealed(data: &[u8]) -> Vec<u8> {
    tlv(ENCRYPTED_DATA, data)
}

const RECORD: u64 = 65_537;

/// alice, then bob; `content` is what stands beside the encrypted data of bob's layer.
fn two_hops(content: &[u8], size: usize) -> (Path, Vec<u8>) {
    let path = blind([9; 32], &[(node(1), to(node(2))), (node(2), Vec::new())]);
    let layers = [
        (path.hops[0].0, sealed(&path.hops[0].1)),
        (
            path.hops[1].0,
            [sealed(&path.hops[1].1), content.to_vec()].concat(),
        ),
    ];
    let onion = wrap([8; 32], &layers, size);
    (path, onion)
}

fn at_bob(content: &[u8]) -> Option<Peeled> {
    let (path, onion) = two_hops(content, SMALL);
    let next = peel(&key(1), &path.key, &onion).unwrap().next.unwrap();
    assert_eq!(next.node, node(2));
    peel(&key(2), &next.path_key, &next.onion)
}

/// The test vector of BOLT 4 for onion messages: alice, bob, carol and dave have the keys 0x41 to 0x44, dave has made the
/// path from bob to himself, the sender has put alice before it. The vector's messages are here by their SHA-256.
#[test]
fn the_onion_of_the_specification_is_peeled_to_its_core() {
    let [alice, bob, carol, dave] = [0x41, 0x42, 0x43, 0x44].map(node);
    let path_id = hex::decode(&"deadbeefbadc0ffee".repeat(4)[..64]).unwrap();
    let daves = blind(
        [0x01; 32],
        &[
            (bob, [to(carol), tlv(561, &[0x12, 0x34, 0x56])].concat()),
            (carol, [tlv(1, &[0; 5]), to(dave)].concat()),
            (
                dave,
                [tlv(1, &[]), tlv(6, &path_id), tlv(65_535, &[0x06, 0xc1])].concat(),
            ),
        ],
    );
    let over = tlv(NEXT_PATH_KEY, daves.key.as_bytes());
    let first = blind([0x63; 32], &[(alice, [to(bob), over].concat())]);
    let mut layers: Vec<_> = first
        .hops
        .iter()
        .chain(&daves.hops)
        .map(|(name, data)| (*name, sealed(data)))
        .collect();
    layers[3].1 = [tlv(1, b"hello"), layers[3].1.clone()].concat();

    let mut onion = wrap([0x03; 32], &layers, SMALL);
    let mut path_key = first.key;
    for (number, expected) in [
        (
            0x41,
            "9a51777abc9be821a78564dd3e74eddf891b3a36aae1b19e9de2accb8990a380",
        ),
        (
            0x42,
            "f520e26ae84fadde01f276731c9756560903f0d438204820c699799e682ca3d4",
        ),
        (
            0x43,
            "69686ce6d9456ab3f790a176ad042f55140236e2c4a27081997e873bae2cc48c",
        ),
        (
            0x44,
            "16464180af01a6421ad5d6f5b2d4e75ebaafad0b4e8e8605b46910e48ddd75b0",
        ),
    ] {
        // As it goes over the wire: type 513, the path key, the length.
        let message = [
            &[0x02, 0x01],
            &path_key.as_bytes()[..],
            &[0x05, 0x56],
            &onion,
        ]
        .concat();
        assert_eq!(hex::encode(Sha256::digest(message)), expected);
        let peeled = peel(&key(number), &path_key, &onion).unwrap();
        assert_eq!(
            peeled.records,
            [],
            "an odd record below 64 is not for the app"
        );
        match peeled.next {
            Some(next) => {
                assert_eq!(next.node, node(number + 1));
                (onion, path_key) = (next.onion, next.path_key);
            }
            None => {
                assert_eq!(number, 0x44);
                assert_eq!(peeled.encrypted_recipient_data, daves.hops[2].1);
            }
        }
    }
}

#[test]
fn one_odd_record_from_64_on_reaches_the_app() {
    for kind in [65, RECORD, 1_212_501_065] {
        let records = at_bob(&tlv(kind, b"hi")).unwrap().records;
        assert_eq!(records, [(kind, b"hi".to_vec())]);
    }
    assert_eq!(at_bob(&tlv(63, b"hi")).unwrap().records, []);
    assert_eq!(at_bob(&tlv(66, b"an invoice")).unwrap().records.len(), 1);
    assert!(
        at_bob(&tlv(1_212_501_066, b"hi")).is_none(),
        "even and unknown"
    );
    let two = [tlv(65, b"a"), tlv(67, b"b")].concat();
    assert!(at_bob(&two).is_none(), "more than one");
    let descending = [tlv(67, b"a"), tlv(65, b"b")].concat();
    assert!(at_bob(&descending).is_none());
}

#[test]
fn the_sizes_that_fit_are_those_that_were_measured() {
    for (form, largest) in [(SMALL, 1_153), (LARGE, 32_621)] {
        let (path, onion) = two_hops(&tlv(1_212_501_065, &vec![7; largest]), form);
        assert_eq!(onion.len(), form + 66);
        let next = peel(&key(1), &path.key, &onion).unwrap().next.unwrap();
        let peeled = peel(&key(2), &next.path_key, &next.onion).unwrap();
        assert_eq!(peeled.records[0].1.len(), largest);
    }
}

#[test]
fn a_way_back_arrives_as_it_was_made() {
    let back = blind(
        [5; 32],
        &[(node(1), to(node(3))), (node(3), tlv(6, &[4; 16]))],
    );
    let mut bytes = [&node(1).as_bytes()[..], back.key.as_bytes(), &[2]].concat();
    for (name, data) in &back.hops {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        bytes.extend([&name.as_bytes()[..], &length, data].concat());
    }
    let path = blind([9; 32], &[(node(2), Vec::new())]);
    let content = |way_back: &[u8]| {
        [
            tlv(REPLY_PATH, way_back),
            sealed(&path.hops[0].1),
            tlv(RECORD, b"answer me"),
        ]
        .concat()
    };
    let onion = wrap([8; 32], &[(path.hops[0].0, content(&bytes))], SMALL);
    let told = peel(&key(2), &path.key, &onion)
        .unwrap()
        .reply_path
        .unwrap();
    assert_eq!(
        (told.introduction_node, told.blinding_point),
        (node(1), back.key)
    );
    assert_eq!(told.hops, back.hops);

    let cut = wrap([8; 32], &[(path.hops[0].0, content(&bytes[..90]))], SMALL);
    assert!(peel(&key(2), &path.key, &cut).is_none());
}

#[test]
fn one_wrong_bit_and_there_is_nothing_to_see() {
    let (path, onion) = two_hops(&tlv(RECORD, b"hi"), SMALL);
    assert!(peel(&key(1), &path.key, &onion).is_some());
    for at in [0, 1, 40, 700, 1_333, 1_365] {
        let mut broken = onion.clone();
        broken[at] ^= 1;
        assert!(peel(&key(1), &path.key, &broken).is_none(), "byte {at}");
    }
    assert!(peel(&key(2), &path.key, &onion).is_none(), "another node");
    assert!(peel(&key(1), &node(7), &onion).is_none(), "another path");
    assert!(peel(&key(1), &path.key, &[]).is_none());
    assert!(peel(&key(1), &path.key, &[0; 1_366]).is_none());
}
