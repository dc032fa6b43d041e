//! The page *Node*: what the user's own node says of itself.

use std::sync::PoisonError;

use domain::{Msat, NodeId};
use engine::{KeysendMode, LinkState};
use lnd::{Balance, Lightning, LightningError, NodeInfo};

use crate::Error;
use crate::messenger::{Messenger, Open};
use crate::reasons::link_view;
use crate::view::{ConnectionReport, KeysendReport, NodeSummary, NodeView};
use crate::world::Node;

/// For how long a keysend is best held: long enough to decide, far below what channels lock money for.
const HOLD_LINE: &str = "keysend-hold-time=15m";
const ACCEPT_LINE: &str = "accept-keysend=true";

impl Messenger {
    /// The connection and the node. What the node does not answer now is as it was last.
    ///
    /// # Errors
    /// [`crate::Code::NoProfile`].
    pub async fn node_view(&self) -> Result<NodeView, Error> {
        let open = self.open()?;
        let link = open.engine.link().borrow().clone();
        if let LinkState::Connected { info } = &link {
            open.ask_node(info).await;
        }
        let (summary, permissions) = open
            .last_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mode = open.engine.keysend_mode();
        let known = mode != KeysendMode::default();
        Ok(NodeView {
            link: link_view(&link),
            health: open.engine.health().borrow().clone(),
            address: open.address.clone(),
            keysend: (known || summary.is_some()).then(|| keysend_report(mode)),
            summary,
            permissions,
        })
    }

    /// Asks the node now instead of later.
    ///
    /// # Errors
    /// [`crate::Code::NoProfile`].
    #[expect(clippy::unused_async, reason = "all commands are")]
    pub async fn link_retry(&self) -> Result<(), Error> {
        self.open()?.engine.retry_link();
        Ok(())
    }

    /// Makes this app the one in charge of its node, where another one was.
    ///
    /// # Errors
    /// [`crate::Code::NoProfile`], and those of a node that does not answer.
    pub async fn node_take_over(&self) -> Result<(), Error> {
        Ok(self.open()?.engine.take_over().await?)
    }
}

impl Open {
    /// Brings what the node said last up to date.
    async fn ask_node(&self, known: &NodeInfo) {
        let info = self
            .lightning
            .info()
            .await
            .unwrap_or_else(|_| known.clone());
        // Another node under the same address: the link says so, and its figures are not ours.
        if info.node != self.node {
            return;
        }
        let balance = self.lightning.balance().await.ok();
        let asked = self
            .last_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .is_some();
        // A macaroon does not change while it is in use.
        let permissions = if asked {
            None
        } else {
            self.permissions.report().await.ok()
        };
        let mut said = self
            .last_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = said.0.as_ref();
        let balance = balance.unwrap_or(Balance {
            local: before.map_or(Msat::ZERO, |summary| summary.local_balance),
            remote: before.map_or(Msat::ZERO, |summary| summary.remote_balance),
        });
        said.0 = Some(summary(&info, balance));
        if permissions.is_some() {
            said.1 = permissions;
        }
    }
}

/// Asks a node for everything that the user should know before using it.
pub(crate) async fn report(node: &Node) -> Result<(NodeId, ConnectionReport), LightningError> {
    let info = node.lightning.info().await?;
    let permissions = node.permissions.report().await?;
    let balance = allowed(node.lightning.balance().await)?.unwrap_or(Balance {
        local: Msat::ZERO,
        remote: Msat::ZERO,
    });
    let mode = mode(&*node.lightning).await?;
    let report = ConnectionReport {
        node: summary(&info, balance),
        permissions,
        keysend: keysend_report(mode),
    };
    Ok((info.node, report))
}

async fn mode(lightning: &dyn Lightning) -> Result<KeysendMode, LightningError> {
    Ok(allowed(lightning.config().await)?
        .flatten()
        .map_or_else(KeysendMode::default, KeysendMode::from))
}

/// What a macaroon does not allow is missing, and listed as such; it is no failure of the connection.
fn allowed<T>(answer: Result<T, LightningError>) -> Result<Option<T>, LightningError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(LightningError::Permission(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn summary(info: &NodeInfo, balance: Balance) -> NodeSummary {
    NodeSummary {
        node: info.node.to_string(),
        alias: info.alias.clone(),
        network: info.network.clone(),
        version: info.version.clone(),
        synced: info.synced,
        block_height: info.block_height,
        active_channels: info.active_channels,
        local_balance: balance.local,
        remote_balance: balance.remote,
    }
}

fn keysend_report(mode: KeysendMode) -> KeysendReport {
    let mut conf_lines = Vec::new();
    if mode.accepts != Some(true) {
        conf_lines.push(ACCEPT_LINE.to_owned());
    }
    if mode.hold_secs.is_none_or(|secs| secs == 0) {
        conf_lines.push(HOLD_LINE.to_owned());
    }
    KeysendReport {
        accepts: mode.accepts,
        hold_secs: mode.hold_secs,
        deletes_canceled: mode.deletes_canceled,
        conf_lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_what_is_missing() {
        let lines = |accepts, hold_secs| {
            keysend_report(KeysendMode {
                accepts,
                hold_secs,
                deletes_canceled: false,
            })
            .conf_lines
        };
        assert_eq!(lines(None, None), [ACCEPT_LINE, HOLD_LINE]);
        assert_eq!(lines(Some(true), Some(0)), [HOLD_LINE]);
        assert_eq!(lines(Some(false), Some(900)), [ACCEPT_LINE]);
        assert!(lines(Some(true), Some(900)).is_empty());
    }
}
