//! Somebody's app: a database that outlives it, a node, and one life after the other.

use std::sync::{Arc, OnceLock};

use domain::{AttemptState, Timestamp};
use futures::FutureExt;
use heliograph_engine::{Clock, Deps, Engine};
use lnd::sim::{SimNetwork, SimNode};
use store::{DatabaseKey, Pace, Store};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::calm::Calm;
use crate::dice::Dice;
use crate::fate::Fate;
use crate::gate::Gated;
use crate::trace::Trace;
use crate::weather::Weather;
use crate::wire::Wire;

/// The network's wall clock.
struct NetworkClock(SimNetwork);

impl Clock for NetworkClock {
    fn now(&self) -> Timestamp {
        self.0.now()
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
    home: TempDir,
    around: Surroundings,
}

/// From a start to the end.
#[derive(Clone)]
pub(crate) struct Life {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) fate: Arc<Fate>,
}

impl App {
    pub(crate) fn new(name: &'static str, node: &SimNode, around: &Surroundings) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), empty_database()).unwrap();
        Self {
            name,
            node: node.clone(),
            life: None,
            calm: Calm::default(),
            deleted: false,
            slow: false,
            written: 0,
            home,
            around: around.clone(),
        }
    }

    /// Starts it on what it has on disk.
    pub(crate) fn open(&mut self) {
        self.around.trace.note(self.name, "opens the app");
        let fate = Arc::<Fate>::default();
        let (weather, step) = (self.around.weather.clone(), Arc::clone(&fate));
        let pace: Pace = Arc::new(move || {
            let (weather, fate) = (weather.clone(), Arc::clone(&step));
            Box::pin(async move {
                fate.step().await;
                weather.disk().await;
            })
        });
        let store = Store::open_stepped(&self.home.path().join(FILE), &KEY, pace).unwrap();
        let wire = Wire {
            who: self.name,
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
            clock: Arc::new(NetworkClock(self.around.network.clone())),
            seed: self.around.dice.seed(),
            node: self.node.id(),
        });
        self.life = Some(Life {
            engine,
            store,
            fate,
        });
        self.disturb();
    }

    /// While it is closed somebody deletes its node's list of payments, if every open one was heard of: one whose
    /// beginning the app has not heard of would be sent again, and nobody could know better.
    pub(crate) fn forget_payments(&mut self) -> bool {
        if self.life.is_some() {
            return false;
        }
        let path = self.home.path().join(FILE);
        let books = Store::open_stepped(&path, &KEY, Arc::new(|| Box::pin(async {}))).unwrap();
        let open = books.read(|db| db.open_attempts()).now_or_never();
        let open = open.expect("without a pace it is done at once").unwrap();
        let heard_of = open.iter().all(|one| one.state == AttemptState::Sent);
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
        life.engine.stop().await;
        life.store.close().await.unwrap();
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

const FILE: &str = "messages.db";
const KEY: DatabaseKey = DatabaseKey::new([9; 32]);

/// Made once: making one takes longer than most conversations.
fn empty_database() -> &'static [u8] {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE);
        drop(Store::open_stepped(&path, &KEY, Arc::new(|| Box::pin(async {}))).unwrap());
        std::fs::read(path).unwrap()
    })
}
