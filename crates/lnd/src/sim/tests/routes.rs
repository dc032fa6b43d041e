use domain::Failure;
use secp256k1::{Message, PublicKey, ecdsa};

use super::*;
use crate::diagnose;

#[tokio::test(start_paused = true)]
async fn a_quote_is_exact_to_the_msat() {
    let (_net, [alice, bob, carol, dave]) = line();
    for (to, amount, fee, hops) in [
        (&bob, sat(1), 0, 1),
        (&carol, sat(1), 1_000, 2),
        (&dave, sat(1), 2_000, 3),
        (&carol, sat(2_100), 1_002, 2),
    ] {
        let route = alice
            .route(RouteQuery {
                amount,
                ..query(to)
            })
            .await
            .unwrap();
        assert_eq!(route.fee, Msat::new(fee));
        assert_eq!(route.total, amount.checked_add(Msat::new(fee)).unwrap());
        assert_eq!(route.nodes.len(), hops);
        assert_eq!(route.nodes.last(), Some(&to.id()));
    }
}

#[tokio::test(start_paused = true)]
async fn no_route_costs_more_than_the_limit() {
    let (_net, [alice, _, carol, _]) = line();
    let tight = |msat| RouteQuery {
        fee_limit: Msat::new(msat),
        ..query(&carol)
    };
    assert_eq!(
        alice.route(tight(999)).await.err(),
        Some(LightningError::NoRoute)
    );
    assert!(alice.route(tight(1_000)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_route_is_of_the_kind_that_will_do() {
    let (net, [alice, bob, carol, _]) = line();
    net.channel(&alice, sat(1_000), &carol, Msat::ZERO);
    let over = async |to, over| {
        let query = RouteQuery { over, ..query(to) };
        alice.route(query).await.map(|route| route.nodes)
    };
    let no_route = Err(LightningError::NoRoute);
    let (b, c) = (bob.id(), carol.id());
    assert_eq!(over(&carol, Over::Anything).await, Ok(vec![c]));
    assert_eq!(over(&carol, Over::OwnChannel).await, Ok(vec![c]));
    assert_eq!(over(&carol, Over::Others).await, Ok(vec![b, c]));
    assert_eq!(over(&bob, Over::OwnChannel).await, Ok(vec![b]));
    let (_apart, [alice, bob, carol, _]) = line();
    let apart = async |to: &SimNode, over| {
        let query = RouteQuery { over, ..query(to) };
        alice.route(query).await.map(|route| route.nodes)
    };
    assert_eq!(apart(&carol, Over::OwnChannel).await, no_route);
    assert_eq!(apart(&bob, Over::Others).await, no_route);
}

#[tokio::test(start_paused = true)]
async fn the_cheaper_way_is_taken_even_if_it_is_longer() {
    let (net, [alice, bob, carol, dave]) = line();
    bob.set_fees(Msat::new(10), 0);
    carol.set_fees(Msat::new(10), 0);
    let erin = net.node("erin");
    net.channel(&alice, sat(1_000), &erin, Msat::ZERO);
    net.channel(&erin, sat(1_000), &dave, Msat::ZERO);
    let route = alice.route(query(&dave)).await.unwrap();
    assert_eq!(route.nodes, [bob.id(), carol.id(), dave.id()]);
    assert_eq!(route.fee, Msat::new(20));
}

#[tokio::test(start_paused = true)]
async fn text_fits_up_to_a_size_that_shrinks_with_every_hop() {
    let (_net, [alice, bob, carol, dave]) = line();
    let signed = |length| {
        let mut records = text(length);
        records.extend([(34_349_337, vec![0; 64]), (34_349_339, vec![0; 33])]);
        records.push((34_349_343, vec![0; 8]));
        records
    };
    for (to, alone, with_signature) in [
        (&bob, 1_207, 1_084),
        (&carol, 1_156, 1_033),
        (&dave, 1_105, 982),
    ] {
        for (largest, too_large) in [
            (text(alone), text(alone + 1)),
            (signed(with_signature), signed(with_signature + 1)),
        ] {
            assert!(
                alice
                    .route(RouteQuery {
                        records: largest,
                        ..query(to)
                    })
                    .await
                    .is_ok()
            );
            let failed = RouteQuery {
                records: too_large,
                ..query(to)
            };
            assert_eq!(
                alice.route(failed.clone()).await.err(),
                Some(LightningError::NoRoute)
            );
            assert_eq!(diagnose(&alice, failed).await, Failure::TooLarge);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_one_byte_too_long_fails_without_a_try() {
    let (_net, [alice, _, carol, _]) = line();
    let long = Keysend {
        records: text(1_157),
        ..keysend(&carol, 1)
    };
    let failed = PaymentUpdate::Failed {
        failure: Failure::TooLarge,
        attempts: 0,
        hops: None,
    };
    assert_eq!(send(&alice, long).await, failed);
    let fits = Keysend {
        records: text(1_156),
        ..keysend(&carol, 1)
    };
    assert!(matches!(
        send(&alice, fits).await,
        PaymentUpdate::Settled { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn each_reason_for_no_route_is_found_out() {
    let (net, [alice, bob, carol, _]) = line();
    let hermit = net.node("hermit");
    assert_eq!(diagnose(&alice, query(&hermit)).await, Failure::Hidden);
    // Only bob knows of this channel.
    net.private_channel(&bob, sat(1_000), &hermit, sat(1_000));
    assert_eq!(diagnose(&alice, query(&hermit)).await, Failure::Hidden);
    let told = RouteQuery {
        hints: hermit.own_hints().await.unwrap(),
        ..query(&hermit)
    };
    let route = alice.route(told).await.unwrap();
    assert_eq!(route.nodes, [bob.id(), hermit.id()]);
    let small = RouteQuery {
        amount: Msat::new(999),
        ..query(&carol)
    };
    assert_eq!(diagnose(&alice, small).await, Failure::AmountTooSmall);
    let large = RouteQuery {
        amount: sat(100_001),
        ..query(&carol)
    };
    assert_eq!(diagnose(&alice, large).await, Failure::InsufficientBalance);
    bob.stop();
    assert_eq!(
        diagnose(&alice, query(&bob)).await,
        Failure::RecipientOffline
    );
    assert_eq!(diagnose(&alice, query(&carol)).await, Failure::NoRoute);
}

#[tokio::test(start_paused = true)]
async fn mission_control_avoids_a_node_that_is_back_and_a_given_route_does_not() {
    let (_net, [alice, _, carol, _]) = line();
    carol.stop();
    let offline = PaymentUpdate::Failed {
        failure: Failure::RecipientOffline,
        attempts: 1,
        hops: Some(2),
    };
    assert_eq!(send(&alice, keysend(&carol, 1)).await, offline);
    carol.start();
    tokio::time::sleep(Duration::from_secs(150)).await;
    let avoided = PaymentUpdate::Failed {
        failure: Failure::NoRoute,
        attempts: 0,
        hops: None,
    };
    assert_eq!(send(&alice, keysend(&carol, 2)).await, avoided);
    let remembered = RouteQuery {
        paid_by: PaidBy::Keysend(preimage(2)),
        ..query(&carol)
    };
    assert_eq!(
        alice.route(remembered.clone()).await.err(),
        Some(LightningError::NoRoute)
    );
    let fresh = RouteQuery {
        use_mission_control: false,
        ..remembered
    };
    let route = alice.route(fresh).await.unwrap();
    let settled = PaymentUpdate::Settled {
        fee: sat(1),
        hops: 2,
        preimage: None,
    };
    assert_eq!(
        alice.send_to_route(hash(2), route).await,
        Ok(settled.clone())
    );
    let tracked = all(alice.track(hash(2)).await.unwrap()).await;
    assert_eq!(tracked.as_slice(), std::slice::from_ref(&settled));
    assert_eq!(
        text_length(&carol.invoice(hash(2)).await.unwrap().records),
        Some(5)
    );
    assert_eq!(
        send(&alice, keysend(&carol, 3)).await,
        settled,
        "its success clears the pair"
    );
}

#[tokio::test(start_paused = true)]
async fn mission_control_forgets_and_every_new_failure_reminds_it() {
    let (_net, [alice, _, carol, _]) = line();
    carol.stop();
    send(&alice, keysend(&carol, 1)).await;
    tokio::time::sleep(Duration::from_secs(150)).await;
    let again = RouteQuery {
        paid_by: PaidBy::Keysend(preimage(2)),
        use_mission_control: false,
        ..query(&carol)
    };
    let route = alice.route(again).await.unwrap();
    let failed = alice.send_to_route(hash(2), route).await.unwrap();
    assert!(matches!(
        failed,
        PaymentUpdate::Failed {
            failure: Failure::RecipientOffline,
            attempts: 1,
            ..
        }
    ));
    carol.start();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(
        alice.route(query(&carol)).await.err(),
        Some(LightningError::NoRoute)
    );
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(alice.route(query(&carol)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn two_nodes_share_the_secret_that_lnd_would_derive() {
    let (_net, [alice, bob, ..]) = line();
    let ours = alice.shared_secret(bob.id()).await.unwrap();
    assert_eq!(ours, bob.shared_secret(alice.id()).await.unwrap());
    let secret = secp256k1::SecretKey::from_secret_bytes([5; 32]).unwrap();
    let ephemeral = PublicKey::from_secret_key(&secret);
    let product = PublicKey::from_slice(alice.id().as_bytes())
        .unwrap()
        .mul_tweak(&secret.into())
        .unwrap();
    let expected: [u8; 32] = Sha256::digest(product.serialize()).into();
    assert_eq!(
        alice.shared_secret(ephemeral.into()).await.unwrap().0,
        expected
    );
}

#[tokio::test(start_paused = true)]
async fn a_signature_is_der_over_the_hash_of_the_bytes() {
    let (_net, [alice, ..]) = line();
    let der = alice.sign(b"some bytes".to_vec()).await.unwrap();
    let signature = ecdsa::Signature::from_der(&der).unwrap();
    let message = Message::from_digest(Sha256::digest(b"some bytes").into());
    let key = PublicKey::from_slice(alice.id().as_bytes()).unwrap();
    assert!(ecdsa::verify(&signature, message, &key).is_ok());
}

#[tokio::test(start_paused = true)]
async fn gossip_knows_nodes_with_channels_and_what_they_announce() {
    let (net, [alice, bob, carol, _]) = line();
    let hermit = net.node("hermit");
    assert_eq!(alice.node(hermit.id()).await, Ok(None));
    let known = alice.node(carol.id()).await.unwrap().unwrap();
    assert_eq!(
        (known.alias.as_str(), known.keysend, known.announced),
        ("carol", true, true)
    );
    carol.set_announced(false);
    let known = alice.node(carol.id()).await.unwrap().unwrap();
    assert_eq!((known.alias.as_str(), known.announced), ("", false));
    let peers = alice.peers().await.unwrap();
    assert_eq!(
        peers.iter().map(|peer| peer.node).collect::<Vec<_>>(),
        [bob.id()]
    );
    alice
        .connect(hermit.id(), "203.0.113.7:9735")
        .await
        .unwrap();
    alice
        .connect(hermit.id(), "203.0.113.7:9735")
        .await
        .unwrap();
    let peers = alice.peers().await.unwrap();
    let link = peers.iter().find(|peer| peer.node == hermit.id()).unwrap();
    assert_eq!((link.connected, link.channels), (true, 0));
}
