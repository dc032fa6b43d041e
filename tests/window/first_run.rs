//! Heliograph is opened for the first time.

use anyhow::Result;
use heliograph_tests::ports::Port;
use heliograph_tests::window::{Scene, at, lndconnect, with_address, with_certificate_of};

pub(crate) async fn a_node_is_connected_and_found_again(scene: &Scene) -> Result<()> {
    let (dave, bob) = (scene.network().node("dave"), scene.network().node("bob"));
    let person = scene.newcomer("dave").await?;
    person.desktop().unlock_keyring().await?;
    person.open().await?;
    person
        .sees(&at("onboarding").part("h1"), "Connect your Lightning node")
        .await?;
    person.picture("empty").await?;

    // Every mistake is named, and what was typed stays.
    let (field, error) = (at("connect-link"), at("connect-error"));
    let nobody = Port::free()?;
    for (link, words) in [
        (
            with_address(dave, &dave.peer_address()).await?,
            "Something else listens on this port",
        ),
        (
            with_certificate_of(dave, bob).await?,
            "The node shows another certificate",
        ),
        (
            with_address(dave, &nobody.address()).await?,
            "Nothing listens at this address",
        ),
    ] {
        person.pastes(&field, &link).await?;
        person.clicks(&at("connect-check")).await?;
        person.sees(&error, words).await?;
    }
    person.picture("refused").await?;

    person.pastes(&field, &lndconnect(dave).await?).await?;
    person.clicks(&at("connect-check")).await?;
    person
        .sees(&at("onboarding").part("h1"), "Found your node")
        .await?;
    let report = at("report");
    for found in [
        "dave",
        "regtest",
        "in step",
        "Just what is needed",
        "Your node settles payments on arrival",
    ] {
        person.sees(&report, found).await?;
    }
    person
        .sees(&report, "kept in the keyring of this computer")
        .await?;
    person.picture("report").await?;
    person.clicks(&at("profile-save")).await?;

    person.sees(&at("profile-name"), "dave").await?;
    person
        .sees(&at("link-state"), "Connected · regtest")
        .await?;
    person.sees(&at("sidebar"), "No contacts yet").await?;
    person.picture("open").await?;

    // The keyring opens it the next time.
    person.close().await?;
    person.open_connected().await?;
    person.sees(&at("profile-name"), "dave").await?;

    // While the keyring is away the window says so, and goes on when it is back.
    person.close().await?;
    person.desktop().end_keyring();
    person.open().await?;
    person
        .sees(&at("locked").part("h1"), "The keyring is locked")
        .await?;
    person.picture("locked").await?;
    person.desktop().unlock_keyring().await?;
    person.clicks(&at("unlock")).await?;
    person.sees(&at("link-state"), "Connected · regtest").await
}

pub(crate) async fn a_passphrase_takes_the_place_of_a_keyring(scene: &Scene) -> Result<()> {
    let bob = scene.network().node("bob");
    let person = scene.newcomer("bob").await?;
    person.open().await?;
    person
        .pastes(&at("connect-link"), &lndconnect(bob).await?)
        .await?;
    person.clicks(&at("connect-check")).await?;
    person
        .sees(&at("report"), "This computer has no keyring")
        .await?;
    person.fills(&at("passphrase"), "a long way home").await?;
    person
        .fills(&at("passphrase-again"), "a long way hone")
        .await?;
    person
        .sees(&at("report"), "The two are not the same")
        .await?;
    person
        .fills(&at("passphrase-again"), "a long way home")
        .await?;
    person.picture("passphrase").await?;
    person.clicks(&at("profile-save")).await?;
    person
        .sees(&at("link-state"), "Connected · regtest")
        .await?;

    person.close().await?;
    person.open().await?;
    person
        .sees(&at("locked").part("h1"), "Welcome back")
        .await?;
    person.fills(&at("passphrase"), "a long way hone").await?;
    person.clicks(&at("unlock")).await?;
    person
        .sees(&at("locked-error"), "This is not the passphrase")
        .await?;
    person.picture("wrong").await?;
    person.fills(&at("passphrase"), "a long way home").await?;
    person.clicks(&at("unlock")).await?;
    person.sees(&at("link-state"), "Connected · regtest").await
}
