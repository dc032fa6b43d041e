//! Bytes from outside.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};

use super::*;
use crate::onion::keys::subkey;

const SECRET: [u8; 32] = [9; 32];

/// Instructions as a stranger could seal them.
fn sealed(plain: &[u8]) -> Vec<u8> {
    let key = subkey(b"rho", &SECRET);
    ChaCha20Poly1305::new((&*key).into())
        .encrypt(&[0; 12].into(), plain)
        .unwrap()
}

fn fields(fields: &[(u64, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, value) in fields {
        tlv::put(&mut out, *kind, value);
    }
    out
}

fn opened(plain: &[(u64, &[u8])]) -> Result<Option<PathId>, OpenError> {
    open(&sealed(&fields(plain)), &SECRET)
}

#[test]
fn instructions_are_taken_at_their_word() {
    assert_eq!(opened(&[]), Ok(None));
    assert_eq!(opened(&[(6, &[4; 16])]), Ok(Some(PathId([4; 16]))));
    // Padding, a channel, what concerns payments, no features, and odd fields that nobody knows.
    let more: &[(u64, &[u8])] = &[
        (1, &[0; 30]),
        (2, &[1; 8]),
        (6, &[4; 16]),
        (10, &[1; 9]),
        (12, &[1; 5]),
        (14, &[]),
        (561, &[1, 2]),
    ];
    assert_eq!(opened(more), Ok(Some(PathId([4; 16]))));
}

#[test]
fn instructions_that_cannot_be_followed_are_refused() {
    let bob = bob().node;
    assert_eq!(opened(&[(4, bob.as_bytes())]), Err(OpenError::NotForUs));
    assert_eq!(opened(&[(4, &[2; 32])]), Err(OpenError::Field(4)));
    assert_eq!(opened(&[(4, &[5; 33])]), Err(OpenError::Field(4)));
    assert_eq!(opened(&[(8, &[])]), Err(OpenError::Field(8)));
    assert_eq!(opened(&[(6, &[4; 15])]), Err(OpenError::ForeignPath));
    assert_eq!(opened(&[(6, &[4; 32])]), Err(OpenError::ForeignPath));
    assert_eq!(opened(&[(6, &[])]), Err(OpenError::ForeignPath));
    assert_eq!(opened(&[(14, &[0, 1])]), Err(OpenError::Features));
    assert_eq!(opened(&[(16, &[])]), Err(OpenError::Unknown(16)));
    assert_eq!(opened(&[(0, &[])]), Err(OpenError::Unknown(0)));
    assert_eq!(
        opened(&[(6, &[4; 16]), (6, &[4; 16])]),
        Err(OpenError::Malformed)
    );
    assert_eq!(
        opened(&[(7, &[]), (6, &[4; 16])]),
        Err(OpenError::Malformed)
    );
    assert_eq!(
        open(&sealed(&[6, 16, 1]), &SECRET),
        Err(OpenError::Malformed)
    );
    assert_eq!(
        open(&sealed(&[0xfd, 0, 6, 0]), &SECRET),
        Err(OpenError::Malformed)
    );
    assert_eq!(open(&[], &SECRET), Err(OpenError::DoesNotOpen));
    assert_eq!(open(&sealed(&[]), &[8; 32]), Err(OpenError::DoesNotOpen));
}

#[test]
fn instructions_are_bounded() {
    let padded = |len: usize| open(&sealed(&fields(&[(1, &vec![0; len])])), &SECRET);
    // 4 bytes of type and length, 16 of the seal.
    assert_eq!(padded(1_024 - 20), Ok(None));
    assert_eq!(padded(1_024 - 19), Err(OpenError::TooLong));
}

#[test]
fn reply_paths_are_bounded_and_checked() {
    let bob = bob().node;
    let key = bob.as_bytes().as_slice();
    let parse = |hops: &[(&[u8], &[u8])]| ReplyPath::parse(key, key, hops.iter().copied());
    let data = [0_u8; 1_025];
    let good = (key, &data[..51]);

    assert_eq!(
        ReplyPath::parse(&key[1..], key, [good]),
        Err(ReplyPathError::Introduction)
    );
    assert_eq!(
        ReplyPath::parse(&[5; 33], key, [good]),
        Err(ReplyPathError::Introduction)
    );
    assert_eq!(
        ReplyPath::parse(key, &[], [good]),
        Err(ReplyPathError::BlindingPoint)
    );
    assert_eq!(
        ReplyPath::parse(key, &[5; 33], [good]),
        Err(ReplyPathError::BlindingPoint)
    );
    assert_eq!(parse(&[]), Err(ReplyPathError::NoHops));
    assert!(parse(&[good; 16]).is_ok());
    assert_eq!(parse(&[good; 17]), Err(ReplyPathError::TooManyHops));
    assert_eq!(
        parse(&[good, (&[2; 32], &data[..51])]),
        Err(ReplyPathError::BlindedNode(1))
    );
    assert_eq!(
        parse(&[good, (&[5; 33], &data[..51])]),
        Err(ReplyPathError::BlindedNode(1))
    );
    assert_eq!(parse(&[(key, &data[..15])]), Err(ReplyPathError::Data(0)));
    assert!(parse(&[(key, &data[..16])]).is_ok());
    assert!(parse(&[(key, &data[..1_024])]).is_ok());
    assert_eq!(parse(&[good, (key, &data)]), Err(ReplyPathError::Data(1)));
    // An endless list is not read to its end.
    let endless = std::iter::repeat(good);
    assert_eq!(
        ReplyPath::parse(key, key, endless),
        Err(ReplyPathError::TooManyHops)
    );
}

/// A message through two forwarders with a reply path, for bending.
fn message() -> OnionMessage {
    let mut rng = rng(40);
    let (reply, _) = ReplyPath::to_ourselves(&mut rng, &ids(&[&bob(), &alice()])).unwrap();
    let path = ids(&[&bob(), &carol(), &dave()]);
    send(&mut rng, &path, Some(&reply), WORDS).unwrap()
}

proptest! {
    #[test]
    fn a_message_with_one_bit_changed_is_refused(bit in 0..1_366_usize * 8) {
        let mut bent = message();
        bent.onion[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(deliver(&alice(), &bent).is_err());
    }

    #[test]
    fn another_path_key_is_refused(bit in 0..33_usize * 8) {
        let mut bent = message();
        bent.path_key[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(deliver(&alice(), &bent).is_err());
    }

    #[test]
    fn instructions_with_one_bit_changed_do_not_open(bit in 0..34_usize * 8) {
        let (path, _) = ReplyPath::to_ourselves(&mut rng(41), &[alice().node]).unwrap();
        let mut data = path.hops()[0].data.clone();
        let secret = derived(&alice(), &path.blinding().serialize());
        prop_assert!(open(&data, &secret).unwrap().is_some());
        data[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(open(&data, &secret), Err(OpenError::DoesNotOpen));
    }

    #[test]
    fn an_answer_over_a_changed_reply_path_does_not_arrive(at in 33..222_usize, bit in 0..8_u8) {
        let (path, _) = ReplyPath::to_ourselves(&mut rng(42), &ids(&[&bob(), &alice()])).unwrap();
        let mut bytes = path.encode();
        prop_assert_eq!(bytes.len(), 222);
        // Not the count and the lengths: nodes list the parts.
        prop_assume!(![66, 100, 101, 186, 187].contains(&at));
        bytes[at] ^= 1_u8 << bit;
        let parts = listed(&bytes);
        let hops = parts.hops.iter().map(|(id, data)| (id.as_slice(), data.as_slice()));
        let parsed = ReplyPath::parse(&parts.introduction, &parts.blinding, hops);
        // Otherwise it is no key any more.
        if let Ok(Some(path)) = parsed {
            let message = answer(&mut rng(43), &[bob().node], &path, None, WORDS).unwrap();
            prop_assert!(deliver(&carol(), &message).is_err());
        }
    }

    #[test]
    fn arbitrary_instructions_never_panic(
        data in prop::collection::vec(any::<u8>(), 0..1_200),
        secret in prop::array::uniform32(any::<u8>()),
    ) {
        prop_assert!(open(&data, &secret).is_err());
        let _ = open(&sealed(&data), &SECRET);
    }

    #[test]
    fn arbitrary_fields_never_panic(
        plain in prop::collection::vec((0..20_u64, prop::collection::vec(any::<u8>(), 0..40)), 0..6),
    ) {
        let mut plain = plain;
        plain.sort();
        let plain: Vec<_> = plain.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        let read = opened(&plain);
        if plain.iter().any(|(kind, _)| *kind > 14 && kind % 2 == 0) {
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn arbitrary_reply_paths_never_panic(
        introduction in prop::collection::vec(any::<u8>(), 0..40),
        blinding in prop::collection::vec(any::<u8>(), 0..40),
        hops in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..60)),
            0..20,
        ),
    ) {
        let hops = hops.iter().map(|(id, data)| (id.as_slice(), data.as_slice()));
        let _ = ReplyPath::parse(&introduction, &blinding, hops);
    }

    #[test]
    fn reply_paths_of_valid_keys_are_answered_or_refused(
        keys in prop::collection::vec(1..0x60_u8, 1..20),
        data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 20),
        secret in prop::array::uniform32(any::<u8>()),
    ) {
        let ids: Vec<_> = keys.iter().map(|byte| person(*byte).node).collect();
        let sealed: Vec<_> = data.iter().map(|plain| sealed(plain)).collect();
        let hops = ids.iter().zip(&sealed);
        let hops = hops.map(|(id, data)| (id.as_bytes().as_slice(), data.as_slice()));
        let parsed = ReplyPath::parse(ids[0].as_bytes(), ids[0].as_bytes(), hops);
        prop_assert_eq!(parsed.is_ok(), ids.len() <= 16);
        let Ok(Some(path)) = parsed else { return Ok(()) };
        prop_assert!(answer(&mut rng(44), &[ids[0]], &path, None, WORDS).is_ok());
        let Entrance::Ours(hop) = path.enter(ids[0]) else {
            panic!("it begins there");
        };
        prop_assert!(hop.clone().with_secret(&secret).is_err());
        let _ = hop.with_secret(&SECRET);
    }
}
