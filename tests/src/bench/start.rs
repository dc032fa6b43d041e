//! How long the app takes to show its list, by the pixels of the screen, and how much memory it holds then.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Wishes;
use super::footprint::{self, Footprint};
use super::library::{self, Library};
use super::screen::{HEIGHT, Part, Screen, WIDTH, alike, colours};
use crate::process::Process;
use crate::regtest::Network;

/// In the list of conversations: right of the rail, below the filters, left of the scroll bar.
const LIST: Part = Part {
    x: 80,
    y: HEIGHT / 2,
    width: 200,
    height: HEIGHT / 2 - 20,
};
/// Rows with names and words have more colours than an empty page.
const DRAWN: usize = 16;
/// How often the screen is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// What does not change for so long is finished.
const STILL: Duration = Duration::from_secs(2);
/// How long a start may take on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the end may take.
const END: Duration = Duration::from_secs(20);
const PASSPHRASE: &str = "four words and a lantern";

/// All starts.
#[derive(Debug)]
pub(super) struct Starts {
    pub(super) library: Library,
    pub(super) starts: Vec<Start>,
}

/// One start.
#[derive(Debug)]
pub(super) struct Start {
    /// Until the window shows anything.
    pub(super) window: Duration,
    /// Until the list stands there as it stays.
    pub(super) list: Duration,
    pub(super) footprint: Footprint,
}

pub(super) async fn measure(program: &Path, network: &Network, wishes: &Wishes) -> Result<Starts> {
    let screen = Screen::start().await?;
    let home = screen.folder().join("heliograph");
    let library = library::make(&home, network.node("bob"), PASSPHRASE, wishes.messages).await?;
    std::fs::write(screen.folder().join("passphrase"), PASSPHRASE)?;
    let mut starts = Vec::new();
    for number in 1..=wishes.starts {
        tracing::info!("start {number} of {}", wishes.starts);
        starts.push(start(program, &home, &screen).await?);
    }
    Ok(Starts { library, starts })
}

async fn start(program: &Path, home: &Path, screen: &Screen) -> Result<Start> {
    let mut command = Command::new(program);
    screen.equip(&mut command);
    command
        .arg("--home")
        .arg(home)
        .arg("--passphrase-file")
        .arg(screen.folder().join("passphrase"))
        .args(["--position=0,0", &format!("--size={WIDTH},{HEIGHT}")]);
    let empty = screen.read(LIST)?;
    let begin = Instant::now();
    let app = Process::start("heliograph", command, &screen.folder().join("app.log"))?;
    let pictures = watch(&app, screen, begin, empty).await?;
    let footprint = footprint::of(app.id())?;
    app.stop(END).await?;
    let Some((_, last)) = pictures.last() else {
        bail!("nothing was drawn")
    };
    // From here on it looked as it does in the end.
    let settled = pictures
        .iter()
        .rev()
        .take_while(|(_, picture)| alike(picture, last));
    Ok(Start {
        window: pictures.first().map_or(Duration::ZERO, |(at, _)| *at),
        list: settled.last().map_or(Duration::ZERO, |(at, _)| *at),
        footprint,
    })
}

/// Every picture of the list that is not as the one before, and when it was there.
async fn watch(
    app: &Process,
    screen: &Screen,
    begin: Instant,
    empty: Vec<u8>,
) -> Result<Vec<(Duration, Vec<u8>)>> {
    let mut pictures: Vec<(Duration, Vec<u8>)> = Vec::new();
    while begin.elapsed() < PATIENCE {
        let picture = screen.read(LIST)?;
        let now = begin.elapsed();
        let last = pictures.last().map_or(&empty, |(_, picture)| picture);
        if picture != *last {
            pictures.push((now, picture));
        } else if let Some((at, picture)) = pictures.last()
            && now - *at > STILL
            && colours(picture) >= DRAWN
        {
            return Ok(pictures);
        }
        app.check()?;
        tokio::time::sleep(GLANCE).await;
    }
    bail!("there is no list after {PATIENCE:?}:\n{}", app.tail())
}
