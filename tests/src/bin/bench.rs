//! What `make bench` runs after it has built everything.

use std::process::ExitCode;

use heliograph_tests::bench::{Wishes, run};
use heliograph_tests::demo::Progress;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::registry()
        .with(Progress::default())
        .init();
    let measured = async { run(&Wishes::read(|name| std::env::var(name).ok())?).await };
    match measured.await {
        Ok(report) => {
            println!("\n{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
