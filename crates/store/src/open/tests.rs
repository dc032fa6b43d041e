use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::Store;
use crate::testing::{World, bob, from_bob, key, runtime};

fn other_key() -> DatabaseKey {
    DatabaseKey::new([8; 32])
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

fn told() -> World {
    let world = World::new();
    let chat = world.meet(bob());
    world.store_message(from_bob(chat, 1, "the password is swordfish"));
    world
}

fn remembers(path: &Path) -> bool {
    let store = Store::open(path, &key()).unwrap();
    runtime().block_on(async {
        let hits = store
            .read(|db| db.search("swordfish", None, None, 5))
            .await
            .unwrap();
        store.close().await.unwrap();
        hits.len() == 1
    })
}

#[test]
fn nothing_can_be_read_from_the_file() {
    let world = told();
    for (path, bytes) in files(world.path().parent().unwrap()) {
        for word in [
            b"swordfish".as_slice(),
            b"SQLite format 3",
            b"message_fts",
            b"HELI",
        ] {
            assert!(
                !bytes.windows(word.len()).any(|window| window == word),
                "{path:?}"
            );
        }
    }
    world.runtime.block_on(world.store.close()).unwrap();
    let bytes = fs::read(world.path()).unwrap();
    assert!(bytes.len() > 100_000);
    assert!(!bytes.windows(9).any(|window| window == b"swordfish"));
}

#[test]
fn a_wrong_key_opens_nothing_and_changes_nothing() {
    let world = told();
    world.runtime.block_on(world.store.close()).unwrap();
    let folder = world.path().parent().unwrap().to_owned();
    let before = files(&folder);
    assert_eq!(before.len(), 1);
    let opened = Store::open(&world.path(), &other_key());
    assert!(matches!(opened, Err(StoreError::WrongKey)), "{opened:?}");
    assert_eq!(files(&folder), before);
    assert!(remembers(&world.path()));
}

#[test]
fn a_wrong_key_loses_nothing_of_what_only_the_log_holds() {
    let world = told();
    // As a crash leaves it: the log is not in the file yet.
    let crashed = TempDir::new().unwrap();
    for (path, bytes) in files(world.path().parent().unwrap()) {
        if !path.to_string_lossy().ends_with("-shm") {
            fs::write(crashed.path().join(path.file_name().unwrap()), bytes).unwrap();
        }
    }
    let path = crashed.path().join("messages.db");
    assert!(fs::metadata(beside(&path, "-wal")).unwrap().len() > 0);
    for _ in 0..2 {
        let opened = Store::open(&path, &other_key());
        assert!(matches!(opened, Err(StoreError::WrongKey)), "{opened:?}");
    }
    assert!(remembers(&path));
}

#[test]
fn an_empty_file_is_a_loss_and_no_new_database() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("messages.db");
    fs::write(&path, b"").unwrap();
    let opened = Store::open(&path, &key());
    assert!(
        matches!(&opened, Err(StoreError::Corrupt(why)) if why.contains("empty")),
        "{opened:?}"
    );
    assert_eq!(files(folder.path()), [(path, vec![])]);
}

#[test]
fn a_file_of_another_kind_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("messages.db");
    let noise = |length: u32| -> Vec<u8> {
        (0..length)
            .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect()
    };
    for bytes in [noise(1), noise(16), noise(4_095)] {
        fs::write(&path, &bytes).unwrap();
        let opened = Store::open(&path, &key());
        assert!(
            matches!(&opened, Err(StoreError::Corrupt(_))),
            "{}: {opened:?}",
            bytes.len()
        );
        assert_eq!(files(folder.path()), [(path.clone(), bytes)]);
    }
    for bytes in [noise(4_096), noise(4_097), noise(50_000)] {
        fs::write(&path, &bytes).unwrap();
        let opened = Store::open(&path, &key());
        assert!(
            matches!(opened, Err(StoreError::WrongKey)),
            "{}: {opened:?}",
            bytes.len()
        );
        assert_eq!(files(folder.path()), [(path.clone(), bytes)]);
    }
    fs::remove_file(&path).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t(x)")
        .unwrap();
    let before = files(folder.path());
    let opened = Store::open(&path, &key());
    assert!(matches!(&opened, Err(StoreError::Corrupt(why)) if why.contains("encrypted")));
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_damaged_page_is_an_error_and_no_wrong_answer() {
    let world = told();
    world.runtime.block_on(world.store.close()).unwrap();
    let mut bytes = fs::read(world.path()).unwrap();
    // All pages but the first, which holds the list of tables.
    for page in bytes.chunks_mut(4_096).skip(1) {
        page[100] ^= 1;
    }
    fs::write(world.path(), bytes).unwrap();
    let read = Store::open(&world.path(), &key())
        .and_then(|store| runtime().block_on(store.read(|db| db.contact(bob()))));
    assert!(read.is_err(), "{read:?}");
}

#[test]
fn a_missing_folder_is_not_made_up() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("nowhere").join("messages.db");
    assert!(Store::open(&path, &key()).is_err());
    assert!(Store::open(folder.path(), &key()).is_err());
    assert!(files(folder.path()).is_empty());
}

#[test]
fn what_a_crash_left_of_a_new_file_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("messages.db");
    for suffix in [".new", ".new-wal", ".new-shm"] {
        fs::write(beside(&path, suffix), b"half a page").unwrap();
    }
    let store = Store::open(&path, &key()).unwrap();
    let runtime = runtime();
    runtime
        .block_on(store.write(|tx| tx.set_setting("theme", "dark")))
        .unwrap();
    runtime.block_on(store.close()).unwrap();
    let left: Vec<_> = files(folder.path())
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(left, [path]);
}

#[test]
fn every_connection_is_set_as_it_must_be() {
    let world = told();
    let writer = writer(&world.path(), &key()).unwrap();
    let reader = reader(&world.path(), &key()).unwrap();
    let ask = |connection: &Connection, pragma: &str| -> String {
        connection
            .query_row(&format!("PRAGMA {pragma}"), [], |row| {
                row.get_ref(0)?
                    .as_str()
                    .map(str::to_owned)
                    .or_else(|_| Ok(row.get::<_, i64>(0)?.to_string()))
            })
            .unwrap()
    };
    for (connection, query_only) in [(&writer, "0"), (&reader, "1")] {
        for (pragma, value) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("temp_store", "2"),
            ("secure_delete", "1"),
            ("busy_timeout", "5000"),
            ("query_only", query_only),
        ] {
            assert_eq!(ask(connection, pragma), value, "{pragma}");
        }
    }
    assert!(reader.execute("DELETE FROM contact", []).is_err());
}
