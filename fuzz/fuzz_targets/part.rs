//! Parts: letters with pieces in any order, and wholes that a bad sender packed.
#![no_main]

use domain::{Expectation, MessageId, Timestamp};
use libfuzzer_sys::fuzz_target;
use protocol::part::WHOLE_LIMIT;
use protocol::{Body, Joiner, Letter, Packing, PartSet, Piece, cut};
use sha2::Digest as _;

fuzz_target!(|input: (Vec<Vec<u8>>, Vec<u8>, bool, String, u16)| {
    let (letters, whole, packed, text, room) = input;
    let mut joiner: Option<Joiner> = None;
    for bytes in &letters {
        let Ok(Letter { body: Body::Piece(piece), .. }) = Letter::decode(bytes) else { continue };
        assert_eq!(piece.check(), Ok(()));
        let joiner = joiner.get_or_insert_with(|| Joiner::new(piece.set));
        let _ = joiner.add(piece);
        held(joiner);
    }

    // One piece that is announced truly.
    if let Ok(total) = u32::try_from(whole.len()) {
        let hash = sha2::Sha256::digest(&whole).into();
        let packing = if packed { Packing::Zstd } else { Packing::Plain };
        let set = PartSet { count: 1, total, hash, packing };
        let mut joiner = Joiner::new(set);
        if joiner.add(Piece { set, index: 0, bytes: whole }).is_ok() {
            held(&joiner);
        }
    }

    // What we cut comes back, the last piece first.
    let sent = Letter {
        id: MessageId([1; 16]),
        sequence: 1,
        after: 0,
        sent_at: Timestamp(1),
        expectation: Expectation::Return,
        hold_secs: None,
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body: Body::Text(text),
    };
    let Ok(letters) = cut(&sent, usize::from(room)) else { return };
    let mut joiner: Option<Joiner> = None;
    for letter in letters.iter().rev() {
        let bytes = letter.encode();
        assert!(bytes.len() <= usize::from(room));
        assert_eq!(Letter::decode(&bytes).as_ref(), Ok(letter));
        if let Body::Piece(piece) = &letter.body {
            let joiner = joiner.get_or_insert_with(|| Joiner::new(piece.set));
            assert_eq!(joiner.add(piece.clone()), Ok(true));
        }
    }
    match joiner {
        None => assert_eq!(letters, [sent]),
        Some(joiner) => {
            let whole = joiner.whole().expect("it is undamaged").expect("it is whole");
            assert_eq!(whole.letter(&letters[0]), sent);
        }
    }
});

fn held(joiner: &Joiner) {
    if let Ok(Some(whole)) = joiner.whole() {
        assert_eq!(joiner.missing().next(), None);
        assert!(whole.bytes.len() <= WHOLE_LIMIT);
    }
}
