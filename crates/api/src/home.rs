//! The folder that holds everything, and that only one program may use at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Code, Error};

/// Profiles, the window's own files and the lock. Others are kept out for as long as a clone of it lives.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
    _lock: Arc<File>,
}

impl Home {
    /// The place that the system has for this program's data.
    ///
    /// # Errors
    /// [`Code::HomeInUse`] while another program has it; [`Code::HomeUnusable`].
    pub fn standard() -> Result<Self, Error> {
        let place = directories::ProjectDirs::from("", "", "heliograph")
            .ok_or_else(|| Error::new(Code::HomeUnusable).with_detail("no home directory"))?;
        Self::at(place.data_dir())
    }

    /// A folder of the user's choice; made when it does not exist.
    ///
    /// # Errors
    /// As [`Home::standard`].
    pub fn at(folder: &Path) -> Result<Self, Error> {
        let unusable = |error: io::Error| Error::new(Code::HomeUnusable).with_detail(error);
        make_folder(folder).map_err(unusable)?;
        // Absolute, as the program may change its working directory.
        let folder = std::path::absolute(folder).map_err(unusable)?;
        make_folder(&folder.join("profiles")).map_err(unusable)?;
        keep_private(&folder.join("profiles")).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: Arc::new(lock),
            }),
            Err(TryLockError::WouldBlock) => Err(Error::new(Code::HomeInUse)),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Where the profiles are, one folder each.
    #[must_use]
    pub fn profiles(&self) -> PathBuf {
        self.folder.join("profiles")
    }

    /// Where the window keeps its own files.
    #[must_use]
    pub fn window(&self) -> PathBuf {
        self.folder.join("window")
    }
}

/// Makes a folder that only the user can look into.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Only the user can look into a folder of ours, wherever it was copied from.
pub(crate) fn keep_private(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700))?;
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Writes a whole file or nothing: after a crash it is the old one or the new one. Only the user can read it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name is durable only when the folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_program_is_kept_out_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Home::at(folder.path()).unwrap();
        assert_eq!(Home::at(folder.path()).unwrap_err().code, Code::HomeInUse);
        drop(first);
        Home::at(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let error = Home::at(&file.join("home")).unwrap_err();
        assert_eq!(error.code, Code::HomeUnusable);
        assert!(error.detail.is_some());
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(&folder.path().join("home")).unwrap();
        let file = home.profiles().join("file");
        write_whole(&file, b"secret").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&home.profiles()), 0o700);
        assert_eq!(mode(&file), 0o600);
    }
}
