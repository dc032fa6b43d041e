//! A virtual screen whose pixels can be read, and a session bus for the programs on it.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::process::Process;
use crate::wait::until;

/// The window's size by default, and the screen's.
pub(super) const WIDTH: usize = 1_200;
pub(super) const HEIGHT: usize = 800;
/// Bytes of a pixel.
const PIXEL: usize = 4;
/// How long a program may take to start on a busy computer.
const START: Duration = Duration::from_secs(30);
/// A bus that starts no programs by itself.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
    "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=FOLDER</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"#;

/// Xvfb and a private D-Bus. Both are gone when this is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    _server: Process,
    _bus: Process,
    display: String,
    bus_address: String,
    pixels: File,
    /// Where they begin in the file.
    begin: usize,
    line: usize,
    folder: TempDir,
}

/// A part of the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Screen {
    pub(super) async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("heliograph-screen-")
            .tempdir()?;
        let at = |name: &str| folder.path().join(name);
        DirBuilder::new().mode(0o700).create(at("run"))?;
        let mut command = Command::new("Xvfb");
        command
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-fbdir"])
            .arg(folder.path())
            .args(["-screen", "0", &format!("{WIDTH}x{HEIGHT}x24")]);
        let server = Process::start("Xvfb", command, &at("screen.log"))?;
        let is_number = |line: &str| line.parse::<u32>().is_ok();
        let number = said(&server, &at("screen.log"), is_number).await?;

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

        // The server keeps its screen in a file of the form that xwd writes: a head of big-endian words.
        let pixels = File::open(at("Xvfb_screen0"))?;
        let word = |number: u64| -> Result<usize> {
            let mut bytes = [0; 4];
            pixels.read_exact_at(&mut bytes, number * 4)?;
            Ok(usize::try_from(u32::from_be_bytes(bytes))?)
        };
        let (head, bits, line, colours) = (word(0)?, word(11)?, word(12)?, word(19)?);
        ensure!(
            bits == PIXEL * 8 && line >= WIDTH * PIXEL,
            "a screen of {bits} bits"
        );
        Ok(Self {
            begin: head + colours * 12,
            line,
            pixels,
            _server: server,
            _bus: bus,
            display: format!(":{number}"),
            bus_address,
            folder,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Has a program show itself here.
    pub(super) fn equip(&self, command: &mut Command) {
        command
            .env_remove("WAYLAND_DISPLAY")
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .env("XDG_RUNTIME_DIR", self.folder().join("run"))
            .envs([
                ("GDK_BACKEND", "x11"),
                ("LANG", "C.UTF-8"),
                ("LANGUAGE", "en"),
                ("NO_AT_BRIDGE", "1"),
                // There is no graphics card behind it.
                ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
            ]);
    }

    /// What stands there now.
    pub(super) fn read(&self, part: Part) -> Result<Vec<u8>> {
        let mut lines = vec![0; self.line * part.height];
        let from = self.begin + self.line * part.y;
        self.pixels
            .read_exact_at(&mut lines, u64::try_from(from)?)?;
        let cut = part.x * PIXEL..(part.x + part.width) * PIXEL;
        Ok(lines
            .chunks(self.line)
            .flat_map(|line| &line[cut.clone()])
            .copied()
            .collect())
    }
}

/// How many different colours there are.
pub(super) fn colours(picture: &[u8]) -> usize {
    let pixels = picture.chunks(PIXEL);
    pixels.collect::<std::collections::HashSet<_>>().len()
}

/// Whether all but one in a hundred pixels are the same.
pub(super) fn alike(one: &[u8], other: &[u8]) -> bool {
    let pixels = one.len() / PIXEL;
    let different = one
        .chunks(PIXEL)
        .zip(other.chunks(PIXEL))
        .filter(|(one, other)| one != other);
    one.len() == other.len() && different.count() * 100 <= pixels
}

/// Waits until a program has written such a line.
async fn said(process: &Process, log: &Path, wanted: impl Fn(&str) -> bool) -> Result<String> {
    let found = until(format!("{} is ready", process.name()), START, async || {
        process.check()?;
        let text = fs::read_to_string(log)?;
        // The last line may be half written.
        let lines = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let mut lines = lines.map(str::trim);
        Ok(lines.find(|line| wanted(line)).map(str::to_owned))
    });
    found.await.with_context(|| process.tail())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundredth_may_differ() {
        let one = vec![0; 400 * PIXEL];
        let mut other = one.clone();
        other[..4 * PIXEL].fill(9);
        assert!(alike(&one, &other));
        other[4 * PIXEL] = 9;
        assert!(!alike(&one, &other));
        assert!(!alike(&one, &one[PIXEL..]));
        assert_eq!((colours(&one), colours(&other)), (1, 3));
    }
}
