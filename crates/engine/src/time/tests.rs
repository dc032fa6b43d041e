use super::*;
use crate::feed::Feed;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// What time it really is.
const NOON: i64 = 1_790_000_000_000;

/// A clock that somebody may set, beside a steady one.
#[derive(Clone, Default)]
struct Hands(Arc<Mutex<(i64, u64)>>);

impl Hands {
    fn set(&self, wall: i64, steady_ms: u64) {
        *self.0.lock().unwrap() = (wall, steady_ms);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.lock().unwrap().0)
    }
    fn steady(&self) -> Duration {
        Duration::from_millis(self.0.lock().unwrap().1)
    }
}

fn time(ahead: i64) -> (Hands, Time, Health) {
    let (hands, health) = (Hands::default(), Health::new(Feed::default()));
    hands.set(NOON + ahead, 0);
    let time = Time::new(Arc::new(hands.clone()), health.clone());
    (hands, time, health)
}

fn told(health: &Health) -> Option<(i64, WrongClock)> {
    health.watch().borrow().iter().find_map(|all| match all {
        Condition::ClockOff { skew_ms, wrong } => Some((*skew_ms, *wrong)),
        _ => None,
    })
}

#[test]
fn the_nodes_time_is_known_whatever_our_clock_shows() {
    for ahead in [
        0,
        5_000,
        2 * MINUTE,
        HOUR,
        DAY,
        400 * DAY,
        -HOUR,
        -DAY,
        -20_000 * DAY,
    ] {
        let (_, time, health) = time(ahead);
        assert_eq!(time.node(), Timestamp(NOON + ahead), "nothing is known");
        time.observe(Timestamp(NOON));
        let off = time.node().0 - NOON;
        assert!((0..1_000).contains(&off), "{ahead}: {off}");
        let believed = time.now().0 - NOON;
        assert!((0..=10_000).contains(&believed), "{ahead}: {believed}");
        assert_eq!(
            told(&health).is_some(),
            ahead.abs() >= MINUTE + 1_000,
            "{ahead}"
        );
    }
}

#[test]
fn a_clock_that_is_set_while_we_run_changes_nothing_but_what_is_told() {
    let (hands, time, health) = time(0);
    time.observe(Timestamp(NOON));
    assert_eq!(told(&health), None);
    hands.set(NOON + 8 * DAY, 30_000);
    assert_eq!(time.now(), Timestamp(NOON + 30_000));
    time.tell();
    assert_eq!(told(&health), Some((8 * DAY - 30_000, WrongClock::Unknown)));
    hands.set(NOON + 60_000, 60_000);
    time.tell();
    assert_eq!(told(&health), None);
    assert_eq!(time.now(), Timestamp(NOON + 60_000));
}

#[test]
fn blocks_tell_which_clock_is_behind() {
    let (_, time_1, health) = time(-3 * DAY);
    time_1.block(Timestamp(NOON - HOUR));
    assert_eq!(time_1.now(), Timestamp(NOON - HOUR), "better than ours");
    time_1.observe(Timestamp(NOON));
    assert_eq!(told(&health).unwrap().1, WrongClock::Computer);
    assert_eq!(time_1.now(), Timestamp(NOON));

    let (_, time_2, health) = time(0);
    time_2.block(Timestamp(NOON - HOUR));
    time_2.observe(Timestamp(NOON - 3 * DAY));
    assert_eq!(told(&health).unwrap().1, WrongClock::Node);
    assert_eq!(time_2.now(), Timestamp(NOON));
    assert_eq!(time_2.node(), Timestamp(NOON - 3 * DAY), "holds end by it");
    assert_eq!(time_2.earliest(), time_2.node());
}

#[test]
fn until_the_nodes_clock_was_read_nothing_is_late() {
    let (_, time, _) = time(DAY);
    assert_eq!(time.node_for_sure(), None);
    time.cannot_be_read();
    assert_eq!(time.node_for_sure(), Some(Timestamp(NOON + DAY)));
    time.observe(Timestamp(NOON));
    assert_eq!(time.node_for_sure(), Some(Timestamp(NOON)));
}

#[test]
fn what_the_node_makes_shows_that_it_has_set_its_clock() {
    let (_, time, _) = time(0);
    time.made_now(Timestamp(NOON + DAY));
    assert!(!time.take_doubt(), "it was not read yet");
    time.observe(Timestamp(NOON));
    time.made_now(Timestamp(NOON + 30_000));
    assert!(!time.take_doubt());
    for other in [NOON + 10 * MINUTE, NOON - 10 * MINUTE] {
        time.made_now(Timestamp(other));
        assert!(time.take_doubt());
        assert!(!time.take_doubt(), "once");
    }
}
