//! Homes that there are twice: copies that take the place of the home, and second programs on a copy.

use std::path::Path;

use anyhow::Result;
use domain::NodeId;
use rand::Rng;
use rand::rngs::StdRng;

use super::rounds::Mortal;
use crate::person::copy_folder;

/// How often there was what.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubles {
    /// Homes that were put back.
    pub(super) put_back: u32,
    /// Second programs that were started.
    pub(super) second: u32,
}

impl Doubles {
    /// Does something of the kind to somebody whose program has just been killed.
    pub(super) fn strike(
        &mut self,
        mortal: &mut Mortal,
        talker: &Path,
        to: NodeId,
        rng: &mut StdRng,
    ) -> Result<()> {
        let copy = mortal.home.with_extension("copy");
        match rng.random_range(0..4) {
            0 => replace(&mortal.home, &copy),
            1 if copy.exists() => {
                self.put_back += 1;
                replace(&copy, &mortal.home)
            }
            2 if mortal.second.is_none() => {
                self.second += 1;
                let home = mortal.home.with_extension("second");
                replace(&mortal.home, &home)?;
                mortal.second = Some(mortal.program(talker, &home, to, rng.random())?);
                Ok(())
            }
            3 => mortal.end_second(),
            _ => Ok(()),
        }
    }
}

/// The second folder becomes what the first one is.
fn replace(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    copy_folder(from, to)
}
