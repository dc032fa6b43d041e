//! Other programs on a node: what they pay and decide behind Heliograph's back.

use std::collections::HashMap;

use anyhow::{Context, Result};
use domain::{Msat, NodeId, PaymentHash, Preimage};
use futures::StreamExt;

use super::lnd::Lnd;
use super::rpc::{invoicesrpc, lnrpc, routerrpc, signrpc};

use lnrpc::PaymentFailureReason;
use lnrpc::payment::PaymentStatus;

/// The record that makes a payment a keysend.
const PREIMAGE: u64 = 5_482_373_484;
/// The key family of a node's identity.
const IDENTITY: i32 = 6;

/// A keysend as a plain program makes it.
#[derive(Clone, Debug)]
pub struct Keysend {
    /// To whom.
    pub to: NodeId,
    /// How much.
    pub amount: Msat,
    /// Custom records, without the preimage's.
    pub records: Vec<(u64, Vec<u8>)>,
    /// What settles it.
    pub preimage: Preimage,
}

/// How a payment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Paid, with this fee.
    Paid(Msat),
    /// The last hop refused it.
    Refused,
    /// It did not arrive.
    Failed(PaymentFailureReason),
}

impl Keysend {
    /// A payment with a fresh preimage.
    #[must_use]
    pub fn new(to: NodeId, amount: Msat, records: Vec<(u64, Vec<u8>)>) -> Self {
        Self {
            to,
            amount,
            records,
            preimage: Preimage::new(rand::random()),
        }
    }

    /// Its identity.
    #[must_use]
    pub fn hash(&self) -> PaymentHash {
        self.preimage.payment_hash()
    }
}

impl Lnd {
    /// Pays, and waits for the end; a held payment ends when the recipient has decided.
    ///
    /// # Errors
    /// When the node does not take it.
    pub async fn pay(&self, keysend: &Keysend) -> Result<Outcome> {
        let mut records: HashMap<_, _> = keysend.records.iter().cloned().collect();
        records.insert(PREIMAGE, keysend.preimage.expose().to_vec());
        let request = routerrpc::SendPaymentRequest {
            dest: keysend.to.as_bytes().to_vec(),
            payment_hash: keysend.hash().0.to_vec(),
            timeout_seconds: 60,
            dest_custom_records: records,
            amt_msat: i64::try_from(keysend.amount.get())?,
            fee_limit_msat: 100_000,
            no_inflight_updates: true,
        };
        let mut updates = self.router()?.send_payment_v2(request).await?.into_inner();
        let last = updates.next().await.context("no outcome")??;
        Ok(match (last.status(), last.failure_reason()) {
            (PaymentStatus::Succeeded, _) => Outcome::Paid(Msat::new(last.fee_msat.try_into()?)),
            (_, PaymentFailureReason::FailureReasonIncorrectPaymentDetails) => Outcome::Refused,
            (_, reason) => Outcome::Failed(reason),
        })
    }

    /// Forgets what failed lately on the network.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn forget_failures(&self) -> Result<()> {
        self.router()?
            .reset_mission_control(routerrpc::ResetMissionControlRequest {})
            .await?;
        Ok(())
    }

    /// Settles a held payment, as another program of this node may.
    ///
    /// # Errors
    /// When it is not held.
    pub async fn settle_behind_the_app(&self, preimage: &Preimage) -> Result<()> {
        let request = invoicesrpc::SettleInvoiceMsg {
            preimage: preimage.expose().to_vec(),
        };
        self.invoices()?.settle_invoice(request).await?;
        Ok(())
    }

    /// Returns a held payment, as another program of this node may.
    ///
    /// # Errors
    /// When it is settled.
    pub async fn cancel_behind_the_app(&self, hash: PaymentHash) -> Result<()> {
        let request = invoicesrpc::CancelInvoiceMsg {
            payment_hash: hash.0.to_vec(),
        };
        self.invoices()?.cancel_invoice(request).await?;
        Ok(())
    }

    /// The node's ECDSA signature, DER, over the SHA-256 of `bytes`.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let key_loc = Some(signrpc::KeyLocator {
            key_family: IDENTITY,
            key_index: 0,
        });
        let request = signrpc::SignMessageReq {
            msg: bytes.to_vec(),
            key_loc,
        };
        Ok(self
            .signer()?
            .sign_message(request)
            .await?
            .into_inner()
            .signature)
    }

    /// SHA-256 of the compressed product of the node's private key and `point`.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn shared_secret(&self, point: NodeId) -> Result<[u8; 32]> {
        let request = signrpc::SharedKeyRequest {
            ephemeral_pubkey: point.as_bytes().to_vec(),
        };
        let answer = self
            .signer()?
            .derive_shared_key(request)
            .await?
            .into_inner();
        Ok(answer.shared_key.as_slice().try_into()?)
    }
}
