//! The preimages of our own payments. They are derived, so that every copy of a database, and for pay-backs every app on
//! the node, makes the same payment hashes: the node pays none of them twice.

use domain::{MessageId, NodeId, PaymentHash, Preimage};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const POINT: &[u8] = b"heliograph refund point 1";
const REFUND: &[u8] = b"heliograph refund 1";
const PAYMENT: &[u8] = b"heliograph payment 1";
/// In place of the number of a part: all of the message.
const WHOLE: u32 = u32::MAX;

/// What preimages are derived from. Erased when dropped; `Debug` shows nothing of it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PreimageSecret([u8; 32]);

impl std::fmt::Debug for PreimageSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreimageSecret(…)")
    }
}

impl PreimageSecret {
    /// From 32 secret bytes: the database's, or what the node shares with [`refund_point`].
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Of the pay-back of the payment with the hash `of`.
    #[must_use]
    pub fn refund(&self, of: PaymentHash, number: u32) -> Preimage {
        self.mac(&[REFUND, &of.0, &number.to_be_bytes()])
    }

    /// Of a message or a payment to `to`; `part` counts from 0, `None` is all of it.
    #[must_use]
    pub fn payment(
        &self,
        to: NodeId,
        message: MessageId,
        part: Option<u32>,
        number: u32,
    ) -> Preimage {
        let part = part.unwrap_or(WHOLE).to_be_bytes();
        let (to, number) = (to.as_bytes(), number.to_be_bytes());
        self.mac(&[PAYMENT, to, &message.0, &part, &number])
    }

    fn mac(&self, pieces: &[&[u8]]) -> Preimage {
        // A key that is shorter than a block is filled with zeros by definition.
        let mut block = Zeroizing::new([0; 64]);
        block
            .iter_mut()
            .zip(self.0)
            .for_each(|(to, from)| *to = from);
        let mut mac = <Hmac<Sha256> as Mac>::new((&*block).into());
        for piece in pieces {
            mac.update(piece);
        }
        Preimage::new(mac.finalize().into_bytes().into())
    }
}

/// A point whose private key nobody has: its x is the first SHA-256 of a label and a counter that lies on the curve. What
/// the node shares with it is a secret of the node alone.
#[must_use]
pub fn refund_point() -> Option<NodeId> {
    (0..=u8::MAX).find_map(|counter| {
        let digest = Sha256::new().chain_update(POINT).chain_update([counter]);
        let mut point = [2; 33];
        let x: [u8; 32] = digest.finalize().into();
        point
            .iter_mut()
            .skip(1)
            .zip(x)
            .for_each(|(to, from)| *to = from);
        NodeId::from_bytes(&point).ok()
    })
}

#[cfg(test)]
mod tests;
