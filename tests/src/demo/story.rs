//! A conversation between alice and carol that shows everything.

use anyhow::{Context, Result};
use api::view::{AmendRequest, MessageView, SendRequest};
use domain::{ConversationId, HoldState, Msat, Timestamp, Way};

use crate::letters::signed_text;
use crate::person::{Person, Refunded};
use crate::regtest::{Keysend, Network};
use crate::stories::is_over;

/// What stays to be decided in alice's window.
const OPEN_NOTE: &str = "And this is my part of the rent. Take your time.";

/// What alice answers.
const WRONG: &str = "I think that was meant for somebody else!";

pub(super) async fn tell(alice: &Person, carol: &Person, network: &Network) -> Result<()> {
    say(carol, alice, "Did you get home safely last night?").await?;
    say(
        alice,
        carol,
        "I did, thank you! The last train was full, but somebody gave me a seat.",
    )
    .await?;
    say(carol, alice, "太好了!下次我们一起去。").await?;

    // alice's node holds: she decides before anything is settled.
    let key = carol.sends(alice, "For the tickets", sat(21_000)).await?;
    let got = held(alice, carol, "For the tickets").await?;
    alice.accepts(got).await?;
    carol.sees(key, "its end", is_over).await?;
    let key = carol.sends(alice, "And for dinner", sat(5_000)).await?;
    let got = held(alice, carol, "And for dinner").await?;
    alice.refunds(got).await?;
    carol.sees(key, "its end", is_over).await?;
    say(alice, carol, "No, no, dinner was my treat.").await?;

    // carol's node is stock: her program gives an invoice, so that she decides; what she took by mistake she pays back.
    pay(alice, carol, "The book that you lent me", sat(2_100)).await?;
    let key = pay(alice, carol, "Groceries for the week", sat(42_000)).await?;
    say(carol, alice, WRONG).await?;
    let got = carol.gets(alice, "Groceries for the week").await?.key;
    let Refunded::PaidBack(back) = carol.refunds(got).await? else {
        anyhow::bail!("carol's node holds nothing");
    };
    carol.sees(back, "its end", is_over).await?;
    alice
        .sees(key, "the pay-back", |one| {
            one.refund.as_ref().is_some_and(|back| back.done)
        })
        .await?;
    let words = "It was. Thank you for sending it back.";
    answer(
        alice,
        carol,
        "It was. Thank you for sanding it back.",
        words,
    )
    .await?;

    // More than the channel has.
    let key = alice
        .sends(carol, "A house by the sea", sat(90_000_000))
        .await?;
    alice.sees(key, "its end", is_over).await?;

    // dave runs another program: what goes to him is readable, and signed by alice's node.
    let dave = network.node("dave").node().await?;
    let app = alice.app()?;
    let conversation = app.contact_add(dave.to_string(), "Dave".to_owned()).await?;
    let key = app
        .message_send(text(
            conversation,
            "Hi Dave, does your program show my name?",
        ))
        .await?;
    alice.sees(key, "its end", is_over).await?;

    // Somebody whom alice does not know, with another program.
    let bob = network.node("bob");
    let sender = bob.node().await?;
    let words = "Hello, I run the node between you and carol. Write to me if a payment gets stuck.";
    let records = signed_text(sender, alice.node, now()?, words, async |bytes| {
        bob.sign(bytes).await
    });
    bob.pay(&Keysend::new(alice.node, Msat::SAT, records.await?))
        .await?;
    alice.gets_from(sender, words).await?;
    Ok(())
}

/// A payment that is held when the window opens, for as long as the node holds it.
pub(super) async fn leave_a_payment(alice: &Person, carol: &Person) -> Result<()> {
    let before = alice.messages_with(carol.node).await?;
    let waits = before.iter().any(|message| {
        message
            .hold
            .as_ref()
            .is_some_and(|hold| hold.state == HoldState::Held)
    });
    if waits {
        return Ok(());
    }
    let older: Vec<_> = before.into_iter().map(|message| message.key).collect();
    carol.sends(alice, OPEN_NOTE, Msat::new(12_345_678)).await?;
    alice
        .wait("has a payment to decide", async |_| {
            let all = alice.messages_with(carol.node).await?;
            let held = all.iter().any(|message| {
                !older.contains(&message.key)
                    && message
                        .hold
                        .as_ref()
                        .is_some_and(|hold| hold.state == HoldState::Held)
            });
            Ok(held.then_some(()))
        })
        .await
}

async fn say(from: &Person, to: &Person, words: &str) -> Result<()> {
    let key = from.writes(to, words).await?;
    to.gets(from, words).await?;
    from.sees(key, "its end", is_over).await?;
    Ok(())
}

/// With a slip that is mended, to which the other one then reacts.
async fn answer(from: &Person, to: &Person, slip: &str, meant: &str) -> Result<()> {
    let asked = from.gets(to, WRONG).await?;
    let request = SendRequest {
        reply_to: Some(asked.key),
        ..text(asked.conversation, slip)
    };
    let key = from.app()?.message_send(request).await?;
    let got = to.gets(from, slip).await?.key;
    from.sees(key, "its end", is_over).await?;

    let text = meant.to_owned();
    let edit = AmendRequest::Edit { text };
    from.app()?.message_amend(key, edit).await?;
    to.sees(got, "the words as they should be", |one| one.text == meant)
        .await?;
    let emoji = "🙂".to_owned();
    let react = AmendRequest::React { emoji };
    to.app()?.message_amend(got, react).await?;
    let reacted = |one: &MessageView| !one.reactions.is_empty();
    from.sees(key, "that it pleases", reacted).await?;
    Ok(())
}

fn text(conversation: ConversationId, words: &str) -> SendRequest {
    SendRequest {
        conversation,
        text: words.to_owned(),
        payment: Msat::ZERO,
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    }
}

async fn pay(from: &Person, to: &Person, note: &str, amount: Msat) -> Result<domain::MessageKey> {
    let key = from.sends(to, note, amount).await?;
    to.accepts(held(to, from, note).await?).await?;
    from.sees(key, "its end", is_over).await?;
    Ok(key)
}

async fn held(to: &Person, from: &Person, note: &str) -> Result<domain::MessageKey> {
    let got = to.gets(from, note).await?;
    Ok(to.sees_hold(got.key, HoldState::Held).await?.key)
}

const fn sat(sats: u64) -> Msat {
    Msat::new(sats * 1_000)
}

fn now() -> Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Timestamp(
        i64::try_from(since.as_millis()).context("a date")?,
    ))
}
