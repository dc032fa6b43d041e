//! Folders that are copied back, and two apps on one node: money leaves once.

use std::sync::Arc;
use std::time::Duration;

use crate::people::gate::Gate;
use crate::people::{Line, Person, eventually, introduce, sat, talking_line};
use domain::{Carrier, ConversationId, DeliveryState, Failure, HoldState, MessageKey, Msat};
use lnd::LightningError;
use store::MessageRow;
use tokio::sync::Notify;

/// The app dies after the node has done this call, before it hears of it.
struct DiesAfter {
    call: &'static str,
    died: Arc<Notify>,
}

impl Gate for DiesAfter {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        let done = work.await;
        if call == self.call {
            self.died.notify_one();
            std::future::pending().await
        }
        done
    }
}

/// alice, whose app dies when her node has taken a payment.
async fn dying_alice(line: &Line, call: &'static str) -> (Person, Arc<Notify>) {
    let died = Arc::new(Notify::new());
    let gate = DiesAfter {
        call,
        died: died.clone(),
    };
    let alice = Person::open_behind(&line.network, &line.alice, gate).await;
    (alice, died)
}

/// Everything that left: nothing more does.
async fn spent_since(person: &Person, before: Msat) -> Msat {
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    before.checked_sub(person.balance().await).unwrap()
}

#[tokio::test(start_paused = true)]
async fn money_that_may_have_left_and_that_the_node_has_forgotten_is_asked_about() {
    let line = Line::new();
    let (mut alice, died) = dying_alice(&line, "send").await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    let sent = alice.pay(talk, "once", sat(777)).await;
    died.notified().await;
    carol.expect_message(&line.alice, "once").await;
    alice.close().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let spent = before.checked_sub(alice.balance().await);
    line.alice.delete_payments();

    alice.reopen();

    alice.expect_delivery(sent, DeliveryState::Parked).await;
    assert_eq!(Some(spent_since(&alice, before).await), spent);
    // The answer of the person counts.
    alice.engine.retry(sent).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn words_that_the_node_has_forgotten_go_again() {
    let line = Line::new();
    let (mut alice, died) = dying_alice(&line, "send").await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let sent = alice.say(talk, "hello").await;
    died.notified().await;
    carol.expect_message(&line.alice, "hello").await;
    alice.close().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    line.alice.delete_payments();

    alice.reopen();

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_could_not_leave_for_minutes_has_failed_and_says_so() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    line.alice.stop();
    alice.misses_its_node().await;
    let sent = alice.pay(talk, "now or never", sat(50)).await;
    let words = alice.say(talk, "whenever").await;
    tokio::time::sleep(Duration::from_secs(11 * 60)).await;

    let row = alice.expect_delivery(sent, DeliveryState::Failed).await;
    assert_eq!(row.delivery.unwrap().failure, Some(Failure::TooLate));
    line.alice.start();
    alice.expect_delivery(words, DeliveryState::Settled).await;
    let cost = spent_since(&alice, before).await;
    assert!(cost < sat(50), "only the words left: {cost:?}");
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
    // Another word of the user is another ten minutes.
    alice.engine.retry(sent).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_was_stored_in_time_does_not_leave_when_the_app_comes_back_late() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    let sent = queued(&mut alice, async |alice| {
        alice.pay(talk, "then", sat(50)).await
    })
    .await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;

    line.alice.start();
    alice.reopen();

    let row = alice.expect_delivery(sent, DeliveryState::Failed).await;
    assert_eq!(row.delivery.unwrap().failure, Some(Failure::TooLate));
    assert_eq!(spent_since(&alice, before).await, Msat::ZERO);
}

/// What alice does while her node is away; then the app is closed.
async fn queued(person: &mut Person, doing: impl AsyncFnOnce(&Person) -> MessageKey) -> MessageKey {
    person.node.stop();
    person.misses_its_node().await;
    let key = doing(person).await;
    person.close().await;
    key
}

#[tokio::test(start_paused = true)]
async fn a_queued_payment_that_an_older_copy_of_the_folder_holds_is_paid_once() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    let sent = queued(&mut alice, async |alice| {
        alice.pay(talk, "once", sat(5_000)).await
    })
    .await;
    let copy = alice.copy();
    line.alice.start();
    alice.reopen();
    // An older copy of the folder would do the same: money that was queued before leaves when the person says so.
    alice.expect_delivery(sent, DeliveryState::Parked).await;
    alice.engine.retry(sent).await.unwrap();
    let first = alice.expect_delivery(sent, DeliveryState::Settled).await;
    alice.close().await;

    alice.put_back(&copy);
    alice.reopen();

    let row = alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!((row.paid, row.fee), (first.paid, first.fee));
    let cost = sat(5_000).checked_add(row.fee).unwrap();
    assert_eq!(spent_since(&alice, before).await, cost);
    assert_eq!(alice.totals().await.sent, sat(5_000));
    assert_eq!(carol.totals().await.received, sat(5_000));
}

#[tokio::test(start_paused = true)]
async fn postage_that_an_older_copy_of_the_folder_holds_is_paid_once() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = alice.befriend(&line.carol, None).await;
    let before = alice.balance().await;
    let sent = queued(&mut alice, async |alice| alice.say(talk, "once").await).await;
    let copy = alice.copy();
    line.alice.start();
    alice.reopen();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    alice.close().await;

    alice.put_back(&copy);
    alice.reopen();

    let row = alice.expect_delivery(sent, DeliveryState::Settled).await;
    let cost = Msat::SAT.checked_add(row.fee).unwrap();
    assert_eq!(spent_since(&alice, before).await, cost);
    assert_eq!(carol.talk(&line.alice).await.len(), 1);
}

/// alice has paid carol by mistake, whose node keeps it. The payment at carol's.
async fn paid_by_mistake(line: &Line, alice: &Person, carol: &Person) -> MessageKey {
    // Whatever comes back stays there.
    line.alice.set_hold(Duration::ZERO);
    let talk = alice.befriend(&line.carol, None).await;
    alice.pay(talk, "oops", sat(7_000)).await;
    at(line, carol).await
}

async fn at(line: &Line, carol: &Person) -> MessageKey {
    let key = carol.expect_message(&line.alice, "oops").await.message.key;
    carol.expect_hold(key, HoldState::Settled).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    key
}

#[tokio::test(start_paused = true)]
async fn a_queued_pay_back_that_an_older_copy_of_the_folder_holds_is_paid_once() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let mut carol = Person::open(&line.network, &line.carol).await;
    let key = paid_by_mistake(&line, &alice, &carol).await;
    let before = carol.balance().await;
    let back = queued(&mut carol, async |carol| {
        carol.engine.pay_back(key, None).await.unwrap()
    })
    .await;
    let copy = carol.copy();
    line.carol.start();
    carol.reopen();
    carol.expect_delivery(back, DeliveryState::Parked).await;
    carol.engine.retry(back).await.unwrap();
    carol.expect_delivery(back, DeliveryState::Settled).await;
    carol.close().await;

    carol.put_back(&copy);
    carol.reopen();

    let row = carol.expect_delivery(back, DeliveryState::Settled).await;
    let cost = sat(7_000).checked_add(row.fee).unwrap();
    assert_eq!(spent_since(&carol, before).await, cost);
    assert!(carol.row(key).await.refund.unwrap().done);
    assert_eq!(carol.totals().await.refunds_sent, sat(7_000));
}

#[tokio::test(start_paused = true)]
async fn a_pay_back_that_an_older_copy_of_the_folder_has_never_heard_of_is_paid_once() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let mut carol = Person::open(&line.network, &line.carol).await;
    let key = paid_by_mistake(&line, &alice, &carol).await;
    let before = carol.balance().await;
    carol.close().await;
    let copy = carol.copy();
    carol.reopen();
    let back = carol.engine.pay_back(key, None).await.unwrap();
    carol.expect_delivery(back, DeliveryState::Settled).await;
    carol.close().await;

    carol.put_back(&copy);
    carol.reopen();
    let again = carol.engine.pay_back(key, None).await.unwrap();

    let row = carol.expect_delivery(again, DeliveryState::Settled).await;
    let cost = sat(7_000).checked_add(row.fee).unwrap();
    assert_eq!(spent_since(&carol, before).await, cost);
    assert!(carol.row(key).await.refund.unwrap().done);
}

#[tokio::test(start_paused = true)]
async fn two_apps_on_one_node_pay_back_once() {
    for together in [false, true] {
        let line = Line::new();
        let alice = Person::open(&line.network, &line.alice).await;
        let carol = Person::open(&line.network, &line.carol).await;
        let other = Person::open_elsewhere(&line.network, &line.carol).await;
        let key = paid_by_mistake(&line, &alice, &carol).await;
        let there = at(&line, &other).await;
        let before = carol.balance().await;

        let back = carol.engine.pay_back(key, None).await.unwrap();
        if !together {
            carol.expect_delivery(back, DeliveryState::Settled).await;
        }
        let again = other.engine.pay_back(there, None).await.unwrap();

        let row = carol.expect_delivery(back, DeliveryState::Settled).await;
        other.expect_delivery(again, DeliveryState::Settled).await;
        let cost = sat(7_000).checked_add(row.fee).unwrap();
        assert_eq!(spent_since(&carol, before).await, cost, "{together}");
        assert_eq!(other.totals().await.refunds_sent, sat(7_000));
    }
}

/// alice refuses what carol pays back, and carol pays it back once more.
#[tokio::test(start_paused = true)]
async fn a_pay_back_that_was_refused_can_be_made_again_and_copies_follow() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let mut carol = Person::open(&line.network, &line.carol).await;
    let key = paid_by_mistake(&line, &alice, &carol).await;
    let before = carol.balance().await;
    carol.close().await;
    let copy = carol.copy();
    carol.reopen();
    // For a moment her node takes no keysends: it refuses what comes.
    line.alice.set_keysend(false);
    line.alice.set_announced(false);
    let refused = carol.engine.pay_back(key, None).await.unwrap();
    carol
        .expect_delivery(refused, DeliveryState::Returned)
        .await;
    line.alice.set_keysend(true);
    let back = carol.engine.pay_back(key, None).await.unwrap();
    carol.expect_delivery(back, DeliveryState::Settled).await;
    carol.close().await;

    carol.put_back(&copy);
    carol.reopen();
    let again = carol.engine.pay_back(key, None).await.unwrap();

    let row = carol.expect_delivery(again, DeliveryState::Settled).await;
    let cost = sat(7_000).checked_add(row.fee).unwrap();
    assert_eq!(spent_since(&carol, before).await, cost);
}

async fn by_invoice(line: &Line) -> (Person, ConversationId, Person) {
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, _) = introduce(line, &alice, &carol).await;
    (alice, to_carol, carol)
}

#[tokio::test(start_paused = true)]
async fn a_queued_payment_that_may_have_gone_by_an_invoice_is_asked_about() {
    let line = talking_line();
    let (mut alice, talk, carol) = by_invoice(&line).await;
    let sent = queued(&mut alice, async |alice| {
        alice.pay(talk, "once", sat(5_000)).await
    })
    .await;
    let copy = alice.copy();
    line.alice.start();
    alice.reopen();
    // Nobody knows whether a copy has asked for an invoice since: the person says that none has.
    alice.expect_delivery(sent, DeliveryState::Parked).await;
    alice.engine.retry(sent).await.unwrap();
    let got = carol.expect_message(&line.alice, "once").await.message.key;
    carol.engine.accept(got).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    alice.close().await;
    let after = alice.balance().await;

    alice.put_back(&copy);
    alice.reopen();

    alice.expect_delivery(sent, DeliveryState::Parked).await;
    assert_eq!(spent_since(&alice, after).await, Msat::ZERO);
}

#[tokio::test(start_paused = true)]
async fn money_of_an_invoice_that_an_older_copy_does_not_know_is_booked_once() {
    let line = talking_line();
    let (alice, talk, mut carol) = by_invoice(&line).await;
    carol.close().await;
    let copy = carol.copy();
    carol.reopen();
    carol.listens().await;
    let before = carol.balance().await;
    let sent = alice.pay(talk, "lunch", sat(5_000)).await;
    let got = carol.expect_message(&line.alice, "lunch").await.message;
    assert_eq!(got.carrier, Some(Carrier::Invoice));
    carol.engine.accept(got.key).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    carol.close().await;

    carol.put_back(&copy);
    carol.reopen();

    let row = carol.expect_message(&line.alice, "lunch").await;
    assert_eq!(row.message.carrier, Some(Carrier::Invoice));
    assert_eq!(
        row.incoming.unwrap().payment.state,
        HoldState::Settled,
        "nothing is left to decide"
    );
    carol.restart().await;
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(carol.totals().await.received, sat(5_000));
    let has = carol.balance().await;
    assert_eq!(has.checked_sub(before), Some(sat(5_000)));
    let rows = carol.talk(&line.alice).await;
    let lunch = |row: &&MessageRow| row.message.text == "lunch";
    assert_eq!(rows.iter().filter(lunch).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_payment_to_an_invoice_that_an_older_copy_does_not_know_goes_back_without_a_block() {
    for closed in [true, false] {
        let line = talking_line();
        let (alice, talk, mut carol) = by_invoice(&line).await;
        carol.close().await;
        let copy = carol.copy();
        carol.reopen();
        carol.listens().await;
        let before = alice.balance().await;
        let sent = alice.pay(talk, "lunch", sat(5_000)).await;
        let got = carol.expect_message(&line.alice, "lunch").await.message;
        carol.expect_hold(got.key, HoldState::Held).await;
        carol.close().await;

        carol.put_back(&copy);
        if closed {
            tokio::time::sleep(Duration::from_secs(60 * 60)).await;
        }
        carol.reopen();
        tokio::time::sleep(Duration::from_secs(30 * 60)).await;

        alice.expect_delivery(sent, DeliveryState::Returned).await;
        assert_eq!(spent_since(&alice, before).await, Msat::ZERO, "{closed}");
        assert_eq!(carol.totals().await.received, Msat::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_to_an_invoice_of_another_app_waits_for_that_app() {
    let line = talking_line();
    let (alice, talk, carol) = by_invoice(&line).await;
    let other = Person::open_copy(&carol);
    other.listens().await;
    carol.takes_over().await;
    eventually("the copy knows that carol is in charge", async || {
        let told = domain::Condition::OtherApp { in_charge: false };
        other.engine.health().borrow().contains(&told).then_some(())
    })
    .await;
    let sent = alice.pay(talk, "lunch", sat(5_000)).await;
    let got = carol.expect_message(&line.alice, "lunch").await.message.key;
    carol.expect_hold(got, HoldState::Held).await;
    // The other app looks at the node's list meanwhile.
    tokio::time::sleep(Duration::from_secs(500)).await;
    alice.expect_delivery(sent, DeliveryState::InFlight).await;
    carol.engine.accept(got).await.unwrap();

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let seen = other.expect_message(&line.alice, "lunch").await;
    assert_eq!(seen.incoming.unwrap().payment.state, HoldState::Settled);
    assert_eq!(other.totals().await.received, sat(5_000));
    assert_eq!(carol.totals().await.received, sat(5_000));
}
