//! Child processes that never outlive us.
//!
//! Each child leads a process group of its own and asks the kernel to be killed when the thread that started it ends. That
//! thread does nothing but start the child and wait for it, so it ends with the child or with our whole process: after a
//! panic, at Ctrl-C and at `kill -9` too. Dropping a [`Process`] kills its group.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal,
};
use tokio::sync::watch;

/// How much of a log goes into an error.
const TAIL: u64 = 4_000;

/// A running or ended child process.
#[derive(Debug)]
pub struct Process {
    name: String,
    group: Pid,
    log: PathBuf,
    ended: watch::Receiver<Option<ExitStatus>>,
    waiter: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts it, its output going to the end of `log`.
    ///
    /// # Errors
    /// When the log cannot be written or the program cannot be started.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        die_with_parent(&mut command);
        let (tell_end, ended) = watch::channel(None);
        let (tell_start, started) = mpsc::channel();
        let program = command.get_program().to_owned();
        let waiter = thread::Builder::new()
            .name(format!("{name} waiter"))
            .spawn(move || {
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => {
                        let _ = tell_start.send(Err(error));
                        return;
                    }
                };
                let _ = tell_start.send(Ok(child.id()));
                if let Ok(status) = child.wait() {
                    tell_end.send_replace(Some(status));
                }
            })?;
        let id = started
            .recv()
            .context("the starting thread is gone")?
            .with_context(|| format!("starting {}", program.display()))?;
        let group = i32::try_from(id)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(|| anyhow!("{id} is no process id"))?;
        Ok(Self {
            name: name.to_owned(),
            group,
            log: log.to_owned(),
            ended,
            waiter: Some(waiter),
        })
    }

    /// What it was called when it was started.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    #[must_use]
    pub const fn id(&self) -> i32 {
        self.group.as_raw_nonzero().get()
    }

    /// Whether it is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// The last lines of its output.
    #[must_use]
    pub fn tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_else(|error| format!("(no log: {error})"))
    }

    /// An error with the end of its output, when it has ended by itself.
    ///
    /// # Errors
    /// When it is not running any more.
    pub fn check(&self) -> Result<()> {
        match *self.ended.borrow() {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.name, self.tail()),
        }
    }

    /// How it ended; `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Completes when it has ended.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        // The sender goes away only after the end.
        let _ = ended.wait_for(Option::is_some).await;
    }

    /// Asks it to stop, and waits until it has. Not by an interrupt: what was started in the background ignores that.
    ///
    /// # Errors
    /// When it is still there after `limit`; it is killed then.
    pub async fn stop(mut self, limit: Duration) -> Result<()> {
        self.signal(Signal::TERM);
        if tokio::time::timeout(limit, self.ended()).await.is_err() {
            let tail = self.tail();
            self.kill();
            bail!("{} did not stop within {limit:?}:\n{tail}", self.name);
        }
        Ok(())
    }

    /// Kills it and everything that it started and left in its group.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        if let Some(waiter) = self.waiter.take() {
            let _ = waiter.join();
        }
    }

    fn signal(&self, signal: Signal) {
        // A group that is gone already is what we want.
        let _ = kill_process_group(self.group, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Has the kernel kill the child when the starting thread ends.
#[expect(
    unsafe_code,
    reason = "the standard library marks every hook between fork and exec so"
)]
fn die_with_parent(command: &mut Command) {
    let parent = getpid();
    let hook = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the line above.
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(std::io::Error::from_raw_os_error(
                rustix::io::Errno::SRCH.raw_os_error(),
            ))
        }
    };
    // SAFETY: the hook makes two system calls and allocates nothing, so it may run between fork and exec.
    unsafe { command.pre_exec(hook) };
}

#[cfg(test)]
mod tests;
