//! A real LND as a [`Lightning`] node.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Msat, NodeId, PaymentHash, Preimage, RouteHint, Timestamp};
use futures::StreamExt;
use tokio::time::timeout;
use tonic::codegen::InterceptedService;
use tonic::transport::Channel;
use tonic::{Response, Status, Streaming};

use super::connect::{self, MacaroonHeader};
use super::rpc::invoicesrpc::invoices_client::InvoicesClient;
use super::rpc::lnrpc::lightning_client::LightningClient;
use super::rpc::lnrpc::{self, CheckMacPermRequest, MacaroonPermission};
use super::rpc::routerrpc::router_client::RouterClient;
use super::rpc::signrpc::signer_client::SignerClient;
use super::status::classify;
use crate::credentials::{Credentials, Macaroon};
use crate::error::{LightningError, LinkFault};
use crate::lightning::{Lightning, Updates};
use crate::permission::{self, Grant};
use crate::types::{
    Balance, ChannelEvent, DecodedInvoice, Invoice, InvoiceCursor, InvoiceNews, InvoicePage,
    InvoicePayment, Keysend, NewInvoice, NodeConfig, NodeFacts, NodeInfo, OnionMessage,
    PaymentUpdate, PeerEvent, PeerLink, PeerMessage, Route, RouteQuery, SharedSecret,
};

type Door = InterceptedService<Channel, MacaroonHeader>;

/// The longest that a plain question may take, a new connection included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that a page of a list may take: LND looks through all its invoices for those that are pending, and there are
/// slow nodes.
pub(super) const LIST_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How long LND may try to reach a peer, in seconds.
const PEER_TIMEOUT_SECS: u64 = 15;
/// Lists of invoices and routes outgrow the default of 4 MiB.
const LARGEST_ANSWER: usize = 64 << 20;
/// LND's names for "takes keysends", as a must and as a may.
const KEYSEND_FEATURES: [u32; 2] = [54, 55];
/// And for "takes onion messages".
const ONION_FEATURES: [u32; 2] = [38, 39];

/// A real LND. Clones share one connection, which is made when it is needed and made anew after it broke.
#[derive(Clone)]
pub struct GrpcNode {
    address: String,
    macaroon: Macaroon,
    /// Who it is, once it has said so.
    pub(super) id: Arc<OnceLock<NodeId>>,
    pub(super) lightning: LightningClient<Door>,
    pub(super) router: RouterClient<Door>,
    pub(super) invoices: InvoicesClient<Door>,
    pub(super) signer: SignerClient<Door>,
}

impl fmt::Debug for GrpcNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrpcNode({})", self.address)
    }
}

impl GrpcNode {
    /// Prepares the connection; the first call makes it, and tells what is wrong with it. Must be called inside a tokio
    /// runtime.
    #[must_use]
    pub fn connect(credentials: Credentials) -> Self {
        let Credentials {
            address,
            cert,
            macaroon,
        } = credentials;
        let channel = connect::channel(&address, &cert);
        let header = MacaroonHeader::new(&macaroon);
        let door = InterceptedService::new(channel, header);
        Self {
            address,
            macaroon,
            id: Arc::default(),
            lightning: LightningClient::new(door.clone()).max_decoding_message_size(LARGEST_ANSWER),
            router: RouterClient::new(door.clone()).max_decoding_message_size(LARGEST_ANSWER),
            invoices: InvoicesClient::new(door.clone()).max_decoding_message_size(LARGEST_ANSWER),
            signer: SignerClient::new(door),
        }
    }

    /// Whether our macaroon allows this method, by its name or by its classes.
    pub(crate) async fn allows(
        &self,
        path: &'static str,
        grants: &[Grant],
    ) -> Result<bool, LightningError> {
        let permissions = grants.iter().map(|&(entity, action)| MacaroonPermission {
            entity: entity.to_owned(),
            action: action.to_owned(),
        });
        let request = CheckMacPermRequest {
            macaroon: self.macaroon.expose().to_vec(),
            permissions: permissions.collect(),
            full_method: path.to_owned(),
        };
        let mut client = self.lightning.clone();
        let call = client.check_macaroon_permissions(request);
        match timeout(ANSWER_TIMEOUT, call).await {
            Err(_) => Err(LightningError::Unreachable(LinkFault::Timeout)),
            Ok(Ok(answer)) => Ok(answer.into_inner().valid),
            // The same words with another code say that this very question is not allowed.
            Ok(Err(status))
                if status.code() == tonic::Code::InvalidArgument
                    && status.message().contains("permission denied") =>
            {
                Ok(false)
            }
            Ok(Err(status)) => Err(classify(permission::CHECK_PERMISSIONS, &status)),
        }
    }

    pub(super) async fn all_channels(&self) -> Result<Vec<lnrpc::Channel>, LightningError> {
        let mut client = self.lightning.clone();
        let call = client.list_channels(lnrpc::ListChannelsRequest::default());
        Ok(answer(permission::LIST_CHANNELS, call).await?.channels)
    }
}

/// Waits for the answer to a plain question.
pub(super) async fn answer<T>(
    method: &'static str,
    call: impl Future<Output = Result<Response<T>, Status>> + Send,
) -> Result<T, LightningError> {
    answer_within(ANSWER_TIMEOUT, method, call).await
}

/// Waits so long for an answer.
pub(super) async fn answer_within<T>(
    longest: Duration,
    method: &'static str,
    call: impl Future<Output = Result<Response<T>, Status>> + Send,
) -> Result<T, LightningError> {
    match timeout(longest, call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(classify(method, &status)),
        Err(_) => Err(LightningError::Unreachable(LinkFault::Timeout)),
    }
}

/// The messages of a stream, read by `read`; those that it gives `None` for are left out.
pub(super) fn updates<T, U>(
    method: &'static str,
    stream: Streaming<T>,
    read: impl Fn(T) -> Option<Result<U, LightningError>> + Send + Sync + Copy + 'static,
) -> Updates<U>
where
    T: Send + 'static,
    U: Send + 'static,
{
    Box::pin(stream.filter_map(move |item| async move {
        match item {
            Ok(item) => read(item),
            Err(status) => Some(Err(classify(method, &status))),
        }
    }))
}

/// LND should not say such a thing; the words are for the log.
pub(super) fn nonsense(what: &str) -> LightningError {
    LightningError::Node(format!("the answer has no valid {what}"))
}

pub(super) fn node_id(hex_key: &str) -> Result<NodeId, LightningError> {
    hex_key.parse().map_err(|_| nonsense("public key"))
}

pub(super) fn msat(value: i64) -> Msat {
    Msat::new(u64::try_from(value).unwrap_or(0))
}

fn amount(amount: Option<lnrpc::Amount>) -> Msat {
    Msat::new(amount.map_or(0, |amount| amount.msat))
}

fn read_info(info: lnrpc::GetInfoResponse) -> Result<NodeInfo, LightningError> {
    Ok(NodeInfo {
        node: node_id(&info.identity_pubkey)?,
        alias: info.alias,
        // Behind the version stands the commit.
        version: info
            .version
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned(),
        network: info
            .chains
            .into_iter()
            .next()
            .map(|chain| chain.network)
            .unwrap_or_default(),
        synced: info.synced_to_chain,
        block_height: info.block_height,
        header_at: (info.best_header_timestamp > 0)
            .then(|| Timestamp::from_secs(info.best_header_timestamp)),
        active_channels: info.num_active_channels,
    })
}

fn read_facts(node: lnrpc::LightningNode) -> NodeFacts {
    let announces = |bits: [u32; 2]| bits.iter().any(|bit| node.features.contains_key(bit));
    NodeFacts {
        keysend: announces(KEYSEND_FEATURES),
        onion_messages: announces(ONION_FEATURES),
        // A node that LND knows only by its channels has neither.
        announced: !node.features.is_empty() || !node.alias.is_empty(),
        alias: node.alias,
    }
}

/// Peers and channels, put together by node.
fn read_peers(
    peers: Vec<lnrpc::Peer>,
    channels: Vec<lnrpc::Channel>,
) -> Result<Vec<PeerLink>, LightningError> {
    let empty = |node| PeerLink {
        node,
        connected: false,
        channels: 0,
        active_channels: 0,
    };
    let mut links = BTreeMap::new();
    for peer in peers {
        let node = node_id(&peer.pub_key)?;
        links.entry(node).or_insert_with(|| empty(node)).connected = true;
    }
    for channel in channels {
        let node = node_id(&channel.remote_pubkey)?;
        let link = links.entry(node).or_insert_with(|| empty(node));
        link.channels = link.channels.saturating_add(1);
        link.active_channels = link
            .active_channels
            .saturating_add(u32::from(channel.active));
    }
    Ok(links.into_values().collect())
}

fn read_config(config: &BTreeMap<String, String>) -> NodeConfig {
    let on = |key: &str| config.get(key).is_some_and(|value| value == "true");
    let hold = config
        .get("keysend-hold-time")
        .and_then(|text| humantime::parse_duration(text).ok());
    NodeConfig {
        accept_keysend: on("accept-keysend"),
        keysend_hold_secs: hold.map_or(0, |hold| u32::try_from(hold.as_secs()).unwrap_or(u32::MAX)),
        deletes_canceled: on("gc-canceled-invoices-on-startup")
            || on("gc-canceled-invoices-on-the-fly"),
    }
}

#[async_trait]
impl Lightning for GrpcNode {
    async fn info(&self) -> Result<NodeInfo, LightningError> {
        let mut client = self.lightning.clone();
        let call = client.get_info(lnrpc::GetInfoRequest {});
        read_info(answer(permission::GET_INFO, call).await?)
    }

    async fn balance(&self) -> Result<Balance, LightningError> {
        let mut client = self.lightning.clone();
        let call = client.channel_balance(lnrpc::ChannelBalanceRequest {});
        let balance = answer(permission::CHANNEL_BALANCE, call).await?;
        Ok(Balance {
            local: amount(balance.local_balance),
            remote: amount(balance.remote_balance),
        })
    }

    async fn node(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError> {
        let mut client = self.lightning.clone();
        let request = lnrpc::NodeInfoRequest {
            pub_key: node.to_string(),
            include_channels: false,
        };
        match answer(permission::GET_NODE_INFO, client.get_node_info(request)).await {
            Ok(info) => Ok(info.node.map(read_facts)),
            Err(LightningError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn peers(&self) -> Result<Vec<PeerLink>, LightningError> {
        let mut client = self.lightning.clone();
        let call = client.list_peers(lnrpc::ListPeersRequest { latest_error: true });
        let peers = answer(permission::LIST_PEERS, call).await?.peers;
        read_peers(peers, self.all_channels().await?)
    }

    async fn neighbours(&self, node: NodeId) -> Result<Vec<NodeId>, LightningError> {
        self.find_neighbours(node).await
    }

    async fn own_hints(&self) -> Result<Vec<RouteHint>, LightningError> {
        self.find_own_hints().await
    }

    async fn peer_events(&self) -> Result<Updates<PeerEvent>, LightningError> {
        self.watch_peers().await
    }

    async fn channel_events(&self) -> Result<Updates<ChannelEvent>, LightningError> {
        self.watch_channels().await
    }

    async fn graph_events(&self) -> Result<Updates<Vec<NodeId>>, LightningError> {
        self.watch_graph().await
    }

    async fn connect(&self, node: NodeId, host: &str) -> Result<(), LightningError> {
        let mut client = self.lightning.clone();
        let addr = lnrpc::LightningAddress {
            pubkey: node.to_string(),
            host: host.to_owned(),
        };
        // Not permanent: a permanent one answers before it has tried.
        let request = lnrpc::ConnectPeerRequest {
            addr: Some(addr),
            perm: false,
            timeout: PEER_TIMEOUT_SECS,
        };
        match answer(permission::CONNECT_PEER, client.connect_peer(request)).await {
            Ok(_) => Ok(()),
            Err(LightningError::Node(words)) if words.contains("already connected to peer") => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn route(&self, query: RouteQuery) -> Result<Route, LightningError> {
        self.find_route(query).await
    }

    async fn send(&self, keysend: Keysend) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.send_keysend(keysend).await
    }

    async fn send_to_route(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError> {
        self.send_over(hash, route).await
    }

    async fn track(&self, hash: PaymentHash) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.follow(hash).await
    }

    async fn invoices(&self, after: InvoiceCursor) -> Result<Updates<InvoiceNews>, LightningError> {
        self.subscribe(after).await
    }

    async fn invoice_at(&self, add_index: u64) -> Result<Option<PaymentHash>, LightningError> {
        self.hash_at(add_index).await
    }

    async fn invoices_after(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.list_page(false, add_index, limit).await
    }

    async fn newest_add_index(&self) -> Result<u64, LightningError> {
        self.newest_index().await
    }

    async fn pending_invoices(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.list_page(true, add_index, limit).await
    }

    async fn invoice(&self, hash: PaymentHash) -> Result<Invoice, LightningError> {
        self.look_up(hash).await
    }

    async fn watch_invoice(&self, hash: PaymentHash) -> Result<Updates<Invoice>, LightningError> {
        self.watch(hash).await
    }

    async fn may_issue_invoices(&self) -> Result<bool, LightningError> {
        permission::may_issue_invoices(self).await
    }

    async fn add_hold_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError> {
        self.make_hold_invoice(invoice).await
    }

    async fn remove_canceled(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.delete_canceled(hash).await
    }

    async fn decode_invoice(&self, bolt11: &str) -> Result<DecodedInvoice, LightningError> {
        self.read_bolt11(bolt11).await
    }

    async fn pay_invoice(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        self.pay_bolt11(payment).await
    }

    async fn settle(&self, preimage: &Preimage) -> Result<(), LightningError> {
        self.settle_invoice(preimage).await
    }

    async fn cancel(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.cancel_invoice(hash).await
    }

    async fn send_peer_message(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.send_custom(to, kind, bytes).await
    }

    async fn peer_messages(&self) -> Result<Updates<PeerMessage>, LightningError> {
        self.listen_to_peers().await
    }

    async fn send_onion(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError> {
        self.send_packet(first_hop, path_key, onion).await
    }

    async fn onion_messages(&self) -> Result<Updates<OnionMessage>, LightningError> {
        self.listen_to_onions().await
    }

    async fn shared_secret(&self, point: NodeId) -> Result<SharedSecret, LightningError> {
        self.derive_shared_secret(point).await
    }

    async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        self.sign_bytes(bytes).await
    }

    async fn sign_message(&self, text: Vec<u8>) -> Result<String, LightningError> {
        self.sign_text(text).await
    }

    async fn config(&self) -> Result<Option<NodeConfig>, LightningError> {
        let mut client = self.lightning.clone();
        let call = client.get_debug_info(lnrpc::GetDebugInfoRequest { include_log: false });
        match answer(permission::GET_DEBUG_INFO, call).await {
            Ok(info) => Ok(Some(read_config(&info.config))),
            Err(LightningError::Permission(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
