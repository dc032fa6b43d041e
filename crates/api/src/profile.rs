//! A profile on disk: a folder with what it is, its database, and perhaps its vault.

use std::io;
use std::path::{Path, PathBuf};

use domain::{NodeId, Timestamp};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::home::{keep_private, make_folder, write_whole};
use crate::vault::VaultKind;
use crate::view::ProfileView;
use crate::{Code, Error};

/// What is kept of a profile in the open: no secret is among it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The name of its folder; random.
    #[serde(skip)]
    pub(crate) id: String,
    /// The user's name for it.
    pub(crate) name: String,
    /// Whose node.
    pub(crate) node: NodeId,
    /// `host:port`.
    pub(crate) address: String,
    /// Where its secrets are.
    pub(crate) vault: VaultKind,
    /// When it was opened last: the newest is opened at the start.
    pub(crate) opened_at: Timestamp,
}

impl Profile {
    pub(crate) fn view(&self, open: bool) -> ProfileView {
        ProfileView {
            id: self.id.clone(),
            name: self.name.clone(),
            node: self.node.to_string(),
            address: self.address.clone(),
            open,
        }
    }
}

/// All profiles.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    folder: PathBuf,
}

const FILE: &str = "profile.json";

impl Profiles {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the database of a profile is.
    pub(crate) fn database(&self, id: &str) -> PathBuf {
        self.folder.join(id).join("messages.db")
    }

    /// The last opened first. Folders that never became a profile are passed over.
    pub(crate) fn list(&self) -> Result<Vec<Profile>, Error> {
        let mut profiles = Vec::new();
        for folder in std::fs::read_dir(&self.folder).map_err(unusable)? {
            let name = folder.map_err(unusable)?.file_name();
            let Some(id) = name.to_str().filter(|id| is_id(id)) else {
                continue;
            };
            match self.read(id) {
                Ok(profile) => profiles.push(profile),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unusable(error)),
            }
        }
        profiles.sort_by(|a, b| (b.opened_at, &a.id).cmp(&(a.opened_at, &b.id)));
        Ok(profiles)
    }

    /// One profile. What is no id is no path either.
    pub(crate) fn get(&self, id: &str) -> Result<Profile, Error> {
        if !is_id(id) {
            return Err(Error::new(Code::UnknownProfile));
        }
        self.read(id).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(Code::UnknownProfile),
            _ => unusable(error),
        })
    }

    fn read(&self, id: &str) -> io::Result<Profile> {
        let bytes = std::fs::read(self.folder.join(id).join(FILE))?;
        let profile: Profile = serde_json::from_slice(&bytes)?;
        Ok(Profile {
            id: id.to_owned(),
            ..profile
        })
    }

    /// A folder for a profile that is being made; it is one once [`Profiles::save`] was called.
    pub(crate) fn new_folder(&self, rng: &mut impl RngCore) -> Result<String, Error> {
        let mut bytes = [0; 8];
        rng.fill_bytes(&mut bytes);
        let id = hex::encode(bytes);
        let folder = self.folder.join(&id);
        if folder.exists() {
            return Err(Error::new(Code::Internal).with_detail("a profile's id came twice"));
        }
        make_folder(&folder).map_err(unusable)?;
        Ok(id)
    }

    /// Only the user can look into a profile's folder, wherever it was copied from.
    pub(crate) fn keep_private(&self, id: &str) -> Result<(), Error> {
        keep_private(&self.folder.join(id)).map_err(unusable)
    }

    /// Writes what is kept in the open.
    pub(crate) fn save(&self, profile: &Profile) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(profile)
            .map_err(|error| Error::new(Code::Internal).with_detail(error))?;
        write_whole(&self.folder.join(&profile.id).join(FILE), &bytes).map_err(unusable)
    }

    /// Deletes a profile with its database. What is in a keyring stays there.
    pub(crate) fn delete(&self, id: &str) -> Result<(), Error> {
        if !is_id(id) {
            return Err(Error::new(Code::UnknownProfile));
        }
        let folder = self.folder.join(id);
        // First what makes it a profile: a half deleted one is none.
        for delete in [
            std::fs::remove_file(folder.join(FILE)),
            std::fs::remove_dir_all(&folder),
        ] {
            match delete {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unusable(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn unusable(error: io::Error) -> Error {
    Error::because(
        Code::HomeUnusable,
        format!("the profiles cannot be read or written: {error}"),
    )
    .with_detail(error)
}

#[cfg(test)]
mod tests;
