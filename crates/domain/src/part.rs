//! Letters that are longer than their carrier: in parts.

use std::time::Duration;

/// How the parts' bytes were made of the body's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packing {
    /// They are the body's.
    Plain,
    /// They are one Zstandard frame.
    Zstd,
}

/// What the parts of one whole have in common, and those of two do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartSet {
    /// How many parts there are.
    pub count: u32,
    /// How many bytes they have together.
    pub total: u32,
    /// SHA-256 of these bytes.
    pub hash: [u8; 32],
    /// What these bytes are.
    pub packing: Packing,
}

/// Which part of its message an attempt carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// From 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

/// How much may lie here of letters whose other parts are missing. Beyond, the oldest are given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartCaps {
    /// Letters.
    pub letters: usize,
    /// Bytes of their parts; more than one letter can have.
    pub bytes: u64,
}

/// Messages of one conversation that may be on their way at once. Payments do not count: they may be held for long.
pub const IN_FLIGHT: usize = 32;

/// For the letters of somebody whom the user knows. Their sender has paid for each part and hears nothing of those that are
/// given up: there is room for those on their way, for those that were when the app ended, and for as many again of which
/// one part waits for its next try.
pub const CAPS_OF_KNOWN: PartCaps = PartCaps {
    letters: 4 * IN_FLIGHT,
    bytes: 4 << 20,
};

/// For the letters of one stranger.
pub const CAPS_OF_ONE: PartCaps = PartCaps {
    letters: 16,
    bytes: 1 << 20,
};

/// For those of all strangers together: names can be invented.
pub const CAPS_OF_STRANGERS: PartCaps = PartCaps {
    letters: 256,
    bytes: 4 << 20,
};

/// How long missing parts are waited for: as long as their sender tries.
pub const PARTS_KEPT: Duration = crate::PATIENCE;

impl PartCaps {
    /// How many of the oldest letters have to go; `sizes` are the bytes that lie here of each, oldest first. The newest
    /// stays in any case.
    #[must_use]
    pub fn surplus(&self, sizes: &[u64]) -> usize {
        let (mut letters, mut bytes) = (0_usize, 0_u64);
        let fitting = sizes.iter().rev().take_while(|size| {
            letters = letters.saturating_add(1);
            bytes = bytes.saturating_add(**size);
            letters <= self.letters && bytes <= self.bytes
        });
        sizes.len().saturating_sub(fitting.count().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: PartCaps = PartCaps {
        letters: 3,
        bytes: 100,
    };

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        assert_eq!(CAPS.surplus(&[]), 0);
        assert_eq!(CAPS.surplus(&[10, 20, 30]), 0);
        assert_eq!(CAPS.surplus(&[1, 1, 1, 1, 1]), 2);
        assert_eq!(CAPS.surplus(&[50, 60, 30]), 1);
        assert_eq!(CAPS.surplus(&[50, 50]), 0);
    }

    #[test]
    fn the_newest_stays() {
        assert_eq!(CAPS.surplus(&[1, 500]), 1);
    }
}
