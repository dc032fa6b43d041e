//! A whole network: made, used, stopped, started again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use domain::Msat;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::binaries::Binaries;
use super::btcd::Btcd;
use super::ledger::InvoiceState;
use super::lnd::Lnd;
use super::other::{Keysend, Outcome};
use super::plan::{ChannelPlan, Plan};
use super::rpc::lnrpc;
use crate::ports::Port;
use crate::temporary::Temporary;
use crate::wait::until;

/// Soft forks are active on regtest after this many blocks.
const FIRST_BLOCKS: u32 = 450;
/// A block reward can be spent after this many blocks.
const MATURITY: u32 = 101;
/// A channel is announced after this many blocks.
const ANNOUNCED: u32 = 6;
/// LND forgets channels that said nothing for two weeks: a network is used again for half of that.
const FRESH: Duration = Duration::from_secs(7 * 86_400);
/// How long a step may take on a busy computer.
const STEP: Duration = Duration::from_secs(90);
/// Feature bit of nodes that take keysends.
const KEYSEND_BIT: u32 = 55;
/// What is written about a network when it is ready.
const PAPER: &str = "network.json";

/// A running network. Dropping it kills its processes, and removes a temporary folder.
#[derive(Debug)]
pub struct Network {
    plan: Plan,
    nodes: Vec<Lnd>,
    btcd: Btcd,
    made_at: SystemTime,
    folder: PathBuf,
    _temporary: Option<Temporary>,
}

/// What is kept beside the data of a network.
#[derive(Debug, Serialize, Deserialize)]
struct Paper {
    plan: Plan,
    binaries: String,
    made_at: SystemTime,
    btcd_port: u16,
    node_ports: Vec<(u16, u16)>,
}

impl Network {
    /// A new network in a temporary folder, ready: channels active, the graph known everywhere, a first keysend through.
    ///
    /// # Errors
    /// When the programs are missing or a step does not succeed; the message has the end of the program's log.
    pub async fn temporary(plan: Plan) -> Result<Self> {
        let temporary = Temporary::new("network")?;
        let folder = temporary.path().to_owned();
        let mut network = Self::make(plan, &folder).await?;
        network._temporary = Some(temporary);
        Ok(network)
    }

    /// The network in `folder`, as it was left, if it has this plan, these programs and is not too old; else a new one.
    ///
    /// # Errors
    /// As [`Network::temporary`].
    pub async fn kept(plan: Plan, folder: &Path) -> Result<Self> {
        if let Some(paper) = Paper::read(folder, &plan) {
            return Self::again(paper, folder).await;
        }
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("removing the old network in {}", folder.display()))?;
        }
        Self::make(plan, folder).await
    }

    /// Whether [`Network::kept`] would go on with the network in `folder`.
    #[must_use]
    pub fn can_go_on(plan: &Plan, folder: &Path) -> bool {
        Paper::read(folder, plan).is_some()
    }

    /// When it was made; a network that was started again keeps its age.
    #[must_use]
    pub const fn made_at(&self) -> SystemTime {
        self.made_at
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The chain.
    #[must_use]
    pub const fn btcd(&self) -> &Btcd {
        &self.btcd
    }

    /// All nodes, as in the plan.
    #[must_use]
    pub fn nodes(&self) -> &[Lnd] {
        &self.nodes
    }

    /// The node of this name.
    ///
    /// # Panics
    /// When the plan has no such node.
    #[must_use]
    pub fn node(&self, name: &str) -> &Lnd {
        match self.nodes.iter().find(|node| node.name() == name) {
            Some(node) => node,
            None => panic!("there is no {name} in this network"),
        }
    }

    /// Finds so many blocks and waits until every running node has them.
    ///
    /// # Errors
    /// When a node does not follow.
    pub async fn mine(&self, blocks: u32) -> Result<()> {
        self.btcd.mine(blocks).await?;
        if self.folder.join(PAPER).exists() {
            self.btcd.keep().await?;
        }
        self.wait_synced().await
    }

    /// Waits until no payment is under way anywhere: from then on the books of all nodes stand still.
    ///
    /// # Errors
    /// When a payment stays.
    pub async fn quiet(&self) -> Result<()> {
        let running = self.nodes.iter().filter(|node| node.process_id().is_some());
        let quiet = running.map(|node| {
            until(
                format!("no payment is under way at {}", node.name()),
                STEP,
                async move || {
                    let request = lnrpc::ListChannelsRequest {};
                    let channels = node.lightning()?.list_channels(request).await?.into_inner();
                    let none = channels
                        .channels
                        .iter()
                        .all(|one| one.pending_htlcs.is_empty());
                    Ok(none.then_some(()))
                },
            )
        });
        try_join_all(quiet).await?;
        Ok(())
    }

    /// Starts what is stopped and waits until all channels are active at both ends.
    ///
    /// # Errors
    /// When a node does not start, or its neighbours do not find it.
    pub async fn mend(&self) -> Result<()> {
        for node in &self.nodes {
            if node.process_id().is_none() {
                node.start().await?;
            }
        }
        self.wait_channels().await
    }

    /// Undoes what a story may have left behind: stopped nodes, held payments, remembered failures.
    ///
    /// # Errors
    /// When a node does not start or answer.
    pub async fn calm(&self) -> Result<()> {
        self.mend().await?;
        for node in &self.nodes {
            let keysends = node.keysends().await?;
            for held in keysends
                .iter()
                .filter(|one| one.state == InvoiceState::Accepted)
            {
                node.cancel_behind_the_app(held.hash).await?;
            }
            node.forget_failures().await?;
        }
        self.quiet().await
    }

    /// Stops everything in order, so that the folder can be used again.
    ///
    /// # Errors
    /// When a program does not stop in time; it is killed then.
    pub async fn stop(self) -> Result<()> {
        let running = self.nodes.iter().filter(|node| node.process_id().is_some());
        try_join_all(running.map(Lnd::stop)).await?;
        self.btcd.stop(STEP).await
    }

    async fn make(plan: Plan, folder: &Path) -> Result<Self> {
        ensure!(plan.nodes.len() >= 2, "a network has two nodes at least");
        let binaries = Binaries::find(plan.mended)?;
        fs::create_dir_all(folder)?;
        let ports = (0..plan.nodes.len()).map(|_| Ok((Port::free()?, Port::free()?)));
        let ports = ports.collect::<Result<Vec<_>>>()?;
        let btcd = Btcd::start(&binaries.btcd, &folder.join("btcd"), Port::free()?).await?;
        tracing::info!("mining the first {FIRST_BLOCKS} blocks");
        btcd.mine(FIRST_BLOCKS).await?;
        let made_at = SystemTime::now();
        let network = Self::with(plan, &binaries, folder, btcd, ports, made_at);
        network.start_nodes().await?;
        network.fund().await?;
        network.open_channels().await?;
        network.wait_ready().await?;
        network.first_keysend().await?;
        network.write_paper(&binaries).await?;
        Ok(network)
    }

    async fn again(paper: Paper, folder: &Path) -> Result<Self> {
        let binaries = Binaries::find(paper.plan.mended)?;
        let ports = paper.node_ports.iter();
        let ports = ports.map(|&(rpc, peer)| Ok((Port::rather(rpc)?, Port::rather(peer)?)));
        let ports = ports.collect::<Result<Vec<_>>>()?;
        let port = Port::rather(paper.btcd_port)?;
        let btcd = Btcd::start(&binaries.btcd, &folder.join("btcd"), port).await?;
        // Without a young block the nodes would not call themselves synced.
        btcd.mine(1).await?;
        let network = Self::with(paper.plan, &binaries, folder, btcd, ports, paper.made_at);
        network.start_nodes().await?;
        network.wait_ready().await?;
        network.write_paper(&binaries).await?;
        Ok(network)
    }

    fn with(
        plan: Plan,
        binaries: &Binaries,
        folder: &Path,
        btcd: Btcd,
        ports: Vec<(Port, Port)>,
        made_at: SystemTime,
    ) -> Self {
        let nodes = plan
            .nodes
            .iter()
            .zip(ports)
            .map(|(node, ports)| {
                Lnd::new(
                    node.clone(),
                    &binaries.lnd,
                    folder.join(&node.name),
                    ports,
                    &btcd,
                )
            })
            .collect();
        Self {
            plan,
            nodes,
            btcd,
            made_at,
            folder: folder.to_owned(),
            _temporary: None,
        }
    }

    async fn start_nodes(&self) -> Result<()> {
        tracing::info!("starting {} nodes", self.nodes.len());
        for node in &self.nodes {
            node.launch()?;
        }
        try_join_all(self.nodes.iter().map(Lnd::wait_active)).await?;
        self.wait_synced().await
    }

    async fn wait_synced(&self) -> Result<()> {
        let height = self.btcd.height().await?;
        let running = self.nodes.iter().filter(|node| node.process_id().is_some());
        let synced = running.map(|node| {
            until(
                format!("{} has block {height}", node.name()),
                STEP,
                async move || {
                    node.check()?;
                    let request = lnrpc::GetInfoRequest {};
                    let info = node.lightning()?.get_info(request).await?.into_inner();
                    Ok((info.synced_to_chain && info.block_height >= height).then_some(()))
                },
            )
        });
        try_join_all(synced).await?;
        Ok(())
    }

    /// One block's reward for each node that opens a channel.
    async fn fund(&self) -> Result<()> {
        tracing::info!("mining coins for the channels");
        let rich: Vec<_> = self
            .nodes
            .iter()
            .filter(|node| {
                self.plan
                    .channels
                    .iter()
                    .any(|channel| channel.from == node.name())
            })
            .collect();
        for node in &rich {
            let request = lnrpc::NewAddressRequest {
                r#type: lnrpc::AddressType::WitnessPubkeyHash.into(),
            };
            let address = node
                .lightning()?
                .new_address(request)
                .await?
                .into_inner()
                .address;
            self.btcd.mine_to(&address).await?;
        }
        self.mine(MATURITY).await?;
        let funded = rich.into_iter().map(|node| {
            until(
                format!("{} has coins", node.name()),
                STEP,
                async move || {
                    let request = lnrpc::WalletBalanceRequest {};
                    let balance = node
                        .lightning()?
                        .wallet_balance(request)
                        .await?
                        .into_inner();
                    Ok((balance.confirmed_balance > 0).then_some(()))
                },
            )
        });
        try_join_all(funded).await?;
        Ok(())
    }

    async fn open_channels(&self) -> Result<()> {
        tracing::info!("opening {} channels", self.plan.channels.len());
        try_join_all(self.plan.channels.iter().map(|channel| self.open(channel))).await?;
        let all = self.plan.channels.len();
        until("the channels' transactions are known", STEP, async || {
            Ok((self.btcd.waiting_transactions().await? >= all).then_some(()))
        })
        .await?;
        self.mine(ANNOUNCED).await
    }

    async fn open(&self, channel: &ChannelPlan) -> Result<()> {
        let (from, to) = (self.node(&channel.from), self.node(&channel.to));
        self.connect(channel).await?;
        let request = lnrpc::OpenChannelRequest {
            sat_per_vbyte: 2,
            node_pubkey: to.node().await?.as_bytes().to_vec(),
            local_funding_amount: channel.capacity.into(),
            push_sat: (channel.capacity / 2).into(),
            private: channel.hidden,
        };
        until(
            format!("{} opens a channel to {}", from.name(), to.name()),
            STEP,
            async || {
                // The node may still be busy with the blocks, or with meeting its neighbour.
                from.lightning()?.open_channel_sync(request.clone()).await?;
                Ok(Some(()))
            },
        )
        .await
    }

    async fn connect(&self, channel: &ChannelPlan) -> Result<()> {
        let (from, to) = (self.node(&channel.from), self.node(&channel.to));
        let pubkey = to.node().await?.to_string();
        let addr = Some(lnrpc::LightningAddress {
            pubkey,
            host: to.peer_address(),
        });
        match from
            .lightning()?
            .connect_peer(lnrpc::ConnectPeerRequest { addr })
            .await
        {
            Ok(_) => Ok(()),
            Err(status) if status.message().contains("already connected") => Ok(()),
            Err(status) => Err(status.into()),
        }
    }

    async fn wait_ready(&self) -> Result<()> {
        tracing::info!("waiting until every node knows the network");
        self.wait_channels().await?;
        let known = self.nodes.iter().map(|node| {
            until(
                format!("{} knows the network", node.name()),
                STEP,
                async move || self.knows_all(node).await.map(|all| all.then_some(())),
            )
        });
        try_join_all(known).await?;
        Ok(())
    }

    async fn wait_channels(&self) -> Result<()> {
        let active = self.plan.channels.iter().map(|channel| {
            until(
                format!("{}–{} is active", channel.from, channel.to),
                STEP,
                async move || {
                    let (from, to) = (self.node(&channel.from), self.node(&channel.to));
                    if is_active(from, to).await? && is_active(to, from).await? {
                        return Ok(Some(()));
                    }
                    self.connect(channel).await?;
                    let (one, other) = (channels_of(from).await?, channels_of(to).await?);
                    bail!("{}: {one}; {}: {other}", channel.from, channel.to)
                },
            )
        });
        try_join_all(active).await?;
        Ok(())
    }

    /// Whether `node` knows every announced channel with both policies, and the nodes at its ends with their features.
    async fn knows_all(&self, node: &Lnd) -> Result<bool> {
        let request = lnrpc::ChannelGraphRequest {};
        let graph = node
            .lightning()?
            .describe_graph(request)
            .await?
            .into_inner();
        let used = |policy: &Option<lnrpc::RoutingPolicy>| {
            policy.as_ref().is_some_and(|policy| !policy.disabled)
        };
        let edges = graph
            .edges
            .iter()
            .filter(|edge| used(&edge.node1_policy) && used(&edge.node2_policy));
        let announced = || self.plan.channels.iter().filter(|one| !one.hidden);
        if edges.count() < announced().count() {
            return Ok(false);
        }
        let is_known = |name| announced().any(|one| one.from == name || one.to == name);
        for other in self.nodes.iter().filter(|one| is_known(one.name())) {
            let key = other.node().await?.to_string();
            let known = graph
                .nodes
                .iter()
                .find(|node| node.pub_key == key)
                .is_some_and(|node| {
                    !node.features.is_empty()
                        && node.features.contains_key(&KEYSEND_BIT) == other.plan().keysend
                });
            if !known {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// From the first node to the farthest stock node: whatever still settles, settles here.
    async fn first_keysend(&self) -> Result<()> {
        tracing::info!("sending a first payment");
        let first = &self.nodes[0];
        let stock = |node: &&Lnd| node.plan().keysend && node.plan().hold.is_zero();
        let Some(last) = self.nodes[1..].iter().rfind(stock) else {
            return Ok(());
        };
        let to = last.node().await?;
        until("a first keysend is through", STEP, async || {
            match first.pay(&Keysend::new(to, Msat::SAT, Vec::new())).await? {
                Outcome::Paid(_) => Ok(Some(())),
                outcome => {
                    first.forget_failures().await?;
                    bail!("{outcome:?}")
                }
            }
        })
        .await?;
        self.quiet().await
    }

    async fn write_paper(&self, binaries: &Binaries) -> Result<()> {
        self.btcd.keep().await?;
        let paper = Paper {
            plan: self.plan.clone(),
            binaries: binaries.version.clone(),
            made_at: self.made_at,
            btcd_port: self.btcd.port().number(),
            node_ports: self.nodes.iter().map(Lnd::ports).collect(),
        };
        fs::write(self.folder.join(PAPER), serde_json::to_vec_pretty(&paper)?)?;
        Ok(())
    }
}

impl Paper {
    /// `None` when there is none that fits.
    fn read(folder: &Path, plan: &Plan) -> Option<Self> {
        let paper: Self = serde_json::from_slice(&fs::read(folder.join(PAPER)).ok()?).ok()?;
        let fits = paper.plan == *plan
            && paper.binaries == Binaries::find(plan.mended).ok()?.version
            && paper.made_at.elapsed().is_ok_and(|age| age < FRESH);
        fits.then_some(paper)
    }
}

/// What a node says of its channels, for people.
async fn channels_of(node: &Lnd) -> Result<String> {
    let request = lnrpc::ListChannelsRequest {};
    let channels = node.lightning()?.list_channels(request).await?.into_inner();
    Ok(format!("{:?}", channels.channels))
}

async fn is_active(node: &Lnd, neighbour: &Lnd) -> Result<bool> {
    node.check()?;
    let neighbour = neighbour.node().await?.to_string();
    let request = lnrpc::ListChannelsRequest {};
    let channels = node
        .lightning()?
        .list_channels(request)
        .await?
        .into_inner()
        .channels;
    Ok(channels
        .iter()
        .any(|channel| channel.active && channel.remote_pubkey == neighbour))
}
