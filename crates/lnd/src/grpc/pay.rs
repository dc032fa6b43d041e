//! Routes and outgoing keysends.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Failure, PaymentHash, Preimage, RouteHint};
use futures::StreamExt;
use prost::Message;
use zeroize::Zeroizing;

use super::node::{GrpcNode, answer, msat, node_id, nonsense, updates};
use super::rpc::lnrpc::failure::FailureCode;
use super::rpc::lnrpc::htlc_attempt::HtlcStatus;
use super::rpc::lnrpc::payment::PaymentStatus;
use super::rpc::lnrpc::{
    self, FeatureBit, FeeLimit, HtlcAttempt, MppRecord, NodePair, Payment, PaymentFailureReason,
    QueryRoutesRequest, fee_limit,
};
use super::rpc::routerrpc::{SendPaymentRequest, SendToRouteRequest, TrackPaymentRequest};
use super::status::classify;
use crate::diagnose::refine;
use crate::error::LightningError;
use crate::lightning::Updates;
use crate::permission;
use crate::types::{Keysend, Over, PaidBy, PaymentUpdate, Records, Route, RouteQuery, RouteToken};

/// The record in which a keysend carries its preimage.
const KEYSEND_PREIMAGE: u64 = 5_482_373_484;
/// The cheapest way, however unproven: an attempt that fails costs nothing.
pub(super) const CHEAPEST: f64 = -1.0;

impl GrpcNode {
    pub(super) async fn find_route(&self, query: RouteQuery) -> Result<Route, LightningError> {
        let (records, bill) = match &query.paid_by {
            // Any preimage will do to count its room.
            PaidBy::Quote => (
                last_hop_records(query.records, &Preimage::new([0; 32])),
                None,
            ),
            PaidBy::Keysend(preimage) => (last_hop_records(query.records, preimage), None),
            PaidBy::Invoice(bolt11) => {
                let bill = self.bill(bolt11, query.to, query.amount).await?;
                (query.records.into_iter().collect(), Some(bill))
            }
        };
        let (final_cltv_delta, route_hints, secret) = match bill {
            Some(bill) => (bill.final_cltv_delta, bill.route_hints, Some(bill.secret)),
            // LND's own number.
            None => (0, hints(&query.hints), None),
        };
        let ignored_pairs = match query.over {
            Over::Others => vec![NodePair {
                from: self.own_id().await?.as_bytes().to_vec(),
                to: query.to.as_bytes().to_vec(),
            }],
            Over::Anything | Over::OwnChannel => Vec::new(),
        };
        let request = QueryRoutesRequest {
            pub_key: query.to.to_string(),
            amt_msat: amount(query.amount)?,
            fee_limit: Some(FeeLimit {
                limit: Some(fee_limit::Limit::FixedMsat(amount(query.fee_limit)?)),
            }),
            final_cltv_delta,
            dest_custom_records: records,
            route_hints,
            dest_features: dest_features(),
            use_mission_control: query.use_mission_control,
            time_pref: CHEAPEST,
            ignored_pairs,
        };
        let mut client = self.lightning.clone();
        let found = answer(permission::QUERY_ROUTES, client.query_routes(request)).await?;
        let mut route = found
            .routes
            .into_iter()
            .next()
            .ok_or(LightningError::NoRoute)?;
        let nodes = route
            .hops
            .iter()
            .map(|hop| node_id(&hop.pub_key))
            .collect::<Result<Vec<_>, _>>()?;
        // One's own channel costs nothing: where it will do, it is the cheapest way.
        if query.over == Over::OwnChannel && nodes.len() != 1 {
            return Err(LightningError::NoRoute);
        }
        if let (Some(payment_addr), Some(last)) = (secret, route.hops.last_mut()) {
            last.mpp_record = Some(MppRecord {
                payment_addr,
                total_amt_msat: amount(query.amount)?,
            });
        }
        Ok(Route {
            fee: msat(route.total_fees_msat),
            total: msat(route.total_amt_msat),
            nodes,
            token: RouteToken::Grpc(Zeroizing::new(route.encode_to_vec())),
        })
    }

    pub(super) async fn send_keysend(
        &self,
        keysend: Keysend,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        let request = SendPaymentRequest {
            dest: keysend.to.as_bytes().to_vec(),
            payment_hash: keysend.preimage.payment_hash().0.to_vec(),
            payment_request: String::new(),
            timeout_seconds: i32::try_from(keysend.timeout_secs).unwrap_or(i32::MAX),
            dest_custom_records: last_hop_records(keysend.records.clone(), &keysend.preimage),
            amt_msat: amount(keysend.amount)?,
            fee_limit_msat: amount(keysend.fee_limit)?,
            dest_features: dest_features(),
            // A keysend cannot be split.
            max_parts: 1,
            time_pref: CHEAPEST,
            route_hints: hints(&keysend.hints),
        };
        let mut client = self.router.clone();
        let stream = answer(permission::SEND_PAYMENT, client.send_payment_v2(request)).await?;
        let node = self.clone();
        let keysend = Arc::new(keysend);
        let told = updates(permission::SEND_PAYMENT, stream, |payment| {
            Some(read_payment(payment))
        });
        Ok(Box::pin(told.then(move |update| {
            let (node, keysend) = (node.clone(), Arc::clone(&keysend));
            async move { Ok(refine(&node, &keysend, update?).await) }
        })))
    }

    pub(super) async fn follow(
        &self,
        hash: PaymentHash,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        let request = TrackPaymentRequest {
            payment_hash: hash.0.to_vec(),
            no_inflight_updates: false,
        };
        let mut client = self.router.clone();
        let stream = answer(permission::TRACK_PAYMENT, client.track_payment_v2(request)).await?;
        Ok(updates(permission::TRACK_PAYMENT, stream, |payment| {
            Some(read_payment(payment))
        }))
    }

    pub(super) async fn send_over(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError> {
        let foreign = || LightningError::Node("this route is of another world".to_owned());
        #[allow(
            irrefutable_let_patterns,
            reason = "refutable with the network in memory"
        )]
        let RouteToken::Grpc(encoded) = route.token else {
            return Err(foreign());
        };
        let route = lnrpc::Route::decode(encoded.as_slice()).map_err(|_| foreign())?;
        let request = SendToRouteRequest {
            payment_hash: hash.0.to_vec(),
            route: Some(route),
        };
        let mut client = self.router.clone();
        // The answer comes with the outcome: a held payment takes its time.
        let attempt = client
            .send_to_route_v2(request)
            .await
            .map_err(|status| classify(permission::SEND_TO_ROUTE, &status))?;
        Ok(read_single(&attempt.into_inner()))
    }
}

/// The records of the last hop: the caller's and the preimage.
fn last_hop_records(records: Records, preimage: &Preimage) -> BTreeMap<u64, Vec<u8>> {
    let mut records: BTreeMap<_, _> = records.into_iter().collect();
    records.insert(KEYSEND_PREIMAGE, preimage.expose().to_vec());
    records
}

/// Each is a way of one channel by itself.
fn hints(hints: &[RouteHint]) -> Vec<lnrpc::RouteHint> {
    let way = |hint: &RouteHint| lnrpc::RouteHint {
        hop_hints: vec![lnrpc::HopHint {
            node_id: hint.via.to_string(),
            chan_id: hint.channel,
            fee_base_msat: u32::try_from(hint.base_fee.get()).unwrap_or(u32::MAX),
            fee_proportional_millionths: hint.fee_ppm,
            cltv_expiry_delta: hint.cltv_delta.into(),
        }],
    };
    hints.iter().map(way).collect()
}

/// What we assume of the recipient: without it LND finds no way to a node that it does not know from gossip.
fn dest_features() -> Vec<i32> {
    vec![FeatureBit::TlvOnionOpt.into()]
}

pub(super) fn amount(amount: domain::Msat) -> Result<i64, LightningError> {
    i64::try_from(amount.get())
        .map_err(|_| LightningError::Node("more than all bitcoin".to_owned()))
}

/// Channels on the route of an attempt.
fn hops(attempt: &HtlcAttempt) -> Option<u32> {
    attempt
        .route
        .as_ref()
        .and_then(|route| u32::try_from(route.hops.len()).ok())
}

/// What the failure of one attempt means by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Refused,
    RecipientOffline,
    AmountTooSmall,
    Elsewhere,
}

fn verdict(attempt: &HtlcAttempt) -> Verdict {
    let Some(failure) = &attempt.failure else {
        return Verdict::Elsewhere;
    };
    // Zero is our own node, the last one is the recipient.
    let source = Some(failure.failure_source_index);
    let hops = hops(attempt);
    let recipient = source == hops;
    let before_recipient = source == hops.and_then(|hops| hops.checked_sub(1));
    match failure.code() {
        FailureCode::IncorrectOrUnknownPaymentDetails | FailureCode::IncorrectPaymentAmount
            if recipient =>
        {
            Verdict::Refused
        }
        FailureCode::UnknownNextPeer if before_recipient => Verdict::RecipientOffline,
        FailureCode::AmountBelowMinimum => Verdict::AmountTooSmall,
        _ => Verdict::Elsewhere,
    }
}

/// The state of a payment, from the last word of its stream.
pub(super) fn read_payment(payment: Payment) -> Result<PaymentUpdate, LightningError> {
    let last = payment.htlcs.last();
    let last_hops = last.and_then(hops);
    Ok(match payment.status() {
        PaymentStatus::Initiated | PaymentStatus::InFlight => {
            PaymentUpdate::InFlight { hops: last_hops }
        }
        PaymentStatus::Succeeded => {
            let paid = payment
                .htlcs
                .iter()
                .find(|htlc| htlc.status() == HtlcStatus::Succeeded);
            PaymentUpdate::Settled {
                fee: msat(payment.fee_msat),
                hops: paid.and_then(hops).unwrap_or(0),
                preimage: preimage(&payment.payment_preimage),
            }
        }
        PaymentStatus::Failed => read_failure(&payment),
        PaymentStatus::Unknown => return Err(nonsense("payment status")),
    })
}

/// From hexadecimal; `None` for anything that is none.
fn preimage(text: &str) -> Option<Preimage> {
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, bytes.as_mut_slice()).ok()?;
    Some(Preimage::new(*bytes))
}

fn read_failure(payment: &Payment) -> PaymentUpdate {
    use PaymentFailureReason as Reason;
    let hops = payment.htlcs.last().and_then(hops);
    let seen = |wanted| {
        payment
            .htlcs
            .iter()
            .any(|attempt| verdict(attempt) == wanted)
    };
    let reason = payment.failure_reason();
    // Without attempts (LND deletes the failed ones) the reason is all there is.
    if seen(Verdict::Refused)
        || (reason == Reason::FailureReasonIncorrectPaymentDetails && payment.htlcs.is_empty())
    {
        return PaymentUpdate::Refused {
            hops: hops.unwrap_or(0),
        };
    }
    let failure = match reason {
        Reason::FailureReasonTimeout => Failure::Timeout,
        Reason::FailureReasonInsufficientBalance => Failure::InsufficientBalance,
        _ if seen(Verdict::RecipientOffline) => Failure::RecipientOffline,
        Reason::FailureReasonNoRoute if seen(Verdict::AmountTooSmall) => Failure::AmountTooSmall,
        Reason::FailureReasonNoRoute => Failure::NoRoute,
        _ if seen(Verdict::AmountTooSmall) => Failure::AmountTooSmall,
        Reason::FailureReasonNone
        | Reason::FailureReasonError
        | Reason::FailureReasonIncorrectPaymentDetails
        | Reason::FailureReasonCanceled => Failure::Rejected,
    };
    let attempts = u32::try_from(payment.htlcs.len()).unwrap_or(u32::MAX);
    PaymentUpdate::Failed {
        failure,
        attempts,
        hops,
    }
}

/// The outcome of a payment over one given route.
fn read_single(attempt: &HtlcAttempt) -> PaymentUpdate {
    let hops = hops(attempt);
    let failure = match (attempt.status(), verdict(attempt)) {
        (HtlcStatus::InFlight, _) => return PaymentUpdate::InFlight { hops },
        (HtlcStatus::Succeeded, _) => {
            let fee = attempt
                .route
                .as_ref()
                .map_or(0, |route| route.total_fees_msat);
            return PaymentUpdate::Settled {
                fee: msat(fee),
                hops: hops.unwrap_or(0),
                preimage: <[u8; 32]>::try_from(attempt.preimage.as_slice())
                    .ok()
                    .map(Preimage::new),
            };
        }
        (HtlcStatus::Failed, Verdict::Refused) => {
            return PaymentUpdate::Refused {
                hops: hops.unwrap_or(0),
            };
        }
        (HtlcStatus::Failed, Verdict::RecipientOffline) => Failure::RecipientOffline,
        (HtlcStatus::Failed, Verdict::AmountTooSmall) => Failure::AmountTooSmall,
        (HtlcStatus::Failed, Verdict::Elsewhere) => Failure::NoRoute,
    };
    PaymentUpdate::Failed {
        failure,
        attempts: 1,
        hops,
    }
}

#[cfg(test)]
mod tests;
