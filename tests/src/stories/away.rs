//! Programs and nodes that are away, and come back.

use anyhow::{Context, Result, ensure};
use domain::{DeliveryState, Failure, HoldState, Msat};

use super::chat::{introduce, is_over};
use crate::person::PATIENCE;
use crate::regtest::InvoiceState;
use crate::wait::until;
use crate::world::World;

const SUM: Msat = Msat::new(77_000);

pub(super) async fn the_app_was_closed_while_messages_and_payments_came(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    alice.close().await;
    let text = carol.writes(&alice, "Are you there?").await?;
    let money = carol.sends(&alice, "When you are back", SUM).await?;
    for key in [text, money] {
        carol.sees_delivery(key, DeliveryState::InFlight).await?;
    }
    until("alice's node holds both", PATIENCE, async || {
        let keysends = world.node("alice").keysends().await?;
        let held = keysends
            .iter()
            .filter(|one| one.state == InvoiceState::Accepted)
            .count();
        Ok((held == 2).then_some(()))
    })
    .await?;

    alice.open().await?;
    let got = alice.gets(&carol, "Are you there?").await?;
    alice.sees_hold(got.key, HoldState::Returned).await?;
    carol.sees_delivery(text, DeliveryState::Returned).await?;
    let got = alice.gets(&carol, "When you are back").await?;
    alice.sees_hold(got.key, HoldState::Held).await?;
    alice.accepts(got.key).await?;
    carol.sees_delivery(money, DeliveryState::Settled).await?;

    // On a stock node everything settles while the app is closed, and is there when it opens.
    carol.close().await;
    let text = alice.writes(&carol, "And you?").await?;
    let money = alice.sends(&carol, "In return", SUM).await?;
    for key in [text, money] {
        alice.sees_delivery(key, DeliveryState::Settled).await?;
    }
    carol.open().await?;
    carol.gets(&alice, "And you?").await?;
    let got = carol.gets(&alice, "In return").await?;
    let hold = carol
        .sees_hold(got.key, HoldState::Settled)
        .await?
        .hold
        .context("a payment")?;
    ensure!(hold.amount == SUM && hold.can_pay_back, "{hold:?}");
    Ok(())
}

pub(super) async fn the_app_was_closed_until_the_hold_was_over(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    alice.close().await;
    let text = carol.writes(&alice, "You will read this later").await?;
    let money = carol.sends(&alice, "You will miss this", SUM).await?;
    for key in [text, money] {
        let sent = carol
            .sees(key, "its end", is_over)
            .await?
            .delivery
            .context("a delivery")?;
        ensure!(
            sent.state == DeliveryState::Returned && sent.paid.is_zero(),
            "{sent:?}"
        );
    }
    alice.open().await?;
    // The node gave the sats back, and kept the words.
    for words in ["You will read this later", "You will miss this"] {
        let got = alice.gets(&carol, words).await?;
        alice.sees_hold(got.key, HoldState::Returned).await?;
        ensure!(alice.accepts(got.key).await.is_err(), "too late");
    }
    Ok(())
}

pub(super) async fn the_recipients_node_was_away_and_a_retry_succeeds_at_once(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    carol.close().await;
    world.quiet().await?;
    world.stop("carol").await?;
    let key = alice.writes(&carol, "Nobody home").await?;
    let first = alice.sees_waiting(key, 1).await?;
    let failure = first.failure;
    let known = matches!(failure, Some(Failure::RecipientOffline | Failure::NoRoute));
    ensure!(known, "{failure:?}");
    ensure!(first.gives_up_at > first.next_try, "{first:?}");
    // A second failure makes the node avoid the way, which would outlast the absence.
    alice.app()?.message_retry(key).await?;
    alice.sees_waiting(key, 2).await?;

    let before = world.node("alice").balance().await?;
    world.start("carol").await?;
    // Gossip may have been faster than the hand: then there is nothing to repeat.
    let _ = alice.app()?.message_retry(key).await;
    let sent = alice.sees_delivery(key, DeliveryState::Settled).await?;
    let paid = sent.delivery.context("a delivery")?.paid;
    carol.open().await?;
    carol.gets(&alice, "Nobody home").await?;
    let all = carol.messages_with(alice.node).await?;
    ensure!(
        all.iter().filter(|one| one.text == "Nobody home").count() == 1,
        "once"
    );
    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    ensure!(
        before.checked_sub(after) == Some(paid),
        "paid once: {before} {after}"
    );
    Ok(())
}

pub(super) async fn gossip_tells_that_the_recipients_node_is_back(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    carol.close().await;
    world.quiet().await?;
    world.stop("carol").await?;
    let key = alice.writes(&carol, "Tell me when you are back").await?;
    // Tried so often that the next try is further off than anybody here has patience.
    for tries in 1..=5 {
        alice.sees_waiting(key, tries).await?;
        if tries < 5 {
            alice.app()?.message_retry(key).await?;
        }
    }
    world.start("carol").await?;
    alice.sees_delivery(key, DeliveryState::Settled).await?;
    carol.open().await?;
    carol.gets(&alice, "Tell me when you are back").await?;
    Ok(())
}

pub(super) async fn our_own_node_was_away_and_the_message_goes_out_when_it_is_back(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    world.stop("alice").await?;
    let key = alice.writes(&carol, "From the outbox").await?;
    alice.close().await;
    alice.open_without_node().await?;
    alice.sees_delivery(key, DeliveryState::Queued).await?;
    world.start("alice").await?;
    alice.connected().await?;
    alice.sees_delivery(key, DeliveryState::Settled).await?;
    carol.gets(&alice, "From the outbox").await?;
    Ok(())
}
