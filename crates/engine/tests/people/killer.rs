//! A way to a node on which the app dies at a chosen call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::{NodeId, PaymentHash, Preimage};
use lnd::{
    Balance, ChannelEvent, DecodedInvoice, Invoice, InvoiceCursor, InvoicePayment, Keysend,
    Lightning, LightningError, NewInvoice, NodeConfig, NodeFacts, NodeInfo, OnionMessage,
    PaymentUpdate, PeerEvent, PeerLink, PeerMessage, Route, RouteQuery, SharedSecret, Updates,
};
use tokio::sync::Notify;

/// When the app dies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// Before the node hears of the call.
    Before,
    /// After the node has done it, before the app hears of it.
    After,
}

/// Counts the calls; at the chosen one the caller never gets an answer.
pub(crate) struct Killer<L> {
    node: L,
    calls: AtomicUsize,
    fatal: usize,
    moment: Moment,
    pub(crate) died: Arc<Notify>,
}

impl<L: Lightning> Killer<L> {
    pub(crate) fn new(node: L, fatal: usize, moment: Moment) -> Self {
        Self {
            node,
            calls: AtomicUsize::new(0),
            fatal,
            moment,
            died: Arc::default(),
        }
    }

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if number < self.fatal {
            return call.await;
        }
        // Nothing more leaves a dead app, and nothing more comes in.
        if number == self.fatal && matches!(self.moment, Moment::After) {
            let _done = call.await;
        }
        self.died.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl<L: Lightning> Lightning for Killer<L> {
    async fn info(&self) -> Result<NodeInfo, LightningError> {
        self.pass(self.node.info()).await
    }
    async fn balance(&self) -> Result<Balance, LightningError> {
        self.pass(self.node.balance()).await
    }
    async fn node(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError> {
        self.pass(self.node.node(node)).await
    }
    async fn peers(&self) -> Result<Vec<PeerLink>, LightningError> {
        self.pass(self.node.peers()).await
    }
    async fn neighbours(&self, node: NodeId) -> Result<Vec<NodeId>, LightningError> {
        self.pass(self.node.neighbours(node)).await
    }
    async fn peer_events(&self) -> Result<Updates<PeerEvent>, LightningError> {
        self.pass(self.node.peer_events()).await
    }
    async fn channel_events(&self) -> Result<Updates<ChannelEvent>, LightningError> {
        self.pass(self.node.channel_events()).await
    }
    async fn connect(&self, node: NodeId, host: &str) -> Result<(), LightningError> {
        self.pass(self.node.connect(node, host)).await
    }
    async fn route(&self, query: RouteQuery) -> Result<Route, LightningError> {
        self.pass(self.node.route(query)).await
    }
    async fn send(&self, keysend: Keysend) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.pass(self.node.send(keysend)).await
    }
    async fn send_to_route(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError> {
        self.pass(self.node.send_to_route(hash, route)).await
    }
    async fn track(&self, hash: PaymentHash) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.pass(self.node.track(hash)).await
    }
    async fn invoices(&self, after: InvoiceCursor) -> Result<Updates<Invoice>, LightningError> {
        self.pass(self.node.invoices(after)).await
    }
    async fn newest_add_index(&self) -> Result<u64, LightningError> {
        self.pass(self.node.newest_add_index()).await
    }
    async fn invoices_after(&self, after: u64, limit: u64) -> Result<Vec<Invoice>, LightningError> {
        self.pass(self.node.invoices_after(after, limit)).await
    }
    async fn pending_invoices(&self) -> Result<Vec<Invoice>, LightningError> {
        self.pass(self.node.pending_invoices()).await
    }
    async fn invoice(&self, hash: PaymentHash) -> Result<Invoice, LightningError> {
        self.pass(self.node.invoice(hash)).await
    }
    async fn watch_invoice(&self, hash: PaymentHash) -> Result<Updates<Invoice>, LightningError> {
        self.pass(self.node.watch_invoice(hash)).await
    }
    async fn add_hold_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError> {
        self.pass(self.node.add_hold_invoice(invoice)).await
    }
    async fn decode_invoice(&self, bolt11: &str) -> Result<DecodedInvoice, LightningError> {
        self.pass(self.node.decode_invoice(bolt11)).await
    }
    async fn pay_invoice(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.pass(self.node.pay_invoice(payment)).await
    }
    async fn settle(&self, preimage: &Preimage) -> Result<(), LightningError> {
        self.pass(self.node.settle(preimage)).await
    }
    async fn cancel(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.pass(self.node.cancel(hash)).await
    }
    async fn send_peer_message(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.pass(self.node.send_peer_message(to, kind, bytes))
            .await
    }
    async fn peer_messages(&self) -> Result<Updates<PeerMessage>, LightningError> {
        self.pass(self.node.peer_messages()).await
    }
    async fn send_onion(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.pass(self.node.send_onion(first_hop, path_key, onion))
            .await
    }
    async fn onion_messages(&self) -> Result<Updates<OnionMessage>, LightningError> {
        self.pass(self.node.onion_messages()).await
    }
    async fn shared_secret(&self, point: NodeId) -> Result<SharedSecret, LightningError> {
        self.pass(self.node.shared_secret(point)).await
    }
    async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        self.pass(self.node.sign(bytes)).await
    }
    async fn sign_message(&self, text: Vec<u8>) -> Result<String, LightningError> {
        self.pass(self.node.sign_message(text)).await
    }
    async fn config(&self) -> Result<Option<NodeConfig>, LightningError> {
        self.pass(self.node.config()).await
    }
}
