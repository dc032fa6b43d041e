//! A file behind a passphrase, for desktops without a keyring and for programs without a desktop.
//!
//! `"HELIOVLT" ‖ version ‖ memory (KiB) ‖ passes ‖ lanes ‖ salt ‖ nonce ‖ XChaCha20-Poly1305(secrets)`, numbers in network
//! order; the key is Argon2id of the passphrase; everything before the box, and the profile's id, is authenticated.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Secrets, Vault, VaultError, VaultKind};
use crate::home::write_whole;
use crate::{Code, Error};

const MAGIC: &[u8; 8] = b"HELIOVLT";
const VERSION: u8 = 1;
const HEADER: usize = 8 + 1 + 4 + 4 + 4 + 16 + 24;
/// Far more than it ever holds.
const LARGEST: usize = 65_536;
/// What a key costs whoever guesses: 64 MiB, three passes, one lane.
const COST: Cost = Cost {
    memory: 65_536,
    passes: 3,
    lanes: 1,
};
/// The fewest characters of a passphrase.
const SHORTEST: usize = 8;

/// What the user opens the vault with. Never shown in `Debug`, erased when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    /// As the user typed it; any number of characters.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The first line of a file.
    ///
    /// # Errors
    /// [`Code::FileUnreadable`].
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| Error::new(Code::FileUnreadable).with_detail(error))?;
        Ok(Self(text.lines().next().unwrap_or_default().to_owned()))
    }

    /// Whether it is long enough to be chosen.
    pub(crate) fn is_long_enough(&self) -> bool {
        self.0.chars().count() >= SHORTEST
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Secrets in files, one in each profile's folder, all behind one passphrase.
#[derive(Clone, Debug)]
pub struct PassphraseVault {
    profiles: PathBuf,
    passphrase: Passphrase,
}

impl PassphraseVault {
    /// The file's name in the profile's folder.
    pub(crate) const FILE: &str = "secrets.sealed";

    /// For the profiles in this folder.
    #[must_use]
    pub const fn new(profiles: PathBuf, passphrase: Passphrase) -> Self {
        Self {
            profiles,
            passphrase,
        }
    }

    fn file(&self, profile: &str) -> PathBuf {
        self.profiles.join(profile).join(Self::FILE)
    }

    fn seal(&self, profile: &str, secrets: &Secrets) -> Result<Vec<u8>, VaultError> {
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        rand::rng().fill_bytes(&mut salt);
        rand::rng().fill_bytes(&mut nonce);
        let mut bytes = COST.header(&salt, &nonce);
        let sealed = COST
            .cipher(&self.passphrase, &salt)?
            .encrypt(
                XNonce::from_slice(&nonce),
                Payload {
                    msg: &secrets.to_bytes(),
                    aad: &with_profile(&bytes, profile),
                },
            )
            .map_err(|_| VaultError::Damaged("too large"))?;
        bytes.extend(sealed);
        Ok(bytes)
    }

    fn unseal(&self, profile: &str, bytes: &[u8]) -> Result<Secrets, VaultError> {
        let damaged = VaultError::Damaged;
        let (header, sealed) = bytes
            .split_at_checked(HEADER)
            .ok_or(damaged("the file is too short"))?;
        let rest = header.strip_prefix(MAGIC).ok_or(damaged("not a vault"))?;
        let Some((&VERSION, rest)) = rest.split_first() else {
            return Err(damaged("written by a newer version of this program"));
        };
        let (cost, salt, nonce) = Cost::parse(rest).ok_or(damaged("impossible costs"))?;
        let opened = cost
            .cipher(&self.passphrase, salt)?
            .decrypt(
                XNonce::from_slice(nonce),
                Payload {
                    msg: sealed,
                    aad: &with_profile(header, profile),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| VaultError::WrongPassphrase)?;
        Secrets::from_bytes(&opened)
    }

    /// Argon2 takes a tenth of a second and 64 MiB: not on a thread that others wait for.
    async fn blocking<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Self) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let vault = self.clone();
        tokio::task::spawn_blocking(move || task(&vault))
            .await
            .map_err(|error| VaultError::Disk(error.to_string()))?
    }
}

#[async_trait]
impl Vault for PassphraseVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Passphrase
    }

    async fn available(&self) -> bool {
        true
    }

    async fn read(&self, profile: &str) -> Result<Secrets, VaultError> {
        let profile = profile.to_owned();
        self.blocking(move |vault| {
            let bytes = std::fs::read(vault.file(&profile))?;
            if bytes.len() > LARGEST {
                return Err(VaultError::Damaged("the file is too long"));
            }
            vault.unseal(&profile, &bytes)
        })
        .await
    }

    async fn write(&self, profile: &str, secrets: &Secrets) -> Result<(), VaultError> {
        let (profile, secrets) = (profile.to_owned(), secrets.clone());
        self.blocking(move |vault| {
            let bytes = vault.seal(&profile, &secrets)?;
            Ok(write_whole(&vault.file(&profile), &bytes)?)
        })
        .await
    }

    async fn remove(&self, profile: &str) -> Result<(), VaultError> {
        match tokio::fs::remove_file(self.file(profile))
            .await
            .map_err(VaultError::from)
        {
            Err(VaultError::Missing) => Ok(()),
            other => other,
        }
    }
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Disk(error.to_string()),
        }
    }
}

fn with_profile(header: &[u8], profile: &str) -> Vec<u8> {
    [header, profile.as_bytes()].concat()
}

/// What deriving the key costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    fn header(self, salt: &[u8; 16], nonce: &[u8; 24]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        for number in [self.memory, self.passes, self.lanes] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(salt);
        bytes.extend(nonce);
        bytes
    }

    /// What follows the version. `None` when it is cut short, or asks for more than a computer should give.
    fn parse(bytes: &[u8]) -> Option<(Self, &[u8; 16], &[u8; 24])> {
        let (memory, bytes) = bytes.split_first_chunk()?;
        let (passes, bytes) = bytes.split_first_chunk()?;
        let (lanes, bytes) = bytes.split_first_chunk()?;
        let (salt, bytes) = bytes.split_first_chunk()?;
        let (nonce, _) = bytes.split_first_chunk()?;
        let cost = Self {
            memory: u32::from_be_bytes(*memory),
            passes: u32::from_be_bytes(*passes),
            lanes: u32::from_be_bytes(*lanes),
        };
        let sane = cost.memory <= 1_048_576 && cost.passes <= 64 && cost.lanes <= 16;
        sane.then_some((cost, salt, nonce))
    }

    fn cipher(self, passphrase: &Passphrase, salt: &[u8]) -> Result<XChaCha20Poly1305, VaultError> {
        let impossible = |_| VaultError::Damaged("impossible costs");
        let params =
            Params::new(self.memory, self.passes, self.lanes, Some(32)).map_err(impossible)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.0.as_bytes(), salt, &mut *key)
            .map_err(impossible)?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }
}

#[cfg(test)]
mod tests;
