//! The app in its window, on the real network.

mod costs;
mod first_run;
mod pay;
mod pay_back;
mod search;
mod settings;
mod steps;
mod talk;

use std::process::ExitCode;

use heliograph_tests::window::{Story, tell_all};

macro_rules! stories {
    ($($room:ident :: $name:ident;)+) => {
        &[$(Story {
            name: concat!(stringify!($room), "-", stringify!($name)),
            plot: |scene| Box::pin($room::$name(scene)),
        }),+]
    };
}

fn main() -> ExitCode {
    tell_all(stories! {
        first_run::a_node_is_connected_and_found_again;
        first_run::a_passphrase_takes_the_place_of_a_keyring;
        talk::a_stranger_writes_and_is_let_in;
        pay::a_held_payment_is_accepted_and_another_refunded;
        pay::the_owner_of_a_stock_node_decides_as_well;
        pay_back::a_settled_payment_is_paid_back;
        costs::the_totals_are_the_nodes_books_and_stay;
        search::a_chinese_word_is_found;
        settings::language_and_theme_stay_chosen;
    })
}
