//! Over which channels our node can be paid when gossip does not know it.

use domain::{HINTS_KEPT, Msat, NodeId, RouteHint};

use super::node::{GrpcNode, answer, node_id};
use super::rpc::lnrpc::{self, ChanInfoRequest, ChannelEdge};
use crate::error::LightningError;
use crate::permission;

impl GrpcNode {
    pub(super) async fn find_own_hints(&self) -> Result<Vec<RouteHint>, LightningError> {
        let channels = match self.all_channels().await {
            Err(LightningError::Permission(_)) => return Ok(Vec::new()),
            channels => channels?,
        };
        if channels.iter().any(|channel| !channel.private) {
            return Ok(Vec::new());
        }
        let mut hints = Vec::new();
        let active = channels.iter().filter(|channel| channel.active);
        for channel in active.take(HINTS_KEPT) {
            let request = ChanInfoRequest {
                chan_id: channel.chan_id,
            };
            let mut client = self.lightning.clone();
            let edge = answer(permission::GET_CHANNEL_INFO, client.get_chan_info(request)).await;
            match edge {
                Ok(edge) => hints.extend(hint(channel, &edge)?),
                Err(LightningError::Permission(_)) => return Ok(Vec::new()),
                // It was closed a moment ago, or the other end has said nothing yet.
                Err(LightningError::NotFound | LightningError::Node(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(hints)
    }
}

/// What the other end asks for; `None` before it has said so.
fn hint(channel: &lnrpc::Channel, edge: &ChannelEdge) -> Result<Option<RouteHint>, LightningError> {
    let via: NodeId = node_id(&channel.remote_pubkey)?;
    let policy = if edge.node1_pub == channel.remote_pubkey {
        &edge.node1_policy
    } else {
        &edge.node2_policy
    };
    let Some(policy) = policy else {
        return Ok(None);
    };
    // Where the channel has an alias, the other end knows it by the one that it gave us.
    let channel = match channel.peer_scid_alias {
        0 => channel.chan_id,
        alias => alias,
    };
    let parts = (
        u64::try_from(policy.fee_base_msat),
        u32::try_from(policy.fee_rate_milli_msat),
        u16::try_from(policy.time_lock_delta),
    );
    let (Ok(base_fee), Ok(fee_ppm), Ok(cltv_delta)) = parts else {
        return Ok(None);
    };
    let hint = RouteHint {
        via,
        channel,
        base_fee: Msat::new(base_fee),
        fee_ppm,
        cltv_delta,
    };
    Ok(hint.is_possible().then_some(hint))
}

#[cfg(test)]
mod tests {
    use super::super::rpc::lnrpc::RoutingPolicy;
    use super::*;

    const PEER: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn channel(peer_scid_alias: u64) -> lnrpc::Channel {
        lnrpc::Channel {
            active: true,
            remote_pubkey: PEER.to_owned(),
            chan_id: 7,
            private: true,
            peer_scid_alias,
        }
    }

    fn edge(fee_base_msat: i64) -> ChannelEdge {
        let policy = |base| RoutingPolicy {
            time_lock_delta: 80,
            fee_base_msat: base,
            fee_rate_milli_msat: 1,
            disabled: false,
        };
        ChannelEdge {
            node1_pub: "another".to_owned(),
            node2_pub: PEER.to_owned(),
            node1_policy: Some(policy(9)),
            node2_policy: Some(policy(fee_base_msat)),
        }
    }

    #[test]
    fn the_policy_is_the_other_ends_and_an_alias_stands_for_the_channel() {
        let plain = hint(&channel(0), &edge(1_000)).unwrap().unwrap();
        assert_eq!((plain.channel, plain.cltv_delta, plain.fee_ppm), (7, 80, 1));
        assert_eq!(plain.base_fee, Msat::SAT);
        assert_eq!(plain.via.to_string(), PEER);
        let hidden = hint(&channel(99), &edge(1_000)).unwrap().unwrap();
        assert_eq!(hidden.channel, 99);
    }

    #[test]
    fn what_cannot_be_is_no_hint() {
        assert_eq!(hint(&channel(0), &edge(-1)), Ok(None));
        assert_eq!(hint(&channel(0), &edge(1 << 40)), Ok(None));
        let mut silent = edge(1);
        silent.node2_policy = None;
        assert_eq!(hint(&channel(0), &silent), Ok(None));
    }
}
