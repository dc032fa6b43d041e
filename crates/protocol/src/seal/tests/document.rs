//! The test vector of `docs/protocol.md`, computed from what the document gives.

use std::collections::BTreeMap;

use domain::{Expectation, MessageId, Timestamp};

use super::*;
use crate::people::Person;
use crate::{Body, Letter};

const DOCUMENT: &str = include_str!("../../../../../docs/protocol.md");

/// Names and bytes of the document's vector, in hexadecimal.
fn vector() -> BTreeMap<&'static str, Vec<u8>> {
    let block = DOCUMENT
        .split("```vector\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    block
        .lines()
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            (name.trim(), hex::decode(value.trim()).unwrap())
        })
        .collect()
}

fn private(key: &[u8]) -> Person {
    let secret = SecretKey::from_secret_bytes(key.try_into().unwrap()).unwrap();
    Person {
        node: secret.public_key().into(),
        secret,
    }
}

#[test]
fn the_vector_of_the_document_holds() {
    let given = vector();
    let alice = private(&given["alice_private"]);
    let bob = private(&given["bob_private"]);
    let ephemeral = private(&given["ephemeral_private"]);
    let hash: [u8; 32] = given["payment_hash"].as_slice().try_into().unwrap();
    let letter = Letter {
        id: MessageId([0x0a; 16]),
        sequence: 7,
        sent_at: Timestamp(1_790_000_000_123),
        expectation: Expectation::Return,
        hold_secs: Some(900),
        reply_to: None,
        body: Body::Text("Grüße, Bob".to_owned()),
    };
    let bytes = letter.encode();
    let shared = alice.shared_with(bob.node);
    let envelope = seal_with(
        &ephemeral.secret,
        alice.node,
        bob.node,
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
        ("alice_node_id", alice.node.as_bytes().to_vec()),
        ("bob_node_id", bob.node.as_bytes().to_vec()),
        ("prologue", prologue(bob.node, &hash)),
        ("dh_ephemeral_bob", ephemeral.shared_with(bob.node).to_vec()),
        ("dh_alice_bob", shared.to_vec()),
        ("letter", bytes),
        ("ephemeral_public", envelope[2..35].to_vec()),
        ("sealed_sender", envelope[35..84].to_vec()),
        ("sealed_letter", envelope[84..].to_vec()),
        ("envelope", envelope.clone()),
    ];
    let written: String = computed
        .iter()
        .map(|(name, value)| format!("{name:17} = {}\n", hex::encode(value)))
        .collect();
    assert!(
        DOCUMENT.contains(&written),
        "the document should say:\n{written}"
    );
    assert_eq!(given.len(), computed.len());

    let (sender, opened) = opened(&given["envelope"], &bob, &hash).unwrap();
    assert_eq!(sender, alice.node);
    assert_eq!(Letter::decode(&opened), Ok(letter));
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
        assert!(DOCUMENT.contains(&number.to_string()), "{number}");
    }
}
