//! The test vector of parts in `docs/protocol.md`.

use super::*;
use crate::document::{assert_written, vector};

#[test]
fn the_vector_of_parts_holds() {
    let given = vector("parts");
    let words = String::from_utf8(given["text"].clone()).unwrap();
    let sent = Letter {
        reply_to: None,
        hold_secs: None,
        ..text(&words)
    };
    let letters = cut(&sent, 192).unwrap();
    let whole = encode_whole(&sent.body);
    let computed = [
        ("text", given["text"].clone()),
        ("whole", whole.clone()),
        ("sha256", Sha256::digest(&whole).to_vec()),
        ("letter_0", letters[0].encode()),
        ("letter_1", letters[1].encode()),
    ];
    assert_eq!(letters.len(), 2);
    assert_written("parts", &computed);

    let received: Vec<_> = ["letter_1", "letter_0"]
        .map(|name| Letter::decode(&given[name]).unwrap())
        .to_vec();
    let whole = joined(pieces(&received)).unwrap().unwrap();
    assert_eq!(whole.letter(&received[0]), sent);
}

#[test]
fn the_packed_vector_is_unpacked() {
    let given = vector("packed parts");
    let letter = Letter::decode(&given["letter"]).unwrap();
    let words = String::from_utf8(given["text"].clone()).unwrap();
    let whole = joined(pieces(&[letter])).unwrap().unwrap();
    assert_eq!(whole.body, Body::Text(words));
}
