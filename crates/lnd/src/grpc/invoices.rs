//! Incoming payments. LND's list also holds invoices of other programs: those never leave this file, unless somebody
//! knows the hash, or they take payments with AMP, each of which may bring a message. Of those by which apps of this program
//! find each other, what they say is told.

use domain::{AppMark, Msat, PaymentHash, Preimage, Timestamp};

use super::node::{GrpcNode, LIST_TIMEOUT, answer, answer_within, msat, nonsense, updates};
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
use crate::types::{
    Further, Invoice, InvoiceCursor, InvoiceKind, InvoiceNews, InvoicePage, InvoiceState, Records,
};

impl GrpcNode {
    pub(super) async fn subscribe(
        &self,
        after: InvoiceCursor,
    ) -> Result<Updates<InvoiceNews>, LightningError> {
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
            read_news,
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

    /// Looks at no more than `limit` invoices, whosever they are.
    pub(super) async fn list_page(
        &self,
        pending_only: bool,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        let page = self
            .list(ListInvoiceRequest {
                pending_only,
                index_offset: add_index,
                num_max_invoices: limit,
                reversed: false,
            })
            .await?;
        let next = page.invoices.last().map(|invoice| invoice.add_index);
        let told = page.invoices.iter();
        let marks = told
            .filter_map(|invoice| Some((invoice.add_index, read_mark(invoice)?)))
            .collect();
        let mut invoices = Vec::new();
        for invoice in page.invoices.into_iter().filter_map(read_unasked) {
            let invoice = invoice?;
            // LND keeps paid invoices of some kinds in this list.
            if !pending_only || matches!(invoice.state, InvoiceState::Open | InvoiceState::Held) {
                invoices.push(invoice);
            }
        }
        Ok(InvoicePage {
            invoices,
            marks,
            next,
        })
    }

    pub(super) async fn hash_at(
        &self,
        add_index: u64,
    ) -> Result<Option<PaymentHash>, LightningError> {
        let Some(before) = add_index.checked_sub(1) else {
            return Ok(None);
        };
        let page = self
            .list(ListInvoiceRequest {
                pending_only: false,
                index_offset: before,
                num_max_invoices: 1,
                reversed: false,
            })
            .await?;
        let mut found = page.invoices.iter();
        let found = found.find(|invoice| invoice.add_index == add_index);
        Ok(found.and_then(identity))
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
        let call = client.list_invoices(request);
        answer_within(LIST_TIMEOUT, permission::LIST_INVOICES, call).await
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

    pub(super) async fn delete_canceled_invoice(
        &self,
        hash: PaymentHash,
    ) -> Result<(), LightningError> {
        let mut client = self.lightning.clone();
        let request = lnrpc::DelCanceledInvoiceReq {
            invoice_hash: hex::encode(hash.0),
        };
        let call = client.delete_canceled_invoice(request);
        answer(permission::DELETE_CANCELED_INVOICE, call)
            .await
            .map(drop)
    }
}

/// `None` for a new invoice of another program.
fn read_news(invoice: lnrpc::Invoice) -> Option<Result<InvoiceNews, LightningError>> {
    if let Some(mark) = read_mark(&invoice) {
        let add_index = invoice.add_index;
        return Some(Ok(InvoiceNews::Mark { add_index, mark }));
    }
    let settle_index = invoice.settle_index;
    match read_unasked(invoice) {
        Some(read) => Some(read.map(InvoiceNews::Invoice)),
        None if settle_index > 0 => Some(Ok(InvoiceNews::Passed { settle_index })),
        None => None,
    }
}

/// `None` for an invoice that another program has given out and that takes one payment.
pub(super) fn read_unasked(invoice: lnrpc::Invoice) -> Option<Result<Invoice, LightningError>> {
    (invoice.is_keysend || invoice.is_amp).then(|| read(invoice))
}

/// What an app of this program says by an invoice. Those that take money say nothing.
fn read_mark(invoice: &lnrpc::Invoice) -> Option<AppMark> {
    let given = !invoice.is_keysend && !invoice.is_amp && invoice.settle_index == 0;
    AppMark::parse(&invoice.memo).filter(|_| given)
}

/// `None` only for one that takes many payments, which no state describes.
fn read_known(invoice: lnrpc::Invoice) -> Option<Result<Invoice, LightningError>> {
    (!invoice.is_amp).then(|| read(invoice))
}

/// Its hash. An invoice with AMP has one of no use, or none at all; its address is its own.
fn identity(invoice: &lnrpc::Invoice) -> Option<PaymentHash> {
    if invoice.is_amp {
        return PaymentHash::from_slice(&invoice.payment_addr);
    }
    PaymentHash::from_slice(&invoice.r_hash)
}

fn kind(invoice: &lnrpc::Invoice) -> InvoiceKind {
    if invoice.is_amp && invoice.payment_request.is_empty() {
        InvoiceKind::Amp
    } else if invoice.is_amp {
        InvoiceKind::Reusable
    } else if invoice.is_keysend {
        InvoiceKind::Keysend
    } else {
        InvoiceKind::Given
    }
}

fn read(invoice: lnrpc::Invoice) -> Result<Invoice, LightningError> {
    let state = match invoice.state() {
        State::Open => InvoiceState::Open,
        State::Accepted => InvoiceState::Held,
        State::Settled => InvoiceState::Settled,
        State::Canceled => InvoiceState::Canceled,
    };
    let kind = kind(&invoice);
    let hash = identity(&invoice).ok_or_else(|| nonsense("payment hash"))?;
    let preimage = match invoice.r_preimage.as_slice() {
        // Of a hold invoice it is not known before the end, and AMP has one for each part.
        [] if kind != InvoiceKind::Keysend => None,
        bytes => Some(Preimage::new(
            bytes.try_into().map_err(|_| nonsense("preimage"))?,
        )),
    };
    let settled_sets = invoice.amp_invoice_state.values();
    let settle_index = settled_sets
        .map(|set| set.settle_index)
        .fold(invoice.settle_index, u64::max);
    let mut further = Vec::new();
    let Arrived {
        amount,
        htlc_expiry,
        channel,
        records,
    } = match kind {
        InvoiceKind::Keysend => {
            let (first, later) = htlcs_of_keysend(invoice.htlcs, state);
            further.extend(later.into_iter().map(|htlc| Further {
                name: Further::name_of_htlc(hash, htlc.chan_id, htlc.htlc_index),
                amount: Msat::new(htlc.amt_msat),
                at: Timestamp::from_secs(htlc.accept_time),
                records: htlc.custom_records.into_iter().collect(),
            }));
            match first {
                Some(htlc) => Arrived {
                    amount: Msat::new(htlc.amt_msat),
                    htlc_expiry: u32::try_from(htlc.expiry_height).ok(),
                    channel: Some(htlc.chan_id),
                    records: htlc.custom_records.into_iter().collect(),
                },
                None => Arrived::nothing(msat(invoice.value_msat)),
            }
        }
        InvoiceKind::Amp | InvoiceKind::Reusable => {
            further = sets_of_amp(hash, invoice.htlcs);
            Arrived::nothing(Msat::ZERO)
        }
        InvoiceKind::Given => sum_of_parts(
            invoice.htlcs,
            state,
            invoice.value_msat,
            invoice.amt_paid_msat,
        ),
    };
    Ok(Invoice {
        hash,
        kind,
        preimage,
        state,
        amount,
        records,
        further,
        created_at: Timestamp::from_secs(invoice.creation_date),
        settled_at: (invoice.settle_date > 0).then(|| Timestamp::from_secs(invoice.settle_date)),
        hold_secs: u32::try_from(invoice.expiry).unwrap_or(0),
        htlc_expiry,
        channel,
        add_index: invoice.add_index,
        settle_index,
    })
}

/// What has been paid to an invoice.
struct Arrived {
    amount: Msat,
    htlc_expiry: Option<u32>,
    /// Over which the first HTLC came.
    channel: Option<u64>,
    records: Records,
}

impl Arrived {
    /// Nothing yet.
    const fn nothing(amount: Msat) -> Self {
        Self {
            amount,
            htlc_expiry: None,
            channel: None,
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

/// The first HTLC, which is the payment, and those that settled later: whoever has seen the preimage can pay the same hash
/// again, with other records.
fn htlcs_of_keysend(
    mut htlcs: Vec<InvoiceHtlc>,
    state: InvoiceState,
) -> (Option<InvoiceHtlc>, Vec<InvoiceHtlc>) {
    let has_settled = |htlc: &InvoiceHtlc| htlc.state() == InvoiceHtlcState::Settled;
    htlcs.sort_by_key(moment);
    if state == InvoiceState::Settled {
        htlcs.retain(|htlc| htlc.state() != InvoiceHtlcState::Canceled);
    }
    let mut htlcs = htlcs.into_iter();
    (htlcs.next(), htlcs.filter(has_settled).collect())
}

/// The settled sets, each of which is a payment whose parts all have its records.
fn sets_of_amp(invoice: PaymentHash, mut htlcs: Vec<InvoiceHtlc>) -> Vec<Further> {
    htlcs.retain(|htlc| htlc.state() == InvoiceHtlcState::Settled);
    htlcs.sort_by_key(moment);
    let mut sets: Vec<Further> = Vec::new();
    for htlc in htlcs {
        let name = Further::name_of_set(invoice, &htlc.amp.unwrap_or_default().set_id);
        let amount = Msat::new(htlc.amt_msat);
        match sets.iter_mut().find(|set| set.name == name) {
            Some(set) => set.amount = set.amount.checked_add(amount).unwrap_or(set.amount),
            None => sets.push(Further {
                name,
                amount,
                records: htlc.custom_records.into_iter().collect(),
                at: Timestamp::from_secs(htlc.accept_time),
            }),
        }
    }
    sets
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
        channel: htlcs
            .iter()
            .map(|htlc| (moment(htlc), htlc.chan_id))
            .min()
            .map(|(_, id)| id),
        records: htlcs
            .into_iter()
            .min_by_key(moment)
            .map(|htlc| htlc.custom_records.into_iter().collect())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
