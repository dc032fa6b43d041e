//! Payments that have settled on arrival.

use anyhow::{Result, ensure};
use domain::Msat;
use heliograph_tests::window::{Scene, at};

use crate::steps::{amount, open, pay};

pub(crate) async fn a_settled_payment_is_paid_back(scene: &Scene) -> Result<()> {
    let (alice, carol) = scene.friends("alice", "carol").await?;
    let network = scene.network();
    network.quiet().await?;
    let before = network.node("carol").holdings().await?.local;
    // Her program is closed: it cannot give an invoice, and her node takes what comes.
    tokio::try_join!(open(&alice, "carol"), carol.close())?;

    let paid = pay(
        &alice,
        "1,234.567",
        "Your share",
        "their node takes it on arrival",
    )
    .await?;
    alice.sees(&paid.inside("outcome"), "Received").await?;
    carol.open_connected().await?;
    open(&carol, "alice").await?;
    let got = carol.message("Your share").await?;
    carol
        .sees(&got.inside("outcome"), "your node settles on arrival")
        .await?;
    carol.sees(&got.inside("amount"), "1,234.567").await?;

    // The price of giving it back is shown before anything is paid.
    carol.clicks(&got.inside("pay-back")).await?;
    let dialog = at("pay-back-dialog");
    carol.sees(&dialog, "Pay back to alice?").await?;
    let fee = amount(&carol, &dialog.inside("pay-back-fee")).await?;
    let total = amount(&carol, &dialog.inside("pay-back-total")).await?;
    ensure!(
        total.checked_sub(fee) == Some(Msat::new(1_234_567)),
        "{total} with {fee}"
    );
    carol.picture("price").await?;
    carol.clicks(&dialog.inside("confirm")).await?;
    carol.misses(&dialog).await?;

    // Both windows link the two, and there is nothing left to press.
    let done = got.inside("pay-back-state").with("data-done", true);
    carol.sees(&done, "1,234.567\u{a0}sat paid back").await?;
    carol.misses(&got.inside("pay-back")).await?;
    let done = paid.inside("pay-back-state").with("data-done", true);
    alice.sees(&done, "1,234.567\u{a0}sat paid back").await?;
    let back = alice.message("carol paid back").await?;
    alice
        .sees(&back.inside("outcome"), "Accepted by your rules")
        .await?;
    alice
        .sees(&back.inside("show-original"), "Show the payment")
        .await?;
    alice.clicks(&back.inside("show-original")).await?;
    alice.picture("linked").await?;
    carol.message("You paid back").await?;
    carol.picture("linked").await?;

    network.quiet().await?;
    let after = network.node("carol").holdings().await?.local;
    ensure!(
        before.checked_sub(after) == Some(fee),
        "carol paid the fee that she was told: {before} {after} {fee}"
    );
    Ok(())
}
