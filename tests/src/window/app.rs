//! The program, started by the driver that operates its window.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use api::Home;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::desktop::Desktop;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::until;

/// How long a start may take on a busy computer.
const START: Duration = Duration::from_secs(60);
/// How long the end may take.
const END: Duration = Duration::from_secs(20);

/// Has the page write down what its scripts fail at. A list that needs another round to measure its rows is no failure.
const LISTEN: &str = r#"
    window.troubles = [];
    const hear = (trouble) => window.troubles.push(`${trouble} ${trouble?.stack ?? ""}`);
    addEventListener("error", (event) => {
        if (!event.message.startsWith("ResizeObserver loop")) hear(event.error ?? event.message);
    });
    addEventListener("unhandledrejection", (event) => hear(event.reason));
"#;

/// A running Heliograph. Dropping it kills it.
#[derive(Debug)]
pub struct App {
    client: Client,
    driver: Mutex<Option<Process>>,
    _port: Port,
    home: PathBuf,
}

impl App {
    /// Opens it on this desktop, with its data in `home`.
    ///
    /// # Errors
    /// When a program is missing, or no window comes up; the message has the end of the log.
    pub async fn open(desktop: &Desktop, home: &Path, arguments: &[String]) -> Result<Self> {
        let port = Port::free()?;
        let log = desktop.program_log();
        let mut command = Command::new("WebKitWebDriver");
        desktop.equip(&mut command);
        command
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .args(["--host=127.0.0.1", &format!("--port={}", port.number())]);
        let driver = Process::start("WebKitWebDriver", command, &log)?;
        let client = connect(&driver, &port, home, arguments)
            .await
            .with_context(|| format!("no window:\n{}", driver.tail()))?;
        Ok(Self {
            client,
            driver: Mutex::new(Some(driver)),
            _port: port,
            home: home.to_owned(),
        })
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Closes the window, as a person does, and waits until the program has ended.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn close(&self) -> Result<()> {
        self.client.close_window().await?;
        self.wait_for_end().await?;
        drop(self.driver().take());
        Ok(())
    }

    /// Kills it and its driver, and waits until it has ended.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(&self) -> Result<()> {
        drop(self.driver().take());
        self.wait_for_end().await
    }

    /// The program holds a lock on its home for as long as it lives.
    async fn wait_for_end(&self) -> Result<()> {
        until("the program has ended", END, async || {
            Home::at(&self.home)?;
            Ok(Some(()))
        })
        .await
    }

    fn driver(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the tested program and what is made of it are: `target/debug` for tests of that profile.
pub(super) fn build_folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own
        .ancestors()
        .nth(2)
        .context("tests lie in the build folder")?;
    Ok(folder.to_owned())
}

async fn connect(
    driver: &Process,
    port: &Port,
    home: &Path,
    arguments: &[String],
) -> Result<Client> {
    let program = build_folder()?.join("heliograph");
    ensure!(
        program.is_file(),
        "{} is missing: run `cargo build`",
        program.display()
    );
    // The driver starts the program; the kernel ends it with the driver, as it ends the driver with us.
    let mut line = vec!["--pdeathsig".to_owned(), "KILL".to_owned()];
    line.extend([program, "--home".into(), home.to_owned()].map(|part| part.display().to_string()));
    line.extend_from_slice(arguments);
    let options = json!({ "binary": "setpriv", "args": line });
    let capabilities = [("webkitgtk:browserOptions".to_owned(), options)];
    let address = format!("http://{}", port.address());
    until("the driver listens", START, async || {
        driver.check()?;
        tokio::net::TcpStream::connect(port.address()).await?;
        Ok(Some(()))
    })
    .await?;
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities.into_iter().collect());
    let connecting = tokio::time::timeout(START, builder.connect(&address));
    let client = connecting.await.context("the driver does not answer")??;
    client.execute(LISTEN, Vec::new()).await?;
    Ok(client)
}
