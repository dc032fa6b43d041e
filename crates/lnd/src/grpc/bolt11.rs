//! Hold invoices: made, read and paid.

use domain::{Msat, NodeId, PaymentHash, Timestamp};

use super::node::{GrpcNode, answer, msat, node_id, nonsense, updates};
use super::pay::{CHEAPEST, amount, read_payment};
use super::rpc::invoicesrpc::AddHoldInvoiceRequest;
use super::rpc::lnrpc::{DelCanceledInvoiceReq, PayReq, PayReqString, RouteHint};
use super::rpc::routerrpc::SendPaymentRequest;
use crate::error::LightningError;
use crate::lightning::Updates;
use crate::permission;
use crate::types::{DecodedInvoice, InvoicePayment, NewInvoice, PaymentUpdate};

/// Blocks that may be found while a payment is on its way; LND adds as many to payments over routes of its own.
const MORE_BLOCKS: u32 = 3;

/// What a route to an invoice needs of it.
#[derive(Default)]
pub(super) struct Bill {
    pub(super) final_cltv_delta: i32,
    pub(super) route_hints: Vec<RouteHint>,
    /// By which the recipient knows that the payer has the invoice.
    pub(super) secret: Vec<u8>,
}

impl GrpcNode {
    pub(super) async fn make_hold_invoice(
        &self,
        invoice: NewInvoice,
    ) -> Result<String, LightningError> {
        let mark = invoice.mark.map(|mark| mark.to_string());
        let request = AddHoldInvoiceRequest {
            memo: mark.unwrap_or_default(),
            hash: invoice.hash.0.to_vec(),
            value_msat: amount(invoice.amount)?,
            expiry: invoice.expiry_secs.into(),
            cltv_expiry: invoice.cltv_expiry.into(),
            // A node that nobody knows from gossip is found by the hints alone.
            private: true,
        };
        let mut client = self.invoices.clone();
        let call = client.add_hold_invoice(request);
        match answer(permission::ADD_HOLD_INVOICE, call).await {
            Ok(made) => Ok(made.payment_request),
            Err(LightningError::AlreadyExists) => self.same_invoice(invoice).await,
            Err(error) => Err(error),
        }
    }

    /// The text of an invoice that was made before, when it asks for the same.
    async fn same_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError> {
        let known = self.look_up_raw(invoice.hash).await?;
        if known.payment_request.is_empty() || msat(known.value_msat) != invoice.amount {
            return Err(LightningError::AlreadyExists);
        }
        Ok(known.payment_request)
    }

    pub(super) async fn delete_canceled(&self, hash: PaymentHash) -> Result<(), LightningError> {
        let mut client = self.lightning.clone();
        let request = DelCanceledInvoiceReq {
            invoice_hash: hex::encode(hash.0),
        };
        let call = client.delete_canceled_invoice(request);
        answer(permission::DELETE_CANCELED_INVOICE, call).await?;
        Ok(())
    }

    pub(super) async fn read_bolt11(&self, text: &str) -> Result<DecodedInvoice, LightningError> {
        read(&self.decode(text).await?)
    }

    async fn decode(&self, text: &str) -> Result<PayReq, LightningError> {
        let mut client = self.lightning.clone();
        let request = PayReqString {
            pay_req: text.to_owned(),
        };
        answer(permission::DECODE_INVOICE, client.decode_pay_req(request)).await
    }

    /// What a route to an invoice needs: the node finds none by the invoice itself.
    pub(super) async fn bill(
        &self,
        bolt11: &str,
        to: NodeId,
        amount: Msat,
    ) -> Result<Bill, LightningError> {
        let invoice = self.decode(bolt11).await?;
        let facts = read(&invoice)?;
        if facts.destination != to || facts.amount.is_some_and(|asked| asked != amount) {
            return Err(LightningError::Node(
                "the invoice asks for something else".to_owned(),
            ));
        }
        if invoice.payment_addr.is_empty() {
            return Err(LightningError::Node("the invoice has no secret".to_owned()));
        }
        let blocks = facts.cltv_expiry.saturating_add(MORE_BLOCKS);
        Ok(Bill {
            final_cltv_delta: i32::try_from(blocks).map_err(|_| nonsense("cltv expiry"))?,
            route_hints: invoice.route_hints,
            secret: invoice.payment_addr,
        })
    }

    pub(super) async fn pay_bolt11(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        // LND takes an amount only where the invoice names none, and else pays whatever the invoice asks for.
        let asked = self.read_bolt11(&payment.bolt11).await?.amount;
        if asked.is_some_and(|asked| asked != payment.amount) {
            return Err(LightningError::Node(
                "the invoice asks for another amount".to_owned(),
            ));
        }
        let open = if asked.is_none() {
            payment.amount
        } else {
            Msat::ZERO
        };
        let request = SendPaymentRequest {
            payment_request: payment.bolt11,
            amt_msat: amount(open)?,
            timeout_seconds: i32::try_from(payment.timeout_secs).unwrap_or(i32::MAX),
            dest_custom_records: payment.records.into_iter().collect(),
            fee_limit_msat: amount(payment.fee_limit)?,
            // Zero would be LND's own number.
            max_parts: payment.max_parts.max(1),
            time_pref: CHEAPEST,
            // All these stand in the invoice.
            dest: Vec::new(),
            payment_hash: Vec::new(),
            dest_features: Vec::new(),
            route_hints: Vec::new(),
        };
        let mut client = self.router.clone();
        let stream = answer(permission::SEND_PAYMENT, client.send_payment_v2(request)).await?;
        Ok(updates(permission::SEND_PAYMENT, stream, |payment| {
            Some(read_payment(payment))
        }))
    }
}

fn read(invoice: &PayReq) -> Result<DecodedInvoice, LightningError> {
    let hash = hex::decode(&invoice.payment_hash).map_err(|_| nonsense("payment hash"))?;
    let expires_at = invoice.timestamp.saturating_add(invoice.expiry);
    Ok(DecodedInvoice {
        destination: node_id(&invoice.destination)?,
        hash: PaymentHash::from_slice(&hash).ok_or_else(|| nonsense("payment hash"))?,
        amount: (invoice.num_msat > 0).then(|| msat(invoice.num_msat)),
        expires_at: Timestamp::from_secs(expires_at),
        cltv_expiry: u32::try_from(invoice.cltv_expiry).map_err(|_| nonsense("cltv expiry"))?,
    })
}

#[cfg(test)]
mod tests;
