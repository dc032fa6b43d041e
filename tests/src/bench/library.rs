//! A profile with a long history.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use api::Home;
use api::vault::{Passphrase, PassphraseVault, Vault};
use domain::{
    Authorship, Contact, ConversationId, Direction, MessageId, MessageKind, Msat, NodeId, Privacy,
    Program, Timestamp, Trust,
};
use store::{DatabaseKey, NewMessage, Store, StoreError, Tx};

use crate::person::Person;
use crate::regtest::Lnd;
use crate::wait::until;

/// Conversations, unless there are fewer messages.
const CONVERSATIONS: u64 = 500;
/// Messages of one transaction.
const BATCH: u64 = 5_000;
/// From one message to the next.
const PAUSE: Duration = Duration::from_secs(60);
/// How old the newest one is: the list shows its day, which is the same at every start.
const AGE: Duration = Duration::from_secs(20 * 86_400);
/// How long a program may take to let go of its home.
const END: Duration = Duration::from_secs(20);
const WORDS: [&str; 16] = [
    "harbour", "noon", "lantern", "boat", "we", "meet", "the", "at", "letter", "paid", "tomorrow",
    "channel", "thanks", "闪电", "coffee", "later",
];

/// What was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Library {
    pub(super) messages: u64,
    pub(super) conversations: u64,
    pub(super) bytes: u64,
    /// How long the key derivation of the passphrase takes.
    pub(super) unlocking: Duration,
}

/// Makes a profile in `folder` on this node, whose secrets are behind the passphrase, and fills it.
pub(super) async fn make(
    folder: &Path,
    lnd: &Lnd,
    passphrase: &str,
    messages: u64,
) -> Result<Library> {
    let input = lnd.as_a_person_pastes_it().await?;
    let owner = Person::live(lnd.name(), lnd.node().await?, input, folder, passphrase).await?;
    let profiles = owner.app()?.profiles_list().await?;
    let profile = profiles.into_iter().next().context("there is no profile")?;
    owner.close().await;
    drop(owner);
    let home = until("the home is free", END, async || {
        Ok(Some(Home::at(folder)?))
    })
    .await?;

    let vault = PassphraseVault::new(home.profiles(), Passphrase::new(passphrase.to_owned()));
    let start = Instant::now();
    let secrets = vault.read(&profile.id).await?;
    let unlocking = start.elapsed();
    let file = home.profiles().join(&profile.id).join("messages.db");
    let store = Store::open(&file, &DatabaseKey::new(secrets.database_key))?;
    tracing::info!("filling a database with {messages} messages");
    let conversations = fill(&store, messages).await?;
    store.close().await?;
    Ok(Library {
        messages,
        conversations,
        bytes: std::fs::metadata(&file)?.len(),
        unlocking,
    })
}

async fn fill(store: &Store, messages: u64) -> Result<u64> {
    let count = CONVERSATIONS.min(messages.div_ceil(10));
    let nodes = node_ids(usize::try_from(count)?);
    let homes: Vec<(ConversationId, NodeId)> = store
        .write(move |tx| nodes.iter().map(|&node| meet(tx, node)).collect())
        .await?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let newest = Timestamp(i64::try_from(now.as_millis())?).minus(AGE);
    for batch in 0..messages.div_ceil(BATCH) {
        let homes = homes.clone();
        store
            .write(move |tx| {
                for number in batch * BATCH..((batch + 1) * BATCH).min(messages) {
                    let before = u32::try_from(messages - number).unwrap_or(u32::MAX);
                    let at = newest.minus(PAUSE * before);
                    let place = usize::try_from(skewed(number, count)).unwrap_or(0);
                    tx.insert_message(&message(homes[place], number, at))?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(count)
}

fn meet(tx: &Tx<'_>, node: NodeId) -> Result<(ConversationId, NodeId), StoreError> {
    tx.add_contact(&Contact {
        node,
        name: format!("Contact {}", &node.short()),
        note: String::new(),
        alias: String::new(),
        trust: Trust::Known,
        program: Program::Heliograph { hold_secs: None },
        accept_up_to: Msat::ZERO,
        way: domain::Way::Auto,
        sealed_only: false,
        since: Timestamp(0),
    })?;
    Ok((tx.conversation_with(node, Timestamp(0))?, node))
}

fn message(
    (conversation, sender): (ConversationId, NodeId),
    number: u64,
    at: Timestamp,
) -> NewMessage {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let words = (0..4 + mixed(number) % 12).map(|place| {
        let word = usize::try_from(mixed(number * 64 + place) % 16).unwrap_or(0);
        WORDS[word]
    });
    NewMessage {
        conversation,
        sender,
        id: MessageId(id),
        direction: Direction::Incoming,
        kind: MessageKind::Text,
        text: words.collect::<Vec<_>>().join(" "),
        payment: Msat::ZERO,
        sent_at: at,
        stored_at: at,
        authorship: Authorship::Verified,
        privacy: Privacy::Sealed,
        seen: !number.is_multiple_of(100),
        carrier: None,
        letter: None,
    }
}

/// Mixes a number: the same history every time.
const fn mixed(number: u64) -> u64 {
    let x = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16
}

/// A conversation: half of the messages stand in the first quarter of them.
fn skewed(number: u64, conversations: u64) -> u64 {
    let part = mixed(number) % 1_000;
    part * part * conversations / 1_000_000
}

/// Points on the curve, found by trying: every other number is the x of one.
fn node_ids(count: usize) -> Vec<NodeId> {
    (1_u32..)
        .filter_map(|number| {
            let mut bytes = [0; 33];
            bytes[0] = 2;
            bytes[29..].copy_from_slice(&number.to_be_bytes());
            NodeId::from_bytes(&bytes).ok()
        })
        .take(count)
        .collect()
}
