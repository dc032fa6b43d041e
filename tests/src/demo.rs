//! `make demo`: a real Lightning network, people on it, and a window for each.

mod people;
mod picture;
mod screen;
mod story;
mod tell;
mod windows;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use self::people::Cast;
use self::picture::take_picture;
use self::screen::Screen;
pub use self::tell::Progress;

use self::tell::{done, say};
use self::windows::Windows;
use crate::regtest::{Network, Plan};

/// What is asked of the demo, by environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Who has a window (`PEOPLE`).
    pub people: Vec<String>,
    /// Whether it begins with a conversation that shows everything (`STORY`).
    pub story: bool,
    /// Whether it ends after a picture (`SHOT`).
    pub shot: bool,
    /// `light` or `dark` for each window in turn, the system's when there is none (`THEME`).
    pub themes: Vec<String>,
}

impl Wishes {
    /// As the environment has them.
    ///
    /// # Errors
    /// When somebody is wished for who has no node, or a variable is neither `1` nor empty.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let words = |name: &str| -> Vec<String> {
            let text = variable(name).unwrap_or_default();
            text.split_whitespace().map(str::to_owned).collect()
        };
        let flag = |name: &str| match variable(name).as_deref().map(str::trim) {
            None | Some("" | "0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => bail!("{name} is 1 or nothing, not {other:?}"),
        };
        let mut people = words("PEOPLE");
        if people.is_empty() {
            people = ["alice", "carol"].map(str::to_owned).to_vec();
        }
        let plan = Plan::line();
        let names: Vec<_> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
        for (place, person) in people.iter().enumerate() {
            let known = names.contains(&person.as_str());
            ensure!(
                known,
                "there is no {person}; the nodes are {}",
                names.join(", ")
            );
            ensure!(
                !people[..place].contains(person),
                "{person} can have one window"
            );
        }
        let themes = words("THEME");
        for theme in &themes {
            ensure!(
                theme == "light" || theme == "dark",
                "THEME is light or dark, not {theme}"
            );
        }
        Ok(Self {
            people,
            story: flag("STORY")?,
            shot: flag("SHOT")?,
            themes,
        })
    }
}

/// Where the demo keeps its network and its people; another demo keeps out.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    /// The programs that were built.
    programs: PathBuf,
    _lock: File,
}

impl Place {
    fn take() -> Result<Self> {
        let own = std::env::current_exe()?;
        let programs = own
            .parent()
            .context("this program is in no folder")?
            .to_owned();
        let folder = programs.parent().context("the build folder")?.join("demo");
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                programs,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => bail!("a demo is running already"),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn people(&self) -> PathBuf {
        self.folder.join("people")
    }
}

/// Runs the demo until its windows are closed, or `stop` completes.
///
/// # Errors
/// When a step does not succeed. Whatever was started is gone then.
pub async fn run(wishes: &Wishes, stop: impl Future<Output = ()>) -> Result<()> {
    let begin = Instant::now();
    let place = Place::take()?;
    let mut stop = std::pin::pin!(stop);
    let setting = async {
        let screen = Screen::find(wishes, &place.folder).await?;
        let network = start_network(&place).await?;
        let cast = Cast::gather(wishes, &network, &place.people()).await?;
        anyhow::Ok((screen, network, cast))
    };
    // A wish to stop while things are being set up drops them where they are.
    let (screen, network, cast) = tokio::select! {
        set = setting => set?,
        () = &mut stop => return Ok(()),
    };
    let mut windows = Windows::open(&cast, &screen, &place)?;
    say(&format!(
        "Ready after {:.1} s",
        begin.elapsed().as_secs_f32()
    ));
    for person in &cast.people {
        println!("    {:6} {}", person.name, person.node);
    }
    let showing = async {
        if screen.is_virtual() {
            let picture = take_picture(&screen, &windows, &place.folder).await?;
            done(&format!("A picture of the windows: {}", picture.display()));
            if wishes.shot {
                return Ok(());
            }
            println!("  Ctrl-C stops everything.");
        } else {
            println!("  Closing the windows, or Ctrl-C, stops everything.");
        }
        windows.closed().await
    };
    let end = tokio::select! {
        end = showing => end,
        () = &mut stop => Ok(()),
    };
    say("Stopping the windows and the network");
    windows.close().await;
    let stopped = network.stop().await;
    end.and(stopped)
}

async fn start_network(place: &Place) -> Result<Network> {
    let folder = place.folder.join("network");
    let plan = Plan::line();
    let names: Vec<_> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
    if Network::can_go_on(&plan, &folder) {
        say(&format!(
            "Starting the Lightning network {} again",
            names.join(" – ")
        ));
    } else {
        say(&format!(
            "Making a Lightning network: {}",
            names.join(" – ")
        ));
        // Who lived on the old network has no node any more.
        remove(&place.people())?;
    }
    let start = Instant::now();
    let network = Network::kept(plan, &folder).await?;
    done(&format!(
        "The network is ready after {:.1} s",
        start.elapsed().as_secs_f32()
    ));
    Ok(network)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
