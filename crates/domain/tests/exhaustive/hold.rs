//! One payment that the recipient's node holds, and two apps that decide on it.

use heliograph_domain::{HoldEvent, HoldState};

use crate::search::{By, Model, Next, step};

/// What the recipient's node has done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Invoice {
    Open,
    Held,
    Settled,
    Canceled,
}

/// One state.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Hold {
    invoice: Invoice,
    /// What both apps have stored. `None`: the payment was not seen yet.
    apps: [Option<HoldState>; 2],
    copy: Option<HoldState>,
    put_back: bool,
}

impl Hold {
    pub(crate) const fn new() -> Self {
        Self {
            invoice: Invoice::Open,
            apps: [None; 2],
            copy: None,
            put_back: false,
        }
    }

    fn event(&self, all: &mut Vec<Next<Self>>, at: usize, by: By, event: HoldEvent) {
        if let Some(state) = self.apps[at].and_then(|state| state.step(event)) {
            let what = format!("app {at}: {event:?}");
            all.push(step(self, by, what, |hold| hold.apps[at] = Some(state)));
        }
    }

    /// Seen, told by the node, decided, carried out: each is stored before the next, and the app may die in between.
    fn app_goes_on(&self, at: usize, all: &mut Vec<Next<Self>>) {
        let Some(state) = self.apps[at] else {
            let what = format!("app {at} sees it");
            all.push(step(self, By::Itself, what, |hold| {
                hold.apps[at] = Some(HoldState::Seen);
            }));
            return;
        };
        match self.invoice {
            Invoice::Open => {}
            Invoice::Held => self.event(all, at, By::Itself, HoldEvent::Held),
            Invoice::Settled => self.event(all, at, By::Itself, HoldEvent::Settled),
            Invoice::Canceled => self.event(all, at, By::Itself, HoldEvent::Returned),
        }
        self.event(all, at, By::Chance, HoldEvent::Accept);
        // At the deadline this happens without the user.
        self.event(all, at, By::Itself, HoldEvent::Refuse);
        let wanted = match state {
            HoldState::Accepting => Invoice::Settled,
            HoldState::Refunding => Invoice::Canceled,
            _ => return,
        };
        // The node does it once; a later wish is refused, and the node's word is taken instead.
        if self.invoice == Invoice::Held {
            let what = format!("app {at} carries it out: {wanted:?}");
            all.push(step(self, By::Itself, what, |hold| hold.invoice = wanted));
        }
    }
}

impl Model for Hold {
    fn next(&self) -> Vec<Next<Self>> {
        let mut all = Vec::new();
        match self.invoice {
            Invoice::Open => {
                all.push(step(self, By::Itself, "it arrives", |hold| {
                    hold.invoice = Invoice::Held;
                }));
                all.push(step(self, By::Itself, "it settles on arrival", |hold| {
                    hold.invoice = Invoice::Settled;
                }));
            }
            Invoice::Held => all.push(step(self, By::Itself, "the time is over", |hold| {
                hold.invoice = Invoice::Canceled;
            })),
            Invoice::Settled | Invoice::Canceled => {}
        }
        for at in 0..self.apps.len() {
            self.app_goes_on(at, &mut all);
        }
        if self.copy.is_none() && self.apps[0].is_some() {
            all.push(step(self, By::Chance, "the database is copied", |hold| {
                hold.copy = hold.apps[0];
            }));
        }
        if self.copy.is_some() && !self.put_back {
            all.push(step(self, By::Chance, "the copy is put back", |hold| {
                hold.apps[0] = hold.copy;
                hold.put_back = true;
            }));
        }
        all
    }

    /// The books never say that money came, or went back, when it did not.
    fn broken(&self) -> Option<&'static str> {
        let wrong = |state: &Option<HoldState>| match state {
            Some(HoldState::Settled) => self.invoice != Invoice::Settled,
            Some(HoldState::Returned) => self.invoice != Invoice::Canceled,
            _ => false,
        };
        self.apps
            .iter()
            .any(wrong)
            .then_some("the books say what did not happen")
    }

    fn rests(&self) -> bool {
        self.apps
            .iter()
            .all(|state| state.is_some_and(HoldState::is_over))
    }
}
