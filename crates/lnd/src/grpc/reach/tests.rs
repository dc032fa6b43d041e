use super::*;

fn key(number: u8) -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([number; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

fn sorted(mut nodes: Vec<NodeId>) -> Vec<NodeId> {
    nodes.sort_unstable();
    nodes
}

fn policy(disabled: bool) -> Option<RoutingPolicy> {
    Some(RoutingPolicy {
        disabled,
        ..RoutingPolicy::default()
    })
}

fn edge(a: u8, b: u8, policies: [Option<RoutingPolicy>; 2]) -> ChannelEdge {
    let [node1_policy, node2_policy] = policies;
    ChannelEdge {
        node1_pub: key(a).to_string(),
        node2_pub: key(b).to_string(),
        node1_policy,
        node2_policy,
    }
}

#[test]
fn the_other_end_of_a_channel_is_a_neighbour_unless_both_have_disabled_it() {
    let edges = vec![
        edge(1, 2, [policy(false), policy(false)]),
        edge(3, 1, [policy(true), policy(false)]),
        edge(1, 4, [policy(true), policy(true)]),
        edge(1, 5, [None, policy(true)]),
        edge(2, 1, [policy(false), policy(false)]),
    ];
    let expected = sorted(vec![key(2), key(3), key(5)]);
    assert_eq!(neighbours_in_gossip(key(1), edges), Ok(expected));
}

#[test]
fn of_our_own_channels_those_count_that_can_be_used() {
    let channel = |number, active| lnrpc::Channel {
        active,
        remote_pubkey: key(number).to_string(),
        ..lnrpc::Channel::default()
    };
    let channels = vec![
        channel(2, true),
        channel(3, false),
        channel(2, false),
        channel(4, true),
        channel(4, true),
    ];
    assert_eq!(own_neighbours(channels), Ok(sorted(vec![key(2), key(4)])));
}

#[test]
fn peers_come_and_go() {
    let event = |kind: EventType| {
        read_peer_event(&lnrpc::PeerEvent {
            pub_key: key(2).to_string(),
            r#type: kind.into(),
        })
        .unwrap()
    };
    let told = |connected| PeerEvent {
        node: key(2),
        connected,
    };
    assert_eq!(event(EventType::PeerOnline), told(true));
    assert_eq!(event(EventType::PeerOffline), told(false));
}

#[test]
fn of_the_events_of_channels_two_are_told() {
    let event = |kind: i32| read_channel_event(ChannelEventUpdate { r#type: kind });
    assert_eq!(
        event(UpdateType::ActiveChannel.into()),
        Some(ChannelEvent { active: true })
    );
    assert_eq!(
        event(UpdateType::InactiveChannel.into()),
        Some(ChannelEvent { active: false })
    );
    for other in [
        UpdateType::OpenChannel,
        UpdateType::ChannelUpdate,
        UpdateType::PendingOpenChannel,
    ] {
        assert_eq!(event(other.into()), None);
    }
    assert_eq!(event(99), None, "of a newer node");
}

#[test]
fn gossip_names_whom_it_makes_reachable() {
    let node = |number| lnrpc::NodeUpdate {
        identity_key: key(number).to_string(),
    };
    let channel = |a, b, policy| lnrpc::ChannelEdgeUpdate {
        routing_policy: policy,
        advertising_node: key(a).to_string(),
        connecting_node: key(b).to_string(),
    };
    let update = GraphTopologyUpdate {
        node_updates: vec![node(2), node(2)],
        channel_updates: vec![
            channel(3, 4, policy(false)),
            channel(5, 6, policy(true)),
            channel(7, 2, None),
        ],
    };
    let expected = sorted([2, 3, 4, 7].map(key).to_vec());
    assert_eq!(read_graph(&update), Some(expected));
    let disables = GraphTopologyUpdate {
        node_updates: vec![lnrpc::NodeUpdate {
            identity_key: "nonsense".to_owned(),
        }],
        channel_updates: vec![channel(5, 6, policy(true))],
    };
    assert_eq!(read_graph(&disables), None);
}
