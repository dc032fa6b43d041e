use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use specta_typescript::Typescript;

use super::*;
use crate::table::COMMANDS;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The window's types as the code makes them now.
fn exported() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bindings.ts");
    bridge::<tauri::Wry>()
        .export(Typescript::default(), &path)
        .unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_types_of_the_window_are_current() {
    let path: PathBuf = root().join("ui/src/generated/bindings.ts");
    let now = exported();
    if std::env::var_os("WRITE_TYPES").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == now,
        "the window's types are stale: run `make types`"
    );
}

#[test]
fn each_command_has_a_permission_and_a_handler() {
    let table: BTreeSet<String> = COMMANDS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        table.len(),
        COMMANDS.len(),
        "a command stands twice in the table"
    );

    let handled: BTreeSet<String> = exported()
        .lines()
        .filter_map(|line| line.split_once("__TAURI_INVOKE(\""))
        .filter_map(|(_, rest)| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(handled, table);

    let file = std::fs::read_to_string(root().join("src-tauri/capabilities/main.json")).unwrap();
    let capability: serde_json::Value = serde_json::from_str(&file).unwrap();
    let permissions = capability["permissions"].as_array().unwrap();
    let (ours, others): (Vec<&str>, Vec<&str>) = permissions
        .iter()
        .map(|name| name.as_str().unwrap())
        .partition(|name| !name.contains(':'));
    let allowed: BTreeSet<String> = ours
        .iter()
        .map(|name| name.strip_prefix("allow-").unwrap().replace('-', "_"))
        .collect();
    assert_eq!(allowed, table);
    assert_eq!(
        others,
        [
            "core:event:allow-listen",
            "core:event:allow-unlisten",
            "dialog:allow-open",
            "clipboard-manager:allow-write-text"
        ]
    );
}

#[test]
fn the_window_stays_at_home() {
    for ours in [
        "tauri://localhost/",
        "http://tauri.localhost/",
        "https://tauri.localhost/#/costs",
    ] {
        assert!(is_ours(&ours.parse().unwrap()), "{ours}");
    }
    for foreign in [
        "https://example.com/",
        "http://tauri.localhost.example.com/",
        "http://localhost:5173/",
        "https://localhost/",
        "tauri://tauri.localhost/",
        "file:///etc/passwd",
        "data:text/html,hello",
        "javascript:alert(1)",
    ] {
        assert!(!is_ours(&foreign.parse().unwrap()), "{foreign}");
    }
}
