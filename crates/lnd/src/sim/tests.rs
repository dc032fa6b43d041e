//! What a real LND was seen to do, as facts about the network in memory.

mod books;
mod conservation;
mod faults;
mod hold_invoices;
mod holds;
mod invoices;
mod onions;
mod payments;
mod peers;
mod restores;
mod routes;

use std::time::Duration;

use domain::{Msat, PaymentHash, Preimage};
use futures::StreamExt;

use super::*;
use crate::error::{LightningError, LinkFault};
use crate::lightning::{Lightning, Updates};
use crate::types::{
    Invoice, InvoiceCursor, InvoiceState, Keysend, Over, PaidBy, PaymentUpdate, Records, RouteQuery,
};
use crate::types::{InvoiceNews, InvoicePage};

/// The record of readable text.
const TEXT: u64 = 34_349_334;
/// Longer than any payment takes that nobody holds.
const A_WHILE: Duration = Duration::from_secs(5);

fn sat(amount: u64) -> Msat {
    Msat::from_sat(amount).unwrap()
}

/// alice – bob – carol – dave, each channel with 100,000 sat on both sides.
fn line() -> (SimNetwork, [SimNode; 4]) {
    let net = SimNetwork::new(7);
    let nodes = ["alice", "bob", "carol", "dave"].map(|alias| net.node(alias));
    for pair in nodes.windows(2) {
        net.channel(&pair[0], sat(100_000), &pair[1], sat(100_000));
    }
    (net, nodes)
}

fn preimage(number: u8) -> Preimage {
    Preimage::new([number; 32])
}

fn hash(number: u8) -> PaymentHash {
    preimage(number).payment_hash()
}

fn text(length: usize) -> Records {
    vec![(TEXT, vec![b'x'; length])]
}

/// How long the text among the records is.
fn text_length(records: &Records) -> Option<usize> {
    let text = records.iter().find(|(kind, _)| *kind == TEXT);
    text.map(|(_, bytes)| bytes.len())
}

fn keysend(to: &SimNode, number: u8) -> Keysend {
    Keysend {
        to: to.id(),
        amount: Msat::SAT,
        preimage: preimage(number),
        records: text(5),
        fee_limit: sat(10),
        timeout_secs: 30,
        hints: Vec::new(),
    }
}

fn query(to: &SimNode) -> RouteQuery {
    RouteQuery {
        to: to.id(),
        amount: Msat::SAT,
        fee_limit: sat(10),
        records: text(5),
        paid_by: PaidBy::Quote,
        use_mission_control: true,
        over: Over::Anything,
        hints: Vec::new(),
    }
}

async fn all<T: std::fmt::Debug>(updates: Updates<T>) -> Vec<T> {
    updates.map(Result::unwrap).collect().await
}

/// Sends and waits for the end.
async fn send(from: &SimNode, keysend: Keysend) -> PaymentUpdate {
    all(from.send(keysend).await.unwrap()).await.pop().unwrap()
}

async fn balance(node: &SimNode) -> Msat {
    node.balance().await.unwrap().local
}

/// Waits until a payment is held by the node.
async fn until_held(node: &SimNode, hash: PaymentHash) -> Invoice {
    loop {
        match node.invoice(hash).await {
            Ok(invoice) if invoice.state == InvoiceState::Held => return invoice,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Subscribes in a task of its own, as an app must: the call has no answer before the first event.
fn subscribe(
    node: &SimNode,
    after: InvoiceCursor,
) -> tokio::sync::mpsc::UnboundedReceiver<Invoice> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let node = node.clone();
    tokio::spawn(async move {
        let mut invoices = node.invoices(after).await.unwrap();
        while let Some(Ok(news)) = invoices.next().await {
            let InvoiceNews::Invoice(invoice) = news else {
                continue;
            };
            if sender.send(invoice).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Reads a stream in a task of its own, for the same reason.
fn listen<T: Send + 'static>(
    call: impl Future<Output = Result<Updates<T>, LightningError>> + Send + 'static,
) -> tokio::sync::mpsc::UnboundedReceiver<T> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut updates = call.await.unwrap();
        while let Some(Ok(update)) = updates.next().await {
            if sender.send(update).is_err() {
                break;
            }
        }
    });
    receiver
}
