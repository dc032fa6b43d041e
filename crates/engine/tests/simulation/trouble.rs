//! What goes wrong.

use domain::Msat;

use crate::dice::Dice;
use crate::hazards::Hazard;
use crate::world::{Recovery, World};

#[derive(Clone, Copy)]
enum Trouble {
    /// The app dies at one of its next steps.
    Doom,
    /// The app dies now.
    Kill,
    /// The node is away for a while; it forgets its timers.
    Stop,
    /// The node is started again at once; it forgets its timers.
    Restart,
    /// All streams break.
    Break,
    /// The next call does its work, and no answer comes.
    LoseAnswer,
    /// The connection breaks just before the next event.
    LoseEvent,
    /// Answers are late.
    Slow,
    /// The way is too dear, or has no money on it.
    Dear,
    /// Blocks are found: what is held goes back.
    Blocks,
    /// Somebody closes the app and deletes the node's list of payments.
    Forget,
    /// A clock jumps, of an app's computer or of a node.
    Clock,
    /// Somebody copies the home of an app.
    Copy,
    /// The app dies, and the copy takes the place of its home.
    PutBack,
    /// Somebody opens a second app on the same node.
    SecondApp,
    /// The node is lost, and restored from its seed.
    Restore,
    /// A stranger repeats what somebody has paid.
    Replay,
    /// A stranger sends more than anybody reads.
    Flood,
}

impl World {
    /// One trouble for somebody.
    pub(crate) async fn trouble(&mut self) {
        use Trouble as T;
        let dice = self.around.dice.clone();
        let what = dice.weighed(&[
            (10, T::Doom),
            (3, T::Kill),
            (4, T::Stop),
            (4, T::Restart),
            (3, T::Break),
            (3, T::LoseAnswer),
            (3, T::LoseEvent),
            (2, T::Slow),
            (2, T::Dear),
            (1, T::Blocks),
            (3, T::Forget),
            (self.hazards.weight(Hazard::Amnesia, 8), T::Forget),
            (self.hazards.weight(Hazard::Clocks, 15), T::Clock),
            (self.hazards.weight(Hazard::Copies, 12), T::Copy),
            (self.hazards.weight(Hazard::Copies, 12), T::PutBack),
            (self.hazards.weight(Hazard::SecondApps, 15), T::SecondApp),
            (self.hazards.weight(Hazard::Restores, 12), T::Restore),
            (self.hazards.weight(Hazard::Replays, 20), T::Replay),
            (self.hazards.weight(Hazard::Floods, 3), T::Flood),
        ]);
        let count = |of: usize| usize::try_from(dice.below(u64::try_from(of).unwrap())).unwrap();
        let (app, node) = (count(self.apps.len()), count(self.nodes.len()));
        let (name, sim) = self.nodes[node].clone();
        let trace = self.around.trace.clone();
        match what {
            T::Doom => {
                if let Some(life) = &self.apps[app].life {
                    let steps = dice.between(1, 80);
                    life.fate.doom(steps);
                    let what = format_args!("the app will die in {steps} steps");
                    trace.note(self.apps[app].name, what);
                }
            }
            T::Kill => {
                if let Some(life) = &self.apps[app].life {
                    life.fate.kill();
                }
            }
            T::Stop => {
                trace.note(name, "the node stops");
                sim.stop();
                self.later(dice.pause(), Recovery::Node(node));
            }
            T::Restart => {
                trace.note(name, "the node restarts");
                sim.stop();
                sim.start();
            }
            T::Break => {
                trace.note(name, "all streams break");
                sim.break_streams();
            }
            T::LoseAnswer => {
                trace.note(name, "the next answer will be lost");
                sim.lose_next_answer();
            }
            T::LoseEvent => {
                trace.note(name, "the next event will be lost");
                sim.lose_next_event();
            }
            T::Slow => {
                let delay = dice.millis(100, 20_000);
                trace.note(name, format_args!("answers take {delay:?}"));
                sim.delay_answers(delay);
                self.slow(node, true);
                self.later(dice.millis(1_000, 120_000), Recovery::Answers(node));
            }
            T::Dear => {
                trace.note(name, "forwards for 100 sat");
                sim.set_fees(Msat::new(100_000), 1);
                self.later(dice.pause(), Recovery::Fees(node));
            }
            T::Blocks => {
                trace.note("", "70 blocks");
                self.around.network.mine(70);
                for app in &mut self.apps {
                    app.disturb();
                }
            }
            T::Forget => {
                if let Some(life) = &self.apps[app].life {
                    life.fate.kill();
                }
                self.later(dice.pause(), Recovery::Payments(app));
            }
            T::Clock => self.turn_a_clock(app, node),
            T::Copy => {
                trace.note(self.apps[app].name, "the home is copied");
                self.copy_home(app);
            }
            T::PutBack => {
                self.apps[app].puts_back = self.apps[app].copy.is_some();
                if let (true, Some(life)) = (self.apps[app].puts_back, &self.apps[app].life) {
                    life.fate.kill();
                }
            }
            T::SecondApp => {
                let copied = dice.percent(50);
                self.open_second_app(app, copied).await;
            }
            T::Replay => {
                trace.note(
                    "mallory",
                    format_args!("repeats a payment to {}", self.apps[app].name),
                );
                self.replay(app).await;
            }
            T::Flood => {
                trace.note("mallory", format_args!("floods {}", self.apps[app].name));
                self.flood(app).await;
            }
            T::Restore => {
                trace.note(name, "the node is restored from its seed");
                sim.stop();
                sim.restore();
                self.restored(node);
                self.later(dice.pause(), Recovery::Node(node));
            }
        }
        self.disturb(node);
    }

    fn turn_a_clock(&mut self, app: usize, node: usize) {
        let dice = &self.around.dice;
        let trace = &self.around.trace;
        if dice.percent(60) {
            let ahead = skew(dice, &APP_SKEWS);
            trace.note(
                self.apps[app].name,
                format_args!("the clock is {ahead} s ahead"),
            );
            self.apps[app].set_clock_ahead(ahead * 1_000 + 1);
        } else {
            let (name, sim) = &self.nodes[node];
            let ahead = skew(dice, &NODE_SKEWS);
            trace.note(name, format_args!("the node's clock is {ahead} s ahead"));
            sim.set_clock_ahead(ahead * 1_000 + 7);
            let id = sim.id();
            for app in self.apps.iter_mut().filter(|app| app.node.id() == id) {
                app.node_clock_set = true;
            }
        }
    }
}

/// In seconds, one way or the other.
fn skew(dice: &Dice, among: &[i64]) -> i64 {
    let amount = *dice.pick(among).unwrap();
    if dice.percent(50) { amount } else { -amount }
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const APP_SKEWS: [i64; 9] = [0, 2, 45, 600, HOUR, DAY, 9 * DAY, 70 * DAY, 1_000 * DAY];
/// With a clock that is hours off a node takes no part in the network.
const NODE_SKEWS: [i64; 4] = [0, 2, 45, 600];
