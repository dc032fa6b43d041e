//! People of the stories: each with a node of the network in memory, a database on disk and an engine.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{
    Contact, ConversationId, DeliveryState, HoldState, MessageKey, Msat, Program, Timestamp, Trust,
    Way,
};
use heliograph_engine::{Clock, Deps, Engine, LinkState, Outgoing};
use lnd::Lightning;
use lnd::sim::{SimNetwork, SimNode};
use store::{DatabaseKey, MessageRow, PageAt, Store, Totals};
use tempfile::TempDir;

pub(crate) mod gate;
pub(crate) mod killer;
pub(crate) mod mallory;
pub(crate) mod stranger;
pub(crate) mod watch;

use gate::{Gate, Gated};
use watch::Watch;

/// The clock of somebody's computer: so many milliseconds ahead of the network's.
#[derive(Clone)]
struct OwnClock(SimNetwork, Arc<AtomicI64>);

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        let ahead = self.1.load(Ordering::SeqCst);
        Timestamp(self.0.now().0.saturating_add(ahead))
    }

    fn steady(&self) -> Duration {
        Timestamp(0).until(self.0.now())
    }
}

/// alice – bob – carol. alice holds keysends for a quarter of an hour, the others settle on arrival.
pub(crate) struct Line {
    pub(crate) network: SimNetwork,
    pub(crate) alice: SimNode,
    pub(crate) bob: SimNode,
    pub(crate) carol: SimNode,
}

pub(crate) const HOLD: Duration = Duration::from_secs(900);

pub(crate) fn sat(amount: u64) -> Msat {
    Msat::from_sat(amount).unwrap()
}

impl Line {
    pub(crate) fn new() -> Self {
        let network = SimNetwork::new(7);
        let (alice, bob, carol) = (
            network.node("alice"),
            network.node("bob"),
            network.node("carol"),
        );
        network.channel(&alice, sat(1_000_000), &bob, sat(1_000_000));
        network.channel(&bob, sat(1_000_000), &carol, sat(1_000_000));
        alice.set_hold(HOLD);
        // Payments only: free carriers have stories of their own.
        for node in [&alice, &bob, &carol] {
            node.set_onion(false);
        }
        Self {
            network,
            alice,
            bob,
            carol,
        }
    }
}

/// The same, with nodes that pass onions on.
pub(crate) fn talking_line() -> Line {
    let line = Line::new();
    for node in [&line.alice, &line.bob, &line.carol] {
        node.set_onion(true);
    }
    line
}

/// alice and carol, each of whom has a letter of the other: their apps know each other's key.
pub(crate) async fn acquainted(line: &Line) -> (Person, ConversationId, Person, ConversationId) {
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, to_alice) = introduce(line, &alice, &carol).await;
    (alice, to_carol, carol, to_alice)
}

/// carol writes to alice, by a payment: alice has her card.
pub(crate) async fn introduce(
    line: &Line,
    alice: &Person,
    carol: &Person,
) -> (ConversationId, ConversationId) {
    alice.has_a_card().await;
    carol.has_a_card().await;
    let hold = line.alice.hold();
    let to_carol = alice.befriend(&line.carol, None).await;
    let to_alice = carol
        .befriend(&line.alice, (!hold.is_zero()).then_some(hold))
        .await;
    let first = carol.say(to_alice, "it is me").await;
    alice.expect_message(&line.carol, "it is me").await;
    eventually("its postage has an end", async || {
        let delivery = carol.row(first).await.delivery.unwrap();
        delivery.state.is_over().then_some(())
    })
    .await;
    (to_carol, to_alice)
}

/// Somebody with an app.
pub(crate) struct Person {
    pub(crate) node: SimNode,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    network: SimNetwork,
    ahead: Arc<AtomicI64>,
    home: TempDir,
    runs: u8,
}

impl Person {
    pub(crate) async fn open(network: &SimNetwork, node: &SimNode) -> Self {
        let person = Self::open_over(network, node, Arc::new(node.clone()));
        person.listens().await;
        person
    }

    /// Another app on the same node: a profile of its own.
    pub(crate) async fn open_elsewhere(network: &SimNetwork, node: &SimNode) -> Self {
        Self::open_elsewhere_over(network, node, Arc::new(node.clone())).await
    }

    /// The same, with somebody at the gate who sees every call.
    pub(crate) async fn open_elsewhere_watched(
        network: &SimNetwork,
        node: &SimNode,
    ) -> (Self, Watch) {
        let gate = Watch::default();
        let (node, watch) = (node.clone(), gate.clone());
        let gated = Arc::new(Gated {
            node: node.clone(),
            gate,
        });
        let person = Self::open_elsewhere_over(network, &node, gated).await;
        (person, watch)
    }

    /// A copy of somebody's folder, on another computer: their app may be open.
    pub(crate) fn open_copy(of: &Self) -> Self {
        let home = of.copy();
        let store = database(&home);
        let runs = 100;
        let node = Arc::new(of.node.clone());
        let ahead = Arc::default();
        let engine = Engine::start(deps(&of.network, &of.node, &store, node, runs, &ahead));
        Self {
            ahead,
            node: of.node.clone(),
            store,
            engine,
            network: of.network.clone(),
            home,
            runs,
        }
    }

    async fn open_elsewhere_over(
        network: &SimNetwork,
        node: &SimNode,
        lightning: Arc<dyn Lightning>,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = database(&home);
        // Its randomness is not that of the first app.
        let runs = 100;
        let ahead = Arc::default();
        let engine = Engine::start(deps(network, node, &store, lightning, runs, &ahead));
        let person = Self {
            node: node.clone(),
            store,
            engine,
            network: network.clone(),
            ahead,
            home,
            runs,
        };
        person.listens().await;
        person
    }

    /// The very first connection starts at the newest invoice: what is sent before that is not for this app.
    pub(crate) async fn listens(&self) {
        eventually("the app reads its node", async || {
            self.store.read(|db| db.invoice_cursor()).await.unwrap()
        })
        .await;
    }

    /// The node has vouched for the app's key.
    pub(crate) async fn has_a_card(&self) {
        eventually("the app has a key card", async || self.engine.seal_key()).await;
    }

    /// The user says that this app is in charge of the node, and no other.
    pub(crate) async fn takes_over(&self) {
        eventually("the app can take over", async || {
            self.engine.take_over().await.ok()
        })
        .await;
        self.has_a_card().await;
    }

    /// With somebody at the gate who sees every call.
    pub(crate) async fn open_watched(network: &SimNetwork, node: &SimNode) -> (Self, Watch) {
        let watch = Watch::default();
        let person = Self::open_behind(network, node, watch.clone()).await;
        (person, watch)
    }

    /// With a gate on the way to the node.
    pub(crate) async fn open_behind(network: &SimNetwork, node: &SimNode, gate: impl Gate) -> Self {
        let gated = Gated {
            node: node.clone(),
            gate,
        };
        let person = Self::open_over(network, node, Arc::new(gated));
        person.listens().await;
        person
    }

    /// With another way to the node than the direct one.
    pub(crate) fn open_over(
        network: &SimNetwork,
        node: &SimNode,
        lightning: Arc<dyn Lightning>,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = database(&home);
        let ahead = Arc::default();
        let engine = Engine::start(deps(network, node, &store, lightning, 0, &ahead));
        Self {
            node: node.clone(),
            store,
            engine,
            network: network.clone(),
            ahead,
            home,
            runs: 0,
        }
    }

    /// The app ends, at whatever it was doing, and is started again on what it has on disk.
    pub(crate) async fn restart(&mut self) {
        self.close().await;
        self.reopen();
    }

    pub(crate) async fn close(&mut self) {
        self.engine.stop().await;
        self.store.close().await.unwrap();
    }

    /// A copy of the database of somebody whose app is closed.
    pub(crate) fn copied(&self) -> Vec<u8> {
        std::fs::read(self.home.path().join("messages.db")).unwrap()
    }

    /// Puts a copy back; the app is closed.
    pub(crate) fn puts_back(&self, copy: &[u8]) {
        std::fs::write(self.home.path().join("messages.db"), copy).unwrap();
    }

    pub(crate) fn reopen(&mut self) {
        self.reopen_over(Arc::new(self.node.clone()));
    }

    /// As [`Person::reopen`], after this has been done to the database's connection.
    pub(crate) async fn reopen_with(&mut self, sql: &'static str) {
        self.runs += 1;
        self.store = database(&self.home);
        self.store.execute_raw(sql).await.unwrap();
        let node = Arc::new(self.node.clone());
        self.engine = Engine::start(deps(
            &self.network,
            &self.node,
            &self.store,
            node,
            self.runs,
            &self.ahead,
        ));
    }

    pub(crate) fn reopen_over(&mut self, lightning: Arc<dyn Lightning>) {
        self.runs += 1;
        self.store = database(&self.home);
        self.engine = Engine::start(deps(
            &self.network,
            &self.node,
            &self.store,
            lightning,
            self.runs,
            &self.ahead,
        ));
    }

    /// As [`Person::reopen`], only to see something.
    pub(crate) fn reopen_to_look(&mut self) {
        self.runs += 1;
        self.store = database(&self.home);
        let lightning = Arc::new(self.node.clone());
        self.engine = Engine::start(Deps {
            only_looks: true,
            ..deps(
                &self.network,
                &self.node,
                &self.store,
                lightning,
                self.runs,
                &self.ahead,
            )
        });
    }

    /// Sets the clock of their computer: so much ahead of everybody else's.
    pub(crate) fn turn_clock(&self, ahead_ms: i64) {
        self.ahead.store(ahead_ms, Ordering::SeqCst);
    }

    /// An earlier version of the app, whose clock showed this, has renewed the card. The app is closed.
    pub(crate) async fn poison_card(&self, at: Timestamp) {
        use protocol::{KeyCard, SignedCard, card};
        let store = database(&self.home);
        let own = store.read(|db| db.seal_keys()).await.unwrap().remove(0);
        let before = SignedCard::decode(&own.card).unwrap();
        let before = before.verify(self.node.id(), own.issued).unwrap();
        let bytes = KeyCard {
            issued: at,
            expires: at.plus(Duration::from_secs(60 * 24 * 60 * 60)),
            ..before
        }
        .encode();
        let text = card::signing_text(&bytes).into_bytes();
        let signature = self.node.sign_message(text).await.unwrap();
        let signature = card::signature_from_text(&signature).unwrap();
        let signed = SignedCard::new(bytes, signature).unwrap().encode();
        store
            .write(move |tx| tx.renew_card(&signed, at))
            .await
            .unwrap();
        store.close().await.unwrap();
    }

    /// A copy of everything on disk. The app is closed, or does nothing.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_files(self.home.path(), copy.path());
        copy
    }

    /// What was copied takes the place of what is there. The app is closed.
    pub(crate) fn put_back(&self, copy: &TempDir) {
        for file in std::fs::read_dir(self.home.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        copy_files(copy.path(), self.home.path());
    }

    /// The app has noticed that its node is away.
    pub(crate) async fn misses_its_node(&self) {
        eventually("the app misses its node", async || {
            let link = self.engine.link().borrow().clone();
            (!matches!(link, LinkState::Connected { .. })).then_some(())
        })
        .await;
    }

    /// Tells somebody that everything of theirs was seen.
    pub(crate) async fn reads(&self, conversation: ConversationId, of: &SimNode) {
        let seen = self.store.write(move |tx| tx.mark_seen(conversation)).await;
        self.engine.seen(of.id(), seen.unwrap());
    }

    /// Adds somebody, as if letters had been exchanged before.
    pub(crate) async fn befriend(&self, other: &SimNode, hold: Option<Duration>) -> ConversationId {
        let (node, now) = (other.id(), self.network.now());
        let hold_secs = hold.map(|hold| u32::try_from(hold.as_secs()).unwrap());
        self.store
            .write(move |tx| {
                tx.add_contact(&Contact {
                    node,
                    name: String::new(),
                    note: String::new(),
                    alias: String::new(),
                    trust: Trust::Known,
                    program: Program::Heliograph { hold_secs },
                    accept_up_to: Msat::ZERO,
                    way: Way::Auto,
                    sealed_only: false,
                    since: now,
                })?;
                tx.conversation_with(node, now)
            })
            .await
            .unwrap()
    }

    pub(crate) async fn say(&self, conversation: ConversationId, text: &str) -> MessageKey {
        self.pay(conversation, text, Msat::ZERO).await
    }

    pub(crate) async fn pay(
        &self,
        conversation: ConversationId,
        text: &str,
        payment: Msat,
    ) -> MessageKey {
        let outgoing = Outgoing {
            conversation,
            text: text.into(),
            payment,
            fee_limit: None,
            way: Way::Auto,
            reply_to: None,
        };
        self.engine.send(outgoing).await.unwrap()
    }

    /// Everything that was said with somebody, oldest first.
    pub(crate) async fn talk(&self, other: &SimNode) -> Vec<MessageRow> {
        let node = other.id();
        self.store
            .read(move |db| match db.conversation_of(node)? {
                Some(conversation) => Ok(db.messages_page(conversation, PageAt::End, 1_000)?.rows),
                None => Ok(Vec::new()),
            })
            .await
            .unwrap()
    }

    pub(crate) async fn row(&self, key: MessageKey) -> MessageRow {
        self.store
            .read(move |db| db.message_row(key))
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn expect_delivery(
        &self,
        key: MessageKey,
        state: DeliveryState,
    ) -> MessageRow {
        eventually(&format!("the message is {state:?}"), async || {
            let row = self.row(key).await;
            (row.delivery.as_ref().map(|delivery| delivery.state) == Some(state)).then_some(row)
        })
        .await
    }

    /// Waits for a message with these words.
    pub(crate) async fn expect_message(&self, from: &SimNode, text: &str) -> MessageRow {
        eventually(&format!("{text:?} arrives"), async || {
            self.talk(from)
                .await
                .into_iter()
                .find(|row| row.message.text == text)
        })
        .await
    }

    pub(crate) async fn expect_hold(&self, key: MessageKey, state: HoldState) -> MessageRow {
        eventually(&format!("the payment is {state:?}"), async || {
            let row = self.row(key).await;
            let now = row.incoming.as_ref().map(|incoming| incoming.payment.state);
            (now == Some(state)).then_some(row)
        })
        .await
    }

    pub(crate) async fn totals(&self) -> Totals {
        self.store.read(|db| db.totals(None)).await.unwrap()
    }

    pub(crate) async fn balance(&self) -> Msat {
        self.node.balance().await.unwrap().local
    }

    /// What everybody's node is part of.
    pub(crate) const fn network(&self) -> &SimNetwork {
        &self.network
    }
}

fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn database(home: &TempDir) -> Store {
    Store::open(&home.path().join("messages.db"), &DatabaseKey::new([9; 32])).unwrap()
}

fn deps(
    network: &SimNetwork,
    node: &SimNode,
    store: &Store,
    lightning: Arc<dyn Lightning>,
    run: u8,
    ahead: &Arc<AtomicI64>,
) -> Deps {
    let mut seed = [run; 32];
    seed[0] = node.id().as_bytes()[1];
    Deps {
        store: store.clone(),
        lightning,
        clock: Arc::new(OwnClock(network.clone(), ahead.clone())),
        seed,
        node: node.id(),
        only_looks: false,
    }
}

/// Looks until it is so. Time is the network's: minutes pass in no time.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    for _ in 0..3_000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited for five minutes until {what}");
}
