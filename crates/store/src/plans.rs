//! How SQLite answers: every statement of this crate is run here once, and none may walk through a table that grows.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use domain::{
    Amendment, AmendmentKind, AppMark, AttemptState, ConversationId, DeliveryEvent, HoldEvent,
    MessageId, MessageKey, Msat, Program, Trust, Way,
};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tempfile::TempDir;

use crate::testing::{
    alice, at, attempt, bob, contact, cut, delivery, from_bob, hash, held, key, piece, preimage,
    to_bob,
};
use crate::{
    Booking, Issued, Listed, NewCard, Outcome, PageAt, Reader, Received, RefundSide, Result, Tx,
    open,
};

thread_local! {
    static ASKED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Remembers a statement of this thread.
pub(crate) fn note(sql: &str) {
    ASKED.with_borrow_mut(|asked| asked.insert(sql.to_owned()));
}

fn statements_of(run: impl FnOnce() -> Result<()>) -> Vec<String> {
    ASKED.with_borrow_mut(BTreeSet::clear);
    run().unwrap();
    ASKED.with_borrow(|asked| asked.iter().cloned().collect())
}

/// The plan of a statement and of the triggers that it sets off, its parameters left empty.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        // What a foreign key does has no name.
        lines.extend(row.get::<_, Option<String>>("detail").unwrap());
    }
    lines
}

/// A new file and a connection to it.
fn database() -> (TempDir, Connection) {
    let folder = TempDir::new().unwrap();
    let connection = open::writer(&folder.path().join("messages.db"), &key()).unwrap();
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true)
        .unwrap();
    (folder, connection)
}

/// Everything that is asked.
fn questions(connection: &Connection) -> Vec<String> {
    let db = Reader::new(connection);
    let (chat, message) = (ConversationId(1), MessageKey(1));
    statements_of(|| {
        db.contact(bob())?;
        db.conversation(chat)?;
        db.conversation_of(bob())?;
        for listed in [
            Listed::Known,
            Listed::Unread,
            Listed::Held,
            Listed::Requests,
            Listed::Blocked,
        ] {
            db.conversations(listed, "x")?;
        }
        db.waiting(20)?;
        db.message(message)?;
        db.message_row(message)?;
        for at in [PageAt::End, PageAt::Before(message), PageAt::After(message)] {
            db.messages_page(chat, at, 50)?;
        }
        db.find_message(bob(), MessageId([1; 16]))?;
        db.next_sequence(chat, at(1))?;
        db.number_before(bob(), 7)?;
        db.missing(bob())?;
        db.to_be_asked(at(1))?;
        db.letter(message)?;
        db.amendments(&crate::testing::bubble(message))?;
        db.reply_of(&crate::testing::bubble(message))?;
        db.amendments_of(message)?;
        db.first_words(message)?;
        db.bubble_of(message)?;
        db.bubble_named(chat, &[alice(), bob()], MessageId([1; 16]))?;
        db.may_have_arrived(message)?;
        db.search("word", Some(chat), Some(message), 50)?;
        db.delivery(message)?;
        db.cut(message)?;
        db.unfinished_of(bob())?;
        db.unfinished_of_strangers()?;
        db.pieces(1)?;
        db.queued()?;
        db.repeats(at(1))?;
        db.attempt(hash(1))?;
        db.attempts_of(message)?;
        db.best_attempt(message)?;
        db.open_attempts()?;
        db.paid_before(hash(1))?;
        db.incoming(hash(1))?;
        db.incoming_of(message)?;
        db.unopened()?;
        db.unread_letters("now")?;
        db.newer_letters()?;
        db.undetermined()?;
        db.last_settled()?;
        db.seen_hashes()?;
        db.undecided()?;
        db.issued(hash(1))?;
        db.issued_for(bob(), [1; 16])?;
        db.issued_count(bob())?;
        db.all_issued()?;
        db.stranger_usage(bob())?;
        db.stranger_holds()?;
        db.surplus_requests(&domain::StrangerCaps::default())?;
        db.owner_of_key(&[2; 33])?;
        db.is_told([1; 4])?;
        db.card_fault(bob())?;
        db.hints(bob())?;
        db.refused_unread()?;
        db.request_nodes()?;
        db.unsigned_count()?;
        db.card(bob())?;
        db.known_with_card(9)?;
        db.seal_keys()?;
        db.refund_of_payment(hash(1))?;
        db.refund_by(message)?;
        db.invoice_cursor()?;
        db.totals(Some(bob()))?;
        db.setting("theme")?;
        db.app()?;
        db.is_own_mark(&AppMark::parse("heliograph 1 2 open").unwrap())?;
        Ok(())
    })
}

#[test]
fn reading_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    let statements = questions(&connection);
    assert!(statements.len() > 30, "{}", statements.len());
    for sql in &statements {
        for line in plan(&connection, sql) {
            // A partial index is as long as its few rows; the conversations are walked from the newest on; the words
            // are walked inside their index.
            let walks = line.starts_with("SCAN") && line != "SCAN CONSTANT ROW";
            let fine = line.contains(" USING ") || line.contains("VIRTUAL TABLE");
            assert!(!walks || fine, "{line}\n{sql}");
            let of_messages = line.starts_with("SCAN message ") || line.starts_with("SCAN m ");
            // Those of a later version are few.
            let newer = line.ends_with(" USING INDEX message_newer");
            assert!(!of_messages || newer, "{line}\n{sql}");
            // There are few requests: what has no room goes.
            let few = sql.contains("WHERE message = ?1") || sql.contains("WHERE trust = 0");
            assert!(few || !line.contains("TEMP B-TREE"), "{line}\n{sql}");
        }
    }
}

#[test]
fn the_hot_questions_use_the_index_made_for_them() {
    let (_folder, connection) = database();
    let db = Reader::new(&connection);
    let (chat, message) = (ConversationId(1), MessageKey(1));
    let list = statements_of(|| db.conversations(Listed::Known, "").map(drop));
    let page = statements_of(|| db.messages_page(chat, PageAt::End, 50).map(drop));
    let search = statements_of(|| db.search("word", Some(chat), Some(message), 50).map(drop));
    for (statements, expected) in [
        (
            list,
            vec![
                "SCAN c USING INDEX conversation_recent",
                "SEARCH p USING INDEX",
                "SEARCH m USING INTEGER PRIMARY KEY",
                "SEARCH s USING INTEGER PRIMARY KEY",
            ],
        ),
        (
            page,
            vec![
                "SEARCH message USING INDEX message_page (conversation=? AND amendment=? AND (place,sequence)<(?,?))",
            ],
        ),
        (
            search,
            vec![
                "SCAN f VIRTUAL TABLE INDEX",
                "SEARCH m USING INTEGER PRIMARY KEY",
            ],
        ),
    ] {
        assert_eq!(statements.len(), 1);
        let lines = plan(&connection, &statements[0]);
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, beginning) in lines.iter().zip(expected) {
            assert!(line.starts_with(beginning), "{line}");
        }
    }
}

/// Everything that is written.
fn orders(connection: &Connection) -> Vec<String> {
    let tx = Tx::new(connection);
    statements_of(|| {
        tx.add_contact(&contact(bob(), Trust::Request))?;
        tx.rename_contact(bob(), "Bob", "", Msat::ZERO)?;
        tx.set_trust(bob(), Trust::Known)?;
        tx.set_alias(bob(), "BOB")?;
        tx.set_program(bob(), Program::Other)?;
        let chat = tx.conversation_with(bob(), at(0))?;
        tx.set_draft(chat, "dear")?;
        let sent = tx.insert_message(&to_bob(chat, 1, "hi"))?.unwrap();
        tx.enqueue(&delivery(sent, chat))?;
        tx.insert_attempt(&attempt(1, sent))?;
        tx.step_delivery(sent, DeliveryEvent::Begin, Outcome::default(), at(1))?;
        tx.take_invoice(hash(3), &attempt(4, sent))?;
        tx.mark_sent(hash(1), Some(2))?;
        tx.set_waits_until(sent, Some(at(9)))?;
        tx.end_attempt(hash(1), AttemptState::Settled, Msat::SAT, None, None, at(2))?;
        tx.step_delivery(sent, DeliveryEvent::Settled, Outcome::default(), at(2))?;
        tx.see_payment(hash(2), &preimage(2), at(3))?;
        tx.receive_payment(&held(2, 1))?;
        let mut letter = from_bob(chat, 2, "ho");
        letter.letter = Some(vec![1]);
        let came = tx.insert_message(&letter)?.unwrap();
        tx.insert_letter(&from_bob(chat, 3, "again"), 7)?;
        tx.mark_opened(hash(2), Some(bob()), Some(came), false)?;
        tx.mark_unread(hash(2))?;
        tx.set_tried(hash(2), Some("now"))?;
        tx.store_cut(sent, &cut())?;
        let kept = tx.keep_piece(&piece(4, 0), at(4))?;
        tx.drop_unfinished(kept.unwrap().number)?;
        tx.drop_pieces(bob(), MessageId([4; 16]))?;
        tx.drop_unfinished_before(at(4))?;
        tx.step_hold(hash(2), HoldEvent::Settled, None, at(4))?;
        tx.drop_records(hash(2))?;
        tx.mark_seen(chat)?;
        tx.set_reply(came, MessageId([9; 16]), None)?;
        for (number, kind) in [(5, AmendmentKind::Edit), (6, AmendmentKind::Delete)] {
            let amends = Amendment {
                kind,
                of: MessageId([2; 16]),
            };
            tx.insert_amendment(&from_bob(chat, number, "hey"), amends, Some(came), 9)?;
            tx.settle_amendments(came)?;
        }
        tx.rewrite(sent, "hi there")?;
        tx.set_way(bob(), Way::FreeOnly, true)?;
        tx.add_seal_key(&[1; 32], &[2], at(4))?;
        tx.renew_card(&[3], at(5))?;
        tx.forget_seal_key(1)?;
        tx.take_card(
            &NewCard {
                node: bob(),
                card: vec![1],
                seal_key: [2; 33],
                issued: at(4),
                under: [2; 33],
            },
            false,
        )?;
        tx.issue(&Issued {
            hash: hash(5),
            preimage: preimage(5),
            node: bob(),
            request: [1; 16],
            amount: Msat::SAT,
            created_at: at(4),
            expires_at: at(5),
        })?;
        tx.close_issued(hash(5))?;
        tx.set_told(bob(), Some([1; 4]))?;
        tx.presume_told(bob(), [1; 4])?;
        let hint = domain::RouteHint {
            via: alice(),
            channel: 1,
            base_fee: Msat::SAT,
            fee_ppm: 1,
            cltv_delta: 1,
        };
        tx.set_hints(bob(), &[hint])?;
        tx.repeat_unconfirmed(bob(), at(0), Duration::from_secs(1), at(5))?;
        tx.begin_repeat(sent, at(3))?;
        tx.await_receipt(sent, at(3))?;
        tx.hurry_repeats(bob(), at(4))?;
        tx.resend(bob(), &[(1, 9)], at(0), at(1), at(5))?;
        tx.hear_number(bob(), 3, 7, at(5))?;
        tx.asked(bob(), at(6))?;
        tx.set_compared(bob(), Some([2; 33]))?;
        tx.take_receipt(alice(), bob(), MessageId([1; 16]), Received::Read, at(5))?;
        tx.claim_refund(hash(1), RefundSide::ByThem, came, Msat::SAT)?;
        tx.finish_refund(came)?;
        tx.drop_refund(sent)?;
        tx.drop_queued(bob(), at(6))?;
        tx.advance_added(1, Some(hash(1)))?;
        tx.advance_settled(1)?;
        tx.reset_invoice_cursor()?;
        tx.show_payment(hash(1), came)?;
        tx.set_waits(hash(1), true, true)?;
        tx.becomes_payment(came, Msat::SAT)?;
        tx.book(Booking::Fee, hash(1), Some(alice()), Msat::SAT, at(4))?;
        tx.set_setting("theme", "dark")?;
        tx.begin_run(1, 2)?;
        tx.set_in_charge(true, 3, at(5))?;
        tx.hear_app(4)?;
        tx.forget_marks()?;
        let mut newer = from_bob(chat, 8, "");
        newer.kind = domain::MessageKind::Newer;
        let newer = tx.insert_message(&newer)?.unwrap();
        tx.unfile(newer, Some(hash(2)))?;
        tx.delete_message(sent)?;
        tx.remove_conversation(chat)
    })
}

#[test]
fn writing_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    let statements = orders(&connection);
    assert!(statements.len() > 60, "{}", statements.len());
    let mut triggers = 0;
    for sql in &statements {
        for line in plan(&connection, sql) {
            triggers += usize::from(line.starts_with("-- TRIGGER "));
            let walks = line.starts_with("SCAN") && line != "SCAN CONSTANT ROW";
            assert!(!walks || line.contains(" USING "), "{line}\n{sql}");
        }
    }
    // What the triggers do is looked at too.
    assert!(triggers > 30, "{triggers}");
}

/// A conversation may have a million messages.
#[test]
fn nothing_walks_through_a_conversation_but_what_removes_it() {
    let (_folder, connection) = database();
    let statements = [questions(&connection), orders(&connection)].concat();
    for statistics in [false, true] {
        if statistics {
            pretend_a_million(&connection);
        }
        let mut walking = BTreeSet::new();
        for sql in &statements {
            let walks = ["message_page (conversation=?)", "message_1 (sender=?)"];
            let lines = plan(&connection, sql);
            let is_walk = |line: &String| walks.iter().any(|walk| line.ends_with(walk));
            // A stranger's messages are few.
            let few = sql.contains("authorship IN (0, 2)) AS messages");
            if lines.iter().any(is_walk) && !few {
                walking.insert(sql.as_str());
            }
        }
        let expected = [
            "DELETE FROM conversation WHERE id = ?1 RETURNING node",
            "DELETE FROM message WHERE conversation = ?1",
        ];
        assert_eq!(walking, BTreeSet::from(expected), "{statistics}");
    }
}

/// What ANALYZE writes after years: one conversation has nearly all of a million messages.
fn pretend_a_million(connection: &Connection) {
    connection
        .execute_batch("ANALYZE; DELETE FROM sqlite_stat1;")
        .unwrap();
    for (table, index, figures) in STATISTICS {
        connection
            .execute(
                "INSERT INTO sqlite_stat1(tbl, idx, stat) VALUES (?1, ?2, ?3)",
                (table, index, figures),
            )
            .unwrap();
    }
    connection.execute_batch("ANALYZE sqlite_schema").unwrap();
}

/// Rows of an index, and rows for one value of its first column, of its first two, and so on.
const STATISTICS: &[(&str, &str, &str)] = &[
    ("message", "message_page", "1000000 500000 490000 1 1 1"),
    ("message", "sqlite_autoindex_message_1", "1000000 400000 1"),
    ("message", "message_target", "20000 2 2 2 1"),
    ("message", "message_unread", "9000 4500"),
    ("message", "message_answers", "9000 2"),
    ("message", "message_overtook", "9000 2"),
    ("delivery", "delivery_unconfirmed", "9000 4500 1"),
    ("attempt", "attempt_message", "600000 2"),
    ("incoming", "incoming_message", "600000 1"),
    ("incoming", "incoming_sender", "600000 300000"),
    ("conversation", "conversation_recent", "500 2 1"),
];
