use super::*;
use crate::sim::EndedBy;

#[tokio::test(start_paused = true)]
async fn a_node_restored_from_its_seed_counts_its_invoices_from_one_and_knows_no_payments() {
    let (net, [alice, _, carol, _]) = line();
    send(&alice, keysend(&carol, 1)).await;
    send(&carol, keysend(&alice, 2)).await;
    carol.set_hold(Duration::from_secs(900));
    let held = alice.send(keysend(&carol, 3)).await.unwrap();
    until_held(&carol, hash(3)).await;
    let before = net.totals();

    carol.stop();
    carol.restore();
    carol.start();

    let last = all(held).await.pop();
    assert!(matches!(last, Some(PaymentUpdate::Refused { .. })));
    assert_eq!(carol.newest_add_index().await, Ok(0));
    let list = carol.invoices_after(0, 10).await.unwrap();
    assert_eq!(list.invoices, []);
    let known = carol.track(hash(2)).await.err();
    assert_eq!(known, Some(LightningError::NotFound));
    assert_eq!(net.totals().capacity, before.capacity);
    assert_eq!(net.totals().in_flight, Msat::ZERO);
    let erased = carol.incoming();
    assert!(erased.iter().all(|one| one.erased));
    assert_eq!(
        erased.last().unwrap().ended.map(|(_, by)| by),
        Some(EndedBy::Restore)
    );

    carol.set_hold(Duration::ZERO);
    send(&alice, keysend(&carol, 4)).await;
    assert_eq!(carol.newest_add_index().await, Ok(1));
    assert!(!carol.incoming().last().unwrap().erased);
}

#[tokio::test(start_paused = true)]
async fn a_node_writes_the_times_of_its_own_clock() {
    let (net, [alice, _, carol, _]) = line();
    let day = Duration::from_secs(86_400);
    carol.set_clock_ahead(-86_400_000);
    send(&alice, keysend(&carol, 1)).await;
    let invoice = carol.invoice(hash(1)).await.unwrap();
    let behind = invoice.created_at.until(net.now());
    assert!(day <= behind && behind < day + A_WHILE, "{behind:?}");
    let came = carol.incoming().last().unwrap().came_at;
    assert!(came.until(net.now()) < A_WHILE);
}
