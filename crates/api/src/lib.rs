//! What may be asked: the facade between a window (or a command line) and everything beneath.

mod error;
pub mod view;

pub use error::{Code, Error};
