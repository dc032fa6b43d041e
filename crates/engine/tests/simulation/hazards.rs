//! The rarer kinds of trouble. Each seed has a few of them or none, so that most runs keep the strictest laws.

use crate::dice::Dice;
use crate::seeds;

/// A kind of trouble that a seed has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hazard {
    /// Clocks are off, of apps and of nodes, and jump.
    Clocks,
    /// A database is copied, and the copy takes its place later.
    Copies,
    /// A second app runs on the same node.
    SecondApps,
    /// A node is restored from its seed.
    Restores,
    /// A node's list of payments is deleted also before the app has heard that one began.
    Amnesia,
    /// Somebody repeats the records of others' payments, and pays once more what is paid.
    Replays,
    /// Strangers send more than anybody reads.
    Floods,
    /// Whoever has somebody's node signs cards with it.
    Forgers,
}

/// Each in so many of a hundred seeds.
const SHARES: [(Hazard, u64); 8] = [
    (Hazard::Clocks, 8),
    (Hazard::Copies, 8),
    (Hazard::SecondApps, 8),
    (Hazard::Restores, 4),
    (Hazard::Amnesia, 6),
    (Hazard::Replays, 0),
    (Hazard::Floods, 4),
    (Hazard::Forgers, 6),
];

/// Those of one seed.
#[derive(Clone, Debug)]
pub(crate) struct Hazards(Vec<Hazard>);

impl Hazards {
    /// Drawn from dice of their own: a seed without any is what it was before there were hazards. With `HAZARDS=copies,clocks`
    /// every seed has just these.
    pub(crate) fn draw(seed: u64) -> Self {
        let dice = Dice::new(seed ^ 0x6861_7a61_7264);
        let drawn = SHARES.map(|(hazard, share)| (hazard, dice.percent(share)));
        let ordered = seeds::text("HAZARDS");
        let has = |(hazard, drawn)| {
            let named = |list: &String| {
                let name = format!("{hazard:?}").to_lowercase();
                list.split(',').any(|one| one == name)
            };
            ordered.as_ref().map_or(drawn, named).then_some(hazard)
        };
        Self(drawn.into_iter().filter_map(has).collect())
    }

    pub(crate) fn has(&self, hazard: Hazard) -> bool {
        self.0.contains(&hazard)
    }

    /// So much, if the seed has this hazard, else nothing.
    pub(crate) fn weight(&self, hazard: Hazard, weight: u64) -> u64 {
        if self.has(hazard) { weight } else { 0 }
    }
}
