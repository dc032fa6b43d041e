//! The vectors in `docs/vectors`, as data for other programs. `WRITE_VECTORS=1 cargo test -p heliograph-protocol vectors` writes
//! them anew.

use std::path::Path;

use domain::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::tests::kept;
use super::*;
use crate::document::{TEXT, vector};
use crate::people::{alice, bob};
use crate::{read_readable, safety_number, whatsat};

/// Fails unless the file says exactly this.
fn assert_file(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors");
    let text = format!("{value:#}\n");
    let file = path.join(name);
    if std::env::var_os("WRITE_VECTORS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "{name}");
}

fn ids(ids: &[MessageId]) -> Vec<String> {
    ids.iter().map(|id| hex::encode(id.0)).collect()
}

/// The body's name and fields, as the document calls them.
fn body(body: &Body) -> Value {
    match body {
        Body::Text(text) => json!({"text": {"text": text}}),
        Body::Hello { beside } => json!({"hello": {"beside": beside.map(hex::encode)}}),
        Body::Payment { note, amount } => {
            json!({"payment": {"amount_msat": amount.get(), "note": note}})
        }
        Body::Refund { of, amount, note } => {
            json!({"refund": {"of": hex::encode(of.0), "amount_msat": amount.get(), "note": note}})
        }
        Body::Receipt { delivered, read } => {
            json!({"receipt": {"delivered": ids(delivered), "read": ids(read)}})
        }
        Body::CardRequest => json!({"card_request": {}}),
        Body::InvoiceRequest { request, amount } => {
            json!({"invoice_request": {"request": request.to_string(), "amount_msat": amount.get()}})
        }
        Body::Invoice { request, bolt11 } => {
            json!({"invoice": {"request": request.to_string(), "bolt11": bolt11}})
        }
        Body::Reaction { to, emoji } => {
            json!({"reaction": {"to": hex::encode(to.0), "emoji": emoji}})
        }
        Body::Edit { of, text } => json!({"edit": {"of": hex::encode(of.0), "text": text}}),
        Body::Delete { of } => json!({"delete": {"of": hex::encode(of.0)}}),
        Body::Profile { name } => json!({"profile": {"name": name}}),
        Body::Piece(piece) => json!({"piece": {
            "bytes": hex::encode(&piece.bytes), "index": piece.index, "count": piece.set.count,
            "total": piece.set.total, "sha256": hex::encode(piece.set.hash),
            "packing": i32::from(piece.set.packing == domain::Packing::Zstd),
        }}),
        Body::ResendRequest(ranges) => json!({"resend_request": {"numbers": ranges
            .iter()
            .map(|range| json!({"first": range.first, "last": range.last}))
            .collect::<Vec<_>>()}}),
        Body::Unknown => Value::Null,
    }
}

fn described(name: &str, bytes: &[u8]) -> Value {
    let letter = Letter::decode(bytes).unwrap();
    let mut told = json!({
        "name": name,
        "letter": hex::encode(bytes),
        "id": hex::encode(letter.id.0),
        "sequence": letter.sequence,
        "after": letter.after,
        "sent_at_ms": letter.sent_at.0,
        "expectation": match letter.expectation {
            Expectation::Return => "RETURN",
            Expectation::Keep => "KEEP",
            Expectation::Decide => "DECIDE",
        },
        "hold_seconds": letter.hold_secs,
        "reply_to": letter.reply_to.map(|id| hex::encode(id.0)),
        "card": letter.card.as_ref().map(|card| hex::encode(card.encode())),
        "body": body(&letter.body),
    });
    if !letter.hints.is_empty() {
        let hint = |hint: &domain::RouteHint| {
            json!({
                "node_id": hint.via.to_string(), "channel_id": hint.channel.to_string(),
                "fee_base_msat": hint.base_fee.get(), "fee_millionths": hint.fee_ppm, "cltv_delta": hint.cltv_delta,
            })
        };
        told["hints"] = letter.hints.iter().map(hint).collect();
    }
    told
}

#[test]
fn every_body_has_a_vector() {
    let letters: Vec<Value> = kept()
        .iter()
        .map(|(name, letter)| described(name, &letter.encode()))
        .collect();
    assert_file("letters.json", &json!(letters));
}

#[test]
fn letters_with_two_bodies_are_refused() {
    let kept = kept();
    let bytes = |name: &str| {
        let found = kept.iter().find(|(other, _)| *other == name);
        found.map(|(_, letter)| letter.encode()).unwrap()
    };
    // A field as it stands in a letter: text "ok", and `card_request`.
    let text = [0x82, 0x01, 0x04, 0x0a, 0x02, b'o', b'k'];
    let request = [0xaa, 0x01, 0x00];
    let refused: Vec<Value> = [
        ("two texts", [bytes("text"), text.to_vec()].concat()),
        (
            "a text and a request",
            [bytes("text"), request.to_vec()].concat(),
        ),
        (
            "a payment and a text",
            [bytes("payment"), text.to_vec()].concat(),
        ),
    ]
    .into_iter()
    .map(|(name, letter)| {
        assert_eq!(Letter::decode(&letter), Err(LetterError::Bodies), "{name}");
        json!({"name": name, "letter": hex::encode(letter)})
    })
    .collect();
    assert_file("refused_letters.json", &json!(refused));
}

#[test]
fn a_safety_number_has_a_vector() {
    let (alice, bob) = (alice(), bob());
    let (a, b) = (alice.seal_key().public(), bob.seal_key().public());
    let number = safety_number((alice.node, a), (bob.node, b));
    assert_file(
        "safety_number.json",
        &json!({
            "nodes": [alice.node.to_string(), bob.node.to_string()],
            "seal_keys": [hex::encode(a.to_bytes()), hex::encode(b.to_bytes())],
            "number": number,
        }),
    );
}

#[test]
fn a_readable_text_has_a_vector() {
    let (alice, bob) = (alice(), bob());
    let (text, time) = (
        "Grüße, Bob",
        whatsat::time_bytes(Timestamp(1_790_000_000_123)),
    );
    let signed = whatsat::signed_bytes(alice.node, bob.node, &time, text);
    let signature = alice.sign_der(&signed);
    let records = whatsat::records(alice.node, &time, text, &signature);
    let read = read_readable(&records, bob.node).unwrap();
    assert!(read.verified);
    assert_eq!((read.sender, read.text.as_str()), (Some(alice.node), text));
    assert_file(
        "readable_text.json",
        &json!({
            "sender_private": "11".repeat(32),
            "sender": alice.node.to_string(),
            "recipient": bob.node.to_string(),
            "text": text,
            "signed": hex::encode(&signed),
            "sha256": hex::encode(Sha256::digest(&signed)),
            "records": records.iter().map(|(kind, value)| {
                json!({"type": kind, "value": hex::encode(value)})
            }).collect::<Vec<_>>(),
        }),
    );
}

/// Seals, cards and parts: the vectors that stand in the document.
#[test]
fn the_vectors_of_the_document_are_data_too() {
    let titles: Vec<&str> = TEXT
        .split("```vector ")
        .skip(1)
        .filter_map(|rest| rest.lines().next())
        .collect();
    assert!(titles.len() >= 5, "{titles:?}");
    let all: serde_json::Map<String, Value> = titles
        .into_iter()
        .map(|title| {
            let fields = vector(title);
            let fields = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(hex::encode(value))));
            (title.to_owned(), Value::Object(fields.collect()))
        })
        .collect();
    assert_file("seals_cards_parts.json", &Value::Object(all));
}
