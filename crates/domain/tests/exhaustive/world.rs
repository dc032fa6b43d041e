//! The model: one thing to pay, the apps, the node, and what may go wrong.

use crate::app::{App, Database, Rule, Step};
use crate::node::Node;
use crate::search::{By, Model, Next, step};

/// What is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Its payment hashes follow from the message: typed anew it is another payment.
    Payment,
    /// Its payment hashes follow from the payment that goes back: ordered anew it is the same refund.
    Refund,
}

/// How much may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    /// How often an app dies.
    pub(crate) deaths: u8,
    /// How often the user orders it, the first time included.
    pub(crate) orders: u8,
    /// How often the copy of the database is put back.
    pub(crate) copies: u8,
    /// Whether a second app is started on a copy of the database.
    pub(crate) second_app: bool,
    /// How often the node's list of payments is deleted.
    pub(crate) deletions: u8,
}

/// One state.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct World {
    kind: Kind,
    rule: Rule,
    left: Limits,
    app: App,
    second: Option<App>,
    copy: Option<Database>,
    node: Node,
    /// The user has ordered it once.
    ordered: bool,
    /// The node's list of payments was deleted.
    deleted: bool,
    /// The user said yes when asked whether to pay again.
    consented: bool,
    /// The user ordered it by hand in a copy of the database, which may not know that it was paid.
    ordered_in_copy: bool,
}

impl World {
    pub(crate) const fn new(kind: Kind, limits: Limits, rule: Rule) -> Self {
        Self {
            kind,
            rule,
            left: limits,
            app: App::new(Database::empty()),
            second: None,
            copy: None,
            node: Node::new(),
            ordered: false,
            deleted: false,
            consented: false,
            ordered_in_copy: false,
        }
    }

    /// Both apps, by name, and where each is kept.
    fn apps(&self) -> impl Iterator<Item = (&'static str, App)> {
        let first = Some(("the app", self.app));
        first
            .into_iter()
            .chain(self.second.map(|app| ("the second app", app)))
    }

    fn put(&mut self, name: &str, app: App) {
        if name == "the app" {
            self.app = app;
        } else {
            self.second = Some(app);
        }
    }

    fn apps_go_on(&self, all: &mut Vec<Next<Self>>) {
        for (name, app) in self.apps() {
            for (after, node) in app.goes_on(self.kind, &self.node, self.rule) {
                let what = format!("{name}: {:?} → {:?}", app.step, after.step);
                all.push(step(self, By::Itself, what, |world| {
                    world.put(name, after);
                    world.node = node;
                }));
            }
            if app.step == Step::Down {
                let opened = App {
                    step: Step::Ready,
                    ..app
                };
                let what = format!("{name} is opened");
                all.push(step(self, By::Itself, what, |world| {
                    world.put(name, opened)
                }));
            }
        }
    }

    fn users_order(&self, all: &mut Vec<Next<Self>>) {
        for (name, app) in self.apps() {
            if self.left.orders > 0 && app.may_order(self.kind, self.ordered) {
                let what = format!("the user orders it in {name}");
                all.push(step(self, By::Chance, what, |world| {
                    let mut ordering = app;
                    world.consented |= ordering.order();
                    world.ordered = true;
                    world.ordered_in_copy |= app.on_copy;
                    world.left.orders -= 1;
                    world.put(name, ordering);
                }));
            }
        }
    }

    fn trouble(&self, all: &mut Vec<Next<Self>>) {
        for (name, app) in self.apps() {
            if self.left.deaths > 0 && app.step != Step::Down {
                let what = format!("{name} dies");
                all.push(step(self, By::Chance, what, |world| {
                    let mut dying = app;
                    dying.dies();
                    world.left.deaths -= 1;
                    world.put(name, dying);
                }));
            }
        }
        let database = self.app.database;
        if self.copy.is_none() && self.left.copies > 0 {
            all.push(step(self, By::Chance, "the database is copied", |world| {
                world.copy = Some(database);
            }));
        }
        if let Some(copy) = self.copy {
            if self.left.copies > 0 {
                let what = "the app is closed, the copy put back, the app opened";
                all.push(step(self, By::Chance, what, |world| {
                    world.app = App::on_copy(copy);
                    world.left.copies -= 1;
                }));
            }
            if self.left.second_app {
                let what = "a second app is opened on the copy";
                all.push(step(self, By::Chance, what, |world| {
                    world.second = Some(App::on_copy(copy));
                    world.left.second_app = false;
                }));
            }
        }
        if self.left.deletions > 0 {
            all.push(step(
                self,
                By::Chance,
                "the node's payments are deleted",
                |world| {
                    world.node.delete_payments();
                    world.deleted = true;
                    world.left.deletions -= 1;
                },
            ));
        }
        if self
            .apps()
            .any(|(_, app)| app.database.delivery.is_some() && !app.database.late)
        {
            all.push(step(self, By::Chance, "ten minutes pass", |world| {
                world.app.database.late = world.app.database.delivery.is_some();
                if let Some(second) = &mut world.second {
                    second.database.late = second.database.delivery.is_some();
                }
                if let Some(copy) = &mut world.copy {
                    copy.late = copy.delivery.is_some();
                }
            }));
        }
    }
}

impl Model for World {
    fn next(&self) -> Vec<Next<Self>> {
        let mut all = Vec::new();
        // More would only be more of the same.
        if self.node.paid > 1 {
            return all;
        }
        self.apps_go_on(&mut all);
        for (number, end, node) in self.node.ends() {
            let what = format!("try {number} ends: {end:?}");
            all.push(step(self, By::Itself, what, |world| world.node = node));
        }
        self.users_order(&mut all);
        self.trouble(&mut all);
        all
    }

    /// Who orders it by hand in an older database, on a node whose list of payments was deleted, is the only one who can know
    /// that it was paid: neither the database nor the node does.
    fn broken(&self) -> Option<&'static str> {
        let nobody_knows = self.deleted && self.ordered_in_copy;
        let twice = self.node.paid > 1 && !self.consented && !nobody_knows;
        twice.then_some("it was paid twice")
    }

    fn rests(&self) -> bool {
        let second = self.second.is_none_or(|app| app.rests());
        self.node.paid > 1 || (self.app.rests() && second)
    }
}
