//! Tells the stories of windows one after the other, each as a test.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result, ensure};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use super::introduction::{befriend, settle};
use super::seat::Seat;
use crate::complaints::Complaints;
use crate::regtest::{Network, Plan};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("threads for the programs"));

/// What happens in windows.
pub struct Story {
    /// What happens.
    pub name: &'static str,
    /// How.
    pub plot: for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, Result<()>>,
}

/// The network, and everybody who sits at a computer.
#[derive(Debug)]
pub struct Scene {
    story: &'static str,
    network: Arc<Network>,
    seats: RefCell<Vec<Rc<Seat>>>,
}

impl Scene {
    /// The network that all stories share.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Somebody who has never used Heliograph; without a keyring until they unlock it.
    ///
    /// # Errors
    /// When their desktop does not start.
    pub async fn newcomer(&self, name: &str) -> Result<Rc<Seat>> {
        let seat = Rc::new(Seat::take(name, self.story).await?);
        self.seats.borrow_mut().push(Rc::clone(&seat));
        Ok(seat)
    }

    /// Somebody with a profile on the node of their name, and no contacts. Their window is open.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn resident(&self, name: &str) -> Result<Rc<Seat>> {
        let seat = self.newcomer(name).await?;
        settle(&seat, self.network.node(name)).await?;
        seat.open_connected().await?;
        Ok(seat)
    }

    /// Two people with profiles on the nodes of their names, who have written to each other once. Their windows are open.
    ///
    /// # Errors
    /// When something does not start, or the network is broken.
    pub async fn friends(&self, one: &str, other: &str) -> Result<(Rc<Seat>, Rc<Seat>)> {
        let (a, b) = tokio::try_join!(self.newcomer(one), self.newcomer(other))?;
        befriend((&a, self.network.node(one)), (&b, self.network.node(other))).await?;
        tokio::try_join!(a.open_connected(), b.open_connected())?;
        Ok((a, b))
    }

    /// What must hold at the end of every story.
    async fn check(&self, complaints: &Complaints) -> Result<()> {
        complaints.finish()?;
        let seats = self.seats.borrow().clone();
        for seat in &seats {
            let heard = seat.complaints().await?;
            let name = seat.name();
            ensure!(heard.is_empty(), "{name}: unexpected: {}", heard.join("\n"));
        }
        Ok(())
    }

    /// Nobody's program outlives the story: it would write into a folder that is being removed.
    async fn clear(&self) -> Result<()> {
        let mut cleared = Ok(());
        for seat in self.seats.take() {
            if seat.is_open() {
                cleared = cleared.and(seat.kill().await);
            }
        }
        cleared
    }

    async fn evidence(&self) -> String {
        let mut evidence = Vec::new();
        let seats = self.seats.borrow().clone();
        for seat in &seats {
            evidence.push(seat.evidence().await);
        }
        evidence.join("\n\n")
    }
}

/// Tells the stories, with the command line of `cargo test`.
#[must_use]
pub fn tell_all(stories: &[Story]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share the nodes.
    arguments.test_threads = Some(1);
    let network = Arc::new(OnceCell::new());
    let trials = stories
        .iter()
        .map(|&Story { name, plot }| {
            let network = Arc::clone(&network);
            Trial::test(name, move || {
                RUNTIME
                    .block_on(tell(name, plot, &network))
                    .map_err(|error| Failed::from(format!("{error:?}")))
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

async fn tell(
    story: &'static str,
    plot: for<'a> fn(&'a Scene) -> LocalBoxFuture<'a, Result<()>>,
    network: &OnceCell<Arc<Network>>,
) -> Result<()> {
    let network = network
        .get_or_try_init(async || Network::temporary(Plan::line()).await.map(Arc::new))
        .await?;
    network.calm().await?;
    let complaints = Complaints::listen();
    let scene = Scene {
        story,
        network: Arc::clone(network),
        seats: RefCell::default(),
    };
    let told = AssertUnwindSafe(async {
        plot(&scene).await?;
        scene.check(&complaints).await
    });
    let told = match told.catch_unwind().await {
        Ok(Ok(())) => Ok(Ok(())),
        wrong => {
            let evidence = scene.evidence().await;
            // The next story begins with a clean log.
            drop(complaints.finish());
            wrong.map(|told| told.context(evidence))
        }
    };
    let cleared = scene.clear().await;
    match told {
        Ok(told) => told.and(cleared),
        Err(panic) => resume_unwind(panic),
    }
}
