//! What can be said on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use api::domain::NodeId;
use clap::Parser;

/// A desktop messenger over the Lightning Network
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// Keep everything in this folder; several windows can run side by side, each with its own
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Take the passphrase from the first line of this file, and keep secrets behind it instead of in the keyring
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Where the window opens
    #[arg(long, value_name = "X,Y")]
    pub(crate) position: Option<Pair>,
    /// How large the window is
    #[arg(long, value_name = "WIDTH,HEIGHT")]
    pub(crate) size: Option<Pair>,
    /// Begin with the conversation with this node
    #[arg(long, value_name = "PUBKEY")]
    pub(crate) conversation: Option<NodeId>,
}

/// Two whole numbers with a comma between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair(pub(crate) u32, pub(crate) u32);

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, second) = text
            .split_once(',')
            .ok_or("two numbers with a comma between them")?;
        let number = |part: &str| part.trim().parse().map_err(|_| "a whole number of pixels");
        Ok(Self(number(first)?, number(second)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_a_size_are_two_numbers() {
        let arguments =
            Arguments::try_parse_from(["heliograph", "--position", "10,20", "--size", "800, 600"])
                .unwrap();
        assert_eq!(arguments.position, Some(Pair(10, 20)));
        assert_eq!(arguments.size, Some(Pair(800, 600)));
        for wrong in ["10", "10,", "a,b", "1,2,3", "-1,2"] {
            assert!(Pair::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
