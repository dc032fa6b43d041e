//! The test world: a real Lightning network on one computer, people who use Heliograph on it, and their stories.

pub mod ports;
pub mod process;
pub mod regtest;
pub mod wait;
