//! What sending costs, before and after.

use crate::Msat;

/// The least of all default fee limits: small messages may cost this much.
const LEAST_LIMIT: Msat = Msat::new(10_000);

/// The most that a send may pay in fees unless the user says otherwise: 10 sat or one percent.
#[must_use]
pub fn default_fee_limit(amount: Msat) -> Msat {
    amount.percent().max(LEAST_LIMIT)
}

/// What a send would cost if it were made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeQuote {
    /// What the recipient gets: payment or postage.
    pub amount: Msat,
    /// What the route asks.
    pub fee: Msat,
    /// The most that will be paid in fees.
    pub fee_limit: Msat,
    /// Number of channels on the route.
    pub hops: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limit_is_ten_sats_or_one_percent() {
        assert_eq!(default_fee_limit(Msat::SAT), Msat::new(10_000));
        assert_eq!(default_fee_limit(Msat::new(1_000_000)), Msat::new(10_000));
        assert_eq!(default_fee_limit(Msat::new(2_100_000)), Msat::new(21_000));
    }
}
