//! Envelopes that were made by another implementation: Python, with the ciphers of `cryptography` and the curve of
//! `coincurve`.

use super::*;
use crate::document::fields;

/// A key of the vectors.
fn private(bytes: &[u8]) -> SealKey {
    SealKey::from_secret_bytes(bytes.try_into().unwrap()).unwrap()
}

#[test]
fn what_another_implementation_sealed_opens_and_is_sealed_alike_here() {
    let blocks: Vec<_> = include_str!("independent.txt").split("\n\n").collect();
    assert_eq!(blocks.len(), 6);
    let mut kinds = [0; 2];
    for block in blocks {
        let given = fields(block);
        let sender = private(&given["sender_private"]);
        let recipient = private(&given["recipient_private"]);
        let node = private(&given["recipient_node_private"]).public().as_node();
        let context = given["context"].as_slice().try_into().unwrap();
        let envelope = Envelope::parse(&given["envelope"]).unwrap();

        let (to, opened) = match envelope.lock() {
            Lock::NodeKey => {
                kinds[0] += 1;
                let opening = envelope.open(node, context).unwrap();
                let secret = recipient.shared(&opening.ephemeral());
                let from = opening.with_ephemeral_secret(&secret).unwrap();
                let secret = recipient.shared(&from.sender());
                let opened = (from.sender(), from.with_sender_secret(&secret).unwrap());
                (Recipient::from(node), opened)
            }
            Lock::SealKey(_) => {
                kinds[1] += 1;
                let opened = envelope.open_with_key(&recipient, node, context).unwrap();
                (Recipient::with_seal_key(node, recipient.public()), opened)
            }
        };
        assert_eq!(opened, (sender.public(), given["letter"].clone()));

        let sealed = seal_with(
            &private(&given["ephemeral_private"]),
            sender.public(),
            to,
            &sender.shared(&to.key()),
            context,
            &given["letter"],
        );
        assert_eq!(sealed.unwrap(), given["envelope"]);
    }
    assert_eq!(kinds, [2, 4]);
}
