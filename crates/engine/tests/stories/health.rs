//! Trouble is told, and it goes on by itself afterwards: a full disk, one that may not be written to, a part of the app that
//! fails, a payment that cannot be filed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::{Condition, Msat};
use lnd::LightningError;

use crate::people::gate::{Gate, Gated};
use crate::people::{HOLD, Line, Person, eventually, sat};

/// Changes what the database lets be done, as a disk would.
async fn ails(person: &Person, sql: &'static str) {
    person.store.execute_raw(sql).await.unwrap();
}

async fn expect_health(person: &Person, what: &str, so: impl Fn(&[Condition]) -> bool) {
    eventually(what, async || {
        so(&person.engine.health().borrow()).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_and_what_came_meanwhile_is_there_when_there_is_room() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;

    ails(&alice, "PRAGMA max_page_count = 1").await;
    for letter in 0..15 {
        carol
            .say(
                talk,
                &format!("letter {letter}, {}", "and so on ".repeat(60)),
            )
            .await;
    }
    carol.say(talk, "the last one").await;
    expect_health(&alice, "the disk is said to be full", |all| {
        all == [Condition::DiskFull]
    })
    .await;

    ails(&alice, "PRAGMA max_page_count = 1000000").await;
    alice.expect_message(&line.carol, "the last one").await;
    expect_health(&alice, "all is well", <[Condition]>::is_empty).await;
    assert_eq!(alice.talk(&line.carol).await.len(), 16);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_may_not_be_written_to_is_told_from_the_start() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.close().await;
    alice.reopen_with("PRAGMA query_only = 1").await;

    expect_health(&alice, "the disk is said to be read-only", |all| {
        all == [Condition::DiskReadOnly]
    })
    .await;
    carol.say(talk, "are you there?").await;

    ails(&alice, "PRAGMA query_only = 0").await;
    alice.expect_message(&line.carol, "are you there?").await;
    expect_health(&alice, "all is well", <[Condition]>::is_empty).await;
}

/// A fault in the program: so many times the actor that makes this call dies of it.
struct Panics(&'static str, Arc<AtomicU32>);

impl Gate for Panics {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        let mut left = self.1.load(Ordering::SeqCst);
        if call == self.0 && left > 0 {
            left -= 1;
            self.1.store(left, Ordering::SeqCst);
            panic!("a fault in the program");
        }
        work.await
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_is_told_and_started_again() {
    let line = Line::new();
    let faults = Arc::new(AtomicU32::new(0));
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    alice.close().await;
    faults.store(3, Ordering::SeqCst);
    let gate = Panics("pending_invoices", faults.clone());
    let node = line.alice.clone();
    alice.reopen_over(Arc::new(Gated { node, gate }));
    carol.say(talk, "are you there?").await;

    expect_health(&alice, "the failing part is named", |all| {
        all.iter().any(|condition| {
            matches!(condition, Condition::TaskFails { task, times: 1.. } if task == "inbox")
        })
    })
    .await;
    alice.expect_message(&line.carol, "are you there?").await;
    expect_health(&alice, "all is well", <[Condition]>::is_empty).await;
    assert_eq!(faults.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_cannot_be_filed_is_shown_as_unreadable_and_stands_in_nobodys_way() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    ails(
        &alice,
        "CREATE TRIGGER fault BEFORE INSERT ON message WHEN NEW.text = 'poison'
         BEGIN SELECT RAISE(ABORT, 'a fault in the program'); END",
    )
    .await;

    carol.pay(talk, "poison", sat(5_000)).await;
    carol.pay(talk, "and a good one", sat(70)).await;

    alice.expect_message(&line.carol, "and a good one").await;
    let shown = eventually("the money of the other one is shown", async || {
        let held = alice.store.read(|db| db.undecided()).await.unwrap();
        let row = held
            .into_iter()
            .find(|row| row.payment.amount == sat(5_000))?;
        row.message
    })
    .await;
    let row = alice.row(shown).await;
    assert_eq!(row.message.payment, sat(5_000));
    alice.engine.refuse(shown).await.unwrap();
    alice.expect_hold(shown, domain::HoldState::Returned).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_filed_at_all_is_set_aside_and_counted() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let talk = carol.befriend(&line.alice, Some(HOLD)).await;
    ails(
        &alice,
        "CREATE TRIGGER fault BEFORE INSERT ON message WHEN NEW.payment = 5000000
         BEGIN SELECT RAISE(ABORT, 'a fault in the program'); END",
    )
    .await;

    carol.pay(talk, "poison", sat(5_000)).await;
    carol.pay(talk, "and a good one", sat(70)).await;

    alice.expect_message(&line.carol, "and a good one").await;
    expect_health(&alice, "one payment is set aside", |all| {
        all == [Condition::SetAside { count: 1 }]
    })
    .await;

    // Another version of the program can do it.
    ails(&alice, "DROP TRIGGER fault").await;
    alice.restart().await;
    let row = alice.expect_message(&line.carol, "poison").await;
    assert_eq!(row.message.payment, sat(5_000));
    assert!(alice.engine.health().borrow().is_empty());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(carol.totals().await.sent, Msat::ZERO);
}
