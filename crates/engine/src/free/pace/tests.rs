use super::*;

const SMALL: usize = 1_366;
const LARGE: usize = 32_834;

fn node(number: u8) -> NodeId {
    secp256k1::SecretKey::from_secret_bytes([number; 32])
        .unwrap()
        .public_key()
        .into()
}

/// How long the last of so many messages, all written at once, waits.
fn last_of(count: usize, size: usize) -> Duration {
    let (pace, now) = (Pace::default(), Instant::now());
    let turns: Vec<_> = (0..count).map(|_| pace.book(node(1), size, now)).collect();
    assert!(
        turns
            .windows(2)
            .all(|pair| pair[1].duration_since(pair[0]) >= GAP)
    );
    let last = turns.last().unwrap().duration_since(now);
    assert_eq!(onion_pace(count, size), last, "so it is told, too");
    last
}

#[test]
fn a_few_go_at_once_with_a_breath_between_them() {
    assert_eq!(last_of(1, SMALL), Duration::ZERO);
    assert_eq!(last_of(20, SMALL), GAP * 19);
}

#[test]
fn many_go_at_half_the_speed_that_a_node_takes() {
    let bytes = u32::try_from(1_000 * (SMALL + AROUND)).unwrap();
    let expected = (BYTE * bytes).checked_sub(BURST).unwrap();
    assert_eq!(last_of(1_000, SMALL), expected);
}

#[test]
fn of_the_large_ones_three_go_at_once_and_then_one_a_second() {
    assert_eq!(last_of(3, LARGE), GAP * 2);
    let (five, six) = (last_of(5, LARGE), last_of(6, LARGE));
    assert!((six - five).as_secs_f64() > 1.0, "{five:?} {six:?}");
}

#[test]
fn each_first_hop_has_a_line_of_its_own() {
    let (pace, now) = (Pace::default(), Instant::now());
    for _ in 0..200 {
        pace.book(node(1), SMALL, now);
    }
    assert_eq!(pace.book(node(2), SMALL, now), now);
    let later = now + Duration::from_secs(60);
    assert_eq!(
        pace.book(node(1), SMALL, later),
        later,
        "the line is empty again"
    );
}
