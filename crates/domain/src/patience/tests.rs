use super::*;

const NEVER: Timestamp = Timestamp(i64::MAX);

fn after(millis: i64) -> Option<Timestamp> {
    Some(Timestamp(1_000_i64.checked_add(millis).unwrap()))
}

#[test]
fn pauses_grow_to_an_hour() {
    let try_after = |tries| next_try(Failure::RecipientOffline, tries, Timestamp(1_000), NEVER);
    assert_eq!(try_after(0), after(10_000));
    assert_eq!(try_after(1), after(30_000));
    assert_eq!(try_after(8), after(3_600_000));
    assert_eq!(try_after(u32::MAX), after(3_600_000));
}

#[test]
fn the_last_try_is_made_when_the_time_is_over_and_none_follows_it() {
    let end = Timestamp(5_000);
    let try_at = |now| next_try(Failure::NoRoute, 3, Timestamp(now), end);
    assert_eq!(try_at(4_999), Some(end));
    assert_eq!(try_at(5_000), None);
}

#[test]
fn waiting_does_not_help_against_what_is_wrong_with_the_message() {
    for failure in [
        Failure::NoKeysend,
        Failure::TooLarge,
        Failure::AmountTooSmall,
        Failure::Permission,
        Failure::Rejected,
    ] {
        assert_eq!(
            next_try(failure, 0, Timestamp(0), NEVER),
            None,
            "{failure:?}"
        );
    }
}
