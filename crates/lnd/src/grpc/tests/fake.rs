//! A node that says what a test wants to hear.

mod payments;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tonic::{Request, Response};
use tower::ServiceExt;

use payments::PaymentScript;

use super::super::rpc::invoicesrpc::invoices_server::InvoicesServer;
use super::super::rpc::routerrpc::router_server::RouterServer;
use super::lnrpc::lightning_server::LightningServer;
use super::*;

/// A certificate like LND's own, which is its authority as well, and its key.
pub(super) fn identity() -> (Vec<u8>, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let cert = params.self_signed(&key).unwrap();
    (cert.der().to_vec(), key.serialize_der())
}

pub(super) fn node_key() -> NodeId {
    let secret = secp256k1::SecretKey::from_secret_bytes([9; 32]).unwrap();
    secp256k1::PublicKey::from_secret_key(&secret).into()
}

#[derive(Clone)]
pub(super) struct Fake {
    http2: bool,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    info: Option<Status>,
    macaroon: Option<String>,
    allowed: BTreeSet<String>,
    check_forbidden: bool,
    invoices: Vec<lnrpc::Invoice>,
    config: BTreeMap<String, String>,
    free: FreeScript,
    payments: PaymentScript,
}

/// What is sent without a payment, and what comes.
#[derive(Default)]
pub(super) struct FreeScript {
    /// The answer to the next such call, instead of doing it.
    pub(super) refuse: Option<Status>,
    pub(super) sent: Vec<lnrpc::SendCustomMessageRequest>,
    pub(super) onions: Vec<lnrpc::SendOnionMessageRequest>,
    pub(super) messages: Vec<lnrpc::CustomMessage>,
    pub(super) updates: Vec<lnrpc::OnionMessageUpdate>,
    pub(super) signed: Vec<lnrpc::SignMessageRequest>,
    pub(super) peer_events: Vec<lnrpc::PeerEvent>,
    pub(super) channel_events: Vec<lnrpc::ChannelEventUpdate>,
    pub(super) graph_events: Vec<lnrpc::GraphTopologyUpdate>,
    pub(super) channels: Vec<lnrpc::Channel>,
    /// Of each node that gossip knows.
    pub(super) graph: BTreeMap<String, Vec<lnrpc::ChannelEdge>>,
}

impl Default for Fake {
    fn default() -> Self {
        let fake = Self {
            http2: true,
            script: Arc::default(),
        };
        fake.invoices(&[true]);
        fake
    }
}

impl Fake {
    /// As LND's REST port: the same certificate, and no agreement on HTTP/2.
    pub(super) fn without_http2() -> Self {
        Self {
            http2: false,
            ..Self::default()
        }
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Changes what is scripted for messages without a payment, or looks at what came.
    pub(super) fn free<T>(&self, work: impl FnOnce(&mut FreeScript) -> T) -> T {
        work(&mut self.script().free)
    }

    /// The next call of this kind, unless it is to be refused.
    fn served<T>(&self, work: impl FnOnce(&mut FreeScript) -> T) -> Answer<T> {
        self.free(|script| match script.refuse.take() {
            Some(status) => Err(status),
            None => Ok(Response::new(work(script))),
        })
    }

    /// The same for invoices and payments.
    pub(super) fn payments<T>(&self, work: impl FnOnce(&mut PaymentScript) -> T) -> T {
        work(&mut self.script().payments)
    }

    fn answered<T>(&self, work: impl FnOnce(&mut PaymentScript) -> T) -> Answer<T> {
        self.payments(|script| match script.refuse.take() {
            Some(status) => Err(status),
            None => Ok(Response::new(work(script))),
        })
    }

    pub(super) fn answer_info(&self, status: Status) {
        self.script().info = Some(status);
    }

    pub(super) fn last_macaroon(&self) -> Option<String> {
        self.script().macaroon.clone()
    }

    pub(super) fn allow(&self, paths: &[&str]) {
        self.script().allowed = paths.iter().map(|&path| path.to_owned()).collect();
    }

    pub(super) fn forbid_check(&self) {
        self.script().check_forbidden = true;
    }

    pub(super) fn set_config(&self, config: impl IntoIterator<Item = (String, String)>) {
        self.script().config = config.into_iter().collect();
    }

    /// The list of invoices, from 1: whether each is a keysend.
    pub(super) fn invoices(&self, keysends: &[bool]) {
        let invoices = keysends
            .iter()
            .zip(1_u8..)
            .map(|(&is_keysend, number)| lnrpc::Invoice {
                r_preimage: vec![number; 32],
                r_hash: vec![number; 32],
                add_index: number.into(),
                value_msat: i64::try_from(Msat::SAT.get()).unwrap(),
                is_keysend,
                ..lnrpc::Invoice::default()
            });
        self.script().invoices = invoices.collect();
    }

    pub(super) async fn serve(&self) -> Server {
        self.serve_on(0, identity()).await
    }

    pub(super) async fn serve_on(&self, port: u16, key: (Vec<u8>, Vec<u8>)) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cert = CertificateDer::from(key.0.clone());
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.1.clone()));
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert], private)
            .unwrap();
        if self.http2 {
            tls.alpn_protocols = vec![b"h2".to_vec()];
        }
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let fake = self.clone();
        let task = tokio::spawn(async move {
            // Dropped with this task, and with them all connections.
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (acceptor, fake) = (acceptor.clone(), fake.clone());
                connections.spawn(async move {
                    let Ok(stream) = acceptor.accept(socket).await else {
                        return;
                    };
                    let routes = tonic::service::Routes::new(LightningServer::new(fake.clone()))
                        .add_service(InvoicesServer::new(fake.clone()))
                        .add_service(RouterServer::new(fake));
                    let service =
                        routes.map_request(|request: tonic::codegen::http::Request<_>| {
                            request.map(tonic::body::Body::new)
                        });
                    let service = TowerToHyperService::new(service);
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Server {
            port,
            cert: key.0.clone(),
            key,
            task,
        }
    }
}

pub(super) struct Server {
    pub(super) port: u16,
    pub(super) cert: Vec<u8>,
    pub(super) key: (Vec<u8>, Vec<u8>),
    task: JoinHandle<()>,
}

impl Server {
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it with all its connections, and waits until they are gone.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Answer<T> = Result<Response<T>, Status>;

type Events<T> = futures::stream::BoxStream<'static, Result<T, Status>>;

/// Some events, and then nothing for ever.
fn events<T: Clone + Send + 'static>(events: &[T]) -> Events<T> {
    let events: Vec<_> = events.iter().cloned().map(Ok).collect();
    futures::stream::iter(events)
        .chain(futures::stream::pending())
        .boxed()
}

fn silent<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this test"))
}

#[tonic::async_trait]
impl lnrpc::lightning_server::Lightning for Fake {
    async fn get_info(
        &self,
        request: Request<lnrpc::GetInfoRequest>,
    ) -> Answer<lnrpc::GetInfoResponse> {
        let mut script = self.script();
        let macaroon = request.metadata().get("macaroon");
        script.macaroon = macaroon.map(|value| value.to_str().unwrap().to_owned());
        match script.info.take() {
            Some(status) => Err(status),
            None => Ok(Response::new(lnrpc::GetInfoResponse {
                identity_pubkey: node_key().to_string(),
                ..lnrpc::GetInfoResponse::default()
            })),
        }
    }

    async fn get_debug_info(
        &self,
        _: Request<lnrpc::GetDebugInfoRequest>,
    ) -> Answer<lnrpc::GetDebugInfoResponse> {
        let config = self.script().config.clone();
        Ok(Response::new(lnrpc::GetDebugInfoResponse { config }))
    }

    async fn check_macaroon_permissions(
        &self,
        request: Request<lnrpc::CheckMacPermRequest>,
    ) -> Answer<lnrpc::CheckMacPermResponse> {
        let request = request.into_inner();
        let script = self.script();
        assert_eq!(request.macaroon, macaroon().expose());
        assert!(
            !request.permissions.is_empty(),
            "LND allows everything that asks for nothing"
        );
        if script.check_forbidden {
            Err(Status::unknown("permission denied"))
        } else if script.allowed.contains(&request.full_method) {
            Ok(Response::new(lnrpc::CheckMacPermResponse { valid: true }))
        } else {
            Err(Status::invalid_argument("permission denied"))
        }
    }

    async fn get_node_info(
        &self,
        request: Request<lnrpc::NodeInfoRequest>,
    ) -> Answer<lnrpc::NodeInfo> {
        let request = request.into_inner();
        let found = self.free(|script| script.graph.get(&request.pub_key).cloned());
        let channels = found.ok_or_else(|| Status::not_found("unable to find node"))?;
        let node = Some(lnrpc::LightningNode {
            pub_key: request.pub_key,
            ..lnrpc::LightningNode::default()
        });
        let channels = if request.include_channels {
            channels
        } else {
            Vec::new()
        };
        Ok(Response::new(lnrpc::NodeInfo { node, channels }))
    }

    async fn list_invoices(
        &self,
        request: Request<lnrpc::ListInvoiceRequest>,
    ) -> Answer<lnrpc::ListInvoiceResponse> {
        let request = request.into_inner();
        let limit = usize::try_from(request.num_max_invoices).unwrap();
        let script = self.script();
        let all = script.invoices.iter();
        let invoices: Vec<_> = if request.reversed {
            all.rev().take(limit).cloned().collect()
        } else {
            all.filter(|it| it.add_index > request.index_offset)
                .take(limit)
                .cloned()
                .collect()
        };
        let last_index_offset = invoices.last().map_or(0, |invoice| invoice.add_index);
        Ok(Response::new(lnrpc::ListInvoiceResponse {
            invoices,
            last_index_offset,
        }))
    }

    type SubscribeInvoicesStream =
        futures::stream::BoxStream<'static, Result<lnrpc::Invoice, Status>>;

    async fn subscribe_invoices(
        &self,
        _: Request<lnrpc::InvoiceSubscription>,
    ) -> Answer<Self::SubscribeInvoicesStream> {
        let first = self.script().invoices.first().cloned().unwrap();
        let never_ending = futures::stream::pending();
        Ok(Response::new(
            futures::stream::iter([Ok(first)])
                .chain(never_ending)
                .boxed(),
        ))
    }

    async fn channel_balance(
        &self,
        _: Request<lnrpc::ChannelBalanceRequest>,
    ) -> Answer<lnrpc::ChannelBalanceResponse> {
        silent()
    }

    async fn list_peers(
        &self,
        _: Request<lnrpc::ListPeersRequest>,
    ) -> Answer<lnrpc::ListPeersResponse> {
        silent()
    }

    async fn get_chan_info(
        &self,
        _: Request<lnrpc::ChanInfoRequest>,
    ) -> Answer<lnrpc::ChannelEdge> {
        silent()
    }

    async fn list_channels(
        &self,
        _: Request<lnrpc::ListChannelsRequest>,
    ) -> Answer<lnrpc::ListChannelsResponse> {
        let channels = self.free(|script| script.channels.clone());
        Ok(Response::new(lnrpc::ListChannelsResponse { channels }))
    }

    type SubscribePeerEventsStream = Events<lnrpc::PeerEvent>;

    async fn subscribe_peer_events(
        &self,
        _: Request<lnrpc::PeerEventSubscription>,
    ) -> Answer<Self::SubscribePeerEventsStream> {
        self.served(|script| events(&script.peer_events))
    }

    type SubscribeChannelEventsStream = Events<lnrpc::ChannelEventUpdate>;

    async fn subscribe_channel_events(
        &self,
        _: Request<lnrpc::ChannelEventSubscription>,
    ) -> Answer<Self::SubscribeChannelEventsStream> {
        self.served(|script| events(&script.channel_events))
    }

    type SubscribeChannelGraphStream = Events<lnrpc::GraphTopologyUpdate>;

    async fn subscribe_channel_graph(
        &self,
        _: Request<lnrpc::GraphTopologySubscription>,
    ) -> Answer<Self::SubscribeChannelGraphStream> {
        self.served(|script| events(&script.graph_events))
    }

    async fn send_custom_message(
        &self,
        request: Request<lnrpc::SendCustomMessageRequest>,
    ) -> Answer<lnrpc::SendCustomMessageResponse> {
        self.served(|script| {
            script.sent.push(request.into_inner());
            lnrpc::SendCustomMessageResponse {}
        })
    }

    type SubscribeCustomMessagesStream = Events<lnrpc::CustomMessage>;

    async fn subscribe_custom_messages(
        &self,
        _: Request<lnrpc::SubscribeCustomMessagesRequest>,
    ) -> Answer<Self::SubscribeCustomMessagesStream> {
        self.served(|script| events(&script.messages))
    }

    async fn send_onion_message(
        &self,
        request: Request<lnrpc::SendOnionMessageRequest>,
    ) -> Answer<lnrpc::SendOnionMessageResponse> {
        self.served(|script| {
            script.onions.push(request.into_inner());
            lnrpc::SendOnionMessageResponse {}
        })
    }

    type SubscribeOnionMessagesStream = Events<lnrpc::OnionMessageUpdate>;

    async fn subscribe_onion_messages(
        &self,
        _: Request<lnrpc::SubscribeOnionMessagesRequest>,
    ) -> Answer<Self::SubscribeOnionMessagesStream> {
        self.served(|script| events(&script.updates))
    }

    async fn delete_canceled_invoice(
        &self,
        request: Request<lnrpc::DelCanceledInvoiceReq>,
    ) -> Answer<lnrpc::DelCanceledInvoiceResp> {
        self.answered(|script| {
            script.removed.push(request.into_inner().invoice_hash);
            lnrpc::DelCanceledInvoiceResp {}
        })
    }

    async fn decode_pay_req(&self, _: Request<lnrpc::PayReqString>) -> Answer<lnrpc::PayReq> {
        self.answered(|script| script.decoded.clone())
    }

    async fn sign_message(
        &self,
        request: Request<lnrpc::SignMessageRequest>,
    ) -> Answer<lnrpc::SignMessageResponse> {
        self.served(|script| {
            script.signed.push(request.into_inner());
            lnrpc::SignMessageResponse {
                signature: "y".repeat(104),
            }
        })
    }

    async fn connect_peer(
        &self,
        _: Request<lnrpc::ConnectPeerRequest>,
    ) -> Answer<lnrpc::ConnectPeerResponse> {
        silent()
    }

    async fn query_routes(
        &self,
        request: Request<lnrpc::QueryRoutesRequest>,
    ) -> Answer<lnrpc::QueryRoutesResponse> {
        self.answered(|script| {
            script.asked.push(request.into_inner());
            lnrpc::QueryRoutesResponse {
                routes: script.route.clone().into_iter().collect(),
                success_prob: 1.0,
            }
        })
    }
}
