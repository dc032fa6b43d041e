//! What goes wrong.

use domain::Msat;

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
}

impl World {
    /// One trouble for somebody.
    pub(crate) fn trouble(&mut self) {
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
        }
        self.disturb(node);
    }
}
