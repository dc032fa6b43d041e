//! The block chain: one btcd on regtest, and the miner.

mod block;
mod client;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::hashes::Hash;
use bitcoin::{Address, BlockHash, Network, ScriptBuf, WPubkeyHash};
use serde_json::{Value, json};

use self::block::empty_block;
use self::client::JsonRpc;
use crate::ports::Port;
use crate::process::Process;
use crate::wait::until;

/// User name and password of the RPC: the port is on this computer only and the coins are worth nothing.
pub(super) const USER: &str = "dev";
/// Where the blocks are written down, one a line.
const BLOCKS: &str = "blocks";
/// How long the start may take on a busy computer.
const START: Duration = Duration::from_secs(60);

/// A running btcd.
#[derive(Debug)]
pub struct Btcd {
    process: Process,
    port: Port,
    folder: PathBuf,
    rpc: JsonRpc,
}

impl Btcd {
    /// Starts it in `folder`, where an earlier chain may lie, and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn start(program: &Path, folder: &Path, port: Port) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let certificate = folder.join("rpc.cert");
        if !certificate.exists() {
            make_certificate(folder)?;
        }
        let mut command = Command::new(program);
        command
            .args([
                "--regtest",
                "--configfile=/dev/null",
                "--nolisten",
                "--txindex",
            ])
            .args([
                "--nodnsseed",
                "--nobanning",
                "--norelaypriority",
                "--blockprioritysize=0",
            ])
            .args(["--rpcmaxwebsockets=100", "--rpcmaxclients=100"])
            .args(["--minrelaytxfee=0.00000250", "--trickleinterval=100ms"])
            .arg(format!("--rpcuser={USER}"))
            .arg(format!("--rpcpass={USER}"))
            .arg(format!("--miningaddr={}", nobody()?))
            .arg(format!("--rpclisten={}", port.address()))
            .arg(format!("--datadir={}", folder.join("data").display()))
            .arg(format!("--logdir={}", folder.join("logs").display()))
            .arg(format!("--rpccert={}", certificate.display()))
            .arg(format!("--rpckey={}", folder.join("rpc.key").display()));
        let process = Process::start("btcd", command, &folder.join("btcd.log"))?;
        let rpc = JsonRpc::new(port.number(), &certificate)?;
        let btcd = Self {
            process,
            port,
            folder: folder.to_owned(),
            rpc,
        };
        until("btcd answers", START, async || {
            btcd.process.check()?;
            btcd.height().await.map(Some)
        })
        .await?;
        btcd.remember().await?;
        Ok(btcd)
    }

    /// `host:port` of the RPC.
    #[must_use]
    pub fn address(&self) -> String {
        self.port.address()
    }

    /// The port of the RPC.
    #[must_use]
    pub(super) const fn port(&self) -> &Port {
        &self.port
    }

    /// The RPC's certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("rpc.cert")
    }

    /// Its process id.
    #[must_use]
    pub const fn process_id(&self) -> i32 {
        self.process.id()
    }

    /// The height of the best block.
    ///
    /// # Errors
    /// When the RPC fails.
    pub async fn height(&self) -> Result<u32> {
        let height = self.rpc.call("getblockcount", json!([])).await?;
        height
            .as_u64()
            .and_then(|height| u32::try_from(height).ok())
            .context("no block height")
    }

    /// The number of transactions that wait for a block.
    ///
    /// # Errors
    /// When the RPC fails.
    pub async fn waiting_transactions(&self) -> Result<usize> {
        let waiting = self.rpc.call("getrawmempool", json!([])).await?;
        Ok(waiting.as_array().context("no list of transactions")?.len())
    }

    /// Finds so many blocks. Never while a node is in its first rescan: it would stay behind for good.
    ///
    /// # Errors
    /// When the RPC fails.
    pub async fn mine(&self, blocks: u32) -> Result<()> {
        self.rpc.call("generate", json!([blocks])).await?;
        Ok(())
    }

    /// Finds one empty block whose reward goes to `address`: btcd's own miner pays one fixed address only.
    ///
    /// # Errors
    /// When the address is not one of regtest, or the RPC fails.
    pub async fn mine_to(&self, address: &str) -> Result<()> {
        let address = Address::from_str(address)?.require_network(Network::Regtest)?;
        let best = self.rpc.call("getbestblockhash", json!([])).await?;
        let header = self.rpc.call("getblockheader", json!([best, true])).await?;
        let before = header["time"]
            .as_u64()
            .context("the best block has no time")?;
        let best: BlockHash = best.as_str().context("no block hash")?.parse()?;
        let block = empty_block(
            best,
            before,
            self.height().await? + 1,
            address.script_pubkey(),
        )?;
        match self
            .rpc
            .call("submitblock", json!([serialize_hex(&block)]))
            .await?
        {
            Value::Null => Ok(()),
            refusal => bail!("btcd refuses the block: {refusal}"),
        }
    }

    /// Stops it as Ctrl-C does.
    ///
    /// # Errors
    /// When it does not stop in time; it is killed then.
    pub(super) async fn stop(self, limit: Duration) -> Result<()> {
        self.process.stop(limit).await
    }

    /// Writes down the blocks that are not written down yet.
    pub(super) async fn keep(&self) -> Result<()> {
        let book = self.folder.join(BLOCKS);
        let known = fs::read_to_string(&book)
            .unwrap_or_default()
            .lines()
            .count();
        let new =
            (known as u64 + 1..=u64::from(self.height().await?)).map(|height| json!([height]));
        let hashes = self.rpc.call_all("getblockhash", new.collect()).await?;
        let ask = hashes.into_iter().map(|hash| json!([hash, 0])).collect();
        let mut file = File::options().create(true).append(true).open(book)?;
        for block in self.rpc.call_all("getblock", ask).await? {
            writeln!(file, "{}", block.as_str().context("no block")?)?;
        }
        Ok(())
    }

    /// btcd throws its regtest chain away at every start: here it gets its blocks back.
    async fn remember(&self) -> Result<()> {
        let Ok(blocks) = fs::read_to_string(self.folder.join(BLOCKS)) else {
            return Ok(());
        };
        let blocks = blocks.lines().map(|block| json!([block])).collect();
        for answer in self.rpc.call_all("submitblock", blocks).await? {
            ensure!(answer.is_null(), "btcd refuses a kept block: {answer}");
        }
        Ok(())
    }
}

/// Takes the rewards of the blocks that btcd's own miner finds.
fn nobody() -> Result<Address> {
    let script = ScriptBuf::new_p2wpkh(&WPubkeyHash::all_zeros());
    Ok(Address::from_script(&script, Network::Regtest)?)
}

/// btcd's own certificates have a curve that our TLS library does not know.
fn make_certificate(folder: &Path) -> Result<()> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    fs::write(folder.join("rpc.key"), made.signing_key.serialize_pem())?;
    fs::write(folder.join("rpc.cert"), made.cert.pem())?;
    Ok(())
}
