//! The seal against `snow`, an independent implementation of the Noise framework, in both directions.

use secp256k1::ecdh::SharedSecret;
use secp256k1::{PublicKey, SecretKey};
use snow::params::{
    BaseChoice, CipherChoice, DHChoice, HandshakeChoice, HandshakeModifierList, HandshakePattern,
    HashChoice, NoiseParams,
};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, Error};

use super::key::sealed_to_key;
use super::{
    HASH, KIND_NODE, KIND_SEAL_KEY, KeyId, Lock, Recipient, SealKey, VERSION, WORDS, opened,
    prologue, seal_with, sealed,
};
use crate::key;
use crate::people::{alice, bob};

#[test]
fn snow_opens_what_we_seal() {
    let (alice, bob) = (alice(), bob());
    let envelope = sealed(WORDS);
    let prologue = prologue(Lock::NodeKey, bob.node, &HASH);
    let mut snow = builder()
        .prologue(&prologue)
        .unwrap()
        .local_private_key(bob.secret.as_secret_bytes())
        .unwrap()
        .build_responder()
        .unwrap();
    let mut letter = vec![0; 65_535];
    let len = snow.read_message(&envelope[2..], &mut letter).unwrap();
    assert_eq!(&letter[..len], WORDS);
    assert_eq!(
        snow.get_remote_static(),
        Some(alice.node.as_bytes().as_slice())
    );
}

#[test]
fn we_open_what_snow_seals() {
    let (alice, bob) = (alice(), bob());
    let prologue = prologue(Lock::NodeKey, bob.node, &HASH);
    let mut snow = builder()
        .prologue(&prologue)
        .unwrap()
        .local_private_key(alice.secret.as_secret_bytes())
        .unwrap()
        .remote_public_key(bob.node.as_bytes())
        .unwrap()
        .build_initiator()
        .unwrap();
    let mut body = vec![0; 65_535];
    let len = snow.write_message(WORDS, &mut body).unwrap();
    let envelope = [&[VERSION, KIND_NODE], &body[..len]].concat();
    assert_eq!(
        opened(&envelope, &bob, &HASH),
        Ok((alice.node.into(), WORDS.to_vec()))
    );
}

#[test]
fn snow_opens_what_we_seal_to_a_seal_key() {
    let (alice, bob) = (alice().seal_key(), bob());
    let envelope = sealed_to_key(WORDS);
    let prologue = prologue(bobs_lock(), bob.node, &HASH);
    let mut snow = builder()
        .prologue(&prologue)
        .unwrap()
        .local_private_key(bob.seal_key().as_secret_bytes())
        .unwrap()
        .build_responder()
        .unwrap();
    let mut letter = vec![0; 65_535];
    let len = snow.read_message(&envelope[6..], &mut letter).unwrap();
    assert_eq!(&letter[..len], WORDS);
    assert_eq!(
        snow.get_remote_static(),
        Some(alice.public().to_bytes().as_slice())
    );
}

#[test]
fn we_open_with_our_seal_key_what_snow_seals() {
    let (alice, bob) = (alice().seal_key(), bob());
    let Lock::SealKey(KeyId(id)) = bobs_lock() else {
        panic!("Bob has a seal key");
    };
    let prologue = prologue(bobs_lock(), bob.node, &HASH);
    let mut snow = builder()
        .prologue(&prologue)
        .unwrap()
        .local_private_key(alice.as_secret_bytes())
        .unwrap()
        .remote_public_key(&bob.seal_key().public().to_bytes())
        .unwrap()
        .build_initiator()
        .unwrap();
    let mut body = vec![0; 65_535];
    let len = snow.write_message(WORDS, &mut body).unwrap();
    let envelope = [&[VERSION, KIND_SEAL_KEY], id.as_slice(), &body[..len]].concat();
    let opened =
        super::Envelope::parse(&envelope)
            .unwrap()
            .open_with_key(&bob.seal_key(), bob.node, &HASH);
    assert_eq!(opened, Ok((alice.public(), WORDS.to_vec())));
}

#[test]
fn with_the_same_keys_both_write_the_same_bytes() {
    let (alice, bob) = (alice(), bob());
    let to_key = Recipient::with_seal_key(bob.node, bob.seal_key().public());
    for recipient in [bob.node.into(), to_key] {
        let ephemeral = crate::people::person(0x33).secret;
        let key: key::PublicKey = recipient.key();
        let ours = seal_with(
            &SealKey::from_secret_bytes(ephemeral.as_secret_bytes()).unwrap(),
            alice.node.into(),
            recipient,
            &alice.shared_with(key),
            &HASH,
            WORDS,
        )
        .unwrap();
        let prologue = prologue(recipient.lock(), bob.node, &HASH);
        let mut snow = builder()
            .prologue(&prologue)
            .unwrap()
            .local_private_key(alice.secret.as_secret_bytes())
            .unwrap()
            .remote_public_key(&key.to_bytes())
            .unwrap()
            .fixed_ephemeral_key_for_testing_only(ephemeral.as_secret_bytes())
            .build_initiator()
            .unwrap();
        let mut body = vec![0; 65_535];
        let len = snow.write_message(WORDS, &mut body).unwrap();
        let head = ours.len() - len;
        assert_eq!(hex::encode(&ours[head..]), hex::encode(&body[..len]));
    }
}

fn bobs_lock() -> Lock {
    Lock::SealKey(KeyId::of(&bob().seal_key().public()))
}

fn builder<'a>() -> Builder<'a> {
    // snow knows no secp256k1: the name says so, and the resolver gives it for the curve that is named here.
    let params = NoiseParams::new(
        "Noise_X_secp256k1_ChaChaPoly_SHA256".to_owned(),
        BaseChoice::Noise,
        HandshakeChoice {
            pattern: HandshakePattern::X,
            modifiers: HandshakeModifierList { list: Vec::new() },
        },
        DHChoice::Curve25519,
        CipherChoice::ChaChaPoly,
        HashChoice::SHA256,
    );
    Builder::with_resolver(params, Box::new(Resolver))
}

struct Resolver;

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        DefaultResolver.resolve_rng()
    }

    fn resolve_dh(&self, _: &DHChoice) -> Option<Box<dyn Dh>> {
        Some(Box::new(Secp256k1::default()))
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// Compressed points, and their SHA-256 as the result.
#[derive(Default)]
struct Secp256k1 {
    secret: Vec<u8>,
    public: Vec<u8>,
}

impl Secp256k1 {
    fn key(&self) -> SecretKey {
        SecretKey::from_secret_bytes(self.secret.as_slice().try_into().unwrap()).unwrap()
    }
}

impl Dh for Secp256k1 {
    fn name(&self) -> &'static str {
        "secp256k1"
    }

    fn pub_len(&self) -> usize {
        33
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn dh_len(&self) -> usize {
        32
    }

    fn set(&mut self, secret: &[u8]) {
        self.secret = secret.to_vec();
        self.public = self.key().public_key().serialize().to_vec();
    }

    fn generate(&mut self, rng: &mut dyn Random) -> Result<(), Error> {
        let mut secret = [0; 32];
        rng.try_fill_bytes(&mut secret)?;
        self.set(&secret);
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &self.secret
    }

    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let point = PublicKey::from_slice(&public[..33]).map_err(|_| Error::Dh)?;
        out[..32].copy_from_slice(SharedSecret::new(&point, &self.key()).as_secret_bytes());
        Ok(())
    }
}
