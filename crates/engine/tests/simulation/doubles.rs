//! Books that there are twice: copies of a home that take its place, and second apps on one node.

use domain::{Condition, MessageKey};

use crate::app::Life;
use crate::home::Home;
use crate::past::Past;
use crate::world::{Recovery, World};

/// An app beside a person's first one, on the same node.
pub(crate) struct SecondApp {
    name: &'static str,
    home: Home,
    pub(crate) life: Life,
}

impl World {
    /// Copies somebody's home, whatever its app is doing.
    pub(crate) fn copy_home(&mut self, app: usize) {
        let mine = |of: &(usize, MessageKey)| (of.0 == app).then_some(of.1);
        let decided = self.decided.iter();
        let mut copy = self.apps[app].home.copy();
        copy.promised = self.promised.iter().filter_map(mine).collect();
        copy.risked = self.risked.iter().filter_map(mine).collect();
        copy.decided = decided
            .filter_map(|(of, accepts)| Some((mine(of)?, *accepts)))
            .collect();
        self.apps[app].copy = Some(copy);
    }

    /// If somebody means to, the last copy takes the place of the home: what the person knew since then is gone.
    pub(crate) fn put_back(&mut self, app: usize) {
        if !std::mem::take(&mut self.apps[app].puts_back) {
            return;
        }
        let Some(copy) = self.apps[app].copy.clone() else {
            return;
        };
        let name = self.apps[app].name;
        self.around.trace.note(name, "puts a copy back");
        let past = Past::of(&self.apps[app].home, &self.apps[app].node, &self.nodes);
        self.pasts.push((app, past));
        self.apps[app].home.put(&copy);
        self.apps[app].is_doubled();
        self.promised.retain(|(who, _)| *who != app);
        self.promised
            .extend(copy.promised.iter().map(|key| (app, *key)));
        self.risked.retain(|(who, _)| *who != app);
        self.risked
            .extend(copy.risked.iter().map(|key| (app, *key)));
        self.decided.retain(|(who, _), _| *who != app);
        let decided = copy.decided.iter();
        self.decided
            .extend(decided.map(|(key, accepts)| ((app, *key), *accepts)));
    }

    /// A second app, with an empty home or a copy of the first one's as it is now.
    pub(crate) async fn open_second_app(&mut self, app: usize, copied: bool) {
        if self.second_apps.contains_key(&app) {
            return;
        }
        let home = Home::new();
        let first = &mut self.apps[app];
        first.is_doubled();
        let name = match first.name {
            "alice" => "alice2",
            "carol" => "carol2",
            _ => "bob2",
        };
        if copied {
            home.put(&first.home.copy());
        }
        let what = if copied { "copied" } else { "empty" };
        let trace = self.around.trace.clone();
        trace.note(name, format_args!("a second app, {what}"));
        let life = self.apps[app].start(name, &home, false);
        if !copied {
            let node = self.apps[app].node.clone();
            self.introduce_others(&node, &life.store, true).await;
        }
        let second = SecondApp { name, home, life };
        self.second_apps.insert(app, second);
        let pause = self.around.dice.pause();
        self.later(pause, Recovery::SecondApp(app));
    }

    /// Somebody uses an app that says that another one is in charge, and may want this one to be.
    pub(crate) async fn take_over(&self, who: usize, life: &Life, willing: u64) {
        let elsewhere = Condition::OtherApp { in_charge: false };
        let told = life.engine.health().borrow().contains(&elsewhere);
        if told && self.around.dice.percent(willing) {
            let done = life.engine.take_over().await;
            let failed = done.map_or_else(|error| format!(": {error}"), |()| String::new());
            let which = if life.first { "first" } else { "second" };
            let what = format_args!("wants the {which} app to be in charge{failed}");
            self.around.trace.note(self.apps[who].name, what);
        }
    }

    pub(crate) async fn close_second_app(&mut self, app: usize) {
        let Some(second) = self.second_apps.remove(&app) else {
            return;
        };
        self.around.trace.note(second.name, "the second app ends");
        second.life.fate.kill();
        second.life.end().await;
        let past = Past::of(&second.home, &self.apps[app].node, &self.nodes);
        self.pasts.push((app, past));
        self.apps[app].is_doubled();
    }
}
