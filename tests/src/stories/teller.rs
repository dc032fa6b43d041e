//! Tells stories one after the other, each as a test.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::Result;
use futures::FutureExt;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

use super::{ALL, Plot, Stage, Story};
use crate::regtest::Network;
use crate::world::{RealWorld, SimWorld, World};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("threads for the programs"));

/// The network that the last story left behind, for the next one on the same stage.
static NETWORK: Mutex<Option<(Stage, Arc<Network>)>> = Mutex::new(None);

/// Tells the stories, with the command line of `cargo test`: in memory, or on the real network.
#[must_use]
pub fn tell_all(real: bool) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share the log, and in the real world the nodes.
    arguments.test_threads = Some(1);
    let mut stories: Vec<&'static Story> = ALL
        .iter()
        .filter(|story| real || matches!(story.plot, Plot::Anywhere(_)))
        .collect();
    // A network is made once for each stage.
    stories.sort_by_key(|story| story.stage);
    let trials = stories
        .into_iter()
        .map(|story| {
            Trial::test(story.name, move || {
                let told = if real {
                    RUNTIME.block_on(on_network(story))
                } else {
                    RUNTIME.block_on(in_memory(story))
                };
                told.map_err(|error| Failed::from(format!("{error:?}")))
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // A static is never dropped, and the network has a folder to remove.
    let _runtime = RUNTIME.enter();
    drop(
        NETWORK
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(),
    );
    conclusion.exit_code()
}

async fn in_memory(story: &Story) -> Result<()> {
    let world = SimWorld::new(&story.stage.plan(), 1)?;
    match story.plot {
        Plot::Anywhere(plot) => tell(&world, plot(&world)).await,
        Plot::Real(_) => Ok(()),
    }
}

async fn on_network(story: &Story) -> Result<()> {
    let world = RealWorld::new(network(story.stage).await?);
    world.network().calm().await?;
    match story.plot {
        Plot::Anywhere(plot) => tell(&world, plot(&world)).await,
        Plot::Real(plot) => tell(&world, plot(&world)).await,
    }
}

async fn network(stage: Stage) -> Result<Arc<Network>> {
    let left = NETWORK
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let network = match left {
        Some((same, network)) if same == stage => network,
        // The other one is gone before the new one comes: memory is for one.
        other => {
            drop(other);
            Arc::new(Network::temporary(stage.plan()).await?)
        }
    };
    let kept = Some((stage, Arc::clone(&network)));
    *NETWORK.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    Ok(network)
}

/// Nobody's program outlives the story, however it ends.
async fn tell(world: &dyn World, plot: impl Future<Output = Result<()>>) -> Result<()> {
    let end = AssertUnwindSafe(plot).catch_unwind().await;
    world.close_all().await;
    let complaints = world.complaints().finish();
    match end {
        Ok(told) => told.and(complaints),
        Err(panic) => resume_unwind(panic),
    }
}
