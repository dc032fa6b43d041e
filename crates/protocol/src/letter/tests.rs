use proptest::prelude::*;

use super::*;
use crate::bounds::{ALL_MSAT, LAST_MOMENT};

fn letter(body: Body) -> Letter {
    Letter {
        id: MessageId([0x0a; 16]),
        sequence: 7,
        sent_at: Timestamp(1_790_000_000_123),
        expectation: Expectation::Return,
        hold_secs: Some(900),
        reply_to: None,
        body,
    }
}

/// Letters whose bytes must never change: other people's programs and databases hold them.
fn kept() -> Vec<(&'static str, Letter)> {
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
    ]
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
    let body = prop_oneof![
        any::<String>().prop_map(Body::Text),
        any::<Option<[u8; 32]>>().prop_map(|beside| Body::Hello { beside }),
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
        0..=i64::MAX as u64,
        0..=LAST_MOMENT,
        expectation,
        any::<Option<u32>>(),
        any::<Option<[u8; 16]>>(),
        body,
    )
        .prop_map(
            |(id, sequence, at, expectation, hold_secs, reply_to, body)| Letter {
                id: MessageId(id),
                sequence,
                sent_at: Timestamp(at),
                expectation,
                hold_secs,
                reply_to: reply_to.map(MessageId),
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
