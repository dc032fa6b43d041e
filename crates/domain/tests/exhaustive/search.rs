//! Breadth first through all states; what breaks a law is told with the shortest way there.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// What can be searched: the value is one state.
pub(crate) trait Model: Copy + Eq + Hash {
    /// All that can happen now.
    fn next(&self) -> Vec<Next<Self>>;
    /// The law that is broken in this state.
    fn broken(&self) -> Option<&'static str>;
    /// Whether everything is over, or waits for the user.
    fn rests(&self) -> bool;
}

/// Who brings a step about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The program, the node, the network: it happens without anybody's help.
    Itself,
    /// The user, or trouble: it may happen or not.
    Chance,
}

/// A step: what happens, by whom, and what comes of it.
pub(crate) struct Next<M> {
    pub(crate) what: String,
    pub(crate) by: By,
    pub(crate) world: M,
}

/// The step that makes this change.
pub(crate) fn step<M: Model>(
    from: &M,
    by: By,
    what: impl Into<String>,
    change: impl FnOnce(&mut M),
) -> Next<M> {
    let (mut world, what) = (*from, what.into());
    change(&mut world);
    Next { what, by, world }
}

/// What came of a search.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    /// The first law that was broken, and how.
    pub(crate) broken: Option<String>,
}

/// How a state was reached first.
struct Reached<M> {
    world: M,
    from: Option<usize>,
    what: String,
}

/// Visits every state that can be reached.
pub(crate) fn search<M: Model>(start: M) -> Found {
    let mut numbers = HashMap::from([(start, 0)]);
    let mut states = vec![Reached {
        world: start,
        from: None,
        what: "nothing has happened".into(),
    }];
    // Who gets to each state without help: the steps backwards.
    let mut back: Vec<Vec<u32>> = vec![Vec::new()];
    let mut steps = 0;
    let mut at = 0;
    while at < states.len() {
        let world = states[at].world;
        if let Some(law) = world.broken() {
            return broken(&states, at, steps, law);
        }
        for next in world.next() {
            steps += 1;
            let number = match numbers.entry(next.world) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    states.push(Reached {
                        world: next.world,
                        from: Some(at),
                        what: next.what,
                    });
                    back.push(Vec::new());
                    *new.insert(states.len() - 1)
                }
            };
            if next.by == By::Itself {
                back[number].push(u32::try_from(at).unwrap());
            }
        }
        at += 1;
    }
    match first_that_waits_for_ever(&states, &back) {
        Some(at) => broken(&states, at, steps, "it waits for ever"),
        None => Found {
            states: states.len(),
            steps,
            broken: None,
        },
    }
}

/// A state from which nothing that happens by itself leads to an end.
fn first_that_waits_for_ever<M: Model>(states: &[Reached<M>], back: &[Vec<u32>]) -> Option<usize> {
    let mut ends: Vec<bool> = states.iter().map(|state| state.world.rests()).collect();
    let mut open: Vec<usize> = (0..states.len()).filter(|at| ends[*at]).collect();
    while let Some(at) = open.pop() {
        for before in &back[at] {
            let before = usize::try_from(*before).unwrap();
            if !ends[before] {
                ends[before] = true;
                open.push(before);
            }
        }
    }
    ends.iter().position(|ends| !ends)
}

fn broken<M>(states: &[Reached<M>], at: usize, steps: usize, law: &str) -> Found {
    let mut way = Vec::new();
    let mut here = Some(at);
    while let Some(number) = here {
        way.push(states[number].what.clone());
        here = states[number].from;
    }
    way.reverse();
    Found {
        states: states.len(),
        steps,
        broken: Some(format!("{law}:\n  {}", way.join("\n  "))),
    }
}
