//! The form that Heliograph writes to programs it does not know: two living programs verify it, and the others show
//! its text.

use domain::{NodeId, Timestamp};

use crate::record::{self, Records};

/// The time record: nanoseconds, big-endian.
#[must_use]
pub fn time_bytes(at: Timestamp) -> [u8; 8] {
    u64::try_from(at.0)
        .unwrap_or(0)
        .saturating_mul(1_000_000)
        .to_be_bytes()
}

/// What the sender's node signs with its node key: ECDSA over one SHA-256 of these bytes, in DER
/// (`signrpc.SignMessage` hashes them itself).
#[must_use]
pub fn signed_bytes(sender: NodeId, recipient: NodeId, time: &[u8; 8], text: &str) -> Vec<u8> {
    signed(sender, recipient, time, text.as_bytes())
}

/// The records of a signed text.
#[must_use]
pub fn records(sender: NodeId, time: &[u8; 8], text: &str, signature_der: &[u8]) -> Records {
    vec![
        (record::TEXT, text.into()),
        (record::SIGNATURE, signature_der.into()),
        (record::SENDER, sender.as_bytes().into()),
        (record::TIME, time.into()),
    ]
}

pub(super) fn signed(sender: NodeId, recipient: NodeId, time: &[u8], text: &[u8]) -> Vec<u8> {
    [
        sender.as_bytes().as_slice(),
        recipient.as_bytes(),
        time,
        text,
    ]
    .concat()
}
