//! As little and as much as possible.

use std::fmt::Debug;

use anyhow::{Context, Result, bail, ensure};
use api::Code;
use domain::{AttemptState, DeliveryState, Msat};

use super::chat::introduce;
use crate::person::Person;
use crate::world::World;

pub(super) async fn less_than_a_satoshi_is_refused_before_sending(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let said = alice.messages_with(carol.node).await?;
    let small = Msat::new(999);
    let quote = alice.quote(&carol, "Small change", small).await;
    ensure!(refusal(quote)? == Code::BelowMinimum);
    let sent = alice.sends(&carol, "Small change", small).await;
    ensure!(refusal(sent)? == Code::BelowMinimum);
    nothing_was_stored(&alice, &carol, said).await?;
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
    let said = alice.messages_with(carol.node).await?;
    let quote = alice.quote(&carol, &longer, Msat::ZERO).await;
    ensure!(refusal(quote)? == Code::TooLong);
    let sent = alice.writes(&carol, &longer).await;
    ensure!(refusal(sent)? == Code::TooLong);
    nothing_was_stored(&alice, &carol, said).await?;
    world.quiet().await?;
    ensure!(world.node("alice").balance().await? == before);
    Ok(())
}

pub(super) async fn a_long_text_arrives_in_parts(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let costs = alice.costs_with(&carol).await?;
    let text = unlike_itself(1_500);

    let quote = alice.quote(&carol, &text, Msat::ZERO).await?;
    ensure!(quote.parts > 5 && quote.payable, "{quote:?}");
    let key = alice.writes(&carol, &text).await?;
    carol.gets(&alice, &text).await?;
    let row = alice.sees_delivery(key, DeliveryState::Settled).await?;
    world.quiet().await?;

    let attempts = alice.details(key).await?.attempts;
    let mut parts: Vec<_> = attempts
        .iter()
        .filter(|attempt| attempt.state == AttemptState::Settled)
        .filter_map(|attempt| attempt.part)
        .map(|part| (part.number, part.count))
        .collect();
    parts.sort_unstable();
    let all: Vec<_> = (1..=quote.parts).map(|part| (part, quote.parts)).collect();
    ensure!(parts == all, "{attempts:?}");
    let spent = before.checked_sub(world.node("alice").balance().await?);
    let paid = row.delivery.context("a delivery")?.paid;
    ensure!(spent == Some(paid), "{spent:?}, and {paid} by the window");
    ensure!(
        quote.amount.checked_add(quote.fee) == spent,
        "{quote:?}, {spent:?}"
    );
    let now = alice.costs_with(&carol).await?;
    ensure!(now.postage_sent.checked_sub(costs.postage_sent) == Some(quote.amount));
    ensure!(now.fees.checked_sub(costs.fees) == Some(quote.fee));
    ensure!(now.messages_sent == costs.messages_sent.saturating_add(1));
    Ok(())
}

/// So many Chinese signs in no order: they do not pack well.
fn unlike_itself(signs: u32) -> String {
    (0..signs)
        .map(|sign| sign.wrapping_mul(2_654_435_761).wrapping_shr(7))
        .filter_map(|sign| char::from_u32(0x4e00_u32.saturating_add(sign.rem_euclid(20_000))))
        .collect()
}

/// Why the program does not do it.
fn refusal<T: Debug>(outcome: Result<T>) -> Result<Code> {
    match outcome {
        Ok(done) => bail!("it was done: {done:?}"),
        Err(error) => Ok(error
            .downcast::<api::Error>()
            .context("not a word of the program")?
            .code),
    }
}

/// The conversation is as it was.
async fn nothing_was_stored(
    person: &Person,
    other: &Person,
    before: Vec<api::view::MessageView>,
) -> Result<()> {
    let after = person.messages_with(other.node).await?;
    ensure!(after == before, "{after:?}");
    Ok(())
}
