//! The nodes' own books: what happened by the word of the nodes, whatever the app believes.

use anyhow::{Context, Result};
use domain::{Msat, PaymentHash, Preimage};

use super::lnd::Lnd;
use super::rpc::lnrpc;

pub use lnrpc::invoice::InvoiceState;
pub use lnrpc::payment::PaymentStatus;

/// More than there are in any test: LND tells 100 when it is not asked for more.
const MOST: u64 = 100_000;

/// What the channels of a node hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// The node's.
    pub local: Msat,
    /// Its neighbours'.
    pub remote: Msat,
    /// The node's, in payments that are on their way.
    pub local_under_way: Msat,
    /// The neighbours', in payments that are on their way.
    pub remote_under_way: Msat,
}

/// A payment that the node made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Which.
    pub hash: PaymentHash,
    /// How it went.
    pub status: PaymentStatus,
    /// What the recipient got.
    pub amount: Msat,
    /// What the way cost.
    pub fee: Msat,
}

/// A keysend that came to the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Which.
    pub hash: PaymentHash,
    /// What settles it.
    pub preimage: Preimage,
    /// Where it is.
    pub state: InvoiceState,
    /// What it brings.
    pub amount: Msat,
    /// Its custom records, by type.
    pub records: Vec<(u64, Vec<u8>)>,
}

fn msat(amount: Option<lnrpc::Amount>) -> Msat {
    Msat::new(amount.map_or(0, |amount| amount.msat))
}

fn unsigned(amount: i64) -> Result<Msat> {
    Ok(Msat::new(
        u64::try_from(amount).context("a negative amount")?,
    ))
}

impl Lnd {
    /// What its channels hold now.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn holdings(&self) -> Result<Holdings> {
        let request = lnrpc::ChannelBalanceRequest {};
        let balance = self
            .lightning()?
            .channel_balance(request)
            .await?
            .into_inner();
        Ok(Holdings {
            local: msat(balance.local_balance),
            remote: msat(balance.remote_balance),
            local_under_way: msat(balance.unsettled_local_balance),
            remote_under_way: msat(balance.unsettled_remote_balance),
        })
    }

    /// All payments that it made, failed ones too, oldest first.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn payments(&self) -> Result<Vec<Outgoing>> {
        let request = lnrpc::ListPaymentsRequest {
            include_incomplete: true,
            index_offset: 0,
            max_payments: MOST,
        };
        let answer = self.lightning()?.list_payments(request).await?.into_inner();
        answer
            .payments
            .into_iter()
            .map(|payment| {
                Ok(Outgoing {
                    hash: PaymentHash::from_slice(&hex::decode(&payment.payment_hash)?)
                        .context("a payment hash")?,
                    status: payment.status(),
                    amount: unsigned(payment.value_msat)?,
                    fee: unsigned(payment.fee_msat)?,
                })
            })
            .collect()
    }

    /// All keysends that came to it, refused ones too, oldest first.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn keysends(&self) -> Result<Vec<Incoming>> {
        let request = lnrpc::ListInvoiceRequest {
            pending_only: false,
            index_offset: 0,
            num_max_invoices: MOST,
        };
        let answer = self.lightning()?.list_invoices(request).await?.into_inner();
        answer
            .invoices
            .into_iter()
            .filter(|invoice| invoice.is_keysend)
            .map(|invoice| {
                let first = invoice.htlcs.first();
                let mut records: Vec<_> = first
                    .map(|htlc| htlc.custom_records.clone())
                    .unwrap_or_default()
                    .into_iter()
                    .collect();
                records.sort();
                Ok(Incoming {
                    hash: PaymentHash::from_slice(&invoice.r_hash).context("a payment hash")?,
                    preimage: Preimage::new(invoice.r_preimage.as_slice().try_into()?),
                    state: invoice.state(),
                    amount: Msat::new(first.map_or(0, |htlc| htlc.amt_msat)),
                    records,
                })
            })
            .collect()
    }

    /// The keysend with this hash, if it has come.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn keysend_of(&self, hash: PaymentHash) -> Result<Option<Incoming>> {
        Ok(self
            .keysends()
            .await?
            .into_iter()
            .find(|keysend| keysend.hash == hash))
    }
}
