//! Starts and stops everything.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Attempt, Condition, MessageKey, NodeId, PARTS_KEPT};
use futures::FutureExt;
use lnd::{Lightning, LightningError};
use rand::SeedableRng;
use rand::rngs::StdRng;
use store::{Store, StoreError};
use tokio::sync::{Notify, watch};

use crate::apps::{Apps, Charge};
use crate::aside::Aside;
use crate::choice::Chooser;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::door::Doors;
use crate::error::EngineError;
use crate::feed::{Change, Changes, Feed};
use crate::free::courier::{Answers, Courier};
use crate::free::notes::Notes;
use crate::free::post::Post;
use crate::free::{Free, Ways};
use crate::health::Health;
use crate::hints::OwnHints;
use crate::holds::Holds;
use crate::identity::Identity;
use crate::inbox::Inbox;
use crate::invoices::asking::{Asker, Awaited};
use crate::invoices::giving::Giver;
use crate::keys::Keys;
use crate::link::{Link, LinkState};
use crate::lost_keys::LostKeys;
use crate::marks::Marks;
use crate::missing::Missing;
use crate::neighbours::{Neighbours, Reach};
use crate::opening::Opener;
use crate::outbox::Outbox;
use crate::purse::{Orders, Purse};
use crate::quotes::Quotes;
use crate::reading::Reading;
use crate::reception::Reception;
use crate::returns::Returns;
use crate::rules::{KeysendMode, Settings};
use crate::tasks::Tasks;
use crate::time::Time;
use crate::tracker::{TROUBLE, Tracker};
use crate::watched::Watched;

/// What an engine is given.
pub struct Deps {
    /// The profile's database.
    pub store: Store,
    /// The profile's node.
    pub lightning: Arc<dyn Lightning>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from: fresh for every start, except in a simulation.
    pub seed: [u8; 32],
    /// Whose node it is: with any other, nothing is sent or read.
    pub node: NodeId,
    /// Whether the user only wants to see something. Then no mark is left with the node, its clock is not read, and nothing
    /// is decided or sent that has to know the time.
    pub only_looks: bool,
}

/// A running engine. Cheap to clone; [`Engine::stop`] ends it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) parts: Arc<Parts>,
}

/// What commands need.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) health: Health,
    pub(crate) link: Link,
    pub(crate) identity: Identity,
    pub(crate) neighbours: Neighbours,
    pub(crate) settings: Settings,
    pub(crate) apps: Apps,
    pub(crate) keys: Keys,
    pub(crate) notes: Notes,
    pub(crate) quotes: Quotes,
    pub(crate) orders: Orders,
    pub(crate) outbox: Arc<Notify>,
    pub(crate) holds: Arc<Notify>,
    rng: Arc<Mutex<StdRng>>,
    tasks: Tasks,
}

impl Parts {
    pub(crate) fn rng(&self) -> MutexGuard<'_, StdRng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Starts every actor. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(deps: Deps) -> Self {
        let Deps {
            store,
            lightning,
            clock,
            seed,
            node,
            only_looks,
        } = deps;
        let (feed, link) = (Feed::default(), Link::new());
        let (settings, outbox_wake) = (Settings::default(), Arc::new(Notify::new()));
        let (holds_wake, unopened) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let health = Health::new(feed.clone());
        let tasks = Tasks::new(health.clone());
        let time = Time::new(clock, health.clone());
        let clock: Arc<dyn Clock> = Arc::new(time.clone());
        let rng = Arc::new(Mutex::new(StdRng::from_seed(seed)));
        let identity = Identity::new(node, lightning.clone());
        let neighbours = Neighbours::new(lightning.clone(), store.clone(), feed.clone());
        let deaf = Arc::new(Mutex::default());
        let cards = Arc::new(Notify::new());
        let charge = Charge::default();
        let tried = Watched::default();
        let apps = Apps {
            store: store.clone(),
            lightning: lightning.clone(),
            clock: clock.clone(),
            link: link.clone(),
            health: health.clone(),
            tasks: tasks.clone(),
            rng: rng.clone(),
            charge: charge.clone(),
            waiting: vec![cards.clone(), holds_wake.clone(), outbox_wake.clone()],
            names: Arc::default(),
            here: Arc::default(),
            marks: Marks {
                store: store.clone(),
                lightning: lightning.clone(),
                rng: rng.clone(),
            },
            tried: tried.clone(),
            lost: Arc::default(),
        };
        let reading = Reading {
            link: link.clone(),
            time: time.clone(),
            apps: apps.clone(),
            tried,
        };
        let keys = Keys {
            node,
            store: store.clone(),
            lightning: lightning.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
            time: time.clone(),
            reading: reading.clone(),
            rng: rng.clone(),
            ring: Watched::default(),
            deaf: deaf.clone(),
            wake: cards.clone(),
            missed: Arc::default(),
            charge: charge.clone(),
            hints: OwnHints::new(lightning.clone()),
        };
        let ways = Ways::new(lightning.clone(), neighbours.clone(), node);
        let free = Free::new(
            lightning.clone(),
            identity.clone(),
            rng.clone(),
            ways.clone(),
        );
        let answers = Answers::default();
        let chooser = Chooser {
            neighbours: neighbours.clone(),
            answers: answers.clone(),
            ways,
        };
        let notes = Notes {
            store: store.clone(),
            clock: clock.clone(),
            identity: identity.clone(),
            keys: keys.clone(),
            neighbours: neighbours.clone(),
            settings: settings.clone(),
            free: free.clone(),
            tasks: tasks.clone(),
            rng: rng.clone(),
            charge: charge.clone(),
        };
        let courier = Courier {
            store: store.clone(),
            clock: clock.clone(),
            feed: feed.clone(),
            link: link.clone(),
            free,
            outbox: outbox_wake.clone(),
            answers: answers.clone(),
        };
        let awaited = Awaited::default();
        let asker = Asker {
            store: store.clone(),
            lightning: lightning.clone(),
            clock: clock.clone(),
            time: time.clone(),
            identity: identity.clone(),
            notes: notes.clone(),
            awaited: awaited.clone(),
        };
        let issued = Arc::new(Notify::new());
        let giver = Giver {
            store: store.clone(),
            lightning: lightning.clone(),
            time: time.clone(),
            reading: reading.clone(),
            notes: notes.clone(),
            tasks: tasks.clone(),
            rng: rng.clone(),
            issued: issued.clone(),
            holds: holds_wake.clone(),
        };
        let quotes = Quotes::new(
            lightning.clone(),
            link.clone(),
            neighbours.clone(),
            chooser.clone(),
            settings.clone(),
        );
        let tracker = Tracker {
            store: store.clone(),
            lightning: lightning.clone(),
            clock: clock.clone(),
            feed: feed.clone(),
            link: link.clone(),
            following: Arc::new(Mutex::new(HashSet::new())),
            outbox: outbox_wake.clone(),
            unopened: unopened.clone(),
        };
        let orders = Orders::default();
        let purse = Purse {
            store: store.clone(),
            lightning: lightning.clone(),
            clock: clock.clone(),
            identity: identity.clone(),
            rng: rng.clone(),
            orders: orders.clone(),
            own: Arc::default(),
        };
        let outbox = Outbox {
            purse: purse.clone(),
            store: store.clone(),
            clock: clock.clone(),
            feed: feed.clone(),
            link: link.clone(),
            reading: reading.clone(),
            identity: identity.clone(),
            neighbours: neighbours.clone(),
            settings: settings.clone(),
            charge: charge.clone(),
            tracker: tracker.clone(),
            courier: courier.clone(),
            asker,
            quotes: quotes.clone(),
            keys: keys.clone(),
            tried: Arc::default(),
            chooser: chooser.clone(),
            tasks: tasks.clone(),
            rng: rng.clone(),
            wake: outbox_wake.clone(),
            repeats: Arc::default(),
            busy: Arc::new(Mutex::new(HashSet::new())),
            room: Arc::new(Mutex::new(HashMap::new())),
        };
        let reception = Reception {
            store: store.clone(),
            clock: clock.clone(),
            feed: feed.clone(),
            opener: Opener {
                identity: identity.clone(),
                keys: keys.clone(),
                neighbours: neighbours.clone(),
            },
            ours: node,
            neighbours: neighbours.clone(),
            settings: settings.clone(),
            tasks: tasks.clone(),
            holds: holds_wake.clone(),
            outbox: outbox_wake.clone(),
            notes: notes.clone(),
            answers,
            awaited,
            giver,
            charge: charge.clone(),
            doors: Arc::new(Mutex::new(Doors::default())),
            aside: Aside::new(health.clone()),
        };
        let post = Post {
            lightning: lightning.clone(),
            link: link.clone(),
            reception: reception.clone(),
            deaf,
            cards,
        };
        let inbox = Inbox {
            store: store.clone(),
            lightning: lightning.clone(),
            link: link.clone(),
            time: time.clone(),
            health: health.clone(),
            settings: settings.clone(),
            reception: reception.clone(),
            apps: apps.clone(),
            unopened,
            issued,
        };
        let holds = Holds {
            store: store.clone(),
            lightning: lightning.clone(),
            time: time.clone(),
            reading: reading.clone(),
            link: link.clone(),
            reception,
            charge: charge.clone(),
            wake: holds_wake.clone(),
        };
        let looking = {
            let (link, lightning) = (link.clone(), lightning.clone());
            let (clock, feed) = (clock.clone(), feed.clone());
            move || {
                link.clone()
                    .run(lightning.clone(), clock.clone(), feed.clone(), node)
            }
        };
        tasks.keep("link", looking);
        let disk = Disk {
            store: store.clone(),
            health: health.clone(),
        };
        tasks.keep("disk", move || disk.clone().run());
        if !only_looks {
            tasks.keep("clock", move || reading.clone().run());
        }
        let starting = Starting {
            store: store.clone(),
            time: time.clone(),
            settings: settings.clone(),
            apps: apps.clone(),
            tracker,
            courier,
            keys: keys.clone(),
            purse,
            tasks: tasks.clone(),
        };
        let lost_keys = LostKeys {
            charge: charge.clone(),
            store: store.clone(),
            clock: clock.clone(),
            link: link.clone(),
            keys: keys.clone(),
            notes: notes.clone(),
        };
        let missing = Missing {
            charge,
            store: store.clone(),
            clock: clock.clone(),
            link: link.clone(),
            keys: keys.clone(),
            notes: notes.clone(),
        };
        let returns = Returns {
            store: store.clone(),
            lightning: lightning.clone(),
            link: link.clone(),
            ways: chooser.ways.clone(),
            outbox: outbox_wake.clone(),
        };
        let always = tasks.clone();
        let renewal = {
            let (keys, link) = (keys.clone(), link.clone());
            move || keys.clone().run(link.clone())
        };
        let channels_told = {
            let (hints, link) = (keys.hints.clone(), link.clone());
            move || hints.clone().run(link.clone())
        };
        let (peers, channels, graph) = (returns.clone(), returns.clone(), returns);
        let (onions, repeats) = (post.clone(), outbox.clone());
        let others = apps.clone();
        tasks.spawn(async move {
            starting.complete().await;
            always.keep("other apps", move || others.clone().run());
            always.keep("keys", renewal);
            always.keep("own channels", channels_told);
            always.keep("peer events", move || peers.clone().run_peers());
            always.keep("channel events", move || channels.clone().run_channels());
            always.keep("gossip", move || graph.clone().run_graph());
            always.keep("peer messages", move || post.clone().run_peers());
            always.keep("onion messages", move || onions.clone().run_onions());
            always.keep("inbox", move || inbox.clone().run());
            always.keep("holds", move || holds.clone().run());
            always.keep("repeats", move || repeats.clone().run_repeats());
            always.keep("lost keys", move || lost_keys.clone().run());
            always.keep("missing letters", move || missing.clone().run());
            always.keep("outbox", move || outbox.clone().run());
        });
        let parts = Parts {
            store,
            clock,
            feed,
            health,
            link,
            identity,
            neighbours,
            settings,
            apps,
            keys,
            notes,
            quotes,
            orders,
            outbox: outbox_wake,
            holds: holds_wake,
            rng,
            tasks,
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Ends every task and waits for it. What was on its way is picked up at the next start.
    pub async fn stop(&self) {
        self.parts.tasks.stop().await;
    }

    /// How the connection is.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<LinkState> {
        self.parts.link.watch()
    }

    /// What is wrong now; empty when all is well. [`Change::Link`] tells that it has changed.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Vec<Condition>> {
        self.parts.health.watch()
    }

    /// Makes this app the one in charge of its node, where another one was. That one steps back when it hears of it.
    ///
    /// # Errors
    /// When the node, or the database, does not answer; nothing has changed then.
    pub async fn take_over(&self) -> Result<(), EngineError> {
        Ok(self.parts.apps.take_over().await?)
    }

    /// Asks the node now instead of later.
    pub fn retry_link(&self) {
        self.parts.link.check();
    }

    /// What changes from now on.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.parts.feed.changes()
    }

    /// Tells of a change that was made beside the engine: names, drafts, trust.
    pub fn publish(&self, change: Change) {
        self.parts.feed.publish(change);
    }

    /// Reads the user's settings again.
    ///
    /// # Errors
    /// When the database cannot be read; the former settings stay.
    pub async fn rules_changed(&self) -> Result<(), StoreError> {
        self.parts.settings.load(&self.parts.store).await
    }

    /// How our node treats keysends, as far as it is known.
    #[must_use]
    pub fn keysend_mode(&self) -> KeysendMode {
        self.parts.settings.mode()
    }

    /// How a node can be reached now.
    ///
    /// # Errors
    /// When our node does not answer.
    pub async fn reach(&self, node: NodeId) -> Result<Reach, LightningError> {
        self.parts.neighbours.reach(node).await
    }

    /// Brings a contact's alias up to date, in the background.
    pub fn refresh_alias(&self, node: NodeId) {
        let neighbours = self.parts.neighbours.clone();
        self.parts
            .tasks
            .spawn(async move { neighbours.refresh_alias(node).await });
    }
}

/// What comes before the actors: settings, and the attempts of the run before.
struct Starting {
    store: Store,
    time: Time,
    settings: Settings,
    apps: Apps,
    tracker: Tracker,
    courier: Courier,
    keys: Keys,
    purse: Purse,
    tasks: Tasks,
}

impl Starting {
    /// Until it has worked: a database that cannot be read or written may be mended.
    async fn complete(&self) {
        loop {
            match AssertUnwindSafe(self.run()).catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::error!(%error, "the engine cannot use its database"),
                Err(_) => tracing::error!("the engine's start failed"),
            }
            tokio::time::sleep(TROUBLE).await;
        }
    }

    async fn run(&self) -> Result<(), StoreError> {
        self.settings.load(&self.store).await?;
        self.apps.load().await?;
        self.keys.load().await?;
        self.purse.load().await?;
        let mut paid: BTreeMap<MessageKey, Vec<Attempt>> = BTreeMap::new();
        for attempt in self.tracker.open_attempts().await? {
            if attempt.pays_nothing() {
                self.courier.end_unfinished(&attempt).await?;
            } else {
                paid.entry(attempt.message).or_default().push(attempt);
            }
        }
        for attempts in paid.into_values() {
            let tracker = self.tracker.clone();
            self.tasks
                .spawn(async move { tracker.pick_up(attempts).await });
        }
        let before = self.time.earliest().minus(PARTS_KEPT);
        self.store
            .write(move |tx| tx.drop_unfinished_before(before).map(drop))
            .await
    }
}
