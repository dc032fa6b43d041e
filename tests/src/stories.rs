//! What must hold between two people, written once and told in two worlds.

mod amendments;
mod away;
mod chat;
mod connection;
mod copies;
mod death;
mod free;
mod hidden;
mod holds;
mod invoices;
mod limits;
mod money;
mod strangers;
mod teller;

use std::time::Duration;

use anyhow::Result;
use futures::future::LocalBoxFuture;

pub use chat::{introduce, is_over};
pub use free::acquainted;
pub use teller::tell_all;

use crate::regtest::Plan;
use crate::world::{RealWorld, World};

/// Something that happens between people.
pub struct Story {
    /// What happens.
    pub name: &'static str,
    /// On which network.
    pub stage: Stage,
    /// How.
    pub plot: Plot,
}

/// A network that stories share, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// alice – bob – carol – dave, who pass no onions on; alice's node holds keysends for a quarter of an hour.
    Line,
    /// The same, where alice's node holds for a few seconds only.
    Brief,
    /// As the first, with onions: what costs nothing is free.
    Free,
    /// alice – bob – carol without onions, where nobody but bob knows of alice's channel.
    Hidden,
}

/// For how long alice's node holds where a story waits for the end of it: long enough for a decision in time.
pub const BRIEF: Duration = Duration::from_secs(16);

impl Stage {
    /// Its network.
    #[must_use]
    pub fn plan(self) -> Plan {
        match self {
            Self::Line => Plan::line().without_onions(),
            Self::Brief => Plan::line().without_onions().holding("alice", BRIEF),
            Self::Free => Plan::line(),
            Self::Hidden => Plan::short().without_onions().hiding("alice"),
        }
    }
}

/// How a story goes.
#[derive(Clone, Copy)]
pub enum Plot {
    /// In both worlds.
    Anywhere(for<'a> fn(&'a dyn World) -> LocalBoxFuture<'a, Result<()>>),
    /// Only where there are real nodes.
    Real(for<'a> fn(&'a RealWorld) -> LocalBoxFuture<'a, Result<()>>),
}

macro_rules! stories {
    ($($plot:ident $stage:ident $room:ident :: $name:ident;)+) => {
        /// All stories.
        pub const ALL: &[Story] = &[$(Story {
            name: concat!(stringify!($room), "::", stringify!($name)),
            stage: Stage::$stage,
            plot: Plot::$plot(|world| Box::pin($room::$name(world))),
        }),+];
    };
}

stories! {
    Anywhere Line chat::messages_go_both_ways;
    Anywhere Line chat::what_was_said_is_there_after_closing_and_opening;
    Anywhere Line chat::many_messages_keep_their_order;
    Anywhere Line money::a_held_payment_is_accepted;
    Anywhere Line money::a_held_payment_is_refused_and_costs_nothing;
    Anywhere Line money::a_settled_payment_is_paid_back_once;
    Anywhere Line money::a_refund_that_lies_is_asked_about;
    Anywhere Line money::costs_are_the_nodes_books_to_the_msat;
    Anywhere Line holds::both_buttons_and_a_second_click_decide_once;
    Anywhere Line holds::the_node_decides_behind_the_app;
    Anywhere Line holds::the_node_restarts_while_a_payment_is_held;
    Anywhere Brief holds::nobody_decides_before_the_deadline;
    Anywhere Line away::the_app_was_closed_while_messages_and_payments_came;
    Anywhere Brief away::the_app_was_closed_until_the_hold_was_over;
    Anywhere Line away::the_recipients_node_was_away_and_a_retry_succeeds_at_once;
    Anywhere Line away::gossip_tells_that_the_recipients_node_is_back;
    Anywhere Line away::our_own_node_was_away_and_the_message_goes_out_when_it_is_back;
    Anywhere Line death::killed_between_any_two_steps_of_sending;
    Anywhere Line death::killed_between_any_two_steps_of_receiving;
    Anywhere Line copies::what_an_older_home_has_queued_is_paid_once;
    Anywhere Line copies::what_an_older_home_has_not_heard_of_is_paid_back_once;
    Anywhere Line copies::two_programs_on_one_node_pay_back_once;
    Anywhere Free free::whoever_has_written_is_answered_for_nothing;
    Anywhere Free free::a_closed_app_gets_a_payment_and_says_later_that_it_has_it;
    Anywhere Free free::free_only_waits_and_costs_nothing;
    Anywhere Free free::neighbours_talk_over_their_connection;
    Anywhere Free free::both_compare_the_same_number;
    Anywhere Free free::what_was_sealed_to_a_lost_key_is_sent_again;
    Anywhere Free invoices::a_payment_to_a_stock_node_is_accepted;
    Anywhere Free invoices::a_payment_to_a_stock_node_is_refused;
    Anywhere Free amendments::answers_reactions_edits_and_deletes_go_both_ways;
    Anywhere Free amendments::a_payment_keeps_its_money_when_its_words_are_taken_back;
    Anywhere Line strangers::plain_text_of_another_program_is_shown;
    Anywhere Line strangers::a_forged_signature_is_only_claimed;
    Anywhere Line strangers::a_keysend_of_another_program_is_accepted_and_seen;
    Anywhere Line strangers::a_request_is_let_in_or_blocked;
    Anywhere Line limits::less_than_a_satoshi_is_refused_before_sending;
    Anywhere Line limits::the_longest_text_arrives_and_one_byte_more_is_refused;
    Anywhere Line limits::a_long_text_arrives_in_parts;
    Anywhere Hidden hidden::a_node_that_gossip_does_not_know_is_answered;
    Real Line connection::a_macaroon_without_a_permission_is_named;
    Real Line connection::a_wrong_certificate_is_named;
    Real Line connection::wrong_ports_and_hosts_are_named;
}
