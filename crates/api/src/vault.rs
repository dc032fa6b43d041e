//! Where credentials are kept: in the keyring of the desktop, or in a file behind a passphrase.

mod keyring;
mod passphrase;
mod secrets;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use keyring::KeyringVault;
pub use passphrase::{Passphrase, PassphraseVault};
pub use secrets::Secrets;

/// Which kind of vault holds a profile's secrets; written into the profile's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultKind {
    /// [`KeyringVault`].
    Keyring,
    /// [`PassphraseVault`].
    Passphrase,
}

/// A place for secrets, one entry for each profile.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// Which kind it is.
    fn kind(&self) -> VaultKind;

    /// Whether it can take secrets now; false means that the user has to choose a passphrase.
    async fn available(&self) -> bool;

    /// The secrets of this profile.
    async fn read(&self, profile: &str) -> Result<Secrets, VaultError>;

    /// Keeps the secrets of this profile, in place of older ones.
    async fn write(&self, profile: &str, secrets: &Secrets) -> Result<(), VaultError>;

    /// Forgets them. Having none is success.
    async fn remove(&self, profile: &str) -> Result<(), VaultError>;
}

/// Why secrets could not be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no entry for this profile.
    #[error("no entry")]
    Missing,
    /// The keyring is locked, or there is none.
    #[error("locked or absent: {0}")]
    Locked(String),
    /// The passphrase does not fit.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The entry is not what was written.
    #[error("damaged: {0}")]
    Damaged(&'static str),
    /// The disk.
    #[error("{0}")]
    Disk(String),
}
