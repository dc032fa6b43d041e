use domain::{Expectation, MessageId, Msat, PaymentHash, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::document::fields;

mod bad;
mod document;

/// What a letter may have inside a keysend.
const KEYSEND: usize = 576;

fn letter(body: Body) -> Letter {
    Letter {
        id: MessageId([0x0a; 16]),
        sequence: 7,
        after: 0,
        sent_at: Timestamp(1_790_000_000_123),
        expectation: Expectation::Return,
        hold_secs: Some(900),
        reply_to: Some(MessageId([0x0b; 16])),
        card: None,
        hints: Vec::new(),
        body,
    }
}

fn text(words: &str) -> Letter {
    letter(Body::Text(words.to_owned()))
}

/// Text that no program packs: every character is a surprise.
fn noise(len: usize) -> String {
    let mut hash: [u8; 32] = [7; 32];
    let mut text = String::new();
    while text.len() < len {
        hash = Sha256::digest(hash).into();
        text.extend(
            hash.iter()
                .map(|byte| char::from(33_u8.saturating_add(byte % 90))),
        );
    }
    text.truncate(len);
    text
}

fn story(lines: usize) -> String {
    (0..lines)
        .map(|line| {
            format!("On day {line} the mirror on the hill sent its light to the next one.\n")
        })
        .collect()
}

fn pieces(letters: &[Letter]) -> Vec<Piece> {
    letters
        .iter()
        .map(|letter| match &letter.body {
            Body::Piece(piece) => piece.clone(),
            other => panic!("not a piece: {other:?}"),
        })
        .collect()
}

fn joined(pieces: impl IntoIterator<Item = Piece>) -> Result<Option<Whole>, PartError> {
    let mut pieces = pieces.into_iter().peekable();
    let mut joiner = Joiner::new(pieces.peek().unwrap().set);
    for piece in pieces {
        joiner.add(piece)?;
    }
    joiner.whole()
}

#[test]
fn a_letter_that_fits_is_left_alone() {
    let short = text("Grüße, Bob");
    assert_eq!(cut(&short, KEYSEND), Ok(vec![short.clone()]));
    let exact = short.encode().len();
    assert_eq!(cut(&short, exact), Ok(vec![short]));
}

#[test]
fn a_long_letter_goes_in_parts_and_is_joined_in_any_order() {
    let long = text(&noise(3_000));
    let letters = cut(&long, KEYSEND).unwrap();
    assert!(letters.len() > 5);
    let mut received = Vec::new();
    for sent in &letters {
        let bytes = sent.encode();
        assert!(bytes.len() <= KEYSEND);
        let read = Letter::decode(&bytes).unwrap();
        assert_eq!(&read, sent);
        received.push(read);
    }
    received.rotate_left(3);
    received.reverse();
    let whole = joined(pieces(&received)).unwrap().unwrap();
    assert_eq!(whole.letter(&received[0]), long);
}

#[test]
fn a_story_is_packed_and_may_need_one_part_only() {
    let long = text(&story(60));
    assert!(long.encode().len() > 3_900);
    let letters = cut(&long, KEYSEND).unwrap();
    assert_eq!(letters.len(), 1);
    let pieces = pieces(&letters);
    assert_eq!(pieces[0].set.packing, Packing::Zstd);
    assert_eq!(joined(pieces).unwrap().unwrap().body, long.body);
}

#[test]
fn what_packing_would_lengthen_goes_as_it_is() {
    const RECEIPT: u8 = 100;
    let ids: Vec<_> = (0..RECEIPT)
        .map(|n| MessageId(Sha256::digest([n])[..16].try_into().unwrap()))
        .collect();
    let receipt = letter(Body::Receipt {
        delivered: ids,
        read: Vec::new(),
    });
    let letters = cut(&receipt, KEYSEND).unwrap();
    let pieces = pieces(&letters);
    assert_eq!(pieces[0].set.packing, Packing::Plain);
    assert_eq!(joined(pieces).unwrap().unwrap().body, receipt.body);
}

#[test]
fn the_longest_text_arrives_and_a_longer_one_does_not_leave() {
    let longest = text(&noise(TEXT_LIMIT));
    for room in [384, KEYSEND, 30_000, LETTER_ROOM, usize::MAX] {
        let letters = cut(&longest, room).unwrap();
        assert!(letters.iter().all(|letter| letter.encode().len() <= room));
        let whole = joined(pieces(&letters)).unwrap().unwrap();
        assert_eq!(whole.body, longest.body);
    }
    let edit = letter(Body::Edit {
        of: MessageId([0x0b; 16]),
        text: noise(TEXT_LIMIT),
    });
    let letters = cut(&edit, KEYSEND).unwrap();
    assert_eq!(joined(pieces(&letters)).unwrap().unwrap().body, edit.body);

    let longer = text(&"x".repeat(TEXT_LIMIT + 1));
    assert_eq!(
        cut(&longer, KEYSEND),
        Err(CutError::Body(LetterError::TooLong))
    );
}

#[test]
fn every_part_fills_its_room() {
    let long = text(&noise(5_000));
    for room in 200..600 {
        let letters = cut(&long, room).unwrap();
        let blocks = room - room % 64;
        for (at, letter) in letters.iter().enumerate() {
            let len = letter.encode().len();
            assert!(len <= blocks, "{room}: part {at} has {len}");
            assert!(len == blocks || at + 1 == letters.len(), "{room}: {at}");
        }
    }
}

#[test]
fn too_little_room_is_said() {
    let long = text(&noise(5_000));
    for room in [0, 63, 64] {
        assert_eq!(cut(&long, room), Err(CutError::NoRoom), "{room}");
    }
    // Room for a piece, but not for so many.
    let longest = text(&noise(TEXT_LIMIT));
    assert_eq!(cut(&longest, 256), Err(CutError::NoRoom));
}

#[test]
fn what_belongs_to_its_payment_is_not_cut() {
    let note = noise(2_000);
    let amount = Msat::new(1_000);
    for body in [
        Body::Payment {
            note: note.clone(),
            amount,
        },
        Body::Refund {
            of: PaymentHash([1; 32]),
            amount,
            note,
        },
    ] {
        assert_eq!(
            cut(&letter(body.clone()), KEYSEND),
            Err(CutError::Indivisible)
        );
        assert!(cut(&letter(body), 4_096).is_ok());
    }
}

#[test]
fn a_joiner_knows_what_it_waits_for() {
    let letters = cut(&text(&noise(2_000)), KEYSEND).unwrap();
    let pieces = pieces(&letters);
    let mut joiner = Joiner::new(pieces[0].set);
    assert!(joiner.is_empty());
    assert_eq!(joiner.add(pieces[2].clone()), Ok(true));
    assert_eq!(joiner.add(pieces[0].clone()), Ok(true));
    assert_eq!(joiner.add(pieces[2].clone()), Ok(false));
    assert_eq!(joiner.len(), 2);
    let missing: Vec<_> = joiner.missing().collect();
    let count = u32::try_from(pieces.len()).unwrap();
    assert_eq!(missing, [1].into_iter().chain(3..count).collect::<Vec<_>>());
    assert_eq!(joiner.whole(), Ok(None));
}

#[test]
fn what_another_implementation_cut_is_joined() {
    // Python, with the frames of `zstandard`. Its frame has a checksum.
    let blocks: Vec<_> = include_str!("independent.txt").split("\n\n").collect();
    assert_eq!(blocks.len(), 2);
    let packings = [Packing::Plain, Packing::Zstd];
    for (block, packing) in blocks.into_iter().zip(packings) {
        let mut given = fields(block);
        let words = String::from_utf8(given.remove("text").unwrap()).unwrap();
        let letters: Vec<_> = given
            .values()
            .rev()
            .map(|bytes| Letter::decode(bytes).unwrap())
            .collect();
        assert_eq!(letters.len(), 3);
        let pieces = pieces(&letters);
        assert_eq!(pieces[0].set.packing, packing);
        assert_eq!(joined(pieces).unwrap().unwrap().body, Body::Text(words));
    }
}

proptest! {
    #[test]
    fn every_text_comes_back(
        words in prop_oneof!["\\PC{0,3000}", "(mirror|sun| ){0,2000}", any::<String>()],
        room in 192_usize..2_000,
        seed in any::<prop::sample::Index>(),
        carded in any::<bool>()
    ) {
        let mut sent = text(&words);
        let room = if carded { room.saturating_add(128) } else { room };
        sent.card = carded.then(|| crate::SignedCard::new(vec![1; 20], [2; 65]).unwrap());
        let mut letters = cut(&sent, room).unwrap();
        for letter in &letters {
            let bytes = letter.encode();
            prop_assert!(bytes.len() <= room);
            prop_assert_eq!(&Letter::decode(&bytes).unwrap(), letter);
        }
        let at = seed.index(letters.len());
        letters.rotate_left(at);
        if letters.len() == 1 && letters[0] == sent {
            return Ok(());
        }
        let whole = joined(pieces(&letters)).unwrap().unwrap();
        prop_assert_eq!(whole.letter(&letters[0]), sent);
    }
}
