//! Heliograph: a desktop messenger over the Lightning Network.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    heliograph_lib::main()
}
