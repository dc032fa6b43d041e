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

/// Opens the newest conversation in each window, as nobody sits there to do it, takes the picture, and says where it is.
pub(super) async fn take_picture(
    screen: &Screen,
    windows: &Windows,
    folder: &Path,
) -> Result<PathBuf> {
    let (first, picture) = (folder.join("first.png"), folder.join("windows.png"));
    let nothing: Vec<_> = (0..windows.len()).map(|_| None).collect();
    settled(screen, windows, folder, &nothing).await?;
    fs::rename(folder.join("last.png"), &first)?;
    for process in windows.process_ids() {
        press(screen, process).await?;
    }
    let before: Vec<_> = (0..windows.len()).map(|_| Some(first.as_path())).collect();
    settled(screen, windows, folder, &before).await?;
    fs::rename(folder.join("last.png"), &picture)?;
    fs::remove_file(first)?;
    Ok(picture)
}

/// Waits until every window shows something, other than it did `before`, and stands still. It is in `last.png` then.
async fn settled(
    screen: &Screen,
    windows: &Windows,
    folder: &Path,
    before: &[Option<&Path>],
) -> Result<()> {
    let (next, last) = (folder.join("next.png"), folder.join("last.png"));
    let mut still = 0;
    until("the windows have drawn themselves", PATIENCE, async || {
        windows.check()?;
        let mut import = Command::new("import");
        screen.equip(&mut import);
        run(import.args(["-window", "root"]).arg(&next)).await?;
        let mut drawn = last.exists() && difference(None, &last, &next).await? < RESTLESS;
        for (number, before) in (0_u32..).zip(before) {
            let part = screen.part(number);
            drawn = drawn && colours(&part, &next).await? >= COLOURS;
            if let (true, Some(before)) = (drawn, before) {
                drawn = difference(Some(&part), before, &next).await? > RESTLESS;
            }
        }
        still = if drawn { still + 1 } else { 0 };
        fs::rename(&next, &last)?;
        Ok((still >= STILL).then_some(()))
    })
    .await
}

/// Presses the keys for the next conversation in a process's window.
async fn press(screen: &Screen, process: i32) -> Result<()> {
    let mut search = Command::new("xdotool");
    screen.equip(&mut search);
    search.args(["search", "--onlyvisible", "--pid", &process.to_string()]);
    let found = run(&mut search).await?;
    let window = found.lines().last().context("a process without a window")?;
    let mut press = Command::new("xdotool");
    screen.equip(&mut press);
    press.args([
        "windowfocus",
        "--sync",
        window,
        "key",
        "--clearmodifiers",
        "alt+Down",
    ]);
    run(&mut press).await?;
    Ok(())
}

/// How many colours there are in a part of a picture.
async fn colours(part: &str, picture: &Path) -> Result<u32> {
    let mut convert = Command::new("convert");
    convert
        .arg(picture)
        .args(["-crop", part, "-format", "%k", "info:"]);
    Ok(run(&mut convert).await?.trim().parse()?)
}

/// How many pixels differ, in a part or in all.
async fn difference(part: Option<&str>, one: &Path, other: &Path) -> Result<f64> {
    let mut compare = Command::new("compare");
    if let Some(part) = part {
        compare.args(["-extract", part]);
    }
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
