//! One window for each person, side by side.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use futures::future::{join_all, try_join_all};

use super::Place;
use super::people::Cast;
use super::screen::Screen;
use crate::process::Process;

/// How long a window may take to close.
const END: Duration = Duration::from_secs(10);

/// The running programs.
#[derive(Debug)]
pub(super) struct Windows {
    programs: Vec<Process>,
}

impl Windows {
    pub(super) fn open(cast: &Cast, screen: &Screen, place: &Place) -> Result<Self> {
        let program: PathBuf = place.programs.join("heliograph");
        ensure!(
            program.is_file(),
            "{} is missing: run `make demo`",
            program.display()
        );
        let mut programs = Vec::new();
        for (number, person) in (0_u32..).zip(&cast.people) {
            let mut command = Command::new(&program);
            screen.equip(&mut command);
            command
                .arg("--home")
                .arg(&person.home)
                .arg("--passphrase-file")
                .arg(&cast.passphrase_file)
                .arg(format!("--position={},0", number * screen.width))
                .arg(format!("--size={},{}", screen.width, screen.height));
            // Everybody begins with somebody else: the first person with the second, all others with the first.
            let other = usize::from(number == 0);
            if let Some(other) = cast.people.get(other) {
                command.arg(format!("--conversation={}", other.node));
            }
            let log = place.people().join(format!("{}.log", person.name));
            programs.push(Process::start(&person.name, command, &log)?);
        }
        Ok(Self { programs })
    }

    pub(super) const fn len(&self) -> usize {
        self.programs.len()
    }

    /// An error when one of them has failed.
    pub(super) fn check(&self) -> Result<()> {
        for program in &self.programs {
            if let Some(status) = program.exit_status()
                && !status.success()
            {
                bail!(
                    "{}'s window ended with {status}:\n{}",
                    program.name(),
                    program.tail()
                );
            }
        }
        Ok(())
    }

    /// Completes when the last one is closed; fails as soon as one fails.
    pub(super) async fn closed(&self) -> Result<()> {
        let ends = self.programs.iter().map(async |program| {
            program.ended().await;
            self.check()
        });
        try_join_all(ends).await?;
        Ok(())
    }

    /// Closes those that are open.
    pub(super) async fn close(&mut self) {
        let stops = self.programs.drain(..).map(|program| program.stop(END));
        // One that does not close in time has been killed.
        join_all(stops).await;
    }
}
