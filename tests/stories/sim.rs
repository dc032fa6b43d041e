//! The stories, in memory.

use std::process::ExitCode;

fn main() -> ExitCode {
    heliograph_tests::stories::tell_all(false)
}
