//! One Lightning node: a real LND, and what only its owner may ask it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::NodeId;
use tokio::sync::OnceCell;

use super::btcd::{Btcd, USER};
use super::plan::NodePlan;
use super::rpc::{self, Connection, LARGEST_ANSWER, invoicesrpc, lnrpc, routerrpc, signrpc};
use crate::ports::Port;
use crate::process::Process;
use crate::wait::until;

use invoicesrpc::invoices_client::InvoicesClient;
use lnrpc::lightning_client::LightningClient;
use lnrpc::state_client::StateClient;
use routerrpc::router_client::RouterClient;
use signrpc::signer_client::SignerClient;

/// How long a start may take on a busy computer.
const START: Duration = Duration::from_secs(90);
/// How long it may take to stop.
const STOP: Duration = Duration::from_secs(30);

/// A node. It keeps its folder, keys and ports when it is stopped.
#[derive(Debug)]
pub struct Lnd {
    plan: NodePlan,
    program: PathBuf,
    folder: PathBuf,
    rpc: Port,
    peer: Port,
    chain: Chain,
    process: Mutex<Option<Process>>,
    node: OnceCell<NodeId>,
}

/// How the node reaches the chain.
#[derive(Clone, Debug)]
struct Chain {
    address: String,
    certificate: PathBuf,
}

impl Lnd {
    pub(super) fn new(
        plan: NodePlan,
        program: &Path,
        folder: PathBuf,
        (rpc, peer): (Port, Port),
        btcd: &Btcd,
    ) -> Self {
        Self {
            plan,
            program: program.to_owned(),
            folder,
            rpc,
            peer,
            chain: Chain {
                address: btcd.address(),
                certificate: btcd.certificate(),
            },
            process: Mutex::new(None),
            node: OnceCell::new(),
        }
    }

    /// Its name and alias.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// What it was started with.
    #[must_use]
    pub const fn plan(&self) -> &NodePlan {
        &self.plan
    }

    /// `host:port` of its gRPC.
    #[must_use]
    pub fn address(&self) -> String {
        self.rpc.address()
    }

    /// `host:port` for other nodes.
    #[must_use]
    pub fn peer_address(&self) -> String {
        self.peer.address()
    }

    pub(super) const fn ports(&self) -> (u16, u16) {
        (self.rpc.number(), self.peer.number())
    }

    /// Its certificate, PEM.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("tls.cert")
    }

    /// The macaroon that may do everything.
    #[must_use]
    pub fn admin_macaroon(&self) -> PathBuf {
        self.folder
            .join("data/chain/bitcoin/regtest/admin.macaroon")
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<i32> {
        self.slot().as_ref().map(Process::id)
    }

    /// Starts it, and waits until it answers and takes part in the network.
    ///
    /// # Errors
    /// When it runs already, or does not start.
    pub async fn start(&self) -> Result<()> {
        self.launch()?;
        self.wait_active().await
    }

    /// Stops it as Ctrl-C does, and waits until it has.
    ///
    /// # Errors
    /// When it does not run, or does not stop in time; it is killed then.
    pub async fn stop(&self) -> Result<()> {
        let process = self
            .slot()
            .take()
            .with_context(|| format!("{} is stopped", self.name()))?;
        process.stop(STOP).await
    }

    /// Kills it without a chance to tidy up.
    pub fn kill(&self) {
        drop(self.slot().take());
    }

    /// Stops it and starts it again.
    ///
    /// # Errors
    /// As [`Lnd::stop`] and [`Lnd::start`].
    pub async fn restart(&self) -> Result<()> {
        self.stop().await?;
        self.start().await
    }

    /// Who it is.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn node(&self) -> Result<NodeId> {
        let ask = async || {
            let info = self
                .lightning()?
                .get_info(lnrpc::GetInfoRequest {})
                .await?
                .into_inner();
            Ok::<_, anyhow::Error>(info.identity_pubkey.parse()?)
        };
        self.node.get_or_try_init(ask).await.copied()
    }

    /// Its main service, as the owner.
    ///
    /// # Errors
    /// When certificate or macaroon cannot be read.
    pub fn lightning(&self) -> Result<LightningClient<Connection>> {
        let client = LightningClient::new(self.connection()?);
        Ok(client.max_decoding_message_size(LARGEST_ANSWER))
    }

    /// Its payments, as the owner.
    ///
    /// # Errors
    /// As [`Lnd::lightning`].
    pub fn router(&self) -> Result<RouterClient<Connection>> {
        Ok(RouterClient::new(self.connection()?))
    }

    /// Its invoices, as the owner.
    ///
    /// # Errors
    /// As [`Lnd::lightning`].
    pub fn invoices(&self) -> Result<InvoicesClient<Connection>> {
        Ok(InvoicesClient::new(self.connection()?))
    }

    /// Its keys, as the owner.
    ///
    /// # Errors
    /// As [`Lnd::lightning`].
    pub fn signer(&self) -> Result<SignerClient<Connection>> {
        Ok(SignerClient::new(self.connection()?))
    }

    /// A macaroon, in hexadecimal, that may call exactly these methods (`/lnrpc.Lightning/GetInfo`).
    ///
    /// # Errors
    /// When there is no such method.
    pub async fn bake<'a>(&self, methods: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let permissions = methods
            .into_iter()
            .map(|method| lnrpc::MacaroonPermission {
                entity: "uri".to_owned(),
                action: method.to_owned(),
            })
            .collect();
        let request = lnrpc::BakeMacaroonRequest {
            permissions,
            root_key_id: 7,
        };
        Ok(self
            .lightning()?
            .bake_macaroon(request)
            .await?
            .into_inner()
            .macaroon)
    }

    pub(super) fn launch(&self) -> Result<()> {
        let mut slot = self.slot();
        if slot.as_ref().is_some_and(Process::is_running) {
            bail!("{} runs already", self.name());
        }
        fs::create_dir_all(&self.folder)?;
        let command = self.command();
        *slot = Some(Process::start(
            self.name(),
            command,
            &self.folder.join("lnd.log"),
        )?);
        Ok(())
    }

    pub(super) async fn wait_active(&self) -> Result<()> {
        let active = until(format!("{} is active", self.name()), START, async || {
            self.check()?;
            let mut state =
                StateClient::new(rpc::connection(&self.address(), &self.certificate(), None)?);
            let state = state
                .get_state(lnrpc::GetStateRequest {})
                .await?
                .into_inner()
                .state();
            Ok((state == lnrpc::WalletState::ServerActive).then_some(()))
        })
        .await;
        active.with_context(|| self.slot().as_ref().map(Process::tail).unwrap_or_default())
    }

    /// An error when it should run and has ended by itself.
    pub(super) fn check(&self) -> Result<()> {
        self.slot().as_ref().map_or(Ok(()), Process::check)
    }

    fn connection(&self) -> Result<Connection> {
        rpc::connection(
            &self.address(),
            &self.certificate(),
            Some(&self.admin_macaroon()),
        )
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args([
                "--noseedbackup",
                "--norest",
                "--nobootstrap",
                "--accept-amp",
            ])
            .args([
                "--bitcoin.regtest",
                "--bitcoin.node=btcd",
                "--bitcoin.defaultchanconfs=1",
            ])
            .args([
                "--db.backend=sqlite",
                "--db.use-native-sql",
                "--db.batch-commit-interval=10ms",
            ])
            .args(["--trickledelay=50", "--gossip.sub-batch-delay=5ms"])
            .args([
                "--caches.rpc-graph-cache-duration=100ms",
                "--minbackoff=200ms",
            ])
            .args(["--keep-failed-payment-attempts"])
            .arg(format!("--lnddir={}", self.folder.display()))
            .arg(format!("--alias={}", self.name()))
            .arg(format!("--rpclisten={}", self.rpc.address()))
            .arg(format!("--listen={}", self.peer.address()))
            .arg(format!("--externalip={}", self.peer.address()))
            .arg(format!("--btcd.rpchost={}", self.chain.address))
            .arg(format!(
                "--btcd.rpccert={}",
                self.chain.certificate.display()
            ))
            .arg(format!("--btcd.rpcuser={USER}"))
            .arg(format!("--btcd.rpcpass={USER}"));
        if self.plan.keysend {
            command.arg("--accept-keysend");
        }
        if !self.plan.onions {
            command.arg("--protocol.no-onion-messages");
        }
        if !self.plan.hold.is_zero() {
            command.arg(format!("--keysend-hold-time={}s", self.plan.hold.as_secs()));
        }
        command
    }
}
