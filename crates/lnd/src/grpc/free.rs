//! Messages without a payment: over the connection to a peer, and as onions.

use domain::NodeId;

use super::node::{GrpcNode, answer, nonsense, updates};
use super::rpc::lnrpc::{
    BlindedPath, CustomMessage, OnionMessageUpdate, SendCustomMessageRequest,
    SendOnionMessageRequest, SubscribeCustomMessagesRequest, SubscribeOnionMessagesRequest,
};
use super::status::classify;
use crate::error::LightningError;
use crate::lightning::Updates;
use crate::permission;
use crate::types::{OnionMessage, PeerMessage, RawReplyPath, check_onion, check_peer_message};

impl GrpcNode {
    pub(super) async fn send_custom(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        check_peer_message(kind, &bytes)?;
        let request = SendCustomMessageRequest {
            peer: to.as_bytes().to_vec(),
            r#type: kind,
            data: bytes,
        };
        let mut client = self.lightning.clone();
        let call = client.send_custom_message(request);
        answer(permission::SEND_CUSTOM_MESSAGE, call)
            .await
            .map(drop)
    }

    pub(super) async fn listen_to_peers(&self) -> Result<Updates<PeerMessage>, LightningError> {
        let mut client = self.lightning.clone();
        // As with every subscription that may have no event for hours, this waits without limit.
        let stream = client
            .subscribe_custom_messages(SubscribeCustomMessagesRequest {})
            .await
            .map_err(|status| classify(permission::SUBSCRIBE_CUSTOM_MESSAGES, &status))?;
        Ok(updates(
            permission::SUBSCRIBE_CUSTOM_MESSAGES,
            stream.into_inner(),
            |message| Some(read_custom(message)),
        ))
    }

    pub(super) async fn send_packet(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError> {
        check_onion(&onion)?;
        let request = SendOnionMessageRequest {
            peer: first_hop.as_bytes().to_vec(),
            path_key: path_key.as_bytes().to_vec(),
            onion,
        };
        let mut client = self.lightning.clone();
        let call = client.send_onion_message(request);
        answer(permission::SEND_ONION_MESSAGE, call).await.map(drop)
    }

    pub(super) async fn listen_to_onions(&self) -> Result<Updates<OnionMessage>, LightningError> {
        let mut client = self.lightning.clone();
        let stream = client
            .subscribe_onion_messages(SubscribeOnionMessagesRequest {})
            .await
            .map_err(|status| classify(permission::SUBSCRIBE_ONION_MESSAGES, &status))?;
        Ok(updates(
            permission::SUBSCRIBE_ONION_MESSAGES,
            stream.into_inner(),
            |update| read_onion(update).map(Ok),
        ))
    }
}

fn read_custom(message: CustomMessage) -> Result<PeerMessage, LightningError> {
    Ok(PeerMessage {
        from: NodeId::from_bytes(&message.peer).map_err(|_| nonsense("peer"))?,
        kind: message.r#type,
        bytes: message.data,
    })
}

/// `None` for what our node only passes on, which LND tells as well: that is other people's traffic and has no record
/// for us. `None`, too, for what makes no sense: strangers write it, and must not be able to end the stream.
fn read_onion(update: OnionMessageUpdate) -> Option<OnionMessage> {
    if update.custom_records.is_empty() {
        return None;
    }
    // Without a way back LND shows one without content.
    let reply_path = match update.reply_path {
        Some(path) if !path.introduction_node.is_empty() => Some(read_path(path)?),
        _ => None,
    };
    Some(OnionMessage {
        path_key: NodeId::from_bytes(&update.path_key).ok()?,
        records: update.custom_records.into_iter().collect(),
        reply_path,
        encrypted_recipient_data: update.encrypted_recipient_data,
    })
}

fn read_path(path: BlindedPath) -> Option<RawReplyPath> {
    let point = |bytes: &[u8]| NodeId::from_bytes(bytes).ok();
    let hops = path
        .blinded_hops
        .into_iter()
        .map(|hop| Some((point(&hop.blinded_node)?, hop.encrypted_data)));
    Some(RawReplyPath {
        introduction_node: point(&path.introduction_node)?,
        blinding_point: point(&path.blinding_point)?,
        hops: hops.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests;
