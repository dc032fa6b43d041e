//! Programs that are killed.

use anyhow::{Result, ensure};
use domain::{DeliveryState, Direction, HoldState, Msat};

use super::chat::{introduce, is_over};
use crate::fuse::Fuse;
use crate::person::Person;
use crate::world::World;

/// More steps than sending or receiving has.
const MOST: u64 = 60;

/// Kills the program where it stands, and opens it again.
async fn revive(person: &Person) -> Result<()> {
    person.close().await;
    person.open().await
}

pub(super) async fn killed_between_any_two_steps_of_sending(world: &dyn World) -> Result<()> {
    let fuse = Fuse::default();
    let (alice, carol) = (
        world.mortal("alice", &fuse).await?,
        world.person("carol").await?,
    );
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let mut deaths = 0;
    for step in 1..=MOST {
        let text = format!("Before step {step}");
        let blown = fuse.arm(step);
        let key = alice.writes(&carol, &text).await?;
        let survived = tokio::select! {
            () = blown => false,
            end = alice.sees(key, "its end", is_over) => { end?; true }
        };
        fuse.disarm();
        if !survived {
            deaths += 1;
            revive(&alice).await?;
        }
        let sent = alice.sees_delivery(key, DeliveryState::Settled).await?;
        ensure!(
            sent.delivery
                .is_some_and(|one| one.paid == Msat::new(2_000)),
            "{step}"
        );
        carol.gets(&alice, &text).await?;
        if survived {
            break;
        }
    }
    ensure!(
        (4..MOST).contains(&deaths),
        "every step was a death once: {deaths}"
    );

    // No message lost, none twice, none paid twice.
    world.quiet().await?;
    let told = carol.messages_with(alice.node).await?;
    let told = told
        .iter()
        .filter(|one| one.text.starts_with("Before step"))
        .count() as u64;
    ensure!(told == deaths + 1, "{told} messages after {deaths} deaths");
    let after = world.node("alice").balance().await?;
    let spent = before.checked_sub(after).map(Msat::get);
    ensure!(
        spent == Some(2_000 * (deaths + 1)),
        "{spent:?} after {deaths} deaths"
    );
    Ok(())
}

pub(super) async fn killed_between_any_two_steps_of_receiving(world: &dyn World) -> Result<()> {
    const SUM: Msat = Msat::new(10_000);
    let fuse = Fuse::default();
    let (alice, carol) = (
        world.mortal("alice", &fuse).await?,
        world.person("carol").await?,
    );
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    let mut deaths = 0;
    for step in 1..=MOST {
        let note = format!("Before step {step}");
        let blown = fuse.arm(step);
        let sent = carol.sends(&alice, &note, SUM).await?;
        let living = async {
            let got = alice.gets(&carol, &note).await?;
            alice.sees_hold(got.key, HoldState::Held).await?;
            alice.accepts(got.key).await?;
            alice.sees_hold(got.key, HoldState::Settled).await
        };
        let survived = tokio::select! {
            () = blown => false,
            end = living => { end?; true }
        };
        fuse.disarm();
        if !survived {
            deaths += 1;
            revive(&alice).await?;
            let got = alice.gets(&carol, &note).await?;
            let got = alice
                .sees(got.key, "a decision or the wish for one", |message| {
                    message.hold.as_ref().is_some_and(|hold| {
                        matches!(hold.state, HoldState::Held | HoldState::Settled)
                    })
                })
                .await?;
            if got.hold.is_some_and(|hold| hold.state == HoldState::Held) {
                alice.accepts(got.key).await?;
            }
            alice.sees_hold(got.key, HoldState::Settled).await?;
        }
        carol.sees_delivery(sent, DeliveryState::Settled).await?;
        if survived {
            break;
        }
    }
    ensure!(
        (4..MOST).contains(&deaths),
        "every step was a death once: {deaths}"
    );

    world.quiet().await?;
    let got = alice.messages_with(carol.node).await?;
    let got = got
        .iter()
        .filter(|one| one.direction == Direction::Incoming && one.payment == SUM)
        .count() as u64;
    ensure!(got == deaths + 1, "{got} payments after {deaths} deaths");
    let after = world.node("alice").balance().await?;
    let gained = after.checked_sub(before).map(Msat::get);
    ensure!(
        gained == Some(SUM.get() * (deaths + 1)),
        "{gained:?} after {deaths} deaths"
    );
    Ok(())
}
