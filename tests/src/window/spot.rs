//! Places in the window, by the marks that the window's source gives them.

use std::fmt;

/// Something in the window; there may be several of it, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot(String);

/// What is marked `data-testid="id"`.
#[must_use]
pub fn at(id: &str) -> Spot {
    Spot(format!("[data-testid='{id}']"))
}

impl Spot {
    /// Only those with this attribute.
    #[must_use]
    pub fn with(&self, attribute: &str, value: impl fmt::Display) -> Self {
        Self(format!("{}[{attribute}='{value}']", self.0))
    }

    /// What is marked so inside of it.
    #[must_use]
    pub fn inside(&self, id: &str) -> Self {
        self.part(&format!("[data-testid='{id}']"))
    }

    /// What the CSS selector finds inside of it.
    #[must_use]
    pub fn part(&self, selector: &str) -> Self {
        Self(format!("{} {selector}", self.0))
    }

    /// Only inside of what the CSS selector finds.
    #[must_use]
    pub fn under(&self, selector: &str) -> Self {
        Self(format!("{selector} {}", self.0))
    }

    pub(super) fn selector(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
