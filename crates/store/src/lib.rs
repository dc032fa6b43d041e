//! What is kept: one encrypted database per profile.
//!
//! Everything is asked through closures: [`Store::write`] runs one inside a transaction and returns after it is on the
//! disk, [`Store::read`] runs one on a snapshot. What they may do stands as methods on [`Tx`] and [`Reader`], one file
//! per table. States change only by the `step` functions of crate `domain`, by updates that name the expected state.
//! No SQL leaves this crate, and nothing but domain types enters it.

mod amendments;
mod apps;
mod attempts;
mod cards;
mod codes;
mod column;
mod contacts;
mod conversations;
mod cursors;
mod cuts;
mod error;
mod fault;
mod hints;
mod incoming;
mod issued;
mod key;
mod ledger;
mod messages;
mod migrate;
mod numbers;
mod open;
mod outbox;
mod pieces;
mod pool;
mod receipts;
mod records;
mod refunds;
mod repeats;
mod requests;
mod seal_keys;
mod search;
mod secrets;
mod settings;
mod tx;
mod unread;
mod words;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod testing;

pub use amendments::{AmendmentRow, Amendments, Reaction, Replied, Reply};
pub use apps::AppRow;
pub use cards::{CardRow, KeyNews, NewCard};
pub use conversations::{ConversationRow, Listed, Preview};
pub use cursors::InvoicePlace;
pub use cuts::Cut;
pub use error::StoreError;
pub use fault::Fault;
pub use incoming::IncomingRow;
pub use issued::Issued;
pub use key::DatabaseKey;
pub use ledger::{Booking, Totals};
pub use messages::{Claim, Found, MessageRow, NewMessage, Page, PageAt};
pub use numbers::Range;
pub use outbox::{Delivery, Outcome};
pub use pieces::{NewPiece, Unfinished};
#[cfg(feature = "stepped")]
pub use pool::Pace;
pub use pool::Store;
pub use receipts::{Receipt, Received};
pub use refunds::{RefundRow, RefundSide};
pub use requests::StrangerHold;
pub use seal_keys::SealKeyRow;
pub use search::Hit;
pub use tx::{Reader, Tx};
pub use unread::{NewerLetter, UnreadLetter};

/// What every function of this crate returns.
pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;
