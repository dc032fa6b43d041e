//! Payments to invoices: in several parts where one does not fit through.

use std::sync::Arc;
use std::time::Duration;

use domain::{Failure, Msat, NodeId, PaymentHash, Preimage};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::Shared;
use super::invoice::Arrival;
use super::path::{Hop, Proof, Search};
use super::pay::{Flight, carry, channel_of, length, until_running, with_preimage};
use super::state::State;
use crate::error::LightningError;
use crate::types::{InvoicePayment, Over, PaymentUpdate, Records};

/// LND makes no smaller parts by itself.
const SMALLEST_PART: Msat = Msat::new(10_000_000);

/// A payment that may begin.
pub(super) struct Bill {
    pub(super) hash: PaymentHash,
    to: NodeId,
    amount: Msat,
    records: Records,
    fee_limit: Msat,
    timeout: Duration,
    max_parts: usize,
}

impl Bill {
    /// Reads the invoice and refuses what LND refuses.
    pub(super) fn check(
        state: &State,
        node: usize,
        payment: InvoicePayment,
    ) -> Result<Self, LightningError> {
        let invoice = state.decode_invoice(&payment.bolt11)?;
        let words = if invoice.amount.is_some_and(|asked| asked != payment.amount) {
            "the invoice asks for another amount"
        } else if payment.amount.is_zero() {
            "amount must be specified when paying a zero amount invoice"
        } else if invoice.destination == state.nodes[node].id {
            "self-payments not allowed"
        } else if invoice.expires_at < state.now_at(node) {
            return Err(LightningError::TooLate);
        } else {
            return Ok(Self {
                hash: invoice.hash,
                to: invoice.destination,
                amount: payment.amount,
                records: payment.records,
                fee_limit: payment.fee_limit,
                timeout: Duration::from_secs(payment.timeout_secs.into()),
                max_parts: usize::try_from(payment.max_parts.max(1)).unwrap_or(usize::MAX),
            });
        };
        Err(LightningError::Node(words.to_owned()))
    }
}

/// A part whose first HTLC is out.
struct Part {
    hops: Vec<Hop>,
    amount: Msat,
    fee: Msat,
}

/// What is known of a payment while its parts are on their way.
struct Progress {
    missing: Msat,
    /// The largest part that is still tried.
    largest: Msat,
    under_way: usize,
    /// Of all parts that are on their way or have arrived.
    fees: Msat,
    attempts: u32,
    hops: Option<u32>,
    /// Nothing is tried any more.
    end: Option<Ending>,
    offline: bool,
}

enum Ending {
    Refused,
    Failed(Failure),
}

/// Sends parts until all of the amount is under way, again for those that come back, until the payment has an end.
pub(super) async fn pay(shared: Arc<Shared>, node: usize, bill: Bill) {
    let deadline = Instant::now()
        .checked_add(bill.timeout)
        .unwrap_or_else(Instant::now);
    let mut progress = Progress {
        missing: bill.amount,
        largest: bill.amount,
        under_way: 0,
        fees: Msat::ZERO,
        attempts: 0,
        hops: None,
        end: None,
        offline: false,
    };
    let mut flights = FuturesUnordered::new();
    loop {
        until_running(&shared, node).await;
        while progress.end.is_none() && !progress.missing.is_zero() {
            if Instant::now() >= deadline {
                progress.end = Some(Ending::Failed(Failure::Timeout));
                break;
            }
            let part = shared.lock().send_part(node, &bill, &mut progress);
            if let Some(part) = part {
                let (shared, arrival) = (Arc::clone(&shared), bill.arrival(&part));
                flights.push(async move {
                    let flight = carry(&shared, &part.hops, 1, arrival).await;
                    (part, flight)
                });
            }
        }
        let Some((part, flight)) = flights.next().await else {
            break;
        };
        shared
            .lock()
            .end_part(node, &bill, &mut progress, &part, &flight);
    }
    let mut state = shared.lock();
    let preimage = state.preimage_of(&bill);
    state.tell(node, bill.hash, &progress.outcome(preimage));
}

impl Bill {
    fn arrival(&self, part: &Part) -> Arrival {
        Arrival {
            hash: self.hash,
            preimage: None,
            amount: part.amount,
            records: with_preimage(self.records.clone(), None),
            channel: channel_of(&part.hops),
            part_of: Some(self.amount),
            amp: None,
        }
    }
}

impl Progress {
    fn outcome(&self, preimage: Option<Preimage>) -> PaymentUpdate {
        let hops = self.hops;
        match &self.end {
            None => PaymentUpdate::Settled {
                fee: self.fees,
                hops: hops.unwrap_or(0),
                preimage,
            },
            Some(Ending::Refused) => PaymentUpdate::Refused {
                hops: hops.unwrap_or(0),
            },
            Some(Ending::Failed(failure)) => PaymentUpdate::Failed {
                failure: *failure,
                attempts: self.attempts,
                hops,
            },
        }
    }
}

impl State {
    /// What the recipient has given, once the invoice is paid.
    fn preimage_of(&mut self, bill: &Bill) -> Option<Preimage> {
        let to = self.find(bill.to)?;
        self.nodes[to].invoices.view(bill.hash)?.preimage
    }

    /// Finds a way for what is missing, or for half of it, and puts the first HTLC on it in the same moment: the next part
    /// sees what is left in the channels. `None` when it has to be tried smaller, or not at all any more.
    fn send_part(&mut self, node: usize, bill: &Bill, progress: &mut Progress) -> Option<Part> {
        let amount = progress.missing.min(progress.largest);
        // An invoice names them.
        let hints = self
            .find(bill.to)
            .map_or_else(Vec::new, |to| self.hints_of(to));
        let found = self.find_path(&Search {
            from: node,
            to: bill.to,
            amount,
            fee_limit: bill
                .fee_limit
                .checked_sub(progress.fees)
                .unwrap_or_default(),
            records: &bill.records,
            proof: Proof::Invoice(bill.amount),
            use_mission_control: true,
            over: Over::Anything,
            hints: &hints,
        });
        let may_split = progress.under_way.saturating_add(1) < bill.max_parts;
        let half = Msat::new(amount.get().div_euclid(2));
        let (hops, fee) = match found {
            Ok(found) => found,
            Err(LightningError::InsufficientBalance) => {
                progress.end = Some(Ending::Failed(Failure::InsufficientBalance));
                return None;
            }
            Err(_) if may_split && half >= SMALLEST_PART => {
                progress.largest = half;
                return None;
            }
            Err(_) => {
                let failure = if progress.offline {
                    Failure::RecipientOffline
                } else {
                    Failure::NoRoute
                };
                progress.end = Some(Ending::Failed(failure));
                return None;
            }
        };
        // The path was found in this moment, so its first channel has the money.
        if hops
            .first()
            .is_none_or(|first| self.offer(first, true).is_some())
        {
            progress.end = Some(Ending::Failed(Failure::NoRoute));
            return None;
        }
        progress.missing = progress.missing.checked_sub(amount).unwrap_or_default();
        progress.fees = progress.fees.checked_add(fee).unwrap_or_default();
        progress.under_way = progress.under_way.saturating_add(1);
        progress.attempts = progress.attempts.saturating_add(1);
        progress.hops = Some(length(&hops));
        let update = PaymentUpdate::InFlight {
            hops: progress.hops,
        };
        self.tell(node, bill.hash, &update);
        Some(Part { hops, amount, fee })
    }

    /// Books the end of a part. One that did not arrive is missing again.
    fn end_part(
        &mut self,
        node: usize,
        bill: &Bill,
        progress: &mut Progress,
        part: &Part,
        flight: &Flight,
    ) {
        self.learn(node, &part.hops, flight);
        progress.under_way = progress.under_way.saturating_sub(1);
        if matches!(flight, Flight::Settled) {
            return;
        }
        progress.missing = progress
            .missing
            .checked_add(part.amount)
            .unwrap_or_default();
        progress.fees = progress.fees.checked_sub(part.fee).unwrap_or_default();
        match flight {
            // Parts also come back when the others do not come; what stopped those is the reason then.
            Flight::Refused => progress.end = progress.end.take().or(Some(Ending::Refused)),
            Flight::Failed { at, away } => {
                progress.offline |= *away && at.saturating_add(1) == part.hops.len();
            }
            Flight::Settled => {}
        }
        // The end of a try is news, too.
        let update = PaymentUpdate::InFlight {
            hops: progress.hops,
        };
        self.tell(node, bill.hash, &update);
    }
}
