use super::*;

/// The generator point: a valid key that everybody knows.
const KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

#[test]
fn a_mistake_in_a_key_is_named() {
    assert_eq!(KEY.parse::<NodeId>().unwrap().to_string(), KEY);
    assert_eq!(
        KEY.to_uppercase().parse::<NodeId>().unwrap().to_string(),
        KEY
    );
    assert_eq!(
        KEY[..64].parse::<NodeId>(),
        Err(NodeIdError::Characters(64))
    );
    assert_eq!(
        KEY.replace('9', "x").parse::<NodeId>(),
        Err(NodeIdError::NotHex(4))
    );
    assert_eq!(
        KEY.replacen("02", "04", 1).parse::<NodeId>(),
        Err(NodeIdError::Prefix)
    );
    let off_curve = format!("02{}", "f".repeat(64));
    assert_eq!(off_curve.parse::<NodeId>(), Err(NodeIdError::NotAPoint));
}

#[test]
fn an_address_may_name_a_host() {
    let node = KEY.parse().unwrap();
    let with = |host: &str| format!("{KEY}@{host}").parse::<NodeAddress>();
    assert_eq!(KEY.parse(), Ok(NodeAddress { node, host: None }));
    for host in [
        "127.0.0.1:9735",
        "node.example",
        "[::1]:9735",
        "abc.onion:9735",
    ] {
        assert_eq!(
            with(host),
            Ok(NodeAddress {
                node,
                host: Some(host.into())
            }),
            "{host}"
        );
    }
    for host in [
        "",
        "a b",
        "host:",
        "host:0",
        "host:99999",
        "host:port",
        ":1",
        "h/x",
        "a@b",
    ] {
        assert_eq!(with(host), Err(NodeAddressError::Host), "{host}");
    }
}

#[test]
fn only_a_whole_key_is_read_from_bytes() {
    assert_eq!(NodeId::from_bytes(&[2; 32]), Err(NodeIdError::Length(32)));
    assert_eq!(NodeId::from_bytes(&[5; 33]), Err(NodeIdError::NotAPoint));
}
