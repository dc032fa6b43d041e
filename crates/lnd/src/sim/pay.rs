//! Outgoing payments: each is a task that lives as long as the network, whoever listens.

use std::sync::Arc;
use std::time::Duration;

use domain::{Failure, Msat, PaymentHash, Preimage};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::Shared;
use super::invoice::{Arrival, receive};
use super::path::{Hop, KEYSEND_PREIMAGE, Proof, Search, Ticket};
use super::state::{Line, NodeState, State};
use crate::error::LightningError;
use crate::types::{Keysend, Over, PaymentUpdate, Records};

/// An experiment of the protocol: whether the forwarders vouch for the payment. They do not.
const ACCOUNTABLE: u64 = 106_823;

/// What a node knows of a payment of its own.
pub(super) struct Payment {
    /// What it says now; after the end without the attempts, which LND deletes.
    pub(super) last: PaymentUpdate,
    /// Those who follow it live.
    pub(super) followers: Vec<Line<PaymentUpdate>>,
}

/// How one try ended.
pub(super) enum Flight {
    Settled,
    /// By the recipient.
    Refused,
    /// At this hop; the node before it says so.
    Failed {
        at: usize,
        away: bool,
    },
}

/// Waits until a node is there.
pub(super) async fn until_running(shared: &Shared, node: usize) {
    loop {
        let started = {
            let state = shared.lock();
            if state.nodes[node].is_running() {
                return;
            }
            Arc::clone(&state.nodes[node].started).notified_owned()
        };
        started.await;
    }
}

impl State {
    /// Takes a payment on, unless its hash is known; its own failure does not count.
    pub(super) fn begin(
        &mut self,
        node: usize,
        hash: PaymentHash,
    ) -> Result<UnboundedReceiverStream<Result<PaymentUpdate, LightningError>>, LightningError>
    {
        let known = self.nodes[node].payments.get(&hash);
        if known.is_some_and(|payment| {
            matches!(
                payment.last,
                PaymentUpdate::InFlight { .. } | PaymentUpdate::Settled { .. }
            )
        }) {
            return Err(LightningError::AlreadyExists);
        }
        let last = PaymentUpdate::InFlight { hops: None };
        self.nodes[node].payments.insert(
            hash,
            Payment {
                last,
                followers: Vec::new(),
            },
        );
        self.follow(node, hash)
    }

    /// What is known of a payment, then what happens to it.
    pub(super) fn follow(
        &mut self,
        node: usize,
        hash: PaymentHash,
    ) -> Result<UnboundedReceiverStream<Result<PaymentUpdate, LightningError>>, LightningError>
    {
        let payment = self.nodes[node]
            .payments
            .get_mut(&hash)
            .ok_or(LightningError::NotFound)?;
        let (line, updates) = mpsc::unbounded_channel();
        // The other end is still in our hands.
        let _ = line.send(Ok(payment.last.clone()));
        if !payment.last.is_final() {
            payment.followers.push(line);
        }
        Ok(UnboundedReceiverStream::new(updates))
    }

    pub(super) fn tell(&mut self, node: usize, hash: PaymentHash, update: &PaymentUpdate) {
        let this = &mut self.nodes[node];
        let followed = this
            .payments
            .get(&hash)
            .is_some_and(|payment| !payment.followers.is_empty());
        let lost = followed && this.loses_event();
        let Some(payment) = this.payments.get_mut(&hash) else {
            return;
        };
        if !lost {
            payment
                .followers
                .retain(|line| line.send(Ok(update.clone())).is_ok());
        }
        payment.last = forget_attempts(update);
        if update.is_final() {
            payment.followers.clear();
        }
    }

    /// What the sender learns from a try, for its next ones.
    pub(super) fn learn(&mut self, node: usize, hops: &[Hop], flight: &Flight) {
        let this: &mut NodeState = &mut self.nodes[node];
        let crossed = match flight {
            Flight::Settled | Flight::Refused => hops.len(),
            Flight::Failed { at, .. } => *at,
        };
        for hop in hops.iter().take(crossed) {
            this.failed_pairs.remove(&(hop.from, hop.to));
        }
        if let Flight::Failed { at, away } = flight {
            let hop = hops[*at];
            // A node that is away forwards nothing; one without money may forward less.
            let from = if *away { Msat::ZERO } else { hop.amount };
            this.failed_pairs
                .insert((hop.from, hop.to), (Instant::now(), from));
        }
    }
}

/// Without `keep-failed-payment-attempts` LND deletes the tries of a payment that failed; only its stream tells them.
fn forget_attempts(update: &PaymentUpdate) -> PaymentUpdate {
    match update {
        PaymentUpdate::Refused { .. } => PaymentUpdate::Refused { hops: 0 },
        PaymentUpdate::Failed { failure, .. } => {
            let failure = match failure {
                Failure::RecipientOffline | Failure::AmountTooSmall => Failure::NoRoute,
                other => *other,
            };
            PaymentUpdate::Failed {
                failure,
                attempts: 0,
                hops: None,
            }
        }
        other => other.clone(),
    }
}

/// Looks for a way and tries it, again and again, until the payment has an end.
pub(super) async fn pay(shared: Arc<Shared>, node: usize, keysend: Keysend) {
    let hash = keysend.preimage.payment_hash();
    let deadline = Instant::now()
        .checked_add(Duration::from_secs(keysend.timeout_secs.into()))
        .unwrap_or_else(Instant::now);
    let (mut attempts, mut last_hops, mut offline) = (0_u32, None, false);
    let end = loop {
        until_running(&shared, node).await;
        let failed = |failure| PaymentUpdate::Failed {
            failure,
            attempts,
            hops: last_hops,
        };
        if Instant::now() >= deadline {
            break failed(Failure::Timeout);
        }
        let found = shared.lock().find_path(&Search {
            from: node,
            to: keysend.to,
            amount: keysend.amount,
            fee_limit: keysend.fee_limit,
            records: &keysend.records,
            proof: Proof::Keysend,
            use_mission_control: true,
            over: Over::Anything,
            hints: &keysend.hints,
        });
        let (hops, fee) = match found {
            Ok(found) => found,
            Err(_) if offline => break failed(Failure::RecipientOffline),
            Err(LightningError::InsufficientBalance) => {
                break failed(Failure::InsufficientBalance);
            }
            Err(_) => break failed(Failure::NoRoute),
        };
        let count = length(&hops);
        attempts = attempts.saturating_add(1);
        last_hops = Some(count);
        shared
            .lock()
            .tell(node, hash, &PaymentUpdate::InFlight { hops: last_hops });
        let records = keysend.records.clone();
        let flight = fly(
            &shared,
            &hops,
            hash,
            Some(keysend.preimage.clone()),
            records,
            None,
        )
        .await;
        {
            let mut state = shared.lock();
            state.learn(node, &hops, &flight);
            if !matches!(flight, Flight::Settled) {
                // The end of a try is news, too.
                state.tell(node, hash, &PaymentUpdate::InFlight { hops: last_hops });
            }
        }
        match flight {
            Flight::Settled => {
                break PaymentUpdate::Settled {
                    fee,
                    hops: count,
                    preimage: None,
                };
            }
            Flight::Refused => break PaymentUpdate::Refused { hops: count },
            Flight::Failed { at, away } => {
                offline |= away && at.saturating_add(1) == hops.len();
            }
        }
    };
    shared.lock().tell(node, hash, &end);
}

/// Tries exactly one way.
pub(super) async fn pay_over(shared: Arc<Shared>, node: usize, hash: PaymentHash, ticket: Ticket) {
    let Ticket {
        hops,
        fee,
        records,
        preimage,
        part_of,
    } = ticket;
    let count = length(&hops);
    shared
        .lock()
        .tell(node, hash, &PaymentUpdate::InFlight { hops: Some(count) });
    let flight = fly(&shared, &hops, hash, preimage, records, part_of).await;
    let end = match flight {
        Flight::Settled => PaymentUpdate::Settled {
            fee,
            hops: count,
            // Of an invoice the payer learns it now.
            preimage: hops.last().filter(|_| part_of.is_some()).and_then(|last| {
                let invoice = shared.lock().nodes[last.to].invoices.view(hash);
                invoice?.preimage
            }),
        },
        Flight::Refused => PaymentUpdate::Refused { hops: count },
        Flight::Failed { at, away } => {
            let offline = away && at.saturating_add(1) == hops.len();
            let failure = if offline {
                Failure::RecipientOffline
            } else {
                Failure::NoRoute
            };
            PaymentUpdate::Failed {
                failure,
                attempts: 1,
                hops: Some(count),
            }
        }
    };
    let mut state = shared.lock();
    state.learn(node, &hops, &flight);
    state.tell(node, hash, &end);
}

pub(super) fn length(hops: &[Hop]) -> u32 {
    u32::try_from(hops.len()).unwrap_or(u32::MAX)
}

/// Sends the HTLCs of a payment in one part out and brings the outcome back.
async fn fly(
    shared: &Arc<Shared>,
    hops: &[Hop],
    hash: PaymentHash,
    preimage: Option<Preimage>,
    records: Records,
    part_of: Option<Msat>,
) -> Flight {
    let amount = hops.last().map_or(Msat::ZERO, |hop| hop.amount);
    let arrival = Arrival {
        hash,
        records: with_preimage(records, preimage.as_ref()),
        preimage,
        amount,
        channel: channel_of(hops),
        part_of,
        amp: None,
    };
    carry(shared, hops, 0, arrival).await
}

/// The number of the channel over which the recipient gets it.
pub(super) fn channel_of(hops: &[Hop]) -> Option<u64> {
    hops.last().and_then(|hop| u64::try_from(hop.channel).ok())
}

/// Sends the HTLCs out, hop by hop, hands the last one to the recipient, and brings the outcome back. So many of them are
/// out already.
pub(super) async fn carry(
    shared: &Arc<Shared>,
    hops: &[Hop],
    out: usize,
    arrival: Arrival,
) -> Flight {
    let (Some(first), Some(last)) = (hops.first(), hops.last()) else {
        return Flight::Failed { at: 0, away: false };
    };
    for (at, hop) in hops.iter().enumerate() {
        if at >= out {
            until_running(shared, hop.from).await;
            let refusal = shared.lock().offer(hop, hop.from == first.from);
            if let Some(away) = refusal {
                bring_back(shared, &hops[..at], false).await;
                return Flight::Failed { at, away };
            }
        }
        pass(shared).await;
    }
    until_running(shared, last.to).await;
    let hash = arrival.hash;
    let settled = receive(shared, last.to, arrival).await;
    shared.lock().note(hash, hops, settled);
    bring_back(shared, hops, settled).await;
    if settled {
        Flight::Settled
    } else {
        Flight::Refused
    }
}

impl State {
    /// Sends one HTLC; `Some` when that is not possible: whether the next node is away.
    pub(super) fn offer(&mut self, hop: &Hop, own: bool) -> Option<bool> {
        let away = !self.nodes[hop.to].is_running();
        let channel = &mut self.channels[hop.channel];
        let side = channel.side(hop.from)?;
        if away {
            // Of our own channel we know that it is down; others only hear "unknown next peer".
            return Some(!own);
        }
        (!channel.offer(side, hop.amount)).then_some(false)
    }
}

/// Resolves the HTLCs from the last one back to the first.
async fn bring_back(shared: &Shared, hops: &[Hop], settled: bool) {
    for hop in hops.iter().rev() {
        until_running(shared, hop.to).await;
        until_running(shared, hop.from).await;
        pass(shared).await;
        let mut state = shared.lock();
        let channel = &mut state.channels[hop.channel];
        if let Some(side) = channel.side(hop.from) {
            channel.resolve(side, hop.amount, settled);
        }
    }
    // The sender learns it only when it is there.
    if let Some(first) = hops.first() {
        until_running(shared, first.from).await;
    }
}

async fn pass(shared: &Shared) {
    let time = shared.lock().hop_time;
    tokio::time::sleep(time).await;
}

/// The recipient sees the preimage among the records, and a stranger that LND's path adds.
pub(super) fn with_preimage(mut records: Records, preimage: Option<&Preimage>) -> Records {
    records.push((ACCOUNTABLE, vec![0]));
    if let Some(preimage) = preimage {
        records.retain(|(kind, _)| *kind != KEYSEND_PREIMAGE);
        records.push((KEYSEND_PREIMAGE, preimage.expose().to_vec()));
    }
    records.sort_by_key(|(kind, _)| *kind);
    records
}
