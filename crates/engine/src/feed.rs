//! News for whoever shows them: ids only, the rows are asked for.

use domain::{ConversationId, MessageKey};
use tokio::sync::broadcast;

/// How many changes a slow reader may fall behind before it is told to ask for everything.
const CAPACITY: usize = 1_024;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The row of a conversation.
    Conversation(ConversationId),
    /// A message is new or has changed.
    Message(ConversationId, MessageKey),
    /// A conversation is gone.
    Removed(ConversationId),
    /// The connection to the node, or what is wrong.
    Link,
    /// Changes were lost: everything may have changed.
    Overflow,
}

/// The sender's side.
#[derive(Clone, Debug)]
pub(crate) struct Feed(broadcast::Sender<Change>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(CAPACITY).0)
    }
}

impl Feed {
    /// Tells everybody who listens; nobody need.
    pub(crate) fn publish(&self, change: Change) {
        let _nobody_listens = self.0.send(change);
    }

    /// From now on.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.0.subscribe())
    }
}

/// The listener's side.
#[derive(Debug)]
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    /// The next change; `None` when the engine is gone.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Overflow),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
