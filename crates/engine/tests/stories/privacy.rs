//! What the host of a node can read, who has the node's key and everything that the node has stored.

use domain::{DeliveryState, Privacy};
use lnd::sim::SimNode;
use lnd::{Invoice, Lightning};
use protocol::{Body, Envelope, Letter, Lock, record};

use crate::people::{HOLD, Line, Person};

/// The letter in a payment, opened with nothing but the recipient's node; `None` when it does not open like this.
async fn read_by_the_host(node: &SimNode, payment: &Invoice) -> Option<String> {
    let of = |(kind, _): &&(u64, Vec<u8>)| *kind == record::LETTER;
    let (_, record) = payment.records.iter().find(of).unwrap();
    let envelope = Envelope::parse(record).unwrap();
    if envelope.lock() != Lock::NodeKey {
        assert!(envelope.open(node.id(), &payment.hash.0).is_err());
        return None;
    }
    let opening = envelope.open(node.id(), &payment.hash.0).unwrap();
    let secret = node.shared_secret(opening.ephemeral().as_node()).await;
    let opening = opening.with_ephemeral_secret(&secret.unwrap().0).unwrap();
    let secret = node.shared_secret(opening.sender().as_node()).await;
    let bytes = opening.with_sender_secret(&secret.unwrap().0).unwrap();
    match Letter::decode(&bytes).unwrap().body {
        Body::Text(text) => Some(text),
        other => panic!("another body: {other:?}"),
    }
}

async fn last_payment(node: &SimNode) -> Invoice {
    let all = node.invoices_after(0, 1_000).await.unwrap();
    all.invoices.into_iter().next_back().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_host_that_only_looks_reads_what_comes_before_the_first_answer_and_nothing_after_it() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.has_a_card().await;
    carol.has_a_card().await;
    let talk = alice.befriend(&line.carol, None).await;

    let early = alice.say(talk, "before your answer").await;
    alice.expect_delivery(early, DeliveryState::Settled).await;
    let payment = last_payment(&line.carol).await;
    let read = read_by_the_host(&line.carol, &payment).await;
    assert_eq!(read.as_deref(), Some("before your answer"));

    let back = carol.befriend(&line.alice, Some(HOLD)).await;
    carol.say(back, "here I am").await;
    let answer = alice.expect_message(&line.carol, "here I am").await.message;
    assert_eq!(answer.privacy, Privacy::Sealed);
    let payment = last_payment(&line.alice).await;
    assert_eq!(read_by_the_host(&line.alice, &payment).await, None);

    let late = alice.say(talk, "after your answer").await;
    alice.expect_delivery(late, DeliveryState::Settled).await;
    carol.expect_message(&line.alice, "after your answer").await;
    let payment = last_payment(&line.carol).await;
    assert_eq!(read_by_the_host(&line.carol, &payment).await, None);
}
