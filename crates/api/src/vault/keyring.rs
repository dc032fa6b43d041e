//! The keyring of the desktop: Secret Service on Linux.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use keyring_core::{CredentialStore, Entry, Error as KeyringError};
use zeroize::Zeroizing;

use super::{Secrets, Vault, VaultError, VaultKind};

/// The name under which entries stand in the keyring; the profile's id is the user name.
const SERVICE: &str = "heliograph";

type OpenStore = dyn Fn() -> Result<Arc<CredentialStore>, KeyringError> + Send + Sync;

/// Secrets in the keyring. It is opened at the first use, and again when that failed: the user may have unlocked it.
#[derive(Clone)]
pub struct KeyringVault {
    open: Arc<OpenStore>,
    store: Arc<Mutex<Option<Arc<CredentialStore>>>>,
}

impl KeyringVault {
    /// The keyring of the desktop session.
    #[must_use]
    pub fn of_desktop() -> Self {
        Self::over(|| {
            let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
            Ok(store)
        })
    }

    /// A keyring in memory, gone with this value: for stories.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::over(|| {
            let store: Arc<CredentialStore> = keyring_core::mock::Store::new()?;
            Ok(store)
        })
    }

    /// A desktop without a keyring.
    #[cfg(test)]
    pub(crate) fn absent() -> Self {
        Self::over(|| Err(KeyringError::NoStorageAccess("nobody answers".into())))
    }

    fn over(
        open: impl Fn() -> Result<Arc<CredentialStore>, KeyringError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            open: Arc::new(open),
            store: Arc::default(),
        }
    }

    /// Runs `task` on a thread that may block: the keyring may show the user a dialog.
    async fn with_store<T: Send + 'static>(
        &self,
        task: impl FnOnce(&CredentialStore) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = self.clone();
        tokio::task::spawn_blocking(move || vault.store().and_then(|store| task(&*store)))
            .await
            .map_err(|error| VaultError::Locked(error.to_string()))?
            .map_err(VaultError::from)
    }

    fn store(&self) -> Result<Arc<CredentialStore>, KeyringError> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        match &*store {
            Some(store) => Ok(Arc::clone(store)),
            None => {
                let opened = (self.open)()?;
                *store = Some(Arc::clone(&opened));
                Ok(opened)
            }
        }
    }
}

fn entry(store: &CredentialStore, profile: &str) -> Result<Entry, KeyringError> {
    store.build(SERVICE, profile, None)
}

#[async_trait]
impl Vault for KeyringVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Keyring
    }

    async fn available(&self) -> bool {
        // Looking for what is not there asks the user nothing, and fails where there is no keyring.
        let probe = |store: &CredentialStore| {
            store.search(&HashMap::from([("service", SERVICE), ("username", "?")]))
        };
        match self.with_store(move |store| probe(store).map(drop)).await {
            Ok(()) => true,
            Err(reason) => {
                tracing::info!(%reason, "no keyring");
                false
            }
        }
    }

    async fn read(&self, profile: &str) -> Result<Secrets, VaultError> {
        let profile = profile.to_owned();
        let bytes = self
            .with_store(move |store| entry(store, &profile)?.get_secret().map(Zeroizing::new))
            .await?;
        Secrets::from_bytes(&bytes)
    }

    async fn write(&self, profile: &str, secrets: &Secrets) -> Result<(), VaultError> {
        let (profile, bytes) = (profile.to_owned(), secrets.to_bytes());
        self.with_store(move |store| entry(store, &profile)?.set_secret(&bytes))
            .await
    }

    async fn remove(&self, profile: &str) -> Result<(), VaultError> {
        let profile = profile.to_owned();
        match self
            .with_store(move |store| entry(store, &profile)?.delete_credential())
            .await
        {
            Err(VaultError::Missing) => Ok(()),
            other => other,
        }
    }
}

impl From<KeyringError> for VaultError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::NoEntry => Self::Missing,
            KeyringError::BadEncoding(_)
            | KeyringError::BadDataFormat(..)
            | KeyringError::BadStoreFormat(_) => Self::Damaged("the keyring's entry"),
            KeyringError::Ambiguous(_) => Self::Damaged("the keyring holds several entries"),
            error => Self::Locked(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
