use domain::Msat;
use lnd::sim::{SimNetwork, SimNode};
use store::{DatabaseKey, Store};
use tempfile::TempDir;

use super::*;
use crate::feed::Feed;

struct World {
    network: SimNetwork,
    people: Vec<SimNode>,
    _home: TempDir,
    store: Store,
}

impl World {
    /// People with these names, and channels between the named pairs.
    fn new(names: &[&str], channels: &[(&str, &str)]) -> Self {
        let network = SimNetwork::new(3);
        let people: Vec<_> = names.iter().map(|name| network.node(name)).collect();
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("messages.db");
        let store = Store::open(&path, &DatabaseKey::new([9; 32])).unwrap();
        let world = Self {
            network,
            people,
            _home: home,
            store,
        };
        let side = Msat::from_sat(100_000).unwrap();
        for (a, b) in channels {
            let (a, b) = (world.node(names, a), world.node(names, b));
            world.network.channel(a, side, b, side);
        }
        world
    }

    fn node<'a>(&'a self, names: &[&str], name: &str) -> &'a SimNode {
        let place = names.iter().position(|other| *other == name).unwrap();
        &self.people[place]
    }

    /// The first of them looks for ways.
    fn ways(&self) -> Ways {
        let ours: Arc<dyn Lightning> = Arc::new(self.people[0].clone());
        let feed = Feed::default();
        let neighbours = Neighbours::new(ours.clone(), self.store.clone(), feed);
        Ways::new(ours, neighbours, self.people[0].id())
    }
}

/// Ways as names.
async fn named(world: &World, names: &[&str], to: &str, routed: bool) -> Vec<Vec<String>> {
    let to = world.node(names, to).id();
    let ways = world.ways().to(to, routed).await.unwrap();
    let name = |id: &NodeId| {
        let place = world.people.iter().position(|node| node.id() == *id);
        names[place.unwrap()].to_owned()
    };
    ways.iter()
        .map(|way| way.iter().map(name).collect())
        .collect()
}

const LINE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
const LINE_CHANNELS: [(&str, &str); 4] = [
    ("alice", "bob"),
    ("bob", "carol"),
    ("carol", "dave"),
    ("dave", "erin"),
];

#[tokio::test(start_paused = true)]
async fn a_line_of_five_is_walked_to_its_end() {
    let world = World::new(&LINE, &LINE_CHANNELS);
    for (to, expected) in [
        ("bob", vec!["bob"]),
        ("carol", vec!["bob", "carol"]),
        ("dave", vec!["bob", "carol", "dave"]),
        ("erin", vec!["bob", "carol", "dave", "erin"]),
    ] {
        assert_eq!(named(&world, &LINE, to, false).await, [expected], "{to}");
    }
    assert!(
        named(&world, &LINE, "bob", true).await.is_empty(),
        "no other way to bob"
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_passes_nothing_on_is_gone_around() {
    let names = ["alice", "bob", "carol", "dave"];
    let channels = [
        ("alice", "bob"),
        ("bob", "dave"),
        ("alice", "carol"),
        ("carol", "dave"),
    ];
    let world = World::new(&names, &channels);
    assert_eq!(named(&world, &names, "dave", false).await.len(), 2);
    world.people[1].set_onion(false);
    assert_eq!(
        named(&world, &names, "dave", false).await,
        [["carol", "dave"]]
    );
    world.people[2].set_onion(false);
    assert!(named(&world, &names, "dave", false).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ways_share_no_node_and_the_one_that_lost_something_comes_last() {
    let names = ["alice", "bob", "carol", "dave", "erin"];
    let channels = [
        ("alice", "erin"),
        ("alice", "bob"),
        ("bob", "erin"),
        ("alice", "carol"),
        ("carol", "erin"),
        ("alice", "dave"),
        ("dave", "erin"),
    ];
    let world = World::new(&names, &channels);
    let found = named(&world, &names, "erin", false).await;
    assert_eq!(found.len(), 3, "no more than three: {found:?}");
    assert_eq!(found[0], ["erin"], "the shortest first");
    let between: BTreeSet<_> = found
        .iter()
        .flat_map(|way| way.split_last().unwrap().1)
        .collect();
    assert_eq!(between.len(), 2, "{found:?}");

    let (ways, erin) = (world.ways(), world.people[4].id());
    let first = ways.to(erin, false).await.unwrap().remove(0);
    ways.shun(&first);
    let again = ways.to(erin, false).await.unwrap();
    assert_eq!(again.last(), Some(&first));
    tokio::time::sleep(SHUNNED).await;
    assert_eq!(
        ways.to(erin, false).await.unwrap().first(),
        Some(&first),
        "forgiven"
    );
    assert!(
        ways.to(erin, true)
            .await
            .unwrap()
            .iter()
            .all(|way| way.len() > 1)
    );
}
