use super::*;

fn node(number: u8) -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([number; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

fn draft(program: Program, text: &str) -> Draft {
    Draft {
        to: node(7),
        program,
        sealing: Sealing {
            own_alone: None,
            in_doubt: false,
            ours: node(8),
            recipient: node(7).into(),
            own: None,
            card: None,
            hints: Vec::new(),
            features: protocol::Features::default(),
        },
        sealed_only: false,
        id: MessageId([1; 16]),
        sequence: 1_000_000,
        after: 0,
        sent_at: Timestamp(1_790_000_000_000),
        hold_secs: Some(900),
        text: text.into(),
        purpose: Purpose::Text,
        amends: None,
        reply_to: None,
        postage: Postage::PLAIN,
        ways_in: Vec::new(),
    }
}

const HELIOGRAPH: Program = Program::Heliograph { hold_secs: None };

fn total(draft: &Draft, len: usize) -> usize {
    encoded(draft.sizes(len))
}

#[test]
fn the_longest_text_fits_and_one_byte_more_does_not() {
    for program in [HELIOGRAPH, Program::Unknown, Program::Other] {
        for hops in 1..=8 {
            let draft = draft(program, "");
            let room = record_room(Msat::SAT, hops).unwrap();
            let longest = draft.room_for_text(hops).unwrap();
            assert!(total(&draft, longest) <= room, "{program:?} {hops}");
            assert!(total(&draft, longest + 1) > room, "{program:?} {hops}");
        }
    }
}

#[test]
fn every_hop_shortens_the_text() {
    let draft = draft(Program::Other, "");
    let rooms: Vec<_> = (1..=6)
        .map(|hops| draft.room_for_text(hops).unwrap())
        .collect();
    assert!(rooms.windows(2).all(|pair| pair[1] < pair[0]), "{rooms:?}");
}

/// What an LND of today fits, measured: 1,207 bytes of text alone at one hop, 51 less for each further one.
#[test]
fn the_room_is_never_more_than_what_was_measured() {
    for (hops, measured) in [(1, 1_207), (2, 1_156), (3, 1_105)] {
        let overhead = 5 + 3;
        let ours = record_room(Msat::SAT, hops).unwrap() - overhead;
        assert!(
            ours <= measured && measured - ours <= 8,
            "{hops}: {ours} of {measured}"
        );
    }
    assert_eq!(record_room(Msat::SAT, 0), None);
    assert_eq!(record_room(Msat::SAT, 100), None, "no onion is that long");
}

#[test]
fn a_hello_rides_beside_a_short_text_and_leaves_a_long_one_alone() {
    let has_hello = |text: &str| {
        draft(Program::Unknown, text)
            .sized_records()
            .iter()
            .any(|(kind, _)| *kind == record::LETTER)
    };
    assert!(has_hello("hi"));
    assert!(!has_hello(&"long ".repeat(120)));
}

#[test]
fn a_payment_without_words_is_a_letter_alone() {
    let draft = Draft {
        purpose: Purpose::Payment(Msat::SAT),
        ..draft(Program::Unknown, "")
    };
    let kinds: Vec<_> = draft
        .sized_records()
        .iter()
        .map(|(kind, _)| *kind)
        .collect();
    assert_eq!(kinds, [record::LETTER]);
}
