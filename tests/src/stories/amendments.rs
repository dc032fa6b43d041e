//! What two people do to messages that are there: both histories agree.

use anyhow::{Context, Result, ensure};
use api::view::{AmendRequest, MessageView, SendRequest};
use domain::{DeliveryState, Direction, MessageKey, Msat, Way};

use super::acquainted;
use crate::person::Person;
use crate::world::World;

async fn does(who: &Person, key: MessageKey, request: AmendRequest) -> Result<()> {
    who.app()?
        .message_amend(key, request)
        .await
        .context("something is done to a message")
}

async fn reacts(who: &Person, key: MessageKey, emoji: &str) -> Result<()> {
    let emoji = emoji.to_owned();
    does(who, key, AmendRequest::React { emoji }).await
}

fn reactions(message: &MessageView) -> Vec<(Direction, &str)> {
    message
        .reactions
        .iter()
        .map(|reaction| (reaction.direction, reaction.emoji.as_str()))
        .collect()
}

pub(super) async fn answers_reactions_edits_and_deletes_go_both_ways(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    let sent = alice.writes(&carol, "Tea at five o'clock?").await?;
    alice.sees_delivery(sent, DeliveryState::Delivered).await?;
    let got = carol.gets(&alice, "Tea at five o'clock?").await?;
    ensure!(got.named, "both call it by one name");

    let answer = SendRequest {
        conversation: got.conversation,
        text: "Gladly.".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: Some(got.key),
    };
    carol.app()?.message_send(answer).await?;
    let answer = alice.gets(&carol, "Gladly.").await?;
    let to = answer.reply.and_then(|reply| reply.to);
    ensure!(to.is_some_and(|to| to.key == sent), "it names the question");

    reacts(&carol, got.key, "👍").await?;
    let one = |message: &MessageView| reactions(message) == [(Direction::Incoming, "👍")];
    alice.sees(sent, "carol's reaction", one).await?;
    reacts(&carol, got.key, "🎉").await?;
    let other = |message: &MessageView| reactions(message) == [(Direction::Incoming, "🎉")];
    alice.sees(sent, "that carol changed it", other).await?;
    reacts(&alice, sent, "🙂").await?;
    let both = |message: &MessageView| message.reactions.len() == 2;
    carol.sees(got.key, "alice's reaction", both).await?;

    let text = "Tea at six o'clock?".to_owned();
    does(&alice, sent, AmendRequest::Edit { text }).await?;
    let edited = |message: &MessageView| message.text == "Tea at six o'clock?";
    let seen = carol.sees(got.key, "the new words", edited).await?;
    ensure!(seen.edited_at.is_some(), "{seen:?}");
    let details = carol.details(got.key).await?;
    let before: Vec<_> = details.versions.iter().map(|one| &one.text).collect();
    ensure!(before == ["Tea at five o'clock?"], "{before:?}");
    let find = async |words: &str| {
        carol
            .app()?
            .search(words.to_owned(), None, None, 9)
            .await
            .map_err(anyhow::Error::from)
    };
    ensure!(find("six").await?.len() == 1 && find("five").await?.is_empty());

    does(&alice, sent, AmendRequest::TakeBack).await?;
    let gone = |message: &MessageView| message.taken_back_at.is_some();
    let seen = carol.sees(got.key, "it taken back", gone).await?;
    ensure!(
        seen.text.is_empty() && seen.reactions.is_empty(),
        "{seen:?}"
    );
    ensure!(find("six").await?.is_empty(), "its words are gone");
    let told = |message: &MessageView| message.amending.is_none();
    let ours = alice.sees(sent, "that it arrived", told).await?;
    ensure!(ours.text.is_empty() && gone(&ours), "{ours:?}");
    let (here, there) = (
        alice.messages_with(carol.node).await?.len(),
        carol.messages_with(alice.node).await?.len(),
    );
    ensure!(here == there, "{here} bubbles here and {there} there");
    Ok(())
}

pub(super) async fn a_payment_keeps_its_money_when_its_words_are_taken_back(
    world: &dyn World,
) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    acquainted(&alice, &carol).await?;
    let amount = Msat::new(700_000);
    let paid = carol.sends(&alice, "For the tea.", amount).await?;
    let got = alice.gets(&carol, "For the tea.").await?;
    does(&carol, paid, AmendRequest::TakeBack).await?;
    let gone = |message: &MessageView| message.taken_back_at.is_some();
    let seen = alice.sees(got.key, "the words gone", gone).await?;
    ensure!(seen.payment == amount && seen.hold.is_some(), "{seen:?}");
    alice.accepts(got.key).await?;
    let ended = carol.sees_delivery(paid, DeliveryState::Settled).await?;
    ensure!(ended.payment == amount, "{ended:?}");
    Ok(())
}
