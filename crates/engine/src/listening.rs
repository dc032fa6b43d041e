//! Streams that the node feeds for as long as it is there. Each is listened to in a task of its own: the node may answer
//! with the first event only.

use std::time::Duration;

use lnd::LightningError;

use crate::error::Trouble;
use crate::link::Link;

/// A pause after a stream has ended.
const PAUSE: Duration = Duration::from_secs(2);
/// After the node has said that it does not let us listen: a new macaroon or a new LND may change that.
const LONG_PAUSE: Duration = Duration::from_secs(300);

/// Listens again and again, whenever the node is there.
pub(crate) async fn listen<S>(link: Link, session: impl Fn() -> S)
where
    S: Future<Output = Result<(), Trouble>>,
{
    loop {
        link.connected().await;
        let pause = match session().await {
            Err(error) if is_refusal(&error) => LONG_PAUSE,
            Err(error) => {
                tracing::debug!(%error, "a stream of the node ended");
                PAUSE
            }
            Ok(()) => PAUSE,
        };
        tokio::time::sleep(pause).await;
    }
}

/// Whether the node does not let us listen, or does not know how.
pub(crate) const fn is_refusal(error: &Trouble) -> bool {
    matches!(
        error,
        Trouble::Lightning(LightningError::Permission(_) | LightningError::Unsupported(_))
    )
}
