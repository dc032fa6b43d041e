use std::fs;

use super::*;
use crate::wait::until;

const SOON: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Whether a process with this id exists and is no zombie.
fn lives(id: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
        return false;
    };
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim_start().starts_with('Z'))
}

#[tokio::test]
async fn what_it_said_is_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let process = Process::start("talker", shell("echo no such luck; exit 3"), &log).unwrap();
    process.ended().await;
    let error = process.check().unwrap_err().to_string();
    assert!(
        error.contains("no such luck") && error.contains('3'),
        "{error}"
    );
}

#[tokio::test]
async fn a_dropped_process_takes_its_children_along() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let process = Process::start("parent", shell("sleep 1000 & echo $!; wait"), &log).unwrap();
    let child = until("the child's id", SOON, async || {
        let text = fs::read_to_string(&log)?;
        Ok(text.ends_with('\n').then(|| text.trim().to_owned()))
    })
    .await
    .unwrap();
    assert!(lives(&child));
    drop(process);
    until("the child's end", SOON, async || {
        Ok((!lives(&child)).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_polite_stop_lets_it_finish() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = "trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let process = Process::start("polite", shell(script), &log).unwrap();
    until("its readiness", SOON, async || {
        Ok(process.tail().contains("ready").then_some(()))
    })
    .await
    .unwrap();
    process.stop(SOON).await.unwrap();
    assert!(fs::read_to_string(&log).unwrap().contains("goodbye"));
}

/// Runs this very test again as a process of its own, which starts a child and is then killed without a chance to tidy up.
#[tokio::test]
async fn a_killed_parent_takes_the_child_along() {
    const ROLE: &str = "HELIOGRAPH_TEST_PARENT_LOG";
    if let Some(log) = std::env::var_os(ROLE) {
        let command = shell("echo $$; exec sleep 1000");
        let process = Process::start("orphan", command, Path::new(&log)).unwrap();
        process.ended().await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("child");
    let mut again = Command::new(std::env::current_exe().unwrap());
    again
        .args([
            "--exact",
            "process::tests::a_killed_parent_takes_the_child_along",
        ])
        .env(ROLE, &log);
    let parent = Process::start("parent", again, &folder.path().join("parent")).unwrap();
    let child = until("the child's id", SOON, async || {
        parent.check()?;
        let text = fs::read_to_string(&log).unwrap_or_default();
        Ok(text.ends_with('\n').then(|| text.trim().to_owned()))
    })
    .await
    .unwrap();
    assert!(lives(&child));
    drop(parent);
    until("the child's end", SOON, async || {
        Ok((!lives(&child)).then_some(()))
    })
    .await
    .unwrap();
}
