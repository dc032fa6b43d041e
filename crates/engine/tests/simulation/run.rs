//! One seed, from the first word to the last law.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use crate::laws;
use crate::seeds;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::world::World;

/// What came of a seed.
pub(crate) struct Run {
    pub(crate) seed: u64,
    pub(crate) broken: Vec<String>,
    pub(crate) trace: String,
    pub(crate) hash: u64,
    pub(crate) tally: Tally,
}

/// On a thread and a clock of its own: nothing but the seed decides what happens.
pub(crate) fn run(seed: u64) -> Run {
    seeds::remember_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let trace = {
        let _inside = runtime.enter();
        Trace::new()
    };
    let (mut broken, tally) = runtime.block_on(catch(conversation(seed, trace.clone())));
    drop(runtime);
    broken.extend(seeds::panics());
    Run {
        seed,
        broken,
        trace: trace.text(),
        hash: trace.hash(),
        tally,
    }
}

async fn conversation(seed: u64, trace: Trace) -> (Vec<String>, Tally) {
    let mut world = World::new(seed, trace).await;
    let dice = world.around.dice.clone();
    let length = dice.between(8, 40);
    let troubled = dice.pick(&[0, 20, 40, 60]).copied().unwrap();
    for _ in 0..length {
        let pause = dice.pause();
        world.wait(pause).await;
        if dice.percent(troubled) {
            world.trouble().await;
        } else {
            world.doing().await;
        }
    }
    let mut broken = world.settle_down().await;
    let record = world.record().await;
    broken.extend(laws::broken(&record));
    for diary in &record.diaries {
        for sent in &diary.sent {
            let what = crate::doings::name_of(&sent.row);
            let state = sent.row.delivery.as_ref().map(|one| one.state);
            let end = format_args!("in the end {what} is {state:?}");
            world.around.trace.note(diary.name, end);
        }
    }
    let tally = Tally::of(&record, &world.around.trace.text());
    for app in &mut world.apps {
        app.end().await;
    }
    (broken, tally)
}

/// A panic is as bad as a broken law; what it says is collected by the hook.
async fn catch<T: Default>(story: impl Future<Output = T>) -> T {
    AssertUnwindSafe(story)
        .catch_unwind()
        .await
        .unwrap_or_default()
}
