//! As little and as much as possible.

use anyhow::{Result, ensure};
use domain::{DeliveryState, Failure, Msat};

use super::chat::introduce;
use crate::world::World;

pub(super) async fn less_than_a_satoshi_is_refused_before_sending(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let quote = alice.quote(&carol, "Small change", Msat::new(999)).await;
    ensure!(quote.is_err(), "{quote:?}");
    match alice.sends(&carol, "Small change", Msat::new(999)).await {
        Err(_) => {}
        Ok(key) => {
            let failed = alice.sees_delivery(key, DeliveryState::Failed).await?;
            let failure = failed.delivery.and_then(|delivery| delivery.failure);
            ensure!(failure == Some(Failure::AmountTooSmall), "{failure:?}");
        }
    }
    world.quiet().await?;
    ensure!(world.node("alice").balance().await? == before);
    Ok(())
}

pub(super) async fn the_longest_text_arrives_and_one_byte_more_is_refused(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    let left = alice.quote(&carol, "", Msat::ZERO).await?.bytes_left;
    let longest = "x".repeat(usize::try_from(left)?);
    ensure!(longest.len() > 700, "room for a real letter: {left}");
    let quote = alice.quote(&carol, &longest, Msat::ZERO).await?;
    ensure!(quote.bytes_left == 0, "{quote:?}");
    let key = alice.writes(&carol, &longest).await?;
    carol.gets(&alice, &longest).await?;
    alice.sees_delivery(key, DeliveryState::Settled).await?;

    let longer = format!("{longest}x");
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let refused = alice.quote(&carol, &longer, Msat::ZERO).await;
    ensure!(refused.is_err(), "{refused:?}");
    if let Ok(key) = alice.writes(&carol, &longer).await {
        let failed = alice.sees_delivery(key, DeliveryState::Failed).await?;
        let failure = failed.delivery.and_then(|delivery| delivery.failure);
        ensure!(failure == Some(Failure::TooLarge), "{failure:?}");
    }
    world.quiet().await?;
    ensure!(world.node("alice").balance().await? == before);
    Ok(())
}
