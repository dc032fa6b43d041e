//! Held payments, and everybody who may decide them.

use anyhow::{Context, Result, ensure};
use domain::{Decision, DeliveryState, HoldState, Msat, PaymentHash};

use super::chat::introduce;
use super::money::hold;
use crate::person::Person;
use crate::world::World;

const SUM: Msat = Msat::new(50_000);

async fn hash_of(person: &Person, key: domain::MessageKey) -> Result<PaymentHash> {
    let hash = person
        .details(key)
        .await?
        .payment_hash
        .context("a payment hash")?;
    PaymentHash::from_slice(&hex::decode(hash)?).context("32 bytes")
}

pub(super) async fn both_buttons_and_a_second_click_decide_once(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let (sent, got) = hold(&carol, &alice, "Twice", SUM).await?;
    alice.accepts(got).await?;
    // The first click decided; the others may complain but change nothing.
    let app = alice.app()?;
    let _ = app.payment_accept(got).await;
    let _ = app.payment_refuse(got).await;
    alice.sees_hold(got, HoldState::Settled).await?;
    carol.sees_delivery(sent, DeliveryState::Settled).await?;
    ensure!(app.payment_refuse(got).await.is_err(), "too late");
    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    ensure!(after.checked_sub(before) == Some(SUM), "{before} {after}");
    Ok(())
}

pub(super) async fn the_node_decides_behind_the_app(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;

    let (sent, got) = hold(&carol, &alice, "Canceled elsewhere", SUM).await?;
    world
        .node("alice")
        .cancel(hash_of(&alice, got).await?)
        .await?;
    carol.sees_delivery(sent, DeliveryState::Returned).await?;
    // The node does not tell of it: the app finds out when it tries.
    let _ = alice.accepts(got).await;
    let hold_view = alice
        .sees_hold(got, HoldState::Returned)
        .await?
        .hold
        .context("a payment")?;
    ensure!(hold_view.decision == Some(Decision::Node), "{hold_view:?}");

    let (sent, got) = hold(&carol, &alice, "Settled elsewhere", SUM).await?;
    let hash = hash_of(&alice, got).await?;
    let keysends = world.node("alice").keysends().await?;
    let preimage = keysends
        .into_iter()
        .find(|one| one.hash == hash)
        .context("known")?
        .preimage;
    world.node("alice").settle(&preimage).await?;
    carol.sees_delivery(sent, DeliveryState::Settled).await?;
    let hold_view = alice
        .sees_hold(got, HoldState::Settled)
        .await?
        .hold
        .context("a payment")?;
    ensure!(hold_view.decision == Some(Decision::Node), "{hold_view:?}");
    Ok(())
}

pub(super) async fn the_node_restarts_while_a_payment_is_held(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let (sent, got) = hold(&carol, &alice, "Hold on", SUM).await?;
    world.stop("alice").await?;
    world.start("alice").await?;
    alice.connected().await?;
    alice.accepts(got).await?;
    alice.sees_hold(got, HoldState::Settled).await?;
    carol.sees_delivery(sent, DeliveryState::Settled).await?;
    // What comes afterwards is seen as well.
    let (sent, got) = hold(&carol, &alice, "And again", SUM).await?;
    alice.refunds(got).await?;
    carol.sees_delivery(sent, DeliveryState::Returned).await?;
    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    ensure!(after.checked_sub(before) == Some(SUM), "{before} {after}");
    Ok(())
}

pub(super) async fn nobody_decides_before_the_deadline(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("carol").balance().await?;
    let (sent, got) = hold(&carol, &alice, "Decide, please", SUM).await?;
    let back = alice
        .sees_hold(got, HoldState::Returned)
        .await?
        .hold
        .context("a payment")?;
    ensure!(back.decision == Some(Decision::Deadline), "{back:?}");
    ensure!(alice.accepts(got).await.is_err(), "too late");
    carol.sees_delivery(sent, DeliveryState::Returned).await?;
    world.quiet().await?;
    ensure!(world.node("carol").balance().await? == before);
    Ok(())
}
