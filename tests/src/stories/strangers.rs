//! Other programs, and people whom one does not know.

use anyhow::{Result, ensure};
use domain::{Authorship, Direction, HoldState, Msat, Privacy, Timestamp, Trust};

use crate::letters;
use crate::regtest::{Keysend, Outcome};
use crate::world::World;

/// The record of plain text.
const TEXT: u64 = 34_349_334;

pub(super) async fn plain_text_of_another_program_is_shown(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    let words = b"sent from a command line".to_vec();
    // To a stock node it settles; a node that holds accepts small ones, as a refusal would look like a failure.
    for person in [&carol, &alice] {
        let keysend = Keysend::new(person.node, Msat::SAT, vec![(TEXT, words.clone())]);
        let outcome = world.node("bob").pay(&keysend).await?;
        ensure!(matches!(outcome, Outcome::Paid(_)), "{outcome:?}");
        // Nobody signed it and nobody is named.
        let shown = person
            .wait("shows the anonymous text", async |app| {
                let found = app.search("command".to_owned(), None, None, 5).await?;
                Ok(found.into_iter().next())
            })
            .await?;
        let shown = person.app()?.message_get(shown.message).await?;
        ensure!(shown.text == "sent from a command line", "{shown:?}");
        ensure!(
            shown.authorship == Authorship::Claimed && shown.privacy == Privacy::Open,
            "{shown:?}"
        );
        // It stands in the conversation of nobody, which is listed like any other.
        let all = api::view::ConversationFilter::All;
        let listed = person.app()?.conversations_list(all, String::new()).await?;
        ensure!(
            listed
                .iter()
                .any(|one| one.id == shown.conversation && one.contact.nobody),
            "{shown:?} in {listed:?}"
        );
    }
    Ok(())
}

pub(super) async fn a_forged_signature_is_only_claimed(world: &dyn World) -> Result<()> {
    let carol = world.person("carol").await?;
    let now = Timestamp(1_790_000_000_000);
    let (alice, dave) = (
        world.node("alice").id().await?,
        world.node("dave").id().await?,
    );
    // dave signs, and says that he is alice.
    let forged = letters::whatsat(world, "dave", alice, carol.node, now, "I am alice").await?;
    let honest = letters::whatsat(world, "dave", dave, carol.node, now, "I am dave").await?;
    for records in [forged, honest] {
        let keysend = Keysend::new(carol.node, Msat::SAT, records);
        let outcome = world.node("dave").pay(&keysend).await?;
        ensure!(matches!(outcome, Outcome::Paid(_)), "{outcome:?}");
    }
    let real = carol.gets_from(dave, "I am dave").await?;
    ensure!(real.authorship == Authorship::Verified, "{real:?}");
    let shown = carol
        .wait("shows the forged text", async |app| {
            let found = app.search("I am alice".to_owned(), None, None, 5).await?;
            Ok(found.into_iter().next())
        })
        .await?;
    let shown = carol.app()?.message_get(shown.message).await?;
    ensure!(shown.authorship == Authorship::Claimed, "{shown:?}");
    ensure!(
        shown.hold.is_some_and(|hold| !hold.can_pay_back),
        "nobody to pay back"
    );
    Ok(())
}

pub(super) async fn a_keysend_of_another_program_is_accepted_and_seen(
    world: &dyn World,
) -> Result<()> {
    let alice = world.person("alice").await?;
    let before = world.node("alice").balance().await?;
    let podcast = Keysend::new(
        alice.node,
        Msat::new(123_000),
        vec![(7_629_169, b"{}".to_vec())],
    );
    let outcome = world.node("carol").pay(&podcast).await?;
    ensure!(matches!(outcome, Outcome::Paid(_)), "{outcome:?}");
    world.quiet().await?;
    let after = world.node("alice").balance().await?;
    ensure!(
        after.checked_sub(before) == Some(Msat::new(123_000)),
        "{before} {after}"
    );
    // Nobody has signed it: it stands among what unknown senders have sent.
    let (app, mut seen) = (alice.app()?, Vec::new());
    for filter in [
        api::view::ConversationFilter::All,
        api::view::ConversationFilter::Requests,
    ] {
        seen.extend(app.conversations_list(filter, String::new()).await?);
    }
    ensure!(seen.len() == 1, "{seen:?}");
    let paid = alice.messages_with(alice.node).await?;
    let amounts: Vec<_> = paid.iter().map(|message| message.payment).collect();
    ensure!(amounts == [Msat::new(123_000)], "{paid:?}");
    Ok(())
}

pub(super) async fn a_request_is_let_in_or_blocked(world: &dyn World) -> Result<()> {
    let (alice, carol) = (world.person("alice").await?, world.person("carol").await?);
    carol.meets(&alice).await?;
    carol.writes(&alice, "You do not know me").await?;
    let got = alice.gets(&carol, "You do not know me").await?;
    ensure!(got.authorship == Authorship::Verified, "{got:?}");
    let request = alice
        .conversation_with(carol.node)
        .await?
        .expect("a request");
    ensure!(request.contact.trust == Trust::Request, "{request:?}");

    // Silence to strangers: carol learns nothing by herself.
    world.quiet().await?;
    let answers = carol.messages_with(alice.node).await?;
    ensure!(
        answers
            .iter()
            .all(|one| one.direction == Direction::Outgoing),
        "{answers:?}"
    );

    alice.trusts(carol.node, Trust::Known).await?;
    let known = alice
        .conversation_with(carol.node)
        .await?
        .expect("a contact");
    ensure!(known.contact.trust == Trust::Known, "{known:?}");

    alice.trusts(carol.node, Trust::Blocked).await?;
    let before = world.node("carol").balance().await?;
    let key = carol
        .sends(&alice, "Listen to me", Msat::new(5_000))
        .await?;
    let back = carol
        .sees_delivery(key, domain::DeliveryState::Returned)
        .await?;
    ensure!(back.delivery.is_some_and(|one| one.paid.is_zero()));
    world.quiet().await?;
    ensure!(world.node("carol").balance().await? == before);
    let shown = alice.messages_with(carol.node).await?;
    ensure!(
        !shown.iter().any(|one| one.text == "Listen to me"),
        "unread: {shown:?}"
    );

    alice.trusts(carol.node, Trust::Known).await?;
    let key = carol.sends(&alice, "Thank you", Msat::new(5_000)).await?;
    let got = alice.gets(&carol, "Thank you").await?;
    alice.sees_hold(got.key, HoldState::Held).await?;
    alice.accepts(got.key).await?;
    carol
        .sees_delivery(key, domain::DeliveryState::Settled)
        .await?;
    Ok(())
}
