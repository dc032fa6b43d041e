//! Words.

use anyhow::{Result, ensure};
use domain::{Authorship, DeliveryState, HoldState, Msat, Privacy, ReturnMeaning};

use crate::person::Person;
use crate::world::World;

/// One message each way: from then on both programs know each other, and everything is sealed.
///
/// # Errors
/// When a message does not arrive.
pub async fn introduce(one: &Person, other: &Person) -> Result<()> {
    one.meets(other).await?;
    other.meets(one).await?;
    for (from, to) in [(one, other), (other, one)] {
        let hello = format!("Hello, this is {}.", from.name);
        let key = from.writes(to, &hello).await?;
        to.gets(from, &hello).await?;
        from.sees(key, "the end of the introduction", is_over)
            .await?;
    }
    Ok(())
}

/// Whether nothing more happens to this outgoing message by itself.
#[must_use]
pub fn is_over(message: &api::view::MessageView) -> bool {
    message
        .delivery
        .as_ref()
        .is_some_and(|delivery| delivery.state.is_over())
}

pub(super) async fn messages_go_both_ways(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    alice.meets(&carol).await?;
    carol.meets(&alice).await?;

    // Nothing is known of the other's program yet: the first words can be read by any.
    let first = alice.writes(&carol, "Hello, carol! 你好").await?;
    let got = carol.gets(&alice, "Hello, carol! 你好").await?;
    ensure!(
        got.authorship == Authorship::Verified,
        "signed by alice's node: {got:?}"
    );
    ensure!(got.privacy == Privacy::Open, "readable: {got:?}");
    alice.sees_delivery(first, DeliveryState::Settled).await?;

    // carol has seen a Heliograph: sealed from here on. What her node has kept of alice's postage goes back with it, and
    // alice's node, which holds, takes it.
    world.quiet().await?;
    let before = world.node("carol").balance().await?;
    let quote = carol.quote(&alice, "Hello, alice!", Msat::ZERO).await?;
    ensure!(
        quote.privacy == Privacy::Sealed && quote.postage,
        "{quote:?}"
    );
    ensure!(
        (quote.amount, quote.owed, quote.returned) == (Msat::SAT, Msat::SAT, false),
        "{quote:?}"
    );
    let answer = carol.writes(&alice, "Hello, alice!").await?;
    let got = alice.gets(&carol, "Hello, alice!").await?;
    ensure!(
        got.authorship == Authorship::Verified && got.privacy == Privacy::Sealed,
        "{got:?}"
    );
    ensure!(got.payment.is_zero(), "words, no payment: {got:?}");
    alice.sees_hold(got.key, HoldState::Settled).await?;
    let sent = carol.sees_delivery(answer, DeliveryState::Settled).await?;
    let delivery = sent.delivery.expect("an outgoing message");
    ensure!(
        delivery.postage && delivery.paid.checked_sub(delivery.fee) == Some(Msat::SAT),
        "{delivery:?}"
    );
    world.quiet().await?;
    let after = world.node("carol").balance().await?;
    ensure!(
        before.checked_sub(after) == Some(delivery.paid),
        "{before} - {after}"
    );

    // Both know each other now. carol's stock node keeps the postage, and alice is told what it costs.
    let quote = alice.quote(&carol, "How are you?", Msat::ZERO).await?;
    ensure!(
        quote.privacy == Privacy::Sealed && !quote.returned,
        "{quote:?}"
    );
    ensure!(
        (quote.amount, quote.fee, quote.hops) == (Msat::SAT, Msat::SAT, 2),
        "{quote:?}"
    );
    let before = world.node("alice").balance().await?;
    let third = alice.writes(&carol, "How are you?").await?;
    carol.gets(&alice, "How are you?").await?;
    let sent = alice.sees_delivery(third, DeliveryState::Settled).await?;
    let delivery = sent.delivery.expect("an outgoing message");
    ensure!(
        (delivery.paid, delivery.fee) == (Msat::new(2_000), Msat::SAT),
        "{delivery:?}"
    );
    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    ensure!(
        before.checked_sub(after) == Some(delivery.paid),
        "{before} - {after}"
    );

    // carol owes that satoshi, and pays it with her next words. From then on nobody owes, and her postage comes back.
    let back = carol.writes(&alice, "Fine").await?;
    let got = alice.gets(&carol, "Fine").await?;
    alice.sees_hold(got.key, HoldState::Settled).await?;
    carol.sees_delivery(back, DeliveryState::Settled).await?;
    let (ours, theirs) = (
        alice.costs_with(&carol).await?,
        carol.costs_with(&alice).await?,
    );
    for (books, others) in [(&ours, &theirs), (&theirs, &ours)] {
        ensure!(
            books.postage_sent == Msat::new(2_000) && others.postage_received == Msat::new(2_000),
            "{ours:?} {theirs:?}"
        );
    }
    world.quiet().await?;
    let before = world.node("carol").balance().await?;
    let quote = carol.quote(&alice, "See you", Msat::ZERO).await?;
    ensure!(quote.returned && quote.owed.is_zero(), "{quote:?}");
    let last = carol.writes(&alice, "See you").await?;
    alice.gets(&carol, "See you").await?;
    let sent = carol.sees_delivery(last, DeliveryState::Returned).await?;
    let delivery = sent.delivery.expect("an outgoing message");
    ensure!(
        delivery
            .returned
            .is_some_and(|returned| returned != ReturnMeaning::Declined)
            && delivery.paid.is_zero(),
        "{delivery:?}"
    );
    world.quiet().await?;
    ensure!(
        world.node("carol").balance().await? == before,
        "carol's channels have what they had"
    );
    Ok(())
}

pub(super) async fn what_was_said_is_there_after_closing_and_opening(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    let key = alice.writes(&carol, "Remember this").await?;
    alice.sees(key, "its end", is_over).await?;
    carol.gets(&alice, "Remember this").await?;
    let said = (
        alice.messages_with(carol.node).await?,
        carol.messages_with(alice.node).await?,
    );
    alice.close().await;
    carol.close().await;
    alice.open().await?;
    carol.open().await?;
    let still = (
        alice.messages_with(carol.node).await?,
        carol.messages_with(alice.node).await?,
    );
    ensure!(said == still, "before: {said:?}\nafter: {still:?}");
    let found = carol
        .app()?
        .search("remember".to_owned(), None, None, 10)
        .await?;
    ensure!(found.len() == 1, "{found:?}");
    Ok(())
}

pub(super) async fn many_messages_keep_their_order(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    introduce(&alice, &carol).await?;
    let texts: Vec<_> = (1..=12)
        .map(|number| format!("Message {number} of twelve"))
        .collect();
    let mut keys = Vec::new();
    for text in &texts {
        keys.push(carol.writes(&alice, text).await?);
    }
    for (key, text) in keys.into_iter().zip(&texts) {
        alice.gets(&carol, text).await?;
        carol.sees_delivery(key, DeliveryState::Returned).await?;
    }
    let sent: Vec<_> = carol.messages_with(alice.node).await?;
    let sent: Vec<_> = sent
        .iter()
        .filter(|one| texts.contains(&one.text))
        .collect();
    let sent: Vec<_> = sent.into_iter().map(|one| &one.text).collect();
    ensure!(sent == texts.iter().collect::<Vec<_>>(), "{sent:?}");
    let got = alice.messages_with(carol.node).await?;
    let got: Vec<_> = got
        .iter()
        .map(|one| &one.text)
        .filter(|one| texts.contains(one))
        .collect();
    ensure!(
        got == texts.iter().collect::<Vec<_>>(),
        "each once, in the order in which they were written: {got:?}"
    );
    Ok(())
}
