use super::*;

/// carol's list: 1 settled, 2 canceled, 3 held, 4 settled.
async fn mixed() -> (SimNetwork, [SimNode; 4]) {
    let (net, nodes) = line();
    let [alice, _, carol, _] = &nodes;
    send(alice, keysend(carol, 1)).await;
    carol.set_hold(Duration::from_secs(900));
    let refused = alice.send(keysend(carol, 2)).await.unwrap();
    until_held(carol, hash(2)).await;
    carol.cancel(hash(2)).await.unwrap();
    all(refused).await;
    drop(alice.send(keysend(carol, 3)).await.unwrap());
    until_held(carol, hash(3)).await;
    carol.set_hold(Duration::ZERO);
    send(alice, keysend(carol, 4)).await;
    (net, nodes)
}

async fn told(
    node: &SimNode,
    add_index: u64,
    settle_index: u64,
) -> Vec<(PaymentHash, InvoiceState)> {
    let mut seen = subscribe(
        node,
        InvoiceCursor {
            add_index,
            settle_index,
        },
    );
    tokio::time::sleep(A_WHILE).await;
    std::iter::from_fn(|| seen.try_recv().ok())
        .map(|it| (it.hash, it.state))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn zero_means_no_backlog() {
    let (_net, [_, _, carol, _]) = mixed().await;
    assert_eq!(told(&carol, 0, 0).await, []);
}

#[tokio::test(start_paused = true)]
async fn the_backlog_tells_settled_ones_twice_and_leaves_out_held_and_canceled_ones() {
    let (_net, [alice, _, carol, _]) = mixed().await;
    let again = (hash(4), InvoiceState::Settled);
    assert_eq!(told(&carol, 1, 1).await, [again, again]);
    assert_eq!(told(&carol, 1, 0).await, [again]);
    assert_eq!(told(&carol, 0, 1).await, [again]);
    assert_eq!(told(&carol, 4, 2).await, []);
    drop(alice);
}

#[tokio::test(start_paused = true)]
async fn the_list_has_all_of_them_in_order() {
    let (_net, [_, _, carol, _]) = mixed().await;
    let list = carol.invoices_after(0, 100).await.unwrap().invoices;
    let indexes: Vec<_> = list.iter().map(|invoice| invoice.add_index).collect();
    assert_eq!(indexes, [1, 2, 3, 4]);
    let states: Vec<_> = list.iter().map(|invoice| invoice.state).collect();
    use InvoiceState::{Canceled, Held, Settled};
    assert_eq!(states, [Settled, Canceled, Held, Settled]);
    assert!(
        list.iter()
            .all(|invoice| text_length(&invoice.records) == Some(5))
    );
    let two = carol.invoices_after(1, 2).await.unwrap();
    assert_eq!((&two.invoices[..], two.next), (&list[1..3], Some(3)));
    assert_eq!(carol.invoice_at(2).await, Ok(Some(hash(2))));
    assert_eq!(carol.invoice_at(5).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn only_open_and_held_ones_are_pending() {
    let (_net, [_, _, carol, _]) = mixed().await;
    let pending = carol.pending_invoices(0, 100).await.unwrap().invoices;
    assert_eq!(
        pending.iter().map(|it| it.hash).collect::<Vec<_>>(),
        [hash(3)]
    );
}

#[tokio::test(start_paused = true)]
async fn invoices_of_other_programs_take_a_place_and_are_never_told() {
    let (_net, [alice, _, carol, _]) = line();
    carol.add_other_invoice();
    send(&alice, keysend(&carol, 1)).await;
    carol.add_other_invoice();
    assert_eq!(carol.newest_add_index().await, Ok(3));
    let list = carol.invoices_after(0, 100).await.unwrap().invoices;
    assert_eq!(list.iter().map(|it| it.add_index).collect::<Vec<_>>(), [2]);
}

#[tokio::test(start_paused = true)]
async fn the_trap_of_the_cursor_that_moves_past_a_held_keysend() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(Duration::from_secs(15));
    let mut seen = subscribe(&carol, InvoiceCursor::default());
    let updates = alice.send(keysend(&carol, 1)).await.unwrap();
    let open = seen.recv().await.unwrap();
    drop(seen);
    all(updates).await;
    let none = Ok(InvoicePage::default());
    assert_eq!(carol.invoices_after(open.add_index, 100).await, none);
    assert_eq!(carol.pending_invoices(0, 100).await, none);
    let found = carol.invoice(open.hash).await.unwrap();
    assert_eq!(found.state, InvoiceState::Canceled);
    assert_eq!(
        text_length(&found.records),
        Some(5),
        "only by its hash is the mail found"
    );
}

#[tokio::test(start_paused = true)]
async fn watching_begins_with_the_present_and_ends_with_the_decision() {
    let (_net, [_, _, carol, _]) = mixed().await;
    let settled = all(carol.watch_invoice(hash(1)).await.unwrap()).await;
    assert_eq!(
        settled.iter().map(|it| it.state).collect::<Vec<_>>(),
        [InvoiceState::Settled]
    );
    let watched = carol.watch_invoice(hash(3)).await.unwrap();
    carol.settle(&preimage(3)).await.unwrap();
    let states: Vec<_> = all(watched).await.iter().map(|it| it.state).collect();
    assert_eq!(states, [InvoiceState::Held, InvoiceState::Settled]);
}

#[tokio::test(start_paused = true)]
async fn the_subscription_has_no_answer_before_its_first_event() {
    let (_net, [alice, bob, _, _]) = line();
    let quiet = bob.invoices(InvoiceCursor::default());
    assert!(tokio::time::timeout(A_WHILE, quiet).await.is_err());
    let mut seen = subscribe(&bob, InvoiceCursor::default());
    send(&alice, keysend(&bob, 1)).await;
    assert_eq!(seen.recv().await.unwrap().state, InvoiceState::Open);
    assert_eq!(seen.recv().await.unwrap().state, InvoiceState::Settled);
}

#[tokio::test(start_paused = true)]
async fn a_hash_that_is_paid_again_has_both_payments() {
    let (_net, [alice, bob, carol, _]) = line();
    send(&alice, keysend(&carol, 1)).await;
    send(&bob, keysend(&carol, 1)).await;
    let found = carol.invoice(hash(1)).await.unwrap();
    assert_eq!(found.further.len(), 1);
    assert_eq!(found.further[0].amount, found.amount);
    assert_ne!(found.further[0].name, found.hash);
}

#[tokio::test(start_paused = true)]
async fn payments_with_amp_are_never_held_and_later_ones_take_no_place_in_the_list() {
    let (_net, [alice, _, carol, _]) = line();
    carol.set_hold(Duration::from_secs(900));
    let mut seen = subscribe(&carol, InvoiceCursor::default());
    tokio::time::sleep(A_WHILE).await;
    let address = carol.add_amp_invoice();
    for set in [1, 2] {
        let paid = alice.pay_amp(carol.id(), Some(address), [set; 32], sat(5), vec![]);
        assert_eq!(paid.await, Ok(true));
    }
    let paid = alice.pay_amp(carol.id(), None, [3; 32], sat(7), vec![]);
    assert_eq!(paid.await, Ok(true));
    let mut told = Vec::new();
    for _ in 0..5 {
        let invoice = seen.recv().await.unwrap();
        told.push((
            invoice.add_index,
            invoice.settle_index,
            invoice.further.len(),
        ));
    }
    assert_eq!(
        told,
        [(1, 0, 0), (1, 1, 1), (1, 2, 1), (2, 0, 0), (2, 3, 1)]
    );
    let list = carol.invoices_after(0, 10).await.unwrap().invoices;
    let sets: Vec<_> = list.iter().map(|invoice| invoice.further.len()).collect();
    assert_eq!(sets, [2, 1], "the list has all of them");
}
