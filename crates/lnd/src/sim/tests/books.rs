use super::*;

#[tokio::test(start_paused = true)]
async fn the_books_of_the_network_know_who_paid_whom_and_who_ended_a_hold() {
    let (net, [alice, bob, carol, _]) = line();
    carol.set_hold(Duration::from_secs(300));
    let (put_in, bobs) = (carol.local_balance(), bob.local_balance());
    drop(alice.send(keysend(&carol, 1)).await.unwrap());
    drop(alice.send(keysend(&carol, 2)).await.unwrap());
    until_held(&carol, hash(1)).await;
    until_held(&carol, hash(2)).await;
    carol.settle(&preimage(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(400)).await;

    let [settled, returned] = net.deeds().try_into().unwrap();
    assert_eq!((settled.hash, settled.settled), (hash(1), true));
    assert_eq!((returned.hash, returned.settled), (hash(2), false));
    assert_eq!((settled.from, settled.to), (alice.id(), carol.id()));
    assert_eq!(settled.fees, [(bob.id(), sat(1))]);
    assert_eq!(
        carol.local_balance().checked_sub(put_in),
        Some(settled.amount)
    );
    assert_eq!(bob.local_balance().checked_sub(bobs), Some(sat(1)));
    let ended: Vec<_> = carol
        .incoming()
        .into_iter()
        .map(|one| one.ended.unwrap().1)
        .collect();
    assert_eq!(ended, [EndedBy::App, EndedBy::Timer]);
}

#[tokio::test(start_paused = true)]
async fn a_hash_that_is_paid_twice_stands_in_the_books_twice() {
    let (net, [alice, bob, carol, _]) = line();
    send(&alice, keysend(&carol, 1)).await;
    send(&bob, keysend(&carol, 1)).await;
    let settled = net.deeds().into_iter().filter(|deed| deed.settled);
    assert_eq!(
        settled.map(|deed| deed.hash).collect::<Vec<_>>(),
        [hash(1); 2]
    );
}

#[tokio::test(start_paused = true)]
async fn only_payments_that_are_over_are_deleted() {
    let (_net, [alice, _, carol, _]) = line();
    send(&alice, keysend(&carol, 1)).await;
    carol.set_hold(Duration::from_secs(300));
    drop(alice.send(keysend(&carol, 2)).await.unwrap());
    until_held(&carol, hash(2)).await;
    alice.delete_payments();
    assert!(alice.track(hash(1)).await.is_err());
    assert!(alice.track(hash(2)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_splice_brings_money_into_a_channel() {
    let (net, [alice, bob, _, _]) = line();
    let (before, bobs) = (alice.local_balance(), bob.local_balance());
    net.splice(&bob, sat(5), &alice, sat(7));
    assert_eq!(alice.local_balance().checked_sub(before), Some(sat(7)));
    assert_eq!(bob.local_balance().checked_sub(bobs), Some(sat(5)));
    assert_eq!(net.totals().balances, net.totals().capacity);
}
