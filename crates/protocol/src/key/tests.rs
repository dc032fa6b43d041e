use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::people::{alice, bob};

#[test]
fn two_people_find_the_same_secret_and_a_third_another() {
    let mut rng = StdRng::seed_from_u64(1);
    let (alice, bob) = (SealKey::generate(&mut rng), SealKey::generate(&mut rng));
    let carol = SealKey::generate(&mut rng);
    assert_eq!(alice.shared(&bob.public()), bob.shared(&alice.public()));
    assert_ne!(alice.shared(&carol.public()), bob.shared(&carol.public()));
}

#[test]
fn a_seal_key_shares_with_a_node_what_the_node_answers() {
    let (alice, bob) = (alice().seal_key(), bob());
    assert_eq!(
        alice.shared(&bob.node.into()),
        bob.shared_with(alice.public())
    );
}

#[test]
fn a_key_comes_back_from_the_store() {
    let mut rng = StdRng::seed_from_u64(2);
    let key = SealKey::generate(&mut rng);
    let kept = SealKey::from_secret_bytes(key.as_secret_bytes()).unwrap();
    assert_eq!(kept.public(), key.public());
    // Zero and numbers from the order of the curve up are no keys.
    assert!(SealKey::from_secret_bytes(&[0; 32]).is_none());
    assert!(SealKey::from_secret_bytes(&[0xff; 32]).is_none());
}

#[test]
fn a_secret_is_not_shown_and_is_erased() {
    let key = SealKey::from_secret_bytes(&[0x5a; 32]).unwrap();
    let shown = format!("{key:?} {key:#?}");
    assert!(!shown.contains("5a") && !shown.contains("90"), "{shown}");
    fn erased_on_drop<T: ZeroizeOnDrop>() {}
    erased_on_drop::<SealKey>();
    // What dropping does.
    let mut key = std::mem::ManuallyDrop::new(key);
    // Nothing of it is used afterwards but the bytes.
    key.0.non_secure_erase();
    assert_ne!(key.as_secret_bytes(), &[0x5a; 32]);
}

#[test]
fn a_public_key_is_a_compressed_point() {
    let node = alice().node;
    let key = PublicKey::from(node);
    assert_eq!(PublicKey::from_bytes(&key.to_bytes()), Some(key));
    assert_eq!(key.as_node(), node);
    assert_eq!(key.to_string(), node.to_string());
    let mut bytes = key.to_bytes();
    assert_eq!(PublicKey::from_bytes(&bytes[..32]), None);
    bytes[0] = 5;
    assert_eq!(PublicKey::from_bytes(&bytes), None);
    assert_eq!(PublicKey::from_bytes(&[2; 65]), None);
}

#[test]
fn a_key_id_is_the_beginning_of_the_keys_hash() {
    let key = alice().seal_key().public();
    let hash = Sha256::digest(key.to_bytes());
    assert_eq!(KeyId::of(&key).0, hash[..4]);
    assert_ne!(KeyId::of(&key), KeyId::of(&bob().seal_key().public()));
}
