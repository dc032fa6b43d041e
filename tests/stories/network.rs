//! The network itself: it starts, it carries payments, it comes back.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::Msat;
use heliograph_tests::regtest::{InvoiceState, Keysend, Network, Outcome, PaymentStatus, Plan};
use heliograph_tests::wait::until;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn payments_settle_are_held_and_survive_a_restart() -> Result<()> {
    let network = Network::temporary(Plan::line()).await?;
    let (alice, carol, dave) = (
        network.node("alice"),
        network.node("carol"),
        network.node("dave"),
    );

    let before = dave.holdings().await?.local;
    let stock = Keysend::new(
        dave.node().await?,
        Msat::new(2_100_000),
        vec![(70_001, vec![7])],
    );
    assert_eq!(carol.pay(&stock).await?, Outcome::Paid(Msat::ZERO));
    let arrived = dave.keysend_of(stock.hash()).await?.expect("dave has it");
    assert_eq!(
        (arrived.state, arrived.amount),
        (InvoiceState::Settled, Msat::new(2_100_000))
    );
    assert!(arrived.records.contains(&(70_001, vec![7])));
    network.quiet().await?;
    let after = dave.holdings().await?.local;
    assert_eq!(after.checked_sub(before), Some(Msat::new(2_100_000)));

    let held = Keysend::new(alice.node().await?, Msat::new(5_000), Vec::new());
    let before = carol.holdings().await?;
    let decide = async {
        until("alice's node holds it", SOON, async || {
            let state = alice
                .keysend_of(held.hash())
                .await?
                .map(|keysend| keysend.state);
            Ok((state == Some(InvoiceState::Accepted)).then_some(()))
        })
        .await?;
        alice.restart().await?;
        network.mend().await?;
        alice.cancel_behind_the_app(held.hash()).await
    };
    let (outcome, decided) = tokio::join!(carol.pay(&held), decide);
    decided?;
    assert_eq!(outcome?, Outcome::Refused);
    let books = carol.payments().await?;
    let refused = books
        .iter()
        .find(|payment| payment.hash == held.hash())
        .expect("in the books");
    assert_eq!(
        (refused.status, refused.fee),
        (PaymentStatus::Failed, Msat::ZERO)
    );
    network.quiet().await?;
    assert_eq!(carol.holdings().await?, before);
    network.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_network_goes_on_where_it_was_beside_another_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path().join("network");
    let (kept, other) = tokio::join!(
        Network::kept(Plan::short(), &folder),
        Network::temporary(Plan::of(&["erin", "frank"]).without_keysend("frank")),
    );
    let (kept, other) = (kept?, other?);
    let frank = other.node("frank").node().await?;
    let unwanted = Keysend::new(frank, Msat::SAT, Vec::new());
    assert_eq!(other.node("erin").pay(&unwanted).await?, Outcome::Refused);

    let carol = kept.node("carol").node().await?;
    let address = kept.node("carol").address();
    let paid = Keysend::new(carol, Msat::new(1_001), Vec::new());
    assert_eq!(
        kept.node("alice").pay(&paid).await?,
        Outcome::Paid(Msat::SAT)
    );
    kept.quiet().await?;
    let before = kept.node("carol").holdings().await?;
    kept.stop().await?;

    let again = Network::kept(Plan::short(), &folder).await?;
    let node = again.node("carol");
    assert_eq!((node.node().await?, node.address()), (carol, address));
    assert_eq!(node.holdings().await?, before);
    assert!(node.keysend_of(paid.hash()).await?.is_some());
    ensure!(
        !Network::can_go_on(&Plan::line(), &folder),
        "another plan needs another network"
    );
    Ok(())
}
