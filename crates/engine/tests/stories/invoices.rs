//! alice pays carol, whose node is stock: carol's app gives an invoice for it, and carol decides.

use std::time::Duration;

use crate::people::{Line, Person, acquainted, eventually, sat, talking_line};
use domain::{
    AttemptState, Carrier, Decision, DeliveryState, Failure, HoldState, MessageKey, MessageKind,
    Msat, Preimage, ReturnMeaning, Way,
};
use futures::StreamExt;
use heliograph_engine::Outgoing;
use lnd::sim::{SimNetwork, SimNode};
use lnd::{InvoicePayment, Keysend, Lightning, NewInvoice};
use store::Issued;

pub(crate) const LUNCH: u64 = 2_100;

pub(crate) fn money(conversation: domain::ConversationId, text: &str) -> Outgoing {
    Outgoing {
        conversation,
        text: text.into(),
        payment: sat(LUNCH),
        fee_limit: None,
        way: Way::Auto,
        reply_to: None,
    }
}

/// By what, how it ended, and why.
pub(crate) type Told = (Carrier, AttemptState, Option<Failure>);

pub(crate) async fn attempts(person: &Person, key: MessageKey) -> Vec<Told> {
    let attempts = person.store.read(move |db| db.attempts_of(key)).await;
    attempts
        .unwrap()
        .iter()
        .map(|attempt| (attempt.carrier, attempt.state, attempt.failure))
        .collect()
}

/// What their invoices still wait for.
pub(crate) async fn issued(person: &Person) -> Vec<Issued> {
    person.store.read(|db| db.all_issued()).await.unwrap()
}

pub(crate) const ASKED_IN_VAIN: Told = (
    Carrier::Invoice,
    AttemptState::Failed,
    Some(Failure::NoReceipt),
);
pub(crate) const BY_KEYSEND: Told = (Carrier::Keysend, AttemptState::Settled, None);

#[tokio::test(start_paused = true)]
async fn a_payment_to_a_stock_node_is_accepted() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let before = (alice.balance().await, carol.balance().await);
    let quote = alice.engine.quote(money(to_carol, "lunch")).await.unwrap();
    assert_eq!(quote.carrier, Carrier::Invoice);
    assert!(quote.held && quote.payable && !quote.postage);

    let sent = alice.pay(to_carol, "lunch", sat(LUNCH)).await;
    let got = carol.expect_message(&line.alice, "lunch").await.message;
    let held = carol.expect_hold(got.key, HoldState::Held).await;
    assert_eq!(
        (got.kind, got.carrier),
        (MessageKind::Payment, Some(Carrier::Invoice))
    );
    let payment = held.incoming.unwrap().payment;
    assert!(payment.deadline.is_some() && payment.decision.is_none());
    assert_eq!(payment.amount, sat(LUNCH));
    let waiting = alice.expect_delivery(sent, DeliveryState::InFlight).await;
    assert!(waiting.delivery.unwrap().waits_until.is_some());
    assert!(issued(&carol).await.is_empty(), "it is paid");

    carol.engine.accept(got.key).await.unwrap();
    carol.expect_hold(got.key, HoldState::Settled).await;
    let paid = alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(
        (paid.carrier, paid.fee),
        (Some(Carrier::Invoice), quote.fee.fee)
    );
    let cost = sat(LUNCH).checked_add(paid.fee).unwrap();
    assert_eq!(before.0.checked_sub(alice.balance().await), Some(cost));
    assert_eq!(
        carol.balance().await.checked_sub(before.1),
        Some(sat(LUNCH))
    );
    let (ours, theirs) = (alice.totals().await, carol.totals().await);
    assert_eq!((ours.sent, ours.fees), (sat(LUNCH), paid.fee));
    let attempts = alice.store.read(move |db| db.attempts_of(sent)).await;
    let proof = attempts.unwrap()[0].preimage.clone();
    assert_eq!(proof, Some(payment.preimage), "the proof of payment");
    assert_eq!(theirs.received, sat(LUNCH));
}

#[tokio::test(start_paused = true)]
async fn a_payment_to_a_stock_node_is_refused_and_costs_nothing() {
    let line = talking_line();
    let (alice, to_carol, carol, to_alice) = acquainted(&line).await;
    let before = (alice.balance().await, carol.balance().await);

    let sent = alice.pay(to_carol, "too much", sat(LUNCH)).await;
    let got = carol.expect_message(&line.alice, "too much").await.message;
    // A payment that waits keeps no words waiting.
    let words = alice.say(to_carol, "do you want it?").await;
    alice.expect_delivery(words, DeliveryState::Delivered).await;
    let words = carol.say(to_alice, "no").await;
    carol.expect_delivery(words, DeliveryState::Delivered).await;
    carol.engine.refuse(got.key).await.unwrap();

    let back = alice.expect_delivery(sent, DeliveryState::Returned).await;
    let delivery = back.delivery.unwrap();
    assert_eq!(delivery.returned, Some(ReturnMeaning::Declined));
    let row = carol.expect_hold(got.key, HoldState::Returned).await;
    assert_eq!(
        row.incoming.unwrap().payment.decision,
        Some(Decision::Person)
    );
    let after = (alice.balance().await, carol.balance().await);
    assert_eq!(before, after);
    let totals = alice.totals().await;
    assert_eq!(
        (totals.sent, totals.returned_to_us),
        (Msat::ZERO, sat(LUNCH))
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_contact_may_pay_without_asking_is_taken() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let node = line.alice.id();
    carol
        .store
        .write(move |tx| tx.rename_contact(node, "", "", sat(LUNCH)))
        .await
        .unwrap();

    let sent = alice.pay(to_carol, "as always", sat(LUNCH)).await;

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let got = carol.expect_message(&line.alice, "as always").await.message;
    let row = carol.expect_hold(got.key, HoldState::Settled).await;
    assert_eq!(
        row.incoming.unwrap().payment.decision,
        Some(Decision::Policy)
    );
}

#[tokio::test(start_paused = true)]
async fn an_app_that_sleeps_gets_a_keysend_and_pays_back_by_one() {
    let line = talking_line();
    // Her node settles on arrival, too: what is paid back to her could go by an invoice.
    line.alice.set_hold(Duration::ZERO);
    let (alice, to_carol, mut carol, _) = acquainted(&line).await;
    carol.close().await;

    let sent = alice.pay(to_carol, "good night", sat(LUNCH)).await;
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(attempts(&alice, sent).await, [ASKED_IN_VAIN, BY_KEYSEND]);
    carol.reopen();

    let got = carol
        .expect_message(&line.alice, "good night")
        .await
        .message;
    assert_eq!(got.carrier, Some(Carrier::Keysend));
    let words = alice.say(to_carol, "are you there?").await;
    alice.expect_delivery(words, DeliveryState::Delivered).await;
    let refund = carol.engine.pay_back(got.key, None).await.unwrap();
    carol.expect_delivery(refund, DeliveryState::Settled).await;
    assert_eq!(attempts(&carol, refund).await, [BY_KEYSEND]);
}

#[tokio::test(start_paused = true)]
async fn what_must_be_direct_or_routed_goes_by_a_keysend() {
    let line = talking_line();
    let (alice, to_carol, _carol, _) = acquainted(&line).await;
    let outgoing = Outgoing {
        way: Way::RoutedOnly,
        ..money(to_carol, "the long way")
    };
    let quote = alice.engine.quote(outgoing.clone()).await.unwrap();
    assert!(quote.carrier == Carrier::Keysend && !quote.held);

    let sent = alice.engine.send(outgoing).await.unwrap();

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(attempts(&alice, sent).await, [BY_KEYSEND]);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_may_make_no_invoices_promises_none() {
    let line = talking_line();
    line.carol.set_issues(false);
    let (alice, to_carol, _carol, _) = acquainted(&line).await;

    let quote = alice.engine.quote(money(to_carol, "lunch")).await.unwrap();

    assert!(quote.carrier == Carrier::Keysend && !quote.held);
}

#[tokio::test(start_paused = true)]
async fn nobody_decides_and_it_goes_back_before_the_deadline() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let before = alice.balance().await;
    let began = line.network.now();

    let sent = alice.pay(to_carol, "decide, please", sat(LUNCH)).await;
    let got = carol.expect_message(&line.alice, "decide, please").await;
    let held = carol.expect_hold(got.message.key, HoldState::Held).await;
    let deadline = held.incoming.unwrap().payment.deadline.unwrap();
    tokio::time::sleep(Duration::from_secs(400)).await;
    alice.expect_delivery(sent, DeliveryState::InFlight).await;

    let back = alice.expect_delivery(sent, DeliveryState::Returned).await;
    assert!(line.network.now() < deadline && began.until(deadline) < Duration::from_secs(610));
    let delivery = back.delivery.unwrap();
    assert_eq!(delivery.returned, Some(ReturnMeaning::Declined));
    let row = carol
        .expect_hold(got.message.key, HoldState::Returned)
        .await;
    assert_eq!(
        row.incoming.unwrap().payment.decision,
        Some(Decision::Deadline)
    );
    assert_eq!(alice.balance().await, before);
}

/// carol's app has given an invoice to alice for lunch, and was closed. Its text.
async fn given(line: &Line, carol: &mut Person) -> String {
    carol.close().await;
    carol.reopen();
    let preimage = Preimage::new([9; 32]);
    let (node, hash, now) = (line.alice.id(), preimage.payment_hash(), line.network.now());
    carol
        .store
        .write(move |tx| {
            tx.issue(&Issued {
                hash,
                preimage,
                node,
                request: [9; 16],
                amount: sat(LUNCH),
                created_at: now,
                expires_at: now.plus(Duration::from_secs(600)),
            })
        })
        .await
        .unwrap();
    let asks = NewInvoice {
        hash,
        amount: sat(LUNCH),
        expiry_secs: 600,
        cltv_expiry: 40,
        mark: None,
    };
    let bolt11 = line.carol.add_hold_invoice(asks).await.unwrap();
    carol.restart().await;
    bolt11
}

async fn pays(node: &SimNode, bolt11: &str) -> lnd::Updates<lnd::PaymentUpdate> {
    node.pay_invoice(InvoicePayment {
        bolt11: bolt11.to_owned(),
        amount: sat(LUNCH),
        records: Vec::new(),
        fee_limit: sat(100),
        timeout_secs: 60,
        max_parts: 1,
    })
    .await
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn somebody_else_pays_without_a_word_and_carol_is_asked() {
    let line = talking_line();
    let (_alice, _, mut carol, _) = acquainted(&line).await;
    let bolt11 = given(&line, &mut carol).await;
    let before = carol.balance().await;

    let mut updates = pays(&line.bob, &bolt11).await;

    let row = eventually("it waits for her", async || {
        carol
            .store
            .read(|db| db.undecided())
            .await
            .unwrap()
            .into_iter()
            .next()
    })
    .await;
    assert_eq!(row.payment.state, HoldState::Held);
    let key = eventually("it is shown", async || {
        let hash = row.payment.hash;
        let row = carol.store.read(move |db| db.incoming(hash)).await;
        row.unwrap().unwrap().message
    })
    .await;
    carol.engine.accept(key).await.unwrap();
    carol.expect_hold(key, HoldState::Settled).await;
    let mut last = None;
    while let Some(update) = updates.next().await {
        last = Some(update.unwrap());
    }
    assert!(matches!(last, Some(lnd::PaymentUpdate::Settled { .. })));
    assert_eq!(carol.balance().await.checked_sub(before), Some(sat(LUNCH)));
    assert_eq!(carol.totals().await.received, sat(LUNCH));
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_while_the_app_was_closed_lies_there_when_it_is_opened() {
    let line = talking_line();
    let (_alice, _, mut carol, _) = acquainted(&line).await;
    let bolt11 = given(&line, &mut carol).await;
    carol.close().await;
    let _updates = pays(&line.bob, &bolt11).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    // Her node has forgotten its streams as well.
    line.carol.stop();
    line.carol.start();
    carol.reopen();

    let row = eventually("it waits for her", async || {
        let rows = carol.store.read(|db| db.undecided()).await.unwrap();
        rows.into_iter().find(|row| row.opened)
    })
    .await;

    assert_eq!(
        (row.payment.state, row.payment.carrier),
        (HoldState::Held, Carrier::Invoice)
    );
    assert!(issued(&carol).await.is_empty());
}

/// alice and carol with two ways between them, and so many sats on either side of each channel.
fn two_ways(each: u64) -> Line {
    let network = SimNetwork::new(7);
    let line = Line {
        alice: network.node("alice"),
        bob: network.node("bob"),
        carol: network.node("carol"),
        network,
    };
    let dave = line.network.node("dave");
    for between in [&line.bob, &dave] {
        line.network
            .channel(&line.alice, sat(each), between, sat(each));
        line.network
            .channel(between, sat(each), &line.carol, sat(each));
    }
    line
}

#[tokio::test(start_paused = true)]
async fn an_invoice_is_paid_in_several_parts_where_one_does_not_fit() {
    let line = two_ways(60_000);
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let bicycle = Outgoing {
        payment: sat(90_000),
        ..money(to_carol, "a bicycle")
    };
    let quote = alice.engine.quote(bicycle.clone()).await.unwrap();
    assert_eq!((quote.carrier, quote.parts), (Carrier::Invoice, 2));
    assert_eq!(quote.fee.amount, sat(90_000));
    assert!(quote.held && !quote.payable, "a keysend cannot be divided");

    let sent = alice.engine.send(bicycle).await.unwrap();
    let got = carol.expect_message(&line.alice, "a bicycle").await.message;
    carol.engine.accept(got.key).await.unwrap();

    let paid = alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(paid.fee, quote.fee.fee);
    carol.expect_hold(got.key, HoldState::Settled).await;
    assert_eq!(carol.totals().await.received, sat(90_000));
}

#[tokio::test(start_paused = true)]
async fn old_failures_that_the_node_remembers_keep_no_payment_from_an_invoice() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    // Another program's payment failed while carol's node was away: alice's node avoids the way from now on.
    line.carol.stop();
    let lost = Keysend {
        to: line.carol.id(),
        amount: sat(1),
        preimage: Preimage::new([3; 32]),
        records: Vec::new(),
        fee_limit: sat(10),
        timeout_secs: 30,
        hints: Vec::new(),
    };
    let mut told = line.alice.send(lost).await.unwrap();
    while told.next().await.is_some() {}
    line.carol.start();
    let words = alice.say(to_carol, "there again?").await;
    alice.expect_delivery(words, DeliveryState::Delivered).await;

    let sent = alice.pay(to_carol, "lunch", sat(LUNCH)).await;

    let got = carol.expect_message(&line.alice, "lunch").await.message;
    let held = carol.expect_hold(got.key, HoldState::Held).await;
    carol.engine.accept(got.key).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let by_invoice = (Carrier::Invoice, AttemptState::Settled, None);
    assert_eq!(attempts(&alice, sent).await, [by_invoice]);
    let proof = alice.store.read(move |db| db.attempts_of(sent)).await;
    let preimage = held.incoming.unwrap().payment.preimage;
    assert_eq!(proof.unwrap()[0].preimage, Some(preimage));
}
