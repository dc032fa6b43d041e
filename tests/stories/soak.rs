//! Programs and nodes are killed at random moments on the real network. `KILLS`, `RESTARTS` and `MINUTES` (after which no
//! round begins) make it longer, `SEED` repeats who was struck and when, as far as a real network does.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use heliograph_tests::soak::{Dose, soak};

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_paid_twice_on_the_real_network() {
    run(false, (20, 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_paid_twice_whatever_is_copied_back() {
    run(true, (20, 2)).await;
}

/// One at a time: each has a network of its own, and the computer is small.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// So many kills and restarts, unless the environment says otherwise.
async fn run(doubles: bool, (kills, restarts): (u32, u32)) {
    let _turn = TURN.lock().await;
    let seed = number("SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.unwrap_or_default().as_secs()
    });
    let dose = Dose {
        kills: number("KILLS").unwrap_or(kills),
        restarts: number("RESTARTS").unwrap_or(restarts),
        limit: Duration::from_secs(60 * number("MINUTES").unwrap_or(60)),
        seed,
        doubles,
    };
    println!("SEED={seed}");
    let (broken, what) = soak(Path::new(env!("CARGO_BIN_EXE_talker")), dose)
        .await
        .unwrap();
    println!("{what}");
    assert!(broken.is_empty(), "SEED={seed}\n{}", broken.join("\n"));
}
