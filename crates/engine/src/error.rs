//! Why a command was not taken.

use domain::{DeliveryState, HoldState};
use lnd::LightningError;
use store::StoreError;

/// Nothing was changed and nothing was paid.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The node could not answer.
    #[error(transparent)]
    Lightning(#[from] LightningError),
    /// The database could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such conversation or message.
    #[error("not found")]
    NotFound,
    /// The text does not fit into a payment over that many hops.
    #[error("the text is {over} bytes too long")]
    TooLong {
        /// Bytes to take away.
        over: u32,
    },
    /// Neither text nor payment.
    #[error("there is nothing to send")]
    Empty,
    /// Less than a satoshi: channels do not forward it.
    #[error("the smallest payment is 1 sat")]
    BelowMinimum,
    /// The delivery is in a state in which this makes no sense.
    #[error("the message is {0:?} already")]
    Delivery(DeliveryState),
    /// The payment is in a state in which this makes no sense.
    #[error("the payment is {0:?} already")]
    Hold(HoldState),
    /// The recipient's node does not take keysends.
    #[error("the recipient's node does not take keysends")]
    NoKeysend,
    /// Nothing that the user allows leads there now: free, direct or routed only.
    #[error("no way that is allowed leads there now")]
    NoWay,
    /// No key card of this contact is known, or its change has not been seen.
    #[error("the contact's key is not known, or has changed")]
    NoCard,
    /// There is no connection to the user's node.
    #[error("not connected")]
    Offline,
    /// A pay-back exists.
    #[error("it has been paid back already")]
    AlreadyRefunded,
    /// Not settled, not verified, or a refund itself.
    #[error("this payment cannot be paid back")]
    NotRefundable,
    /// The user's own node, or the conversation of unknown senders.
    #[error("there is nobody to send to")]
    Nobody,
    /// The contact's program reads no letters: nothing can be said of a message there.
    #[error("the contact's program reads no letters")]
    NoLetters,
    /// Not the user's own, taken back already, or a message that has no name on the other side.
    #[error("this message cannot be changed or reacted to")]
    NotAmendable,
    /// Blocked contacts are not written to.
    #[error("the contact is blocked")]
    Blocked,
}

impl From<Trouble> for EngineError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lightning(error) => error.into(),
            Trouble::Store(error) => error.into(),
        }
    }
}

/// What work between the node and the database fails with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The node could not answer.
    #[error(transparent)]
    Lightning(#[from] LightningError),
    /// The database could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
