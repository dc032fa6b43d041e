//! The test vector of a card in `docs/protocol.md`.

use super::*;
use crate::SealKey;
use crate::document::{assert_written, vector};

fn private(key: &[u8]) -> SealKey {
    SealKey::from_secret_bytes(key.try_into().unwrap()).unwrap()
}

#[test]
fn the_vector_of_a_card_holds() {
    let given = vector("key card");
    let node = private(&given["bob_private"]).public().as_node();
    let card = KeyCard {
        seal_key: private(&given["bob_seal_private"]).public(),
        ..card(&bob())
    };
    let bytes = card.encode();
    let text = signing_text(&bytes);
    // 0x22…22 is Bob in all tests.
    assert_eq!(node, bob().node);
    let signed = signed(bytes.clone(), &bob());
    let computed = [
        ("bob_private", given["bob_private"].clone()),
        ("bob_seal_private", given["bob_seal_private"].clone()),
        ("card", bytes),
        ("text", text.into_bytes()),
        ("signature", signed.signature.to_vec()),
        ("signed_card", signed.encode()),
    ];
    assert_written("key card", &computed);
    let given = SignedCard::decode(&given["signed_card"]).unwrap();
    assert_eq!(given.verify(node, NOW), Ok(card));
}
