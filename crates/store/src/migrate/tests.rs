use std::path::{Path, PathBuf};

use domain::{
    Attempt, AttemptState, Authorship, ConversationId, DeliveryState, Direction, HoldState,
    MessageId, MessageKey, MessageKind, Msat, Program, Trust,
};
use tempfile::TempDir;

use super::*;
use crate::testing::{at, attempt, bob, hash, key, preimage, runtime};
use crate::{Found, InvoicePlace, Listed, PageAt, RefundSide, Store, Totals, open};

fn file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("messages.db");
    (folder, path)
}

/// A file as the first release makes it, whatever scripts have followed.
fn first_release(path: &Path) -> Connection {
    let mut connection = Connection::open(path).unwrap();
    connection.execute_batch(&key().pragma()).unwrap();
    open::prepare(&connection).unwrap();
    migrate(&mut connection, &SCRIPTS[..1]).unwrap();
    connection
}

#[test]
fn a_file_of_the_first_release_opens_with_all_that_is_in_it() {
    let (_folder, path) = file();
    let connection = first_release(&path);
    let bob_bytes = bob().as_bytes().to_vec();
    let insert = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
        assert_eq!(connection.execute(sql, params).unwrap(), 1, "{sql}");
    };
    insert(
        "INSERT INTO contact VALUES (?1, 'Bob', 'note', 'BOB', 1, 1, 900, 5000, 1767225600000)",
        &[&bob_bytes],
    );
    insert(
        "INSERT INTO conversation(id, node, created_at, draft) VALUES (4, ?1, 1767225600000, 'dear')",
        &[&bob_bytes],
    );
    insert(
        "INSERT INTO message VALUES (9, 4, ?1, ?2, 0, 2, ?3, 2000, 1, 1767225601000, 1, 1, 0, '闪电 hello')",
        &[&bob_bytes, &[1_u8; 16], &hash(5).0],
    );
    insert("INSERT INTO letter VALUES (9, x'0102')", &[]);
    insert(
        "INSERT INTO tombstone VALUES (?1, ?2)",
        &[&bob_bytes, &[2_u8; 16]],
    );
    insert(
        "INSERT INTO delivery VALUES (9, 4, ?1, 4, 2, 2000, 10000, NULL, 7, 3, 2, 1767225605000, 1767225604000)",
        &[&bob_bytes],
    );
    let records = [
        [0, 0, 0, 0, 0x48, 0x45, 0x4c, 0x49, 0, 0, 0, 3, 1, 2, 3].as_slice(),
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    ]
    .concat();
    insert(
        "INSERT INTO attempt VALUES (1, ?1, ?2, 9, ?3, 0, 1000, 10000, ?4, 0, 0, NULL, NULL, 1767225601000, NULL)",
        &[&hash(1).0, preimage(1).expose(), &bob_bytes, &records],
    );
    insert(
        "INSERT INTO incoming VALUES (1, ?1, ?2, 2000, ?3, 1, NULL, 1767226500000, 1767225602000, 0, ?4, NULL, NULL, 0, 0)",
        &[&hash(2).0, preimage(2).expose(), &records, &bob_bytes],
    );
    insert(
        "UPDATE incoming SET message = 9, conversation = 4, opened = 1",
        &[],
    );
    insert(
        "INSERT INTO refund VALUES (?1, 1, 9, 2000, 1)",
        &[&hash(5).0],
    );
    insert("INSERT INTO cursor VALUES ('invoices', 12, 7)", &[]);
    insert("INSERT INTO setting VALUES ('theme', 'dark')", &[]);
    insert(
        "INSERT INTO booking VALUES (?1, 2, ?2, 31, 1767225600000)",
        &[&hash(1).0, &bob_bytes],
    );
    drop(connection);

    let store = Store::open(&path, &key()).unwrap();
    let checked = runtime().block_on(store.read(|db| {
        let row = db.conversations(Listed::Known, "bob")?.remove(0);
        assert_eq!(
            (row.id, row.unread, row.held, row.failed),
            (ConversationId(4), 1, 1, 1)
        );
        assert_eq!(
            (row.draft.as_str(), row.contact.trust),
            ("dear", Trust::Known)
        );
        assert_eq!(
            row.contact.program,
            Program::Heliograph {
                hold_secs: Some(900)
            }
        );
        let last = row.last.unwrap();
        assert_eq!(
            (last.text.as_str(), last.delivery),
            ("闪电 hello", Some(DeliveryState::Failed))
        );

        let page = db.messages_page(row.id, PageAt::End, 9)?;
        let message = &page.rows[0].message;
        assert_eq!(
            (message.key, message.id),
            (MessageKey(9), MessageId([1; 16]))
        );
        assert_eq!(
            (message.direction, message.authorship),
            (Direction::Incoming, Authorship::Claimed)
        );
        assert_eq!(message.kind, MessageKind::Refund { of: hash(5) });
        assert_eq!(
            (message.payment, message.stored_at),
            (Msat::new(2_000), at(1))
        );
        assert_eq!(db.letter(MessageKey(9))?, Some(vec![1, 2]));
        assert_eq!(db.find_message(bob(), MessageId([2; 16]))?, Found::Deleted);
        assert_eq!(db.next_sequence(row.id, domain::Timestamp(0))?, 8);
        // What was prepared then may have left.
        let sent = Attempt {
            state: AttemptState::Sent,
            ..attempt(1, MessageKey(9))
        };
        assert_eq!(db.attempt(hash(1))?, Some(sent));
        let incoming = db.incoming(hash(2))?.unwrap();
        assert_eq!(
            (incoming.payment.state, incoming.payment.records.len()),
            (HoldState::Held, 2)
        );
        let refund = db.refund_of_payment(hash(5))?.unwrap();
        assert_eq!((refund.side, refund.done), (RefundSide::ByThem, true));
        let place = InvoicePlace {
            added: 12,
            settled: 7,
            hash: None,
        };
        assert_eq!(db.invoice_cursor()?, Some(place));
        assert_eq!(db.setting("theme")?.as_deref(), Some("dark"));
        assert_eq!(
            db.totals(None)?,
            Totals {
                fees: Msat::new(31),
                ..Totals::default()
            }
        );
        for text in ["闪电", "hel"] {
            assert_eq!(db.search(text, Some(row.id), None, 5)?.len(), 1, "{text}");
        }
        Ok(())
    }));
    checked.unwrap();
}

#[test]
fn a_file_of_a_newer_program_is_left_alone() {
    let (_folder, path) = file();
    let connection = first_release(&path);
    connection
        .pragma_update(None, "user_version", 1_000)
        .unwrap();
    connection.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let known = i64::try_from(SCRIPTS.len()).unwrap();
    match Store::open(&path, &key()) {
        Err(StoreError::Newer {
            found: 1_000,
            known: found,
        }) => assert_eq!(found, known),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let (_folder, path) = file();
    let connection = first_release(&path);
    connection.pragma_update(None, "application_id", 5).unwrap();
    drop(connection);
    let opened = Store::open(&path, &key());
    assert!(
        matches!(&opened, Err(StoreError::Corrupt(why)) if why.contains("another")),
        "{opened:?}"
    );
}

#[test]
fn a_script_that_fails_leaves_nothing_behind() {
    let (_folder, path) = file();
    let mut connection = first_release(&path);
    let scripts = [
        SCRIPTS[0],
        "CREATE TABLE later(x); INSERT INTO nowhere VALUES (1);",
    ];
    assert!(migrate(&mut connection, &scripts).is_err());
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
    assert!(connection.prepare("SELECT x FROM later").is_err());

    let scripts = [SCRIPTS[0], "CREATE TABLE later(x);"];
    for _ in 0..2 {
        migrate(&mut connection, &scripts).unwrap();
    }
    assert!(connection.prepare("SELECT x FROM later").is_ok());
}

#[test]
fn tables_are_strict() {
    let (_folder, path) = file();
    let connection = first_release(&path);
    let loose: Vec<String> = connection
        .prepare(
            "SELECT name FROM pragma_table_list
             WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%' AND schema = 'main'",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    assert_eq!(loose, Vec::<String>::new());
}
