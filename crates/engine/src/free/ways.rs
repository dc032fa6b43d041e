//! Ways for onion messages: over nodes that pass them on, found by asking for neighbours, the cheapest questions first.
//! No money is needed on the way. A way is `[first hop, …, recipient]`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::NodeId;
use lnd::{Lightning, LightningError};
use tokio::time::Instant;

use crate::neighbours::Neighbours;

/// How long ways are believed.
const FRESH: Duration = Duration::from_secs(60);
/// How long a way that lost a message is the last to be taken.
const SHUNNED: Duration = Duration::from_secs(600);
/// So many ways are kept to one node.
const WAYS: usize = 3;
/// So many neighbours that pass onions on are wanted of a node: one with thousands has others nearby.
const WANTED: usize = 24;
/// So many nodes are asked about in one search. What it has found by then will do.
const QUESTIONS: usize = 400;
/// The same for an answer: where it goes was the choice of whoever is answered, and an honest choice is a node nearby.
const QUESTIONS_FOR_ANSWER: usize = 24;
/// So many recipients are remembered.
const KEPT: usize = 500;

type Found = HashMap<(NodeId, bool), (Instant, Vec<Vec<NodeId>>)>;

/// Finds ways and remembers them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ways {
    lightning: Arc<dyn Lightning>,
    neighbours: Neighbours,
    ours: NodeId,
    found: Arc<Mutex<Found>>,
    /// One search at a time: whoever waits for one mostly finds its answer then.
    searching: Arc<tokio::sync::Mutex<()>>,
    shunned: Arc<Mutex<HashMap<Vec<NodeId>, Instant>>>,
}

impl Ways {
    pub(crate) fn new(lightning: Arc<dyn Lightning>, neighbours: Neighbours, ours: NodeId) -> Self {
        Self {
            lightning,
            neighbours,
            ours,
            found: Arc::default(),
            searching: Arc::default(),
            shunned: Arc::default(),
        }
    }

    /// Up to three ways to a node, without a common node in between; those that lost nothing lately first, then the
    /// shorter ones. Empty when there is none. `routed`: with at least one node in between.
    pub(crate) async fn to(
        &self,
        node: NodeId,
        routed: bool,
    ) -> Result<Vec<Vec<NodeId>>, LightningError> {
        let mut ways = match self.known(node, routed) {
            Some(ways) => ways,
            None => self.searched(node, routed).await?,
        };
        let mut shunned = self.shunned.lock().unwrap_or_else(PoisonError::into_inner);
        shunned.retain(|_, since| since.elapsed() < SHUNNED);
        ways.sort_by_key(|way| (shunned.contains_key(way), way.len()));
        Ok(ways)
    }

    /// One way for an answer to the beginning of a way back; `None` when none is found with a few questions. It waits for
    /// no other search, and none waits for it.
    pub(crate) async fn for_answer(
        &self,
        node: NodeId,
    ) -> Result<Option<Vec<NodeId>>, LightningError> {
        if let Some(ways) = self.known(node, false) {
            return Ok(ways.into_iter().next());
        }
        let ours = self.our_neighbours().await?;
        if ours.contains(&node) {
            return Ok(Some(vec![node]));
        }
        let mut left = QUESTIONS_FOR_ANSWER;
        let near = self.passing(node, node, &ours, &mut left).await?;
        let first = near.into_iter().find(|near| ours.contains(near));
        Ok(first.map(|first| vec![first, node]))
    }

    /// Nothing came back over this way: it is the last to be taken for a while.
    pub(crate) fn shun(&self, way: &[NodeId]) {
        let mut shunned = self.shunned.lock().unwrap_or_else(PoisonError::into_inner);
        shunned.insert(way.to_vec(), Instant::now());
    }

    /// Channels came or went.
    pub(crate) fn forget(&self) {
        self.found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn known(&self, node: NodeId, routed: bool) -> Option<Vec<Vec<NodeId>>> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, ways) = found.get(&(node, routed))?;
        (at.elapsed() < FRESH).then(|| ways.clone())
    }

    async fn searched(
        &self,
        node: NodeId,
        routed: bool,
    ) -> Result<Vec<Vec<NodeId>>, LightningError> {
        let _turn = self.searching.lock().await;
        if let Some(ways) = self.known(node, routed) {
            return Ok(ways);
        }
        let ways = self.search(node, routed).await?;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= KEPT {
            found.clear();
        }
        found.insert((node, routed), (Instant::now(), ways.clone()));
        Ok(ways)
    }

    /// The other ends of our own channels that can be used: only over these a node takes onions of us.
    async fn our_neighbours(&self) -> Result<BTreeSet<NodeId>, LightningError> {
        let ours = self.lightning.neighbours(self.ours).await?;
        Ok(ours.into_iter().collect())
    }

    async fn search(&self, to: NodeId, routed: bool) -> Result<Vec<Vec<NodeId>>, LightningError> {
        let ours = self.our_neighbours().await?;
        let mut left = QUESTIONS;
        let mut ways = Vec::new();
        if ours.contains(&to) && !routed {
            ways.push(vec![to]);
        }
        let theirs = self.passing(to, to, &ours, &mut left).await?;
        let mut used = BTreeSet::new();
        for near in &theirs {
            if ways.len() < WAYS && ours.contains(near) {
                used.insert(*near);
                ways.push(vec![*near, to]);
            }
        }
        if ways.len() >= WAYS {
            return Ok(ways);
        }
        // One node further on their side, then one further on ours.
        let mut beyond = BTreeMap::new();
        for near in theirs.iter().filter(|near| !ours.contains(*near)) {
            for far in self.passing(*near, to, &ours, &mut left).await? {
                beyond.entry(far).or_insert(*near);
            }
        }
        self.join(
            &mut ways,
            &mut used,
            &beyond,
            |first| ours.contains(&first).then_some(vec![first]),
            to,
        );
        if ways.len() >= WAYS || beyond.is_empty() {
            return Ok(ways);
        }
        let mut behind_ours = BTreeMap::new();
        for first in ours.iter().filter(|first| **first != to).take(WANTED) {
            if !self.passes(*first, &mut left).await? {
                continue;
            }
            for next in self.passing(*first, to, &ours, &mut left).await? {
                behind_ours.entry(next).or_insert(*first);
            }
        }
        self.join(
            &mut ways,
            &mut used,
            &beyond,
            |meeting| {
                let first = *behind_ours.get(&meeting)?;
                Some(vec![first, meeting])
            },
            to,
        );
        Ok(ways)
    }

    /// Adds ways that consist of a beginning up to a node, the neighbour of the recipient behind it, and the recipient.
    fn join(
        &self,
        ways: &mut Vec<Vec<NodeId>>,
        used: &mut BTreeSet<NodeId>,
        beyond: &BTreeMap<NodeId, NodeId>,
        beginning: impl Fn(NodeId) -> Option<Vec<NodeId>>,
        to: NodeId,
    ) {
        for (meeting, near) in beyond {
            let Some(mut way) = beginning(*meeting) else {
                continue;
            };
            way.push(*near);
            let apart = way.iter().all(|node| !used.contains(node));
            let repeats = way.iter().collect::<BTreeSet<_>>().len() < way.len();
            if ways.len() < WAYS && apart && !repeats && !way.contains(&to) {
                used.extend(way.iter().copied());
                way.push(to);
                ways.push(way);
            }
        }
    }

    /// Neighbours of a node that pass onions on, without us and the recipient; those that we share first.
    async fn passing(
        &self,
        of: NodeId,
        to: NodeId,
        ours: &BTreeSet<NodeId>,
        left: &mut usize,
    ) -> Result<Vec<NodeId>, LightningError> {
        let mut nodes = self.lightning.neighbours(of).await?;
        nodes.retain(|node| *node != self.ours && *node != to);
        nodes.sort_by_key(|node| !ours.contains(node));
        let mut passing = Vec::new();
        for node in nodes {
            if passing.len() >= WANTED {
                break;
            }
            if self.passes(node, left).await? {
                passing.push(node);
            }
        }
        Ok(passing)
    }

    /// Whether a node says that it passes onion messages on. With no question `left` it does not.
    async fn passes(&self, node: NodeId, left: &mut usize) -> Result<bool, LightningError> {
        let Some(fewer) = left.checked_sub(1) else {
            return Ok(false);
        };
        *left = fewer;
        let facts = self.neighbours.facts(node).await?;
        Ok(facts.is_some_and(|facts| facts.onion_messages))
    }
}

#[cfg(test)]
mod tests;
