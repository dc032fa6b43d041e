//! Two or three people, their nodes and channels, and what is due to happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{Contact, MessageKey, Msat, NodeId, Program, Timestamp, Trust, Way};
use lnd::sim::{SimNetwork, SimNode};
use store::Store;
use tokio::time::Instant;

use crate::app::{App, Surroundings};
use crate::dice::Dice;
use crate::doubles::SecondApp;
use crate::hazards::{Hazard, Hazards};
use crate::past::Past;
use crate::trace::Trace;
use crate::weather::Weather;

/// What is due later; most of it ends a trouble.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recovery {
    /// The app is opened again.
    App(usize),
    /// The node is started again.
    Node(usize),
    /// Its answers are in time again.
    Answers(usize),
    /// It forwards for the usual fee again.
    Fees(usize),
    /// While the app is closed, its node's list of payments is deleted. (No recovery, but due in the same way.)
    Payments(usize),
    /// The second app on its node is closed for good.
    SecondApp(usize),
}

pub(crate) struct World {
    pub(crate) around: Surroundings,
    pub(crate) hazards: Hazards,
    /// alice, carol, and perhaps bob, who stands between them.
    pub(crate) apps: Vec<App>,
    /// Those of the apps in their order, then the others.
    pub(crate) nodes: Vec<(&'static str, SimNode)>,
    /// What each side put into its channels.
    pub(crate) put_in: BTreeMap<NodeId, Msat>,
    /// Messages that an engine took.
    pub(crate) promised: Vec<(usize, MessageKey)>,
    /// Held payments that somebody has decided on: whether they were accepted.
    pub(crate) decided: BTreeMap<(usize, MessageKey), bool>,
    /// Messages whose payment the node has forgotten and that were tried again all the same: these may be paid twice.
    pub(crate) risked: BTreeSet<(usize, MessageKey)>,
    /// Those that run at present, by the number of the first app.
    pub(crate) second_apps: BTreeMap<usize, SecondApp>,
    /// Books that are gone: a copy took their place, or their app was a second one.
    pub(crate) pasts: Vec<(usize, Past)>,
    later: BTreeMap<(Instant, usize), Recovery>,
}

impl World {
    /// Draws a network; everybody's app is open and has read its node once.
    pub(crate) async fn new(seed: u64, trace: Trace) -> Self {
        let dice = Dice::new(seed);
        let network = SimNetwork::new(seed);
        network.set_hop_time(dice.millis(1, 120));
        let around = Surroundings {
            weather: Weather::new(&dice),
            network,
            dice,
            trace,
        };
        let mut world = Self {
            around,
            hazards: Hazards::draw(seed),
            apps: Vec::new(),
            nodes: Vec::new(),
            put_in: BTreeMap::new(),
            promised: Vec::new(),
            decided: BTreeMap::new(),
            risked: BTreeSet::new(),
            second_apps: BTreeMap::new(),
            pasts: Vec::new(),
            later: BTreeMap::new(),
        };
        world.lay_out();
        for app in &mut world.apps {
            app.open();
        }
        world.introduce().await;
        world
    }

    fn lay_out(&mut self) {
        let dice = self.around.dice.clone();
        let [alice, bob, carol] =
            ["alice", "bob", "carol"].map(|name| self.around.network.node(name));
        let hold = || Duration::from_secs(dice.between(200, 900));
        alice.set_hold(hold());
        if dice.percent(25) {
            carol.set_hold(hold());
        }
        let rich = dice.percent(60);
        let side = || {
            let amounts: &[u64] = if rich {
                &[500_000]
            } else {
                &[0, 30, 3_000, 50_000]
            };
            Msat::from_sat(*dice.pick(amounts).unwrap()).unwrap()
        };
        self.channel(&alice, side(), &bob, side());
        self.channel(&bob, side(), &carol, side());
        if dice.percent(20) {
            self.channel(&alice, side(), &carol, side());
        }
        for node in [&alice, &bob, &carol] {
            node.set_onion(dice.percent(80));
        }
        self.around
            .network
            .lose_onions(*dice.pick(&[0, 0, 2, 5]).unwrap());
        self.around.network.double_onions(dice.percent(20));
        self.nodes = vec![("alice", alice), ("carol", carol), ("bob", bob)];
        let people = if dice.percent(30) { 3 } else { 2 };
        for (name, node) in &self.nodes[..people] {
            self.apps.push(App::new(name, node, &self.around));
        }
        self.invite_mallory();
    }

    pub(crate) fn channel(&mut self, a: &SimNode, a_side: Msat, b: &SimNode, b_side: Msat) {
        self.around.network.channel(a, a_side, b, b_side);
        self.brought(a, a_side);
        self.brought(b, b_side);
    }

    fn brought(&mut self, node: &SimNode, amount: Msat) {
        let sum = self.put_in.entry(node.id()).or_default();
        *sum = sum.checked_add(amount).unwrap();
    }

    /// They know each other, from letters of former times or by name only.
    async fn introduce(&self) {
        let strangers = self.around.dice.percent(25);
        for app in &self.apps {
            let store = &app.life.as_ref().unwrap().store;
            self.introduce_others(&app.node, store, strangers).await;
            // The very first connection begins at the newest invoice.
            while store
                .read(|db| db.invoice_cursor())
                .await
                .unwrap()
                .is_none()
            {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    pub(crate) async fn introduce_others(&self, node: &SimNode, store: &Store, strangers: bool) {
        let since = self.around.network.now();
        for other in self
            .apps
            .iter()
            .filter(|other| other.node.id() != node.id())
        {
            let hold = other.node.hold();
            let hold_secs = u32::try_from(hold.as_secs()).unwrap();
            let contact = Contact {
                node: other.node.id(),
                name: String::new(),
                note: String::new(),
                alias: String::new(),
                trust: Trust::Known,
                program: if strangers {
                    Program::Unknown
                } else {
                    Program::Heliograph {
                        hold_secs: (hold_secs > 0).then_some(hold_secs),
                    }
                },
                accept_up_to: Msat::from_sat(self.around.dice.pick(&[0, 0, 100]).copied().unwrap())
                    .unwrap(),
                way: Way::Auto,
                sealed_only: self.around.dice.percent(10),
                since,
            };
            store
                .write(move |tx| {
                    tx.add_contact(&contact)?;
                    tx.conversation_with(contact.node, since)
                })
                .await
                .unwrap();
        }
    }

    /// Lets time pass, with everything that is due meanwhile.
    pub(crate) async fn wait(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            let due = self.later.first_key_value().map(|((at, _), _)| *at);
            let next = due.map_or(until, |due| due.min(until));
            tokio::select! {
                biased;
                dead = death(&self.apps) => {
                    self.bury(dead).await;
                    continue;
                }
                () = tokio::time::sleep_until(next) => {}
            }
            let now = Instant::now();
            while let Some(entry) = self.later.first_entry()
                && entry.key().0 <= now
            {
                let recovery = entry.remove();
                self.recover(recovery).await;
            }
            if now >= until {
                return;
            }
        }
    }

    /// It stays away for a while.
    pub(crate) async fn bury(&mut self, app: usize) {
        self.around.trace.note(self.apps[app].name, "the app ends");
        self.apps[app].end().await;
        let pause = self.around.dice.pause();
        self.later(pause, Recovery::App(app));
    }

    pub(crate) fn later(&mut self, pause: Duration, recovery: Recovery) {
        let number = self.later.len();
        let mut at = Instant::now() + pause;
        while self.later.contains_key(&(at, number)) {
            at += Duration::from_millis(1);
        }
        self.later.insert((at, number), recovery);
    }

    async fn recover(&mut self, recovery: Recovery) {
        match recovery {
            Recovery::App(app) => {
                if self.apps[app].life.is_none() {
                    self.put_back(app);
                    self.apps[app].open();
                }
            }
            Recovery::Node(node) => {
                let (name, sim) = &self.nodes[node];
                if !sim.is_running() {
                    self.around.trace.note(name, "the node starts");
                    sim.start();
                }
                self.disturb(node);
            }
            Recovery::Answers(node) => {
                self.nodes[node].1.delay_answers(Duration::ZERO);
                self.slow(node, false);
                self.disturb(node);
            }
            Recovery::Payments(app) => {
                let all = self.hazards.has(Hazard::Amnesia);
                if self.apps[app].forget_payments(all) {
                    let trace = &self.around.trace;
                    trace.note(self.apps[app].name, "the node's payments are deleted");
                }
            }
            Recovery::Fees(node) => self.nodes[node].1.set_fees(Msat::SAT, 1),
            Recovery::SecondApp(app) => self.close_second_app(app).await,
        }
    }

    /// Something happened to a node that its app must notice.
    pub(crate) fn disturb(&mut self, node: usize) {
        if let Some(app) = self.apps.get_mut(node) {
            app.disturb();
        }
    }

    /// The node was restored from its seed: it has forgotten its payments, too.
    pub(crate) fn restored(&mut self, node: usize) {
        if let Some(app) = self.apps.get_mut(node) {
            app.deleted = true;
        }
    }

    pub(crate) fn slow(&mut self, node: usize, slow: bool) {
        if let Some(app) = self.apps.get_mut(node) {
            app.slow = slow;
        }
    }

    /// The end of all trouble: everybody comes back, and the channels have money.
    pub(crate) async fn clear_up(&mut self) {
        self.around.trace.note("", "all trouble ends");
        self.around.weather.clear_up();
        self.around.network.lose_onions(0);
        for recovery in std::mem::take(&mut self.later).into_values() {
            self.recover(recovery).await;
        }
        for app in 0..self.apps.len() {
            if let Some(life) = &self.apps[app].life {
                life.fate.spare();
            }
            if self.apps[app].is_dead() {
                self.apps[app].end().await;
            }
            self.recover(Recovery::App(app)).await;
        }
        let [alice, carol, bob] = [0, 1, 2].map(|node| self.nodes[node].1.clone());
        let rich = Msat::from_sat(1_000_000).unwrap();
        for (a, b) in [(&alice, &bob), (&bob, &carol)] {
            self.around.network.splice(a, rich, b, rich);
            self.brought(a, rich);
            self.brought(b, rich);
        }
    }

    /// A moment of this world in its apps' words.
    pub(crate) fn timestamp(&self, at: Instant) -> Timestamp {
        let now = self.around.network.now();
        now.minus(at.elapsed())
    }
}

/// Returns when an app is dead: which.
async fn death(apps: &[App]) -> usize {
    let deaths: Vec<_> = apps
        .iter()
        .enumerate()
        .filter_map(|(number, app)| {
            let life = app.life.clone()?;
            Some(Box::pin(async move {
                life.fate.death().await;
                number
            }))
        })
        .collect();
    if deaths.is_empty() {
        return std::future::pending().await;
    }
    futures::future::select_all(deaths).await.0
}
