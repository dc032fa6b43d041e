//! Temporary folders that do not pile up when their processes are killed.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// The file that its owner keeps locked for as long as it lives.
const OWNED: &str = "owned";
const PREFIX: &str = "heliograph-";

/// A folder that goes with this, and otherwise with the next one that is made.
#[derive(Debug)]
pub struct Temporary {
    // The folder goes first, the lock after it.
    folder: TempDir,
    _owned: File,
}

impl Temporary {
    /// A new one; those of the same kind whose owners were killed are removed.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(kind: &str) -> Result<Self> {
        Self::new_in(&std::env::temp_dir(), kind)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn new_in(parent: &Path, kind: &str) -> Result<Self> {
        let prefix = format!("{PREFIX}{kind}-");
        // Nobody sweeps while a folder is there and not yet locked.
        let turn = File::create(parent.join(format!("{PREFIX}sweeping")))?;
        turn.lock().context("waiting for others who make folders")?;
        sweep(parent, &prefix)?;
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(parent)?;
        let owned = File::create(folder.path().join(OWNED))?;
        owned.lock()?;
        Ok(Self {
            folder,
            _owned: owned,
        })
    }
}

fn sweep(parent: &Path, prefix: &str) -> Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        // Without such a file it is not ours to remove.
        let Ok(owned) = File::open(entry.path().join(OWNED)) else {
            continue;
        };
        match owned.try_lock() {
            // Somebody else may be removing it as well.
            Ok(()) => drop(fs::remove_dir_all(entry.path())),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_owner_left_behind_is_swept() {
        let parent = tempfile::tempdir().unwrap();
        let new = |kind| Temporary::new_in(parent.path(), kind).unwrap();
        let (alive, other_kind) = (new("network"), new("home"));
        // A killed process drops its locks and removes nothing.
        let Temporary {
            folder,
            _owned: lock,
        } = new("network");
        let killed = folder.keep();
        drop(lock);
        let foreign = parent.path().join("heliograph-network-foreign");
        fs::create_dir(&foreign).unwrap();

        let next = new("network");
        assert!(!killed.exists());
        for kept in [alive.path(), other_kind.path(), next.path(), &foreign] {
            assert!(kept.exists(), "{}", kept.display());
        }
        let gone = next.path().to_owned();
        drop(next);
        assert!(!gone.exists());
    }
}
