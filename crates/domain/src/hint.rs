//! The last channel of a way to a node that gossip does not know.

use crate::{Msat, NodeId};

/// So many of one node are kept and told.
pub const HINTS_KEPT: usize = 3;
/// The longest time lock that is believed, in blocks: two weeks, as no node allows more.
const LONGEST_LOCK: u16 = 2_016;

/// A channel over which a node without public channels can be paid, as its owner says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteHint {
    /// The other end of the channel: whoever pays has to find a way there.
    pub via: NodeId,
    /// The channel's short id, or its alias where the real one is not to be told.
    pub channel: u64,
    /// What `via` asks for each payment that it passes on.
    pub base_fee: Msat,
    /// And millionths of the amount.
    pub fee_ppm: u32,
    /// By how many blocks `via` has its time lock earlier.
    pub cltv_delta: u16,
}

impl RouteHint {
    /// Whether such a channel can be: anything else is not told to our node. What it costs is bounded by the fee limit.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.channel != 0
            && u32::try_from(self.base_fee.get()).is_ok()
            && self.cltv_delta <= LONGEST_LOCK
    }
}
