//! Payments: accepted, refused, settled on arrival, paid back.

use anyhow::{Context, Result, ensure};
use domain::{Decision, DeliveryState, HoldState, MessageKind, Msat, PaymentHash, ReturnMeaning};

use super::chat::{introduce, is_over};
use crate::person::{Person, Refunded};
use crate::world::World;

const LUNCH: Msat = Msat::new(2_100_000);

/// Sends a payment to alice's holding node and waits until it lies before her.
pub(super) async fn hold(
    from: &Person,
    to: &Person,
    note: &str,
    amount: Msat,
) -> Result<(domain::MessageKey, domain::MessageKey)> {
    let sent = from.sends(to, note, amount).await?;
    let got = to.gets(from, note).await?;
    let got = to.sees_hold(got.key, HoldState::Held).await?;
    let hold = got.hold.context("a payment")?;
    ensure!(
        got.payment == amount && hold.amount == amount && !hold.postage,
        "{hold:?}"
    );
    ensure!(
        hold.deadline.is_some() && hold.decision.is_none(),
        "{hold:?}"
    );
    Ok((sent, got.key))
}

pub(super) async fn a_held_payment_is_accepted(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = (
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    );
    let quote = carol.quote(&alice, "For lunch", LUNCH).await?;
    ensure!(
        quote.held && !quote.postage && quote.amount == LUNCH,
        "{quote:?}"
    );

    let (sent, got) = hold(&carol, &alice, "For lunch", LUNCH).await?;
    let waiting = carol.sees_delivery(sent, DeliveryState::InFlight).await?;
    ensure!(
        waiting
            .delivery
            .is_some_and(|one| one.waits_until.is_some()),
        "a time left"
    );
    alice.accepts(got).await?;
    let settled = alice
        .sees_hold(got, HoldState::Settled)
        .await?
        .hold
        .context("a payment")?;
    ensure!(settled.decision == Some(Decision::Person), "{settled:?}");
    let paid = carol.sees_delivery(sent, DeliveryState::Settled).await?;
    let paid = paid.delivery.context("a delivery")?;
    ensure!(
        paid.fee == quote.fee && Some(paid.paid) == LUNCH.checked_add(quote.fee),
        "{paid:?}"
    );

    world.quiet().await?;
    let after = (
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    );
    ensure!(
        after.0.checked_sub(before.0) == Some(LUNCH),
        "{before:?} {after:?}"
    );
    ensure!(
        before.1.checked_sub(after.1) == Some(paid.paid),
        "{before:?} {after:?}"
    );
    Ok(())
}

pub(super) async fn a_held_payment_is_refused_and_costs_nothing(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = (
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    );
    let (sent, got) = hold(&carol, &alice, "Too much", LUNCH).await?;
    ensure!(alice.refunds(got).await? == Refunded::Refused);
    let back = alice
        .sees_hold(got, HoldState::Returned)
        .await?
        .hold
        .context("a payment")?;
    ensure!(
        back.decision == Some(Decision::Person) && !back.can_pay_back,
        "{back:?}"
    );
    let returned = carol.sees_delivery(sent, DeliveryState::Returned).await?;
    let returned = returned.delivery.context("a delivery")?;
    ensure!(
        returned.returned == Some(ReturnMeaning::Declined),
        "{returned:?}"
    );
    ensure!(
        returned.paid.is_zero() && returned.fee.is_zero(),
        "{returned:?}"
    );
    world.quiet().await?;
    let after = (
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    );
    ensure!(before == after, "{before:?} {after:?}");
    let costs = carol.costs_with(&alice).await?;
    ensure!(
        costs.returned_to_us >= LUNCH && costs.sent.is_zero(),
        "{costs:?}"
    );
    Ok(())
}

pub(super) async fn a_settled_payment_is_paid_back_once(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    world.quiet().await?;
    let before = (
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    );

    let sent = alice.sends(&carol, "Here you are", LUNCH).await?;
    let got = carol.gets(&alice, "Here you are").await?;
    let got = carol.sees_hold(got.key, HoldState::Settled).await?;
    let arrived = got.hold.clone().context("a payment")?;
    ensure!(
        arrived.decision == Some(Decision::Arrival) && arrived.can_pay_back,
        "{arrived:?}"
    );
    let paid = alice.sees_delivery(sent, DeliveryState::Settled).await?;
    let paid = paid.delivery.context("a delivery")?;

    let quote = carol.app()?.payback_quote(got.key).await?;
    ensure!(
        quote.amount == LUNCH && !quote.postage,
        "the whole amount: {quote:?}"
    );
    let Refunded::PaidBack(back) = carol.refunds(got.key).await? else {
        anyhow::bail!("it had settled");
    };
    let again = carol.app()?.payment_pay_back(got.key, None).await;
    ensure!(
        again.is_err() || again.is_ok_and(|key| key == back),
        "a second click pays nothing"
    );
    let refund = carol.sees_delivery(back, DeliveryState::Settled).await?;
    ensure!(
        matches!(refund.kind, MessageKind::Refund { .. }),
        "{refund:?}"
    );
    let refund_cost = refund.delivery.clone().context("a delivery")?;
    ensure!(refund_cost.fee == quote.fee, "{refund_cost:?} {quote:?}");

    // Both windows link the two.
    ensure!(refund.refund_of == Some(got.key), "{refund:?}");
    let original = carol.sees(got.key, "the pay-back done", |message| {
        message.refund.as_ref().is_some_and(|refund| refund.done)
    });
    let original = original.await?;
    ensure!(
        original
            .refund
            .is_some_and(|one| one.message == back && one.amount == LUNCH)
    );
    ensure!(
        original.hold.is_some_and(|hold| !hold.can_pay_back),
        "once is enough"
    );
    let mine = alice.sees(sent, "the pay-back", |message| {
        message
            .refund
            .as_ref()
            .is_some_and(|refund| refund.done && refund.amount == LUNCH)
    });
    let mine = mine.await?.refund.context("a refund")?;
    let received = alice.app()?.message_get(mine.message).await?;
    ensure!(received.refund_of == Some(sent), "{received:?}");
    let received = alice.sees_hold(received.key, HoldState::Settled).await?;
    let hold = received.hold.context("a payment")?;
    ensure!(
        hold.decision == Some(Decision::Policy),
        "an honest refund is taken: {hold:?}"
    );
    ensure!(!hold.can_pay_back, "a refund is never refunded");
    ensure!(
        alice.refunds(received.key).await.is_err(),
        "a refund is never refunded"
    );

    world.quiet().await?;
    let after = (
        world.node("alice").balance().await?,
        world.node("carol").balance().await?,
    );
    ensure!(
        before.0.checked_sub(after.0) == Some(paid.fee),
        "alice paid the way: {before:?} {after:?}"
    );
    ensure!(
        before.1.checked_sub(after.1) == Some(refund_cost.fee),
        "{before:?} {after:?}"
    );
    Ok(())
}

pub(super) async fn a_refund_that_lies_is_asked_about(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    // carol's program sends a letter that calls itself a refund of a payment which was never made.
    let invented = PaymentHash(rand::random());
    let lie = crate::letters::refund(world, "carol", "alice", invented, LUNCH).await?;
    let pay = world.node("carol").pay(&lie);
    let decide = async {
        let got = alice.gets(&carol, crate::letters::NOTE).await?;
        let got = alice.sees_hold(got.key, HoldState::Held).await?;
        ensure!(got.refund_of.is_none(), "{got:?}");
        ensure!(alice.refunds(got.key).await? == Refunded::Refused);
        alice.sees_hold(got.key, HoldState::Returned).await
    };
    let (outcome, decided) = futures::join!(pay, decide);
    decided?;
    ensure!(outcome? == crate::regtest::Outcome::Refused);
    Ok(())
}

pub(super) async fn costs_are_the_nodes_books_to_the_msat(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    alice.meets(&carol).await?;
    carol.meets(&alice).await?;
    world.quiet().await?;
    let before = world.node("alice").balance().await?;
    introduce(&alice, &carol).await?;
    let paid = alice.sends(&carol, "Odd", Msat::new(1_234_567)).await?;
    let text = alice.writes(&carol, "A text").await?;
    for key in [paid, text] {
        alice.sees_delivery(key, DeliveryState::Settled).await?;
    }
    let (sent, got) = hold(&carol, &alice, "In part", Msat::new(7_654_321)).await?;
    alice.accepts(got).await?;
    carol.sees_delivery(sent, DeliveryState::Settled).await?;
    alice.sees_hold(got, HoldState::Settled).await?;
    let (sent, got) = hold(&carol, &alice, "Not this", Msat::new(9_999)).await?;
    alice.refunds(got).await?;
    carol.sees(sent, "its end", is_over).await?;
    alice.sees_hold(got, HoldState::Returned).await?;

    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    let costs = alice.costs_with(&carol).await?;
    let sum = |parts: &[Msat]| Msat::checked_sum(parts.iter().copied()).context("too much");
    let gone = sum(&[
        costs.sent,
        costs.postage_sent,
        costs.fees,
        costs.refunds_sent,
    ])?;
    let come = sum(&[
        costs.received,
        costs.postage_received,
        costs.refunds_received,
    ])?;
    ensure!(
        sum(&[before, come])? == sum(&[after, gone])?,
        "{before} + {come} is not {after} + {gone}: {costs:?}"
    );
    ensure!(costs.sent == Msat::new(1_234_567) && costs.received == Msat::new(7_654_321));
    let total = alice.app()?.costs().await?.total;
    ensure!(total == costs, "one contact, so the same in all: {total:?}");
    Ok(())
}
