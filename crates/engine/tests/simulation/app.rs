//! Somebody's app: a database that outlives it, a node, and one life after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{AttemptState, Timestamp};
use heliograph_engine::{Clock, Deps, Engine};
use lnd::sim::{SimNetwork, SimNode};
use store::{Pace, Store};
use tokio::time::Instant;

use crate::calm::Calm;
use crate::dice::Dice;
use crate::fate::Fate;
use crate::gate::Gated;
use crate::home::{Copy, Home, now};
use crate::trace::Trace;
use crate::weather::Weather;
use crate::wire::Wire;

/// The clock of somebody's computer: so many milliseconds ahead of the network's.
#[derive(Clone)]
struct OwnClock {
    network: SimNetwork,
    ahead: Arc<AtomicI64>,
}

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::SeqCst);
        Timestamp(self.network.now().0 + ahead)
    }

    /// Nobody can set it.
    fn steady(&self) -> Duration {
        Timestamp(0).until(self.network.now())
    }
}

/// What all apps of a run share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) network: SimNetwork,
    pub(crate) dice: Dice,
    pub(crate) weather: Weather,
    pub(crate) trace: Trace,
}

pub(crate) struct App {
    pub(crate) name: &'static str,
    pub(crate) node: SimNode,
    pub(crate) life: Option<Life>,
    pub(crate) calm: Calm,
    /// Whether the node's answers are late at present.
    pub(crate) slow: bool,
    /// How many messages they have written.
    pub(crate) written: u64,
    /// Whether somebody has deleted its node's list of payments.
    pub(crate) deleted: bool,
    /// Whether its node's clock was ever set.
    pub(crate) node_clock_set: bool,
    /// How often it was opened.
    pub(crate) opened: u32,
    /// Whether an older copy took the place of its books, or a second app ran on its node.
    pub(crate) doubled: bool,
    /// When that was last so.
    pub(crate) doubled_at: Option<Instant>,
    /// The last copy of its home.
    pub(crate) copy: Option<Copy>,
    /// Whether the copy takes the place of the home before the app is opened again.
    pub(crate) puts_back: bool,
    pub(crate) home: Home,
    clock: OwnClock,
    around: Surroundings,
}

/// From a start to the end.
#[derive(Clone)]
pub(crate) struct Life {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) fate: Arc<Fate>,
    /// Whether it is the person's first app on its node.
    pub(crate) first: bool,
}

impl App {
    pub(crate) fn new(name: &'static str, node: &SimNode, around: &Surroundings) -> Self {
        Self {
            name,
            node: node.clone(),
            life: None,
            calm: Calm::default(),
            deleted: false,
            node_clock_set: false,
            opened: 0,
            doubled: false,
            doubled_at: None,
            copy: None,
            puts_back: false,
            slow: false,
            written: 0,
            home: Home::new(),
            clock: OwnClock {
                network: around.network.clone(),
                ahead: Arc::default(),
            },
            around: around.clone(),
        }
    }

    /// From now on its clock shows so many milliseconds more than the network's, or less.
    pub(crate) fn set_clock_ahead(&self, millis: i64) {
        self.clock.ahead.store(millis, Ordering::SeqCst);
    }

    /// There are other books than its own, or there were.
    pub(crate) fn is_doubled(&mut self) {
        self.doubled = true;
        self.doubled_at = Some(Instant::now());
    }

    /// Starts it on what it has on disk.
    pub(crate) fn open(&mut self) {
        self.opened += 1;
        self.life = Some(self.start(self.name, &self.home, true));
        self.disturb();
    }

    /// Starts an app on some home, on this one's node and by its clock.
    pub(crate) fn start(&self, name: &'static str, home: &Home, first: bool) -> Life {
        self.around.trace.note(name, "opens the app");
        let fate = Arc::<Fate>::default();
        let (weather, step) = (self.around.weather.clone(), Arc::clone(&fate));
        let pace: Pace = Arc::new(move || {
            let (weather, fate) = (weather.clone(), Arc::clone(&step));
            Box::pin(async move {
                fate.step().await;
                weather.disk().await;
            })
        });
        let store = home.open(pace);
        let wire = Wire {
            who: name,
            fate: Arc::clone(&fate),
            weather: self.around.weather.clone(),
            trace: self.around.trace.clone(),
        };
        let engine = Engine::start(Deps {
            store: store.clone(),
            lightning: Arc::new(Gated {
                node: self.node.clone(),
                gate: wire,
            }),
            clock: Arc::new(self.clock.clone()),
            seed: self.around.dice.seed(),
            node: self.node.id(),
            only_looks: false,
        });
        Life {
            engine,
            store,
            fate,
            first,
        }
    }

    /// While it is closed somebody deletes its node's list of payments; unless `all`, only if every open one was heard of.
    pub(crate) fn forget_payments(&mut self, all: bool) -> bool {
        if self.life.is_some() {
            return false;
        }
        let books = self.home.read();
        let open = now(books.read(|db| db.open_attempts())).unwrap();
        let heard_of = all || open.iter().all(|one| one.state == AttemptState::Sent);
        if heard_of {
            self.node.delete_payments();
            self.deleted = true;
        }
        heard_of
    }

    /// Its process is gone, at whatever it was doing; what was committed is there.
    pub(crate) async fn end(&mut self) {
        let Some(life) = self.life.take() else { return };
        let at = life.fate.died_at().unwrap_or_else(Instant::now);
        self.calm.disturb(at, false);
        life.end().await;
    }

    /// Its node does something unusual; from now on it may be calm again.
    pub(crate) fn disturb(&mut self) {
        let calm_again = self.life.is_some() && self.node.is_running() && !self.slow;
        self.calm.disturb(Instant::now(), calm_again);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.life
            .as_ref()
            .is_some_and(|life| life.fate.died_at().is_some())
    }
}

impl Life {
    pub(crate) async fn end(self) {
        self.engine.stop().await;
        self.store.close().await.unwrap();
    }
}
