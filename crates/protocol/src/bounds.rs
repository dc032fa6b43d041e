//! The bounds of what is written in letters and cards.

use domain::{Msat, Timestamp};

/// The end of the year 9999, in ms.
pub(crate) const LAST_MOMENT: i64 = 253_402_300_799_999;
/// All bitcoin there will ever be, in msat.
pub(crate) const ALL_MSAT: u64 = 2_100_000_000_000_000_000;

/// A moment up to the year 9999.
pub(crate) fn moment(ms: u64) -> Option<Timestamp> {
    let ms = i64::try_from(ms).ok()?;
    (ms <= LAST_MOMENT).then_some(Timestamp(ms))
}

/// A moment as it travels: there is none before 1970.
pub(crate) fn millis(moment: Timestamp) -> u64 {
    u64::try_from(moment.0).unwrap_or(0)
}

/// An amount that can exist, or nothing.
pub(crate) fn amount_or_zero(msat: u64) -> Option<Msat> {
    (msat <= ALL_MSAT).then_some(Msat::new(msat))
}

/// An amount that can be paid.
pub(crate) fn amount(msat: u64) -> Option<Msat> {
    amount_or_zero(msat).filter(|amount| *amount != Msat::ZERO)
}
