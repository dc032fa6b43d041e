//! Two apps on one node: one of them is in charge, the other does what its user does and nothing by itself.

use std::time::Duration;

use domain::{AppMark, Condition, DeliveryState, HoldState, Says};
use lnd::sim::SimNode;
use lnd::{Lightning, LightningError};

use crate::people::gate::Gate;
use crate::people::{HOLD, Line, Person, acquainted, eventually, sat, talking_line};

/// This app is told that there is another, and which of the two is in charge.
async fn hears_of_another(app: &Person, in_charge: bool) {
    let told = Condition::OtherApp { in_charge };
    let what = format!("the app is told of another, in charge here: {in_charge}");
    eventually(&what, async || says(app).filter(|says| *says == told)).await;
}

fn says(app: &Person) -> Option<Condition> {
    let told = app.engine.health().borrow().clone();
    let of_apps = |told: &Condition| matches!(told, Condition::OtherApp { .. });
    told.into_iter().find(of_apps)
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Long enough for everything that apps do by themselves.
async fn a_while() {
    tokio::time::sleep(Duration::from_secs(2 * 60 * 60)).await;
}

#[tokio::test(start_paused = true)]
async fn contacts_of_a_node_with_two_apps_get_no_warnings() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let key = alice.engine.seal_key();
    let known = carol.engine.key_facts(line.alice.id()).await.unwrap();

    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    let there = other.befriend(&line.carol, None).await;
    a_while().await;
    other.say(there, "from my other computer").await;
    carol
        .expect_message(&line.alice, "from my other computer")
        .await;
    alice.say(to_carol, "from my first one").await;
    carol.expect_message(&line.alice, "from my first one").await;

    let facts = carol.engine.key_facts(line.alice.id()).await.unwrap();
    assert!(!facts.changed);
    assert_eq!(facts.safety_number, known.safety_number);
    assert_eq!(alice.engine.seal_key(), key);
    assert_eq!(other.engine.seal_key(), None);
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_decided_by_one_app() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let (other, watch) = Person::open_elsewhere_watched(&line.network, &line.alice).await;
    other.befriend(&line.carol, None).await;
    let before = watch.calls("cancel");

    carol.say(to_alice, "hello").await;

    let key = alice.expect_message(&line.carol, "hello").await.message.key;
    alice.expect_hold(key, HoldState::Returned).await;
    let there = other.expect_message(&line.carol, "hello").await.message.key;
    other.expect_hold(there, HoldState::Returned).await;
    a_while().await;
    assert_eq!(watch.calls("cancel"), before);
    assert_eq!(watch.calls("settle"), 0);
}

#[tokio::test(start_paused = true)]
async fn postage_is_paid_back_once() {
    let line = Line::new();
    line.alice.set_hold(Duration::ZERO);
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, None).await;
    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    let there = other.befriend(&line.carol, None).await;
    for text in ["one", "two", "three"] {
        carol.say(to_alice, text).await;
        alice.expect_message(&line.carol, text).await;
        other.expect_message(&line.carol, text).await;
    }
    a_while().await;

    let first = alice.say(to_carol, "from here").await;
    let second = other.say(there, "from there").await;
    carol.expect_message(&line.alice, "from here").await;
    carol.expect_message(&line.alice, "from there").await;

    a_while().await;
    assert_eq!(alice.row(first).await.paid, Some(sat(3)));
    assert_eq!(other.row(second).await.paid, Some(sat(1)));
}

#[tokio::test(start_paused = true)]
async fn both_are_told_and_neither_changes_its_mind() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    alice.has_a_card().await;
    assert_eq!(says(&alice), None);
    let mut other = Person::open_elsewhere(&line.network, &line.alice).await;
    hears_of_another(&alice, true).await;
    hears_of_another(&other, false).await;
    for _ in 0..3 {
        other.restart().await;
        a_while().await;
        alice.restart().await;
        a_while().await;
        hears_of_another(&other, false).await;
        assert_ne!(says(&alice), Some(Condition::OtherApp { in_charge: false }));
    }
    // Of one that is gone nothing is said any more.
    other.close().await;
    alice.restart().await;
    a_while().await;
    assert_eq!(says(&alice), None);
}

#[tokio::test(start_paused = true)]
async fn the_user_decides_which_app_is_in_charge() {
    let line = talking_line();
    let (alice, to_carol, carol, to_alice) = acquainted(&line).await;
    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    let there = other.befriend(&line.carol, None).await;
    hears_of_another(&other, false).await;

    other.engine.take_over().await.unwrap();

    hears_of_another(&alice, false).await;
    other.has_a_card().await;
    other.say(there, "I am here now").await;
    carol.expect_message(&line.alice, "I am here now").await;
    let known = carol.engine.key_facts(line.alice.id()).await.unwrap();
    let sent = carol.say(to_alice, "then read this").await;
    carol.expect_delivery(sent, DeliveryState::Delivered).await;
    other.expect_message(&line.carol, "then read this").await;

    alice.engine.take_over().await.unwrap();

    hears_of_another(&other, false).await;
    alice.say(to_carol, "and back again").await;
    carol.expect_message(&line.alice, "and back again").await;
    let facts = carol.engine.key_facts(line.alice.id()).await.unwrap();
    assert_ne!(facts.safety_number, known.safety_number);
    let sent = carol.say(to_alice, "and this").await;
    carol.expect_delivery(sent, DeliveryState::Delivered).await;
    alice.expect_message(&line.carol, "and this").await;
}

/// The node makes each invoice late.
struct Slow;

impl Gate for Slow {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == "add_hold_invoice" {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_user_decides_at_the_start_goes_before_an_answer_that_comes_late() {
    // The user decides before the first app begins its answer, and while the answer is under way.
    for pause in [0, 10] {
        let line = Line::new();
        let alice = Person::open_behind(&line.network, &line.alice, Slow).await;
        a_while().await;
        let other = Person::open_elsewhere(&line.network, &line.alice).await;
        hears_of_another(&alice, true).await;
        hears_of_another(&other, false).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;

        other.engine.take_over().await.unwrap();

        hears_of_another(&alice, false).await;
        a_while().await;
        hears_of_another(&alice, false).await;
        hears_of_another(&other, true).await;
        other.has_a_card().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_a_folder_leaves_the_charge_to_the_app_that_runs() {
    let line = talking_line();
    let (mut alice, to_carol, carol, to_alice) = acquainted(&line).await;
    a_while().await;
    let copy = Person::open_copy(&alice);
    hears_of_another(&copy, false).await;
    hears_of_another(&alice, true).await;
    // What is due after a month is made by one of them.
    tokio::time::sleep(Duration::from_secs(31 * 24 * 60 * 60)).await;
    assert_ne!(copy.engine.seal_key(), alice.engine.seal_key());
    copy.say(to_carol, "a copy speaks").await;
    carol.expect_message(&line.alice, "a copy speaks").await;
    alice.say(to_carol, "and the first one").await;
    carol.expect_message(&line.alice, "and the first one").await;
    let sent = carol.say(to_alice, "who reads this?").await;
    carol.expect_delivery(sent, DeliveryState::Delivered).await;
    alice.expect_message(&line.carol, "who reads this?").await;
    let facts = carol.engine.key_facts(line.alice.id()).await.unwrap();
    assert!(!facts.changed);

    alice.restart().await;
    a_while().await;
    assert_ne!(says(&alice), Some(Condition::OtherApp { in_charge: false }));
    hears_of_another(&copy, false).await;
}

#[tokio::test(start_paused = true)]
async fn of_two_copies_that_which_runs_already_is_in_charge() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    alice.has_a_card().await;
    alice.close().await;
    let copy = Person::open_copy(&alice);
    a_while().await;
    assert_eq!(says(&copy), None);

    alice.reopen();

    hears_of_another(&alice, false).await;
    hears_of_another(&copy, true).await;
}

#[tokio::test(start_paused = true)]
async fn when_the_first_app_is_gone_the_user_takes_over_and_nothing_is_lost() {
    let line = talking_line();
    let (mut alice, _, carol, to_alice) = acquainted(&line).await;
    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    let there = other.befriend(&line.carol, None).await;
    hears_of_another(&other, false).await;
    alice.close().await;
    let sent = carol.say(to_alice, "is anybody there?").await;
    a_while().await;
    assert!(
        carol
            .row(sent)
            .await
            .delivery
            .unwrap()
            .delivered_at
            .is_none()
    );

    other.takes_over().await;

    other.say(there, "yes, on a new computer").await;
    other.expect_message(&line.carol, "is anybody there?").await;
    eventually("carol hears that it is there", async || {
        let delivery = carol.row(sent).await.delivery.unwrap();
        delivery.delivered_at
    })
    .await;
    a_while().await;
    assert_ne!(says(&other), Some(Condition::OtherApp { in_charge: false }));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_decides_is_done_by_either_app() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    alice.befriend(&line.carol, None).await;
    let to_alice = carol.befriend(&line.alice, Some(HOLD)).await;
    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    other.befriend(&line.carol, None).await;
    hears_of_another(&other, false).await;
    let sent = carol.pay(to_alice, "take it", sat(5_000)).await;
    let here = alice.expect_message(&line.carol, "take it").await;
    let there = other.expect_message(&line.carol, "take it").await;

    other.engine.accept(there.message.key).await.unwrap();

    alice
        .expect_hold(here.message.key, HoldState::Settled)
        .await;
    other
        .expect_hold(there.message.key, HoldState::Settled)
        .await;
    carol.expect_delivery(sent, DeliveryState::Settled).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_deletes_canceled_invoices_at_once_keeps_apps_from_each_other_no_more() {
    let line = Line::new();
    line.alice.set_deletes_canceled(true);
    let alice = Person::open(&line.network, &line.alice).await;
    alice.has_a_card().await;
    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    hears_of_another(&other, false).await;
    hears_of_another(&alice, true).await;

    other.engine.take_over().await.unwrap();

    for pause in [0, 1, 0] {
        hears_of_another(&alice, false).await;
        hears_of_another(&other, true).await;
        tokio::time::sleep(pause * DAY).await;
    }
}

/// What stands in the node's list of invoices.
async fn invoices(node: &SimNode) -> Vec<(u64, AppMark)> {
    let page = node.invoices_after(0, 1_000).await.unwrap();
    assert!(page.invoices.is_empty());
    page.marks
}

#[tokio::test(start_paused = true)]
async fn starts_and_days_leave_one_mark_and_handing_over_another() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let mut other = Person::open_elsewhere(&line.network, &line.alice).await;
    for _ in 0..2 {
        tokio::time::sleep(2 * DAY).await;
        alice.restart().await;
        a_while().await;
        other.restart().await;
        a_while().await;
        for app in [&other, &alice] {
            app.takes_over().await;
            a_while().await;
        }
    }
    // Each says that it is there, and what it said last on who is in charge.
    let marks = invoices(&line.alice).await;
    let open = marks.iter().filter(|(_, mark)| mark.says == Says::Open);
    assert_eq!((open.count(), marks.len()), (2, 4), "{marks:?}");
    hears_of_another(&alice, true).await;
    hears_of_another(&other, false).await;
}

#[tokio::test(start_paused = true)]
async fn who_only_looks_leaves_no_mark_and_hears_of_other_apps() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    alice.has_a_card().await;
    alice.close().await;
    let before = invoices(&line.alice).await;
    alice.reopen_to_look();
    a_while().await;
    assert_eq!(invoices(&line.alice).await, before);

    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    other.takes_over().await;
    hears_of_another(&alice, false).await;
    a_while().await;
    let own = before.last().unwrap().1.app;
    let left = invoices(&line.alice).await;
    let left: Vec<_> = left
        .into_iter()
        .filter(|(_, mark)| mark.app == own)
        .collect();
    assert_eq!(left, before);
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_to_make_invoices_each_app_goes_on_alone() {
    let line = Line::new();
    line.alice.set_issues(false);
    let alice = Person::open(&line.network, &line.alice).await;
    let other = Person::open_elsewhere(&line.network, &line.alice).await;
    alice.has_a_card().await;
    other.has_a_card().await;
    a_while().await;
    assert_eq!((says(&alice), says(&other)), (None, None));
}
