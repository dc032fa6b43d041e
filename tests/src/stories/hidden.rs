//! A node without announced channels: who answers it needs to know its channel.

use anyhow::{Result, ensure};
use domain::{DeliveryState, Failure, Msat};

use crate::person::Person;
use crate::world::World;

const RENT: Msat = Msat::new(21_000_000);

async fn answers(carol: &Person, alice: &Person, text: &str, payment: Msat) -> Result<()> {
    let sent = carol.sends(alice, text, payment).await?;
    alice.gets(carol, text).await?;
    let sent = carol.sees_delivery(sent, DeliveryState::Settled).await?;
    let hops = sent.delivery.and_then(|delivery| delivery.hops);
    ensure!(hops == Some(2), "by way of bob: {hops:?}");
    Ok(())
}

pub(super) async fn a_node_that_gossip_does_not_know_is_answered(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    carol.meets(&alice).await?;
    let early = carol.writes(&alice, "where are you?").await?;
    carol
        .sees(early, "that alice's node is hidden", |message| {
            let delivery = message.delivery.as_ref();
            delivery.is_some_and(|delivery| delivery.failure == Some(Failure::Hidden))
        })
        .await?;

    // Her letter names her channel: what has waited goes.
    alice.meets(&carol).await?;
    alice.writes(&carol, "I am behind bob").await?;
    carol.gets(&alice, "I am behind bob").await?;
    alice.gets(&carol, "where are you?").await?;

    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    answers(&carol, &alice, "for the rent", RENT).await?;
    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    ensure!(after.checked_sub(before) == Some(RENT), "{before} {after}");

    // From then on both ways, as with everybody.
    alice.writes(&carol, "thank you").await?;
    carol.gets(&alice, "thank you").await?;
    Ok(())
}
