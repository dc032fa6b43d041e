use super::*;

fn key(last: u8) -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([last; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

fn feature() -> lnrpc::Feature {
    lnrpc::Feature {
        name: "x".to_owned(),
        is_required: false,
        is_known: true,
    }
}

#[test]
fn the_version_stands_without_its_commit() {
    let info = read_info(lnrpc::GetInfoResponse {
        identity_pubkey: key(1).to_string(),
        alias: "alice".to_owned(),
        version: "0.21.3-beta commit=v0.21.3-beta".to_owned(),
        chains: vec![lnrpc::Chain {
            network: "regtest".to_owned(),
        }],
        synced_to_chain: true,
        best_header_timestamp: 1_790_000_000,
        block_height: 460,
        num_active_channels: 2,
    })
    .unwrap();
    assert_eq!(info.version, "0.21.3-beta");
    assert_eq!(info.network, "regtest");
    assert_eq!(info.node, key(1));
    let header = domain::Timestamp::from_secs(1_790_000_000);
    assert_eq!(info.header_at, Some(header));
}

#[test]
fn a_node_known_only_by_its_channels_has_not_announced_anything() {
    let node = |alias: &str, bits: &[u32]| {
        read_facts(lnrpc::LightningNode {
            pub_key: String::new(),
            alias: alias.to_owned(),
            features: bits.iter().map(|&bit| (bit, feature())).collect(),
        })
    };
    assert!(!node("", &[]).announced);
    assert!(node("carol", &[9]).announced);
    assert!(!node("carol", &[9]).keysend);
    assert!(node("carol", &[9, 55]).keysend);
    assert!(node("carol", &[9, 54]).keysend);
    assert!(!node("carol", &[9, 54]).onion_messages);
    assert!(node("carol", &[9, 38]).onion_messages);
    assert!(node("carol", &[9, 39]).onion_messages);
}

#[test]
fn peers_and_channels_are_put_together() {
    let channel = |node: NodeId, active| lnrpc::Channel {
        active,
        remote_pubkey: node.to_string(),
        ..lnrpc::Channel::default()
    };
    let (bob, carol, dave) = (key(2), key(3), key(4));
    let peers = [bob, dave].map(|node| lnrpc::Peer {
        pub_key: node.to_string(),
    });
    let channels = vec![
        channel(bob, true),
        channel(bob, false),
        channel(carol, false),
    ];
    let mut links = read_peers(peers.to_vec(), channels).unwrap();
    links.sort_by_key(|link| [bob, carol, dave].iter().position(|&it| it == link.node));
    let link = |node, connected, channels, active_channels| PeerLink {
        node,
        connected,
        channels,
        active_channels,
    };
    assert_eq!(
        links,
        [
            link(bob, true, 2, 1),
            link(carol, false, 1, 0),
            link(dave, true, 0, 0)
        ]
    );
}

#[test]
fn the_settings_are_read_as_go_writes_them() {
    let read = |entries: &[(&str, &str)]| {
        let entries = entries
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()));
        read_config(&entries.collect())
    };
    assert_eq!(read(&[]), NodeConfig::default());
    for (text, secs) in [
        ("0s", 0),
        ("15s", 15),
        ("15m0s", 900),
        ("1h0m0s", 3_600),
        ("1h1m1s", 3_661),
        ("500ms", 0),
    ] {
        let config = read(&[("accept-keysend", "true"), ("keysend-hold-time", text)]);
        assert!(config.accept_keysend);
        assert_eq!(config.keysend_hold_secs, secs, "{text}");
        assert!(!config.deletes_canceled);
    }
    assert!(read(&[("gc-canceled-invoices-on-the-fly", "true")]).deletes_canceled);
    assert!(read(&[("gc-canceled-invoices-on-startup", "true")]).deletes_canceled);
    assert!(!read(&[("accept-keysend", "false")]).accept_keysend);
}
