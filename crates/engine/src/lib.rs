//! What happens: actors that carry messages between the database and the node.
//!
//! ```text
//! commands ─▶ store ◀─ outbox ─▶ lightning        a command writes intent and returns
//!                ▲        └─ tracker ◀─ payments   the tracker writes outcomes
//!                ├───── inbox ◀──────── invoices   the inbox stores what came, before anything is decided
//!                └───── holds ─▶ lightning         holds carry decisions out, before the deadline
//! ```
//! Every actor can be killed at any moment: the rows that it leaves name the next step.

mod books;
mod clock;
mod commands;
mod compose;
mod engine;
mod error;
mod feed;
mod filing;
mod holds;
mod identity;
mod inbox;
mod link;
mod neighbours;
mod opening;
mod outbox;
mod quotes;
mod reception;
mod rules;
mod tasks;
mod tracker;

pub use clock::{Clock, SystemClock};
pub use commands::Outgoing;
pub use engine::{Deps, Engine};
pub use error::EngineError;
pub use feed::{Change, Changes};
pub use link::LinkState;
pub use neighbours::Reach;
pub use quotes::Quote;
pub use rules::{Choices, KeysendMode};
