//! Incoming keysends. LND's list also holds invoices of other programs: those never leave this file.

use domain::{Msat, PaymentHash, Preimage, Timestamp};

use super::node::{GrpcNode, answer, nonsense, updates};
use super::rpc::invoicesrpc::lookup_invoice_msg::InvoiceRef;
use super::rpc::invoicesrpc::{
    CancelInvoiceMsg, LookupInvoiceMsg, SettleInvoiceMsg, SubscribeSingleInvoiceRequest,
};
use super::rpc::lnrpc::invoice::InvoiceState as State;
use super::rpc::lnrpc::{self, InvoiceSubscription, ListInvoiceRequest, ListInvoiceResponse};
use super::status::classify;
use crate::error::LightningError;
use crate::lightning::Updates;
use crate::permission;
use crate::types::{Invoice, InvoiceCursor, InvoiceState};

/// Invoices in one answer of LND when we want all of them.
const PAGE: u64 = 500;

impl GrpcNode {
    pub(super) async fn subscribe(
        &self,
        after: InvoiceCursor,
    ) -> Result<Updates<Invoice>, LightningError> {
        let mut client = self.lightning.clone();
        let InvoiceCursor {
            add_index,
            settle_index,
        } = after;
        // LND may say nothing at all before the first event, so this waits without limit.
        let stream = client
            .subscribe_invoices(InvoiceSubscription {
                add_index,
                settle_index,
            })
            .await
            .map_err(|status| classify(permission::SUBSCRIBE_INVOICES, &status))?;
        Ok(updates(
            permission::SUBSCRIBE_INVOICES,
            stream.into_inner(),
            read_keysend,
        ))
    }

    pub(super) async fn watch(
        &self,
        hash: PaymentHash,
    ) -> Result<Updates<Invoice>, LightningError> {
        let mut client = self.invoices.clone();
        let stream = client
            .subscribe_single_invoice(SubscribeSingleInvoiceRequest {
                r_hash: hash.0.to_vec(),
            })
            .await
            .map_err(|status| classify(permission::WATCH_INVOICE, &status))?;
        Ok(updates(
            permission::WATCH_INVOICE,
            stream.into_inner(),
            read_keysend,
        ))
    }

    pub(super) async fn list_after(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<Vec<Invoice>, LightningError> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut index_offset = add_index;
        // A page of nothing but other programs' invoices is not the end.
        while found.len() < wanted {
            let request = ListInvoiceRequest {
                pending_only: false,
                index_offset,
                num_max_invoices: limit.min(PAGE),
                reversed: false,
            };
            let page = self.list(request).await?;
            if page.invoices.is_empty() {
                break;
            }
            index_offset = page.last_index_offset;
            for invoice in page.invoices.into_iter().filter_map(read_keysend) {
                found.push(invoice?);
            }
        }
        found.truncate(wanted);
        Ok(found)
    }

    pub(super) async fn list_pending(&self) -> Result<Vec<Invoice>, LightningError> {
        let mut found = Vec::new();
        let mut index_offset = 0;
        loop {
            let request = ListInvoiceRequest {
                pending_only: true,
                index_offset,
                num_max_invoices: PAGE,
                reversed: false,
            };
            let page = self.list(request).await?;
            if page.invoices.is_empty() {
                return Ok(found);
            }
            index_offset = page.last_index_offset;
            for invoice in page.invoices.into_iter().filter_map(read_keysend) {
                let invoice = invoice?;
                // LND keeps paid invoices of some kinds in this list.
                if matches!(invoice.state, InvoiceState::Open | InvoiceState::Held) {
                    found.push(invoice);
                }
            }
        }
    }

    pub(super) async fn newest_index(&self) -> Result<u64, LightningError> {
        let request = ListInvoiceRequest {
            pending_only: false,
            index_offset: 0,
            num_max_invoices: 1,
            reversed: true,
        };
        let page = self.list(request).await?;
        Ok(page.invoices.last().map_or(0, |invoice| invoice.add_index))
    }

    async fn list(
        &self,
        request: ListInvoiceRequest,
    ) -> Result<ListInvoiceResponse, LightningError> {
        let mut client = self.lightning.clone();
        answer(permission::LIST_INVOICES, client.list_invoices(request)).await
    }

    pub(super) async fn look_up(&self, hash: PaymentHash) -> Result<Invoice, LightningError> {
        let mut client = self.invoices.clone();
        let request = LookupInvoiceMsg {
            invoice_ref: Some(InvoiceRef::PaymentHash(hash.0.to_vec())),
        };
        let found = answer(
            permission::LOOKUP_INVOICE,
            client.lookup_invoice_v2(request),
        )
        .await?;
        read_keysend(found).unwrap_or(Err(LightningError::NotFound))
    }

    pub(super) async fn settle_invoice(&self, preimage: &Preimage) -> Result<(), LightningError> {
        let mut client = self.invoices.clone();
        let request = SettleInvoiceMsg {
            preimage: preimage.expose().to_vec(),
        };
        answer(permission::SETTLE_INVOICE, client.settle_invoice(request))
            .await
            .map(drop)
    }

    pub(super) async fn cancel_invoice(&self, hash: PaymentHash) -> Result<(), LightningError> {
        let mut client = self.invoices.clone();
        let request = CancelInvoiceMsg {
            payment_hash: hash.0.to_vec(),
        };
        answer(permission::CANCEL_INVOICE, client.cancel_invoice(request))
            .await
            .map(drop)
    }
}

/// `None` for an invoice that is not a keysend.
pub(super) fn read_keysend(invoice: lnrpc::Invoice) -> Option<Result<Invoice, LightningError>> {
    (invoice.is_keysend && !invoice.is_amp).then(|| read(invoice))
}

fn read(invoice: lnrpc::Invoice) -> Result<Invoice, LightningError> {
    let state = match invoice.state() {
        State::Open => InvoiceState::Open,
        State::Accepted => InvoiceState::Held,
        State::Settled => InvoiceState::Settled,
        State::Canceled => InvoiceState::Canceled,
    };
    let hash = PaymentHash::from_slice(&invoice.r_hash).ok_or_else(|| nonsense("payment hash"))?;
    let preimage: [u8; 32] = invoice
        .r_preimage
        .as_slice()
        .try_into()
        .map_err(|_| nonsense("preimage"))?;
    // Whoever has seen the preimage can pay the same hash again, with other records: only the first counts. Numbers are
    // per channel, so the moment comes first.
    let first = invoice.htlcs.into_iter().min_by_key(|htlc| {
        (
            htlc.accept_height,
            htlc.accept_time,
            htlc.htlc_index,
            htlc.chan_id,
        )
    });
    let (amount, htlc_expiry, records) = match first {
        Some(htlc) => (
            Msat::new(htlc.amt_msat),
            u32::try_from(htlc.expiry_height).ok(),
            htlc.custom_records.into_iter().collect(),
        ),
        None => (super::node::msat(invoice.value_msat), None, Vec::new()),
    };
    Ok(Invoice {
        hash,
        preimage: Preimage::new(preimage),
        state,
        amount,
        records,
        created_at: Timestamp::from_secs(invoice.creation_date),
        settled_at: (invoice.settle_date > 0).then(|| Timestamp::from_secs(invoice.settle_date)),
        hold_secs: u32::try_from(invoice.expiry).unwrap_or(0),
        htlc_expiry,
        add_index: invoice.add_index,
        settle_index: invoice.settle_index,
    })
}

#[cfg(test)]
mod tests;
