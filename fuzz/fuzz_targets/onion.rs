//! What comes with an onion message: reply paths as a node lists them, and instructions that a stranger sealed.
#![no_main]

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use domain::NodeId;
use libfuzzer_sys::fuzz_target;
use protocol::onion::{Entrance, ReplyPath, open};

/// The generator point.
const NODE: [u8; 33] = [
    0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b,
    0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17,
    0x98,
];
const SECRET: [u8; 32] = [0; 32];
/// HMAC-SHA256 of the secret with the key `rho`: what seals instructions.
const RHO: [u8; 32] = [
    0xc2, 0x35, 0xc5, 0x0b, 0x77, 0xba, 0x5e, 0x15, 0x8e, 0x52, 0xbb, 0x2a, 0x3c, 0x34, 0x3f, 0xf9,
    0xd7, 0x1b, 0x8a, 0x5a, 0x60, 0xe8, 0xc8, 0xdb, 0x1f, 0xa8, 0x9c, 0xa1, 0xe4, 0x4c, 0xdf, 0x6d,
];

fuzz_target!(|input: (Vec<u8>, Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>, Vec<u8>)| {
    let (introduction, blinding, hops, plain) = input;
    let listed = hops.iter().map(|(id, data)| (id.as_slice(), data.as_slice()));
    let _ = ReplyPath::parse(&introduction, &blinding, listed);
    let _ = open(&plain, &SECRET);

    // Random bytes neither open nor are keys: the same instructions well sealed, at the end and on our part of a path.
    let sealed = ChaCha20Poly1305::new(&RHO.into())
        .encrypt(&[0; 12].into(), plain.as_slice())
        .expect("it is short");
    let read = open(&sealed, &SECRET);
    let listed = hops.iter().map(|(_, data)| (NODE.as_slice(), data.as_slice()));
    let listed = std::iter::once((NODE.as_slice(), sealed.as_slice())).chain(listed);
    let Ok(Some(path)) = ReplyPath::parse(&NODE, &NODE, listed) else { return };
    let node = NodeId::from_bytes(&NODE).expect("the generator is a point");
    let Entrance::Ours(hop) = path.enter(node) else { unreachable!("it begins there") };
    let Ok(rest) = hop.with_secret(&SECRET) else { return };
    // What leads on is not for us.
    assert!(read.is_err());
    assert_ne!(rest.introduction(), node);
    assert!(rest.encoded_len() <= 67 + 15 * (35 + 1_024));
});
