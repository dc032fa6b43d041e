//! Records of a payment: envelopes and readable text of all dialects.
#![no_main]

use domain::NodeId;
use libfuzzer_sys::fuzz_target;
use protocol::record;

/// The generator point.
const NODE: [u8; 33] = [
    0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b,
    0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17,
    0x98,
];

/// The records that are read; a byte of the input chooses one.
const NUMBERS: [u64; 18] = [
    record::LETTER,
    record::KEYSEND_PREIMAGE,
    record::TEXT,
    record::NOISE_SIGNATURE,
    record::SIGNATURE,
    record::SENDER,
    record::ALIAS,
    record::TIME,
    record::CONTENT_TYPE,
    record::LNDHUB_ALIAS,
    record::BLIXT_ALIAS,
    record::PODCAST,
    record::SPHINX,
    record::C13N_PAYLOAD,
    record::C13N_SENDER,
    record::C13N_SIGNATURE,
    record::TIP,
    record::TIP_ODD,
];

fuzz_target!(|input: Vec<(u8, Vec<u8>)>| {
    let node = NodeId::from_bytes(&NODE).expect("the generator is a point");
    let mut records: protocol::Records = input
        .into_iter()
        .map(|(which, value)| (NUMBERS[usize::from(which) % NUMBERS.len()], value))
        .collect();
    records.sort();
    records.dedup_by_key(|(number, _)| *number);

    if let Some(read) = protocol::read_readable(&records, node) {
        assert!(read.text.len() <= protocol::TEXT_LIMIT);
        assert!(protocol::display_text(&read.text).len() <= protocol::TEXT_LIMIT);
        assert!(protocol::one_line(&read.text, 40).chars().count() <= 40);
    }
    let Some(envelope) = protocol::letter_record(&records) else { return };
    let Ok(envelope) = protocol::Envelope::parse(envelope) else { return };
    let Ok(opening) = envelope.open(node, &[0; 32]) else { return };
    assert!(opening.with_ephemeral_secret(&[0; 32]).is_err());
});
