//! The stories, on the real network.

use std::process::ExitCode;

fn main() -> ExitCode {
    heliograph_tests::stories::tell_all(true)
}
