//! Words between two windows.

use anyhow::{Result, ensure};
use domain::Msat;
use heliograph_tests::window::{Scene, at};

use crate::steps::{amount, send, write};

pub(crate) async fn a_stranger_writes_and_is_let_in(scene: &Scene) -> Result<()> {
    let (alice, carol) = tokio::try_join!(scene.resident("alice"), scene.resident("carol"))?;
    let network = scene.network();
    let key = network.node("alice").node().await?.to_string();

    // carol adds alice; a mistake is named before anything happens.
    carol.clicks(&at("new-contact-button")).await?;
    let (short, field) = (&key[..65], at("contact-address"));
    carol.pastes(&field, short).await?;
    carol.clicks(&at("contact-add")).await?;
    carol
        .sees(
            &at("new-contact"),
            "A public key has 66 characters, this has 65",
        )
        .await?;
    carol.picture("mistake").await?;
    carol.pastes(&field, &key).await?;
    carol.fills(&at("contact-name"), "Alice").await?;
    carol.clicks(&at("contact-add")).await?;
    carol.sees(&at("title"), "Alice").await?;
    carol.sees(&at("reach"), "Over the network").await?;

    // The first words can be read by any program, and alice's node gives the sat back.
    let before = network.node("carol").holdings().await?;
    carol
        .fills(&at("composer-text"), "Hello Alice! Shall we meet at noon?")
        .await?;
    carol.sees(&at("estimate"), "2 hops").await?;
    carol.picture("estimate").await?;
    let hello = write(&carol, "Hello Alice! Shall we meet at noon?", "about").await?;
    carol.sees(&hello.inside("cost"), "free, returned").await?;
    carol
        .finds(&hello.inside("delivery").with("data-state", "returned"))
        .await?;
    carol.picture("sent").await?;

    // For alice she is a stranger: first the question, then the conversation.
    alice.sees(&at("place-requests"), "1").await?;
    alice.clicks(&at("place-requests")).await?;
    alice.sees(&at("request"), "Shall we meet at noon?").await?;
    alice.picture("request").await?;
    alice.clicks(&at("request-accept")).await?;
    let got = alice.message("Shall we meet at noon?").await?;
    alice.sees(&got, "Sender verified").await?;

    // carol's node keeps the sat. What the answer cost stands below it, and the node says the same.
    alice
        .pastes(&at("composer-text"), "At noon, by the lighthouse 💡")
        .await?;
    let answer = send(&alice, "by the lighthouse 💡", "about").await?;
    let cost = amount(&alice, &answer.inside("cost")).await?;
    let books = network.node("alice").payments().await?;
    let paid = books
        .iter()
        .filter_map(|one| one.amount.checked_add(one.fee));
    ensure!(
        paid.into_iter().any(|paid| paid == cost),
        "{cost} is not in alice's books"
    );
    carol.message("by the lighthouse 💡").await?;

    // Now they know each other: sealed, and free for carol.
    carol.sees(&at("lock"), "Sealed").await?;
    let thanks = write(&carol, "I will be there.", "returned").await?;
    carol.sees(&thanks.inside("cost"), "free, returned").await?;
    carol.sees(&thanks.inside("privacy"), "Sealed").await?;
    let got = alice.message("I will be there.").await?;
    alice.sees(&got.inside("privacy"), "Sealed").await?;
    alice.picture("conversation").await?;
    carol.picture("conversation").await?;

    network.quiet().await?;
    let after = network.node("carol").holdings().await?;
    let got = after.local.checked_sub(before.local);
    ensure!(
        got == Some(Msat::SAT),
        "carol has paid nothing and has kept alice's sat: {before:?} {after:?}"
    );
    Ok(())
}
