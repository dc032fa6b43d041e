//! Who is whose neighbour, and who comes and goes.

use std::collections::BTreeSet;

use domain::NodeId;

use super::node::{GrpcNode, answer, node_id, updates};
use super::rpc::lnrpc::channel_event_update::UpdateType;
use super::rpc::lnrpc::peer_event::EventType;
use super::rpc::lnrpc::{
    self, ChannelEdge, ChannelEventSubscription, ChannelEventUpdate, GraphTopologySubscription,
    GraphTopologyUpdate, NodeInfoRequest, PeerEventSubscription, RoutingPolicy,
};
use super::status::classify;
use crate::error::LightningError;
use crate::lightning::{Lightning, Updates};
use crate::permission;
use crate::types::{ChannelEvent, PeerEvent};

impl GrpcNode {
    pub(super) async fn find_neighbours(
        &self,
        node: NodeId,
    ) -> Result<Vec<NodeId>, LightningError> {
        if self.own_id().await? == node {
            return own_neighbours(self.all_channels().await?);
        }
        let request = NodeInfoRequest {
            pub_key: node.to_string(),
            include_channels: true,
        };
        let mut client = self.lightning.clone();
        match answer(permission::GET_NODE_INFO, client.get_node_info(request)).await {
            Ok(info) => neighbours_in_gossip(node, info.channels),
            Err(LightningError::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Asked once: a node does not change its key.
    pub(super) async fn own_id(&self) -> Result<NodeId, LightningError> {
        if let Some(id) = self.id.get() {
            return Ok(*id);
        }
        let id = self.info().await?.node;
        Ok(*self.id.get_or_init(|| id))
    }

    pub(super) async fn watch_peers(&self) -> Result<Updates<PeerEvent>, LightningError> {
        let mut client = self.lightning.clone();
        let stream = client
            .subscribe_peer_events(PeerEventSubscription {})
            .await
            .map_err(|status| classify(permission::SUBSCRIBE_PEER_EVENTS, &status))?;
        Ok(updates(
            permission::SUBSCRIBE_PEER_EVENTS,
            stream.into_inner(),
            |event| Some(read_peer_event(&event)),
        ))
    }

    pub(super) async fn watch_channels(&self) -> Result<Updates<ChannelEvent>, LightningError> {
        let mut client = self.lightning.clone();
        let stream = client
            .subscribe_channel_events(ChannelEventSubscription {})
            .await
            .map_err(|status| classify(permission::SUBSCRIBE_CHANNEL_EVENTS, &status))?;
        Ok(updates(
            permission::SUBSCRIBE_CHANNEL_EVENTS,
            stream.into_inner(),
            |event| read_channel_event(event).map(Ok),
        ))
    }

    pub(super) async fn watch_graph(&self) -> Result<Updates<Vec<NodeId>>, LightningError> {
        let mut client = self.lightning.clone();
        let stream = client
            .subscribe_channel_graph(GraphTopologySubscription {})
            .await
            .map_err(|status| classify(permission::SUBSCRIBE_CHANNEL_GRAPH, &status))?;
        Ok(updates(
            permission::SUBSCRIBE_CHANNEL_GRAPH,
            stream.into_inner(),
            |update| read_graph(&update).map(Ok),
        ))
    }
}

fn own_neighbours(channels: Vec<lnrpc::Channel>) -> Result<Vec<NodeId>, LightningError> {
    let active = channels.into_iter().filter(|channel| channel.active);
    let nodes: BTreeSet<_> = active
        .map(|channel| node_id(&channel.remote_pubkey))
        .collect::<Result<_, _>>()?;
    Ok(nodes.into_iter().collect())
}

fn neighbours_in_gossip(
    node: NodeId,
    channels: Vec<ChannelEdge>,
) -> Result<Vec<NodeId>, LightningError> {
    let mut nodes = BTreeSet::new();
    for edge in channels {
        if !(disabled(&edge.node1_policy) && disabled(&edge.node2_policy)) {
            nodes.insert(node_id(&edge.node1_pub)?);
            nodes.insert(node_id(&edge.node2_pub)?);
        }
    }
    nodes.remove(&node);
    Ok(nodes.into_iter().collect())
}

fn read_peer_event(event: &lnrpc::PeerEvent) -> Result<PeerEvent, LightningError> {
    Ok(PeerEvent {
        node: node_id(&event.pub_key)?,
        connected: event.r#type() == EventType::PeerOnline,
    })
}

/// `None` for all other events; there is one for every commitment, for example.
fn read_channel_event(event: ChannelEventUpdate) -> Option<ChannelEvent> {
    match UpdateType::try_from(event.r#type) {
        Ok(UpdateType::ActiveChannel) => Some(ChannelEvent { active: true }),
        Ok(UpdateType::InactiveChannel) => Some(ChannelEvent { active: false }),
        _ => None,
    }
}

/// Whose news it is; `None` when nobody can be reached by it. Strangers write it: what makes no sense is passed over.
fn read_graph(update: &GraphTopologyUpdate) -> Option<Vec<NodeId>> {
    let announced = update.node_updates.iter().map(|node| &node.identity_key);
    let usable = update
        .channel_updates
        .iter()
        .filter(|channel| !disabled(&channel.routing_policy))
        .flat_map(|channel| [&channel.advertising_node, &channel.connecting_node]);
    let nodes: BTreeSet<_> = announced
        .chain(usable)
        .filter_map(|key| node_id(key).ok())
        .collect();
    (!nodes.is_empty()).then(|| nodes.into_iter().collect())
}

/// An end that has announced nothing has disabled nothing.
fn disabled(policy: &Option<RoutingPolicy>) -> bool {
    policy.as_ref().is_some_and(|policy| policy.disabled)
}

#[cfg(test)]
mod tests;
