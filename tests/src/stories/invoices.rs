//! Payments to a node that settles keysends on arrival: its owner's program gives an invoice, and its owner decides.

use anyhow::{Context, Result, ensure};
use domain::{Carrier, Decision, DeliveryState, HoldState, Msat, ReturnMeaning};

use super::free::acquainted;
use super::money::hold;
use crate::person::Refunded;
use crate::world::World;

const LUNCH: Msat = Msat::new(2_100_000);

async fn balances(world: &dyn World) -> Result<(Msat, Msat)> {
    world.quiet().await?;
    Ok((
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    ))
}

pub(super) async fn a_payment_to_a_stock_node_is_accepted(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    let before = balances(world).await?;
    let quote = alice.quote(&carol, "For lunch", LUNCH).await?;
    ensure!(
        quote.carrier == Carrier::Invoice && quote.held && quote.payable,
        "{quote:?}"
    );

    let (sent, got) = hold(&alice, &carol, "For lunch", LUNCH).await?;
    let waiting = alice.sees_delivery(sent, DeliveryState::InFlight).await?;
    ensure!(
        waiting
            .delivery
            .is_some_and(|one| one.waits_until.is_some()),
        "a time left"
    );
    carol.accepts(got).await?;
    let settled = carol.sees_hold(got, HoldState::Settled).await?;
    ensure!(settled.carrier == Some(Carrier::Invoice), "{settled:?}");
    let settled = settled.hold.context("a payment")?;
    ensure!(settled.decision == Some(Decision::Person), "{settled:?}");
    let paid = alice.sees_delivery(sent, DeliveryState::Settled).await?;
    ensure!(paid.carrier == Some(Carrier::Invoice), "{paid:?}");
    let paid = paid.delivery.context("a delivery")?.paid;

    let after = balances(world).await?;
    ensure!(
        before.0.checked_sub(after.0) == Some(paid) && after.1.checked_sub(before.1) == Some(LUNCH),
        "{before:?} {after:?}"
    );
    Ok(())
}

pub(super) async fn a_payment_to_a_stock_node_is_refused(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    let before = balances(world).await?;

    let (sent, got) = hold(&alice, &carol, "Too much", LUNCH).await?;
    ensure!(carol.refunds(got).await? == Refunded::Refused);
    carol.sees_hold(got, HoldState::Returned).await?;
    let returned = alice.sees_delivery(sent, DeliveryState::Returned).await?;
    let returned = returned.delivery.context("a delivery")?;
    ensure!(
        returned.returned == Some(ReturnMeaning::Declined) && returned.paid.is_zero(),
        "{returned:?}"
    );

    let after = balances(world).await?;
    ensure!(before == after, "{before:?} {after:?}");
    Ok(())
}
