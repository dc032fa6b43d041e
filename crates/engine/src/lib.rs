//! What happens: actors that carry messages between the database and the node.
//!
//! ```text
//! commands ─▶ store ◀─ outbox ─▶ lightning        a command writes intent and returns
//!                ▲        └─ tracker ◀─ payments   the tracker writes outcomes
//!                ├───── inbox ◀──────── invoices   the inbox stores what came, before anything is decided
//!                ├───── holds ─▶ lightning         holds carry decisions out, before the deadline
//!                └───── post ◀────────── free      letters without a payment, and their receipts
//! ```
//! Every actor can be killed at any moment: the rows that it leaves name the next step.

mod amendments;
mod apps;
mod aside;
mod books;
mod choice;
mod clock;
mod commands;
mod compose;
mod disk;
mod door;
mod engine;
mod error;
mod feed;
mod filing;
mod free;
mod health;
mod hints;
mod holds;
mod identity;
mod inbox;
mod invoices;
mod keys;
mod link;
mod listening;
mod lost_keys;
mod marks;
mod missing;
mod neighbours;
mod opening;
mod outbox;
mod outcome;
mod parts;
mod people;
mod purse;
mod quotes;
mod reading;
mod reception;
mod reopening;
mod returns;
mod rules;
mod sealing;
mod tasks;
mod time;
mod tracker;
mod watched;

pub use amendments::Amend;
pub use clock::{Clock, SystemClock};
pub use commands::{Outgoing, can_pay_back};
pub use engine::{Deps, Engine};
pub use error::EngineError;
pub use feed::{Change, Changes};
pub use free::onion_pace;
pub use link::LinkState;
pub use neighbours::Reach;
pub use people::KeyFacts;
pub use quotes::Quote;
pub use rules::{Choices, KeysendMode};
