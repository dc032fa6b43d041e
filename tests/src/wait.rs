//! Waiting on facts.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a fact is asked for.
const PAUSE: Duration = Duration::from_millis(25);

/// Asks until the answer is there. An error counts as "not yet": it is told when the time is over.
///
/// # Errors
/// When `limit` passes without an answer; the message names `what` and the last error.
pub async fn until<T>(
    what: impl std::fmt::Display,
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let last = match tokio::time::timeout(limit, ask()).await {
            Ok(Ok(Some(answer))) => return Ok(answer),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(anyhow::anyhow!("no answer")),
        };
        if start.elapsed() >= limit {
            match last {
                Some(error) => {
                    return Err(error).with_context(|| format!("{what}: not after {limit:?}"));
                }
                None => bail!("{what}: not after {limit:?}"),
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
