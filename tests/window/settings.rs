//! What a person chooses stays.

use anyhow::Result;
use heliograph_tests::window::{Scene, at};

pub(crate) async fn language_and_theme_stay_chosen(scene: &Scene) -> Result<()> {
    let bob = scene.resident("bob").await?;
    bob.clicks(&at("place-settings")).await?;
    bob.clicks(&at("theme-dark")).await?;
    bob.clicks(&at("language-zh-CN")).await?;
    bob.sees(&at("place-settings"), "设置").await?;
    bob.picture("settings").await?;
    bob.clicks(&at("place-node")).await?;
    bob.sees(&at("page-node"), "regtest").await?;
    bob.picture("node").await?;

    bob.close().await?;
    bob.open().await?;
    bob.sees(&at("place-settings"), "设置").await?;
    bob.finds(&at("shell").under("html[data-theme='dark']"))
        .await?;
    bob.finds(&at("link").with("data-state", "connected"))
        .await?;
    bob.picture("again").await?;
    Ok(())
}
