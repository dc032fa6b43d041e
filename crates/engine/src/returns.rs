//! Who is back: what waits for them goes now, instead of at its next try.

use std::sync::Arc;

use futures::StreamExt;
use lnd::Lightning;
use store::Store;
use tokio::sync::Notify;

use crate::error::Trouble;
use crate::free::Ways;
use crate::link::Link;
use crate::listening::listen;

/// Listens for peers and channels.
#[derive(Clone)]
pub(crate) struct Returns {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) ways: Ways,
    pub(crate) outbox: Arc<Notify>,
}

impl Returns {
    /// Peers that come.
    pub(crate) async fn run_peers(self) {
        listen(self.link.clone(), || self.peers()).await;
    }

    /// Channels that become usable.
    pub(crate) async fn run_channels(self) {
        listen(self.link.clone(), || self.channels()).await;
    }

    async fn peers(&self) -> Result<(), Trouble> {
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

    async fn channels(&self) -> Result<(), Trouble> {
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
