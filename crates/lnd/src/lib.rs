//! Who carries it: the [`Lightning`] port and its two worlds.

mod error;
mod lightning;
mod types;

pub use error::{LightningError, LinkFault};
pub use lightning::{Lightning, Updates};
pub use types::{
    Balance, Invoice, InvoiceCursor, InvoiceState, Keysend, NodeConfig, NodeFacts, NodeInfo,
    PaymentUpdate, PeerLink, Records, Route, RouteQuery, SharedSecret,
};
