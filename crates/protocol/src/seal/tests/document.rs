//! The test vectors of `docs/protocol.md`, computed from what the document gives.

use domain::{Expectation, MessageId, Timestamp};

use super::*;
use crate::document::{TEXT, assert_written, vector};
use crate::{Body, Letter};

fn private(key: &[u8]) -> SealKey {
    SealKey::from_secret_bytes(key.try_into().unwrap()).unwrap()
}

fn letter() -> Letter {
    Letter {
        id: MessageId([0x0a; 16]),
        sequence: 7,
        after: 0,
        sent_at: Timestamp(1_790_000_000_123),
        expectation: Expectation::Return,
        hold_secs: Some(900),
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body: Body::Text("Grüße, Bob".to_owned()),
    }
}

#[test]
fn the_vector_of_a_letter_to_a_node_holds() {
    let given = vector("letter to a node");
    let alice = private(&given["alice_private"]);
    let bob = private(&given["bob_private"]);
    let ephemeral = private(&given["ephemeral_private"]);
    let hash: [u8; 32] = given["payment_hash"].as_slice().try_into().unwrap();
    let bytes = letter().encode();
    let (to, shared) = (bob.public(), alice.shared(&bob.public()));
    let envelope = seal_with(
        &ephemeral,
        alice.public(),
        to.as_node().into(),
        &shared,
        &hash,
        &bytes,
    )
    .unwrap();
    let computed = [
        ("alice_private", given["alice_private"].clone()),
        ("bob_private", given["bob_private"].clone()),
        ("ephemeral_private", given["ephemeral_private"].clone()),
        ("payment_hash", hash.to_vec()),
        ("alice_node_id", alice.public().to_bytes().to_vec()),
        ("bob_node_id", to.to_bytes().to_vec()),
        ("prologue", prologue(Lock::NodeKey, to.as_node(), &hash)),
        ("dh_ephemeral_bob", ephemeral.shared(&to).to_vec()),
        ("dh_alice_bob", shared.to_vec()),
        ("letter", bytes),
        ("ephemeral_public", envelope[2..35].to_vec()),
        ("sealed_sender", envelope[35..84].to_vec()),
        ("sealed_letter", envelope[84..].to_vec()),
        ("envelope", envelope.clone()),
    ];
    assert_written("letter to a node", &computed);

    let opening = Envelope::parse(&given["envelope"])
        .unwrap()
        .open(to.as_node(), &hash)
        .unwrap();
    let secret = bob.shared(&opening.ephemeral());
    let from = opening.with_ephemeral_secret(&secret).unwrap();
    assert_eq!(from.sender(), alice.public());
    let opened = from.with_sender_secret(&bob.shared(&alice.public()));
    assert_eq!(Letter::decode(&opened.unwrap()), Ok(letter()));
}

#[test]
fn the_vector_of_a_letter_to_a_seal_key_holds() {
    let given = vector("letter to a seal key");
    let node = private(&given["bob_private"]).public();
    let alice = private(&given["alice_seal_private"]);
    let bob = private(&given["bob_seal_private"]);
    let ephemeral = private(&given["ephemeral_private"]);
    let bytes = letter().encode();
    let to = Recipient::with_seal_key(node.as_node(), bob.public());
    let shared = alice.shared(&bob.public());
    let none = [0; 32];
    let envelope = seal_with(&ephemeral, alice.public(), to, &shared, &none, &bytes).unwrap();
    let computed = [
        ("bob_private", given["bob_private"].clone()),
        ("alice_seal_private", given["alice_seal_private"].clone()),
        ("bob_seal_private", given["bob_seal_private"].clone()),
        ("ephemeral_private", given["ephemeral_private"].clone()),
        ("bob_node_id", node.to_bytes().to_vec()),
        ("alice_seal_key", alice.public().to_bytes().to_vec()),
        ("bob_seal_key", bob.public().to_bytes().to_vec()),
        ("bob_key_id", KeyId::of(&bob.public()).0.to_vec()),
        ("prologue", prologue(to.lock(), node.as_node(), &none)),
        ("dh_ephemeral_bob", ephemeral.shared(&bob.public()).to_vec()),
        ("dh_alice_bob", shared.to_vec()),
        ("letter", bytes),
        ("ephemeral_public", envelope[6..39].to_vec()),
        ("sealed_sender", envelope[39..88].to_vec()),
        ("sealed_letter", envelope[88..].to_vec()),
        ("envelope", envelope.clone()),
    ];
    assert_written("letter to a seal key", &computed);

    let (sender, opened) = Envelope::parse(&given["envelope"])
        .unwrap()
        .open_with_key(&bob, node.as_node(), &none)
        .unwrap();
    assert_eq!(sender, alice.public());
    assert_eq!(Letter::decode(&opened), Ok(letter()));
}

#[test]
fn the_document_names_the_numbers_that_the_program_uses() {
    use crate::record;
    for number in [
        record::LETTER,
        record::KEYSEND_PREIMAGE,
        record::TEXT,
        record::NOISE_SIGNATURE,
        record::SIGNATURE,
        record::SENDER,
        record::ALIAS,
        record::TIME,
        record::CONTENT_TYPE,
        record::LNDHUB_ALIAS,
        record::BLIXT_ALIAS,
        record::PODCAST,
        record::SPHINX,
        record::C13N_PAYLOAD,
        record::C13N_SENDER,
        record::C13N_SIGNATURE,
    ] {
        assert!(TEXT.contains(&number.to_string()), "{number}");
    }
}

#[test]
fn the_document_names_the_bounds_that_the_program_holds() {
    use crate::{card, letter, part, text};
    for bound in [
        LETTER_ROOM,
        card::CARD_LIMIT,
        letter::RECEIPT_LIMIT,
        letter::BOLT11_LIMIT,
        letter::EMOJI_LIMIT,
        text::NAME_LIMIT,
        text::TEXT_LIMIT,
        part::WHOLE_LIMIT,
        usize::try_from(part::PARTS_LIMIT).unwrap(),
    ] {
        let mut digits = bound.to_string();
        if digits.len() > 3 {
            digits.insert(digits.len() - 3, ',');
        }
        assert!(TEXT.contains(&digits), "{digits}");
    }
}
