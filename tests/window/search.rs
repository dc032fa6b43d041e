//! Finding what was said.

use anyhow::Result;
use heliograph_tests::window::{Scene, at};

use crate::steps::{open, write};

pub(crate) async fn a_chinese_word_is_found(scene: &Scene) -> Result<()> {
    let (alice, carol) = scene.friends("alice", "carol").await?;
    open(&alice, "carol").await?;
    for text in ["我们周末去爬山吧", "Bring the old map", "山顶见"] {
        write(&alice, text, "about").await?;
    }
    open(&carol, "alice").await?;
    let wanted = carol.message("我们周末去爬山吧").await?;
    carol.message("山顶见").await?;

    carol.fills(&at("search"), "爬山").await?;
    carol.sees(&at("hit").part("mark"), "爬山").await?;
    carol.picture("hits").await?;
    carol.clicks(&at("hit")).await?;
    carol.finds(&wanted).await?;

    // Two hits for a part of it, none for what nobody said, and the last word may be a beginning.
    carol.fills(&at("search"), "山").await?;
    for text in ["我们周末去爬山吧", "山顶见"] {
        carol.sees(&at("hit"), text).await?;
    }
    carol.fills(&at("search"), "潜水").await?;
    carol
        .sees(&at("no-hits"), "No message with these words")
        .await?;
    carol.fills(&at("search"), "old ma").await?;
    carol.sees(&at("hit"), "Bring the old map").await
}
