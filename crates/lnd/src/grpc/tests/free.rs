//! Messages without a payment, over a real socket.

use std::time::Duration;

use super::*;
use crate::types::{ChannelEvent, LARGEST_PEER_MESSAGE, ONION_SIZES, PeerEvent};

const KIND: u32 = 40_001;

fn bob() -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([2; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

#[tokio::test]
async fn a_peer_message_goes_out_as_it_is_and_one_too_large_never_leaves() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let largest = vec![7; LARGEST_PEER_MESSAGE];
    node.send_peer_message(bob(), KIND, largest.clone())
        .await
        .unwrap();
    let too_large = vec![7; LARGEST_PEER_MESSAGE + 1];
    assert_eq!(
        node.send_peer_message(bob(), KIND, too_large).await,
        Err(LightningError::Size(LARGEST_PEER_MESSAGE + 1))
    );
    let sent = fake.free(|script| std::mem::take(&mut script.sent));
    assert_eq!(sent.len(), 1, "65,535 bytes would end the connection");
    assert_eq!(
        (sent[0].peer.as_slice(), sent[0].r#type),
        (&bob().as_bytes()[..], KIND)
    );
    assert_eq!(sent[0].data, largest);
}

#[tokio::test]
async fn an_onion_has_one_of_two_sizes() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    for size in ONION_SIZES {
        node.send_onion(bob(), node_key(), vec![1; size])
            .await
            .unwrap();
    }
    for size in [0, 1_365, 1_367, 32_833, 32_835] {
        assert_eq!(
            node.send_onion(bob(), node_key(), vec![1; size]).await,
            Err(LightningError::Size(size))
        );
    }
    let sent = fake.free(|script| std::mem::take(&mut script.onions));
    let sizes: Vec<_> = sent.iter().map(|request| request.onion.len()).collect();
    assert_eq!(sizes, ONION_SIZES);
    assert_eq!(sent[0].peer, bob().as_bytes());
    assert_eq!(sent[0].path_key, node_key().as_bytes());
}

#[tokio::test]
async fn an_absent_peer_an_old_node_and_an_old_macaroon_are_told_apart() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let refuse = |status| fake.free(|script| script.refuse = Some(status));

    refuse(Status::not_found("peer is not connected"));
    assert_eq!(
        node.send_peer_message(bob(), KIND, Vec::new()).await,
        Err(LightningError::NotConnected)
    );
    refuse(Status::unimplemented(
        "unknown method SubscribeOnionMessages",
    ));
    assert_eq!(
        node.onion_messages().await.err(),
        Some(LightningError::Unsupported(
            permission::SUBSCRIBE_ONION_MESSAGES
        ))
    );
    refuse(Status::unknown("permission denied"));
    assert_eq!(
        node.send_onion(bob(), node_key(), vec![1; ONION_SIZES[0]])
            .await,
        Err(LightningError::Permission(permission::SEND_ONION_MESSAGE))
    );
    refuse(Status::unknown("permission denied"));
    assert_eq!(
        node.peer_messages().await.err(),
        Some(LightningError::Permission(
            permission::SUBSCRIBE_CUSTOM_MESSAGES
        ))
    );
}

#[tokio::test]
async fn messages_come_in_order_and_forwarded_onions_stay_outside() {
    let fake = Fake::default();
    let message = |number: u8| lnrpc::CustomMessage {
        peer: bob().as_bytes().to_vec(),
        r#type: KIND,
        data: vec![number],
    };
    let onion = |record: Option<u8>| lnrpc::OnionMessageUpdate {
        path_key: node_key().as_bytes().to_vec(),
        reply_path: Some(lnrpc::BlindedPath::default()),
        encrypted_recipient_data: vec![0; 51],
        custom_records: record
            .map(|number| (65_537, vec![number]))
            .into_iter()
            .collect(),
    };
    fake.free(|script| {
        script.messages = vec![message(1), message(2)];
        script.updates = vec![onion(None), onion(Some(1)), onion(None), onion(Some(2))];
    });
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);

    let mut messages = node.peer_messages().await.unwrap();
    for number in [1, 2] {
        let message = messages.next().await.unwrap().unwrap();
        assert_eq!((message.from, message.kind), (bob(), KIND));
        assert_eq!(message.bytes, [number]);
    }
    let mut onions = node.onion_messages().await.unwrap();
    for number in [1, 2] {
        let message = onions.next().await.unwrap().unwrap();
        assert_eq!(message.records, [(65_537, vec![number])]);
    }
    let third = tokio::time::timeout(Duration::from_millis(50), onions.next());
    assert!(third.await.is_err(), "nothing else is for us");
}

#[tokio::test]
async fn comings_and_goings_are_told() {
    let fake = Fake::default();
    let event = |kind: lnrpc::channel_event_update::UpdateType| lnrpc::ChannelEventUpdate {
        r#type: kind.into(),
    };
    use lnrpc::channel_event_update::UpdateType as Kind;
    fake.free(|script| {
        script.peer_events = vec![lnrpc::PeerEvent {
            pub_key: bob().to_string(),
            r#type: lnrpc::peer_event::EventType::PeerOffline.into(),
        }];
        script.channel_events = vec![
            event(Kind::ChannelUpdate),
            event(Kind::InactiveChannel),
            event(Kind::ActiveChannel),
        ];
        script.graph_events = vec![
            lnrpc::GraphTopologyUpdate::default(),
            lnrpc::GraphTopologyUpdate {
                node_updates: vec![lnrpc::NodeUpdate {
                    identity_key: bob().to_string(),
                }],
                ..Default::default()
            },
        ];
    });
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let gone = node.peer_events().await.unwrap().next().await;
    assert_eq!(
        gone,
        Some(Ok(PeerEvent {
            node: bob(),
            connected: false
        }))
    );
    let told: Vec<_> = node.channel_events().await.unwrap().take(2).collect().await;
    let told: Vec<_> = told.into_iter().map(Result::unwrap).collect();
    assert_eq!(told, [false, true].map(|active| ChannelEvent { active }));
    let news = node.graph_events().await.unwrap().next().await;
    assert_eq!(news, Some(Ok(vec![bob()])));
}

#[tokio::test]
async fn neighbours_come_from_our_own_list_or_from_gossip() {
    let fake = Fake::default();
    let (us, them) = (node_key(), bob());
    fake.free(|script| {
        script.channels = vec![lnrpc::Channel {
            active: true,
            remote_pubkey: them.to_string(),
            ..lnrpc::Channel::default()
        }];
        let edge = lnrpc::ChannelEdge {
            node1_pub: us.to_string(),
            node2_pub: them.to_string(),
            ..lnrpc::ChannelEdge::default()
        };
        script.graph.insert(them.to_string(), vec![edge]);
    });
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    assert_eq!(node.neighbours(us).await, Ok(vec![them]));
    assert_eq!(node.neighbours(them).await, Ok(vec![us]));
    let stranger = secp256k1::SecretKey::from_secret_bytes([3; 32]).unwrap();
    assert_eq!(
        node.neighbours(stranger.public_key().into()).await,
        Ok(vec![])
    );
}

#[tokio::test]
async fn a_text_is_signed_so_that_every_lnd_can_check_it() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let signature = node.sign_message(b"I am alice".to_vec()).await.unwrap();
    assert_eq!(signature.len(), 104);
    let asked = fake.free(|script| std::mem::take(&mut script.signed));
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].msg, b"I am alice");
    assert!(!asked[0].single_hash);
}
