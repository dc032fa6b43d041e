//! Stories of people in memory: each with a node of a simulated network, a database on disk and an engine, on paused time.
//! One program for all of them: a program for each file would link the same libraries fifteen times.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "stories fail where something is not as told"
)]

mod people;

mod amendments;
mod bad_invoices;
mod books;
mod clocks;
mod copies;
mod crashes;
mod crowds;
mod free;
mod health;
mod hidden;
mod invoices;
mod liars;
mod long;
mod lost_keys;
mod mischief;
mod permissions;
mod pieces;
mod postage;
mod privacy;
mod reopened;
mod restored;
mod rotation;
mod second;
mod seen;
mod strangers;
mod talk;
mod tampering;
mod trouble;
mod trust;
mod waiting;
mod ways;
