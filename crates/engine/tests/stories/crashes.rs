//! The app dies between any two steps of sending and of receiving, and nothing is lost or paid twice.

use std::sync::Arc;
use std::time::Duration;

use crate::people::gate::{Gate, Gated};
use crate::people::killer::{Killer, Moment};
use crate::people::{HOLD, Line, Person, introduce, sat, talking_line};
use domain::{AttemptState, Carrier, DeliveryState, HoldState, MessageKey, Msat};
use lnd::{Lightning, LightningError};
use tokio::sync::Notify;

/// Runs a story again and again; each time the app dies one call later, until it lives through all of it.
async fn at_every_step<F: Future<Output = bool>>(mut story: impl FnMut(usize, Moment) -> F) {
    for moment in [Moment::Before, Moment::After] {
        let mut fatal = 0;
        while story(fatal, moment).await {
            fatal += 1;
        }
        assert!(
            fatal >= 5,
            "only {fatal} steps: the killer did not stand in the way"
        );
    }
}

/// Waits for the end of the story or for the death of the app, whichever comes first; true for death.
async fn dies(died: &tokio::sync::Notify, story: impl Future<Output = ()>) -> bool {
    tokio::select! {
        biased;
        () = died.notified() => true,
        () = story => false,
    }
}

/// Money that may have left, and that the node does not know, is asked about; the person says that it is to go.
async fn settles(payer: &Person, key: MessageKey) {
    let state = crate::people::eventually("it is paid or asked about", async || {
        let state = payer.row(key).await.delivery.unwrap().state;
        matches!(state, DeliveryState::Settled | DeliveryState::Parked).then_some(state)
    })
    .await;
    if state == DeliveryState::Parked {
        payer.engine.retry(key).await.unwrap();
    }
    payer.expect_delivery(key, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn of_the_sender_of_a_message() {
    at_every_step(async |fatal, moment| {
        let line = Line::new();
        let carol = Person::open(&line.network, &line.carol).await;
        let killer = Arc::new(Killer::new(line.alice.clone(), fatal, moment));
        let died = killer.gate.died.clone();
        let mut alice = Person::open_over(&line.network, &line.alice, killer);
        let talk = alice.befriend(&line.carol, None).await;
        let before = line.alice.balance().await.unwrap().local;
        let key = alice.say(talk, "once").await;
        let dead = dies(&died, async {
            alice.expect_delivery(key, DeliveryState::Settled).await;
        })
        .await;
        alice.restart().await;

        let row = alice.expect_delivery(key, DeliveryState::Settled).await;
        carol.expect_message(&line.alice, "once").await;
        assert_eq!(
            carol.talk(&line.alice).await.len(),
            1,
            "step {fatal} {moment:?}"
        );
        let cost = Msat::SAT.checked_add(row.fee).unwrap();
        let spent = before.checked_sub(alice.balance().await);
        assert_eq!(spent, Some(cost), "step {fatal} {moment:?}");
        assert_eq!(alice.totals().await.postage_sent, Msat::SAT);
        dead
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_the_recipient_of_a_message() {
    at_every_step(async |fatal, moment| {
        let line = Line::new();
        let carol = Person::open(&line.network, &line.carol).await;
        let talk = carol.befriend(&line.alice, Some(HOLD)).await;
        let killer = Arc::new(Killer::new(line.alice.clone(), fatal, moment));
        let died = killer.gate.died.clone();
        let mut alice = Person::open_over(&line.network, &line.alice, killer);
        let before = carol.balance().await;
        let early = dies(&died, alice.listens()).await;
        if early {
            alice.restart().await;
            alice.listens().await;
        }
        let key = carol.say(talk, "once").await;
        let dead = early
            || dies(&died, async {
                carol.expect_delivery(key, DeliveryState::Returned).await;
            })
            .await;
        alice.restart().await;

        carol.expect_delivery(key, DeliveryState::Returned).await;
        alice.expect_message(&line.carol, "once").await;
        assert_eq!(
            alice.talk(&line.carol).await.len(),
            1,
            "step {fatal} {moment:?}"
        );
        assert_eq!(carol.balance().await, before, "step {fatal} {moment:?}");
        dead
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_the_recipient_of_a_payment_who_accepts() {
    at_every_step(async |fatal, moment| {
        let line = Line::new();
        let mut alice = Person::open(&line.network, &line.alice).await;
        let carol = Person::open(&line.network, &line.carol).await;
        let talk = carol.befriend(&line.alice, Some(HOLD)).await;
        let before = alice.balance().await;
        let sent = carol.pay(talk, "for you", sat(700)).await;
        let key = alice
            .expect_message(&line.carol, "for you")
            .await
            .message
            .key;
        alice.close().await;
        let killer = Arc::new(Killer::new(line.alice.clone(), fatal, moment));
        let died = killer.gate.died.clone();
        alice.reopen_over(killer);

        alice.engine.accept(key).await.unwrap();
        let dead = dies(&died, async {
            carol.expect_delivery(sent, DeliveryState::Settled).await;
            alice.expect_hold(key, HoldState::Settled).await;
        })
        .await;
        alice.restart().await;

        alice.expect_hold(key, HoldState::Settled).await;
        carol.expect_delivery(sent, DeliveryState::Settled).await;
        let got = alice.balance().await.checked_sub(before);
        assert_eq!(got, Some(sat(700)), "step {fatal} {moment:?}");
        assert_eq!(
            alice.totals().await.received,
            sat(700),
            "step {fatal} {moment:?}"
        );
        dead
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_whoever_pays_back() {
    at_every_step(async |fatal, moment| {
        let line = Line::new();
        let alice = Person::open(&line.network, &line.alice).await;
        let mut carol = Person::open(&line.network, &line.carol).await;
        let talk = alice.befriend(&line.carol, None).await;
        alice.pay(talk, "oops", sat(300)).await;
        let key = carol.expect_message(&line.alice, "oops").await.message.key;
        carol.expect_hold(key, HoldState::Settled).await;
        let before = alice.balance().await;
        carol.close().await;
        let killer = Arc::new(Killer::new(line.carol.clone(), fatal, moment));
        let died = killer.gate.died.clone();
        carol.reopen_over(killer);

        let refund = carol.engine.pay_back(key, None).await.unwrap();
        let dead = dies(&died, async {
            carol.expect_delivery(refund, DeliveryState::Settled).await;
        })
        .await;
        carol.restart().await;

        settles(&carol, refund).await;
        assert!(
            carol.row(key).await.refund.unwrap().done,
            "step {fatal} {moment:?}"
        );
        crate::people::eventually("alice has it", async || {
            (alice.totals().await.refunds_received == sat(300)).then_some(())
        })
        .await;
        assert_eq!(alice.balance().await.checked_sub(before), Some(sat(300)));
        dead
    })
    .await;
}

/// carol takes what alice pays without being asked; how often she has got it, and what it has cost alice.
async fn takes_all(carol: &Person, line: &Line) {
    let node = line.alice.id();
    carol
        .store
        .write(move |tx| tx.rename_contact(node, "", "", sat(700)))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_whoever_pays_to_an_invoice() {
    at_every_step(async |fatal, moment| {
        let line = talking_line();
        let mut alice = Person::open(&line.network, &line.alice).await;
        let carol = Person::open(&line.network, &line.carol).await;
        let (to_carol, _) = introduce(&line, &alice, &carol).await;
        takes_all(&carol, &line).await;
        alice.close().await;
        let before = line.alice.balance().await.unwrap().local;
        let killer = Arc::new(Killer::new(line.alice.clone(), fatal, moment));
        let died = killer.gate.died.clone();
        alice.reopen_over(killer);

        let key = alice.pay(to_carol, "for you", sat(700)).await;
        let dead = dies(&died, async {
            alice.expect_delivery(key, DeliveryState::Settled).await;
        })
        .await;
        alice.restart().await;

        settles(&alice, key).await;
        let row = alice.row(key).await;
        carol.expect_message(&line.alice, "for you").await;
        let cost = sat(700).checked_add(row.fee).unwrap();
        let spent = before.checked_sub(alice.balance().await);
        assert_eq!(spent, Some(cost), "step {fatal} {moment:?}");
        assert_eq!(alice.totals().await.sent, sat(700));
        crate::people::eventually("carol has it", async || {
            (carol.totals().await.received == sat(700)).then_some(())
        })
        .await;
        dead
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_whoever_has_given_the_invoice() {
    at_every_step(async |fatal, moment| {
        let line = talking_line();
        let alice = Person::open(&line.network, &line.alice).await;
        let mut carol = Person::open(&line.network, &line.carol).await;
        let (to_carol, _) = introduce(&line, &alice, &carol).await;
        takes_all(&carol, &line).await;
        carol.close().await;
        let before = line.carol.balance().await.unwrap().local;
        let killer = Arc::new(Killer::new(line.carol.clone(), fatal, moment));
        let died = killer.gate.died.clone();
        carol.reopen_over(killer);

        // Her app listens for onions when it has asked for them.
        let early = dies(&died, tokio::time::sleep(std::time::Duration::from_secs(5))).await;
        let key = alice.pay(to_carol, "for you", sat(700)).await;
        let dead = early
            || dies(&died, async {
                alice.expect_delivery(key, DeliveryState::Settled).await;
                crate::people::eventually("her app knows it", async || {
                    (carol.totals().await.received == sat(700)).then_some(())
                })
                .await;
            })
            .await;
        carol.restart().await;

        alice.expect_delivery(key, DeliveryState::Settled).await;
        crate::people::eventually("carol has it", async || {
            (carol.totals().await.received == sat(700)).then_some(())
        })
        .await;
        let got = carol.balance().await.checked_sub(before);
        assert_eq!(got, Some(sat(700)), "step {fatal} {moment:?}");
        assert_eq!(carol.talk(&line.alice).await.len(), 2);
        dead
    })
    .await;
}

/// The app dies where it pays an invoice.
struct AtTheTill {
    moment: Moment,
    died: Arc<Notify>,
}

impl Gate for AtTheTill {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call != "pay_invoice" {
            return work.await;
        }
        if matches!(self.moment, Moment::After) {
            let _done = work.await;
        }
        self.died.notify_one();
        std::future::pending().await
    }
}

/// alice dies while she pays an invoice of carol's, and sleeps until it has expired.
async fn pays_and_sleeps(line: &Line, moment: Moment) -> (Person, MessageKey, Person) {
    let died = Arc::new(Notify::new());
    let gated = Gated {
        node: line.alice.clone(),
        gate: AtTheTill {
            moment,
            died: died.clone(),
        },
    };
    let mut alice = Person::open_over(&line.network, &line.alice, Arc::new(gated));
    alice.listens().await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, _) = introduce(line, &alice, &carol).await;
    let sent = alice.pay(to_carol, "for you", sat(700)).await;
    died.notified().await;
    alice.close().await;
    if matches!(moment, Moment::After) {
        let got = carol.expect_message(&line.alice, "for you").await;
        carol.engine.accept(got.message.key).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(11 * 60)).await;
    alice.reopen();
    (alice, sent, carol)
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_may_have_been_paid_is_asked_about_and_another_try_asks_for_a_new_one() {
    let line = talking_line();
    let (alice, sent, carol) = pays_and_sleeps(&line, Moment::Before).await;
    let before = alice.balance().await;

    alice.expect_delivery(sent, DeliveryState::Parked).await;
    assert_eq!(alice.balance().await, before);
    alice.engine.retry(sent).await.unwrap();

    let got = carol.expect_message(&line.alice, "for you").await.message;
    carol.engine.accept(got.key).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let attempts = alice.store.read(move |db| db.attempts_of(sent)).await;
    let attempts = attempts.unwrap();
    let told: Vec<_> = attempts
        .iter()
        .map(|one| (one.carrier, one.state, one.failure))
        .collect();
    let (invoice, asked) = (Carrier::Invoice, AttemptState::Forgotten);
    let settled = (invoice, AttemptState::Settled, None);
    assert_eq!(told, [(invoice, asked, None), settled]);
    assert_eq!(carol.totals().await.received, sat(700));
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_was_paid_is_not_paid_again_when_it_has_expired_since() {
    let line = talking_line();
    let (alice, sent, carol) = pays_and_sleeps(&line, Moment::After).await;

    let row = alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(row.paid, Some(sat(700)));
    let attempts = alice.store.read(move |db| db.attempts_of(sent)).await;
    assert_eq!(attempts.unwrap().len(), 1);
    assert_eq!(carol.totals().await.received, sat(700));
}
