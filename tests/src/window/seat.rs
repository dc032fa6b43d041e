//! A person at their computer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fantoccini::Client;

use super::app::{App, build_folder};
use super::desktop::Desktop;
use super::spot::at;
use crate::wait::until;

/// How long a window may take to draw itself.
const DRAWING: Duration = Duration::from_secs(10);
/// Whether nothing moves for three frames, but for what moves for long.
const STILL: &str = r#"
    const [answer] = arguments;
    const moves = (one) => one.effect?.getComputedTiming().endTime < 1000;
    const look = (frames) => {
        if (document.getAnimations().some(moves)) answer(false);
        else if (frames === 0) answer(true);
        else requestAnimationFrame(() => look(frames - 1));
    };
    look(3);
"#;
/// The picture of a window whose story went wrong.
const FAILED: &str = "failed";
/// Opens the vaults of people without a keyring.
pub(super) const PASSPHRASE: &str = "four words and a lantern";

/// Somebody with a desktop and a home for Heliograph. Their window can be closed, killed and opened again.
#[derive(Debug)]
pub struct Seat {
    name: String,
    app: Mutex<Option<Arc<App>>>,
    desktop: Desktop,
    /// The first part of the names of their pictures.
    pictures: PathBuf,
}

impl Seat {
    /// Sits down at a computer on which Heliograph was never used.
    ///
    /// # Errors
    /// When the desktop does not start.
    pub(super) async fn take(name: &str, story: &str) -> Result<Self> {
        let folder = build_folder()?;
        let folder = folder.parent().context("the build folder")?.join("window");
        fs::create_dir_all(&folder)?;
        let pictures = folder.join(format!("{story}-{name}"));
        // A failure of yesterday would be taken for one of today.
        let _ = fs::remove_file(picture_path(&pictures, FAILED));
        Ok(Self {
            name: name.to_owned(),
            desktop: Desktop::start().await?,
            app: Mutex::new(None),
            pictures,
        })
    }

    /// Who it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their desktop.
    #[must_use]
    pub const fn desktop(&self) -> &Desktop {
        &self.desktop
    }

    /// Where Heliograph keeps what is theirs.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.desktop.folder().join("heliograph")
    }

    /// Where the passphrase stands, for those who have no keyring.
    pub(super) fn passphrase_file(&self) -> PathBuf {
        self.desktop.folder().join("passphrase")
    }

    /// Opens the window.
    ///
    /// # Errors
    /// When it is open, or does not open.
    pub async fn open(&self) -> Result<()> {
        if self.slot().is_some() {
            bail!("{}'s window is open", self.name);
        }
        let file = self.passphrase_file();
        let arguments = if file.exists() {
            vec!["--passphrase-file".to_owned(), file.display().to_string()]
        } else {
            Vec::new()
        };
        let app = App::open(&self.desktop, &self.home(), &arguments).await;
        let app = app.with_context(|| format!("{}'s window", self.name))?;
        *self.slot() = Some(Arc::new(app));
        Ok(())
    }

    /// Opens the window and waits until it is connected to the node.
    ///
    /// # Errors
    /// As [`Seat::open`], or when there is no connection.
    pub async fn open_connected(&self) -> Result<()> {
        self.open().await?;
        self.sees(&at("link-state"), "Connected").await
    }

    pub(super) fn is_open(&self) -> bool {
        self.slot().is_some()
    }

    /// Closes the window; the program ends.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn close(&self) -> Result<()> {
        let app = self.slot().take();
        app.context("there is no window")?.close().await
    }

    /// Kills the program.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(&self) -> Result<()> {
        let app = self.slot().take();
        app.context("there is no window")?.kill().await
    }

    /// Keeps what the window shows in a file of the build folder, for eyes, once nothing moves any more.
    ///
    /// # Errors
    /// When there is no window, or the file cannot be written.
    pub async fn picture(&self, name: &str) -> Result<PathBuf> {
        let client = self.client()?;
        until("nothing moves any more", DRAWING, async || {
            let still = client.execute_async(STILL, Vec::new()).await?;
            Ok((still == true).then_some(()))
        })
        .await?;
        // The driver waits for a window that draws nothing.
        let png = tokio::time::timeout(DRAWING, client.screenshot())
            .await
            .context("the window draws nothing")??;
        let path = picture_path(&self.pictures, name);
        fs::write(&path, png)?;
        Ok(path)
    }

    /// Gives the window another size.
    ///
    /// # Errors
    /// When there is no window.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(self.client()?.set_window_size(width, height).await?)
    }

    /// What the program complained about in its log, this time or before, and what its window failed at.
    pub(super) async fn complaints(&self) -> Result<Vec<String>> {
        let log = read_log(&self.desktop)?;
        let bad = [" WARN heliograph", "ERROR heliograph", "panicked at"];
        let mut complaints: Vec<_> = log
            .lines()
            .filter(|line| bad.iter().any(|words| line.contains(words)))
            .map(str::to_owned)
            .collect();
        if let Ok(client) = self.client() {
            complaints.extend(self.texts(&at("notice")).await?);
            let troubles = client.execute("return window.troubles", Vec::new());
            complaints.extend(serde_json::from_value::<Vec<String>>(troubles.await?)?);
        }
        Ok(complaints)
    }

    /// For somebody who wants to know why a story failed: what the window shows, and the end of the log.
    pub(super) async fn evidence(&self) -> String {
        let picture = match self.picture(FAILED).await {
            Ok(path) => path.display().to_string(),
            Err(error) => format!("no picture: {error}"),
        };
        let shown = match self.whole_page().await {
            Ok(shown) => format!("{shown:#}"),
            Err(error) => error.to_string(),
        };
        let log = read_log(&self.desktop).unwrap_or_else(|error| error.to_string());
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("{}: {picture}\n{shown}\n{tail}", self.name)
    }

    async fn whole_page(&self) -> Result<serde_json::Value> {
        let script = "return [document.body.innerText, window.troubles]";
        let client = self.client()?;
        let asking = tokio::time::timeout(DRAWING, client.execute(script, Vec::new()));
        Ok(asking.await.context("the window does not answer")??)
    }

    pub(super) fn client(&self) -> Result<Client> {
        let slot = self.slot();
        let app = slot
            .as_ref()
            .with_context(|| format!("{}'s window is closed", self.name))?;
        Ok(app.client())
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<App>>> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn picture_path(pictures: &Path, name: &str) -> PathBuf {
    PathBuf::from(format!("{}-{name}.png", pictures.display()))
}

fn read_log(desktop: &Desktop) -> Result<String> {
    let path: &Path = &desktop.program_log();
    fs::read_to_string(path).context("the log of the program")
}
