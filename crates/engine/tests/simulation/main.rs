//! Whole conversations on a network in memory, with everything that goes wrong, drawn from one number: the seed.
//!
//! People write, pay, accept, refuse, pay back, cancel and try again. Their apps die between any two steps, at calls of the
//! node and of the database; nodes stop and forget their timers; streams are lost, late, doubled and out of order; channels
//! are full and forwarders away. Some seeds have rarer troubles, too: a second app on the same node, a home copied back, wrong
//! clocks, a node restored from its seed, strangers. In the end everybody comes back, and when nothing is open any more the books of the apps
//! are held against each other and against what the network knows (`laws`).
//!
//! ```text
//! cargo test -p heliograph-engine --test simulation                  a thousand seeds, from `start.txt` on
//! SEEDS=10000 cargo test …   FIRST=5000 SEEDS=100 cargo test …       more of them, or others
//! HAZARDS=copies,clocks cargo test …                                with just these rarer troubles in every seed (`hazards`)
//! MINUTES=10 cargo test …                                            as many as there is time for
//! SEED=17 cargo test …                                               one, with all that happened
//! ```
//!
//! Whoever changes what the engine does adds 1,000 to the number in `start.txt`: new code meets new seeds. A seed that
//! failed goes into `failed.txt` and is run each time from then on.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a simulation fails where something is not as told"
)]

mod app;
mod calm;
mod dice;
mod doings;
mod doubles;
mod fate;
mod forger;
#[path = "../stories/people/gate.rs"]
mod gate;
mod hazards;
mod home;
mod laws;
mod past;
mod peace;
mod record;
mod run;
mod seeds;
mod stranger;
mod tally;
mod trace;
mod trouble;
mod weather;
mod wire;
mod world;

use std::time::Duration;

use run::run;

/// Without `SEEDS`.
const USUAL: u64 = 1_000;

#[test]
fn nothing_is_lost_and_nothing_is_paid_twice() {
    if let Some(seed) = seeds::number("SEED") {
        let run = run(seed);
        println!("{}", run.trace);
        assert!(run.broken.is_empty(), "{}", seeds::told(&run));
        return;
    }
    let first = seeds::number("FIRST").unwrap_or_else(seeds::start);
    let minutes = seeds::number("MINUTES");
    let usual = if minutes.is_some() {
        u64::MAX / 2
    } else {
        USUAL
    };
    let count = seeds::number("SEEDS").unwrap_or(usual);
    let limit = minutes.map_or(Duration::MAX, |minutes| Duration::from_secs(60 * minutes));
    seeds::all(&seeds::failed_once(), first..first + count, limit);
}

#[test]
fn the_same_seed_does_the_same_once_more() {
    let start = seeds::start();
    for seed in start..start + 10 {
        let (one, other) = (run(seed), run(seed));
        assert_eq!(one.trace, other.trace, "seed {seed}");
        assert_eq!(one.hash, other.hash, "seed {seed}");
    }
    assert_ne!(run(1).hash, run(2).hash);
}
