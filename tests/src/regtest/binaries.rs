//! Where the programs of the network are.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// What the programs are built from: the hash names their folder.
const SOURCES: [&[u8]; 2] = [
    include_bytes!("../../network/go.sum"),
    include_bytes!("../../network/lnd.sed"),
];

/// `btcd` and `lnd`, built from the versions that `tests/network/go.mod` pins.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The chain.
    pub btcd: PathBuf,
    /// A node.
    pub lnd: PathBuf,
    /// Names these versions.
    pub version: String,
}

impl Binaries {
    /// Finds them in the cache folder, where `make` has built them; with LND as it is, or with its fault `mended`
    /// (`tests/network/lnd.sed`).
    ///
    /// # Errors
    /// When they are not there.
    pub fn find(mended: bool) -> Result<Self> {
        let version = hex::encode(&Sha256::digest(SOURCES.concat())[..8]);
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
            .context("neither XDG_CACHE_HOME nor a home folder")?;
        let folder = cache.join("heliograph-dev").join(&version);
        let btcd = folder.join("btcd");
        let lnd = folder.join(if mended { "lnd-mended" } else { "lnd" });
        for program in [&btcd, &lnd] {
            ensure!(
                program.is_file(),
                "{} is missing: run `make mended`",
                program.display()
            );
        }
        Ok(Self { btcd, lnd, version })
    }
}
