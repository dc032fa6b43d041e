//! Sealed letters of alice to bob, changed on the way: they open as they were sealed, or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{Envelope, Lock, PublicKey, Recipient, SealKey};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A node's key and the app's.
struct Person {
    node: SealKey,
    seal: SealKey,
}

impl Person {
    fn new(byte: u8) -> Self {
        let key = |byte| SealKey::from_secret_bytes(&[byte; 32]).expect("it is a key");
        Self { node: key(byte), seal: key(byte + 1) }
    }

    /// What an app does with what comes, with its node's answers.
    fn open(&self, record: &[u8], context: &[u8; 32]) -> Option<(PublicKey, Vec<u8>)> {
        let envelope = Envelope::parse(record).ok()?;
        let node = self.node.public().as_node();
        if let Lock::SealKey(_) = envelope.lock() {
            return envelope.open_with_key(&self.seal, node, context).ok();
        }
        let opening = envelope.open(node, context).ok()?;
        let secret = self.node.shared(&opening.ephemeral());
        let sender = opening.with_ephemeral_secret(&secret).ok()?;
        let (from, secret) = (sender.sender(), self.node.shared(&sender.sender()));
        Some((from, sender.with_sender_secret(&secret).ok()?))
    }
}

/// Where bytes are changed, and by what; how many are cut off, and what is put there.
type Change = (Vec<(u16, u8)>, u16, Vec<u8>);

fuzz_target!(|input: (bool, [u8; 32], [u8; 32], Change, Vec<u8>)| {
    let (by_seal_key, context, other_context, (changes, cut, tail), letter) = input;
    let (alice, bob, mallory) = (Person::new(0x11), Person::new(0x22), Person::new(0x66));
    let (from, to): (_, Recipient) = if by_seal_key {
        let node = bob.node.public().as_node();
        (&alice.seal, Recipient::with_seal_key(node, bob.seal.public()))
    } else {
        (&alice.node, bob.node.public().as_node().into())
    };
    let shared = from.shared(&to.key());
    let mut rng = StdRng::seed_from_u64(1);
    let sealed = protocol::seal(&mut rng, from.public(), to, &shared, &context, &letter);
    let sealed = sealed.expect("it is short");
    assert_eq!(sealed.len(), letter.len() + to.overhead());
    let whole = Some((from.public(), letter));

    assert_eq!(bob.open(&sealed, &context), whole);
    assert_eq!(mallory.open(&sealed, &context), None);
    if other_context != context {
        assert_eq!(bob.open(&sealed, &other_context), None, "on another payment");
    }

    let mut changed = sealed.clone();
    for (at, by) in changes {
        let at = usize::from(at) % changed.len();
        changed[at] ^= by;
    }
    changed.truncate(changed.len().saturating_sub(cut.into()));
    changed.extend(tail);
    let opened = bob.open(&changed, &context);
    assert_eq!(opened, whole.filter(|_| changed == sealed));
    assert_eq!(mallory.open(&changed, &context), None);
});
