//! What an error means. LND speaks mostly in words: its code is "unknown" for a missing permission, a locked wallet and
//! a decided invoice alike. So words are believed only from the call that says them, and never where others chose them.

use std::error::Error;

use tonic::{Code, Status};

use super::connect::DialError;
use crate::error::{LightningError, LinkFault};
use crate::permission;

/// Calls whose errors may quote what others wrote: an invoice, or the address that a node announces. What LND says of its own
/// state begins its sentence; a quotation stands further behind.
const QUOTING: [&str; 3] = [
    permission::DECODE_INVOICE,
    permission::SEND_PAYMENT,
    permission::CONNECT_PEER,
];

/// Reads the answer to a call of `method` that failed.
pub(super) fn classify(method: &'static str, status: &Status) -> LightningError {
    // Only the transport adds a source; what the node itself says has none.
    if let Some(source) = status.source() {
        return LightningError::Unreachable(transport_fault(source));
    }
    let message = status.message();
    if message == "permission denied" {
        return LightningError::Permission(method);
    }
    if let Some(fault) = node_fault(method, message).or_else(|| code_fault(status)) {
        return LightningError::Unreachable(fault);
    }
    match status.code() {
        Code::AlreadyExists => LightningError::AlreadyExists,
        Code::Unimplemented => LightningError::Unsupported(method),
        code => match refusal(method, message) {
            Some(refusal) => refusal,
            None if code == Code::NotFound => LightningError::NotFound,
            None => LightningError::Node(message.to_owned()),
        },
    }
}

/// What these words mean from this call. From another one they mean nothing: there somebody else may have chosen them.
fn refusal(method: &str, message: &str) -> Option<LightningError> {
    use permission as call;
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    Some(match method {
        // Not there, or just leaving.
        call::SEND_CUSTOM_MESSAGE | call::SEND_ONION_MESSAGE
            if says(&["peer is not connected", "peer exiting"])
                || (message.starts_with("peer ") && message.ends_with(" disconnected")) =>
        {
            LightningError::NotConnected
        }
        call::LOOKUP_INVOICE
        | call::WATCH_INVOICE
        | call::SETTLE_INVOICE
        | call::CANCEL_INVOICE
        | call::DELETE_CANCELED_INVOICE
            if says(&["unable to locate invoice", "there are no existing invoices"]) =>
        {
            LightningError::NotFound
        }
        call::SETTLE_INVOICE | call::CANCEL_INVOICE
            if says(&["invoice already settled", "invoice already canceled"]) =>
        {
            LightningError::TooLate
        }
        call::SEND_PAYMENT if message.starts_with("invoice expired") => LightningError::TooLate,
        call::ADD_HOLD_INVOICE if says(&["invoice with payment hash already exists"]) => {
            LightningError::AlreadyExists
        }
        call::QUERY_ROUTES | call::SEND_TO_ROUTE if says(&["insufficient local balance"]) => {
            LightningError::InsufficientBalance
        }
        call::QUERY_ROUTES
            if says(&[
                "unable to find a path to destination",
                "destination hop doesn't understand new TLV payloads",
            ]) =>
        {
            LightningError::NoRoute
        }
        _ => return None,
    })
}

/// What the node says of its own state and of the macaroon.
fn node_fault(method: &str, message: &str) -> Option<LinkFault> {
    const FAULTS: [(&str, LinkFault); 12] = [
        ("wallet locked", LinkFault::WalletLocked),
        ("macaroon store is locked", LinkFault::WalletLocked),
        (
            "the RPC server is in the process of starting up",
            LinkFault::Starting,
        ),
        ("waiting to start", LinkFault::Starting),
        (
            "server is still in the process of starting",
            LinkFault::Starting,
        ),
        ("verification failed", LinkFault::WrongMacaroon),
        ("cannot get macaroon", LinkFault::WrongMacaroon),
        ("expected 1 macaroon", LinkFault::WrongMacaroon),
        ("unmarshal v", LinkFault::WrongMacaroon),
        // Whatever else is wrong with a macaroon, LND and its library name it, or the step that failed.
        ("macaroon", LinkFault::WrongMacaroon),
        ("caveat", LinkFault::WrongMacaroon),
        ("invalid ID", LinkFault::WrongMacaroon),
    ];
    let quotes = QUOTING.contains(&method);
    let says = |words: &str| match quotes {
        true => message.starts_with(words),
        false => message.contains(words),
    };
    if let Some((_, fault)) = FAULTS.into_iter().find(|(words, _)| says(words)) {
        return Some(fault);
    }
    let leaving = ["shutting down", "server exiting", "wallet not created"];
    leaving
        .into_iter()
        .any(says)
        .then(|| LinkFault::Broken(message.to_owned()))
}

/// What the code says of the node, whatever the words are.
fn code_fault(status: &Status) -> Option<LinkFault> {
    match status.code() {
        Code::DeadlineExceeded => Some(LinkFault::Timeout),
        // From something that stands before the node.
        Code::Unavailable => Some(LinkFault::Broken(status.message().to_owned())),
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
