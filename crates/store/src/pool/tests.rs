use std::sync::mpsc::channel;

use domain::Msat;
use tokio::runtime::Runtime;

use super::*;
use crate::testing::{World, bob, from_bob, key, runtime};

fn set(name: &'static str) -> impl FnOnce(&Tx<'_>) -> Result<()> + Send + 'static {
    move |tx| tx.set_setting(name, "yes")
}

/// Which of these names are stored.
fn stored(world: &World, names: &'static [&'static str]) -> Vec<&'static str> {
    world.read(move |db| {
        let mut found = Vec::new();
        for name in names {
            found.extend(db.setting(name)?.map(|_| *name));
        }
        Ok(found)
    })
}

fn count(world: &World) -> i64 {
    world.read(|db| db.one("SELECT count(*) FROM setting", [], |row| row.get(0)))
}

type Closure = Box<dyn FnOnce(&Tx<'_>) -> Result<()> + Send>;

/// Closures in the writer's queue.
fn waiting(store: &Store) -> usize {
    WAITING.saturating_sub(store.threads.writes.as_ref().unwrap().capacity())
}

#[test]
fn what_fails_is_taken_back_alone_and_nothing_is_acknowledged_before_the_commit() {
    let world = World::new();
    let (go, wait) = channel();
    let (last_runs, last_waits) = channel();
    let (end, wait_for_end) = channel();
    world.runtime.block_on(async {
        let spawn = |f: Closure| {
            let store = world.store.clone();
            tokio::spawn(async move { store.write(f).await })
        };
        // The first keeps the writer busy until the others stand in the queue behind it.
        let first = spawn(Box::new(move |tx| {
            wait.recv().unwrap();
            tx.set_setting("first", "yes")
        }));
        let broken = spawn(Box::new(|tx| {
            tx.set_setting("broken", "yes")?;
            Err(StoreError::Constraint("changed my mind".into()))
        }));
        let panics = spawn(Box::new(|tx| {
            tx.set_setting("panics", "yes")?;
            panic!("a bug in a closure")
        }));
        let last = spawn(Box::new(move |tx| {
            assert_eq!(tx.setting("first")?.as_deref(), Some("yes"));
            assert_eq!(tx.setting("broken")?, None);
            last_runs.send(()).unwrap();
            wait_for_end.recv().unwrap();
            tx.set_setting("last", "yes")
        }));
        while waiting(&world.store) < 3 {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        last_waits.recv().unwrap();

        // All but the last have run, inside the transaction of the last: nobody has been told, and nobody sees it.
        let seen = world
            .store
            .read(|db| {
                db.one("SELECT count(*) FROM setting", [], |row| {
                    row.get::<_, i64>(0)
                })
            })
            .await;
        assert_eq!(seen.unwrap(), 0);
        assert!(!first.is_finished() && !broken.is_finished() && !panics.is_finished());
        end.send(()).unwrap();

        assert!(first.await.unwrap().is_ok());
        assert!(matches!(
            broken.await.unwrap(),
            Err(StoreError::Constraint(_))
        ));
        assert!(matches!(panics.await.unwrap(), Err(StoreError::Panicked)));
        assert!(last.await.unwrap().is_ok());
    });
    assert_eq!(
        stored(&world, &["first", "broken", "panics", "last"]),
        ["first", "last"]
    );
}

#[test]
fn when_a_transaction_is_lost_all_of_it_is_refused_and_work_goes_on() {
    let world = World::new();
    let (go, wait) = channel();
    world.runtime.block_on(async {
        let store = world.store.clone();
        let first = tokio::spawn(async move {
            store
                .write(move |tx| {
                    wait.recv().unwrap();
                    tx.set_setting("first", "yes")
                })
                .await
        });
        let store = world.store.clone();
        // As SQLite does by itself when the disk fails.
        let fatal = tokio::spawn(async move { store.write(|tx| tx.change("ROLLBACK", [])).await });
        while waiting(&world.store) < 1 {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        assert!(matches!(
            first.await.unwrap(),
            Err(StoreError::NotCommitted(_))
        ));
        assert!(matches!(
            fatal.await.unwrap(),
            Err(StoreError::NotCommitted(_))
        ));
    });
    world.write(set("after"));
    assert_eq!(stored(&world, &["first", "after"]), ["after"]);
}

#[test]
fn a_full_disk_is_told_and_what_was_told_to_be_stored_is_stored() {
    let world = World::new();
    let pages: i64 = world.write(|tx| tx.one("PRAGMA page_count", [], |row| row.get(0)));
    world.write(move |tx| {
        let sql = format!("PRAGMA max_page_count = {}", pages.saturating_add(20));
        tx.one(&sql, [], |_| Ok(()))
    });
    let mut kept = 0;
    let refused = loop {
        let name = format!("n{kept}");
        match world.try_write(move |tx| tx.set_setting(&name, &"x".repeat(9_000))) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(refused.to_string().contains("full"), "{refused}");
    assert!(kept > 0);
    assert_eq!(count(&world), kept);
    // Room again: work goes on.
    world.write(|tx| tx.one("PRAGMA max_page_count = 100000", [], |_| Ok(())));
    world.write(set("after"));
    assert_eq!(count(&world), kept + 1);
}

#[test]
fn a_reader_sees_one_moment_however_long_it_looks() {
    let world = World::new();
    world.write(set("before"));
    let (looked, first_look) = channel();
    let (written, wait) = channel();
    let runtime = Runtime::new().unwrap();
    let store = world.store.clone();
    let reader = runtime.spawn(async move {
        store
            .read(move |db| {
                let first = db.setting("later")?;
                looked.send(()).unwrap();
                wait.recv().unwrap();
                Ok((first, db.setting("later")?, db.setting("before")?.is_some()))
            })
            .await
    });
    first_look.recv().unwrap();
    world.write(set("later"));
    written.send(()).unwrap();
    let seen = runtime.block_on(reader).unwrap().unwrap();
    assert_eq!(seen, (None, None, true));
    assert_eq!(stored(&world, &["later"]), ["later"]);
}

#[test]
fn a_reader_cannot_write_and_a_panicking_one_harms_nobody() {
    let world = World::new();
    let written = world.runtime.block_on(
        world
            .store
            .read(|db| db.first("DELETE FROM setting RETURNING name", [], |_| Ok(()))),
    );
    assert!(written.is_err(), "{written:?}");
    for _ in 0..4 {
        let bug = world
            .runtime
            .block_on(world.store.read(|_| -> Result<()> { panic!("a bug") }));
        assert!(matches!(bug, Err(StoreError::Panicked)), "{bug:?}");
    }
    assert_eq!(count(&world), 0);
}

#[test]
fn closing_finishes_what_waits_and_then_all_is_closed() {
    let world = World::new();
    let (go, wait) = channel();
    world.runtime.block_on(async {
        let store = world.store.clone();
        let first = tokio::spawn(async move {
            store
                .write(move |_| wait.recv().map_err(|_| StoreError::Closed))
                .await
        });
        let writes: Vec<_> = (0..300)
            .map(|number| {
                let store = world.store.clone();
                tokio::spawn(async move {
                    store
                        .write(move |tx| tx.set_setting(&number.to_string(), "yes"))
                        .await
                })
            })
            .collect();
        while waiting(&world.store) < 300 {
            tokio::task::yield_now().await;
        }
        let closing = world.store.clone();
        let closing = tokio::spawn(async move { closing.close().await });
        while waiting(&world.store) < 301 {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        closing.await.unwrap().unwrap();
        world.store.close().await.unwrap();
        let late = world.store.write(set("late")).await;
        assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
        let late = world.store.read(|db| db.setting("late")).await;
        assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    });
    // The log is in the file.
    let folder = world.path().parent().unwrap().to_owned();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    let again = Store::open(&world.path(), &key()).unwrap();
    let number: i64 = runtime()
        .block_on(again.read(|db| db.one("SELECT count(*) FROM setting", [], |row| row.get(0))))
        .unwrap();
    assert_eq!(number, 300);
}

#[test]
fn the_last_clone_closes_the_file_when_it_goes() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("messages.db");
    let store = Store::open(&path, &key()).unwrap();
    let clone = store.clone();
    runtime().block_on(clone.write(set("kept"))).unwrap();
    drop(store);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    drop(clone);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_last_clone_may_go_inside_a_closure() {
    let world = World::new();
    let path = world.path();
    let runtime = runtime();
    let store = Store::open(&path, &key()).unwrap();
    let inner = store.clone();
    let (ran, wait) = channel();
    let write = async move {
        let write = store.write(move |_| {
            drop(inner);
            ran.send(()).map_err(|_| StoreError::Closed)
        });
        let _ = write.await;
    };
    // Given to the writer, and abandoned: the closure holds the last clone.
    let write = runtime.spawn(write);
    runtime.block_on(async { tokio::task::yield_now().await });
    write.abort();
    drop(runtime);
    wait.recv().unwrap();
}

#[test]
fn a_write_that_nobody_waits_for_is_made() {
    let world = World::new();
    world.runtime.block_on(async {
        let store = world.store.clone();
        let (done, wait) = oneshot::channel();
        let write = tokio::spawn(async move {
            store
                .write(move |tx| {
                    tx.set_setting("abandoned", "yes")?;
                    done.send(()).unwrap();
                    Ok(())
                })
                .await
        });
        tokio::task::yield_now().await;
        write.abort();
        wait.await.unwrap();
        // The next write comes after the commit of the one before, or stands in the same.
        world.store.write(set("next")).await.unwrap();
    });
    assert_eq!(
        stored(&world, &["abandoned", "next"]),
        ["abandoned", "next"]
    );
}

#[test]
fn the_file_is_sound_after_a_long_story() {
    let world = World::new();
    let chat = world.meet(bob());
    for number in 1..=60 {
        let text = format!("message {number} 闪电网络 swordfish{number}");
        let key = world.store_message(from_bob(chat, number, &text));
        if number % 3 == 0 {
            world.write(move |tx| tx.delete_message(key));
        }
    }
    world.hold(chat, 100, 4);
    world.write(|tx| {
        tx.book(
            crate::Booking::Fee,
            crate::testing::hash(1),
            None,
            Msat::SAT,
            crate::testing::at(0),
        )
    });
    world.runtime.block_on(world.store.close()).unwrap();

    let connection = open::writer(&world.path(), &key()).unwrap();
    for check in [
        "integrity_check",
        "foreign_key_check",
        "cipher_integrity_check",
    ] {
        let mut statement = connection.prepare(&format!("PRAGMA {check}")).unwrap();
        let faults: Vec<String> = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        assert!(
            faults.iter().all(|fault| fault == "ok"),
            "{check}: {faults:?}"
        );
    }
    // The index holds exactly the words of the messages; a deleted word is not even in its pages.
    connection
        .execute(
            "INSERT INTO message_fts(message_fts, rank) VALUES ('integrity-check', 1)",
            [],
        )
        .unwrap();
    connection
        .execute_batch("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, message_fts, row)")
        .unwrap();
    let known = |word: &str| -> i64 {
        connection
            .query_row(
                "SELECT count(*) FROM temp.words WHERE term = ?1",
                [word],
                |row| row.get(0),
            )
            .unwrap()
    };
    assert_eq!(
        (known("swordfish1"), known("swordfish3"), known("闪电")),
        (1, 0, 1)
    );
    connection
        .execute(
            "INSERT INTO message_fts(message_fts) VALUES ('rebuild')",
            [],
        )
        .unwrap();
    assert_eq!((known("swordfish1"), known("swordfish3")), (1, 0));
    // It follows when words change; nothing else of what it holds may.
    connection
        .execute(
            "UPDATE message SET text = 'other' WHERE text LIKE '%swordfish1%'",
            [],
        )
        .unwrap();
    assert_eq!((known("swordfish1"), known("other")), (0, 1));
    connection
        .execute(
            "INSERT INTO message_fts(message_fts, rank) VALUES ('integrity-check', 1)",
            [],
        )
        .unwrap();
    let moved = connection.execute("UPDATE message SET conversation = conversation", []);
    assert!(moved.is_err(), "the index would not follow");
}
