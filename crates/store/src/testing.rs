//! The people and things of the tests. The profile is alice's; the others write to her.

use std::path::PathBuf;

use domain::{
    Attempt, AttemptState, Authorship, Carrier, Contact, ConversationId, DeliveryState, Direction,
    Expectation, HoldState, IncomingPayment, MessageId, MessageKey, MessageKind, Msat, NodeId,
    Packing, PaymentHash, Preimage, Privacy, Program, Timestamp, Trust, Way,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{Cut, DatabaseKey, Delivery, NewMessage, NewPiece, Reader, Result, Store, Tx};

/// A database in a folder that goes away with it.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) runtime: Runtime,
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("messages.db"), &key()).unwrap();
        Self {
            store,
            runtime: runtime(),
            folder,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("messages.db")
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.try_write(f).unwrap()
    }

    pub(crate) fn try_write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.runtime.block_on(self.store.write(f))
    }

    pub(crate) fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Reader<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.read(f)).unwrap()
    }

    /// The same file, closed and opened again.
    pub(crate) fn reopen(&mut self) {
        self.runtime.block_on(self.store.close()).unwrap();
        self.store = Store::open(&self.path(), &key()).unwrap();
    }

    /// A known contact and the conversation with them.
    pub(crate) fn meet(&self, node: NodeId) -> ConversationId {
        self.write(move |tx| {
            tx.add_contact(&contact(node, Trust::Known))?;
            tx.conversation_with(node, at(0))
        })
    }

    pub(crate) fn store_message(&self, message: NewMessage) -> MessageKey {
        self.write(move |tx| tx.insert_message(&message)).unwrap()
    }

    /// A text to bob in the outbox.
    pub(crate) fn send(&self, to: ConversationId, number: u8, text: &str) -> MessageKey {
        let message = to_bob(to, number, text);
        self.write(move |tx| {
            let key = tx.insert_message(&message)?.unwrap();
            let sequence = tx.next_sequence(to, domain::Timestamp(0))?;
            tx.enqueue(&Delivery {
                sequence,
                ..delivery(key, to)
            })?;
            Ok(key)
        })
    }

    /// A payment from bob that is held, with a message that was opened.
    pub(crate) fn hold(&self, from: ConversationId, number: u8, sat: u64) -> MessageKey {
        let payment = held(number, sat);
        let message = NewMessage {
            kind: MessageKind::Payment,
            payment: payment.amount,
            ..from_bob(from, number, "for the coffee")
        };
        self.write(move |tx| {
            assert!(tx.receive_payment(&payment)?);
            let key = tx.insert_message(&message)?.unwrap();
            tx.mark_opened(payment.hash, Some(bob()), Some(key), false)?;
            Ok(key)
        })
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

pub(crate) fn key() -> DatabaseKey {
    DatabaseKey::new([7; 32])
}

/// The user of this database.
pub(crate) fn alice() -> NodeId {
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        .parse()
        .unwrap()
}

pub(crate) fn bob() -> NodeId {
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
        .parse()
        .unwrap()
}

pub(crate) fn carol() -> NodeId {
    "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"
        .parse()
        .unwrap()
}

/// So many seconds after the story began, in 2026.
pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_767_225_600_i64.saturating_add(secs))
}

pub(crate) fn preimage(number: u8) -> Preimage {
    Preimage::new([number; 32])
}

pub(crate) fn hash(number: u8) -> PaymentHash {
    preimage(number).payment_hash()
}

pub(crate) fn contact(node: NodeId, trust: Trust) -> Contact {
    Contact {
        node,
        name: String::new(),
        note: String::new(),
        alias: String::new(),
        trust,
        program: Program::Unknown,
        accept_up_to: Msat::ZERO,
        way: Way::Auto,
        sealed_only: false,
        since: at(0),
    }
}

/// Written by bob, and stored `number` seconds after the beginning.
pub(crate) fn from_bob(conversation: ConversationId, number: u8, text: &str) -> NewMessage {
    NewMessage {
        conversation,
        sender: bob(),
        id: MessageId([number; 16]),
        direction: Direction::Incoming,
        kind: MessageKind::Text,
        text: text.into(),
        payment: Msat::ZERO,
        sent_at: at(number.into()),
        stored_at: at(number.into()),
        authorship: Authorship::Verified,
        privacy: Privacy::Sealed,
        seen: false,
        carrier: Some(Carrier::Keysend),
        letter: None,
    }
}

/// A message as it is read, that answers another.
pub(crate) fn bubble(key: MessageKey) -> domain::Message {
    domain::Message {
        key,
        conversation: ConversationId(1),
        id: MessageId([1; 16]),
        direction: Direction::Incoming,
        kind: MessageKind::Text,
        text: "hi".into(),
        payment: Msat::ZERO,
        sent_at: at(1),
        stored_at: at(1),
        authorship: Authorship::Verified,
        claims: None,
        privacy: Privacy::Open,
        seen: true,
        carrier: None,
        amends: None,
        reply_to: Some(MessageId([2; 16])),
        edited_at: None,
        taken_back_at: None,
    }
}

/// Written by alice, and stored `number` seconds after the beginning.
pub(crate) fn to_bob(conversation: ConversationId, number: u8, text: &str) -> NewMessage {
    NewMessage {
        sender: alice(),
        direction: Direction::Outgoing,
        seen: true,
        carrier: None,
        ..from_bob(conversation, number, text)
    }
}

pub(crate) fn delivery(message: MessageKey, conversation: ConversationId) -> Delivery {
    Delivery {
        message,
        conversation,
        to: bob(),
        state: DeliveryState::Queued,
        expectation: Expectation::Return,
        amount: Msat::SAT,
        fee_limit: Msat::new(10_000),
        refund_of: None,
        sequence: 1,
        failure: None,
        returned: None,
        waits_until: None,
        tries: 0,
        next_try: None,
        gives_up_at: None,
        leaves_by: None,
        way: Way::Auto,
        delivered_at: None,
        read_at: None,
        updated_at: at(0),
    }
}

pub(crate) fn attempt(number: u8, message: MessageKey) -> Attempt {
    Attempt {
        hash: hash(number),
        preimage: Some(preimage(number)),
        message,
        carrier: Carrier::Keysend,
        part: None,
        try_number: None,
        amount: Msat::SAT,
        fee_limit: Msat::new(10_000),
        invoice: None,
        records: vec![(1_212_501_065, vec![1, 2, 3]), (u64::MAX, vec![])],
        state: AttemptState::Prepared,
        fee: Msat::ZERO,
        hops: None,
        failure: None,
        created_at: at(number.into()),
        ended_at: None,
    }
}

/// 25 bytes in three parts.
pub(crate) fn cut() -> Cut {
    Cut {
        packing: Packing::Plain,
        hash: [7; 32],
        each: 10,
        bytes: (0..25).collect(),
    }
}

/// One of these parts, of bob's letter of this name.
pub(crate) fn piece(letter: u8, index: u32) -> NewPiece {
    NewPiece {
        sender: bob(),
        id: MessageId([letter; 16]),
        set: cut().set(),
        index,
        bytes: cut().part(index).unwrap().to_vec(),
    }
}

pub(crate) fn held(number: u8, sat: u64) -> IncomingPayment {
    IncomingPayment {
        hash: hash(number),
        within: None,
        preimage: preimage(number),
        carrier: Carrier::Keysend,
        amount: Msat::from_sat(sat).unwrap(),
        channel: None,
        records: vec![(1_212_501_065, vec![number; 40])],
        state: HoldState::Held,
        decision: None,
        deadline: Some(at(900)),
        arrived_at: at(number.into()),
    }
}
