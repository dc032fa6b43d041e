//! mallory amends messages with letters that she writes by hand.

use std::time::Duration;

use crate::people::mallory::Stage;
use crate::people::{eventually, sat};
use domain::{Expectation, MessageId, Msat, Preimage};
use lnd::sim::SimNode;
use lnd::{Lightning, PaymentUpdate};
use protocol::{Body, Letter, record};
use store::MessageRow;

impl Stage {
    /// What stands in the conversation with somebody, without what amends it.
    async fn only_message(&self, with: &SimNode) -> MessageRow {
        let mut rows = self.alice.talk(with).await;
        assert_eq!(rows.len(), 1, "one bubble");
        rows.remove(0)
    }

    /// Sends a letter with a satoshi, sealed to its payment.
    async fn pays_for(&mut self, seed: u8, letter: &Letter) -> PaymentUpdate {
        let (from, to) = (self.line.carol.id(), self.line.alice.id());
        let secret = self.line.carol.shared_secret(to).await.unwrap();
        let hash = Preimage::new([seed; 32]).payment_hash();
        let (rng, bytes) = (&mut self.rng, letter.encode());
        let envelope = protocol::seal(rng, from, to, &secret.0, &hash.0, &bytes).unwrap();
        self.pays(seed, vec![(record::LETTER, envelope)]).await
    }

    /// mallory, whom alice knows, has written something. Its name.
    async fn has_written(&mut self, text: &str) -> MessageId {
        self.alice.befriend(self.mallory(), None).await;
        let letter = self.letter(Body::Text(text.into()));
        self.sends(&letter).await;
        letter.id
    }

    /// An edit that says of its satoshi that it is owed.
    fn claiming_edit(&mut self, of: MessageId, text: &str) -> Letter {
        let text = text.into();
        Letter {
            expectation: Expectation::Keep,
            ..self.letter(Body::Edit { of, text })
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_with_a_satoshi_that_is_not_owed_is_made_and_the_satoshi_goes_back() {
    let mut stage = Stage::new().await;
    let of = stage.has_written("helo").await;
    let before = stage.alice.balance().await;
    let edit = stage.claiming_edit(of, "hello");

    let paid = stage.pays_for(1, &edit).await;

    assert!(matches!(paid, PaymentUpdate::Refused { .. }), "{paid:?}");
    let row = stage.only_message(stage.mallory()).await;
    assert_eq!(row.message.text, "hello");
    assert_eq!(row.message.payment, Msat::ZERO);
    assert_eq!(stage.alice.balance().await, before);
    eventually("it is booked", async || {
        (stage.alice.totals().await.returned_by_us == Msat::SAT).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn where_it_cannot_go_back_it_is_postage_that_is_owed() {
    let mut stage = Stage::new().await;
    stage.line.alice.set_hold(Duration::ZERO);
    let of = stage.has_written("helo").await;
    let edit = stage.claiming_edit(of, "hello");

    let paid = stage.pays_for(1, &edit).await;

    assert!(matches!(paid, PaymentUpdate::Settled { .. }), "{paid:?}");
    let node = stage.mallory().id();
    eventually("it is booked", async || {
        let read = stage.alice.store.read(move |db| db.postage_balance(node));
        (read.await.unwrap().we_owe() == Msat::SAT).then_some(())
    })
    .await;
    let row = stage.only_message(stage.mallory()).await;
    assert_eq!(row.message.text, "hello");
    assert_eq!(stage.alice.totals().await.received, Msat::ZERO);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_money_only_because_a_free_letter_speaks_of_it() {
    let mut stage = Stage::new().await;
    let of = stage.has_written("helo").await;
    let edit = stage.claiming_edit(of, "hello");
    stage.sends(&edit).await;
    let row = stage.only_message(stage.mallory()).await;
    assert_eq!(row.message.text, "hello");
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_overtakes_its_message_waits_for_it() {
    let mut stage = Stage::new().await;
    stage.alice.befriend(stage.mallory(), None).await;
    let message = stage.letter(Body::Text("first thoughts".into()));
    let edit = stage.letter(Body::Edit {
        of: message.id,
        text: "second thoughts".into(),
    });

    stage.sends(&edit).await;
    assert_eq!(stage.heard().await, 0, "there is nothing to show yet");
    stage.sends(&message).await;

    let row = stage.only_message(stage.mallory()).await;
    assert_eq!(row.message.text, "second thoughts");
    assert!(row.message.edited_at.is_some());
    let key = row.message.key;
    let first = stage.alice.store.read(move |db| db.first_words(key)).await;
    assert_eq!(first.unwrap().as_deref(), Some("first thoughts"));
}

#[tokio::test(start_paused = true)]
async fn nobody_changes_what_somebody_else_has_written() {
    let mut stage = Stage::new().await;
    // alice's own words to mallory, who knows their name.
    let to_mallory = stage.alice.befriend(stage.mallory(), None).await;
    let own = stage.alice.say(to_mallory, "mine").await;
    let own_id = stage.alice.row(own).await.message.id;
    // bob's words to alice, whose name mallory has heard of.
    let bob = stage.line.bob.clone();
    stage.alice.befriend(&bob, None).await;
    let message = stage.letter(Body::Text("his".into()));
    let to = stage.line.alice.id();
    let secret = bob.shared_secret(to).await.unwrap();
    let (rng, bytes) = (&mut stage.rng, message.encode());
    let envelope = protocol::seal(rng, bob.id(), to, &secret.0, &[0; 32], &bytes).unwrap();
    stage.hands_over(envelope).await;
    stage.alice.expect_message(&bob, "his").await;

    for of in [own_id, message.id] {
        let text = "hers".into();
        for body in [Body::Edit { of, text }, Body::Delete { of }] {
            let letter = stage.letter(body);
            stage.sends(&letter).await;
        }
    }

    let last = stage.letter(Body::Text("did you see?".into()));
    stage.sends(&last).await;
    let mallory = stage.mallory().clone();
    stage.alice.expect_message(&mallory, "did you see?").await;
    assert_eq!(stage.alice.row(own).await.message.text, "mine");
    let row = stage.only_message(&bob).await;
    assert_eq!(
        (row.message.text.as_str(), row.message.payment),
        ("his", sat(0))
    );
    assert!(row.message.edited_at.is_none() && row.message.taken_back_at.is_none());
    assert_eq!(stage.heard().await, 2, "her edits are no bubbles");

    // Nor may she do it in his name.
    let forged = stage.letter(Body::Delete { of: message.id });
    let secret = stage.line.carol.shared_secret(to).await.unwrap();
    let (rng, bytes) = (&mut stage.rng, forged.encode());
    let envelope = protocol::seal(rng, bob.id(), to, &secret.0, &[0; 32], &bytes).unwrap();
    stage.hands_over(envelope).await;
    let row = stage.only_message(&bob).await;
    assert_eq!(row.message.taken_back_at, None);
}
