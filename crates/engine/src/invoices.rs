//! Payments that the recipient decides on although their node settles keysends on arrival: the sender's app asks theirs
//! for an invoice, over a carrier that costs nothing, and pays that. Their node holds it until they accept or refuse.

use std::time::Duration;

use domain::Msat;

pub(crate) mod asking;
pub(crate) mod giving;

/// An invoice can be paid for so long, and what is paid to it waits until then.
pub(crate) const VALID: Duration = Duration::from_secs(600);
/// A payment may be split into so many parts.
pub(crate) const PARTS: u32 = 16;
/// LND makes no smaller parts by itself.
pub(crate) const LEAST_PART: Msat = Msat::new(10_000_000);
