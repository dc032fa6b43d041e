//! An app that carries the payment out: what it has stored, and at which step it is.

use std::collections::BTreeMap;

use heliograph_domain::resume::{Action, Case, Known, Ordered, Stake};
use heliograph_domain::{AttemptState, DeliveryEvent, DeliveryState};

use crate::node::{Node, TRIES};
use crate::world::Kind;

/// What survives the death of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    /// `None`: the user has not ordered it yet.
    pub(crate) delivery: Option<DeliveryState>,
    pub(crate) stored: [Option<AttemptState>; TRIES],
    /// The time is over within which it was to leave.
    pub(crate) late: bool,
}

/// At which step a running app is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// It is closed.
    Down,
    /// It looks what is to be done.
    Ready,
    /// It asks the node for one try after the other.
    Asking { next: u8, known: [Known; TRIES] },
    /// It has stored that this try is handed over, and calls the node now.
    Calling(u8),
    /// It waits for the outcome.
    Following(u8),
    /// The rule wants more tries than the model has.
    Beyond,
}

/// An app on the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) step: Step,
    /// The user ordered it since the app was opened.
    pub(crate) this_run: bool,
    /// Its database is a copy.
    pub(crate) on_copy: bool,
}

/// The rule under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    /// The one of the program.
    Right,
    /// Wrong: what the node does not know is sent, without a question to the user.
    TrustsTheNodesList,
    /// Wrong: the node is asked only for the tries that stand in the database.
    OwnTriesOnly,
}

impl Rule {
    fn next(self, case: &Case<'_>) -> Action {
        match self {
            Self::Right => case.next(),
            Self::TrustsTheNodesList => match case.next() {
                Action::Ask(number) => Action::Send(number),
                action => action,
            },
            Self::OwnTriesOnly => {
                let stored = |(number, known): (&u32, &Known)| {
                    let own = case.stored.contains_key(number);
                    own.then_some((*number, *known))
                };
                let known = case.known.iter().filter_map(stored).collect();
                let (known, ordered) = (&known, Ordered::ThisRun);
                let case = Case {
                    known,
                    ordered,
                    ..*case
                };
                case.next()
            }
        }
    }
}

impl Database {
    pub(crate) const fn empty() -> Self {
        Self {
            delivery: None,
            stored: [None; TRIES],
            late: false,
        }
    }

    fn step(&mut self, event: DeliveryEvent) {
        let before = self.delivery.expect("it was ordered");
        self.delivery = Some(before.step(event).expect("an event that has a meaning"));
    }

    /// Gives it to the network, where that has not been stored yet.
    fn begin(&mut self) {
        if self.delivery == Some(DeliveryState::Queued) {
            self.step(DeliveryEvent::Begin);
        }
    }

    /// The node's word on a try ends it. A refused hash is followed by the next one when the user wants it again.
    fn conclude(&mut self, number: usize, known: Known) {
        let (state, event) = match known {
            Known::Settled => (AttemptState::Settled, DeliveryEvent::Settled),
            Known::Refused => (AttemptState::Refused, DeliveryEvent::Refused),
            Known::Failed => (AttemptState::Failed, DeliveryEvent::Failed),
            Known::InFlight | Known::Unknown => panic!("this is no outcome"),
        };
        self.stored[number] = Some(state);
        self.begin();
        self.step(event);
    }

    fn is_open(&self) -> bool {
        self.delivery.is_some_and(|state| !state.is_over())
    }
}

impl App {
    pub(crate) const fn new(database: Database) -> Self {
        Self {
            database,
            step: Step::Ready,
            this_run: false,
            on_copy: false,
        }
    }

    pub(crate) const fn on_copy(database: Database) -> Self {
        Self {
            on_copy: true,
            ..Self::new(database)
        }
    }

    /// Whether it does nothing more by itself.
    pub(crate) fn rests(&self) -> bool {
        match self.step {
            Step::Down => false,
            Step::Ready => !self.database.is_open(),
            Step::Beyond => true,
            Step::Asking { .. } | Step::Calling(_) | Step::Following(_) => false,
        }
    }

    pub(crate) fn dies(&mut self) {
        self.step = Step::Down;
        self.this_run = false;
    }

    /// The user orders it, for the first time or once more. The answer says whether that was a yes to "pay again?".
    pub(crate) fn order(&mut self) -> bool {
        let asked = self.database.delivery == Some(DeliveryState::Parked);
        match self.database.delivery {
            None => self.database.delivery = Some(DeliveryState::Queued),
            Some(_) => self.database.step(DeliveryEvent::Retry),
        }
        self.database.late = false;
        self.this_run = true;
        asked
    }

    pub(crate) fn may_order(&self, kind: Kind, ordered_before: bool) -> bool {
        self.step == Step::Ready
            && match self.database.delivery {
                // A payment that is typed anew is another payment. A refund is the same one.
                None => kind == Kind::Refund || !ordered_before,
                Some(DeliveryState::Returned) => kind == Kind::Refund,
                Some(state) => matches!(state, DeliveryState::Failed | DeliveryState::Parked),
            }
    }

    /// The next step of the program, with each of its possible outcomes.
    pub(crate) fn goes_on(&self, kind: Kind, node: &Node, rule: Rule) -> Vec<(Self, Node)> {
        let (mut app, mut next) = (*self, *node);
        match self.step {
            Step::Down | Step::Beyond => return Vec::new(),
            Step::Ready if !self.database.is_open() => return Vec::new(),
            Step::Ready => {
                let known = [Known::Unknown; TRIES];
                let handed_over = self.database.stored.iter().any(Option::is_some);
                if kind == Kind::Payment && self.this_run && !handed_over {
                    app.decide(known, rule);
                } else {
                    app.step = Step::Asking { next: 0, known };
                }
            }
            Step::Asking { next: at, known } => {
                let mut known = known;
                known[usize::from(at)] = node.tries[usize::from(at)].known;
                if usize::from(at) + 1 < TRIES {
                    app.step = Step::Asking {
                        next: at + 1,
                        known,
                    };
                } else {
                    app.decide(known, rule);
                }
            }
            Step::Calling(number) => {
                let number_at = usize::from(number);
                // The node says no to the call: nothing has left.
                let mut refused = *self;
                if !matches!(
                    node.tries[number_at].known,
                    Known::InFlight | Known::Settled
                ) {
                    refused.database.conclude(number_at, Known::Failed);
                    refused.step = Step::Ready;
                }
                next.take(number_at);
                app.step = Step::Following(number);
                if refused == *self {
                    return vec![(app, next)];
                }
                return vec![(app, next), (refused, *node)];
            }
            Step::Following(number) => {
                let known = node.tries[usize::from(number)].known;
                app.step = Step::Ready;
                match known {
                    Known::InFlight => return Vec::new(),
                    // It is gone from the node's list: the rule says what then.
                    Known::Unknown => {}
                    _ => app.database.conclude(usize::from(number), known),
                }
            }
        }
        vec![(app, next)]
    }

    fn decide(&mut self, known: [Known; TRIES], rule: Rule) {
        let number = |at: usize| u32::try_from(at).unwrap();
        let stored: BTreeMap<u32, AttemptState> = (0..TRIES)
            .filter_map(|at| Some((number(at), self.database.stored[at]?)))
            .collect();
        let told: BTreeMap<u32, Known> = (0..TRIES).map(|at| (number(at), known[at])).collect();
        let action = rule.next(&Case {
            stake: Stake::Money,
            ordered: if self.this_run {
                Ordered::ThisRun
            } else {
                Ordered::EarlierRun
            },
            stored: &stored,
            known: &told,
            expired: self.database.late,
            unseen: false,
        });
        let at = |number: u32| usize::try_from(number).unwrap();
        let beyond = matches!(action, Action::Send(n) | Action::Ask(n) if at(n) >= TRIES);
        if beyond {
            self.step = Step::Beyond;
            return;
        }
        self.step = Step::Ready;
        match action {
            Action::Send(n) => {
                self.database.stored[at(n)] = Some(AttemptState::Sent);
                self.database.begin();
                self.step = Step::Calling(u8::try_from(n).unwrap());
            }
            Action::Follow(n) => {
                self.database.stored[at(n)] = Some(AttemptState::Sent);
                self.database.begin();
                self.step = Step::Following(u8::try_from(n).unwrap());
            }
            Action::Done(n) => self.database.adopt(at(n), known[at(n)]),
            Action::Ask(n) => {
                self.database.stored[at(n)] = Some(AttemptState::Forgotten);
                self.database.begin();
                self.database.step(DeliveryEvent::Forgotten);
            }
            Action::Fail => {
                self.database.begin();
                self.database.step(DeliveryEvent::Failed);
            }
        }
    }
}

impl Database {
    /// The rule takes this try for the outcome: by the node's word, or by what was stored before the node forgot it.
    fn adopt(&mut self, number: usize, known: Known) {
        let known = match (self.stored[number], known) {
            (Some(AttemptState::Settled), _) => Known::Settled,
            (_, known) => known,
        };
        self.conclude(number, known);
    }
}
