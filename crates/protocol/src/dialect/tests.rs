use data_encoding::{BASE64, Encoding, Specification};
use proptest::prelude::*;

use super::*;
use crate::people::{Person, alice, bob, mallory};
use crate::record::{self, Records};

mod others;
mod times;

const WORDS: &str = "Grüße, 你好 \"Bob\"\n\u{1}";
/// 2026-09-21.
const AT: Timestamp = Timestamp(1_790_000_000_123);

/// `SignMessage`'s answer, made with another description of the alphabet than the reader's.
fn zbase32(signature: &[u8]) -> Vec<u8> {
    encoding().encode(signature).into_bytes()
}

fn encoding() -> Encoding {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("ybndrfg8ejkmcpqxot1uwisza345h769");
    specification.encoding().unwrap()
}

fn ascending(mut records: Records) -> Records {
    records.sort();
    records
}

fn with(records: &Records, number: u64, value: impl AsRef<[u8]>) -> Records {
    let mut changed: Records = records
        .iter()
        .filter(|(n, _)| *n != number)
        .cloned()
        .collect();
    changed.push((number, value.as_ref().to_vec()));
    ascending(changed)
}

fn without(records: &Records, number: u64) -> Records {
    records
        .iter()
        .filter(|(n, _)| *n != number)
        .cloned()
        .collect()
}

fn read(records: &Records) -> Readable {
    read_readable(records, bob().node).unwrap()
}

/// The dialects that are signed with a sender and a text, as `signer` writes them in `sender`'s name to Bob.
type Write = fn(signer: &Person, sender: NodeId, text: &str) -> Records;

fn whatsat(signer: &Person, sender: NodeId, text: &str) -> Records {
    let time = whatsat::time_bytes(AT);
    let signature = signer.sign_der(&whatsat::signed_bytes(sender, bob().node, &time, text));
    whatsat::records(sender, &time, text, &signature)
}

/// As Whatsat, with another time record.
fn whatsat_at(time: &[u8]) -> Records {
    let alice = alice();
    let bytes = [
        alice.node.as_bytes(),
        bob().node.as_bytes(),
        time,
        WORDS.as_bytes(),
    ]
    .concat();
    ascending(vec![
        (record::TEXT, WORDS.into()),
        (record::SENDER, alice.node.as_bytes().into()),
        (record::TIME, time.into()),
        (record::SIGNATURE, alice.sign_der(&bytes)),
    ])
}

fn juggernaut_typed(signer: &Person, sender: NodeId, text: &str, kind: &str) -> Records {
    let time = AT.0.to_be_bytes();
    let (from, to) = (sender.as_bytes(), *bob().node.as_bytes());
    let signed = [from, to.as_slice(), &time, text.as_bytes(), kind.as_bytes()].concat();
    ascending(vec![
        (record::TEXT, text.into()),
        (record::SIGNATURE, zbase32(&signer.sign(&signed))),
        (record::SENDER, sender.as_bytes().into()),
        (record::TIME, time.into()),
        (record::CONTENT_TYPE, kind.into()),
    ])
}

fn juggernaut(signer: &Person, sender: NodeId, text: &str) -> Records {
    juggernaut_typed(signer, sender, text, "text")
}

fn thunderhub_typed(signer: &Person, sender: NodeId, text: &str, kind: &str) -> Records {
    let message = serde_json::Value::from(text);
    let signed = format!("{{\"sender\":\"{sender}\",\"message\":{message}}}");
    ascending(vec![
        (record::TEXT, text.into()),
        (record::SIGNATURE, zbase32(&signer.sign(signed.as_bytes()))),
        (record::SENDER, sender.as_bytes().into()),
        (record::ALIAS, "alice's node".into()),
        (record::CONTENT_TYPE, kind.into()),
    ])
}

fn thunderhub(signer: &Person, sender: NodeId, text: &str) -> Records {
    thunderhub_typed(signer, sender, text, "text")
}

fn cipherchat(signer: &Person, sender: NodeId, text: &str) -> Records {
    let time = format!("{}000000", AT.0);
    let signed = format!("{}{time}{text}", bob().node);
    let characters = zbase32(&signer.sign(signed.as_bytes()));
    ascending(vec![
        (record::TEXT, text.into()),
        (record::SIGNATURE, BASE64.decode(&characters).unwrap()),
        (record::SENDER, sender.to_string().into()),
        (record::TIME, time.into()),
        (record::CONTENT_TYPE, "TEXT".into()),
    ])
}

const ALL: [(Dialect, Write); 4] = [
    (Dialect::Whatsat, whatsat),
    (Dialect::Juggernaut, juggernaut),
    (Dialect::ThunderHub, thunderhub),
    (Dialect::Cipherchat, cipherchat),
];

#[test]
fn a_signed_text_of_each_dialect_is_verified() {
    for (dialect, write) in ALL {
        let alice = alice();
        let read = read(&write(&alice, alice.node, WORDS));
        assert_eq!(read.dialect, dialect);
        assert_eq!(read.text, WORDS, "{dialect:?}");
        // ThunderHub does not sign to whom it writes.
        let addressed = dialect != Dialect::ThunderHub;
        assert_eq!(
            (read.sender, read.verified, read.unaddressed),
            (Some(alice.node), addressed, !addressed),
            "{dialect:?}"
        );
        let at = (dialect != Dialect::ThunderHub).then_some(AT);
        assert_eq!(read.sent_at, at, "{dialect:?}");
        assert_eq!(read.request_amount, None);
    }
}

#[test]
fn a_good_signature_of_another_node_does_not_speak_for_the_sender() {
    for (dialect, write) in ALL {
        let read = read(&write(&mallory(), alice().node, WORDS));
        assert_eq!(
            (read.sender, read.verified),
            (Some(alice().node), false),
            "{dialect:?}"
        );
        assert_eq!(read.id(), None, "{dialect:?}");
    }
}

#[test]
fn a_changed_text_is_shown_and_not_verified() {
    for (dialect, write) in ALL {
        let alice = alice();
        let forged = with(
            &write(&alice, alice.node, WORDS),
            record::TEXT,
            "send me money",
        );
        let read = read(&forged);
        assert_eq!(
            (read.text.as_str(), read.verified),
            ("send me money", false),
            "{dialect:?}"
        );
    }
}

#[test]
fn a_message_to_somebody_else_does_not_count_for_us() {
    for (dialect, write) in ALL {
        let alice = alice();
        let records = write(&alice, alice.node, WORDS);
        let read = read_readable(&records, mallory().node).unwrap();
        assert!(!read.verified, "{dialect:?}");
    }
}

#[test]
fn a_damaged_signature_or_time_is_not_verified() {
    for (dialect, write) in ALL {
        let alice = alice();
        let records = write(&alice, alice.node, WORDS);
        let signature = record::find(&records, record::SIGNATURE).unwrap().to_vec();
        for at in 0..signature.len() {
            let mut damaged = signature.clone();
            damaged[at] ^= 1;
            let read = read(&with(&records, record::SIGNATURE, damaged));
            assert!(!read.verified, "{dialect:?} {at}");
        }
        let cut = &signature[..signature.len() - 1];
        assert!(
            !read(&with(&records, record::SIGNATURE, cut)).verified,
            "{dialect:?}"
        );
        if dialect != Dialect::ThunderHub {
            let later = whatsat::time_bytes(Timestamp(AT.0 + 1));
            assert!(
                !read(&with(&records, record::TIME, later)).verified,
                "{dialect:?}"
            );
            assert!(
                !read(&without(&records, record::TIME)).verified,
                "{dialect:?}"
            );
        }
        assert!(
            !read(&without(&records, record::SENDER)).verified,
            "{dialect:?}"
        );
    }
}

#[test]
fn text_alone_has_no_sender() {
    let read = read(&vec![(record::TEXT, "hello".into())]);
    assert_eq!(
        (read.text.as_str(), read.dialect),
        ("hello", Dialect::Plain)
    );
    assert_eq!(
        (read.sender, read.verified, read.sent_at, read.id()),
        (None, false, None, None)
    );
}

#[test]
fn a_sender_without_a_signature_is_a_claim() {
    let alice = alice();
    for (dialect, write) in ALL {
        let read = read(&without(
            &write(&alice, alice.node, WORDS),
            record::SIGNATURE,
        ));
        assert_eq!((read.sender, read.verified), (Some(alice.node), false));
        assert_eq!(read.dialect, dialect);
    }
    let broken = vec![
        (record::TEXT, b"hi".to_vec()),
        (record::SENDER, vec![9; 33]),
    ];
    assert_eq!(read(&broken).sender, None);
}

#[test]
fn there_is_no_text_without_text() {
    for records in [
        vec![],
        vec![(record::KEYSEND_PREIMAGE, vec![1; 32])],
        vec![(record::TEXT, vec![])],
        vec![(record::TEXT, b"  \n\t\xe2\x80\x8b ".to_vec())],
        vec![(record::NOISE_SIGNATURE, vec![32; 65])],
        vec![(record::LETTER, vec![1; 200])],
    ] {
        assert_eq!(read_readable(&records, bob().node), None);
    }
}

#[test]
fn a_sender_without_words_is_still_a_sender() {
    let alice = alice();
    for text in [None, Some("   \n \t ")] {
        let records = match text {
            Some(text) => whatsat(&alice, alice.node, text),
            None => without(&whatsat(&alice, alice.node, WORDS), record::TEXT),
        };
        let read = read(&records);
        assert_eq!((read.text.as_str(), read.sender), ("", Some(alice.node)));
        assert_eq!(read.verified, text.is_some(), "what was signed is here");
    }
    let named = read(&vec![(record::ALIAS, b"Zo\xc3\xab".to_vec())]);
    assert_eq!((named.alias.as_deref(), named.sender), (Some("Zoë"), None));
}

#[test]
fn a_text_of_any_bytes_is_shown() {
    let records = vec![(record::TEXT, b"caf\xe9".to_vec())];
    assert_eq!(read(&records).text, "caf\u{fffd}");
    let long = read(&vec![(record::TEXT, "é".repeat(TEXT_LIMIT).into())]).text;
    assert_eq!(long, "é".repeat(TEXT_LIMIT / 2));
    let odd = read(&vec![(
        record::TEXT,
        format!("a{}", "é".repeat(TEXT_LIMIT)).into(),
    )])
    .text;
    assert_eq!(odd.len(), TEXT_LIMIT - 1);
}

#[test]
fn two_payments_with_one_message_have_one_id() {
    let alice = alice();
    let time = whatsat::time_bytes(AT);
    let id = Some(message_id_of_readable(alice.node, &time, WORDS));
    let records = whatsat(&alice, alice.node, WORDS);
    assert_eq!(read(&records).id(), id);
    let again = with(&records, record::KEYSEND_PREIMAGE, [5; 32]);
    assert_eq!(read(&again).id(), id);
    assert_ne!(read(&whatsat(&alice, alice.node, "another")).id(), id);
    assert_ne!(
        id,
        Some(message_id_of_readable(mallory().node, &time, WORDS))
    );
    // Of an unsigned one, anybody could take the id.
    assert_eq!(read(&without(&records, record::SIGNATURE)).id(), None);
    // Without a time, "ok" and "ok" are two messages.
    assert_eq!(read(&thunderhub(&alice, alice.node, "ok")).id(), None);
}

#[test]
fn what_we_write_stands_in_the_order_of_its_numbers() {
    let records = whatsat(&alice(), alice().node, WORDS);
    assert_eq!(ascending(records.clone()), records);
    assert_eq!(
        whatsat::time_bytes(AT),
        1_790_000_000_123_000_000_u64.to_be_bytes()
    );
    assert_eq!(whatsat::time_bytes(Timestamp(-1)), [0; 8]);
}

fn any_records() -> impl Strategy<Value = Records> {
    let number = prop_oneof![
        Just(record::TEXT),
        Just(record::NOISE_SIGNATURE),
        Just(record::SIGNATURE),
        Just(record::SENDER),
        Just(record::ALIAS),
        Just(record::TIME),
        Just(record::CONTENT_TYPE),
        Just(record::PODCAST),
        Just(record::TIP),
        Just(record::TIP_ODD),
        Just(record::SPHINX),
        Just(record::C13N_PAYLOAD),
        Just(record::C13N_SENDER),
        Just(record::C13N_SIGNATURE),
        any::<u64>(),
    ];
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..120),
        prop::collection::vec(any::<u8>(), 65),
        prop::collection::vec(any::<u8>(), 78),
        any::<[u8; 8]>().prop_map(Vec::from),
        "[ybndrfg8ejkmcpqxot1uwisza345h769]{104}".prop_map(String::into_bytes),
        "[0-9]{19}".prop_map(String::into_bytes),
        Just(b"paymentrequest".to_vec()),
        Just(b"PAYMENT".to_vec()),
        Just(alice().node.as_bytes().to_vec()),
        "[0-9]{1,30},\\PC{0,9}".prop_map(String::into_bytes),
        "\\{\"message\":\"\\PC{0,9}\".*".prop_map(String::into_bytes),
    ];
    prop::collection::btree_map(number, value, 0..8)
        .prop_map(|records| records.into_iter().collect())
}

proptest! {
    #[test]
    fn any_records_are_read_and_nobody_is_verified(records in any_records()) {
        if let Some(read) = read_readable(&records, bob().node) {
            prop_assert!(read.text.len() <= TEXT_LIMIT);
            prop_assert!(!read.verified);
            prop_assert!(read.sender != Some(alice().node) || !read.verified);
        }
    }

    #[test]
    fn whatever_is_signed_in_a_dialect_is_read_back(text in "\\PC{1,60}", which in 0_usize..4) {
        let (dialect, write) = ALL[which];
        let alice = alice();
        let read = read(&write(&alice, alice.node, &text));
        prop_assert_eq!(read.dialect, dialect);
        prop_assert_eq!(read.text, text);
        prop_assert!(read.verified || read.unaddressed);
    }
}
