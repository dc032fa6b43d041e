//! The world of a real LND, over gRPC.

mod bolt11;
mod connect;
mod free;
mod hints;
mod invoices;
mod node;
mod pay;
mod reach;
mod signer;
mod status;
#[cfg(test)]
mod tests;

#[cfg(feature = "test-world")]
pub use connect::channel;
pub use node::GrpcNode;

/// Generated from `proto/lnd`; nothing of it leaves this module.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::use_self,
    reason = "generated"
)]
pub(crate) mod rpc {
    pub(crate) mod lnrpc {
        tonic::include_proto!("lnrpc");
    }
    pub(crate) mod routerrpc {
        tonic::include_proto!("routerrpc");
    }
    pub(crate) mod invoicesrpc {
        tonic::include_proto!("invoicesrpc");
    }
    pub(crate) mod signrpc {
        tonic::include_proto!("signrpc");
    }
}
