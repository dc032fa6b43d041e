//! What can go wrong between the app and its node.

/// Why the node did not do what was asked. The engine decides by the variant; the words are for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LightningError {
    /// The connection could not be made or broke: worth another try.
    #[error("the node cannot be reached: {0}")]
    Unreachable(LinkFault),
    /// The macaroon lacks the permission for this method (for example `/lnrpc.Lightning/GetInfo`).
    #[error("the macaroon does not allow {0}")]
    Permission(&'static str),
    /// There is no such payment, invoice, peer or node.
    #[error("the node does not know it")]
    NotFound,
    /// The node knows this payment hash: nothing was paid again.
    #[error("the node knows this payment already")]
    AlreadyExists,
    /// No path with enough money within the fee limit, or the records do not fit into it.
    #[error("no route")]
    NoRoute,
    /// Our channels hold too little.
    #[error("not enough balance in the channels")]
    InsufficientBalance,
    /// Settled where it should be canceled, or the other way round, or an invoice that is past its time.
    #[error("the payment has been decided otherwise")]
    TooLate,
    /// No connection to the peer that should take it.
    #[error("the peer is not connected")]
    NotConnected,
    /// The node is too old for this method, or built without it: go without.
    #[error("the node does not know {0}")]
    Unsupported(&'static str),
    /// So many bytes cannot travel like this; nothing was asked of the node.
    #[error("{0} bytes cannot travel like this")]
    Size(usize),
    /// Another refusal, in the node's words.
    #[error("the node says: {0}")]
    Node(String),
}

/// Why there is no connection, in the terms of what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LinkFault {
    /// The name has no address.
    #[error("host unknown")]
    HostUnknown,
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// No answer.
    #[error("timeout")]
    Timeout,
    /// Something listens that does not speak TLS and gRPC.
    #[error("not a gRPC port")]
    WrongPort,
    /// The node shows another certificate than the imported one.
    #[error("certificate changed")]
    WrongCertificate,
    /// The macaroon is of another node, malformed or revoked.
    #[error("macaroon refused")]
    WrongMacaroon,
    /// The wallet waits for its password.
    #[error("wallet locked")]
    WalletLocked,
    /// The node is still starting.
    #[error("starting")]
    Starting,
    /// Broken on the way.
    #[error("{0}")]
    Broken(String),
}

impl LinkFault {
    /// Whether the call has surely not been carried out: no connection was made, or the node took none of its calls.
    #[must_use]
    pub const fn is_before_the_call(&self) -> bool {
        match self {
            Self::HostUnknown
            | Self::Refused
            | Self::WrongPort
            | Self::WrongCertificate
            | Self::WrongMacaroon
            | Self::WalletLocked
            | Self::Starting => true,
            Self::Timeout | Self::Broken(_) => false,
        }
    }
}
