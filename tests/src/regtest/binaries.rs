//! Where the programs of the network are.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// What the programs are built from: the hash names their folder.
const GO_SUM: &[u8] = include_bytes!("../../network/go.sum");
/// What is mended of LND: the hash is in the name of that program.
const MENDED: &[u8] = include_bytes!("../../network/lnd.sed");

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
        let version = name_of(GO_SUM);
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
            .context("neither XDG_CACHE_HOME nor a home folder")?;
        let folder = cache.join("heliograph-dev").join(&version);
        let btcd = folder.join("btcd");
        let lnd = folder.join(if mended {
            format!("lnd-{}", name_of(MENDED))
        } else {
            "lnd".to_owned()
        });
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

/// The name of what is built from this, as `scripts/setup` gives it.
fn name_of(source: &[u8]) -> String {
    hex::encode(&Sha256::digest(source)[..8])
}
