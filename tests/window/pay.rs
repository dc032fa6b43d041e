//! Payments that wait for a decision.

use anyhow::{Result, ensure};
use domain::Msat;
use heliograph_tests::window::{Scene, at};

use crate::steps::{open, pay};

pub(crate) async fn a_held_payment_is_accepted_and_another_refunded(scene: &Scene) -> Result<()> {
    let (alice, carol) = scene.friends("alice", "carol").await?;
    let network = scene.network();
    network.quiet().await?;
    let before = network.node("carol").holdings().await?.local;
    tokio::try_join!(open(&alice, "carol"), open(&carol, "alice"))?;

    let paid = pay(&carol, "2100", "For lunch", "they can accept or refund it").await?;
    carol.sees(&paid.inside("amount"), "2,100").await?;
    carol
        .sees(&paid.inside("outcome"), "Waiting for the recipient")
        .await?;
    carol.finds(&paid.inside("time-left")).await?;
    carol.picture("waiting").await?;

    let got = alice.message("For lunch").await?;
    alice.sees(&got, "Payment from carol").await?;
    alice.sees(&got.inside("amount"), "2,100").await?;
    alice.sees(&got.inside("time-left"), "left").await?;
    alice.sees(&got.inside("refund"), "Refund").await?;
    alice
        .misses(&at("conversation-row").inside("unread"))
        .await?;
    alice.picture("held").await?;
    alice.clicks(&got.inside("accept")).await?;
    alice
        .sees(&got.inside("outcome"), "You accepted it")
        .await?;
    alice.misses(&got.inside("refund")).await?;
    carol.sees(&paid.inside("outcome"), "Accepted").await?;

    let paid = pay(
        &carol,
        "500.5",
        "And for the cake",
        "they can accept or refund it",
    )
    .await?;
    let got = alice.message("And for the cake").await?;
    alice.sees(&got.inside("amount"), "500.500").await?;
    alice.clicks(&got.inside("refund")).await?;
    alice
        .sees(&got.inside("outcome"), "You refunded it, free for both")
        .await?;
    carol
        .sees(&paid.inside("outcome"), "Returned: declined")
        .await?;
    carol.sees(&paid.inside("cost"), "free, returned").await?;
    alice.picture("decided").await?;
    carol.picture("decided").await?;

    // A narrow window shows one thing at a time.
    alice.resize(400, 800).await?;
    alice.finds(&at("shell").with("data-panes", 1)).await?;
    alice
        .sees(&got.inside("outcome"), "You refunded it")
        .await?;
    alice.picture("narrow").await?;
    alice.clicks(&at("back")).await?;
    alice.sees(&at("conversation-row"), "carol").await?;
    alice.misses(&at("messages")).await?;
    alice.picture("narrow-list").await?;

    // Only the first one was paid, with its fee, and the way back cost nothing.
    network.quiet().await?;
    let after = network.node("carol").holdings().await?.local;
    let books = network.node("carol").payments().await?;
    let lunch = books
        .iter()
        .rev()
        .find(|one| one.amount == Msat::new(2_100_000));
    let cost = lunch.and_then(|one| one.amount.checked_add(one.fee));
    ensure!(
        before.checked_sub(after) == cost,
        "{before} {after} {cost:?}"
    );
    Ok(())
}

pub(crate) async fn the_owner_of_a_stock_node_decides_as_well(scene: &Scene) -> Result<()> {
    let (alice, carol) = scene.friends("alice", "carol").await?;
    let network = scene.network();
    network.quiet().await?;
    let before = network.node("carol").holdings().await?.local;
    tokio::try_join!(open(&alice, "carol"), open(&carol, "alice"))?;

    let estimate = "if their app does not answer";
    let paid = pay(&alice, "2100", "For the boat", estimate).await?;
    let got = carol.message("For the boat").await?;
    carol.sees(&got.inside("time-left"), "left").await?;
    carol.sees(&got.inside("refund"), "Refund").await?;
    carol.picture("by-invoice").await?;
    carol.clicks(&got.inside("accept")).await?;
    carol
        .sees(&got.inside("outcome"), "You accepted it")
        .await?;
    alice.sees(&paid.inside("outcome"), "Accepted").await?;

    let back = pay(&alice, "700", "And for the oars", estimate).await?;
    let got = carol.message("And for the oars").await?;
    carol.clicks(&got.inside("refund")).await?;
    carol
        .sees(&got.inside("outcome"), "You refunded it, free for both")
        .await?;
    alice
        .sees(&back.inside("outcome"), "Returned: declined")
        .await?;
    alice.picture("decided").await?;

    network.quiet().await?;
    let after = network.node("carol").holdings().await?.local;
    let kept = after.checked_sub(before);
    ensure!(kept == Some(Msat::new(2_100_000)), "{before} {after}");
    Ok(())
}
