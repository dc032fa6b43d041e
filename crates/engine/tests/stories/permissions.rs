//! What works where the macaroon allows less.

use domain::{DeliveryState, Privacy, Program};
use lnd::LightningError;

use crate::people::gate::Gate;
use crate::people::{HOLD, Person, talking_line};

/// Everything but this call.
struct Without(&'static str);

impl Gate for Without {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == self.0 {
            return Err(LightningError::Permission(call));
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn without_secrets_of_the_node_the_keys_of_the_apps_seal_and_other_words_are_readable() {
    let line = talking_line();
    let gate = Without("shared_secret");
    let alice = Person::open_behind(&line.network, &line.alice, gate).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.has_a_card().await;
    carol.has_a_card().await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let node = line.carol.id();
    let unknown = move |tx: &store::Tx<'_>| tx.set_program(node, Program::Unknown);
    alice.store.write(unknown).await.unwrap();

    alice.say(to_carol, "it is me").await;
    let got = carol.expect_message(&line.alice, "it is me").await;
    assert_eq!(got.message.privacy, Privacy::Open);

    // The hello beside it was sealed by the key of alice's app. carol has her card now, and alice can open what is sealed to
    // the key in it.
    carol.say(to_alice, "and me").await;
    let got = alice.expect_message(&line.carol, "and me").await;
    assert_eq!(got.message.privacy, Privacy::Sealed);
    let key = alice.say(to_carol, "then it is sealed").await;
    alice.expect_delivery(key, DeliveryState::Delivered).await;
    let got = carol.expect_message(&line.alice, "then it is sealed").await;
    assert_eq!(got.message.privacy, Privacy::Sealed);
}
