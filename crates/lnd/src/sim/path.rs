//! Path finding: the cheapest way that our own node believes in.

use domain::{HINTS_KEPT, Msat, NodeId, Preimage, RouteHint};

use super::state::{MEMORY, State};
use crate::error::LightningError;
use crate::types::{Over, Records};

/// Bytes on a way of one hop for custom records, each with its type and length, and for what the payment needs itself.
const ROOM: usize = 1_257;
/// What every further hop takes of it.
const ROOM_PER_HOP: usize = 51;
/// LND's default policy forwards nothing smaller.
const MIN_HTLC: Msat = Msat::SAT;
/// LND's first alias: block 16,000,000.
const FIRST_ALIAS: u64 = 16_000_000 << 40;
/// LND's default time lock.
const CLTV_DELTA: u16 = 80;
/// The record in which a keysend carries its preimage.
pub(super) const KEYSEND_PREIMAGE: u64 = 5_482_373_484;

/// Where a payment to an invoice proves that it is one.
const PAYMENT_DATA: u64 = 8;

/// One HTLC of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(super) channel: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    /// With the fees of the nodes behind.
    pub(super) amount: Msat,
}

/// A route as the network hands it back to itself.
#[derive(Clone, PartialEq)]
pub(crate) struct Ticket {
    pub(super) hops: Vec<Hop>,
    pub(super) fee: Msat,
    pub(super) records: Records,
    pub(super) preimage: Option<Preimage>,
    /// Of a payment to an invoice: all of it.
    pub(super) part_of: Option<Msat>,
}

/// What is looked for.
pub(super) struct Search<'a> {
    pub(super) from: usize,
    pub(super) to: NodeId,
    pub(super) amount: Msat,
    pub(super) fee_limit: Msat,
    pub(super) records: &'a Records,
    /// What the payment itself needs at its last hop.
    pub(super) proof: Proof,
    pub(super) use_mission_control: bool,
    pub(super) over: Over,
    /// Channels of the recipient that gossip does not know.
    pub(super) hints: &'a [RouteHint],
}

/// By what the last hop knows the payment.
#[derive(Clone, Copy)]
pub(super) enum Proof {
    /// The preimage is among the records.
    Keysend,
    /// The invoice's secret, and the sum of all parts.
    Invoice(Msat),
}

impl Proof {
    /// Bytes.
    fn size(self) -> usize {
        match self {
            Self::Keysend => record_size(KEYSEND_PREIMAGE, 32),
            Self::Invoice(total) => {
                let zeros = total.get().leading_zeros().div_euclid(8);
                let digits =
                    usize::try_from(zeros).map_or(8, |zeros| 8_usize.saturating_sub(zeros));
                record_size(PAYMENT_DATA, digits.saturating_add(32))
            }
        }
    }
}

/// The cheapest way to have an amount sent on from a node to the recipient.
#[derive(Clone, Copy)]
struct Best {
    needs: Msat,
    next: Option<Hop>,
}

impl State {
    /// The hops, first one first, and their fees.
    pub(super) fn find_path(
        &self,
        search: &Search<'_>,
    ) -> Result<(Vec<Hop>, Msat), LightningError> {
        let usable = self
            .channels_of(search.from)
            .filter(|(channel, _)| self.is_active(channel))
            .map(|(channel, side)| channel.local(side));
        if Msat::checked_sum(usable).is_none_or(|sum| sum < search.amount) {
            return Err(LightningError::InsufficientBalance);
        }
        let to = self.find(search.to).ok_or(LightningError::NoRoute)?;
        let mut rounds = vec![vec![None; self.nodes.len()]];
        rounds[0][to] = Some(Best {
            needs: search.amount,
            next: None,
        });
        // One more hop in every round, backwards from the recipient, while the records still fit.
        let longest = match search.over {
            Over::OwnChannel => 1,
            Over::Anything | Over::Others => usize::MAX,
        };
        for _ in 0..most_hops(search.records, search.proof).min(longest) {
            let Some(last) = rounds.last() else { break };
            let round = self.one_hop_more(search, to, last);
            rounds.push(round);
        }
        let (hops, total) = (1..rounds.len())
            .filter_map(|hops| rounds[hops][search.from].map(|best: Best| (hops, best.needs)))
            .min_by_key(|&(hops, needs)| (needs, hops))
            .ok_or(LightningError::NoRoute)?;
        let fee = total
            .checked_sub(search.amount)
            .filter(|&fee| fee <= search.fee_limit);
        let fee = fee.ok_or(LightningError::NoRoute)?;
        let mut path = Vec::with_capacity(hops);
        let mut at = search.from;
        for round in rounds[1..=hops].iter().rev() {
            let next = round[at]
                .and_then(|best| best.next)
                .ok_or(LightningError::NoRoute)?;
            at = next.to;
            path.push(next);
        }
        Ok((path, fee))
    }

    fn one_hop_more(
        &self,
        search: &Search<'_>,
        recipient: usize,
        last: &[Option<Best>],
    ) -> Vec<Option<Best>> {
        let mut round: Vec<Option<Best>> = vec![None; self.nodes.len()];
        for (number, channel) in self.channels.iter().enumerate() {
            for (side, [from, to]) in [channel.ends, [channel.ends[1], channel.ends[0]]]
                .into_iter()
                .enumerate()
            {
                // Nobody pays through himself.
                let Some(Best { needs: amount, .. }) = last[to].filter(|_| to != search.from)
                else {
                    continue;
                };
                let fits = amount >= MIN_HTLC && amount <= channel.capacity;
                let open = if from == search.from {
                    self.is_active(channel) && channel.local(side) >= amount
                } else {
                    true
                };
                let believed =
                    !search.use_mission_control || !self.avoids(search.from, (from, to), amount);
                if !(fits && open && believed) {
                    continue;
                }
                let own = from == search.from;
                if search.over == Over::Others && own && to == recipient {
                    continue;
                }
                let hint = search.hints.iter().find(|hint| {
                    to == recipient
                        && hint.channel == alias(number)
                        && hint.via == self.nodes[from].id
                });
                let fee = match hint {
                    _ if own => Some(Msat::ZERO),
                    _ if channel.public => self.fee(from, amount),
                    Some(hint) => asked_for(hint.base_fee, hint.fee_ppm.into(), amount),
                    None => continue,
                };
                let Some(needs) = fee.and_then(|fee| amount.checked_add(fee)) else {
                    continue;
                };
                if round[from].is_none_or(|best| needs < best.needs) {
                    let next = Some(Hop {
                        channel: number,
                        from,
                        to,
                        amount,
                    });
                    round[from] = Some(Best { needs, next });
                }
            }
        }
        round
    }

    /// What a node asks for forwarding.
    fn fee(&self, node: usize, amount: Msat) -> Option<Msat> {
        let settings = &self.nodes[node].settings;
        asked_for(settings.base_fee, settings.fee_ppm, amount)
    }

    /// Over which channels a node without public ones can be paid.
    pub(super) fn hints_of(&self, node: usize) -> Vec<RouteHint> {
        if self.channels_of(node).any(|(channel, _)| channel.public) {
            return Vec::new();
        }
        let own = self.channels.iter().enumerate();
        own.filter(|(_, channel)| self.is_active(channel))
            .filter_map(|(number, channel)| {
                let via = &self.nodes[channel.ends[channel.side(node)? ^ 1]];
                Some(RouteHint {
                    via: via.id,
                    channel: alias(number),
                    base_fee: via.settings.base_fee,
                    fee_ppm: u32::try_from(via.settings.fee_ppm).ok()?,
                    cltv_delta: CLTV_DELTA,
                })
            })
            .take(HINTS_KEPT)
            .collect()
    }

    fn avoids(&self, node: usize, pair: (usize, usize), amount: Msat) -> bool {
        self.nodes[node]
            .failed_pairs
            .get(&pair)
            .is_some_and(|&(at, from)| at.elapsed() < MEMORY && amount >= from)
    }
}

/// A base fee and millionths of the amount.
fn asked_for(base: Msat, ppm: u64, amount: Msat) -> Option<Msat> {
    let share = amount.get().checked_mul(ppm)?.div_euclid(1_000_000);
    base.checked_add(Msat::new(share))
}

/// What a channel that is not announced is called instead of its short id.
fn alias(channel: usize) -> u64 {
    u64::try_from(channel).map_or(u64::MAX, |number| FIRST_ALIAS.saturating_add(number))
}

/// On how long a way these records fit.
fn most_hops(records: &Records, proof: Proof) -> usize {
    let size = records
        .iter()
        .filter(|(kind, _)| *kind != KEYSEND_PREIMAGE)
        .map(|(kind, bytes)| record_size(*kind, bytes.len()))
        .fold(proof.size(), usize::saturating_add);
    // As many as the onion has room for.
    match ROOM.checked_sub(size) {
        Some(rest) => rest.div_euclid(ROOM_PER_HOP).saturating_add(1).min(20),
        None => 0,
    }
}

fn record_size(kind: u64, len: usize) -> usize {
    let len64 = u64::try_from(len).unwrap_or(u64::MAX);
    bigsize(kind)
        .saturating_add(bigsize(len64))
        .saturating_add(len)
}

/// Bytes of a number in the protocol's own form.
const fn bigsize(number: u64) -> usize {
    match number {
        0..=0xfc => 1,
        0xfd..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}
