//! What may be asked: the facade between a window (or a command line) and everything beneath.
//!
//! One method of [`Messenger`] for each command, in rooms by feature; [`view`] holds what goes in and comes out.

mod amendments;
mod contacts;
mod conversations;
mod costs;
mod credentials;
mod error;
mod home;
mod messages;
mod messenger;
mod node;
mod payments;
mod process;
mod profile;
mod profiles;
mod reasons;
mod search;
mod settings;
pub mod vault;
pub mod view;
mod world;

pub use domain;
pub use error::{Code, Error};
pub use home::Home;
pub use messenger::{Changes, Messenger};
pub use process::keep_memory_private;
