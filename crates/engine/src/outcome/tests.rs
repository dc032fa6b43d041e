use super::*;
use crate::parts::tests::part;

fn attempt(index: u32, state: AttemptState, failure: Option<Failure>) -> Attempt {
    Attempt {
        failure,
        ..part(index, 2, state)
    }
}

fn failed(index: u32, failure: Failure) -> Attempt {
    attempt(index, AttemptState::Failed, Some(failure))
}

#[test]
fn what_arrived_once_is_there_and_the_last_try_of_the_rest_decides() {
    let there = attempt(0, AttemptState::Settled, None);
    let refused = attempt(1, AttemptState::Refused, None);
    let lost = attempt(1, AttemptState::Forgotten, None);
    let away = failed(1, Failure::NoRoute);
    let again = failed(0, Failure::Timeout);
    for (attempts, expected) in [
        (vec![&there, &refused], Standing::Arrived),
        (vec![&there, &away, &refused], Standing::Arrived),
        (vec![&there, &refused, &again, &away], Standing::Arrived),
        (vec![&there, &away], Standing::Missing(Failure::NoRoute)),
        (
            vec![&there, &lost, &away],
            Standing::Missing(Failure::NoRoute),
        ),
        (
            vec![&there, &away, &lost],
            Standing::Missing(Failure::NoReceipt),
        ),
    ] {
        let attempts: Vec<_> = attempts.into_iter().cloned().collect();
        assert_eq!(standing(&attempts), expected, "{attempts:?}");
    }
}

#[test]
fn what_does_not_pass_stops_all() {
    let (passes, stays) = (failed(0, Failure::NoRoute), failed(1, Failure::Permission));
    let expected = Standing::Missing(Failure::Permission);
    assert_eq!(standing(&[passes.clone(), stays.clone()]), expected);
    assert_eq!(standing(&[stays, passes]), expected);
}
