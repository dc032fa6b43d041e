use super::*;

#[test]
fn what_is_shown_can_be_read_back() {
    for msat in [
        0,
        1,
        999,
        1_000,
        1_204,
        2_100_000,
        2_100_000_000_000_000_000,
    ] {
        let amount = Msat::new(msat);
        assert_eq!(amount.to_string().parse(), Ok(amount), "{amount}");
    }
    assert_eq!(Msat::new(1_204).to_string(), "1.204");
    assert_eq!(Msat::new(2_000).to_string(), "2");
}

#[test]
fn an_amount_that_cannot_be_read_says_why() {
    for text in ["", "-1", "1,5", "1.", ".5", "0x10", "one", "1e3", "１"] {
        assert_eq!(
            text.parse::<Msat>(),
            Err(AmountError::NotANumber),
            "{text:?}"
        );
    }
    assert_eq!("0.0001".parse::<Msat>(), Err(AmountError::TooFine));
    assert_eq!(
        "2100000000000001".parse::<Msat>(),
        Err(AmountError::TooLarge)
    );
    assert_eq!(
        "99999999999999999999".parse::<Msat>(),
        Err(AmountError::TooLarge)
    );
}

#[test]
fn sums_are_checked() {
    let max = Msat::new(u64::MAX);
    assert_eq!(max.checked_add(Msat::new(1)), None);
    assert_eq!(Msat::ZERO.checked_sub(Msat::new(1)), None);
    assert_eq!(Msat::checked_sum([max, Msat::SAT]), None);
    assert_eq!(
        Msat::checked_sum([Msat::SAT, Msat::new(204)]),
        Some(Msat::new(1_204))
    );
}
