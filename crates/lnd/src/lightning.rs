//! The port: everything that Heliograph asks of a Lightning node.
//!
//! Two worlds implement it: [`crate::grpc`] talks to a real LND, [`crate::sim`] is a network in memory. Records, peer
//! messages and onions are opaque bytes here; nobody in this crate has heard of a letter.

use std::pin::Pin;

use async_trait::async_trait;
use domain::{NodeId, PaymentHash, Preimage, RouteHint};
use futures::Stream;

use crate::error::LightningError;
use crate::types::{
    Balance, ChannelEvent, DecodedInvoice, Invoice, InvoiceCursor, InvoiceNews, InvoicePage,
    InvoicePayment, Keysend, NewInvoice, NodeConfig, NodeFacts, NodeInfo, OnionMessage,
    PaymentUpdate, PeerEvent, PeerLink, PeerMessage, Route, RouteQuery, SharedSecret,
};

/// A stream that the node feeds; it ends with an error or when the node closes it.
pub type Updates<T> = Pin<Box<dyn Stream<Item = Result<T, LightningError>> + Send>>;

/// A Lightning node, seen by its owner. All calls may be repeated.
#[async_trait]
pub trait Lightning: Send + Sync + 'static {
    /// Who the node is and how it is.
    async fn info(&self) -> Result<NodeInfo, LightningError>;

    /// What the channels hold.
    async fn balance(&self) -> Result<Balance, LightningError>;

    /// What gossip says of another node; `None` when it was never heard of.
    async fn node(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError>;

    /// Nodes that share a connection or a channel with ours.
    async fn peers(&self) -> Result<Vec<PeerLink>, LightningError>;

    /// The other ends of a node's channels, each once: what gossip says, without channels that both ends have disabled.
    /// Of our own node the channels that can be used now, private ones too. Empty for a node that was never heard of.
    async fn neighbours(&self, node: NodeId) -> Result<Vec<NodeId>, LightningError>;

    /// Channels over which our node can be paid although gossip does not know it: usable ones, [`domain::HINTS_KEPT`] at most.
    /// Empty when there is a public channel, or when the macaroon does not let us look.
    async fn own_hints(&self) -> Result<Vec<RouteHint>, LightningError>;

    /// Peers that come and go. Has no answer before the first one, as `invoices`.
    async fn peer_events(&self) -> Result<Updates<PeerEvent>, LightningError>;

    /// Channels of ours that become usable or cease to be. Has no answer before the first one, as `invoices`.
    async fn channel_events(&self) -> Result<Updates<ChannelEvent>, LightningError>;

    /// Nodes that gossip has news of: of the node itself, or of a channel of its that can be used. An update that only
    /// disables a channel is left out. On a large network this is a flood. Has no answer before the first one, as
    /// `invoices`.
    async fn graph_events(&self) -> Result<Updates<Vec<NodeId>>, LightningError>;

    /// Connects to a node at `host:port`. Being connected already is success.
    async fn connect(&self, node: NodeId, host: &str) -> Result<(), LightningError>;

    /// The best route for these records and amount. [`LightningError::NoRoute`] when there is none within the fee limit,
    /// [`LightningError::InsufficientBalance`] when our channels hold too little.
    async fn route(&self, query: RouteQuery) -> Result<Route, LightningError>;

    /// Pays by keysend. The first update says that the node took it; the last one is final. The answer
    /// [`LightningError::AlreadyExists`] means that the node knows this payment hash: it was not paid again; track it.
    async fn send(&self, keysend: Keysend) -> Result<Updates<PaymentUpdate>, LightningError>;

    /// Pays over exactly this route, whatever mission control remembers; waits for the outcome. Same hash rule as `send`.
    /// The route must have been asked for with the preimage of `hash`, or with its invoice: then the outcome brings the preimage.
    async fn send_to_route(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError>;

    /// Follows a payment that was sent before. [`LightningError::NotFound`] when the node never heard of it, or deleted it.
    async fn track(&self, hash: PaymentHash) -> Result<Updates<PaymentUpdate>, LightningError>;

    /// Every new and every settled invoice after the cursor, then live. Held and canceled ones are not told (LND does
    /// not tell them). May not answer before the first event: await it only inside the task that reads it.
    async fn invoices(&self, after: InvoiceCursor) -> Result<Updates<InvoiceNews>, LightningError>;

    /// The add index of the newest invoice of any kind; zero when there is none. Where a first connection starts.
    async fn newest_add_index(&self) -> Result<u64, LightningError>;

    /// The hash of the invoice at this add index, of any kind; `None` when there is none (any more).
    async fn invoice_at(&self, add_index: u64) -> Result<Option<PaymentHash>, LightningError>;

    /// Keysends and payments with AMP after this add index, canceled ones included, and what is paid with records to other
    /// invoices without a memo; looks at no more than `limit` invoices. A long list on a
    /// slow node takes its time.
    async fn invoices_after(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError>;

    /// The same for those that are open or held. A slow node looks through all its invoices for them.
    async fn pending_invoices(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError>;

    /// One invoice as it is now, an ordinary one too; [`LightningError::NotFound`] when there is none.
    async fn invoice(&self, hash: PaymentHash) -> Result<Invoice, LightningError>;

    /// One invoice as it is now and at every change, until it is settled or canceled; an ordinary one too.
    async fn watch_invoice(&self, hash: PaymentHash) -> Result<Updates<Invoice>, LightningError>;

    /// Whether the macaroon lets us make invoices for others to pay. What it does not let us ask counts as no.
    async fn may_issue_invoices(&self) -> Result<bool, LightningError>;

    /// Makes an invoice whose payment waits for `settle` or `cancel`, and returns its text (BOLT 11). It names private
    /// channels where there are no others, and has no description but a mark. Once more with the same hash and amount it is the same
    /// text; with another amount [`LightningError::AlreadyExists`].
    async fn add_hold_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError>;

    /// Reads an invoice and checks its signature.
    async fn decode_invoice(&self, bolt11: &str) -> Result<DecodedInvoice, LightningError>;

    /// Pays an invoice, with the updates and the hash rule of `send`, and [`LightningError::TooLate`] for an expired one. A
    /// refusal is also what a payment to an invoice ends with that is paid or canceled already.
    async fn pay_invoice(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError>;

    /// Takes a held payment. Doing it twice is success; [`LightningError::TooLate`] when it is canceled.
    async fn settle(&self, preimage: &Preimage) -> Result<(), LightningError>;

    /// Returns a held payment. Doing it twice is success; [`LightningError::TooLate`] when it is settled.
    async fn cancel(&self, hash: PaymentHash) -> Result<(), LightningError>;

    /// Removes a canceled invoice from the node's list; what has another state stays, with an error. [`LightningError::NotFound`]
    /// when there is none, [`LightningError::Unsupported`] on a node that keeps them for ever.
    async fn remove_canceled(&self, hash: PaymentHash) -> Result<(), LightningError>;

    /// Hands bytes to a peer: at most [`crate::LARGEST_PEER_MESSAGE`], of a type from 32768 to 65535. Success says only
    /// that they left: a peer without a listening app drops them. [`LightningError::NotConnected`] without a connection.
    async fn send_peer_message(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError>;

    /// What peers send, of all types, from now on. Has no answer before the first message, as `invoices`.
    async fn peer_messages(&self) -> Result<Updates<PeerMessage>, LightningError>;

    /// Hands an onion of one of [`crate::ONION_SIZES`] to a connected peer, with the blinding point of its path (33 bytes,
    /// compressed). Success says only that it left: whatever is wrong with it, or with the way, it is lost in silence.
    /// [`LightningError::NotConnected`] without a connection to `first_hop`, [`LightningError::Unsupported`] on a node that
    /// is too old for onions.
    async fn send_onion(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError>;

    /// Onion messages that end here, from now on; what our node only passes on is left out. Has no answer before the first
    /// message that reaches the node, as `invoices`. [`LightningError::Unsupported`] on a node that is too old for onions.
    async fn onion_messages(&self) -> Result<Updates<OnionMessage>, LightningError>;

    /// SHA-256 of the compressed product of the node's private key and `point` (33 bytes, compressed).
    async fn shared_secret(&self, point: NodeId) -> Result<SharedSecret, LightningError>;

    /// ECDSA signature, DER, over the SHA-256 of `bytes`, with the node's key.
    async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError>;

    /// The node's signature under a text, as every LND can check it: 104 characters zbase32 of a header (31 and the
    /// recovery id), r and s, over the double SHA-256 of "Lightning Signed Message:" and the text.
    async fn sign_message(&self, text: Vec<u8>) -> Result<String, LightningError>;

    /// The settings that matter to a messenger; `None` when the macaroon does not let us look.
    async fn config(&self) -> Result<Option<NodeConfig>, LightningError>;
}
