//! Amounts of bitcoin.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Thousandths of a satoshi. Arithmetic is checked: there is no `+`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Msat(u64);

impl Msat {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One satoshi: the postage of a message, and the smallest payment that LND's default policy forwards.
    pub const SAT: Self = Self(1_000);

    /// `value` in msat.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// `value` in satoshis; `None` when it does not fit.
    #[must_use]
    pub const fn from_sat(value: u64) -> Option<Self> {
        match value.checked_mul(1_000) {
            Some(msat) => Some(Self(msat)),
            None => None,
        }
    }

    /// The number of msat.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, unless it overflows.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `self - other`, unless it is negative.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// The sum of all, unless it overflows.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// So many times it; `None` beyond what a node can count.
    #[must_use]
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        self.0.checked_mul(times.into()).map(Self)
    }

    /// An equal share of it, rounded down; all of it for nobody.
    #[must_use]
    pub fn shared(self, among: u32) -> Self {
        self.0.checked_div(among.into()).map_or(self, Self)
    }

    /// One percent, rounded up.
    #[must_use]
    pub const fn percent(self) -> Self {
        Self(self.0.div_ceil(100))
    }
}

/// Satoshis with three decimals only when they matter: `2`, `1.204`.
impl fmt::Display for Msat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sat, rest) = (self.0.div_euclid(1_000), self.0.rem_euclid(1_000));
        if rest == 0 {
            write!(f, "{sat}")
        } else {
            write!(f, "{sat}.{rest:03}")
        }
    }
}

/// An amount of satoshis that a person wrote and that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Neither digits nor digits with a decimal point.
    #[error("write the amount in sats as digits, for example 2100 or 1.204")]
    NotANumber,
    /// More than three decimals.
    #[error("an amount has at most three decimals: a thousandth of a sat is the smallest unit")]
    TooFine,
    /// More than there will ever be.
    #[error("that is more than all bitcoin")]
    TooLarge,
}

/// All bitcoin there will ever be, in satoshis.
const ALL_SATS: u64 = 2_100_000_000_000_000;

/// Reads satoshis, as [`Msat`]'s `Display` writes them.
impl FromStr for Msat {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.trim().ends_with('.') {
            return Err(AmountError::NotANumber);
        }
        if fraction.len() > 3 {
            return Err(AmountError::TooFine);
        }
        let sat: u64 = whole.parse().map_err(|_| AmountError::TooLarge)?;
        let rest: u64 = format!("{fraction:0<3}")
            .parse()
            .map_err(|_| AmountError::NotANumber)?;
        if sat > ALL_SATS {
            return Err(AmountError::TooLarge);
        }
        Self::from_sat(sat)
            .and_then(|whole| whole.checked_add(Self(rest)))
            .ok_or(AmountError::TooLarge)
    }
}

#[cfg(test)]
mod tests;
