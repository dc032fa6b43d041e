//! What an error means. LND speaks mostly in words: its code is "unknown" for a missing permission, a locked wallet and
//! a decided invoice alike.

use std::error::Error;

use tonic::{Code, Status};

use super::connect::DialError;
use crate::error::{LightningError, LinkFault};

/// Reads the answer to a call of `method` that failed.
pub(super) fn classify(method: &'static str, status: &Status) -> LightningError {
    // Only the transport adds a source; what the node itself says has none.
    if let Some(source) = status.source() {
        return LightningError::Unreachable(transport_fault(source));
    }
    let message = status.message();
    let says = |words: &str| message.contains(words);
    if says("permission denied") {
        return LightningError::Permission(method);
    }
    if let Some(fault) = node_fault(status.code(), message) {
        return LightningError::Unreachable(fault);
    }
    match status.code() {
        Code::AlreadyExists => LightningError::AlreadyExists,
        Code::Unimplemented => LightningError::Unsupported(method),
        // Not there, or just leaving.
        _ if says("peer is not connected")
            || says("peer exiting")
            || (message.starts_with("peer ") && message.ends_with(" disconnected")) =>
        {
            LightningError::NotConnected
        }
        Code::NotFound => LightningError::NotFound,
        _ if says("unable to locate invoice") || says("there are no existing invoices") => {
            LightningError::NotFound
        }
        _ if says("invoice already settled")
            || says("invoice already canceled")
            || says("invoice expired") =>
        {
            LightningError::TooLate
        }
        _ if says("invoice with payment hash already exists") => LightningError::AlreadyExists,
        _ if says("insufficient local balance") => LightningError::InsufficientBalance,
        _ if says("unable to find a path to destination")
            || says("destination hop doesn't understand new TLV payloads") =>
        {
            LightningError::NoRoute
        }
        _ => LightningError::Node(message.to_owned()),
    }
}

/// What the node says of its own state and of the macaroon.
fn node_fault(code: Code, message: &str) -> Option<LinkFault> {
    const FAULTS: [(&str, LinkFault); 10] = [
        ("wallet locked", LinkFault::WalletLocked),
        ("macaroon store is locked", LinkFault::WalletLocked),
        ("in the process of starting up", LinkFault::Starting),
        ("waiting to start", LinkFault::Starting),
        (
            "server is still in the process of starting",
            LinkFault::Starting,
        ),
        // Whatever is wrong with a macaroon, LND and its library name it, or the step that failed.
        ("macaroon", LinkFault::WrongMacaroon),
        ("unmarshal v", LinkFault::WrongMacaroon),
        ("verification failed", LinkFault::WrongMacaroon),
        ("caveat", LinkFault::WrongMacaroon),
        ("invalid ID", LinkFault::WrongMacaroon),
    ];
    if let Some((_, fault)) = FAULTS
        .into_iter()
        .find(|(words, _)| message.contains(words))
    {
        return Some(fault);
    }
    let leaving = ["shutting down", "server exiting", "wallet not created"];
    if leaving.iter().any(|words| message.contains(words)) {
        return Some(LinkFault::Broken(message.to_owned()));
    }
    match code {
        Code::DeadlineExceeded => Some(LinkFault::Timeout),
        // From something that stands before the node.
        Code::Unavailable => Some(LinkFault::Broken(message.to_owned())),
        Code::Unauthenticated => Some(LinkFault::WrongMacaroon),
        _ => None,
    }
}

/// Finds our own fault among what the layers of the channel have wrapped around it.
fn transport_fault(source: &(dyn Error + 'static)) -> LinkFault {
    let chain = || std::iter::successors(Some(source), |&error| error.source());
    chain()
        .find_map(|error| error.downcast_ref::<DialError>())
        .map(|dial| dial.0.clone())
        .unwrap_or_else(|| {
            // The innermost error says what happened; the outer ones only where.
            LinkFault::Broken(chain().last().map_or_else(String::new, ToString::to_string))
        })
}
