//! Letters to seal keys: no node is asked.

use super::*;

/// From Alice's seal key to Bob's.
pub(super) fn sealed_to_key(letter: &[u8]) -> Vec<u8> {
    let (alice, bob) = (alice().seal_key(), bob());
    let to = Recipient::with_seal_key(bob.node, bob.seal_key().public());
    let shared = alice.shared(&to.key());
    let mut rng = StdRng::seed_from_u64(5);
    seal(&mut rng, alice.public(), to, &shared, &HASH, letter).unwrap()
}

fn opened_with_key(
    envelope: &[u8],
    by: &Person,
    context: &[u8; 32],
) -> Result<(PublicKey, Vec<u8>), SealError> {
    Envelope::parse(envelope)
        .unwrap()
        .open_with_key(&by.seal_key(), by.node, context)
}

#[test]
fn bob_opens_a_letter_to_his_seal_key_without_his_node() {
    let envelope = sealed_to_key(WORDS);
    let to = Recipient::with_seal_key(bob().node, bob().seal_key().public());
    assert_eq!(envelope.len(), WORDS.len() + to.overhead());
    assert_eq!(Envelope::parse(&envelope).unwrap().lock(), to.lock());
    assert_eq!(
        opened_with_key(&envelope, &bob(), &HASH),
        Ok((alice().seal_key().public(), WORDS.to_vec()))
    );
}

#[test]
fn the_sender_of_a_letter_to_a_seal_key_may_be_a_node() {
    let (alice, bob) = (alice(), bob());
    let to = Recipient::with_seal_key(bob.node, bob.seal_key().public());
    let shared = alice.shared_with(to.key());
    let mut rng = StdRng::seed_from_u64(6);
    let envelope = seal(&mut rng, alice.node, to, &shared, &HASH, WORDS).unwrap();
    let (sender, letter) = opened_with_key(&envelope, &bob, &HASH).unwrap();
    assert_eq!((sender.as_node(), letter), (alice.node, WORDS.to_vec()));
}

#[test]
fn the_sender_of_a_letter_to_a_node_may_be_a_seal_key() {
    let (alice, bob) = (alice().seal_key(), bob());
    let shared = alice.shared(&bob.node.into());
    let mut rng = StdRng::seed_from_u64(7);
    let envelope = seal(&mut rng, alice.public(), bob.node, &shared, &HASH, WORDS).unwrap();
    assert_eq!(Envelope::parse(&envelope).unwrap().lock(), Lock::NodeKey);
    assert_eq!(
        opened(&envelope, &bob, &HASH),
        Ok((alice.public(), WORDS.to_vec()))
    );
}

#[test]
fn another_key_is_told_from_a_letter_that_does_not_open() {
    let envelope = sealed_to_key(WORDS);
    assert_eq!(
        opened_with_key(&envelope, &mallory(), &HASH),
        Err(SealError::OtherKey)
    );
    let parsed = Envelope::parse(&envelope).unwrap();
    assert_eq!(
        parsed.open(bob().node, &HASH).err(),
        Some(SealError::OtherKey)
    );
    let to_node = sealed(WORDS);
    assert_eq!(
        opened_with_key(&to_node, &bob(), &HASH),
        Err(SealError::OtherKey)
    );
}

#[test]
fn it_opens_on_no_other_payment_and_for_no_other_node() {
    let envelope = sealed_to_key(WORDS);
    assert_eq!(
        opened_with_key(&envelope, &bob(), &[0; 32]),
        Err(SealError::DoesNotOpen)
    );
    // Mallory's node vouches for Bob's key: what is sealed to that card is not for Bob.
    let parsed = Envelope::parse(&envelope).unwrap();
    assert_eq!(
        parsed.open_with_key(&bob().seal_key(), mallory().node, &HASH),
        Err(SealError::DoesNotOpen)
    );
}

#[test]
fn every_bit_of_it_counts() {
    let envelope = sealed_to_key(WORDS);
    for at in 2..envelope.len() {
        for bit in 0..8 {
            let mut changed = envelope.clone();
            changed[at] ^= 1 << bit;
            let error = opened_with_key(&changed, &bob(), &HASH).unwrap_err();
            assert_eq!(error == SealError::OtherKey, at < 6, "{at} {bit}");
        }
    }
}

#[test]
fn it_is_not_shorter_than_an_empty_letter_and_not_longer_than_a_noise_message() {
    let empty = sealed_to_key(&[]);
    assert_eq!(empty.len(), OVERHEAD + 4);
    for len in 1..empty.len() {
        assert_eq!(
            Envelope::parse(&empty[..len]).err(),
            Some(EnvelopeError::TooShort),
            "{len}"
        );
    }
    let longest = sealed_to_key(&vec![7; LETTER_ROOM]);
    assert!(opened_with_key(&longest, &bob(), &HASH).is_ok());
    assert_eq!(
        Envelope::parse(&[longest, vec![0]].concat()).err(),
        Some(EnvelopeError::TooLong)
    );
}

#[test]
fn a_card_is_no_letter() {
    assert_eq!(Envelope::parse(&[1, 3]).err(), Some(EnvelopeError::Card));
    assert!(!EnvelopeError::Card.is_newer());
}

proptest! {
    #[test]
    fn every_letter_to_a_seal_key_arrives(
        letter in prop::collection::vec(any::<u8>(), 0..2_048),
        context in any::<[u8; 32]>(),
        seed in any::<u64>(),
        by_node in any::<bool>()
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let (alice, bob) = (alice(), SealKey::generate(&mut rng));
        let to = Recipient::with_seal_key(mallory().node, bob.public());
        let sender = if by_node { alice.node.into() } else { alice.seal_key().public() };
        let shared = if by_node { alice.shared_with(to.key()) } else { alice.seal_key().shared(&to.key()) };
        let envelope = seal(&mut rng, sender, to, &shared, &context, &letter).unwrap();
        prop_assert_eq!(envelope.len().checked_sub(letter.len()), Some(to.overhead()));
        let opened = Envelope::parse(&envelope).unwrap().open_with_key(&bob, mallory().node, &context);
        prop_assert_eq!(opened, Ok((sender, letter)));
    }

    #[test]
    fn any_bytes_to_a_seal_key_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 7..300)) {
        let Lock::SealKey(KeyId([a, b, c, d])) =
            Recipient::with_seal_key(bob().node, bob().seal_key().public()).lock()
        else {
            panic!("Bob has a seal key");
        };
        bytes.splice(..7, [VERSION, KIND_SEAL_KEY, a, b, c, d, 2]);
        if let Ok(envelope) = Envelope::parse(&bytes) {
            prop_assert!(envelope.open_with_key(&bob().seal_key(), bob().node, &HASH).is_err());
        }
    }
}
