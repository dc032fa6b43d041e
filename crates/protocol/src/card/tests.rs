use proptest::prelude::*;

use super::*;
use crate::document::fields;
use crate::people::{Person, alice, bob, mallory};

mod document;

const DAY: i64 = 86_400_000;
const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn card(of: &Person) -> KeyCard {
    KeyCard {
        node: of.node,
        seal_key: of.seal_key().public(),
        issued: NOW,
        expires: Timestamp(NOW.0 + 90 * DAY),
        features: Features {
            onion_messages: true,
            holds_keysends: true,
            ..Features::default()
        },
        stranger_price: Msat::new(2_500),
        name: Some("Bob".to_owned()),
    }
}

fn signed(card: Vec<u8>, by: &Person) -> SignedCard {
    let signature = by.sign(signing_text(&card).as_bytes());
    SignedCard::new(card, signature.try_into().unwrap()).unwrap()
}

/// A card that was changed where `KeyCard` cannot be.
fn raw(change: impl FnOnce(&mut wire::KeyCard)) -> SignedCard {
    let mut raw = wire::KeyCard::decode(card(&bob()).encode().as_slice()).unwrap();
    change(&mut raw);
    signed(raw.encode_to_vec(), &bob())
}

#[test]
fn alice_reads_the_card_that_bobs_node_signed() {
    let sent = signed(card(&bob()).encode(), &bob());
    let received = SignedCard::decode(&sent.encode()).unwrap();
    assert_eq!(received.claimed().map(|card| card.node), Ok(bob().node));
    assert_eq!(received.verify(bob().node, NOW), Ok(card(&bob())));
}

#[test]
fn nobody_vouches_for_another_node() {
    let forged = signed(card(&bob()).encode(), &mallory());
    assert_eq!(forged.verify(bob().node, NOW), Err(CardError::Forged));
    let own = signed(card(&mallory()).encode(), &mallory());
    assert_eq!(own.verify(bob().node, NOW), Err(CardError::OtherNode));
}

#[test]
fn every_bit_of_a_card_is_signed() {
    let sent = signed(card(&bob()).encode(), &bob()).encode();
    for at in 0..sent.len() {
        for bit in 0..8 {
            let mut changed = sent.clone();
            changed[at] ^= 1 << bit;
            let read = SignedCard::decode(&changed).and_then(|card| card.verify(bob().node, NOW));
            assert!(read.is_err(), "{at} {bit}");
        }
    }
}

#[test]
fn a_card_from_the_future_is_refused_and_an_expired_one_only_opens() {
    let sent = signed(card(&bob()).encode(), &bob());
    let verified_at = |now| sent.verify(bob().node, Timestamp(now));
    assert!(verified_at(NOW.0 - DAY).is_ok());
    assert_eq!(verified_at(NOW.0 - DAY - 1), Err(CardError::Future));
    let late = NOW.0 + 90 * DAY;
    let card = verified_at(late).unwrap();
    assert!(card.is_expired(Timestamp(late)) && !card.is_expired(Timestamp(late - 1)));
}

#[test]
fn a_letter_is_of_the_node_or_of_the_key_that_it_vouches_for() {
    let card = card(&bob());
    assert!(card.speaks_for(&bob().node.into()));
    assert!(card.speaks_for(&bob().seal_key().public()));
    assert!(!card.speaks_for(&mallory().node.into()));
    assert!(!card.speaks_for(&mallory().seal_key().public()));
}

#[test]
fn a_field_out_of_bounds_is_named() {
    let cases = [
        (raw(|card| card.node_id.clear()), CardError::Node),
        (raw(|card| card.node_id[0] = 5), CardError::Node),
        (raw(|card| card.seal_key[0] = 5), CardError::SealKey),
        (raw(|card| card.seal_key = vec![2; 32]), CardError::SealKey),
        (
            raw(|card| card.expires_ms = card.issued_ms),
            CardError::Time,
        ),
        (
            raw(|card| card.expires_ms = 253_402_300_800_000),
            CardError::Time,
        ),
        (raw(|card| card.issued_ms = u64::MAX), CardError::Time),
        (
            raw(|card| card.stranger_price_msat = bounds::ALL_MSAT + 1),
            CardError::Price,
        ),
        (raw(|card| card.name = "x".repeat(257)), CardError::Name),
        (signed(vec![0xff], &bob()), CardError::Encoding),
        (signed(Vec::new(), &bob()), CardError::Time),
    ];
    for (card, error) in cases {
        assert_eq!(card.verify(bob().node, NOW), Err(error));
    }
    assert_eq!(
        SignedCard::new(vec![0; CARD_LIMIT + 1], [0; SIGNATURE]),
        Err(CardError::TooLong)
    );
    let unsigned = wire::SignedCard {
        card: card(&bob()).encode(),
        signature: vec![32; 64],
    };
    assert_eq!(
        SignedCard::decode(&unsigned.encode_to_vec()),
        Err(CardError::Signature)
    );
}

#[test]
fn a_name_is_shown_on_one_line_and_signed_as_it_came() {
    let sent = raw(|card| card.name = " Bob\n\u{202e}boB ".to_owned());
    let read = sent.verify(bob().node, NOW).unwrap();
    assert_eq!(read.name.as_deref(), Some("Bob boB"));
    let nameless = raw(|card| card.name = "\u{200b}".to_owned());
    assert_eq!(nameless.verify(bob().node, NOW).unwrap().name, None);
    // We never write what others would refuse.
    let long = KeyCard {
        name: Some("鲍".repeat(300)),
        ..card(&bob())
    };
    assert!(
        signed(long.encode(), &bob())
            .verify(bob().node, NOW)
            .is_ok()
    );
}

#[test]
fn a_bare_card_travels_alone_and_without_a_name() {
    let bare = KeyCard {
        name: None,
        ..card(&bob())
    };
    let sent = signed(bare.encode(), &bob());
    let envelope = sent.envelope().unwrap();
    assert_eq!(envelope[..2], [1, 3]);
    assert_eq!(
        crate::Envelope::parse(&envelope).err(),
        Some(crate::EnvelopeError::Card)
    );
    let received = SignedCard::from_envelope(&envelope).unwrap();
    assert_eq!(received.verify(bob().node, NOW), Ok(bare));

    let named = signed(card(&bob()).encode(), &bob());
    assert_eq!(named.envelope(), Err(CardError::Named));
    let named = [&[1, 3], named.encode().as_slice()].concat();
    assert_eq!(SignedCard::from_envelope(&named), Err(CardError::Named));
    // Not even a name that would not be shown.
    let hidden = raw(|card| card.name = "\u{200b}".to_owned());
    assert_eq!(hidden.envelope(), Err(CardError::Named));
    for other in [&[] as &[u8], &[1], &[1, 2], &[2, 3]] {
        assert_eq!(SignedCard::from_envelope(other), Err(CardError::NotACard));
    }
}

#[test]
fn the_signature_of_the_node_is_104_characters() {
    let text = "y".repeat(104);
    assert_eq!(signature_from_text(&text), Ok([0; SIGNATURE]));
    for bad in [
        "",
        &text[1..],
        &format!("{text}y"),
        &text.replace('y', "v"),
        "é",
    ] {
        assert_eq!(signature_from_text(bad), Err(CardError::Signature), "{bad}");
    }
}

#[test]
fn a_card_of_another_implementation_is_signed_and_read_alike_here() {
    // Python, with the curve of `coincurve`. The third card has fields and features of a newer program.
    let blocks: Vec<_> = include_str!("independent.txt").split("\n\n").collect();
    assert_eq!(blocks.len(), 3);
    for (number, block) in blocks.into_iter().enumerate() {
        let given = fields(block);
        let node = NodeId::from_bytes(&given["node_id"]).unwrap();
        assert_eq!(signing_text(&given["card"]).as_bytes(), given["text"]);
        let zbase32 = std::str::from_utf8(&given["zbase32"]).unwrap();
        let signature = signature_from_text(zbase32).unwrap();
        assert_eq!(signature.as_slice(), given["signature"]);

        let sent = SignedCard::new(given["card"].clone(), signature).unwrap();
        assert_eq!(sent.encode(), given["signed_card"]);
        let card = sent.verify(node, NOW).unwrap();
        assert_eq!(sent.verify(alice().node, NOW), Err(CardError::OtherNode));
        let names = [None, Some("Bob 鲍勃"), None];
        assert_eq!(card.name.as_deref(), names[number]);
        assert_eq!(card.encode() == given["card"], number != 2);
        assert_eq!(card.features.holds_keysends, number == 1);
        assert_eq!(sent.envelope().is_ok(), number != 1);
    }
}

fn any_card() -> impl Strategy<Value = KeyCard> {
    (
        0..=bounds::LAST_MOMENT,
        0..=bounds::LAST_MOMENT,
        any::<[bool; 4]>(),
        0..=bounds::ALL_MSAT,
        any::<Option<String>>(),
    )
        .prop_filter("a span of time", |(from, to, ..)| from != to)
        .prop_map(|(one, two, features, price, name)| KeyCard {
            issued: Timestamp(one.min(two)),
            expires: Timestamp(one.max(two)),
            features: Features {
                peer_messages: features[0],
                onion_messages: features[1],
                holds_keysends: features[2],
                issues_invoices: features[3],
            },
            stranger_price: Msat::new(price),
            name: name.as_deref().and_then(person_name),
            ..card(&bob())
        })
}

proptest! {
    #[test]
    fn every_card_comes_back(card in any_card()) {
        let sent = signed(card.encode(), &bob());
        let received = SignedCard::decode(&sent.encode()).unwrap();
        prop_assert_eq!(received.verify(bob().node, card.issued), Ok(card.clone()));
        prop_assert_eq!(sent.envelope().is_ok(), card.name.is_none());
    }

    #[test]
    fn any_bytes_are_no_card(bytes in prop::collection::vec(any::<u8>(), 0..300), bare in any::<bool>()) {
        let bytes = if bare { [ENVELOPE.as_slice(), &bytes].concat() } else { bytes };
        let read = if bare { SignedCard::from_envelope(&bytes) } else { SignedCard::decode(&bytes) };
        if let Ok(card) = read {
            prop_assert_eq!(SignedCard::decode(&card.encode()), Ok(card.clone()));
            prop_assert!(card.verify(bob().node, NOW).is_err());
        }
    }

    #[test]
    fn any_signed_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(card) = signed(bytes, &bob()).verify(bob().node, NOW) {
            prop_assert_eq!(card.node, bob().node);
        }
    }
}
