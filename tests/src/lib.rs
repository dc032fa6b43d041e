//! The test world: a real Lightning network on one computer, people who use Heliograph on it, and their stories.

pub mod bench;
pub mod complaints;
pub mod demo;
pub mod fuse;
pub mod letters;
pub mod person;
pub mod ports;
pub mod process;
#[cfg(test)]
mod promises;
pub mod regtest;
pub mod soak;
pub mod stories;
pub mod temporary;
pub mod wait;
pub mod window;
pub mod world;
