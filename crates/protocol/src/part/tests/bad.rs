//! Pieces of bad senders.

use super::*;

/// Pieces of these bytes, as a bad sender would announce them.
fn set(bytes: &[u8], packing: Packing) -> PartSet {
    PartSet {
        count: 2,
        total: u32::try_from(bytes.len()).unwrap(),
        hash: Sha256::digest(bytes).into(),
        packing,
    }
}

/// Cut in the middle, announced truly, and joined.
fn joined_bytes(bytes: &[u8], packing: Packing) -> Result<Option<Whole>, PartError> {
    let set = set(bytes, packing);
    let (one, two) = bytes.split_at(bytes.len() / 2);
    joined((0..).zip([one, two]).map(|(index, bytes)| Piece {
        set,
        index,
        bytes: bytes.to_vec(),
    }))
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 19).unwrap()
}

#[test]
fn pieces_of_two_messages_are_not_mixed() {
    let one = pieces(&cut(&text(&noise(2_000)), KEYSEND).unwrap());
    let two = pieces(&cut(&text(&noise(2_001)), KEYSEND).unwrap());
    let mut joiner = Joiner::new(one[0].set);
    joiner.add(one[0].clone()).unwrap();
    assert_eq!(joiner.add(two[1].clone()), Err(PartError::OtherSet));
    // The same message for a smaller carrier is another set.
    let smaller = pieces(&cut(&text(&noise(2_000)), 320).unwrap());
    assert_eq!(joiner.add(smaller[1].clone()), Err(PartError::OtherSet));
    let before = joiner.clone();
    let other = Piece {
        bytes: b"else".to_vec(),
        ..one[0].clone()
    };
    assert_eq!(joiner.add(other), Err(PartError::Conflict));
    assert_eq!(joiner, before);
}

#[test]
fn a_damaged_piece_is_found() {
    let mut pieces = pieces(&cut(&text(&noise(2_000)), KEYSEND).unwrap());
    pieces[1].bytes[10] ^= 1;
    assert_eq!(joined(pieces), Err(PartError::Damaged));
}

#[test]
fn a_sender_cannot_send_more_or_less_than_announced() {
    let mut long = pieces(&cut(&text(&noise(2_000)), KEYSEND).unwrap());
    let last = long.len() - 1;
    let mut short = long.clone();
    short[last].bytes.pop();
    assert_eq!(joined(short), Err(PartError::Damaged));
    long[last].bytes.push(0);
    assert_eq!(joined(long), Err(PartError::Damaged));
}

#[test]
fn a_joiner_holds_no_more_than_was_announced() {
    let set = PartSet {
        count: PARTS_LIMIT,
        total: 1_000,
        hash: [0; 32],
        packing: Packing::Plain,
    };
    let mut joiner = Joiner::new(set);
    let mut piece = |index, len| {
        let bytes = vec![1; len];
        joiner.add(Piece { set, index, bytes })
    };
    assert_eq!(piece(0, 745), Ok(true));
    assert_eq!(piece(1, 256), Err(PartError::Damaged));
    assert_eq!(piece(2, 746), Err(PartError::Impossible));
    assert_eq!(piece(256, 1), Err(PartError::Impossible));
    let total = u32::try_from(WHOLE_LIMIT + 1).unwrap();
    let huge = Piece {
        set: PartSet { total, ..set },
        index: 0,
        bytes: vec![1],
    };
    assert_eq!(huge.check(), Err(PartError::Impossible));
}

#[test]
fn a_bomb_is_stopped_while_it_is_unpacked() {
    // A body of the longest text, and then one with a byte too many around it: a field that nobody knows.
    let whole = encode_whole(&Body::Text("x".repeat(TEXT_LIMIT)));
    let filler = |len: usize| {
        let len = WHOLE_LIMIT - whole.len() - 3 + len;
        let field = [vec![0xc2, 0x02, u8::try_from(len).unwrap()], vec![0; len]].concat();
        packed(&[whole.clone(), field].concat())
    };
    assert!(joined_bytes(&filler(0), Packing::Zstd).is_ok());
    assert_eq!(
        joined_bytes(&filler(1), Packing::Zstd),
        Err(PartError::TooLong)
    );
    // 16 MiB of zeros are 600 bytes; they look back further than is allowed.
    let bomb = packed(&vec![0; 16 << 20]);
    assert!(bomb.len() < 4_096);
    assert_eq!(joined_bytes(&bomb, Packing::Zstd), Err(PartError::Packing));
    // The same with a small window, and without its size.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(17).unwrap();
    std::io::Write::write_all(&mut encoder, &vec![0; 16 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 4_096);
    assert_eq!(joined_bytes(&bomb, Packing::Zstd), Err(PartError::TooLong));
}

#[test]
fn a_text_that_is_too_long_is_refused_in_a_whole_too() {
    let whole = encode_whole(&Body::Text("x".repeat(TEXT_LIMIT + 1)));
    assert!(whole.len() <= WHOLE_LIMIT);
    assert_eq!(
        joined_bytes(&packed(&whole), Packing::Zstd),
        Err(PartError::Body)
    );
    assert_eq!(joined_bytes(&whole, Packing::Plain), Err(PartError::Body));
}

#[test]
fn a_frame_is_one_and_whole() {
    let whole = encode_whole(&Body::Text(story(5)));
    let frame = packed(&whole);
    let joined = |bytes: &[u8]| joined_bytes(bytes, Packing::Zstd);
    assert!(joined(&frame).is_ok());
    assert_eq!(joined(&frame[..frame.len() - 1]), Err(PartError::Packing));
    let twice = [frame.clone(), frame.clone()].concat();
    assert_eq!(joined(&twice), Err(PartError::Packing));
    assert_eq!(joined(&whole), Err(PartError::Packing));
    // A frame that is skipped, and an empty one, are nothing.
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    assert!(joined(&skipped).is_err());
    assert_eq!(joined(&packed(&[])), Err(PartError::Body));
}

#[test]
fn nothing_comes_in_parts_that_is_not_sent_in_parts() {
    let piece = pieces(&cut(&text(&noise(2_000)), KEYSEND).unwrap()).remove(0);
    let amount = Msat::new(1_000);
    let note = String::new();
    for body in [
        Body::Piece(piece),
        Body::Hello { beside: None },
        Body::Payment { note, amount },
    ] {
        let whole = wire::Letter {
            part: body.part(),
            body: body.encode(),
            ..wire::Letter::default()
        };
        let bytes = whole.encode_to_vec();
        assert_eq!(joined_bytes(&bytes, Packing::Plain), Err(PartError::Body));
    }
}

#[test]
fn a_body_of_a_newer_program_comes_in_parts_and_is_kept() {
    // Field 40, a message of three bytes.
    let bytes = [0xc2, 0x02, 0x03, 1, 2, 3];
    let whole = joined_bytes(&bytes, Packing::Plain).unwrap().unwrap();
    assert_eq!(whole.body, Body::Unknown);
    assert_eq!(whole.bytes, bytes);
}

proptest! {
    #[test]
    fn any_bytes_are_joined_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 2..600), zstd in any::<bool>(), frame in any::<bool>()
    ) {
        let packing = if zstd { Packing::Zstd } else { Packing::Plain };
        let bytes = if frame { packed(&bytes) } else { bytes };
        if let Ok(whole) = joined_bytes(&bytes, packing) {
            prop_assert!(whole.unwrap().bytes.len() <= WHOLE_LIMIT);
        }
    }

    #[test]
    fn a_damaged_frame_is_unpacked_or_refused(
        lines in 1_usize..40, at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut frame = packed(&encode_whole(&Body::Text(story(lines))));
        let at = at.index(frame.len());
        frame[at] = byte;
        if let Ok(whole) = joined_bytes(&frame, Packing::Zstd) {
            prop_assert!(whole.unwrap().bytes.len() <= WHOLE_LIMIT);
        }
    }

    #[test]
    fn any_pieces_are_taken_or_refused(
        numbers in prop::collection::vec((any::<u32>(), any::<u32>(), any::<u32>(), 0_usize..100), 1..20)
    ) {
        let mut joiner: Option<Joiner> = None;
        for (index, count, total, len) in numbers {
            let set = PartSet { count: count % 5, total: total % 300, hash: [0; 32], packing: Packing::Plain };
            let piece = Piece { set, index: index % 5, bytes: vec![1; len] };
            let joiner = joiner.get_or_insert_with(|| Joiner::new(set));
            if joiner.add(piece) == Ok(true) {
                prop_assert!(joiner.held <= usize::try_from(joiner.set.total).unwrap());
            }
            prop_assert!(joiner.whole() != Ok(None) || joiner.missing().next().is_some());
        }
    }
}
