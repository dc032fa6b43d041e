//! Invoices that are handed from app to app: the recipient's node holds what is paid to them.

use std::fmt;

use domain::{AppMark, Msat, NodeId, PaymentHash, Timestamp};

use super::{Records, Sizes};

/// A hold invoice to make: its maker keeps the preimage, and settles or cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewInvoice {
    /// The hash of a preimage that the caller has stored. One payment, whatever becomes of it.
    pub hash: PaymentHash,
    /// What it asks for; zero leaves that to the payer.
    pub amount: Msat,
    /// For how long it can be paid, in seconds; zero is the node's own, a day.
    pub expiry_secs: u32,
    /// Blocks between the arrival of the payment and its expiry, at least 18; zero is the node's own, 80. The node returns
    /// what is still held 18 blocks before the end.
    pub cltv_expiry: u32,
    /// Its description, for other apps on the node; `None`: it has none.
    pub mark: Option<AppMark>,
}

/// A payment to an invoice.
#[derive(Clone, PartialEq, Eq)]
pub struct InvoicePayment {
    /// The invoice.
    pub bolt11: String,
    /// What the recipient gets. An invoice that asks for another amount is not paid.
    pub amount: Msat,
    /// Custom records; each part carries all of them.
    pub records: Records,
    /// The most in fees, of all parts together.
    pub fee_limit: Msat,
    /// Path finding ends after this many seconds; a held payment waits longer.
    pub timeout_secs: u32,
    /// Into how many parts it may be split; zero is as one.
    pub max_parts: u32,
}

impl fmt::Debug for InvoicePayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the text can pay it.
        f.debug_struct("InvoicePayment")
            .field("amount", &self.amount)
            .field("records", &Sizes(&self.records))
            .field("fee_limit", &self.fee_limit)
            .field("timeout_secs", &self.timeout_secs)
            .field("max_parts", &self.max_parts)
            .finish_non_exhaustive()
    }
}

/// What an invoice says; its signature has been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodedInvoice {
    /// Who gets the money: the node that has signed it.
    pub destination: NodeId,
    /// Its identity.
    pub hash: PaymentHash,
    /// What it asks for; `None` leaves that to the payer.
    pub amount: Option<Msat>,
    /// From then on it cannot be paid.
    pub expires_at: Timestamp,
    /// Blocks between the arrival of the payment and its expiry.
    pub cltv_expiry: u32,
}
