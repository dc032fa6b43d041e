//! Incoming payments. LND's list also holds invoices of other programs: those never leave this file, unless somebody
//! knows the hash.

use domain::{Msat, PaymentHash, Preimage, Timestamp};

use super::node::{GrpcNode, answer, msat, nonsense, updates};
use super::rpc::invoicesrpc::lookup_invoice_msg::InvoiceRef;
use super::rpc::invoicesrpc::{
    CancelInvoiceMsg, LookupInvoiceMsg, SettleInvoiceMsg, SubscribeSingleInvoiceRequest,
};
use super::rpc::lnrpc::invoice::InvoiceState as State;
use super::rpc::lnrpc::{
    self, InvoiceHtlc, InvoiceHtlcState, InvoiceSubscription, ListInvoiceRequest,
    ListInvoiceResponse,
};
use super::status::classify;
use crate::error::LightningError;
use crate::lightning::Updates;
use crate::permission;
use crate::types::{Invoice, InvoiceCursor, InvoiceState, Records};

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
            read_known,
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
        let found = self.look_up_raw(hash).await?;
        read_known(found).unwrap_or(Err(LightningError::NotFound))
    }

    /// As LND says it.
    pub(super) async fn look_up_raw(
        &self,
        hash: PaymentHash,
    ) -> Result<lnrpc::Invoice, LightningError> {
        let mut client = self.invoices.clone();
        let request = LookupInvoiceMsg {
            invoice_ref: Some(InvoiceRef::PaymentHash(hash.0.to_vec())),
        };
        answer(
            permission::LOOKUP_INVOICE,
            client.lookup_invoice_v2(request),
        )
        .await
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

/// `None` only for one that takes many payments, which no state describes.
fn read_known(invoice: lnrpc::Invoice) -> Option<Result<Invoice, LightningError>> {
    (!invoice.is_amp).then(|| read(invoice))
}

fn read(invoice: lnrpc::Invoice) -> Result<Invoice, LightningError> {
    let state = match invoice.state() {
        State::Open => InvoiceState::Open,
        State::Accepted => InvoiceState::Held,
        State::Settled => InvoiceState::Settled,
        State::Canceled => InvoiceState::Canceled,
    };
    let hash = PaymentHash::from_slice(&invoice.r_hash).ok_or_else(|| nonsense("payment hash"))?;
    let preimage = match invoice.r_preimage.as_slice() {
        // Of a hold invoice it is not known before the end.
        [] if !invoice.is_keysend => None,
        bytes => Some(Preimage::new(
            bytes.try_into().map_err(|_| nonsense("preimage"))?,
        )),
    };
    let Arrived {
        amount,
        htlc_expiry,
        records,
    } = if invoice.is_keysend {
        first_of_keysend(invoice.htlcs, invoice.value_msat)
    } else {
        sum_of_parts(
            invoice.htlcs,
            state,
            invoice.value_msat,
            invoice.amt_paid_msat,
        )
    };
    Ok(Invoice {
        hash,
        preimage,
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

/// What has been paid to an invoice.
struct Arrived {
    amount: Msat,
    htlc_expiry: Option<u32>,
    records: Records,
}

impl Arrived {
    /// Nothing yet.
    const fn nothing(amount: Msat) -> Self {
        Self {
            amount,
            htlc_expiry: None,
            records: Vec::new(),
        }
    }
}

/// When an HTLC came. Numbers are per channel, so the moment comes first.
const fn moment(htlc: &InvoiceHtlc) -> (i32, i64, u64, u64) {
    (
        htlc.accept_height,
        htlc.accept_time,
        htlc.htlc_index,
        htlc.chan_id,
    )
}

/// Whoever has seen the preimage can pay the same hash again, with other records: only the first counts.
fn first_of_keysend(htlcs: Vec<InvoiceHtlc>, value: i64) -> Arrived {
    match htlcs.into_iter().min_by_key(moment) {
        Some(htlc) => Arrived {
            amount: Msat::new(htlc.amt_msat),
            htlc_expiry: u32::try_from(htlc.expiry_height).ok(),
            records: htlc.custom_records.into_iter().collect(),
        },
        None => Arrived::nothing(msat(value)),
    }
}

/// All parts that are held or settled make the payment. Before it is complete it does not count; parts that came too late
/// for each other went back.
fn sum_of_parts(
    mut htlcs: Vec<InvoiceHtlc>,
    state: InvoiceState,
    value: i64,
    accepted: i64,
) -> Arrived {
    let canceled = state == InvoiceState::Canceled;
    if state == InvoiceState::Open {
        return Arrived::nothing(msat(value));
    }
    if canceled && accepted == 0 {
        return Arrived::nothing(Msat::ZERO);
    }
    if !canceled {
        htlcs.retain(|htlc| htlc.state() != InvoiceHtlcState::Canceled);
    }
    let amount = if canceled {
        // All are canceled now, earlier tries as well; only LND's own sum tells what was held.
        msat(accepted)
    } else {
        let parts = htlcs.iter().map(|htlc| Msat::new(htlc.amt_msat));
        Msat::checked_sum(parts).unwrap_or_default()
    };
    let expiries = htlcs.iter().map(|htlc| htlc.expiry_height);
    Arrived {
        amount,
        htlc_expiry: expiries.min().and_then(|height| u32::try_from(height).ok()),
        records: htlcs
            .into_iter()
            .min_by_key(moment)
            .map(|htlc| htlc.custom_records.into_iter().collect())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
