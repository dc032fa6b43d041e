//! What costs nothing: words between two programs that listen, over the graph and over a connection.

use anyhow::{Context, Result, ensure};
use api::view::{KeyView, MessageView};
use domain::{AttemptState, Carrier, DeliveryState, Failure, Msat, Privacy, Trust, Way};

use super::introduce;
use crate::person::Person;
use crate::world::World;

/// What `of` costs its owner so far, by the node's own books.
async fn balance(world: &dyn World, of: &str) -> Result<Msat> {
    world.quiet().await?;
    world.node(of).balance().await
}

/// Waits until `one` can seal to the key of `other`'s program.
async fn knows(one: &Person, other: &Person) -> Result<KeyView> {
    let node = other.node.to_string();
    one.wait("knows the other's key", async |app| {
        let key = app.contact_key(node.clone()).await?;
        Ok(key.sealed_to_app.then_some(key))
    })
    .await
}

/// Both have written, and both programs know the other's key.
///
/// # Errors
/// When a message does not arrive, or a key does not become known.
pub async fn acquainted(one: &Person, other: &Person) -> Result<()> {
    introduce(one, other).await?;
    knows(one, other).await?;
    knows(other, one).await?;
    Ok(())
}

async fn delivered_by(who: &Person, message: domain::MessageKey) -> Result<MessageView> {
    who.sees_delivery(message, DeliveryState::Delivered).await
}

pub(super) async fn whoever_has_written_is_answered_for_nothing(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    let before = (
        balance(world, "alice").await?,
        balance(world, "carol").await?,
    );

    let quote = alice.quote(&carol, "How are you?", Msat::ZERO).await?;
    ensure!(
        (quote.carrier, quote.way_hops, quote.payable) == (Carrier::Onion, 2, true),
        "{quote:?}"
    );
    for round in 0..5 {
        let (question, answer) = (format!("How are you, {round}?"), format!("Fine {round}."));
        let key = alice.writes(&carol, &question).await?;
        let sent = delivered_by(&alice, key).await?;
        let delivery = sent.delivery.context("an outgoing message")?;
        ensure!(
            sent.carrier == Some(Carrier::Onion) && delivery.paid.is_zero(),
            "{delivery:?}"
        );
        let got = carol.gets(&alice, &question).await?;
        ensure!(
            got.privacy == Privacy::Sealed && got.hold.is_none(),
            "{got:?}"
        );
        let key = carol.writes(&alice, &answer).await?;
        delivered_by(&carol, key).await?;
        alice.gets(&carol, &answer).await?;
    }
    let after = (
        balance(world, "alice").await?,
        balance(world, "carol").await?,
    );
    ensure!(before == after, "{before:?} {after:?}");

    // The reader is told of, once she looks.
    let key = alice.writes(&carol, "Look here").await?;
    delivered_by(&alice, key).await?;
    carol.gets(&alice, "Look here").await?;
    let conversation = carol.conversation_with(alice.node).await?;
    let conversation = conversation.context("carol knows alice")?.id;
    carol.app()?.conversation_seen(conversation).await?;
    alice
        .sees(key, "that carol has read it", |message| {
            let delivery = message.delivery.as_ref();
            delivery.is_some_and(|delivery| delivery.read_at.is_some())
        })
        .await?;
    Ok(())
}

pub(super) async fn a_closed_app_gets_a_payment_and_says_later_that_it_has_it(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    carol.close().await;

    let key = alice.writes(&carol, "Good night").await?;
    let sent = alice.sees_delivery(key, DeliveryState::Settled).await?;
    ensure!(sent.carrier == Some(Carrier::Keysend), "{sent:?}");
    let details = alice.app()?.message_details(key).await?;
    let tried: Vec<_> = details
        .attempts
        .iter()
        .map(|attempt| (attempt.carrier, attempt.state, attempt.failure))
        .collect();
    ensure!(
        tried
            == [
                (
                    Carrier::Onion,
                    AttemptState::Failed,
                    Some(Failure::NoReceipt)
                ),
                (Carrier::Keysend, AttemptState::Settled, None),
            ],
        "{tried:?}"
    );
    carol.open().await?;
    carol.gets(&alice, "Good night").await?;
    alice
        .sees(key, "that carol's program has it", |message| {
            let delivery = message.delivery.as_ref();
            delivery.is_some_and(|delivery| delivery.delivered_at.is_some())
        })
        .await?;
    Ok(())
}

pub(super) async fn free_only_waits_and_costs_nothing(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    alice
        .app()?
        .contact_set_way(carol.node.to_string(), Way::FreeOnly, false)
        .await?;
    let before = balance(world, "alice").await?;
    carol.close().await;

    let key = alice.writes(&carol, "It can wait").await?;
    let waiting = alice.sees_waiting(key, 1).await?;
    ensure!(waiting.failure == Some(Failure::NoReceipt), "{waiting:?}");
    carol.open().await?;
    alice.app()?.message_retry(key).await?;

    delivered_by(&alice, key).await?;
    carol.gets(&alice, "It can wait").await?;
    ensure!(balance(world, "alice").await? == before, "nothing was paid");
    Ok(())
}

pub(super) async fn neighbours_talk_over_their_connection(world: &dyn World) -> Result<()> {
    let (alice, bob) = (world.person("alice").await?, world.person("bob").await?);
    acquainted(&alice, &bob).await?;

    let key = alice.writes(&bob, "Over the fence").await?;

    let sent = delivered_by(&alice, key).await?;
    ensure!(sent.carrier == Some(Carrier::Peer), "{sent:?}");
    let got = bob.gets(&alice, "Over the fence").await?;
    ensure!(got.carrier == Some(Carrier::Peer), "{got:?}");
    Ok(())
}

pub(super) async fn both_compare_the_same_number(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    alice.meets(&carol).await?;
    carol.meets(&alice).await?;
    let conversation = alice.conversation_with(carol.node).await?;
    let conversation = conversation.context("alice knows carol")?;
    ensure!(
        conversation.contact.trust == Trust::Known,
        "{conversation:?}"
    );

    // A greeting is enough: it costs nothing and brings both cards.
    alice.app()?.contact_greet(conversation.id).await?;
    let (ours, theirs) = (knows(&alice, &carol).await?, knows(&carol, &alice).await?);

    let number = ours.safety_number.context("alice has a number")?;
    ensure!(
        theirs.safety_number.as_ref() == Some(&number),
        "another one"
    );
    let (app, node) = (alice.app()?, carol.node.to_string());
    app.contact_set_compared(node.clone(), number, true).await?;
    let key = app.contact_key(node.clone()).await?;
    ensure!(key.compared && !key.changed, "{key:?}");
    let wrong = app
        .contact_set_compared(node, "00000".to_owned(), true)
        .await;
    ensure!(wrong.is_err(), "a number that is not shown was compared");
    Ok(())
}

pub(super) async fn what_was_sealed_to_a_lost_key_is_sent_again(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    carol.close().await;
    let key = alice.writes(&carol, "Dinner at eight?").await?;
    alice.sees_delivery(key, DeliveryState::Settled).await?;
    let before = balance(world, "alice").await?;

    // carol begins anew on another computer, without her database, and writes to alice.
    let carol = world.person("carol").await?;
    carol.app()?.node_take_over().await?;
    let talk = carol.meets(&alice).await?;
    // Her node vouches for the new key first.
    carol.app()?.contact_greet(talk).await?;
    carol.writes(&alice, "I have a new computer").await?;
    alice.gets(&carol, "I have a new computer").await?;

    let got = carol.gets(&alice, "Dinner at eight?").await?;
    ensure!(
        got.carrier == Some(Carrier::Onion) && got.privacy == Privacy::Sealed,
        "{got:?}"
    );
    alice
        .sees(key, "that carol's new program has it", |message| {
            let delivery = message.delivery.as_ref();
            delivery.is_some_and(|delivery| delivery.delivered_at.is_some())
        })
        .await?;
    let after = balance(world, "alice").await?;
    ensure!(
        after == before,
        "it cost nothing more: {before:?} {after:?}"
    );
    let theirs = knows(&alice, &carol).await?;
    ensure!(theirs.changed, "alice is warned of the new key");
    Ok(())
}
