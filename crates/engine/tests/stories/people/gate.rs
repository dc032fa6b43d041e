//! A way to a node with a gate in it: whoever keeps the gate sees every call and every event, and may let them wait.

use async_trait::async_trait;
use domain::{NodeId, PaymentHash, Preimage, RouteHint};
use lnd::{
    Balance, ChannelEvent, DecodedInvoice, Invoice, InvoiceCursor, InvoiceNews, InvoicePage,
    InvoicePayment, Keysend, Lightning, LightningError, NewInvoice, NodeConfig, NodeFacts,
    NodeInfo, OnionMessage, PaymentUpdate, PeerEvent, PeerLink, PeerMessage, Route, RouteQuery,
    SharedSecret, Updates,
};

/// Keeps the gate.
pub(crate) trait Gate: Send + Sync + 'static {
    /// Lets a call through, or not, or late.
    fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> impl Future<Output = Result<T, LightningError>> + Send;

    /// What an app asks of the node, as its owner has changed it.
    fn asked(&self, invoice: NewInvoice) -> NewInvoice {
        invoice
    }

    /// The invoice that the app gets, as its owner has changed it.
    fn made(&self, bolt11: String) -> String {
        bolt11
    }

    /// The node is to hand a free message to this neighbour.
    fn handed_to(&self, _neighbour: NodeId) {}

    /// What becomes of the events of an open stream.
    fn stream<T: Clone + Send + 'static>(
        &self,
        _call: &'static str,
        events: Updates<T>,
    ) -> Updates<T> {
        events
    }
}

/// A node behind a gate.
pub(crate) struct Gated<L, G> {
    pub(crate) node: L,
    pub(crate) gate: G,
}

#[async_trait]
impl<L: Lightning, G: Gate> Lightning for Gated<L, G> {
    async fn info(&self) -> Result<NodeInfo, LightningError> {
        self.gate.pass("info", self.node.info()).await
    }
    async fn balance(&self) -> Result<Balance, LightningError> {
        self.gate.pass("balance", self.node.balance()).await
    }
    async fn node(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError> {
        self.gate.pass("node", self.node.node(node)).await
    }
    async fn peers(&self) -> Result<Vec<PeerLink>, LightningError> {
        self.gate.pass("peers", self.node.peers()).await
    }
    async fn neighbours(&self, node: NodeId) -> Result<Vec<NodeId>, LightningError> {
        self.gate
            .pass("neighbours", self.node.neighbours(node))
            .await
    }
    async fn own_hints(&self) -> Result<Vec<RouteHint>, LightningError> {
        self.gate.pass("own_hints", self.node.own_hints()).await
    }
    async fn peer_events(&self) -> Result<Updates<PeerEvent>, LightningError> {
        let updates = self
            .gate
            .pass("peer_events", self.node.peer_events())
            .await?;
        Ok(self.gate.stream("peer_events", updates))
    }
    async fn channel_events(&self) -> Result<Updates<ChannelEvent>, LightningError> {
        let updates = self
            .gate
            .pass("channel_events", self.node.channel_events())
            .await?;
        Ok(self.gate.stream("channel_events", updates))
    }
    async fn graph_events(&self) -> Result<Updates<Vec<NodeId>>, LightningError> {
        let updates = self
            .gate
            .pass("graph_events", self.node.graph_events())
            .await?;
        Ok(self.gate.stream("graph_events", updates))
    }
    async fn connect(&self, node: NodeId, host: &str) -> Result<(), LightningError> {
        self.gate
            .pass("connect", self.node.connect(node, host))
            .await
    }
    async fn route(&self, query: RouteQuery) -> Result<Route, LightningError> {
        self.gate.pass("route", self.node.route(query)).await
    }
    async fn send(&self, keysend: Keysend) -> Result<Updates<PaymentUpdate>, LightningError> {
        let updates = self.gate.pass("send", self.node.send(keysend)).await?;
        Ok(self.gate.stream("send", updates))
    }
    async fn send_to_route(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError> {
        self.gate
            .pass("send_to_route", self.node.send_to_route(hash, route))
            .await
    }
    async fn track(&self, hash: PaymentHash) -> Result<Updates<PaymentUpdate>, LightningError> {
        let updates = self.gate.pass("track", self.node.track(hash)).await?;
        Ok(self.gate.stream("track", updates))
    }
    async fn invoices(&self, after: InvoiceCursor) -> Result<Updates<InvoiceNews>, LightningError> {
        let updates = self
            .gate
            .pass("invoices", self.node.invoices(after))
            .await?;
        Ok(self.gate.stream("invoices", updates))
    }
    async fn newest_add_index(&self) -> Result<u64, LightningError> {
        self.gate
            .pass("newest_add_index", self.node.newest_add_index())
            .await
    }
    async fn invoices_after(&self, after: u64, limit: u64) -> Result<InvoicePage, LightningError> {
        self.gate
            .pass("invoices_after", self.node.invoices_after(after, limit))
            .await
    }
    async fn pending_invoices(
        &self,
        after: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.gate
            .pass("pending_invoices", self.node.pending_invoices(after, limit))
            .await
    }
    async fn invoice_at(&self, add_index: u64) -> Result<Option<PaymentHash>, LightningError> {
        self.gate
            .pass("invoice_at", self.node.invoice_at(add_index))
            .await
    }
    async fn invoice(&self, hash: PaymentHash) -> Result<Invoice, LightningError> {
        self.gate.pass("invoice", self.node.invoice(hash)).await
    }
    async fn watch_invoice(&self, hash: PaymentHash) -> Result<Updates<Invoice>, LightningError> {
        let updates = self
            .gate
            .pass("watch_invoice", self.node.watch_invoice(hash))
            .await?;
        Ok(self.gate.stream("watch_invoice", updates))
    }
    async fn may_issue_invoices(&self) -> Result<bool, LightningError> {
        self.gate
            .pass("may_issue_invoices", self.node.may_issue_invoices())
            .await
    }
    async fn add_hold_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError> {
        // A mark is for no payer.
        let is_mark = invoice.mark.is_some();
        let invoice = if is_mark {
            invoice
        } else {
            self.gate.asked(invoice)
        };
        let bolt11 = self
            .gate
            .pass("add_hold_invoice", self.node.add_hold_invoice(invoice))
            .await?;
        Ok(if is_mark {
            bolt11
        } else {
            self.gate.made(bolt11)
        })
    }
    async fn decode_invoice(&self, bolt11: &str) -> Result<DecodedInvoice, LightningError> {
        self.gate
            .pass("decode_invoice", self.node.decode_invoice(bolt11))
            .await
    }
    async fn pay_invoice(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        let updates = self
            .gate
            .pass("pay_invoice", self.node.pay_invoice(payment))
            .await?;
        Ok(self.gate.stream("pay_invoice", updates))
    }
    async fn settle(&self, preimage: &Preimage) -> Result<(), LightningError> {
        self.gate.pass("settle", self.node.settle(preimage)).await
    }
    async fn cancel(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.gate.pass("cancel", self.node.cancel(hash)).await
    }
    async fn remove_canceled(&self, hash: PaymentHash) -> Result<(), LightningError> {
        let work = self.node.remove_canceled(hash);
        self.gate.pass("remove_canceled", work).await
    }
    async fn send_peer_message(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.gate.handed_to(to);
        self.gate
            .pass(
                "send_peer_message",
                self.node.send_peer_message(to, kind, bytes),
            )
            .await
    }
    async fn peer_messages(&self) -> Result<Updates<PeerMessage>, LightningError> {
        let updates = self
            .gate
            .pass("peer_messages", self.node.peer_messages())
            .await?;
        Ok(self.gate.stream("peer_messages", updates))
    }
    async fn send_onion(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.gate.handed_to(first_hop);
        self.gate
            .pass(
                "send_onion",
                self.node.send_onion(first_hop, path_key, onion),
            )
            .await
    }
    async fn onion_messages(&self) -> Result<Updates<OnionMessage>, LightningError> {
        let updates = self
            .gate
            .pass("onion_messages", self.node.onion_messages())
            .await?;
        Ok(self.gate.stream("onion_messages", updates))
    }
    async fn shared_secret(&self, point: NodeId) -> Result<SharedSecret, LightningError> {
        self.gate
            .pass("shared_secret", self.node.shared_secret(point))
            .await
    }
    async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        self.gate.pass("sign", self.node.sign(bytes)).await
    }
    async fn sign_message(&self, text: Vec<u8>) -> Result<String, LightningError> {
        self.gate
            .pass("sign_message", self.node.sign_message(text))
            .await
    }
    async fn config(&self) -> Result<Option<NodeConfig>, LightningError> {
        self.gate.pass("config", self.node.config()).await
    }
}
