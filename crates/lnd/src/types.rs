//! What goes through the port. No generated type leaves this crate.

mod free;
mod invoice;

use std::fmt;

use domain::{Failure, Msat, NodeId, PaymentHash, Preimage, Timestamp};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use free::{
    ChannelEvent, LARGEST_PEER_MESSAGE, ONION_SIZES, OnionMessage, PeerEvent, PeerMessage,
    RawReplyPath,
};
pub(crate) use free::{check_onion, check_peer_message};
pub use invoice::{DecodedInvoice, InvoicePayment, NewInvoice};

/// Custom records of a payment's last hop: type and bytes, by ascending type.
pub type Records = Vec<(u64, Vec<u8>)>;

/// Shows the types and sizes of records: their bytes are what people say, and the preimage.
struct Sizes<'a>(&'a Records);

impl fmt::Debug for Sizes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(kind, bytes)| (kind, bytes.len())))
            .finish()
    }
}

/// The node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its identity.
    pub node: NodeId,
    /// What it calls itself.
    pub alias: String,
    /// For example `0.21.3-beta`.
    pub version: String,
    /// For example `mainnet`, `regtest`.
    pub network: String,
    /// Whether it follows the block chain.
    pub synced: bool,
    /// The best block that it knows.
    pub block_height: u32,
    /// The time in that block's header, which may be two hours off; `None` when the node does not say.
    pub header_at: Option<Timestamp>,
    /// Number of channels that can be used now.
    pub active_channels: u32,
}

/// What the channels hold, reserves not deducted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Can be sent.
    pub local: Msat,
    /// Can be received.
    pub remote: Msat,
}

/// What gossip says of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// What it calls itself; unauthenticated text.
    pub alias: String,
    /// Whether it announces that it takes keysends (feature 54 or 55).
    pub keysend: bool,
    /// Whether it announces that it takes onion messages and passes them on (feature 38 or 39).
    pub onion_messages: bool,
    /// Whether it has said anything of itself: without a node announcement the features are unknown.
    pub announced: bool,
}

/// A node that ours has to do with directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerLink {
    /// Which.
    pub node: NodeId,
    /// Whether there is a connection now.
    pub connected: bool,
    /// Number of channels with it; `active_channels` of them can be used now.
    pub channels: u32,
    /// Number of channels that can be used now.
    pub active_channels: u32,
}

/// A question for a route.
#[derive(Clone, PartialEq, Eq)]
pub struct RouteQuery {
    /// The recipient.
    pub to: NodeId,
    /// What it gets.
    pub amount: Msat,
    /// The most in fees.
    pub fee_limit: Msat,
    /// The records as they will be sent, without the preimage's: they decide whether it fits.
    pub records: Records,
    /// Needed only when the route is meant for [`crate::Lightning::send_to_route`]: it travels inside the route. A quote
    /// has none; the room that it will take is counted all the same.
    pub preimage: Option<Preimage>,
    /// Whether to avoid what failed lately.
    pub use_mission_control: bool,
    /// Which routes will do.
    pub over: Over,
}

/// Which routes will do for a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// Any.
    #[default]
    Anything,
    /// A channel with the recipient, and nobody in between.
    OwnChannel,
    /// At least one node in between.
    Others,
}

impl fmt::Debug for RouteQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteQuery")
            .field("to", &self.to)
            .field("amount", &self.amount)
            .field("fee_limit", &self.fee_limit)
            .field("records", &Sizes(&self.records))
            .field("preimage", &self.preimage)
            .field("use_mission_control", &self.use_mission_control)
            .field("over", &self.over)
            .finish()
    }
}

/// A way to the recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Fees of all hops.
    pub fee: Msat,
    /// What leaves our node: amount and fees.
    pub total: Msat,
    /// The nodes after ours, the recipient last.
    pub nodes: Vec<NodeId>,
    /// The world's own form of this route, for `send_to_route`.
    pub(crate) token: RouteToken,
}

/// The form in which a world hands a route back to itself. It holds the preimage, so `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub(crate) enum RouteToken {
    /// Of a real LND: its own encoded route.
    Grpc(Zeroizing<Vec<u8>>),
    /// Of the network in memory.
    #[cfg(feature = "sim")]
    Sim(crate::sim::Ticket),
}

impl fmt::Debug for RouteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RouteToken(…)")
    }
}

/// A keysend to make.
#[derive(Clone, PartialEq, Eq)]
pub struct Keysend {
    /// The recipient.
    pub to: NodeId,
    /// What it gets.
    pub amount: Msat,
    /// Chosen and stored by the caller before the call.
    pub preimage: Preimage,
    /// Custom records, without the preimage's, which the world adds.
    pub records: Records,
    /// The most in fees.
    pub fee_limit: Msat,
    /// Path finding ends after this many seconds; a held payment waits longer.
    pub timeout_secs: u32,
}

impl fmt::Debug for Keysend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keysend")
            .field("to", &self.to)
            .field("amount", &self.amount)
            .field("preimage", &self.preimage)
            .field("records", &Sizes(&self.records))
            .field("fee_limit", &self.fee_limit)
            .field("timeout_secs", &self.timeout_secs)
            .finish()
    }
}

/// News of an outgoing payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentUpdate {
    /// The node has it.
    InFlight {
        /// Channels on the route that is being tried; `None` before the first try.
        hops: Option<u32>,
    },
    /// Paid.
    Settled {
        /// Fees paid.
        fee: Msat,
        /// Channels on the route.
        hops: u32,
        /// What the recipient has given for it: the proof of the payment. Of a keysend it may be missing: its payer has it.
        preimage: Option<Preimage>,
    },
    /// The last hop refused it; nothing was paid.
    Refused {
        /// Channels on the route; zero when the node has forgotten the route (a payment tracked after its end).
        hops: u32,
    },
    /// It did not arrive; nothing was paid.
    Failed {
        /// Why.
        failure: Failure,
        /// How many routes were tried: with [`Failure::NoRoute`] and zero, mission control may stand in the way.
        attempts: u32,
        /// Channels on the last route that was tried.
        hops: Option<u32>,
    },
}

impl PaymentUpdate {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::InFlight { .. })
    }
}

/// Where we stand in the node's list of invoices. Both count from 1; zero means from the start for
/// [`crate::Lightning::invoices_after`], and *no backlog* for [`crate::Lightning::invoices`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvoiceCursor {
    /// The last new invoice that was stored.
    pub add_index: u64,
    /// The last settlement that was stored.
    pub settle_index: u64,
}

/// Where an invoice is, by the node's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceState {
    /// Announced; no money yet.
    Open,
    /// Money is held.
    Held,
    /// Money is ours.
    Settled,
    /// Money went back, or never came.
    Canceled,
}

/// An incoming keysend, as the node tells it; or, asked for by its hash, an invoice. Other programs' invoices never pass
/// the port unasked.
#[derive(Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its identity.
    pub hash: PaymentHash,
    /// What settles it. A keysend brings it along; that of a hold invoice the node learns only when it is settled.
    pub preimage: Option<Preimage>,
    /// Where it is.
    pub state: InvoiceState,
    /// What the first HTLC of a keysend brings. Of an invoice what it asks for while it is open, then the sum of all
    /// parts that were accepted; zero when it was canceled before that.
    pub amount: Msat,
    /// Records of the first HTLC; empty while open. Later HTLCs of a keysend's hash are somebody else's replays; the other
    /// parts of a payment to an invoice come from its sender and may say something else.
    pub records: Records,
    /// When the node made it.
    pub created_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// For how long the node holds a keysend, in seconds from `created_at`; meaningless unless it is held. Of an invoice for
    /// how long it can be paid: a payment that is held then is returned by the node only near `htlc_expiry`.
    pub hold_secs: u32,
    /// Height at which the (first) HTLC expires; `None` while open.
    pub htlc_expiry: Option<u32>,
    /// Its place in the list of invoices.
    pub add_index: u64,
    /// Its place in the list of settlements; zero unless settled.
    pub settle_index: u64,
}

impl fmt::Debug for Invoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invoice")
            .field("hash", &self.hash)
            .field("preimage", &self.preimage)
            .field("state", &self.state)
            .field("amount", &self.amount)
            .field("records", &Sizes(&self.records))
            .field("created_at", &self.created_at)
            .field("settled_at", &self.settled_at)
            .field("hold_secs", &self.hold_secs)
            .field("htlc_expiry", &self.htlc_expiry)
            .field("add_index", &self.add_index)
            .field("settle_index", &self.settle_index)
            .finish()
    }
}

/// The node's settings that matter to a messenger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeConfig {
    /// Takes keysends at all.
    pub accept_keysend: bool,
    /// For how many seconds it holds a keysend; zero settles on arrival.
    pub keysend_hold_secs: u32,
    /// Deletes canceled invoices, and with them the mail that came while the app was closed.
    pub deletes_canceled: bool,
}

/// A secret between two nodes. Never shown in `Debug`, erased when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret(pub [u8; 32]);

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

#[cfg(test)]
mod tests;
