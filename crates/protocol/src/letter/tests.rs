use domain::{Msat, PaymentHash};
use proptest::prelude::*;

use super::*;
use crate::bounds::{ALL_MSAT, LAST_MOMENT};
use crate::part::{PARTS_LIMIT, Packing, PartSet, Piece};
use crate::person_name;

fn letter(body: Body) -> Letter {
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
        body,
    }
}

/// A card's bytes mean nothing to a letter.
fn card() -> SignedCard {
    SignedCard::new(b"a card".to_vec(), [0x5c; 65]).unwrap()
}

fn hint() -> RouteHint {
    RouteHint {
        via: crate::people::bob().node,
        channel: 16_000_000 << 40,
        base_fee: Msat::new(1_000),
        fee_ppm: 1,
        cltv_delta: 80,
    }
}

fn piece() -> Piece {
    Piece {
        set: PartSet {
            count: 3,
            total: 10,
            hash: [0xdd; 32],
            packing: Packing::Zstd,
        },
        index: 1,
        bytes: b"half".to_vec(),
    }
}

/// Letters whose bytes must never change: other people's programs and databases hold them.
pub(super) fn kept() -> Vec<(&'static str, Letter)> {
    let of = PaymentHash([0xcc; 32]);
    let amount = Msat::new(2_100_000);
    vec![
        ("text", letter(Body::Text("Grüße, Bob".to_owned()))),
        (
            "answer",
            Letter {
                reply_to: Some(MessageId([0x0b; 16])),
                hold_secs: None,
                expectation: Expectation::Keep,
                ..letter(Body::Text("ok".to_owned()))
            },
        ),
        ("hello", letter(Body::Hello { beside: None })),
        (
            "hello-beside",
            letter(Body::Hello {
                beside: Some(text_hash("hi")),
            }),
        ),
        (
            "payment",
            Letter {
                expectation: Expectation::Decide,
                ..letter(Body::Payment {
                    note: "for the lunch".to_owned(),
                    amount,
                })
            },
        ),
        (
            "refund",
            letter(Body::Refund {
                of,
                amount,
                note: String::new(),
            }),
        ),
        (
            "receipt",
            letter(Body::Receipt {
                delivered: vec![MessageId([0x0b; 16]), MessageId([0x0c; 16])],
                read: vec![MessageId([0x0b; 16])],
            }),
        ),
        ("card-request", letter(Body::CardRequest)),
        (
            "invoice-request",
            letter(Body::InvoiceRequest {
                request: RequestId([0x0d; 16]),
                amount,
            }),
        ),
        (
            "invoice",
            letter(Body::Invoice {
                request: RequestId([0x0d; 16]),
                bolt11: "lnbcrt1qqqq".to_owned(),
            }),
        ),
        (
            "reaction",
            letter(Body::Reaction {
                to: MessageId([0x0b; 16]),
                emoji: Some("👍🏽".to_owned()),
            }),
        ),
        (
            "no-reaction",
            letter(Body::Reaction {
                to: MessageId([0x0b; 16]),
                emoji: None,
            }),
        ),
        (
            "edit",
            letter(Body::Edit {
                of: MessageId([0x0b; 16]),
                text: "okay".to_owned(),
            }),
        ),
        (
            "delete",
            letter(Body::Delete {
                of: MessageId([0x0b; 16]),
            }),
        ),
        (
            "profile",
            letter(Body::Profile {
                name: Some("Alice".to_owned()),
            }),
        ),
        (
            "resend-request",
            Letter {
                sequence: 0,
                after: 1_790_000_000_000,
                ..letter(Body::ResendRequest(vec![
                    Numbers { first: 1, last: 5 },
                    Numbers {
                        first: 8,
                        last: 1_790_000_000_000,
                    },
                ]))
            },
        ),
        ("piece", letter(Body::Piece(piece()))),
        (
            "card",
            Letter {
                card: Some(card()),
                ..letter(Body::Text("ok".to_owned()))
            },
        ),
        (
            "hints",
            Letter {
                hints: vec![hint()],
                ..letter(Body::Text("ok".to_owned()))
            },
        ),
    ]
}

#[test]
fn hints_that_cannot_be_are_passed_over_and_the_letter_is_read() {
    let good = hint_to_wire(&hint());
    let with = |hints: Vec<wire::RouteHint>| {
        let bytes = wire(|raw| raw.hints = hints);
        Letter::decode(&bytes).unwrap().hints
    };
    assert_eq!(with(vec![good.clone(); 3]), vec![hint(); 3]);
    let bad = |change: fn(&mut wire::RouteHint)| {
        let mut hint = good.clone();
        change(&mut hint);
        hint
    };
    for bad in [
        bad(|hint| hint.node_id = vec![2; 7]),
        bad(|hint| hint.channel_id = 0),
        bad(|hint| hint.cltv_delta = 2_017),
        bad(|hint| hint.cltv_delta = 65_536),
    ] {
        assert_eq!(with(vec![good.clone(), bad]), []);
    }
    assert_eq!(with(vec![good; 1_000]), []);
}

/// Raw letters, to write what `Letter` cannot.
fn wire(change: impl FnOnce(&mut wire::Letter)) -> Vec<u8> {
    let mut raw = wire::Letter::decode(letter(Body::Unknown).encode().as_slice()).unwrap();
    change(&mut raw);
    raw.encode_to_vec()
}

#[test]
fn the_bytes_of_a_letter_never_change() {
    let written: String = kept()
        .into_iter()
        .map(|(name, letter)| format!("{name} {}\n", hex::encode(letter.encode())))
        .collect();
    assert_eq!(written, include_str!("vectors.txt"));
}

#[test]
fn a_kept_letter_is_read_as_it_was_written() {
    let lines: Vec<_> = include_str!("vectors.txt").lines().collect();
    assert_eq!(lines.len(), kept().len());
    for (line, (name, letter)) in lines.into_iter().zip(kept()) {
        let (found, bytes) = line.split_once(' ').unwrap();
        assert_eq!(found, name);
        assert_eq!(
            Letter::decode(&hex::decode(bytes).unwrap()),
            Ok(letter),
            "{name}"
        );
    }
}

#[test]
fn a_letter_of_any_length_fills_whole_blocks() {
    for len in 0..300 {
        let letter = letter(Body::Text("x".repeat(len)));
        let bytes = letter.encode();
        assert_eq!(bytes.len() % 64, 0, "{len}");
        assert_eq!(Letter::decode(&bytes), Ok(letter), "{len}");
    }
}

#[test]
fn words_of_nearly_the_same_length_look_alike() {
    let of_len = |len| letter(Body::Text("x".repeat(len))).encode().len();
    assert_eq!(of_len(1), of_len(10));
}

#[test]
fn a_body_of_a_newer_program_is_unknown_and_the_rest_is_read() {
    // Field 40, a message of three bytes.
    let bytes = [wire(|_| {}), vec![0xc2, 0x02, 0x03, 1, 2, 3]].concat();
    assert_eq!(Letter::decode(&bytes), Ok(letter(Body::Unknown)));
}

#[test]
fn pieces_that_a_newer_program_packed_are_of_a_newer_program() {
    let bytes = wire(|raw| {
        raw.part = Some(wire::Part {
            packing: 2,
            ..piece().to_wire()
        });
        raw.body = Some(wire::letter::Body::Piece(vec![1]));
    });
    assert_eq!(Letter::decode(&bytes), Ok(letter(Body::Unknown)));
    // And what it cuts in a way of its own.
    let bytes = wire(|raw| raw.part = Some(wire::Part::default()));
    assert_eq!(Letter::decode(&bytes), Ok(letter(Body::Unknown)));
}

#[test]
fn fields_of_a_newer_program_do_no_harm() {
    // Field 60, a number: in the letter, and in the text.
    let newer = [0xe0, 0x03, 0x01];
    let with_field = wire(|raw| {
        raw.body = Some(wire::letter::Body::Text(wire::Text {
            text: "hi".to_owned(),
        }));
    });
    let expected = Ok(letter(Body::Text("hi".to_owned())));
    assert_eq!(
        Letter::decode(&[with_field, newer.to_vec()].concat()),
        expected
    );
    let text = [[0x0a, 0x02, b'h', b'i'].as_slice(), &newer].concat();
    let body = [vec![0x82, 0x01, 7], text].concat();
    assert_eq!(Letter::decode(&[wire(|_| {}), body].concat()), expected);
}

#[test]
fn a_reaction_is_one_character_of_any_make() {
    let reaction = |emoji: &str| {
        let body = Body::Reaction {
            to: MessageId([0x0b; 16]),
            emoji: Some(emoji.to_owned()),
        };
        Letter::decode(&letter(body).encode()).map(|_| ())
    };
    for good in [
        "👍",
        "❤\u{fe0f}",
        "👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏽",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "🇫🇮",
        "好",
        "+",
    ] {
        assert_eq!(reaction(good), Ok(()), "{good:?}");
    }
    let tower = format!("a{}", "\u{301}".repeat(40));
    for bad in [
        "👍👍",
        "ok",
        " ",
        "\n",
        "\u{202e}",
        "\u{200b}",
        "a\u{202e}",
        &tower,
    ] {
        assert_eq!(reaction(bad), Err(LetterError::Reaction), "{bad:?}");
    }
}

#[test]
fn a_name_is_made_fit_to_be_shown() {
    let profile = |name: &str| {
        let body = wire::letter::Body::Profile(wire::Profile {
            name: name.to_owned(),
        });
        Letter::decode(&wire(|raw| raw.body = Some(body))).map(|letter| letter.body)
    };
    let name = |name: &str| {
        Ok(Body::Profile {
            name: Some(name.to_owned()),
        })
    };
    assert_eq!(profile("  Alice\n\u{202e}A "), name("Alice A"));
    assert_eq!(profile(""), Ok(Body::Profile { name: None }));
    assert_eq!(profile("\u{200b} "), Ok(Body::Profile { name: None }));
    assert_eq!(
        profile(&"x".repeat(256)),
        name(&format!("{}…", "x".repeat(63)))
    );
    assert_eq!(profile(&"x".repeat(257)), Err(LetterError::Name));
}

#[test]
fn what_is_not_understood_is_left_to_a_person() {
    for value in [0, 4, -1] {
        let bytes = wire(|raw| raw.expectation = value);
        assert_eq!(
            Letter::decode(&bytes).unwrap().expectation,
            Expectation::Decide,
            "{value}"
        );
    }
}

#[test]
fn a_node_that_settles_on_arrival_has_no_hold_time() {
    let bytes = wire(|raw| (raw.holds_keysends, raw.hold_seconds) = (false, 60));
    assert_eq!(Letter::decode(&bytes).unwrap().hold_secs, None);
}

#[test]
fn nobody_holds_a_payment_longer_than_its_time_lock() {
    let held = |secs| {
        let bytes = wire(|raw| (raw.holds_keysends, raw.hold_seconds) = (true, secs));
        Letter::decode(&bytes).unwrap().hold_secs
    };
    assert_eq!(held(0), Some(0));
    assert_eq!(held(1_209_600), Some(1_209_600));
    assert_eq!(held(1_209_601), Some(1_209_600));
    assert_eq!(held(u32::MAX), Some(1_209_600));
}

#[test]
fn a_field_out_of_bounds_is_named() {
    use wire::letter::Body as Wire;
    let body = |body: Wire| wire(|raw| raw.body = Some(body));
    let payment = |amount_msat, note| body(Wire::Payment(wire::Payment { amount_msat, note }));
    let refund = |of: usize, amount_msat| {
        body(Wire::Refund(wire::Refund {
            of: vec![1; of],
            amount_msat,
            note: String::new(),
        }))
    };
    let receipt = |delivered: usize, read: usize| {
        body(Wire::Receipt(wire::Receipt {
            delivered: vec![1; delivered],
            read: vec![1; read],
        }))
    };
    let invoice = |request: usize, bolt11: &str| {
        body(Wire::Invoice(wire::Invoice {
            request: vec![1; request],
            bolt11: bolt11.to_owned(),
        }))
    };
    let invoice_request = |request: usize, amount_msat| {
        body(Wire::InvoiceRequest(wire::InvoiceRequest {
            request: vec![1; request],
            amount_msat,
        }))
    };
    let part = |change: fn(&mut wire::Part), bytes: usize| {
        wire(|raw| {
            let mut part = piece().to_wire();
            change(&mut part);
            raw.part = Some(part);
            raw.body = Some(Wire::Piece(vec![1; bytes]));
        })
    };
    let of = vec![1; 15];
    let long = "x".repeat(LETTER_LIMIT);
    let cases = [
        (wire(|raw| raw.id.clear()), LetterError::Id),
        (wire(|raw| raw.id.push(0)), LetterError::Id),
        (wire(|raw| raw.reply_to = vec![1; 15]), LetterError::Id),
        (wire(|raw| raw.sequence = 1 << 63), LetterError::Sequence),
        (
            wire(|raw| raw.sent_at_ms = 253_402_300_800_000),
            LetterError::Time,
        ),
        (wire(|raw| raw.sent_at_ms = u64::MAX), LetterError::Time),
        (payment(0, String::new()), LetterError::Amount),
        (payment(ALL_MSAT + 1, String::new()), LetterError::Amount),
        (refund(32, 0), LetterError::Amount),
        (refund(31, 1), LetterError::Hash),
        (refund(0, 1), LetterError::Hash),
        (
            body(Wire::Hello(wire::Hello {
                beside: vec![1; 33],
            })),
            LetterError::Hash,
        ),
        (receipt(0, 0), LetterError::Receipt),
        (receipt(15, 0), LetterError::Receipt),
        (receipt(16, 17), LetterError::Receipt),
        (receipt(256 * 16, 16), LetterError::Receipt),
        (receipt(0, 257 * 16), LetterError::Receipt),
        (invoice_request(15, 1), LetterError::Id),
        (invoice_request(16, 0), LetterError::Amount),
        (invoice_request(16, ALL_MSAT + 1), LetterError::Amount),
        (invoice(17, "lnbc1"), LetterError::Id),
        (invoice(16, ""), LetterError::Invoice),
        (invoice(16, "lnbc1 "), LetterError::Invoice),
        (invoice(16, "lnbc1é"), LetterError::Invoice),
        (invoice(16, &"l".repeat(2_049)), LetterError::Invoice),
        (
            body(Wire::Reaction(wire::Reaction {
                to: of.clone(),
                emoji: String::new(),
            })),
            LetterError::Id,
        ),
        (
            body(Wire::Edit(wire::Edit {
                of: of.clone(),
                text: String::new(),
            })),
            LetterError::Id,
        ),
        (body(Wire::Delete(wire::Delete { of })), LetterError::Id),
        // A place without a piece, and a piece without a place.
        (
            wire(|raw| {
                raw.part = Some(piece().to_wire());
                raw.body = Some(Wire::CardRequest(wire::CardRequest {}));
            }),
            LetterError::Part,
        ),
        (body(Wire::Piece(vec![1])), LetterError::Part),
        (part(|_| {}, 0), LetterError::Part),
        // Three pieces of ten bytes: none has more than eight.
        (part(|_| {}, 9), LetterError::Part),
        (part(|part| part.index = 3, 1), LetterError::Part),
        (part(|part| part.count = 0, 1), LetterError::Part),
        (part(|part| part.count = 11, 1), LetterError::Part),
        (
            part(|part| (part.count, part.total) = (257, 1_000), 1),
            LetterError::Part,
        ),
        (part(|part| part.total = 65_601, 1), LetterError::Part),
        (
            part(|part| (part.index, part.count) = (0, 1), 9),
            LetterError::Part,
        ),
        (part(|part| part.sha256.truncate(31), 1), LetterError::Part),
        (
            wire(|raw| {
                raw.card = Some(wire::SignedCard {
                    card: vec![0; 1_025],
                    signature: vec![0; 65],
                });
            }),
            LetterError::Card,
        ),
        (
            wire(|raw| raw.card = Some(wire::SignedCard::default())),
            LetterError::Card,
        ),
        (vec![0xff], LetterError::Encoding),
        // Field 16 with a text field that is not UTF-8.
        (
            vec![0x82, 0x01, 0x03, 0x0a, 0x01, 0xff],
            LetterError::Encoding,
        ),
        (
            body(Wire::Text(wire::Text { text: long.clone() })),
            LetterError::TooLong,
        ),
        (payment(1, long), LetterError::TooLong),
    ];
    for (bytes, error) in cases {
        assert_eq!(Letter::decode(&bytes), Err(error));
    }
    assert_eq!(Letter::decode(&[]), Err(LetterError::Id));
}

fn any_letter() -> impl Strategy<Value = Letter> {
    let expectation = prop_oneof![
        Just(Expectation::Return),
        Just(Expectation::Keep),
        Just(Expectation::Decide)
    ];
    let sats = (1..=ALL_MSAT).prop_map(Msat::new);
    let id = any::<[u8; 16]>().prop_map(MessageId);
    let ids = || prop::collection::vec(any::<[u8; 16]>().prop_map(MessageId), 0..20);
    let request = any::<[u8; 16]>().prop_map(RequestId);
    let emoji = prop_oneof![Just(None), "[a-z😀-🙏好]".prop_map(Some),];
    let part = (
        1..=PARTS_LIMIT,
        any::<u32>(),
        1_usize..300,
        any::<[u8; 32]>(),
        any::<bool>(),
    )
        .prop_map(|(count, index, len, hash, zstd)| Piece {
            index: index.checked_rem(count).unwrap(),
            bytes: vec![7; len],
            set: PartSet {
                count,
                total: count.saturating_mul(u32::try_from(len).unwrap()),
                hash,
                packing: if zstd { Packing::Zstd } else { Packing::Plain },
            },
        })
        .prop_filter("the whole is not too long", |piece| piece.check().is_ok());
    let body = prop_oneof![
        any::<String>().prop_map(Body::Text),
        any::<Option<[u8; 32]>>().prop_map(|beside| Body::Hello { beside }),
        (ids(), ids())
            .prop_filter("a receipt is for something", |(a, b)| !(a.is_empty()
                && b.is_empty()))
            .prop_map(|(delivered, read)| Body::Receipt { delivered, read }),
        Just(Body::CardRequest),
        (request.clone(), sats.clone())
            .prop_map(|(request, amount)| Body::InvoiceRequest { request, amount }),
        (request, "[a-zA-Z0-9]{1,300}")
            .prop_map(|(request, bolt11)| Body::Invoice { request, bolt11 }),
        (id.clone(), emoji).prop_map(|(to, emoji)| Body::Reaction { to, emoji }),
        (id.clone(), any::<String>()).prop_map(|(of, text)| Body::Edit { of, text }),
        id.prop_map(|of| Body::Delete { of }),
        any::<String>().prop_map(|name| Body::Profile {
            name: person_name(&name)
        }),
        part.prop_map(Body::Piece),
        (any::<String>(), sats.clone()).prop_map(|(note, amount)| Body::Payment { note, amount }),
        (any::<[u8; 32]>(), sats, any::<String>()).prop_map(|(of, amount, note)| Body::Refund {
            of: PaymentHash(of),
            amount,
            note
        }),
        Just(Body::Unknown),
    ];
    (
        any::<[u8; 16]>(),
        (0..=i64::MAX as u64, 0..=i64::MAX as u64),
        0..=LAST_MOMENT,
        expectation,
        prop::option::of(0..=HOLD_LIMIT),
        any::<Option<[u8; 16]>>(),
        any::<bool>(),
        body,
    )
        .prop_map(
            |(id, (sequence, after), at, expectation, hold_secs, reply_to, carded, body)| Letter {
                id: MessageId(id),
                sequence,
                after,
                sent_at: Timestamp(at),
                expectation,
                hold_secs,
                reply_to: reply_to.map(MessageId),
                card: carded.then(card),
                hints: carded.then(hint).into_iter().collect(),
                body,
            },
        )
}

proptest! {
    #[test]
    fn every_letter_comes_back(letter in any_letter()) {
        let bytes = letter.encode();
        prop_assert_eq!(bytes.len() % 64, 0);
        prop_assert_eq!(Letter::decode(&bytes), Ok(letter));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        if let Ok(letter) = Letter::decode(&bytes) {
            prop_assert_eq!(Letter::decode(&letter.encode()), Ok(letter));
        }
    }

    #[test]
    fn a_damaged_letter_is_read_or_refused(
        letter in any_letter(), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut bytes = letter.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(letter) = Letter::decode(&bytes) {
            prop_assert_eq!(Letter::decode(&letter.encode()), Ok(letter));
        }
    }
}
