//! Hold invoices: made, read and paid.

use domain::{Msat, PaymentHash, Timestamp};

use super::node::{GrpcNode, answer, msat, node_id, nonsense, updates};
use super::pay::{CHEAPEST, amount, read_payment};
use super::rpc::invoicesrpc::AddHoldInvoiceRequest;
use super::rpc::lnrpc::{PayReq, PayReqString};
use super::rpc::routerrpc::SendPaymentRequest;
use crate::error::LightningError;
use crate::lightning::Updates;
use crate::permission;
use crate::types::{DecodedInvoice, InvoicePayment, NewInvoice, PaymentUpdate};

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

    pub(super) async fn read_bolt11(&self, text: &str) -> Result<DecodedInvoice, LightningError> {
        let mut client = self.lightning.clone();
        let request = PayReqString {
            pay_req: text.to_owned(),
        };
        read(&answer(permission::DECODE_INVOICE, client.decode_pay_req(request)).await?)
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
