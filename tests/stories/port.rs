//! The port against real nodes: what no fake can vouch for.

use anyhow::{Context, Result, ensure};
use domain::{Msat, NodeId, PaymentHash, Preimage};
use futures::StreamExt;
use heliograph_tests::regtest::{Lnd, Network, Plan};
use lnd::{
    CertDer, Credentials, GrpcNode, InvoicePayment, InvoiceState, Lightning, LightningError,
    Macaroon, NewInvoice, Over, PaidBy, PaymentUpdate, RouteQuery, permission,
};

/// The port with the macaroon that a person would bake.
async fn port(node: &Lnd) -> Result<GrpcNode> {
    let paths = permission::TABLE.iter().map(|rpc| rpc.path);
    Ok(GrpcNode::connect(Credentials {
        address: node.address(),
        cert: CertDer::from_bytes(&std::fs::read(node.certificate())?)?,
        macaroon: Macaroon::from_bytes(&hex::decode(node.bake(paths).await?)?)?,
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_and_hold_invoices_go_between_stock_nodes() -> Result<()> {
    let network = Network::temporary(Plan::line()).await?;
    let (alice, bob, carol) = (
        port(network.node("alice")).await?,
        port(network.node("bob")).await?,
        port(network.node("carol")).await?,
    );
    let [a, b, c] = [alice.info().await?, bob.info().await?, carol.info().await?].map(|it| it.node);
    free(&alice, &bob, [a, b, c]).await?;
    ensure!(alice.sign_message(b"text".to_vec()).await?.len() == 104);
    routes(&alice, [b, c]).await?;
    places(&alice).await?;

    let order = NewInvoice {
        hash: Preimage::new([7; 32]).payment_hash(),
        amount: Msat::new(50_000),
        expiry_secs: 600,
        cltv_expiry: 80,
        mark: None,
    };
    let bolt11 = carol.add_hold_invoice(order).await?;
    ensure!(
        carol.add_hold_invoice(order).await? == bolt11,
        "the same text"
    );
    let read = alice.decode_invoice(&bolt11).await?;
    ensure!((read.destination, read.amount) == (c, Some(order.amount)));
    let payment = InvoicePayment {
        bolt11,
        amount: order.amount,
        records: vec![(70_001, vec![7])],
        fee_limit: Msat::new(5_000),
        timeout_secs: 30,
        max_parts: 4,
    };
    let mut watched = carol.watch_invoice(order.hash).await?;
    let updates = alice.pay_invoice(payment).await?;
    while let Some(invoice) = watched.next().await {
        let invoice = invoice?;
        if invoice.state == InvoiceState::Held {
            ensure!(invoice.records.contains(&(70_001, vec![7])));
            carol.cancel(order.hash).await?;
        } else if invoice.state == InvoiceState::Canceled {
            ensure!(invoice.amount == order.amount, "what was held: {invoice:?}");
        }
    }
    let last = updates.collect::<Vec<_>>().await.pop().context("an end")?;
    ensure!(last? == PaymentUpdate::Refused { hops: 2 });
    network.stop().await
}

/// An invoice that nobody pays, canceled and removed. Its place in the list.
async fn make_and_remove(node: &GrpcNode, number: u8) -> Result<u64> {
    let hash = make_and_cancel(node, number).await?;
    let place = node.invoice(hash).await?.add_index;
    node.remove_canceled(hash).await?;
    Ok(place)
}

async fn make_and_cancel(node: &GrpcNode, number: u8) -> Result<PaymentHash> {
    let hash = PaymentHash([number; 32]);
    let order = NewInvoice {
        hash,
        amount: Msat::SAT,
        expiry_secs: 60,
        cltv_expiry: 0,
        mark: None,
    };
    node.add_hold_invoice(order).await?;
    node.cancel(hash).await?;
    Ok(hash)
}

/// LND on SQLite: the place of a removed invoice can be given again.
async fn places(node: &GrpcNode) -> Result<()> {
    let before = node.newest_add_index().await?;
    let first = make_and_remove(node, 1).await?;
    // A list looks as if it had never been in it, and goes on from there.
    ensure!(
        node.newest_add_index().await? == before,
        "the newest that is there"
    );
    ensure!(make_and_remove(node, 2).await? == first, "the same place");

    let kept = make_and_cancel(node, 3).await?;
    let removed = make_and_remove(node, 4).await?;
    ensure!(node.newest_add_index().await? < removed);
    ensure!(node.invoice_at(removed).await?.is_none());
    let again = make_and_cancel(node, 5).await?;
    ensure!(node.invoice_at(removed).await? == Some(again));
    // Only the places at the end are: not that of one which is removed behind a newer one.
    let place = node.invoice(kept).await?.add_index;
    node.remove_canceled(kept).await?;
    ensure!(node.invoice_at(place).await?.is_none());
    ensure!(make_and_remove(node, 6).await? > removed);
    Ok(())
}

async fn routes(alice: &GrpcNode, [b, c]: [NodeId; 2]) -> Result<()> {
    let over = async |to, over| {
        let query = RouteQuery {
            to,
            amount: Msat::SAT,
            fee_limit: Msat::new(5_000),
            records: Vec::new(),
            paid_by: PaidBy::Quote,
            use_mission_control: true,
            over,
            hints: Vec::new(),
        };
        alice.route(query).await.map(|route| route.nodes)
    };
    ensure!(over(b, Over::OwnChannel).await? == [b]);
    ensure!(over(c, Over::Others).await? == [b, c]);
    ensure!(over(b, Over::Others).await == Err(LightningError::NoRoute));
    ensure!(over(c, Over::OwnChannel).await == Err(LightningError::NoRoute));
    Ok(())
}

async fn free(alice: &GrpcNode, bob: &GrpcNode, [a, b, c]: [NodeId; 3]) -> Result<()> {
    ensure!(alice.node(b).await?.context("bob")?.onion_messages);
    ensure!(alice.neighbours(a).await? == [b]);
    let ends = alice.neighbours(b).await?;
    ensure!(ends.len() == 2 && ends.contains(&a) && ends.contains(&c));
    let bob = bob.clone();
    let heard = tokio::spawn(async move { bob.peer_messages().await?.next().await.transpose() });
    // Nobody says when the subscription stands.
    while !heard.is_finished() {
        alice.send_peer_message(b, 40_001, b"hi".to_vec()).await?;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let message = heard.await??.context("a message")?;
    ensure!((message.from, message.bytes) == (a, b"hi".to_vec()));
    let garbage = alice.send_onion(b, a, vec![0; 100]).await;
    ensure!(garbage == Err(LightningError::Size(100)));
    alice.send_onion(b, a, vec![0; 1_366]).await?;
    let absent = alice.send_onion(c, a, vec![0; 1_366]).await;
    ensure!(absent == Err(LightningError::NotConnected));
    Ok(())
}
