//! A screen, a session bus and a keyring that belong to one person.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use zbus::zvariant::OwnedObjectPath;

use crate::process::Process;
use crate::temporary::Temporary;
use crate::wait::until;

/// How long a program may take to start on a busy computer.
const START: Duration = Duration::from_secs(30);
/// Opens the keyring.
const PASSWORD: &str = "correct horse battery staple";
/// A bus that starts no programs by itself: whoever speaks on it was started by us.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
    "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Xvfb, a private D-Bus and, when it is wanted, gnome-keyring. All of it is gone when this is dropped.
#[derive(Debug)]
pub struct Desktop {
    keyring: Mutex<Option<Process>>,
    _bus: Process,
    _screen: Process,
    bus_address: String,
    display: String,
    folder: Temporary,
}

impl Desktop {
    /// A screen and a bus; no keyring yet.
    ///
    /// # Errors
    /// When a program is missing or does not start.
    pub async fn start() -> Result<Self> {
        let folder = Temporary::new("desktop")?;
        let at = |name: &str| folder.path().join(name);
        for private in ["home", "run"] {
            DirBuilder::new().mode(0o700).create(at(private))?;
        }

        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x900x24"]);
        command.args(["-nolisten", "tcp", "-noreset"]);
        let screen = Process::start("Xvfb", command, &at("screen.log"))?;
        let is_number = |line: &str| line.parse::<u32>().is_ok();
        let number = said(&screen, &at("screen.log"), is_number).await?;
        let display = format!(":{number}");

        fs::write(
            at("bus.conf"),
            BUS.replace("FOLDER", &folder.path().display().to_string()),
        )?;
        let mut command = Command::new("dbus-daemon");
        command
            .arg(format!("--config-file={}", at("bus.conf").display()))
            .args(["--nofork", "--print-address=1"]);
        let bus = Process::start("dbus-daemon", command, &at("bus.log"))?;
        let bus_address = said(&bus, &at("bus.log"), |line| line.starts_with("unix:")).await?;
        Ok(Self {
            keyring: Mutex::new(None),
            _bus: bus,
            _screen: screen,
            bus_address,
            display,
            folder,
        })
    }

    /// A folder for what belongs to this desktop.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the programs on this desktop say.
    pub(super) fn program_log(&self) -> PathBuf {
        self.folder().join("program.log")
    }

    /// Starts the keyring with its password, and waits until it takes secrets. What it kept before is there again.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn unlock_keyring(&self) -> Result<()> {
        let password = self.folder().join("password");
        fs::write(&password, PASSWORD)?;
        // The shell becomes the keyring: no process stands between it and us.
        let mut command = Command::new("sh");
        command.arg("-c").arg(
            r#"exec gnome-keyring-daemon --foreground --unlock --components=secrets --control-directory="$2" <"$1""#,
        );
        command
            .arg("sh")
            .arg(password)
            .arg(self.folder().join("run/keyring"));
        self.equip(&mut command);
        let keyring = Process::start("gnome-keyring", command, &self.folder().join("keyring.log"))?;
        let bus = zbus::connection::Builder::address(self.bus_address.as_str())?
            .build()
            .await?;
        until("the keyring takes secrets", START, async || {
            keyring.check()?;
            Ok((!is_locked(&bus).await?).then_some(()))
        })
        .await
        .with_context(|| keyring.tail())?;
        *self.keyring() = Some(keyring);
        Ok(())
    }

    /// Ends the keyring.
    pub fn end_keyring(&self) {
        drop(self.keyring().take());
    }

    /// The surroundings of a program on this desktop, and nothing of ours.
    pub(super) fn equip(&self, command: &mut Command) {
        command.env_clear();
        for inherited in ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "HELIOGRAPH_LOG"] {
            if let Some(value) = std::env::var_os(inherited) {
                command.env(inherited, value);
            }
        }
        let home = |name: &str| -> PathBuf { self.folder().join(name) };
        command
            .env("HOME", home("home"))
            .env("XDG_RUNTIME_DIR", home("run"))
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .envs([
                ("GDK_BACKEND", "x11"),
                ("LANG", "C.UTF-8"),
                ("LANGUAGE", "en"),
                ("NO_AT_BRIDGE", "1"),
                ("NO_COLOR", "1"),
                ("TZ", "UTC"),
            ]);
    }

    fn keyring(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.keyring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until a program has written such a line.
async fn said(process: &Process, log: &Path, wanted: impl Fn(&str) -> bool) -> Result<String> {
    until(format!("{} is ready", log.display()), START, async || {
        process.check()?;
        let text = fs::read_to_string(log)?;
        // The last line may be half written.
        let lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        Ok(lines
            .map(str::trim)
            .find(|line| wanted(line))
            .map(str::to_owned))
    })
    .await
}

/// Whether the collection for new secrets is locked; an error when there is none.
async fn is_locked(bus: &zbus::Connection) -> Result<bool> {
    const NAME: &str = "org.freedesktop.secrets";
    let service = zbus::Proxy::new(
        bus,
        NAME,
        "/org/freedesktop/secrets",
        "org.freedesktop.Secret.Service",
    )
    .await?;
    let path: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
    let collection = zbus::Proxy::new(bus, NAME, path, "org.freedesktop.Secret.Collection").await?;
    Ok(collection.get_property("Locked").await?)
}
