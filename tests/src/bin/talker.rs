//! A program that is started to be killed: `talker HOME PASSPHRASE-FILE NAME TO LIFE SEED`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use heliograph_tests::soak::{Talk, talk};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter("warn")
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("talker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().with_context(|| format!("no {what}"));
    let home = PathBuf::from(next("home")?);
    let passphrase = std::fs::read_to_string(next("passphrase file")?)?;
    let who = Talk {
        name: next("name")?,
        to: next("recipient")?,
        life: next("life")?.parse()?,
        seed: next("seed")?.parse()?,
    };
    talk(&home, passphrase.trim(), &who).await
}
