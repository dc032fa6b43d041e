//! The app as a person uses it: its window on a screen of its own, read and operated through WebDriver.

mod app;
mod desktop;
mod introduction;
mod link;
mod page;
mod scene;
mod seat;
mod spot;

pub use app::App;
pub use desktop::Desktop;
pub use link::{lndconnect, with_address, with_certificate_of};
pub use scene::{Scene, Story, tell_all};
pub use seat::Seat;
pub use spot::{Spot, at};
