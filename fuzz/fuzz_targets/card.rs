//! Key cards, in letters and alone: what is read is written back and read as the same.
#![no_main]

use domain::Timestamp;
use libfuzzer_sys::fuzz_target;
use protocol::SignedCard;
use protocol::card::{CARD_LIMIT, SIGNATURE, signature_from_text};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = signature_from_text(text);
    }
    if let Ok(card) = SignedCard::from_envelope(bytes) {
        let envelope = card.envelope().expect("it came in one");
        assert_eq!(SignedCard::from_envelope(&envelope), Ok(card));
    }
    // As they travel, and the card's own bytes with a signature of nobody.
    let unsigned = SignedCard::new(bytes.to_vec(), [32; SIGNATURE]);
    assert_eq!(unsigned.is_ok(), bytes.len() <= CARD_LIMIT);
    for card in [SignedCard::decode(bytes), unsigned].into_iter().flatten() {
        assert_eq!(SignedCard::decode(&card.encode()), Ok(card.clone()));
        let Ok(node) = card.claimed().map(|card| card.node) else { continue };
        if let Ok(read) = card.verify(node, Timestamp(1_790_000_000_000)) {
            assert_eq!(read.node, node);
            assert!(read.is_expired(read.expires) && !read.is_expired(read.issued));
            let written = SignedCard::new(read.encode(), [32; SIGNATURE]).expect("it is not longer");
            assert_eq!(written.claimed().map(|card| card.node), Ok(node));
        }
    }
});
