//! From the errors of the rooms beneath to the window's codes.

use engine::{EngineError, LinkState};
use lnd::{LightningError, LinkFault};
use store::StoreError;

use crate::vault::{PassphraseVault, VaultError, VaultKind};
use crate::view::{LinkFaultView, LinkView};
use crate::{Code, Error};

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::WrongKey => Code::DatabaseKeyWrong,
            StoreError::Missing => Code::DatabaseMissing,
            StoreError::Newer { .. } => Code::DatabaseNewer,
            StoreError::Closed => Code::NoProfile,
            _ => Code::DatabaseBroken,
        };
        Self::because(code, &error).with_detail(error)
    }
}

impl VaultKind {
    /// What went wrong with a vault of this kind.
    pub(crate) fn error(self, error: VaultError) -> Error {
        match (self, error) {
            (Self::Passphrase, error @ (VaultError::Missing | VaultError::Damaged(_))) => {
                Error::new(Code::SecretsDamaged)
                    .with_detail(format!("{}: {error}", PassphraseVault::FILE))
            }
            (_, error) => error.into(),
        }
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        let code = match error {
            VaultError::Missing | VaultError::Damaged(_) => Code::KeyMissing,
            VaultError::Locked(_) => Code::KeyringLocked,
            VaultError::WrongPassphrase => Code::PassphraseWrong,
            VaultError::Disk(_) => Code::HomeUnusable,
        };
        Self::new(code).with_detail(error)
    }
}

impl From<LightningError> for Error {
    fn from(error: LightningError) -> Self {
        let code = match &error {
            LightningError::Unreachable(fault) => code_of(fault),
            LightningError::Permission(_) => Code::MissingPermission,
            LightningError::NotFound => Code::NotFound,
            LightningError::AlreadyExists | LightningError::TooLate => Code::NotNow,
            LightningError::NoRoute => Code::NoRoute,
            LightningError::InsufficientBalance => Code::InsufficientBalance,
            LightningError::NotConnected
            | LightningError::Unsupported(_)
            | LightningError::Size(_)
            | LightningError::Node(_) => Code::Node,
        };
        let detail = match &error {
            LightningError::Unreachable(LinkFault::Broken(words)) | LightningError::Node(words) => {
                words.clone()
            }
            LightningError::Permission(_) => lnd::permission::bake_command(),
            other => other.to_string(),
        };
        Self::because(code, error).with_detail(detail)
    }
}

const fn code_of(fault: &LinkFault) -> Code {
    match fault {
        LinkFault::HostUnknown => Code::HostUnknown,
        LinkFault::Refused => Code::Refused,
        LinkFault::Timeout => Code::Timeout,
        LinkFault::WrongPort => Code::WrongPort,
        LinkFault::WrongCertificate => Code::WrongCertificate,
        LinkFault::WrongMacaroon => Code::WrongMacaroon,
        LinkFault::WalletLocked => Code::WalletLocked,
        LinkFault::Starting => Code::Starting,
        LinkFault::Broken(_) => Code::Broken,
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let code = match &error {
            EngineError::Lightning(_) | EngineError::Store(_) => return Self::from_beneath(error),
            EngineError::NotFound => Code::NotFound,
            EngineError::TooLong { over } => {
                return Self::because(Code::TooLong, &error).with_detail(over);
            }
            EngineError::Empty => Code::Empty,
            EngineError::BelowMinimum => Code::BelowMinimum,
            EngineError::Delivery(state) => {
                return Self::because(Code::NotNow, &error).with_detail(json_name(state));
            }
            EngineError::Hold(state) => {
                return Self::because(Code::NotNow, &error).with_detail(json_name(state));
            }
            EngineError::NoKeysend => Code::NoKeysend,
            EngineError::NoWay => Code::NoWay,
            EngineError::NoCard => Code::KeyChanged,
            EngineError::Offline => Code::Offline,
            EngineError::AlreadyRefunded => Code::AlreadyRefunded,
            EngineError::NotRefundable => Code::NotRefundable,
            EngineError::Nobody => Code::ToSelf,
            EngineError::NoLetters => Code::NoLetters,
            EngineError::NotAmendable => Code::NotAmendable,
            EngineError::Blocked => Code::Blocked,
        };
        Self::because(code, error)
    }
}

impl Error {
    fn from_beneath(error: EngineError) -> Self {
        match error {
            EngineError::Lightning(error) => error.into(),
            EngineError::Store(error) => error.into(),
            other => Self::because(Code::Internal, other),
        }
    }
}

/// The name of a state as the window knows it.
fn json_name(state: &impl serde::Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// How the connection is, for the window.
pub(crate) fn link_view(state: &LinkState) -> LinkView {
    match state {
        LinkState::Connecting => LinkView::Connecting,
        LinkState::Connected { info } => LinkView::Connected {
            synced: info.synced,
        },
        LinkState::Waiting {
            error,
            other_node,
            next_try,
        } => LinkView::Waiting {
            fault: if *other_node {
                LinkFaultView::OtherNode
            } else {
                fault_view(error)
            },
            next_try: *next_try,
        },
    }
}

fn fault_view(error: &LightningError) -> LinkFaultView {
    match error {
        LightningError::Unreachable(fault) => match fault {
            LinkFault::HostUnknown => LinkFaultView::HostUnknown,
            LinkFault::Refused => LinkFaultView::Refused,
            LinkFault::Timeout => LinkFaultView::Timeout,
            LinkFault::WrongPort => LinkFaultView::WrongPort,
            LinkFault::WrongCertificate => LinkFaultView::WrongCertificate,
            LinkFault::WrongMacaroon => LinkFaultView::WrongMacaroon,
            LinkFault::WalletLocked => LinkFaultView::WalletLocked,
            LinkFault::Starting => LinkFaultView::Starting,
            LinkFault::Broken(detail) => LinkFaultView::Broken {
                detail: detail.clone(),
            },
        },
        LightningError::Permission(method) => LinkFaultView::MissingPermission {
            method: (*method).to_owned(),
        },
        other => LinkFaultView::Broken {
            detail: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests;
