//! A client that does nothing but ask the node: what the app is held against.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use data_encoding::HEXLOWER_PERMISSIVE;
use domain::{Msat, NodeId, PaymentHash, Preimage};
use futures::StreamExt;
use lnd::{
    CertDer, Credentials, GrpcNode, InvoiceCursor, InvoiceNews, InvoicePayment, InvoiceState,
    Keysend, Lightning, LightningError, Macaroon, NewInvoice, PaymentUpdate, Records, permission,
};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::regtest::Lnd;

/// How long a payment may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);
/// As the app's default for a satoshi.
const FEE_LIMIT: Msat = Msat::new(10_000);
const PATH_FINDING_SECS: u32 = 60;
/// As the app has them, for invoices.
const INVOICE_SECS: u32 = 600;
const INVOICE_BLOCKS: u32 = 40;
const INVOICE_PARTS: u32 = 16;

/// A connection to a node.
#[derive(Clone, Debug)]
pub(super) struct Bare {
    pub(super) id: NodeId,
    pub(super) node: GrpcNode,
}

impl Bare {
    pub(super) async fn connect(lnd: &Lnd) -> Result<Self> {
        let macaroon = lnd
            .bake(permission::TABLE.iter().map(|rpc| rpc.path))
            .await?;
        let macaroon = HEXLOWER_PERMISSIVE.decode(macaroon.as_bytes())?;
        let node = GrpcNode::connect(Credentials {
            address: lnd.address(),
            cert: CertDer::from_bytes(&std::fs::read(lnd.certificate())?)?,
            macaroon: Macaroon::from_bytes(&macaroon)?,
        });
        let id = node.info().await?.node;
        Ok(Self { id, node })
    }

    pub(super) async fn version(&self) -> Result<String> {
        Ok(self.node.info().await?.version)
    }

    /// A keysend of one satoshi, as the app's postage, ready to be sent.
    pub(super) fn keysend(&self, to: NodeId, records: Records) -> Keysend {
        Keysend {
            to,
            amount: Msat::SAT,
            preimage: Preimage::new(rand::random()),
            records,
            fee_limit: FEE_LIMIT,
            timeout_secs: PATH_FINDING_SECS,
            hints: Vec::new(),
        }
    }

    /// Sends it and follows it until the node has said its last word.
    pub(super) async fn send(&self, keysend: Keysend) -> Result<()> {
        let sent = async {
            let mut updates = self.node.send(keysend).await?;
            loop {
                match updates.next().await.context("no outcome")?? {
                    PaymentUpdate::InFlight { .. } => {}
                    PaymentUpdate::Settled { .. } | PaymentUpdate::Refused { .. } => return Ok(()),
                    PaymentUpdate::Failed { failure, .. } => bail!("it failed: {failure:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, sent)
            .await
            .context("a bare payment does not end")?
    }

    /// Pays an invoice that the recipient makes and settles. When this returns, the sender's node has the preimage.
    pub(super) async fn pay(&self, to: &Self, amount: Msat, records: Records) -> Result<()> {
        let preimage = Preimage::new(rand::random());
        let hash = preimage.payment_hash();
        let invoice = NewInvoice {
            hash,
            amount,
            expiry_secs: INVOICE_SECS,
            cltv_expiry: INVOICE_BLOCKS,
            mark: None,
        };
        let bolt11 = to.node.add_hold_invoice(invoice).await?;
        let paid = async {
            let payment = InvoicePayment {
                bolt11,
                amount,
                records,
                fee_limit: FEE_LIMIT,
                timeout_secs: PATH_FINDING_SECS,
                max_parts: INVOICE_PARTS,
            };
            let mut updates = self.node.pay_invoice(payment).await?;
            loop {
                match updates.next().await.context("no outcome")?? {
                    PaymentUpdate::InFlight { .. } => {}
                    PaymentUpdate::Settled { .. } => return Ok(()),
                    other => bail!("it is not paid: {other:?}"),
                }
            }
        };
        let accepted = async {
            let mut states = to.node.watch_invoice(hash).await?;
            while states.next().await.context("nothing arrives")??.state != InvoiceState::Held {}
            anyhow::Ok(to.node.settle(&preimage).await?)
        };
        let both = async { tokio::try_join!(paid, accepted) };
        let both = tokio::time::timeout(PATIENCE, both).await;
        both.context("a bare invoice is not paid")??;
        Ok(())
    }
}

/// A keysend that is the recipient's to have: settled on a stock node, held on one that holds.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) hash: PaymentHash,
    pub(super) at: Instant,
    pub(super) records: Records,
}

/// What a node's invoices do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Settle on arrival.
    Stock,
    /// Are held, and somebody else decides on them.
    Held,
    /// Are held, and returned at once by us.
    Returned,
}

/// The recipient's own stream of invoices.
#[derive(Debug)]
pub(super) struct Ear {
    arrivals: mpsc::UnboundedReceiver<Result<Arrival, LightningError>>,
    listening: AbortHandle,
}

impl Ear {
    /// Begins to listen. The node does not say when it has begun: something must be heard before something is measured.
    pub(super) fn open(at: &Bare, manner: Manner) -> Self {
        let (tell, arrivals) = mpsc::unbounded_channel();
        let node = at.node.clone();
        let listening = tokio::spawn(async move {
            if let Err(error) = listen(&node, manner, &tell).await {
                // Nobody listens any more: then nobody misses it.
                let _ = tell.send(Err(error));
            }
        });
        Self {
            arrivals,
            listening: listening.abort_handle(),
        }
    }

    /// What arrives next.
    pub(super) async fn hears(&mut self) -> Result<Arrival> {
        let heard = tokio::time::timeout(PATIENCE, self.arrivals.recv());
        let heard = heard.await.context("nothing arrives")?;
        Ok(heard.context("the ear is closed")??)
    }

    /// Waits until all of these have arrived; when the last one did.
    pub(super) async fn hears_all(&mut self, mut hashes: HashSet<PaymentHash>) -> Result<Instant> {
        loop {
            let arrival = self.hears().await?;
            hashes.remove(&arrival.hash);
            if hashes.is_empty() {
                return Ok(arrival.at);
            }
        }
    }

    /// Forgets what has arrived by now.
    pub(super) fn rest(&mut self) -> Result<()> {
        loop {
            match self.arrivals.try_recv() {
                Ok(arrival) => drop(arrival?),
                Err(mpsc::error::TryRecvError::Empty) => return Ok(()),
                Err(mpsc::error::TryRecvError::Disconnected) => bail!("the ear is closed"),
            }
        }
    }

    /// Sends until something is heard.
    pub(super) async fn tune(&mut self, from: &Bare, at: &Bare) -> Result<()> {
        const TRIES: usize = 5;
        const SOON: Duration = Duration::from_secs(10);
        for _ in 0..TRIES {
            let keysend = from.keysend(at.id, Records::new());
            let hash = keysend.preimage.payment_hash();
            from.send(keysend).await?;
            let heard = tokio::time::timeout(SOON, self.hears());
            if let Ok(arrival) = heard.await {
                ensure!(arrival?.hash == hash, "somebody else pays");
                return Ok(());
            }
        }
        bail!("the node tells of no payment")
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    node: &GrpcNode,
    manner: Manner,
    tell: &mpsc::UnboundedSender<Result<Arrival, LightningError>>,
) -> Result<(), LightningError> {
    let cursor = InvoiceCursor {
        add_index: node.newest_add_index().await?,
        settle_index: 0,
    };
    let mut invoices = node.invoices(cursor).await?;
    let mut watching = JoinSet::new();
    loop {
        tokio::select! {
            invoice = invoices.next() => {
                let Some(invoice) = invoice else { return Ok(()) };
                let InvoiceNews::Invoice(invoice) = invoice? else { continue };
                match (manner, invoice.state) {
                    (Manner::Stock, InvoiceState::Settled) => {
                        let arrival = Arrival { hash: invoice.hash, at: Instant::now(), records: invoice.records };
                        let _ = tell.send(Ok(arrival));
                    }
                    // Of held payments the node tells only whoever asks for this one.
                    (Manner::Held | Manner::Returned, InvoiceState::Open) => {
                        let (node, tell) = (node.clone(), tell.clone());
                        watching.spawn(async move {
                            if let Err(error) = watch(&node, invoice.hash, manner, &tell).await {
                                let _ = tell.send(Err(error));
                            }
                        });
                    }
                    _ => {}
                }
            }
            Some(_) = watching.join_next() => {}
        }
    }
}

async fn watch(
    node: &GrpcNode,
    hash: PaymentHash,
    manner: Manner,
    tell: &mpsc::UnboundedSender<Result<Arrival, LightningError>>,
) -> Result<(), LightningError> {
    let mut states = node.watch_invoice(hash).await?;
    while let Some(invoice) = states.next().await {
        let invoice = invoice?;
        if invoice.state == InvoiceState::Held {
            let at = Instant::now();
            let records = invoice.records;
            let _ = tell.send(Ok(Arrival { hash, at, records }));
            if manner == Manner::Returned {
                node.cancel(hash).await?;
            }
            return Ok(());
        }
    }
    Ok(())
}
