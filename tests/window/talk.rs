//! Words between two windows.

use anyhow::{Result, ensure};
use heliograph_tests::window::{Scene, at};

use crate::steps::{send, write};

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

    // carol's app listens: the answer goes as an onion message, and nobody pays.
    alice
        .pastes(&at("composer-text"), "At noon, by the lighthouse 💡")
        .await?;
    let answer = send(&alice, "by the lighthouse 💡", "free by onion").await?;
    alice
        .sees(&answer.inside("cost"), "free by onion, 2 hops")
        .await?;
    carol.message("by the lighthouse 💡").await?;

    // Now they know each other: sealed between the two apps, and free both ways.
    carol.sees(&at("lock"), "Sealed").await?;
    let thanks = write(&carol, "I will be there.", "free by onion").await?;
    carol
        .sees(&thanks.inside("cost"), "free by onion, 2 hops")
        .await?;
    carol.sees(&thanks.inside("privacy"), "Sealed").await?;
    let got = alice.message("I will be there.").await?;
    alice.sees(&got.inside("privacy"), "Sealed").await?;
    alice.picture("conversation").await?;
    carol.picture("conversation").await?;

    network.quiet().await?;
    let after = network.node("carol").holdings().await?;
    ensure!(
        after.local == before.local,
        "carol has paid or kept something: {before:?} {after:?}"
    );
    Ok(())
}
