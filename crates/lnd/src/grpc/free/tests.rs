use super::*;
use crate::grpc::rpc::lnrpc::BlindedHop;

fn point(number: u8) -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([number; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

fn bytes(number: u8) -> Vec<u8> {
    point(number).as_bytes().to_vec()
}

fn path() -> BlindedPath {
    BlindedPath {
        introduction_node: bytes(1),
        blinding_point: bytes(2),
        blinded_hops: vec![
            BlindedHop {
                blinded_node: bytes(3),
                encrypted_data: vec![1; 51],
            },
            BlindedHop {
                blinded_node: bytes(4),
                encrypted_data: vec![2; 34],
            },
        ],
    }
}

fn update() -> OnionMessageUpdate {
    OnionMessageUpdate {
        path_key: bytes(9),
        reply_path: Some(path()),
        encrypted_recipient_data: vec![7; 16],
        custom_records: [(1_212_501_065, b"hi".to_vec())].into(),
    }
}

#[test]
fn a_message_comes_with_its_way_back() {
    let message = read_onion(update()).unwrap();
    assert_eq!(message.path_key, point(9));
    assert_eq!(message.records, [(1_212_501_065, b"hi".to_vec())]);
    assert_eq!(message.encrypted_recipient_data, [7; 16]);
    let back = message.reply_path.unwrap();
    assert_eq!(
        (back.introduction_node, back.blinding_point),
        (point(1), point(2))
    );
    assert_eq!(
        back.hops,
        [(point(3), vec![1; 51]), (point(4), vec![2; 34])]
    );
}

#[test]
fn without_a_way_back_lnd_shows_an_empty_one() {
    for reply_path in [None, Some(BlindedPath::default())] {
        let message = read_onion(OnionMessageUpdate {
            reply_path,
            ..update()
        });
        assert_eq!(message.unwrap().reply_path, None);
    }
}

#[test]
fn what_is_only_passed_on_is_other_peoples_traffic() {
    let forwarded = OnionMessageUpdate {
        custom_records: [].into(),
        ..update()
    };
    assert_eq!(read_onion(forwarded), None);
}

#[test]
fn a_stranger_cannot_end_the_stream_with_nonsense() {
    let mut broken = [path(), path(), path()];
    broken[0].introduction_node = vec![5; 33];
    broken[1].blinding_point = Vec::new();
    broken[2].blinded_hops[1].blinded_node = vec![0; 33];
    for path in broken {
        let update = OnionMessageUpdate {
            reply_path: Some(path),
            ..update()
        };
        assert_eq!(read_onion(update), None);
    }
    let keyless = OnionMessageUpdate {
        path_key: vec![0; 33],
        ..update()
    };
    assert_eq!(read_onion(keyless), None);
}

#[test]
fn a_message_of_a_peer_names_the_peer() {
    let message = CustomMessage {
        peer: bytes(1),
        r#type: 40_001,
        data: b"hello".to_vec(),
    };
    let read = read_custom(message.clone()).unwrap();
    assert_eq!((read.from, read.kind), (point(1), 40_001));
    assert_eq!(read.bytes, b"hello");
    let nobody = CustomMessage {
        peer: Vec::new(),
        ..message
    };
    assert!(matches!(read_custom(nobody), Err(LightningError::Node(_))));
}
