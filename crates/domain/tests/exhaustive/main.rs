//! Every state that one payment, or one refund, can get into: tried out, not drawn at random.
//!
//! `world` is a small model: one thing to pay with up to three tries, the app that carries it out by the rule of
//! [`heliograph_domain::resume`] and the steps of [`heliograph_domain::DeliveryState`], the node, the recipient. The app may die between any two
//! steps, its database may be copied and put back, a second app may run on a copy, the node may answer all that it can,
//! and delete its list of payments. `search` visits every state that can be reached.
//!
//! `hold` is the same for what the recipient holds, with [`heliograph_domain::HoldState`].
//!
//! Two laws hold in each of them. It was paid once at most, unless the user said yes when asked whether to pay again. And
//! it does not wait for ever: without the user's help it comes to an end, or to a question to the user.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a search fails where something is not as told"
)]

mod app;
mod hold;
mod node;
mod search;
mod world;

use app::Rule;
use hold::Hold;
use search::{Model, search};
use world::{Kind, Limits, World};

fn explore(name: &str, kind: Kind, limits: Limits) {
    holds(name, World::new(kind, limits, Rule::Right));
}

fn holds(name: &str, start: impl Model) {
    let found = search(start);
    println!("{name}: {} states, {} steps", found.states, found.steps);
    assert!(found.broken.is_none(), "{name}:\n{}", found.broken.unwrap());
}

const ONE_APP: Limits = Limits {
    deaths: 2,
    orders: 3,
    copies: 1,
    second_app: false,
    deletions: 1,
};

const TWO_APPS: Limits = Limits {
    deaths: 1,
    orders: 2,
    copies: 1,
    second_app: true,
    deletions: 1,
};

#[test]
fn a_payment_with_deaths_a_copy_put_back_and_a_node_that_forgets() {
    explore("payment, one app", Kind::Payment, ONE_APP);
}

#[test]
fn a_refund_with_deaths_a_copy_put_back_and_a_node_that_forgets() {
    explore("refund, one app", Kind::Refund, ONE_APP);
}

#[test]
fn a_payment_that_two_apps_find_in_their_databases() {
    explore("payment, two apps", Kind::Payment, TWO_APPS);
}

#[test]
fn a_refund_that_two_apps_know_of() {
    explore("refund, two apps", Kind::Refund, TWO_APPS);
}

#[test]
fn a_held_payment_that_two_apps_decide_on() {
    holds("hold, two apps", Hold::new());
}

#[test]
fn the_search_finds_what_a_wrong_rule_does() {
    for (wrong, kind) in [
        (Rule::TrustsTheNodesList, Kind::Payment),
        (Rule::TrustsTheNodesList, Kind::Refund),
        (Rule::OwnTriesOnly, Kind::Refund),
    ] {
        let found = search(World::new(kind, ONE_APP, wrong));
        let broken = found.broken.expect("a wrong rule breaks a law");
        assert!(broken.starts_with("it was paid twice"), "{broken}");
    }
}
