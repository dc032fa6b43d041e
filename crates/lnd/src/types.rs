//! What goes through the port. No generated type leaves this crate.

mod free;
mod invoice;

use std::fmt;

use domain::{AppMark, Failure, Msat, NodeId, PaymentHash, Preimage, RouteHint, Timestamp};
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
    /// What the recipient will know the payment by.
    pub paid_by: PaidBy,
    /// Whether to avoid what failed lately.
    pub use_mission_control: bool,
    /// Which routes will do.
    pub over: Over,
    /// Channels of the recipient that gossip does not know.
    pub hints: Vec<RouteHint>,
}

/// By what the recipient knows a payment over a route. It travels inside the route, and takes room there.
#[derive(Clone, PartialEq, Eq)]
pub enum PaidBy {
    /// Not known yet: a keysend's room is counted. Nothing can be paid over such a route.
    Quote,
    /// This preimage.
    Keysend(Preimage),
    /// The secret of this invoice (BOLT 11). The route brings all of the amount at once.
    Invoice(String),
}

impl fmt::Debug for PaidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the preimage, or the text, can take the money or pay it.
        f.write_str(match self {
            Self::Quote => "Quote",
            Self::Keysend(_) => "Keysend(…)",
            Self::Invoice(_) => "Invoice(…)",
        })
    }
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
            .field("paid_by", &self.paid_by)
            .field("use_mission_control", &self.use_mission_control)
            .field("over", &self.over)
            .field("hints", &self.hints)
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
    /// Channels of the recipient that gossip does not know.
    pub hints: Vec<RouteHint>,
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
            .field("hints", &self.hints)
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

/// What kind of invoice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// The node made it for a keysend.
    Keysend,
    /// The node made it for a payment with AMP that nobody had asked for.
    Amp,
    /// Somebody gave it out, and it takes any number of payments with AMP.
    Reusable,
    /// Somebody gave it out. It passes only when its hash is known, or when it has no memo and is paid with records.
    Given,
}

/// One of several payments to an invoice; it has settled.
#[derive(Clone, PartialEq, Eq)]
pub struct Further {
    /// Its identity: a hash of the invoice's and of what tells it apart from the others.
    pub name: PaymentHash,
    /// What it brought.
    pub amount: Msat,
    /// Its own records.
    pub records: Records,
    /// When it came.
    pub at: Timestamp,
}

impl Further {
    /// The identity of a set of parts with AMP.
    #[must_use]
    pub fn name_of_set(invoice: PaymentHash, set: &[u8]) -> PaymentHash {
        invoice.one_of_several(&[b"amp", set].concat())
    }

    /// The identity of a later HTLC with the hash of a keysend.
    #[must_use]
    pub fn name_of_htlc(invoice: PaymentHash, channel: u64, index: u64) -> PaymentHash {
        let which = [
            b"htlc".as_slice(),
            &channel.to_be_bytes(),
            &index.to_be_bytes(),
        ];
        invoice.one_of_several(&which.concat())
    }
}

impl fmt::Debug for Further {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Further")
            .field("name", &self.name)
            .field("amount", &self.amount)
            .field("records", &Sizes(&self.records))
            .field("at", &self.at)
            .finish()
    }
}

/// News of the stream of invoices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvoiceNews {
    /// A new invoice, or a settlement.
    Invoice(Invoice),
    /// A settlement that is of another program: only its place in the list of settlements is told.
    Passed {
        /// That place.
        settle_index: u64,
    },
    /// A new invoice by which an app of this program says something.
    Mark {
        /// Its place in the list of invoices.
        add_index: u64,
        /// What it says.
        mark: AppMark,
    },
}

/// A page of the list of invoices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoicePage {
    /// In order; those of other programs are left out.
    pub invoices: Vec<Invoice>,
    /// What apps of this program said by other invoices of this page, and at which add index; in order.
    pub marks: Vec<(u64, AppMark)>,
    /// The add index of the last one that was looked at, for the next page; `None` when there are no more.
    pub next: Option<u64>,
}

/// An incoming keysend, as the node tells it; or, asked for by its hash, an invoice. Other programs' invoices never pass
/// the port unasked.
#[derive(Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its identity.
    pub hash: PaymentHash,
    /// What kind it is. One with AMP has no money of its own: all of it stands in `further`.
    pub kind: InvoiceKind,
    /// What settles it. A keysend brings it along; that of a hold invoice the node learns only when it is settled.
    pub preimage: Option<Preimage>,
    /// Where it is.
    pub state: InvoiceState,
    /// What the first HTLC of a keysend brings. Of an invoice what it asks for while it is open, then the sum of all
    /// parts that were accepted; zero when it was canceled before that.
    pub amount: Msat,
    /// Records of the first HTLC; empty while open. The other parts of a payment to an invoice come from its sender and
    /// may say something else.
    pub records: Records,
    /// Payments beside the first that have settled: later HTLCs with the hash of a keysend, which may be somebody else's, and
    /// all payments with AMP. The stream tells of a later HTLC nothing, and of one with AMP perhaps only the newest.
    pub further: Vec<Further>,
    /// When the node made it.
    pub created_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// For how long the node holds a keysend, in seconds from `created_at`; meaningless unless it is held. Of an invoice for
    /// how long it can be paid: a payment that is held then is returned by the node only near `htlc_expiry`.
    pub hold_secs: u32,
    /// Height at which the (first) HTLC expires; `None` while open.
    pub htlc_expiry: Option<u32>,
    /// Over which channel of ours the first HTLC came; `None` while open.
    pub channel: Option<u64>,
    /// Its place in the list of invoices.
    pub add_index: u64,
    /// Its place in the list of settlements; zero unless settled.
    pub settle_index: u64,
}

impl fmt::Debug for Invoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invoice")
            .field("hash", &self.hash)
            .field("kind", &self.kind)
            .field("preimage", &self.preimage)
            .field("state", &self.state)
            .field("amount", &self.amount)
            .field("records", &Sizes(&self.records))
            .field("further", &self.further)
            .field("created_at", &self.created_at)
            .field("settled_at", &self.settled_at)
            .field("hold_secs", &self.hold_secs)
            .field("htlc_expiry", &self.htlc_expiry)
            .field("channel", &self.channel)
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
