//! The user's own node, and the connection to it.

use domain::{Condition, Msat, Timestamp};
use serde::{Deserialize, Serialize};
use specta::Type;

/// What a person should know before they connect a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct ConnectionHints {
    /// The command that makes a macaroon with exactly what is needed.
    pub bake_command: String,
    /// Where the secrets of a new profile go.
    pub secrets: SecretsPlace,
}

/// Where the secrets of a new profile go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SecretsPlace {
    /// Into the keyring of the desktop.
    Keyring,
    /// Behind a passphrase that the user has to choose: this computer has no keyring.
    Passphrase,
    /// Behind the passphrase that the program was started with.
    PassphraseFile,
}

/// How the user says where their node is.
#[derive(Clone, Debug, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ConnectionInput {
    /// An `lndconnect://` link.
    Link {
        /// As pasted.
        link: String,
    },
    /// Host and two files.
    Files {
        /// `host:port`.
        address: String,
        /// Path of `tls.cert`.
        cert_path: String,
        /// Path of a macaroon.
        macaroon_path: String,
    },
    /// Host and two texts.
    Text {
        /// `host:port`.
        address: String,
        /// PEM, or the DER bytes in hexadecimal or base64.
        cert: String,
        /// Hexadecimal or base64.
        macaroon: String,
    },
}

/// What was found when a connection was tried.
#[derive(Clone, Debug, Serialize, Type)]
pub struct ConnectionReport {
    /// What the node says of itself.
    pub node: NodeSummary,
    /// What the macaroon may do.
    pub permissions: PermissionReport,
    /// How the node treats keysends, as far as it can be known.
    pub keysend: KeysendReport,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct NodeSummary {
    /// Public key.
    pub node: String,
    /// What it calls itself.
    pub alias: String,
    /// `mainnet`, `testnet`, `regtest`, …
    pub network: String,
    /// For example `0.21.3-beta`.
    pub version: String,
    /// Whether it follows the block chain.
    pub synced: bool,
    /// Best block.
    pub block_height: u32,
    /// Channels that can be used now.
    pub active_channels: u32,
    /// Sendable.
    pub local_balance: Msat,
    /// Receivable.
    pub remote_balance: Msat,
}

/// What a macaroon may do, held against what the app needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct PermissionReport {
    /// Needed, and not allowed.
    pub missing: Vec<PermissionView>,
    /// Optional, and not allowed: what does not work then.
    pub missing_optional: Vec<PermissionView>,
    /// Whether it may do much more than a messenger should (send on chain, open channels, bake macaroons).
    pub too_powerful: bool,
    /// The command that makes a macaroon with exactly what is needed.
    pub bake_command: String,
}

/// One RPC and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct PermissionView {
    /// For example `/lnrpc.Lightning/GetInfo`.
    pub method: String,
    /// A key of the window's message files: what needs it.
    pub purpose: String,
}

/// How the node treats keysends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct KeysendReport {
    /// Whether it takes them; `None` when it cannot be known yet.
    pub accepts: Option<bool>,
    /// For how many seconds it holds them, zero for settling on arrival; `None` when it cannot be known yet.
    pub hold_secs: Option<u32>,
    /// Whether it deletes canceled invoices, and with them mail that came while the app was closed.
    pub deletes_canceled: bool,
    /// Lines for `lnd.conf` that would make it take and hold keysends; empty when nothing is missing.
    pub conf_lines: Vec<String>,
}

/// How the connection to the node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LinkView {
    /// The first try is under way.
    Connecting,
    /// All is well.
    Connected {
        /// Whether the node follows the block chain; payments fail while it does not.
        synced: bool,
    },
    /// It did not work; another try follows.
    Waiting {
        /// Why.
        fault: LinkFaultView,
        /// When it is tried again.
        next_try: Timestamp,
    },
}

/// Why there is no connection, each with its own words in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum LinkFaultView {
    /// The name has no address.
    HostUnknown,
    /// Nobody listens there.
    Refused,
    /// No answer.
    Timeout,
    /// Something listens that is no gRPC port.
    WrongPort,
    /// The node shows another certificate.
    WrongCertificate,
    /// The macaroon is of another node, malformed or revoked.
    WrongMacaroon,
    /// The macaroon lacks a permission.
    MissingPermission {
        /// For example `/lnrpc.Lightning/GetInfo`.
        method: String,
    },
    /// The wallet waits for its password.
    WalletLocked,
    /// The node is starting.
    Starting,
    /// It is another node than the profile's.
    OtherNode,
    /// Anything else.
    Broken {
        /// In the words of whoever said so.
        detail: String,
    },
}

/// The page *Node*.
#[derive(Clone, Debug, Serialize, Type)]
pub struct NodeView {
    /// The connection.
    pub link: LinkView,
    /// What is wrong now, the oldest first; empty when all is well.
    pub health: Vec<Condition>,
    /// `host:port`.
    pub address: String,
    /// `None` until it was connected once since the start.
    pub summary: Option<NodeSummary>,
    /// As above.
    pub permissions: Option<PermissionReport>,
    /// As above.
    pub keysend: Option<KeysendReport>,
}
