//! The screen that is there, or a virtual one.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Wishes;
use super::tell::say;
use crate::process::Process;
use crate::wait::until;

/// A comfortable window.
const WIDTH: u32 = 1_100;
const HEIGHT: u32 = 860;
/// What a window cannot be smaller than.
const NARROWEST: u32 = 480;
/// What panels and title bars take.
const MARGIN: u32 = 100;
/// When the screen does not say how large it is.
const USUAL: (u32, u32) = (1_920, 1_080);

/// Where the windows open.
#[derive(Debug)]
pub(super) struct Screen {
    /// Of the virtual one, `:7`.
    display: Option<String>,
    /// Its process.
    _server: Option<Process>,
    /// Of each window.
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Screen {
    pub(super) async fn find(wishes: &Wishes, folder: &Path) -> Result<Self> {
        let windows = u32::try_from(wishes.people.len())?;
        let there = ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        if there && !wishes.shot {
            let (wide, high) = size_of_screen().unwrap_or(USUAL);
            return Ok(Self {
                display: None,
                _server: None,
                width: (wide / windows).clamp(NARROWEST, WIDTH),
                height: high.saturating_sub(MARGIN).clamp(NARROWEST, HEIGHT),
            });
        }
        if there {
            say("Starting a virtual display for the picture");
        } else {
            say("There is no display: starting a virtual one");
        }
        let log = folder.join("screen.log");
        // The number of the display is read from it.
        let _ = fs::remove_file(&log);
        let mut command = Command::new("Xvfb");
        command.args([
            "-displayfd",
            "1",
            "-nolisten",
            "tcp",
            "-noreset",
            "-screen",
            "0",
        ]);
        command.arg(format!("{}x{HEIGHT}x24", WIDTH * windows));
        let server = Process::start("Xvfb", command, &log)?;
        let number = until(
            "the virtual display is there",
            Duration::from_secs(30),
            async || {
                server.check()?;
                let said = fs::read_to_string(&log)?;
                let lines = said
                    .split_inclusive('\n')
                    .filter(|line| line.ends_with('\n'));
                Ok(lines
                    .map(str::trim)
                    .find_map(|line| line.parse::<u32>().ok()))
            },
        )
        .await?;
        Ok(Self {
            display: Some(format!(":{number}")),
            _server: Some(server),
            width: WIDTH,
            height: HEIGHT,
        })
    }

    pub(super) const fn is_virtual(&self) -> bool {
        self.display.is_some()
    }

    /// Where a window is, counted from the left, in the words of X11.
    pub(super) fn part(&self, number: u32) -> String {
        format!("{}x{}+{}+0", self.width, self.height, number * self.width)
    }

    /// Has a program show itself here.
    pub(super) fn equip(&self, command: &mut Command) {
        if let Some(display) = &self.display {
            command
                .env_remove("WAYLAND_DISPLAY")
                .env("DISPLAY", display)
                .env("GDK_BACKEND", "x11")
                // There is no graphics card behind it.
                .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        }
    }
}

/// `xrandr` says `current 1920 x 1080`; not every computer has it.
fn size_of_screen() -> Result<(u32, u32)> {
    let output = Command::new("xrandr").arg("--current").output()?.stdout;
    let said = String::from_utf8(output)?;
    let (_, rest) = said.split_once("current ").context("no size")?;
    let (wide, rest) = rest.split_once(" x ").context("no width")?;
    let high = rest
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .context("no height")?;
    Ok((wide.trim().parse()?, high.parse()?))
}
