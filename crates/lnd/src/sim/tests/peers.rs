use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey};

use super::*;
use crate::types::{ChannelEvent, LARGEST_PEER_MESSAGE, PeerEvent, PeerMessage};

const KIND: u32 = 40_001;

fn peer_messages(node: &SimNode) -> tokio::sync::mpsc::UnboundedReceiver<PeerMessage> {
    let node = node.clone();
    listen(async move { node.peer_messages().await })
}

#[tokio::test(start_paused = true)]
async fn a_message_reaches_a_connected_peer_in_order_and_without_a_channel() {
    let (net, [alice, bob, _, _]) = line();
    let hermit = net.node("hermit");
    let refused = alice.send_peer_message(hermit.id(), KIND, vec![1]).await;
    assert_eq!(refused, Err(LightningError::NotConnected));
    alice
        .connect(hermit.id(), "203.0.113.7:9735")
        .await
        .unwrap();
    for to in [&bob, &hermit] {
        let mut seen = peer_messages(to);
        tokio::time::sleep(A_WHILE).await;
        for number in 0..10 {
            alice
                .send_peer_message(to.id(), KIND, vec![number])
                .await
                .unwrap();
        }
        for number in 0..10 {
            let message = seen.recv().await.unwrap();
            assert_eq!((message.from, message.kind), (alice.id(), KIND));
            assert_eq!(message.bytes, [number]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_listener_a_message_is_gone_and_the_sender_hears_nothing() {
    let (_net, [alice, bob, carol, _]) = line();
    assert_eq!(
        alice.send_peer_message(bob.id(), KIND, vec![1]).await,
        Ok(())
    );
    let mut seen = peer_messages(&bob);
    tokio::time::sleep(A_WHILE).await;
    assert!(seen.try_recv().is_err(), "nothing is stored");
    bob.stop();
    for to in [&bob, &carol] {
        let refused = alice.send_peer_message(to.id(), KIND, vec![1]).await;
        assert_eq!(refused, Err(LightningError::NotConnected));
    }
    assert!(
        seen.recv().await.is_none(),
        "the stream ended with the node"
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_has_a_largest_size_and_a_custom_type() {
    let (_net, [alice, bob, ..]) = line();
    let send = |kind, size| alice.send_peer_message(bob.id(), kind, vec![0; size]);
    assert_eq!(send(32_768, LARGEST_PEER_MESSAGE).await, Ok(()));
    assert_eq!(send(65_535, 0).await, Ok(()));
    let size = LARGEST_PEER_MESSAGE + 1;
    assert_eq!(send(KIND, size).await, Err(LightningError::Size(size)));
    for kind in [32_767, 65_536] {
        assert!(matches!(send(kind, 0).await, Err(LightningError::Node(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_and_goes_is_told_to_the_peers() {
    let (net, [alice, bob, carol, _]) = line();
    let (watched, waited) = (alice.clone(), alice.clone());
    let mut peers = listen(async move { watched.peer_events().await });
    let mut channels = listen(async move { waited.channel_events().await });
    tokio::time::sleep(A_WHILE).await;
    carol.stop();
    bob.stop();
    bob.start();
    for connected in [false, true] {
        let node = bob.id();
        assert_eq!(peers.recv().await, Some(PeerEvent { node, connected }));
        assert_eq!(
            channels.recv().await,
            Some(ChannelEvent { active: connected })
        );
    }
    let erin = net.node("erin");
    erin.connect(alice.id(), "203.0.113.7:9735").await.unwrap();
    erin.connect(alice.id(), "203.0.113.7:9735").await.unwrap();
    let came = PeerEvent {
        node: erin.id(),
        connected: true,
    };
    assert_eq!(peers.recv().await, Some(came));
    net.channel(&alice, sat(10), &erin, sat(10));
    assert_eq!(channels.recv().await, Some(ChannelEvent { active: true }));
    tokio::time::sleep(A_WHILE).await;
    assert!(peers.try_recv().is_err() && channels.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn gossip_tells_of_nodes_that_are_no_neighbours() {
    let (net, [alice, bob, carol, dave]) = line();
    let listening = alice.clone();
    let mut news = listen(async move { listening.graph_events().await });
    tokio::time::sleep(A_WHILE).await;
    carol.stop();
    carol.start();
    assert_eq!(news.recv().await, Some(vec![carol.id()]));
    dave.set_fees(sat(2), 0);
    assert_eq!(news.recv().await, Some(vec![dave.id()]));
    net.channel(&bob, sat(10), &dave, sat(10));
    assert_eq!(news.recv().await, Some(vec![bob.id(), dave.id()]));
    carol.set_announced(false);
    carol.stop();
    carol.start();
    tokio::time::sleep(A_WHILE).await;
    assert!(news.try_recv().is_err(), "a private node is no news");
}

#[tokio::test(start_paused = true)]
async fn our_own_neighbours_are_those_at_hand_and_others_are_by_gossip() {
    let (net, [alice, bob, carol, dave]) = line();
    net.channel(&bob, sat(10), &carol, sat(10));
    let ids = |nodes: &[&SimNode]| {
        let mut ids: Vec<_> = nodes.iter().map(|node| node.id()).collect();
        ids.sort_unstable();
        ids
    };
    let all = ids(&[&alice, &carol]);
    assert_eq!(bob.neighbours(bob.id()).await, Ok(all.clone()));
    assert_eq!(dave.neighbours(bob.id()).await, Ok(all.clone()));
    carol.stop();
    assert_eq!(bob.neighbours(bob.id()).await, Ok(ids(&[&alice])));
    assert_eq!(dave.neighbours(bob.id()).await, Ok(all));
    let hermit = net.node("hermit");
    assert_eq!(bob.neighbours(hermit.id()).await, Ok(vec![]));
}

/// Undone by hand, as a program without an LND would.
#[tokio::test(start_paused = true)]
async fn a_signed_text_names_its_node() {
    let (_net, [alice, bob, ..]) = line();
    let text = b"this key is alice's";
    let signature = alice.sign_message(text.to_vec()).await.unwrap();
    assert_eq!(signature.len(), 104);
    let mut bits = signature.chars().flat_map(|character| {
        let value = "ybndrfg8ejkmcpqxot1uwisza345h769".find(character).unwrap();
        (0..5).rev().map(move |bit| u8::from(value >> bit & 1 == 1))
    });
    let bytes: Vec<u8> = (0..65)
        .map(|_| bits.by_ref().take(8).fold(0, |byte, bit| byte << 1 | bit))
        .collect();
    let recovery = RecoveryId::try_from(i32::from(bytes[0] - 31)).unwrap();
    let compact = RecoverableSignature::from_compact(&bytes[1..], recovery).unwrap();
    let signer = |text: &[u8]| -> PublicKey {
        let whole = [b"Lightning Signed Message:", text].concat();
        let digest = Sha256::digest(Sha256::digest(whole)).into();
        compact.recover_ecdsa(Message::from_digest(digest)).unwrap()
    };
    assert_eq!(domain::NodeId::from(signer(text)), alice.id());
    assert_ne!(domain::NodeId::from(signer(b"another text")), alice.id());
    assert_ne!(bob.sign_message(text.to_vec()).await.unwrap(), signature);
}
