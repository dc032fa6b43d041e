//! The keyring of the desktop: Secret Service on Linux.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use async_trait::async_trait;
use keyring_core::{CredentialStore, Entry, Error as KeyringError};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::{Secrets, Vault, VaultError, VaultKind};

/// The name under which entries stand in the keyring; the profile's id is the user name.
const SERVICE: &str = "heliograph";

type Job = Box<dyn FnOnce(Result<&CredentialStore, KeyringError>) + Send>;

/// Secrets in the keyring. It is opened at the first use, and again when that failed: the user may have unlocked it.
///
/// The keyring's client blocks, waits for the user's password, and must not be dropped where tasks run: it lives on a
/// thread of its own, which ends with the last clone of this.
#[derive(Clone)]
pub struct KeyringVault {
    jobs: mpsc::Sender<Job>,
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
        open: impl Fn() -> Result<Arc<CredentialStore>, KeyringError> + Send + 'static,
    ) -> Self {
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new().name("keyring".into());
        if let Err(error) = thread.spawn(move || work(&queue, open)) {
            // The queue is gone: every question is answered by "locked".
            tracing::error!(%error, "no thread for the keyring");
        }
        Self { jobs }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&CredentialStore) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |store| {
            // Nobody waits any more when the window was closed.
            let _ = answer.send(store.and_then(question));
        });
        let gone = || VaultError::Locked("the keyring's thread has ended".into());
        self.jobs.send(job).map_err(|_| gone())?;
        Ok(answered.await.map_err(|_| gone())??)
    }
}

fn work(
    queue: &mpsc::Receiver<Job>,
    open: impl Fn() -> Result<Arc<CredentialStore>, KeyringError>,
) {
    let mut opened: Option<Arc<CredentialStore>> = None;
    for job in queue {
        match &opened {
            Some(store) => job(Ok(&**store)),
            None => match open() {
                Ok(store) => job(Ok(&**opened.insert(store))),
                Err(error) => job(Err(error)),
            },
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
        // Looking for what is not there asks the user nothing, and fails where there is no keyring. One that is locked
        // or was never set up shows itself at the first writing.
        let probe = |store: &CredentialStore| {
            store
                .search(&HashMap::from([("service", SERVICE), ("username", "?")]))
                .map(drop)
        };
        match self.ask(probe).await {
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
            .ask(move |store| entry(store, &profile)?.get_secret().map(Zeroizing::new))
            .await?;
        Secrets::from_bytes(&bytes)
    }

    async fn write(&self, profile: &str, secrets: &Secrets) -> Result<(), VaultError> {
        let (profile, bytes) = (profile.to_owned(), secrets.to_bytes());
        self.ask(move |store| entry(store, &profile)?.set_secret(&bytes))
            .await
    }

    async fn remove(&self, profile: &str) -> Result<(), VaultError> {
        let profile = profile.to_owned();
        match self
            .ask(move |store| entry(store, &profile)?.delete_credential())
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
