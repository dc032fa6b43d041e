//! The services for invoices and payments.

use super::super::super::rpc::invoicesrpc::invoices_server::Invoices;
use super::super::super::rpc::invoicesrpc::{
    AddHoldInvoiceRequest, AddHoldInvoiceResp, CancelInvoiceMsg, CancelInvoiceResp,
    LookupInvoiceMsg, SettleInvoiceMsg, SettleInvoiceResp, SubscribeSingleInvoiceRequest,
};
use super::super::super::rpc::routerrpc::router_server::Router;
use super::super::super::rpc::routerrpc::{
    SendPaymentRequest, SendToRouteRequest, TrackPaymentRequest,
};
use super::*;

/// Invoices that are made, and payments to them.
#[derive(Default)]
pub(in super::super) struct PaymentScript {
    /// The answer to the next such call, instead of doing it.
    pub(in super::super) refuse: Option<Status>,
    pub(in super::super) made: Vec<AddHoldInvoiceRequest>,
    /// The hashes of those that were to be removed, in hexadecimal digits.
    pub(in super::super) removed: Vec<String>,
    /// What a look-up finds.
    pub(in super::super) known: Option<lnrpc::Invoice>,
    /// What every invoice says.
    pub(in super::super) decoded: lnrpc::PayReq,
    pub(in super::super) paid: Vec<SendPaymentRequest>,
    pub(in super::super) updates: Vec<lnrpc::Payment>,
}

#[tonic::async_trait]
impl Invoices for Fake {
    type SubscribeSingleInvoiceStream = Events<lnrpc::Invoice>;

    async fn subscribe_single_invoice(
        &self,
        _: Request<SubscribeSingleInvoiceRequest>,
    ) -> Answer<Self::SubscribeSingleInvoiceStream> {
        self.answered(|script| events(script.known.as_slice()))
    }

    async fn lookup_invoice_v2(&self, _: Request<LookupInvoiceMsg>) -> Answer<lnrpc::Invoice> {
        let known = self.payments(|script| script.known.clone());
        known
            .map(Response::new)
            .ok_or_else(|| Status::not_found("unable to locate invoice"))
    }

    async fn settle_invoice(&self, _: Request<SettleInvoiceMsg>) -> Answer<SettleInvoiceResp> {
        silent()
    }

    async fn cancel_invoice(&self, _: Request<CancelInvoiceMsg>) -> Answer<CancelInvoiceResp> {
        silent()
    }

    async fn add_hold_invoice(
        &self,
        request: Request<AddHoldInvoiceRequest>,
    ) -> Answer<AddHoldInvoiceResp> {
        self.answered(|script| {
            script.made.push(request.into_inner());
            AddHoldInvoiceResp {
                payment_request: "lnbcrt1new".to_owned(),
            }
        })
    }
}

#[tonic::async_trait]
impl Router for Fake {
    type SendPaymentV2Stream = Events<lnrpc::Payment>;

    async fn send_payment_v2(
        &self,
        request: Request<SendPaymentRequest>,
    ) -> Answer<Self::SendPaymentV2Stream> {
        self.answered(|script| {
            script.paid.push(request.into_inner());
            events(&script.updates)
        })
    }

    type TrackPaymentV2Stream = Events<lnrpc::Payment>;

    async fn track_payment_v2(
        &self,
        _: Request<TrackPaymentRequest>,
    ) -> Answer<Self::TrackPaymentV2Stream> {
        silent()
    }

    async fn send_to_route_v2(&self, _: Request<SendToRouteRequest>) -> Answer<lnrpc::HtlcAttempt> {
        silent()
    }
}
