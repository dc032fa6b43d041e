//! A process that writes is killed again and again. Whatever it was told to be stored is there afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "helpers of a test"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use domain::{
    Authorship, Contact, ConversationId, Direction, MessageId, MessageKind, Msat, NodeId,
    PaymentHash, Privacy, Program, Timestamp, Trust,
};
use heliograph_store::{Booking, DatabaseKey, NewMessage, PageAt, Store, StoreError};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const FILE: &str = "HELIOGRAPH_KILL_TEST_FILE";
const ROUNDS: u64 = 20;

/// Ends with its parent's test, however that ends.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bob() -> NodeId {
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
        .parse()
        .unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn open(path: &Path) -> Store {
    Store::open(path, &DatabaseKey::new([7; 32])).unwrap()
}

fn message(conversation: ConversationId, number: u64) -> NewMessage {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    NewMessage {
        conversation,
        sender: bob(),
        id: MessageId(id),
        direction: Direction::Incoming,
        kind: MessageKind::Text,
        text: format!("word{number} {}", "闪电 filler ".repeat(20)),
        payment: Msat::ZERO,
        sent_at: Timestamp(0),
        stored_at: Timestamp(i64::try_from(number).unwrap()),
        authorship: Authorship::Verified,
        privacy: Privacy::Sealed,
        seen: false,
        carrier: None,
        letter: Some(number.to_be_bytes().to_vec()),
    }
}

fn hash(number: u64) -> PaymentHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    PaymentHash(bytes)
}

/// What is stored of one message: itself, the booking, the cursor.
async fn write(store: &Store, conversation: ConversationId, number: u64) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            tx.insert_message(&message(conversation, number))?;
            tx.book(
                Booking::MessageReceived,
                hash(number),
                Some(bob()),
                Msat::ZERO,
                Timestamp(0),
            )?;
            tx.advance_added(number, None)
        })
        .await
}

/// The process that is killed. It prints the number of each message after it was told that it is stored.
#[test]
#[ignore = "the other test of this file starts it"]
fn writer() {
    let Some(path) = std::env::var_os(FILE).map(PathBuf::from) else {
        return;
    };
    let store = open(&path);
    runtime().block_on(async {
        let (chat, mut number) = store
            .write(|tx| {
                let chat = tx.conversation_with(bob(), Timestamp(0))?;
                Ok((chat, tx.invoice_cursor()?.map_or(0, |place| place.added)))
            })
            .await
            .unwrap();
        let mut out = std::io::stdout();
        // Ends by itself when nobody listens any more.
        loop {
            let burst = number % 7 + 1;
            let writes: Vec<_> = (1..=burst)
                .map(|next| {
                    let (store, number) = (store.clone(), number + next);
                    tokio::spawn(async move { write(&store, chat, number).await.map(|()| number) })
                })
                .collect();
            for write in writes {
                let stored = write.await.unwrap().unwrap();
                if writeln!(out, "stored {stored}")
                    .and_then(|()| out.flush())
                    .is_err()
                {
                    return;
                }
            }
            number += burst;
        }
    });
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("messages.db");
    let runtime = runtime();
    let store = open(&path);
    let contact = Contact {
        node: bob(),
        name: String::new(),
        note: String::new(),
        alias: String::new(),
        trust: Trust::Known,
        program: Program::Unknown,
        accept_up_to: Msat::ZERO,
        way: domain::Way::Auto,
        sealed_only: false,
        since: Timestamp(0),
    };
    runtime
        .block_on(store.write(move |tx| tx.add_contact(&contact)))
        .unwrap();
    runtime.block_on(store.close()).unwrap();

    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--ignored", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut child = Writer(child);
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let mut told = |line: std::io::Result<String>| {
            if let Some(number) = line.unwrap().strip_prefix("stored ") {
                acknowledged = number.parse::<u64>().unwrap();
                return true;
            }
            false
        };
        // Sometimes at once, sometimes in the middle of a burst, sometimes after a checkpoint.
        let mut wanted = round * round % 61 + 1;
        while wanted > 0 {
            if told(lines.next().unwrap()) {
                wanted -= 1;
            }
        }
        child.0.kill().unwrap();
        // What it could still say.
        for line in lines {
            told(line);
        }
        child.0.wait().unwrap();

        let store = open(&path);
        let last = acknowledged;
        let stored = runtime
            .block_on(store.read(move |db| {
                let chat = db.conversation_of(bob())?.unwrap();
                let row = db.conversation(chat)?.unwrap();
                let cursor = db.invoice_cursor()?.unwrap().added;
                let totals = db.totals(Some(bob()))?;
                // The counts, the sums and the cursor tell of the same messages.
                assert_eq!(u64::from(row.unread), cursor);
                assert_eq!(u64::from(totals.messages_received), cursor);
                assert_eq!(
                    row.last.unwrap().at,
                    Timestamp(i64::try_from(cursor).unwrap())
                );
                assert!(cursor >= last, "{cursor} of {last}");
                for number in 1..=cursor {
                    let sought = message(chat, number);
                    let heliograph_store::Found::Here(key) = db.find_message(bob(), sought.id)?
                    else {
                        panic!("message {number} of {cursor} is lost in round {round}")
                    };
                    assert_eq!(db.message(key)?.unwrap().text, sought.text);
                    assert_eq!(db.letter(key)?, sought.letter);
                }
                let newest = db.messages_page(chat, PageAt::End, 5)?.rows;
                let text = format!("word{cursor}");
                let hits = db.search(&text, Some(chat), None, 5)?;
                let sought = newest.last().unwrap().message.key;
                assert!(
                    hits.iter().any(|hit| hit.message == sought),
                    "{text} is not found"
                );
                Ok(cursor)
            }))
            .unwrap();
        // A replay of what was not acknowledged stores nothing twice.
        runtime
            .block_on(async {
                let chat = store.read(|db| db.conversation_of(bob())).await?.unwrap();
                write(&store, chat, stored).await?;
                let row = store.read(move |db| db.conversation(chat)).await?.unwrap();
                assert_eq!(u64::from(row.unread), stored);
                store.close().await
            })
            .unwrap();
    }
    assert!(acknowledged >= ROUNDS);
}
