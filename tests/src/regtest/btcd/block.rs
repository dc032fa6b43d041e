//! A block of our own making.

use anyhow::Result;
use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::script::Builder;
use bitcoin::transaction::{self, OutPoint, Transaction, TxIn, TxOut};
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, ScriptBuf, Sequence, TxMerkleNode, Witness,
};

/// Every second hash is good enough on regtest.
const REGTEST_BITS: u32 = 0x207f_ffff;

/// A block after `previous` with nothing in it but the reward.
pub(super) fn empty_block(
    previous: BlockHash,
    time_before: u64,
    height: u32,
    to: ScriptBuf,
) -> Result<Block> {
    let coinbase = Transaction {
        version: transaction::Version::ONE,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: Builder::new()
                .push_int(i64::from(height))
                .push_int(0)
                .into_script(),
            sequence: Sequence::MAX,
            witness: Witness::default(),
        }],
        // The reward halves every 150 blocks on regtest.
        output: vec![TxOut {
            value: Amount::from_sat((50 * 100_000_000) >> (height / 150)),
            script_pubkey: to,
        }],
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)?
        .as_secs();
    let mut header = Header {
        version: Version::NO_SOFT_FORK_SIGNALLING,
        prev_blockhash: previous,
        merkle_root: TxMerkleNode::from_raw_hash(coinbase.compute_txid().to_raw_hash()),
        time: u32::try_from(now.max(time_before + 1))?,
        bits: CompactTarget::from_consensus(REGTEST_BITS),
        nonce: 0,
    };
    while header.validate_pow(header.target()).is_err() {
        header.nonce += 1;
    }
    Ok(Block {
        header,
        txdata: vec![coinbase],
    })
}
