//! Kills a program between two of its steps.
//!
//! The steps are the questions to the node and the answers and events from it. When the fuse blows, nothing goes through
//! any more: the program stands still between two steps, and the story drops it there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::{NodeId, PaymentHash, Preimage, RouteHint};
use futures::StreamExt;
use lnd::{
    Balance, ChannelEvent, DecodedInvoice, Invoice, InvoiceCursor, InvoiceNews, InvoicePage,
    InvoicePayment, Keysend, Lightning, LightningError, NewInvoice, NodeConfig, NodeFacts,
    NodeInfo, OnionMessage, PaymentUpdate, PeerEvent, PeerLink, PeerMessage, Route, RouteQuery,
    SharedSecret, Updates,
};
use tokio::sync::watch;

/// Blows at a step, once.
#[derive(Clone, Debug)]
pub struct Fuse {
    /// Steps until it blows; zero when it is not armed.
    left: Arc<AtomicU64>,
    /// Grows with every blow: who began before stands still.
    blows: Arc<watch::Sender<u64>>,
}

impl Default for Fuse {
    fn default() -> Self {
        Self {
            left: Arc::default(),
            blows: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Fuse {
    /// Has it blow at the `step`th step from now, counted from 1. The answer completes when it has.
    pub fn arm(&self, step: u64) -> impl Future<Output = ()> + use<> {
        let mut blows = self.blows.subscribe();
        let before = *blows.borrow_and_update();
        self.left.store(step, Ordering::SeqCst);
        async move {
            // The sender lives in the fuse; without it nothing blows any more.
            if blows.wait_for(|blows| *blows > before).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Has it blow never.
    pub fn disarm(&self) {
        self.left.store(0, Ordering::SeqCst);
    }

    /// Passes a step, or never returns.
    async fn step(&self, life: u64) {
        if *self.blows.borrow() == life {
            let less = |left: u64| left.checked_sub(1);
            if self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                == Ok(1)
            {
                self.blows.send_modify(|blows| *blows += 1);
            }
        }
        if *self.blows.borrow() != life {
            std::future::pending::<()>().await;
        }
    }
}

/// A node behind a fuse. One life: a program that is started again needs a new one.
pub struct Fused {
    node: Arc<dyn Lightning>,
    fuse: Fuse,
    life: u64,
}

impl Fused {
    /// The node behind the fuse.
    #[must_use]
    pub fn new(node: Arc<dyn Lightning>, fuse: &Fuse) -> Self {
        let life = *fuse.blows.borrow();
        Self {
            node,
            fuse: fuse.clone(),
            life,
        }
    }

    async fn through<T>(&self, call: impl Future<Output = T>) -> T {
        self.fuse.step(self.life).await;
        let answer = call.await;
        self.fuse.step(self.life).await;
        answer
    }

    /// Events are steps as well.
    fn stream<T: Send + 'static>(&self, events: Updates<T>) -> Updates<T> {
        let (fuse, life) = (self.fuse.clone(), self.life);
        Box::pin(events.then(move |event| {
            let fuse = fuse.clone();
            async move {
                fuse.step(life).await;
                event
            }
        }))
    }
}

/// What a program asks only to know how things are is no step: it happens at any time.
#[async_trait]
impl Lightning for Fused {
    async fn info(&self) -> Result<NodeInfo, LightningError> {
        self.node.info().await
    }

    async fn balance(&self) -> Result<Balance, LightningError> {
        self.node.balance().await
    }

    async fn node(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError> {
        self.node.node(node).await
    }

    async fn peers(&self) -> Result<Vec<PeerLink>, LightningError> {
        self.node.peers().await
    }

    async fn neighbours(&self, node: NodeId) -> Result<Vec<NodeId>, LightningError> {
        self.node.neighbours(node).await
    }

    async fn own_hints(&self) -> Result<Vec<RouteHint>, LightningError> {
        self.node.own_hints().await
    }

    async fn peer_events(&self) -> Result<Updates<PeerEvent>, LightningError> {
        self.node.peer_events().await
    }

    async fn channel_events(&self) -> Result<Updates<ChannelEvent>, LightningError> {
        self.node.channel_events().await
    }

    async fn graph_events(&self) -> Result<Updates<Vec<NodeId>>, LightningError> {
        self.node.graph_events().await
    }

    async fn connect(&self, node: NodeId, host: &str) -> Result<(), LightningError> {
        self.node.connect(node, host).await
    }

    async fn route(&self, query: RouteQuery) -> Result<Route, LightningError> {
        self.through(self.node.route(query)).await
    }

    async fn send(&self, keysend: Keysend) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.through(self.node.send(keysend))
            .await
            .map(|events| self.stream(events))
    }

    async fn send_to_route(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError> {
        self.through(self.node.send_to_route(hash, route)).await
    }

    async fn track(&self, hash: PaymentHash) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.through(self.node.track(hash))
            .await
            .map(|events| self.stream(events))
    }

    async fn invoices(&self, after: InvoiceCursor) -> Result<Updates<InvoiceNews>, LightningError> {
        self.node
            .invoices(after)
            .await
            .map(|events| self.stream(events))
    }

    async fn invoices_after(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.through(self.node.invoices_after(add_index, limit))
            .await
    }

    async fn newest_add_index(&self) -> Result<u64, LightningError> {
        self.through(self.node.newest_add_index()).await
    }

    async fn pending_invoices(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.through(self.node.pending_invoices(add_index, limit))
            .await
    }

    async fn invoice_at(&self, add_index: u64) -> Result<Option<PaymentHash>, LightningError> {
        self.through(self.node.invoice_at(add_index)).await
    }

    async fn invoice(&self, hash: PaymentHash) -> Result<Invoice, LightningError> {
        self.through(self.node.invoice(hash)).await
    }

    async fn watch_invoice(&self, hash: PaymentHash) -> Result<Updates<Invoice>, LightningError> {
        self.through(self.node.watch_invoice(hash))
            .await
            .map(|events| self.stream(events))
    }

    async fn may_issue_invoices(&self) -> Result<bool, LightningError> {
        self.through(self.node.may_issue_invoices()).await
    }

    async fn add_hold_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError> {
        self.through(self.node.add_hold_invoice(invoice)).await
    }

    async fn decode_invoice(&self, bolt11: &str) -> Result<DecodedInvoice, LightningError> {
        self.through(self.node.decode_invoice(bolt11)).await
    }

    async fn pay_invoice(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.through(self.node.pay_invoice(payment))
            .await
            .map(|events| self.stream(events))
    }

    async fn settle(&self, preimage: &Preimage) -> Result<(), LightningError> {
        self.through(self.node.settle(preimage)).await
    }

    async fn cancel(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.through(self.node.cancel(hash)).await
    }

    async fn remove_canceled(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.through(self.node.remove_canceled(hash)).await
    }

    async fn send_peer_message(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.through(self.node.send_peer_message(to, kind, bytes))
            .await
    }

    async fn peer_messages(&self) -> Result<Updates<PeerMessage>, LightningError> {
        self.node
            .peer_messages()
            .await
            .map(|events| self.stream(events))
    }

    async fn send_onion(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.through(self.node.send_onion(first_hop, path_key, onion))
            .await
    }

    async fn onion_messages(&self) -> Result<Updates<OnionMessage>, LightningError> {
        self.node
            .onion_messages()
            .await
            .map(|events| self.stream(events))
    }

    async fn shared_secret(&self, point: NodeId) -> Result<SharedSecret, LightningError> {
        self.through(self.node.shared_secret(point)).await
    }

    async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        self.through(self.node.sign(bytes)).await
    }

    async fn sign_message(&self, text: Vec<u8>) -> Result<String, LightningError> {
        self.through(self.node.sign_message(text)).await
    }

    async fn config(&self) -> Result<Option<NodeConfig>, LightningError> {
        self.node.config().await
    }
}
