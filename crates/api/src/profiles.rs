//! Making, opening, reconnecting and removing profiles.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::{Carrier, HoldState, NodeId, Timestamp};
use lnd::{Credentials, LightningError, LinkFault};
use store::{DatabaseKey, IncomingRow, Reader, Store, StoreError};

use crate::messenger::{Inner, Messenger, Parts, Refusal};
use crate::profile::Profile;
use crate::vault::{Passphrase, PassphraseVault, Secrets, Vault, VaultError, VaultKind};
use crate::view::{
    AppView, ConnectionHints, ConnectionInput, ConnectionReport, ProfileView, SecretsPlace,
    VaultNeed,
};
use crate::{Code, Error, credentials, node};

/// See [`Inner::waiting_payments`].
fn waiting(db: &Reader<'_>) -> Result<usize, StoreError> {
    let needs_keys = |row: &IncomingRow| {
        let payment = &row.payment;
        payment.carrier == Carrier::Invoice || payment.state == HoldState::Accepting
    };
    let undecided = db.undecided()?.iter().filter(|row| needs_keys(row)).count();
    Ok(undecided.saturating_add(db.all_issued()?.len()))
}

/// How long a node may take to answer when a connection is tried.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most characters of a profile's name.
const LONGEST_NAME: usize = 64;

impl Messenger {
    /// Which page to show. The profile that was used last is opened, and tried again each time, unless it waits for
    /// the user's hand: a passphrase is asked for once, and a keyring asks once.
    ///
    /// # Errors
    /// When that profile cannot be opened for another reason than a locked vault.
    pub async fn app_state(&self) -> Result<AppView, Error> {
        let mut turn = self.inner.turn.lock().await;
        let profiles = self.inner.list().await?;
        if let Some(open) = self.inner.opened() {
            let profile = profiles.into_iter().find(|profile| profile.id == open.id);
            let profile = profile.ok_or_else(|| Error::new(Code::UnknownProfile))?;
            return Ok(AppView::Open {
                profile: profile.view(true),
            });
        }
        let Some(profile) = profiles.into_iter().next() else {
            return Ok(AppView::FirstRun);
        };
        let error = match &*turn {
            Some(refusal) if refusal.profile == profile.id => refusal.error.clone(),
            _ => match self.inner.unlock(&profile, None).await {
                Ok(()) => {
                    return Ok(AppView::Open {
                        profile: profile.view(true),
                    });
                }
                Err(error) => error,
            },
        };
        let needs = match error.code {
            Code::PassphraseNeeded | Code::PassphraseWrong => VaultNeed::Passphrase,
            Code::KeyringLocked => VaultNeed::Keyring,
            _ => return Err(error),
        };
        *turn = Some(Refusal {
            profile: profile.id.clone(),
            error,
        });
        Ok(AppView::Locked {
            profile: profile.view(false),
            needs,
        })
    }

    /// All profiles, the last opened first.
    ///
    /// # Errors
    /// [`Code::HomeUnusable`].
    pub async fn profiles_list(&self) -> Result<Vec<ProfileView>, Error> {
        let open = self.inner.opened().map(|open| open.id.clone());
        let profiles = self.inner.list().await?;
        let view = |profile: &Profile| profile.view(open.as_ref() == Some(&profile.id));
        Ok(profiles.iter().map(view).collect())
    }

    /// What the user should know before they connect a node.
    pub async fn connection_hints(&self) -> ConnectionHints {
        let vault = &self.inner.vault;
        let secrets = match vault.kind() {
            VaultKind::Passphrase => SecretsPlace::PassphraseFile,
            VaultKind::Keyring if vault.available().await => SecretsPlace::Keyring,
            VaultKind::Keyring => SecretsPlace::Passphrase,
        };
        ConnectionHints {
            bake_command: lnd::permission::bake_command(),
            secrets,
        }
    }

    /// Tries a connection; saves nothing.
    ///
    /// # Errors
    /// A mistake in the input, or why the node does not answer.
    pub async fn connection_check(
        &self,
        input: ConnectionInput,
    ) -> Result<ConnectionReport, Error> {
        let credentials = credentials::read(input).await?;
        Ok(self.inner.probe(&credentials).await?.1)
    }

    /// Makes a profile of a node that answers, and opens it. Without a passphrase its secrets go to the keyring.
    ///
    /// # Errors
    /// As [`Messenger::connection_check`]; [`Code::ProfileExists`]; [`Code::MissingPermission`];
    /// [`Code::PassphraseNeeded`] when there is no keyring.
    pub async fn profile_create(
        &self,
        input: ConnectionInput,
        name: String,
        passphrase: Option<String>,
    ) -> Result<ProfileView, Error> {
        let name = checked_name(&name)?;
        let passphrase = passphrase.map(Passphrase::new);
        if passphrase
            .as_ref()
            .is_some_and(|passphrase| !passphrase.is_long_enough())
        {
            return Err(Error::new(Code::PassphraseShort));
        }
        let credentials = credentials::read(input).await?;
        let turn = self.inner.turn.lock().await;
        let (node, report) = self.inner.probe(&credentials).await?;
        complete(&report)?;
        if let Some(twin) = self
            .inner
            .list()
            .await?
            .iter()
            .find(|profile| profile.node == node)
        {
            return Err(Error::new(Code::ProfileExists).with_detail(&twin.id));
        }
        let vault: Arc<dyn Vault> = match passphrase {
            Some(passphrase) => self.inner.passphrase_vault(passphrase),
            None => Arc::clone(&self.inner.vault),
        };
        let name = [name, report.node.alias]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| node.short());
        let view = self.inner.make(node, name, &credentials, vault).await?;
        drop(turn);
        Ok(view)
    }

    /// Opens a profile, in place of the open one.
    ///
    /// # Errors
    /// [`Code::PassphraseNeeded`], [`Code::PassphraseWrong`], [`Code::KeyringLocked`], [`Code::KeyMissing`], or why the
    /// database does not open. The profile that was open stays open then.
    pub async fn profile_open(
        &self,
        id: String,
        passphrase: Option<String>,
    ) -> Result<ProfileView, Error> {
        let _turn = self.inner.turn.lock().await;
        let profile = self.inner.profiles.get(&id)?;
        if self.inner.opened().is_none_or(|open| open.id != id) {
            self.inner
                .unlock(&profile, passphrase.map(Passphrase::new))
                .await?;
        }
        Ok(profile.view(true))
    }

    /// Opens a profile whose messages are lost, without any: what comes from now on is shown.
    ///
    /// # Errors
    /// As [`Messenger::profile_open`]; [`Code::NotNow`] when the messages are there; why the node does not answer.
    pub async fn profile_start_empty(
        &self,
        id: String,
        passphrase: Option<String>,
    ) -> Result<ProfileView, Error> {
        let _turn = self.inner.turn.lock().await;
        let mut profile = self.inner.profiles.get(&id)?;
        if self.inner.profiles.database(&id).exists() {
            return Err(Error::new(Code::NotNow));
        }
        let passphrase = passphrase.map(Passphrase::new);
        let vault = self.inner.vault_of(&profile, passphrase)?;
        let secrets = self.inner.secrets(&profile, &*vault).await?;
        let credentials = credentials::kept(&secrets)?;
        self.inner.begin_here(&id, &credentials, &secrets).await?;
        self.inner.launch(&mut profile, vault).await?;
        Ok(profile.view(true))
    }

    /// Gives a profile a new address, certificate or macaroon of the same node, and opens it.
    ///
    /// # Errors
    /// As [`Messenger::connection_check`]; [`Code::OtherNode`]; [`Code::ProfileClosed`] when its secrets are behind a
    /// passphrase and it is not open.
    pub async fn profile_reconnect(
        &self,
        id: String,
        input: ConnectionInput,
    ) -> Result<ProfileView, Error> {
        let credentials = credentials::read(input).await?;
        let _turn = self.inner.turn.lock().await;
        let mut profile = self.inner.profiles.get(&id)?;
        let vault = match self.inner.opened() {
            Some(open) if open.id == id => Arc::clone(&open.vault),
            _ => self
                .inner
                .vault_of(&profile, None)
                .map_err(|_| Error::new(Code::ProfileClosed))?,
        };
        let (node, report) = self.inner.probe(&credentials).await?;
        if node != profile.node {
            return Err(Error::new(Code::OtherNode).with_detail(node));
        }
        complete(&report)?;
        let old = vault
            .read(&id)
            .await
            .map_err(|error| vault.kind().error(error))?;
        vault
            .write(&id, &credentials::with_key(&credentials, old.database_key))
            .await?;
        profile.address.clone_from(&credentials.address);
        self.inner.profiles.save(&profile)?;
        self.inner.close().await;
        self.inner.launch(&mut profile, vault).await?;
        Ok(profile.view(true))
    }

    /// Gives a profile another name.
    ///
    /// # Errors
    /// [`Code::NameTooLong`], [`Code::UnknownProfile`].
    pub async fn profile_rename(&self, id: String, name: String) -> Result<(), Error> {
        let name = checked_name(&name)?;
        let _turn = self.inner.turn.lock().await;
        let mut profile = self.inner.profiles.get(&id)?;
        if !name.is_empty() {
            profile.name = name;
            self.inner.profiles.save(&profile)?;
            self.inner.publish(crate::view::Change::App);
        }
        Ok(())
    }

    /// Forgets a profile's secrets and deletes its messages. Its node is not touched. Only the profile has the keys to what
    /// is paid to its invoices: while something waits for them, it is removed `anyway` only.
    ///
    /// # Errors
    /// [`Code::KeyringLocked`], [`Code::PaymentsWait`]: nothing was deleted then.
    pub async fn profile_remove(&self, id: String, anyway: bool) -> Result<(), Error> {
        let mut turn = self.inner.turn.lock().await;
        let profile = self.inner.profiles.get(&id)?;
        if !anyway {
            match self.inner.waiting_payments(&profile).await {
                Ok(0) => {}
                Ok(count) => return Err(Error::new(Code::PaymentsWait).with_detail(count)),
                Err(error) => {
                    tracing::info!(%error, "it cannot be read whether payments wait");
                    return Err(Error::new(Code::PaymentsWait));
                }
            }
        }
        if profile.vault == self.inner.vault.kind() {
            self.inner.vault.remove(&id).await?;
        } else if profile.vault == VaultKind::Keyring {
            return Err(Error::new(Code::KeyringLocked));
        }
        if self.inner.opened().is_some_and(|open| open.id == id) {
            self.inner.close().await;
        }
        *turn = None;
        self.inner.profiles.delete(&id)?;
        self.inner.publish(crate::view::Change::App);
        Ok(())
    }
}

impl Inner {
    /// How many payments to invoices may still come, or are not decided, or are being accepted.
    async fn waiting_payments(&self, profile: &Profile) -> Result<usize, Error> {
        let open = self.opened().filter(|open| open.id == profile.id);
        if let Some(open) = open {
            return Ok(open.store.read(waiting).await?);
        }
        let vault = self.vault_of(profile, None)?;
        let secrets = self.secrets(profile, &*vault).await?;
        let opening = self.open_store(&profile.id, &secrets, Store::open_existing);
        let store = opening.await?;
        let count = store.read(waiting).await;
        store.close().await?;
        Ok(count?)
    }

    async fn list(&self) -> Result<Vec<Profile>, Error> {
        let profiles = self.profiles.clone();
        blocking(move || profiles.list()).await
    }

    fn passphrase_vault(&self, passphrase: Passphrase) -> Arc<dyn Vault> {
        Arc::new(PassphraseVault::new(
            self.profiles.folder().to_owned(),
            passphrase,
        ))
    }

    /// The vault that holds the secrets of `profile`.
    fn vault_of(
        &self,
        profile: &Profile,
        passphrase: Option<Passphrase>,
    ) -> Result<Arc<dyn Vault>, Error> {
        match (profile.vault, passphrase) {
            (VaultKind::Passphrase, Some(passphrase)) => Ok(self.passphrase_vault(passphrase)),
            (kind, _) if kind == self.vault.kind() => Ok(Arc::clone(&self.vault)),
            (VaultKind::Passphrase, None) => Err(Error::new(Code::PassphraseNeeded)),
            (VaultKind::Keyring, _) => Err(Error::new(Code::KeyringLocked)
                .with_detail("this profile's keys are in the keyring, not behind a passphrase")),
        }
    }

    /// Asks a node who it is, and what may be done there.
    async fn probe(&self, credentials: &Credentials) -> Result<(NodeId, ConnectionReport), Error> {
        let connection = self.world.node(credentials.clone());
        tokio::time::timeout(PATIENCE, node::report(&connection))
            .await
            .unwrap_or(Err(LightningError::Unreachable(LinkFault::Timeout)))
            .map_err(Error::from)
    }

    /// Everything that must not exist by half: the secrets first, so that no database is without its key.
    async fn make(
        &self,
        node: NodeId,
        name: String,
        credentials: &Credentials,
        vault: Arc<dyn Vault>,
    ) -> Result<ProfileView, Error> {
        let id = self.profiles.new_folder(&mut rand::rng())?;
        let secrets = credentials::new_secrets(credentials, &mut rand::rng());
        let mut profile = Profile {
            id: id.clone(),
            name,
            node,
            address: credentials.address.clone(),
            vault: vault.kind(),
            opened_at: Timestamp(0),
        };
        let made = async {
            vault
                .write(&id, &secrets)
                .await
                .map_err(|error| match error {
                    VaultError::Locked(reason) => {
                        Error::new(Code::PassphraseNeeded).with_detail(reason)
                    }
                    other => other.into(),
                })?;
            // What is a profile has a database: one that is missing later was lost.
            self.begin_here(&id, credentials, &secrets).await?;
            self.profiles.save(&profile)?;
            self.launch(&mut profile, Arc::clone(&vault)).await
        };
        if let Err(error) = made.await {
            if let Err(reason) = vault.remove(&id).await {
                tracing::warn!(%reason, "the secrets of a profile that could not be made stay behind");
            }
            self.profiles.delete(&id)?;
            return Err(error);
        }
        Ok(profile.view(true))
    }

    /// Everything that comes to the node from now on will be shown, however long the start takes.
    async fn begin_here(
        &self,
        id: &str,
        credentials: &Credentials,
        secrets: &Secrets,
    ) -> Result<(), Error> {
        let lightning = self.world.node(credentials.clone()).lightning;
        let newest = lightning.newest_add_index().await?;
        let hash = lightning.invoice_at(newest).await?;
        let store = self.open_store(id, secrets, Store::open).await?;
        store
            .write(move |tx| tx.advance_added(newest, hash))
            .await?;
        Ok(store.close().await?)
    }

    /// Opens a profile with what the user gave.
    async fn unlock(&self, profile: &Profile, passphrase: Option<Passphrase>) -> Result<(), Error> {
        let vault = self.vault_of(profile, passphrase)?;
        self.launch(&mut profile.clone(), vault).await
    }

    /// Reads the secrets, opens the database and starts the engine.
    async fn launch(&self, profile: &mut Profile, vault: Arc<dyn Vault>) -> Result<(), Error> {
        let secrets = self.secrets(profile, &*vault).await?;
        let connection = self.world.node(credentials::kept(&secrets)?);
        let store = self
            .open_store(&profile.id, &secrets, Store::open_existing)
            .await?;
        profile.opened_at = self.clock.now();
        if let Err(error) = self.profiles.save(profile) {
            // It opens all the same; the next start may choose another profile.
            tracing::warn!(%error, "the time of opening was not written");
        }
        self.start(Parts {
            id: profile.id.clone(),
            node: profile.node,
            address: secrets.address.clone(),
            vault,
            store,
            connection,
        })
        .await;
        Ok(())
    }

    async fn secrets(&self, profile: &Profile, vault: &dyn Vault) -> Result<Secrets, Error> {
        let secrets = vault.read(&profile.id).await;
        secrets.map_err(|error| vault.kind().error(error))
    }

    async fn open_store(
        &self,
        id: &str,
        secrets: &Secrets,
        open: impl FnOnce(&Path, &DatabaseKey) -> Result<Store, StoreError> + Send + 'static,
    ) -> Result<Store, Error> {
        let (path, key) = (
            self.profiles.database(id),
            DatabaseKey::new(secrets.database_key),
        );
        self.profiles.keep_private(id)?;
        blocking(move || {
            open(&path, &key).map_err(|error| match error {
                StoreError::Missing => {
                    Error::new(Code::DatabaseMissing).with_detail(path.display())
                }
                error => error.into(),
            })
        })
        .await
    }
}

/// Runs `task` on a thread that may wait for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    task: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(task)
        .await
        .map_err(|error| Error::new(Code::Internal).with_detail(error))?
}

/// Nothing works without the needed permissions.
fn complete(report: &ConnectionReport) -> Result<(), Error> {
    if report.permissions.missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(Code::MissingPermission).with_detail(&report.permissions.bake_command))
}

/// On one line, without spaces around it.
fn checked_name(name: &str) -> Result<String, Error> {
    crate::contacts::one_line(name, LONGEST_NAME)
}

#[cfg(test)]
mod tests;
