//! Many seeds at once, and what is said of those that fail.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{Run, run};
use crate::tally::Tally;

/// A text from the environment.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A number from the environment.
pub(crate) fn number(name: &str) -> Option<u64> {
    Some(text(name)?.parse().expect("a number"))
}

/// The first of the seeds that are run when none is asked for.
pub(crate) fn start() -> u64 {
    let numbers = numbers(include_str!("start.txt"));
    let [start] = numbers[..] else {
        panic!("start.txt holds one number");
    };
    start
}

/// Seeds that failed once: always run.
pub(crate) fn failed_once() -> Vec<u64> {
    numbers(include_str!("failed.txt"))
}

/// One in each line; what follows `#` is for the reader.
fn numbers(text: &str) -> Vec<u64> {
    text.lines()
        .map(|line| line.split('#').next().unwrap().trim())
        .filter(|line| !line.is_empty())
        .map(|line| line.parse().expect("a number"))
        .collect()
}

/// Runs all of them, as many at once as there are processors, and fails when one does. Of `seeds` none is begun after
/// `limit`; those in `always` are.
pub(crate) fn all(always: &[u64], seeds: Range<u64>, limit: Duration) {
    println!("seeds from {} on, after {always:?}", seeds.start);
    let began = Instant::now();
    let (before, next) = (AtomicUsize::new(0), AtomicU64::new(seeds.start));
    let (failed, tally) = (Mutex::new(Vec::new()), Mutex::new(Tally::default()));
    let draw = || {
        if let Some(seed) = always.get(before.fetch_add(1, Ordering::SeqCst)) {
            return Some(*seed);
        }
        let seed = next.fetch_add(1, Ordering::SeqCst);
        (seed < seeds.end && began.elapsed() <= limit).then_some(seed)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = draw() {
                    let run = run(seed);
                    tally.lock().unwrap().add(&run.tally);
                    if !run.broken.is_empty() {
                        failed.lock().unwrap().push(run);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_by_key(|run| run.seed);
    let threads = u64::try_from(threads).unwrap();
    // Each thread took one that it did not begin.
    let drawn = next.into_inner() - seeds.start - threads;
    let count = u64::try_from(always.len()).unwrap() + drawn;
    println!(
        "{count} seeds in {:.1} s, {} failed: {}",
        began.elapsed().as_secs_f64(),
        failed.len(),
        tally.into_inner().unwrap(),
    );
    if let Some(first) = failed.first() {
        println!("What happened with seed {}:\n{}", first.seed, first.trace);
        let told: Vec<_> = failed.iter().map(told).collect();
        panic!("{} of the seeds failed\n{}", failed.len(), told.join("\n"));
    }
}

/// What is broken, and how to see it again.
pub(crate) fn told(run: &Run) -> String {
    let mut text = format!(
        "seed {0}: SEED={0} cargo test -p heliograph-engine --test simulation -- --nocapture nothing_is_lost",
        run.seed
    );
    for problem in &run.broken {
        write!(text, "\n    {problem}").unwrap();
    }
    text
}

thread_local! {
    /// Panics on this thread, also those of an engine's tasks, which nobody waits for.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What has panicked on this thread since it was asked last.
pub(crate) fn panics() -> Vec<String> {
    PANICS.with_borrow_mut(std::mem::take)
}

/// From now on panics are remembered beside being told.
pub(crate) fn remember_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
            tell(panic);
        }));
    });
}
