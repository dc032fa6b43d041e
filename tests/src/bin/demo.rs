//! What `make demo` runs after it has built everything.

use std::process::ExitCode;

use heliograph_tests::demo::{Progress, Wishes, run};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::registry()
        .with(Progress::default())
        .init();
    let shown = async {
        let wishes = Wishes::read(|name| std::env::var(name).ok())?;
        run(&wishes, wish_to_stop()?).await
    };
    match shown.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C, a polite `kill`, or a closed terminal.
fn wish_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut signals = [
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
    ];
    Ok(async move {
        let [interrupt, terminate, hangup] = &mut signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
