//! The numbers that stand for states and kinds in the database. A number is never given a second meaning.

use domain::{
    AmendmentKind, AttemptState, Authorship, CardFault, Carrier, Decision, DeliveryState,
    Direction, Expectation, Failure, HoldState, MessageKind, Packing, PaymentHash, Privacy,
    Program, Reason, ReturnMeaning, Trust, Way,
};
use rusqlite::types::{Value, ValueRef};

use crate::column::{OutOfRange, Stored};
use crate::ledger::Booking;
use crate::refunds::RefundSide;

macro_rules! codes {
    ($($kind:ident { $($variant:ident = $code:literal),* $(,)? })*) => {$(
        impl Stored for $kind {
            fn put(&self) -> Result<Value, OutOfRange> {
                Ok(Value::Integer(match self { $(Self::$variant => $code),* }))
            }

            fn take(value: ValueRef<'_>) -> Option<Self> {
                match value.as_i64().ok()? {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

codes! {
    Direction { Incoming = 0, Outgoing = 1 }
    Authorship { Verified = 0, Claimed = 1, NodeOnly = 2, Unaddressed = 3 }
    CardFault { Future = 0, Foreign = 1 }
    Privacy { Sealed = 0, Open = 1 }
    Trust { Request = 0, Known = 1, Blocked = 2 }
    DeliveryState {
        Queued = 0, InFlight = 1, Settled = 2, Returned = 3, Failed = 4, Parked = 5, Cancelled = 6,
        Delivered = 7,
    }
    Expectation { Return = 0, Keep = 1, Decide = 2 }
    Failure {
        NoRoute = 0, RecipientOffline = 1, InsufficientBalance = 2, NoKeysend = 3, Timeout = 4,
        TooLarge = 5, AmountTooSmall = 6, Permission = 7, Rejected = 8, NoReceipt = 9, NoWay = 10,
        WrongInvoice = 11, InvoiceExpired = 12, KeyChanged = 13, TooLate = 14, Hidden = 15,
    }
    ReturnMeaning { Arrived = 0, Declined = 1, Unconfirmed = 2 }
    AttemptState {
        Prepared = 0, Sent = 1, Settled = 2, Refused = 3, Failed = 4, Forgotten = 5, Delivered = 6,
    }
    Carrier { Keysend = 0, Peer = 1, Onion = 2, Invoice = 3 }
    Packing { Plain = 0, Zstd = 1 }
    Way { Auto = 0, FreeOnly = 1, DirectOnly = 2, RoutedOnly = 3 }
    HoldState { Seen = 0, Held = 1, Accepting = 2, Refunding = 3, Settled = 4, Returned = 5 }
    Decision { Person = 0, Policy = 1, Deadline = 2, Arrival = 3, Node = 4 }
    Reason {
        Blocked = 0, Double = 1, Postage = 2, Refund = 3, OwedPostage = 4, WithinLimit = 5, Readable = 6,
        OtherProgram = 7, Person = 8, SenderFull = 9, HoldsFull = 10,
    }
    AmendmentKind { Reaction = 1, Edit = 2, Delete = 3 }
    RefundSide { ByUs = 0, ByThem = 1 }
    Booking {
        PaymentSent = 0, PostageSent = 1, Fee = 2, PaymentReceived = 3, PostageReceived = 4,
        RefundSent = 5, RefundReceived = 6, ReturnedToUs = 7, ReturnedByUs = 8, MessageSent = 9,
        MessageReceived = 10,
    }
}

/// Kind and, for a refund, what it pays back: two columns.
pub(crate) const fn kind_columns(kind: MessageKind) -> (i64, Option<PaymentHash>) {
    match kind {
        MessageKind::Text => (0, None),
        MessageKind::Payment => (1, None),
        MessageKind::Refund { of } => (2, Some(of)),
        MessageKind::Unreadable => (3, None),
        MessageKind::Newer => (4, None),
    }
}

/// The way back of [`kind_columns`]; `None` when they make no sense.
pub(crate) const fn kind_of_columns(kind: i64, of: Option<PaymentHash>) -> Option<MessageKind> {
    Some(match (kind, of) {
        (0, None) => MessageKind::Text,
        (1, None) => MessageKind::Payment,
        (2, Some(of)) => MessageKind::Refund { of },
        (3, None) => MessageKind::Unreadable,
        (4, None) => MessageKind::Newer,
        _ => return None,
    })
}

/// Program and, for Heliograph, how long its node holds keysends: two columns.
pub(crate) const fn program_columns(program: Program) -> (i64, Option<u32>) {
    match program {
        Program::Unknown => (0, None),
        Program::Heliograph { hold_secs } => (1, hold_secs),
        Program::Other => (2, None),
    }
}

/// The way back of [`program_columns`]; `None` when they make no sense.
pub(crate) const fn program_of_columns(program: i64, hold_secs: Option<u32>) -> Option<Program> {
    Some(match (program, hold_secs) {
        (0, None) => Program::Unknown,
        (1, hold_secs) => Program::Heliograph { hold_secs },
        (2, None) => Program::Other,
        _ => return None,
    })
}
