//! Who is back: what waits for them goes now, instead of at its next try.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::NodeId;
use futures::StreamExt;
use lnd::Lightning;
use store::Store;
use tokio::sync::Notify;

use crate::error::Trouble;
use crate::free::Ways;
use crate::link::Link;
use crate::listening::listen;

/// News of gossip are gathered for so long: on a large network there are hundreds in a second.
const GATHERING: Duration = Duration::from_secs(1);

/// Listens for peers, channels and gossip.
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

    /// Nodes that gossip has news of.
    pub(crate) async fn run_graph(self) {
        listen(self.link.clone(), || self.graph()).await;
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

    async fn graph(&self) -> Result<(), Trouble> {
        let mut events = self.lightning.graph_events().await?;
        while let Some(news) = events.next().await {
            let mut nodes: HashSet<_> = news?.into_iter().collect();
            let gathered = tokio::time::sleep(GATHERING);
            tokio::pin!(gathered);
            let end = loop {
                tokio::select! {
                    biased;
                    () = &mut gathered => break None,
                    news = events.next() => match news {
                        Some(Ok(news)) => nodes.extend(news),
                        end => break Some(end),
                    },
                }
            };
            self.have_news(nodes).await?;
            match end {
                Some(Some(Err(error))) => return Err(error.into()),
                Some(_) => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// Asks once for whom something waits, and writes only when there is news of one of them.
    async fn have_news(&self, mut nodes: HashSet<NodeId>) -> Result<(), Trouble> {
        let waited_for = self.store.read(|db| db.waited_for()).await?;
        nodes.retain(|node| waited_for.contains(node));
        if nodes.is_empty() {
            return Ok(());
        }
        self.ways.forget();
        let hurried = self
            .store
            .write(move |tx| {
                nodes
                    .into_iter()
                    .try_fold(0_usize, |sum, node| Ok(sum.saturating_add(tx.hurry(node)?)))
            })
            .await?;
        self.wake(hurried);
        Ok(())
    }

    fn wake(&self, hurried: usize) {
        if hurried > 0 {
            self.outbox.notify_one();
        }
    }
}
