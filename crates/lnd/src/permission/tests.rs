use super::*;

#[test]
fn the_line_names_every_method_once_and_nothing_else() {
    let line = bake_command();
    let mut words = line.split(' ');
    let head: Vec<_> = words.by_ref().take(5).collect();
    assert_eq!(
        head,
        [
            "lncli",
            "bakemacaroon",
            "--root_key_id",
            "1212501065",
            "--allow_external_permissions"
        ]
    );
    let named: Vec<_> = words
        .map(|word| word.strip_prefix("uri:").unwrap())
        .collect();
    let table: Vec<_> = TABLE.iter().map(|rpc| rpc.path).collect();
    assert_eq!(named, table);
    let mut once = table.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), table.len());
}

#[test]
fn nothing_in_the_table_is_dangerous() {
    assert!(
        DANGERS
            .iter()
            .all(|(danger, _)| TABLE.iter().all(|rpc| rpc.path != *danger))
    );
    // Nothing that touches the chain or makes macaroons, whatever its name; reading is no danger.
    for rpc in TABLE {
        let harmless = |(entity, action): &Grant| match *entity {
            "onchain" | "macaroon" | "address" => *action == "read",
            _ => *action != "generate" || *entity == "signer",
        };
        assert!(rpc.grants.iter().all(harmless), "{}", rpc.path);
    }
    for word in [
        "SendCoins",
        "SendMany",
        "OpenChannel",
        "CloseChannel",
        "NewAddress",
        "BakeMacaroon",
        "walletrpc",
        "DeletePayment",
        "DeleteAllPayments",
        "ResetMissionControl",
        "UpdateChannelPolicy",
    ] {
        assert!(!bake_command().contains(word), "{word}");
    }
}

#[test]
fn what_later_versions_need_is_baked_now_and_not_required() {
    for path in [
        "/lnrpc.Lightning/ListPayments",
        "/routerrpc.Router/TrackPayments",
        "/routerrpc.Router/BuildRoute",
        "/lnrpc.Lightning/DescribeGraph",
        "/lnrpc.Lightning/AddInvoice",
        "/lnrpc.Lightning/PendingChannels",
    ] {
        let row = TABLE.iter().find(|rpc| rpc.path == path);
        assert!(row.is_some_and(|rpc| !rpc.required), "{path}");
    }
}

#[test]
fn a_path_belongs_to_its_service() {
    // A name that the node does not know would be baked all the same, and never fit.
    for rpc in TABLE {
        let parts: Vec<_> = rpc.path.split('/').collect();
        let [nothing, service, method] = parts[..] else {
            panic!("{}", rpc.path);
        };
        assert!(nothing.is_empty() && !method.is_empty(), "{}", rpc.path);
        assert!(
            [
                "lnrpc.Lightning",
                "routerrpc.Router",
                "invoicesrpc.Invoices",
                "signrpc.Signer"
            ]
            .contains(&service),
            "{}",
            rpc.path
        );
    }
}

#[test]
fn what_is_nice_to_have_is_not_required() {
    let optional: Vec<_> = TABLE
        .iter()
        .filter(|rpc| !rpc.required)
        .map(|rpc| rpc.purpose.key())
        .collect();
    assert_eq!(
        optional,
        [
            "node_config",
            "balance",
            "contacts",
            "contacts",
            "contacts",
            "check",
            "contacts",
            "contacts",
            "contacts",
            "free",
            "free",
            "free",
            "free",
            "key_card",
            "invoices",
            "second_app",
            "history",
            "tidy_up",
            "ways",
            "ways",
            "channels",
            "channels",
            "second_app",
            "ways",
            "ways",
            "ways",
            "invoices",
            "seal"
        ]
    );
}
