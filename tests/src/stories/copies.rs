//! A home that is copied back, and two programs on one node: money leaves once, by the books of both nodes.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use domain::{Condition, DeliveryState, HoldState, MessageKey, Msat};

use super::chat::introduce;
use crate::person::{PATIENCE, Person, Refunded};
use crate::wait::until;
use crate::world::World;

const SUM: Msat = Msat::new(5_000_000);
/// What the log says when the node knows the payment of a copy.
const MADE_ALREADY: &str = "another copy of this app has made a payment already";

/// What a node's channels hold when nothing is under way.
async fn balance(world: &dyn World, name: &str) -> Result<Msat> {
    world.quiet().await?;
    world.node(name).balance().await
}

/// What has left somebody's node since, and what has come to the other's; the fees are the difference.
async fn moved(world: &dyn World, from: (&str, Msat), to: (&str, Msat)) -> Result<(Msat, Msat)> {
    let gone = from.1.checked_sub(balance(world, from.0).await?);
    let come = balance(world, to.0).await?.checked_sub(to.1);
    Ok((gone.context("it grew")?, come.context("it shrank")?))
}

async fn paid(person: &Person, key: MessageKey) -> Result<Msat> {
    let message = person.sees_delivery(key, DeliveryState::Settled).await?;
    Ok(message.delivery.context("a delivery")?.paid)
}

pub(super) async fn what_an_older_home_has_queued_is_paid_once(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    world.complaints().expect(MADE_ALREADY);
    introduce(&alice, &carol).await?;
    let before = (
        balance(world, "alice").await?,
        balance(world, "carol").await?,
    );
    world.stop("alice").await?;
    let money = alice.sends(&carol, "Once", SUM).await?;
    let words = alice.writes(&carol, "Once too").await?;
    alice.close().await;
    let copy = alice.copies_home()?;
    world.start("alice").await?;

    let mut paid_for_both = Vec::new();
    for _ in ["the first time", "from the copy"] {
        alice.open().await?;
        // What was queued before leaves when the person says so, words by themselves. What a copy has paid is seen to be.
        let known = alice.sees(money, "what the node knows", |message| {
            let state = message.delivery.as_ref().map(|one| one.state);
            matches!(state, Some(DeliveryState::Parked | DeliveryState::Settled))
        });
        let state = known.await?.delivery.map(|one| one.state);
        if state == Some(DeliveryState::Parked) {
            alice.app()?.message_retry(money).await?;
        }
        let parts = [paid(&alice, money).await?, paid(&alice, words).await?];
        paid_for_both.push(Msat::checked_sum(parts).context("too much")?);
        carol.gets(&alice, "Once").await?;
        alice.close().await;
        alice.puts_home_back(&copy)?;
    }

    let (gone, come) = moved(world, ("alice", before.0), ("carol", before.1)).await?;
    ensure!(
        paid_for_both == [gone, gone],
        "{paid_for_both:?}, not {gone}"
    );
    ensure!(Some(come) == SUM.checked_add(Msat::SAT), "{come} came");
    for text in ["Once", "Once too"] {
        let all = carol.messages_with(alice.node).await?;
        let count = all.iter().filter(|one| one.text == text).count();
        ensure!(count == 1, "{text:?} is there {count} times");
    }
    Ok(())
}

/// alice pays carol by mistake, whose stock node keeps it. The payment at carol's.
async fn mistake(alice: &Person, carol: &Person) -> Result<MessageKey> {
    let got = carol.gets(alice, "Oops").await?;
    carol.sees_hold(got.key, HoldState::Settled).await?;
    Ok(got.key)
}

async fn pays_back(carol: &Person, key: MessageKey) -> Result<MessageKey> {
    match carol.refunds(key).await? {
        Refunded::PaidBack(back) => Ok(back),
        Refunded::Refused => anyhow::bail!("it had settled"),
    }
}

pub(super) async fn what_an_older_home_has_not_heard_of_is_paid_back_once(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    world.complaints().expect(MADE_ALREADY);
    introduce(&alice, &carol).await?;
    let sent = alice.sends(&carol, "Oops", SUM).await?;
    let key = mistake(&alice, &carol).await?;
    alice.sees_delivery(sent, DeliveryState::Settled).await?;
    let before = (
        balance(world, "carol").await?,
        balance(world, "alice").await?,
    );
    carol.close().await;
    let copy = carol.copies_home()?;
    let mut paid_for_it = Vec::new();
    for _ in ["the first time", "from the copy"] {
        carol.open().await?;
        let back = pays_back(&carol, key).await?;
        paid_for_it.push(paid(&carol, back).await?);
        carol.close().await;
        carol.puts_home_back(&copy)?;
    }
    let (gone, come) = moved(world, ("carol", before.0), ("alice", before.1)).await?;
    ensure!(paid_for_it == [gone, gone], "{paid_for_it:?}, not {gone}");
    ensure!(come == SUM, "{come} came back");
    Ok(())
}

/// A program says that another one uses its node, and which of the two is in charge.
async fn says_of_another(person: &Person, in_charge: bool) -> Result<()> {
    let told = Condition::OtherApp { in_charge };
    until(format!("a program says {told:?}"), PATIENCE, async || {
        let view = person.app()?.node_view().await?;
        Ok(view.health.contains(&told).then_some(()))
    })
    .await
}

pub(super) async fn two_programs_on_one_node_pay_back_once(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    world.complaints().expect(MADE_ALREADY);
    let other: Rc<Person> = world.person("carol").await?;
    says_of_another(&carol, true).await.context("the first")?;
    says_of_another(&other, false).await.context("the second")?;
    // A first message is readable: both programs show it.
    alice.meets(&carol).await?;
    let sent = alice.sends(&carol, "Oops", SUM).await?;
    alice.sees_delivery(sent, DeliveryState::Settled).await?;
    let before = (
        balance(world, "carol").await?,
        balance(world, "alice").await?,
    );
    let mut backs = Vec::new();
    for program in [&carol, &other] {
        let key = mistake(&alice, program).await?;
        backs.push((program, pays_back(program, key).await?));
    }
    let mut paid_for_it = Vec::new();
    for (program, back) in backs {
        paid_for_it.push(paid(program, back).await?);
    }
    let (gone, come) = moved(world, ("carol", before.0), ("alice", before.1)).await?;
    ensure!(paid_for_it == [gone, gone], "{paid_for_it:?}, not {gone}");
    ensure!(come == SUM, "{come} came back");
    other.app()?.node_take_over().await?;
    let handed_over = says_of_another(&carol, false).await;
    handed_over.context("the first, once the second is in charge")?;
    says_of_another(&other, true)
        .await
        .context("the second, once it is in charge")
}
