//! A picture of the virtual screen, once the windows have drawn themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::screen::Screen;
use super::windows::Windows;
use crate::wait::until;

/// How long drawing may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(90);
/// An empty page has a colour or two, one with text has hundreds.
const COLOURS: u32 = 64;
/// So many pixels may differ between two pictures: a line that shrinks with the time left, a caret.
const RESTLESS: f64 = 3_000.0;
/// So many pictures in a row are alike before the last one is kept.
const STILL: u32 = 5;

/// Takes the picture, once every window shows something and stands still, and says where it is.
pub(super) async fn take_picture(
    screen: &Screen,
    windows: &Windows,
    folder: &Path,
) -> Result<PathBuf> {
    let (next, picture) = (folder.join("next.png"), folder.join("windows.png"));
    let mut still = 0;
    until("the windows have drawn themselves", PATIENCE, async || {
        windows.check()?;
        let mut import = Command::new("import");
        screen.equip(&mut import);
        run(import.args(["-window", "root"]).arg(&next)).await?;
        let mut drawn = picture.exists() && difference(&picture, &next).await? < RESTLESS;
        for number in (0_u32..).take(windows.len()) {
            drawn = drawn && colours(&screen.part(number), &next).await? >= COLOURS;
        }
        still = if drawn { still + 1 } else { 0 };
        fs::rename(&next, &picture)?;
        Ok((still >= STILL).then_some(()))
    })
    .await?;
    Ok(picture)
}

/// How many colours there are in a part of a picture.
async fn colours(part: &str, picture: &Path) -> Result<u32> {
    let mut convert = Command::new("convert");
    convert
        .arg(picture)
        .args(["-crop", part, "-format", "%k", "info:"]);
    Ok(run(&mut convert).await?.trim().parse()?)
}

/// How many pixels differ.
async fn difference(one: &Path, other: &Path) -> Result<f64> {
    let mut compare = Command::new("compare");
    compare
        .args(["-metric", "AE", "-fuzz", "2%"])
        .arg(one)
        .arg(other)
        .arg("null:");
    let output = output(&mut compare).await?;
    // It answers on the error channel, and fails when they differ.
    let said = String::from_utf8_lossy(&output.stderr);
    let number = said.split_whitespace().next().unwrap_or_default();
    number
        .parse()
        .with_context(|| format!("compare says {said}"))
}

async fn run(command: &mut Command) -> Result<String> {
    let output = output(command).await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}: {said}",
        command.get_program().display()
    );
    Ok(String::from_utf8(output.stdout)?)
}

async fn output(command: &mut Command) -> Result<std::process::Output> {
    let program = command.get_program().to_owned();
    let with_program = Command::new(&program);
    let mut taken = tokio::process::Command::from(std::mem::replace(command, with_program));
    let output = taken.kill_on_drop(true).output().await;
    output.with_context(|| format!("running {}", program.display()))
}
