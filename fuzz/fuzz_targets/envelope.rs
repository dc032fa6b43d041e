//! Envelopes as they come: what is taken apart is what was there, and the rest is refused for its true reason.
#![no_main]

use domain::NodeId;
use libfuzzer_sys::fuzz_target;
use protocol::{Envelope, EnvelopeError, KeyId, LETTER_ROOM, Lock, OVERHEAD, SealError, SealKey};

/// Ephemeral key, sealed sender, and the tag of an empty letter.
const LEAST: usize = OVERHEAD - 2;
/// The longest Noise message.
const MOST: usize = LEAST + LETTER_ROOM;

fuzz_target!(|bytes: &[u8]| {
    let read = Envelope::parse(bytes);
    // Bytes before the Noise message.
    let head = match bytes {
        [1, 1, ..] => 2,
        [1, 2, ..] => 6,
        _ => return assert_eq!(read.err(), Some(refused(bytes))),
    };
    let envelope = match read {
        Ok(envelope) => envelope,
        Err(EnvelopeError::TooShort) => return assert!(bytes.len() < head + LEAST),
        Err(EnvelopeError::TooLong) => return assert!(bytes.len() > head + MOST),
        Err(error) => panic!("{error:?} of a kind that is known"),
    };
    assert!((head + LEAST..=head + MOST).contains(&bytes.len()));
    let lock = match bytes {
        [_, 2, a, b, c, d, ..] => Lock::SealKey(KeyId([*a, *b, *c, *d])),
        _ => Lock::NodeKey,
    };
    assert_eq!(envelope.lock(), lock);

    // Its borders.
    let cut = Envelope::parse(&bytes[..head + LEAST - 1]);
    assert_eq!(cut.err(), Some(EnvelopeError::TooShort));
    let mut grown = bytes.to_vec();
    grown.resize(head + MOST, 0);
    assert_eq!(Envelope::parse(&grown).map(|grown| grown.lock()), Ok(lock));
    grown.push(0);
    assert_eq!(Envelope::parse(&grown).err(), Some(EnvelopeError::TooLong));

    // Nobody sealed it.
    let key = SealKey::from_secret_bytes(&[0x22; 32]).expect("it is a key");
    let node: NodeId = key.public().as_node();
    assert!(envelope.open_with_key(&key, node, &[0; 32]).is_err());
    match (lock, envelope.open(node, &[0; 32])) {
        (Lock::SealKey(_), opening) => assert_eq!(opening.err(), Some(SealError::OtherKey)),
        (Lock::NodeKey, Err(error)) => assert_eq!(error, SealError::Key),
        (Lock::NodeKey, Ok(opening)) => {
            let secret = key.shared(&opening.ephemeral());
            if let Ok(sender) = opening.with_ephemeral_secret(&secret) {
                let secret = key.shared(&sender.sender());
                assert_eq!(sender.with_sender_secret(&secret), Err(SealError::DoesNotOpen));
            }
        }
    }
});

/// Why bytes are refused that are neither of the two kinds.
fn refused(bytes: &[u8]) -> EnvelopeError {
    let error = match bytes {
        [] | [0, ..] => EnvelopeError::NoVersion,
        [1] => EnvelopeError::TooShort,
        [1, 3, ..] => EnvelopeError::Card,
        [1, kind, ..] => EnvelopeError::UnknownKind(*kind),
        [version, ..] => EnvelopeError::Newer(*version),
    };
    let later = bytes.first().is_some_and(|version| *version > 1);
    let unknown = matches!(bytes, [1, kind, ..] if *kind != 3);
    assert_eq!(error.is_newer(), later || unknown, "only what is newer is kept");
    error
}
