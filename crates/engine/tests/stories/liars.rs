//! mallory writes letters by hand and sends them for nothing. Nothing that she says without proof is believed, nothing
//! goes back to her, and she cannot fill alice's disk.

use std::time::Duration;

use crate::people::mallory::Stage;
use crate::people::{HOLD, eventually};
use domain::{DeliveryState, MessageId, Msat};
use futures::StreamExt;
use lnd::Lightning;
use protocol::{Body, KeyCard, SealKey, SignedCard, card};

#[tokio::test(start_paused = true)]
async fn a_stranger_is_kept_up_to_the_caps_and_hears_nothing() {
    let mut stage = Stage::new().await;
    // The subscription answers with the first message only.
    let node = stage.line.carol.clone();
    let answer = tokio::spawn(async move { node.onion_messages().await.unwrap().next().await });

    for number in 0..30 {
        let letter = stage.letter(Body::Text(format!("buy {number}")));
        stage.sends(&letter).await;
    }

    assert_eq!(stage.heard().await, 20, "as many as a stranger may leave");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!answer.is_finished(), "something came back");
}

#[tokio::test(start_paused = true)]
async fn long_letters_fill_a_strangers_room_sooner() {
    let mut stage = Stage::new().await;
    for number in 0..8 {
        let text = number.to_string().repeat(30_000);
        let letter = stage.letter(Body::Text(text));
        stage.sends(&letter).await;
    }
    let kept = stage.heard().await;
    assert!(
        (2..=3).contains(&kept),
        "64 KiB and the letter that went over it: {kept}"
    );
}

#[tokio::test(start_paused = true)]
async fn money_that_nobody_sent_is_not_believed() {
    let mut stage = Stage::new().await;
    let letter = stage.letter(Body::Payment {
        note: "your wages".into(),
        amount: Msat::new(1_000_000),
    });
    stage.sends(&letter).await;
    let letter = stage.letter(Body::Refund {
        of: domain::PaymentHash([7; 32]),
        amount: Msat::new(1_000_000),
        note: "sorry".into(),
    });
    stage.sends(&letter).await;
    assert_eq!(stage.heard().await, 0);
    assert_eq!(stage.alice.totals().await.received, Msat::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_of_somebody_else_ends_nothing() {
    let mut stage = Stage::new().await;
    let to_bob = stage.alice.befriend(&stage.line.bob, Some(HOLD)).await;
    stage.line.bob.stop();
    let key = stage.alice.say(to_bob, "for bob alone").await;
    let id = stage.alice.row(key).await.message.id;

    let letter = stage.letter(Body::Receipt {
        delivered: vec![id, MessageId([99; 16])],
        read: vec![id],
    });
    stage.line.bob.start();
    stage.sends(&letter).await;

    let delivery = stage.alice.row(key).await.delivery.unwrap();
    assert_eq!((delivery.delivered_at, delivery.read_at), (None, None));
    assert_ne!(delivery.state, DeliveryState::Delivered);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_card_and_a_forged_one_prove_nothing() {
    let mut stage = Stage::new().await;
    let now = stage.line.network.now();
    let (ours, theirs) = (
        SealKey::generate(&mut stage.rng),
        SealKey::generate(&mut stage.rng),
    );
    // bob's card, whose key mallory does not have.
    let bobs = stage.card_of(&stage.line.bob, &theirs, now).await;
    // mallory's own card, with bob's node written into it.
    let forged = {
        let bytes = KeyCard {
            node: stage.line.bob.id(),
            seal_key: ours.public(),
            issued: now,
            expires: now.plus(Duration::from_secs(1_000)),
            features: protocol::Features::default(),
            stranger_price: Msat::ZERO,
            name: None,
        }
        .encode();
        let text = card::signing_text(&bytes).into_bytes();
        let signature = stage.line.carol.sign_message(text).await.unwrap();
        SignedCard::new(bytes, card::signature_from_text(&signature).unwrap()).unwrap()
    };
    for card in [bobs, forged] {
        let mut letter = stage.letter(Body::Text("it is me, bob".into()));
        letter.card = Some(card);
        stage.sends_as(&ours, &letter).await;
    }

    assert_eq!(stage.heard().await, 0);
    assert!(stage.alice.talk(&stage.line.bob).await.is_empty());

    // With a card of her own she is a stranger like any other.
    let card = stage.card_of(&stage.line.carol, &ours, now).await;
    let mut letter = stage.letter(Body::Text("it is me, mallory".into()));
    letter.card = Some(card);
    stage.sends_as(&ours, &letter).await;
    eventually("her letter", async || {
        (stage.heard().await == 1).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_same_letter_again_is_the_same_message() {
    let mut stage = Stage::new().await;
    let letter = stage.letter(Body::Text("once".into()));
    for _ in 0..3 {
        stage.sends(&letter).await;
    }
    assert_eq!(stage.heard().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_failed_does_not_arrive_by_a_receipt() {
    let mut stage = Stage::new().await;
    let mallory = stage.mallory().clone();
    let to_mallory = stage.alice.befriend(&mallory, None).await;
    let too_much = Msat::from_sat(10_000_000).unwrap();
    let key = stage.alice.pay(to_mallory, "a house", too_much).await;
    stage
        .alice
        .expect_delivery(key, DeliveryState::Failed)
        .await;
    let row = stage.alice.row(key).await;

    let letter = stage.letter(Body::Receipt {
        delivered: vec![row.message.id],
        read: vec![],
    });
    stage.sends(&letter).await;

    let delivery = stage.alice.row(key).await.delivery.unwrap();
    assert!(delivery.delivered_at.is_some(), "she may say so");
    assert_eq!(delivery.state, DeliveryState::Failed);
}
