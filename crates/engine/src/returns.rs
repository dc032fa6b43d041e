//! Who is back: what waits for them goes now, instead of at its next try.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lnd::{Lightning, LightningError};
use store::{Store, StoreError};
use tokio::sync::Notify;

use crate::free::Ways;
use crate::link::Link;

/// A pause after a stream has ended.
const PAUSE: Duration = Duration::from_secs(2);
/// After the node has said that it does not let us listen: what waits goes by the clock alone.
const LONG_PAUSE: Duration = Duration::from_secs(300);

/// Listens for peers and channels.
#[derive(Clone)]
pub(crate) struct Returns {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) ways: Ways,
    pub(crate) outbox: Arc<Notify>,
}

/// Why listening ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Lightning(#[from] LightningError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Returns {
    /// Peers that come.
    pub(crate) async fn run_peers(self) {
        loop {
            self.link.connected().await;
            let end = self.peers().await;
            pause(end).await;
        }
    }

    /// Channels that become usable.
    pub(crate) async fn run_channels(self) {
        loop {
            self.link.connected().await;
            let end = self.channels().await;
            pause(end).await;
        }
    }

    async fn peers(&self) -> Result<(), End> {
        // The answer comes with the first event, so this task waits for nothing else.
        let mut events = self.lightning.peer_events().await?;
        while let Some(event) = events.next().await {
            let event = event?;
            if event.connected {
                let hurried = self.store.write(move |tx| tx.hurry(event.node)).await?;
                self.wake(hurried);
            }
        }
        Ok(())
    }

    async fn channels(&self) -> Result<(), End> {
        let mut events = self.lightning.channel_events().await?;
        while let Some(event) = events.next().await {
            let active = event?.active;
            self.ways.forget();
            if active {
                let hurried = self.store.write(|tx| tx.hurry_all()).await?;
                self.wake(hurried);
            }
        }
        Ok(())
    }

    fn wake(&self, hurried: usize) {
        if hurried > 0 {
            self.outbox.notify_one();
        }
    }
}

async fn pause(end: Result<(), End>) {
    let pause = match end {
        Err(End::Lightning(LightningError::Permission(_) | LightningError::Unsupported(_))) => {
            LONG_PAUSE
        }
        Err(error) => {
            tracing::debug!(%error, "nobody is listened for");
            PAUSE
        }
        Ok(()) => PAUSE,
    };
    tokio::time::sleep(pause).await;
}
