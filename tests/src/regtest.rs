//! A Lightning network of real nodes on this computer: btcd on regtest and LNDs with channels.

mod binaries;
mod btcd;
mod ledger;
mod lnd;
mod network;
mod other;
mod plan;
mod rpc;

pub use binaries::Binaries;
pub use btcd::Btcd;
pub use ledger::{Holdings, Incoming, InvoiceState, Outgoing, PaymentStatus};
pub use lnd::Lnd;
pub use network::Network;
pub use other::{Keysend, Outcome};
pub use plan::{ChannelPlan, HOLD, NodePlan, Plan};
pub use rpc::{invoicesrpc, lnrpc, routerrpc, signrpc};
