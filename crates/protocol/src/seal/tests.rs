use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::people::{Person, alice, bob, mallory};

mod document;
mod independent;
mod key;
mod oracle;

const HASH: [u8; 32] = [0xcc; 32];
const WORDS: &[u8] = b"meet me at the usual place";

/// From Alice to Bob.
fn sealed(letter: &[u8]) -> Vec<u8> {
    let (alice, bob) = (alice(), bob());
    let mut rng = StdRng::seed_from_u64(1);
    seal(
        &mut rng,
        alice.node,
        bob.node,
        &alice.shared_with(bob.node),
        &HASH,
        letter,
    )
    .unwrap()
}

/// What a recipient's app does, with its node's answers.
fn opened(
    envelope: &[u8],
    by: &Person,
    context: &[u8; 32],
) -> Result<(PublicKey, Vec<u8>), SealError> {
    let opening = Envelope::parse(envelope).unwrap().open(by.node, context)?;
    let secret = by.shared_with(opening.ephemeral());
    let from = opening.with_ephemeral_secret(&secret)?;
    let sender = from.sender();
    Ok((sender, from.with_sender_secret(&by.shared_with(sender))?))
}

#[test]
fn bob_opens_what_alice_sealed_and_knows_that_it_was_her() {
    let envelope = sealed(WORDS);
    assert_eq!(envelope.len(), WORDS.len() + OVERHEAD);
    assert_eq!(
        opened(&envelope, &bob(), &HASH),
        Ok((alice().node.into(), WORDS.to_vec()))
    );
}

#[test]
fn two_seals_of_one_letter_have_nothing_in_common() {
    let (alice, bob) = (alice(), bob());
    let shared = alice.shared_with(bob.node);
    let mut rng = StdRng::seed_from_u64(2);
    let mut again = || seal(&mut rng, alice.node, bob.node, &shared, &HASH, WORDS).unwrap();
    let (one, two) = (again(), again());
    assert_ne!(one[2..35], two[2..35]);
    assert_ne!(one[35..], two[35..]);
}

#[test]
fn nobody_else_opens_it_and_it_opens_on_no_other_payment() {
    let envelope = sealed(WORDS);
    assert_eq!(
        opened(&envelope, &mallory(), &HASH),
        Err(SealError::DoesNotOpen)
    );
    assert_eq!(
        opened(&envelope, &bob(), &[0xcd; 32]),
        Err(SealError::DoesNotOpen)
    );
}

#[test]
fn mallory_can_name_alice_as_the_sender_but_her_letter_does_not_open() {
    let (alice, bob, mallory) = (alice(), bob(), mallory());
    let guessed = mallory.shared_with(bob.node);
    let mut rng = StdRng::seed_from_u64(3);
    let forged = seal(&mut rng, alice.node, bob.node, &guessed, &HASH, WORDS).unwrap();
    let opening = Envelope::parse(&forged)
        .unwrap()
        .open(bob.node, &HASH)
        .unwrap();
    let secret = bob.shared_with(opening.ephemeral());
    let from = opening.with_ephemeral_secret(&secret).unwrap();
    assert_eq!(from.sender(), alice.node.into());
    let letter = from.with_sender_secret(&bob.shared_with(alice.node));
    assert_eq!(letter, Err(SealError::DoesNotOpen));
}

#[test]
fn a_wrong_secret_of_our_node_opens_nothing() {
    let envelope = sealed(WORDS);
    let opening = Envelope::parse(&envelope)
        .unwrap()
        .open(bob().node, &HASH)
        .unwrap();
    assert_eq!(
        opening.with_ephemeral_secret(&[0; 32]).err(),
        Some(SealError::DoesNotOpen)
    );
}

#[test]
fn every_bit_counts() {
    let envelope = sealed(WORDS);
    // Version and kind have errors of their own.
    for at in 2..envelope.len() {
        for bit in 0..8 {
            let mut changed = envelope.clone();
            changed[at] ^= 1 << bit;
            let error = opened(&changed, &bob(), &HASH).unwrap_err();
            assert!(
                matches!(error, SealError::DoesNotOpen | SealError::Key),
                "{at} {bit}"
            );
        }
    }
}

#[test]
fn what_a_newer_program_wrote_is_told_from_what_is_broken() {
    let envelope = sealed(WORDS);
    let with = |version: u8, kind: u8| {
        let mut bytes = envelope.clone();
        (bytes[0], bytes[1]) = (version, kind);
        Envelope::parse(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(2, 1), EnvelopeError::Newer(2));
    assert_eq!(with(255, 0), EnvelopeError::Newer(255));
    assert_eq!(with(1, 4), EnvelopeError::UnknownKind(4));
    assert_eq!(with(0, 1), EnvelopeError::NoVersion);
    assert!(with(2, 1).is_newer() && with(1, 4).is_newer() && !with(0, 1).is_newer());
    // A newer one may be of any length.
    assert_eq!(Envelope::parse(&[9]).err(), Some(EnvelopeError::Newer(9)));
    assert_eq!(Envelope::parse(&[]).err(), Some(EnvelopeError::NoVersion));
}

#[test]
fn an_envelope_is_not_shorter_than_an_empty_letter() {
    let empty = sealed(&[]);
    assert_eq!(empty.len(), OVERHEAD);
    assert_eq!(
        opened(&empty, &bob(), &HASH),
        Ok((alice().node.into(), Vec::new()))
    );
    for len in 1..OVERHEAD {
        assert_eq!(
            Envelope::parse(&empty[..len]).err(),
            Some(EnvelopeError::TooShort),
            "{len}"
        );
    }
}

#[test]
fn a_letter_has_the_room_of_one_noise_message() {
    let (alice, bob) = (alice(), bob());
    let shared = alice.shared_with(bob.node);
    let of_len = |len| {
        let mut rng = StdRng::seed_from_u64(4);
        seal(
            &mut rng,
            alice.node,
            bob.node,
            &shared,
            &HASH,
            &vec![7; len],
        )
    };
    let longest = of_len(65_437).unwrap();
    assert_eq!(opened(&longest, &bob, &HASH).unwrap().1.len(), 65_437);
    assert_eq!(of_len(65_438), Err(SealError::TooLong));
    let too_long = [longest, vec![0]].concat();
    assert_eq!(
        Envelope::parse(&too_long).err(),
        Some(EnvelopeError::TooLong)
    );
}

#[test]
fn a_key_that_is_no_point_costs_no_question_to_our_node() {
    let mut envelope = sealed(WORDS);
    envelope[2] = 5;
    let opening = Envelope::parse(&envelope).unwrap().open(bob().node, &HASH);
    assert_eq!(opening.err(), Some(SealError::Key));
}

#[test]
fn keys_are_erased() {
    use zeroize::Zeroize as _;
    let mut state = Symmetric::begin(&bob().node.into(), b"prologue");
    state.mix_key(&[1; 32]).unwrap();
    let before = state.encrypt(WORDS).unwrap();
    state.zeroize();
    assert_ne!(state.encrypt(WORDS).unwrap(), before);
    fn erased_on_drop<T: zeroize::ZeroizeOnDrop>() {}
    erased_on_drop::<Symmetric>();
}

proptest! {
    #[test]
    fn every_letter_arrives(
        letter in prop::collection::vec(any::<u8>(), 0..2_048),
        context in any::<[u8; 32]>(),
        seed in any::<u64>()
    ) {
        let (alice, bob) = (alice(), bob());
        let shared = alice.shared_with(bob.node);
        let mut rng = StdRng::seed_from_u64(seed);
        let envelope = seal(&mut rng, alice.node, bob.node, &shared, &context, &letter).unwrap();
        prop_assert_eq!(opened(&envelope, &bob, &context), Ok((alice.node.into(), letter)));
    }

    #[test]
    fn any_bytes_are_refused(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300), ours in any::<bool>()
    ) {
        if ours && bytes.len() >= 3 {
            bytes.splice(..3, [VERSION, KIND_NODE, 2]);
        }
        if Envelope::parse(&bytes).is_ok() {
            prop_assert!(opened(&bytes, &bob(), &HASH).is_err());
        }
    }
}
