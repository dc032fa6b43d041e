//! Who carries it: the [`Lightning`] port and its two worlds.

mod credentials;
mod diagnose;
mod error;
pub mod grpc;
mod lightning;
pub mod permission;
#[cfg(feature = "sim")]
pub mod sim;
mod types;

pub use credentials::{CertDer, Credentials, CredentialsError, Macaroon, address};
pub use diagnose::diagnose;
pub use error::{LightningError, LinkFault};
pub use grpc::GrpcNode;
pub use lightning::{Lightning, Updates};
pub use types::{
    Balance, ChannelEvent, DecodedInvoice, Further, Invoice, InvoiceCursor, InvoiceKind,
    InvoiceNews, InvoicePage, InvoicePayment, InvoiceState, Keysend, LARGEST_PEER_MESSAGE,
    NewInvoice, NodeConfig, NodeFacts, NodeInfo, ONION_SIZES, OnionMessage, Over, PaidBy,
    PaymentUpdate, PeerEvent, PeerLink, PeerMessage, RawReplyPath, Records, Route, RouteQuery,
    SharedSecret,
};
