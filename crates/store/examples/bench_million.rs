//! Figures for a database of a million messages: `cargo run --release -p heliograph-store --example bench_million`.
//! Another number of messages can be given as the first argument.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "small numbers"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use domain::{
    Authorship, Contact, ConversationId, Direction, MessageId, MessageKey, MessageKind, Msat,
    NodeId, PaymentHash, Privacy, Program, Timestamp, Trust,
};
use heliograph_store::{
    Booking, DatabaseKey, Listed, NewMessage, PageAt, Reader, Store, StoreError, Tx,
};
use tokio::runtime::Builder;

const CONVERSATIONS: usize = 500;
const BATCH: u64 = 5_000;

fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |text| text.parse())?;
    Builder::new_current_thread()
        .build()?
        .block_on(bench(messages))
}

async fn bench(messages: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::TempDir::new()?;
    let path = folder.path().join("messages.db");
    let key = DatabaseKey::new([7; 32]);
    let store = Store::open(&path, &key)?;

    let nodes: Vec<NodeId> = node_ids();
    let people = nodes.clone();
    let chats: Vec<ConversationId> = store
        .write(move |tx| {
            people
                .iter()
                .map(|node| meet(tx, *node))
                .collect::<Result<_, _>>()
        })
        .await?;
    let homes: Vec<(ConversationId, NodeId)> = chats.iter().copied().zip(nodes).collect();
    let (Some(&big), Some(&small)) = (homes.first(), homes.last()) else {
        return Ok(());
    };
    let start = Instant::now();
    for batch in 0..messages.div_ceil(BATCH) {
        let homes = homes.clone();
        store
            .write(move |tx| {
                for number in batch * BATCH..((batch + 1) * BATCH).min(messages) {
                    let home = homes.get(skewed(number)).copied().unwrap_or(big);
                    let new = message(home, number);
                    tx.insert_message(&new)?;
                    let kind = Booking::PostageReceived;
                    tx.book(
                        kind,
                        hash(number),
                        Some(new.sender),
                        Msat::SAT,
                        new.stored_at,
                    )?;
                }
                Ok(())
            })
            .await?;
    }
    figure(
        "fill, per message",
        start.elapsed() / u32::try_from(messages)?,
    );

    let mut single = Vec::new();
    for number in messages..messages + 200 {
        let start = Instant::now();
        store
            .write(move |tx| tx.insert_message(&message(big, number)))
            .await?;
        single.push(start.elapsed());
    }
    single.sort();
    figure(
        "one message, one commit (median)",
        single.get(100).copied().unwrap_or_default(),
    );

    let start = Instant::now();
    store.close().await?;
    figure("close", start.elapsed());
    println!(
        "{:>10} MB  file",
        std::fs::metadata(&path)?.len() / 1_000_000
    );

    let start = Instant::now();
    let store = Store::open(&path, &key)?;
    figure("open", start.elapsed());
    measure(&store, "list of 500 conversations", |db| {
        Ok(db.conversations(Listed::Known, "")?.len())
    })
    .await?;
    let (big, _) = big;
    measure(&store, "last 50 messages", move |db| {
        Ok(db.messages_page(big, PageAt::End, 50)?.rows.len())
    })
    .await?;
    let middle = MessageKey(i64::try_from(messages / 2)?);
    let anchor = store
        .read(move |db| {
            Ok(db
                .message(middle)?
                .map_or(big, |message| message.conversation))
        })
        .await?;
    measure(&store, "50 messages around an old one", move |db| {
        Ok(db
            .messages_page(anchor, PageAt::Around(middle), 50)?
            .rows
            .len())
    })
    .await?;
    let frequent = word(7);
    let two = format!("{frequent} lightning");
    for text in [
        "lightning",
        &frequent,
        &two,
        "lig",
        "li",
        "闪电",
        "闪",
        "闪电网络 lightning",
    ] {
        let sought = text.to_owned();
        measure(&store, &format!("search {text}"), move |db| {
            Ok(db.search(&sought, None, None, 50)?.len())
        })
        .await?;
    }
    let small = Some(small.0);
    measure(&store, "search lightning in a small one", move |db| {
        Ok(db.search("lightning", small, None, 50)?.len())
    })
    .await?;
    measure(&store, "costs by contact", |db| {
        Ok(db.totals_by_contact()?.len())
    })
    .await?;
    measure(&store, "costs by month", |db| {
        Ok(db.totals_by_month()?.len())
    })
    .await?;
    store.close().await?;
    Ok(())
}

/// First time, and the median of twenty more.
async fn measure<F>(store: &Store, name: &str, f: F) -> Result<(), StoreError>
where
    F: Fn(&Reader<'_>) -> Result<usize, StoreError> + Clone + Send + 'static,
{
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..21 {
        let f = f.clone();
        let start = Instant::now();
        rows = store.read(move |db| f(db)).await?;
        times.push(start.elapsed());
    }
    let first = times.first().copied().unwrap_or_default();
    times.sort();
    figure(&format!("{name}: {rows} rows, first"), first);
    figure(
        &format!("{name}: {rows} rows, median"),
        times.get(10).copied().unwrap_or_default(),
    );
    Ok(())
}

fn figure(name: &str, time: Duration) {
    println!("{:>10.3} ms  {name}", time.as_secs_f64() * 1_000.0);
}

/// Points on the curve, found by trying: every other number is the x of one.
fn node_ids() -> Vec<NodeId> {
    (1_u32..)
        .filter_map(|number| {
            let mut bytes = [0; 33];
            bytes[0] = 2;
            bytes[29..].copy_from_slice(&number.to_be_bytes());
            NodeId::from_bytes(&bytes).ok()
        })
        .take(CONVERSATIONS)
        .collect()
}

fn meet(tx: &Tx<'_>, node: NodeId) -> Result<ConversationId, StoreError> {
    tx.add_contact(&Contact {
        node,
        name: String::new(),
        note: String::new(),
        alias: node.short(),
        trust: Trust::Known,
        program: Program::Unknown,
        accept_up_to: Msat::ZERO,
        way: domain::Way::Auto,
        sealed_only: false,
        since: Timestamp(0),
    })?;
    tx.conversation_with(node, Timestamp(0))
}

/// Mixes a number: the same benchmark every time.
const fn mixed(number: u64) -> u64 {
    let x = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16
}

/// A conversation: about half of the messages stand in the first twentieth of them.
fn skewed(number: u64) -> usize {
    let part = mixed(number) % 1_000_000;
    usize::try_from(part * part / 1_000_000 * part / 1_000_000 / 2_000).unwrap_or(0)
}

fn message((conversation, sender): (ConversationId, NodeId), number: u64) -> NewMessage {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    NewMessage {
        conversation,
        sender,
        id: MessageId(id),
        direction: Direction::Incoming,
        kind: MessageKind::Text,
        text: text(number),
        payment: Msat::ZERO,
        sent_at: Timestamp(0),
        stored_at: Timestamp(i64::try_from(number).unwrap_or(0) * 60_000),
        authorship: Authorship::Verified,
        privacy: Privacy::Sealed,
        seen: true,
        carrier: None,
        letter: None,
    }
}

/// Some words of many, a common one in every hundredth, Chinese in every sixteenth.
fn text(number: u64) -> String {
    let mut text = String::new();
    for place in 0..4 + mixed(number) % 28 {
        let part = mixed(number * 64 + place) % 40_000;
        // Squared, so that some words are frequent.
        text.push_str(&word(part * part / 40_000));
        text.push(' ');
    }
    if number.is_multiple_of(100) {
        text.push_str("lightning");
    }
    if number.is_multiple_of(16) {
        text.push_str("我们在闪电网络上聊天");
    }
    text
}

/// A word of two to four syllables.
fn word(number: u64) -> String {
    let mut rest = mixed(number);
    let mut word = String::new();
    for _ in 0..2 + number % 3 {
        for letters in ["bcdfghjklmnprstvwxyz", "aeiou"] {
            let length = u64::try_from(letters.len()).unwrap_or(1);
            let letter = usize::try_from(rest % length).unwrap_or(0);
            word.extend(letters.chars().nth(letter));
            rest /= length;
        }
    }
    word
}

fn hash(number: u64) -> PaymentHash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&mixed(number).to_be_bytes());
    hash[8..16].copy_from_slice(&number.to_be_bytes());
    PaymentHash(hash)
}
