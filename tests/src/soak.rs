//! Programs and nodes that are killed at random moments on the real network, again and again, while two people talk. In the
//! end the books of the programs are held against each other and against those of the nodes.

mod doubles;
mod laws;
mod rounds;
mod talker;

use std::time::Duration;

pub use rounds::soak;
pub use talker::{Talk, talk};

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    /// How often a program is killed.
    pub kills: u32,
    /// How often a node is stopped or killed, and started again.
    pub restarts: u32,
    /// After so long no round begins any more.
    pub limit: Duration,
    /// Decides who is struck, and when.
    pub seed: u64,
    /// Whether homes are copied and put back, and second programs run on the same nodes.
    pub doubles: bool,
}
