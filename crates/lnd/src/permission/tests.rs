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
    assert!(!bake_command().contains("SendCoins"));
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
            "invoices",
            "seal"
        ]
    );
}
