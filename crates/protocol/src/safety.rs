//! The number that two people compare, to know that nobody stands between their apps.

use std::fmt::Write as _;

use domain::NodeId;
use sha2::{Digest, Sha512};

use crate::key::PublicKey;

/// Digits of one group, and how many groups there are.
const GROUP: usize = 5;
const GROUPS: usize = 12;
const DOMAIN: &[u8] = b"heliograph-safety-number-1";

/// Twelve groups of five digits, made of two nodes and the seal keys of their apps; the same for both. Whoever signs a
/// card with another key for one of the nodes changes it.
///
/// SHA-512 of the domain line and of (node, seal key) of both, the lower node first; each group is the next five bytes
/// of it as a big-endian number, modulo 100,000.
#[must_use]
pub fn safety_number(one: (NodeId, PublicKey), other: (NodeId, PublicKey)) -> String {
    let (first, second) = if one.0 <= other.0 {
        (one, other)
    } else {
        (other, one)
    };
    let mut hash = Sha512::new_with_prefix(DOMAIN);
    for (node, key) in [first, second] {
        hash.update(node.as_bytes());
        hash.update(key.to_bytes());
    }
    let digest = hash.finalize();
    let mut number = String::with_capacity(GROUPS * (GROUP + 1));
    for bytes in digest.chunks_exact(GROUP).take(GROUPS) {
        let value = bytes
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if !number.is_empty() {
            number.push(' ');
        }
        // Writing to a string does not fail.
        let _ = write!(number, "{:05}", value.rem_euclid(100_000));
    }
    number
}

#[cfg(test)]
mod tests;
