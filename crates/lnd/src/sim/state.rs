//! What the network knows at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{Msat, NodeId, PaymentHash, Timestamp};
use secp256k1::SecretKey;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::Totals;
use super::books::Deed;
use super::invoice::Invoices;
use super::onion::{Buckets, Carriage};
use super::pay::Payment;
use crate::error::{LightningError, LinkFault};
use crate::types::{ChannelEvent, Invoice, InvoiceNews, OnionMessage, PeerEvent, PeerMessage};

/// The moment at which every simulated network begins: 2026-01-01.
const BEGINNING: Timestamp = Timestamp::from_secs(1_767_225_600);
const FIRST_HEIGHT: u32 = 500;
/// LND's default policy.
const BASE_FEE: Msat = Msat::new(1_000);
const FEE_PPM: u64 = 1;
/// How long LND avoids a pair of nodes that failed once, on a way of two hops.
pub(super) const MEMORY: Duration = Duration::from_secs(180);

pub(super) struct State {
    pub(super) seed: u64,
    pub(super) nodes: Vec<NodeState>,
    pub(super) channels: Vec<Channel>,
    /// Connections without a channel.
    pub(super) connections: BTreeSet<(usize, usize)>,
    pub(super) height: u32,
    pub(super) hop_time: Duration,
    /// All invoices that were made: they stand for their signatures.
    pub(super) signed: BTreeSet<String>,
    /// What becomes of onions on their way.
    pub(super) carriage: Carriage,
    /// Every payment that came to its recipient and has an end.
    pub(super) deeds: Vec<Deed>,
    started: Instant,
    /// Whose time it is: an app looks at the clock on other threads as well, where tokio's time does not stand still.
    runtime: Option<Handle>,
}

/// Feeds one open stream.
pub(super) type Line<T> = mpsc::UnboundedSender<Result<T, LightningError>>;

pub(super) struct NodeState {
    pub(super) secret: SecretKey,
    pub(super) id: NodeId,
    pub(super) alias: String,
    running: bool,
    /// Told when it is started. Who waited first goes on first.
    pub(super) started: Arc<Notify>,
    /// Its clock is so many milliseconds ahead of the network's.
    pub(super) clock_ahead: i64,
    /// Timers live only as long as the run that started them.
    pub(super) runs: u64,
    pub(super) settings: Settings,
    pub(super) faults: Faults,
    pub(super) invoices: Invoices,
    pub(super) payments: BTreeMap<PaymentHash, Payment>,
    /// Pairs of nodes that failed: when, and from which amount on.
    pub(super) failed_pairs: BTreeMap<(usize, usize), (Instant, Msat)>,
    pub(super) subscribers: Vec<Line<InvoiceNews>>,
    pub(super) watchers: Vec<(PaymentHash, Line<Invoice>)>,
    /// How many bytes of onions each peer may still send.
    pub(super) buckets: Buckets,
    pub(super) peer_messages: Vec<Line<PeerMessage>>,
    pub(super) onion_messages: Vec<Line<OnionMessage>>,
    pub(super) peer_events: Vec<Line<PeerEvent>>,
    pub(super) channel_events: Vec<Line<ChannelEvent>>,
    pub(super) graph_events: Vec<Line<Vec<NodeId>>>,
}

/// What stands in the node's configuration file.
pub(super) struct Settings {
    pub(super) keysend: bool,
    pub(super) onion: bool,
    pub(super) issues: bool,
    pub(super) hold: Duration,
    pub(super) announced: bool,
    pub(super) deletes_canceled: bool,
    pub(super) base_fee: Msat,
    pub(super) fee_ppm: u64,
}

/// What shall go wrong between the node and its app.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) delay: Duration,
    pub(super) lose_answer: bool,
    pub(super) lose_event: bool,
}

impl NodeState {
    pub(super) fn new(secret: SecretKey, alias: &str) -> Self {
        Self {
            secret,
            id: secret.public_key().into(),
            alias: alias.to_owned(),
            running: true,
            started: Arc::default(),
            clock_ahead: 0,
            runs: 0,
            settings: Settings {
                keysend: true,
                onion: true,
                issues: true,
                hold: Duration::ZERO,
                announced: true,
                deletes_canceled: false,
                base_fee: BASE_FEE,
                fee_ppm: FEE_PPM,
            },
            faults: Faults::default(),
            invoices: Invoices::default(),
            payments: BTreeMap::new(),
            failed_pairs: BTreeMap::new(),
            subscribers: Vec::new(),
            watchers: Vec::new(),
            buckets: Buckets::default(),
            peer_messages: Vec::new(),
            onion_messages: Vec::new(),
            peer_events: Vec::new(),
            channel_events: Vec::new(),
            graph_events: Vec::new(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    /// Stops it or starts it; whether it was running.
    pub(super) fn run(&mut self, running: bool) -> bool {
        let was_running = std::mem::replace(&mut self.running, running);
        if running {
            self.started.notify_waiters();
        }
        was_running
    }

    /// Ends every open stream with an error, as a lost connection does.
    pub(super) fn break_streams(&mut self) {
        fn end<T>(lines: impl IntoIterator<Item = Line<T>>) {
            for line in lines {
                // A reader that is gone misses nothing.
                let _ = line.send(Err(lost()));
            }
        }
        end(self.subscribers.drain(..));
        end(self.watchers.drain(..).map(|(_, line)| line));
        end(self.peer_messages.drain(..));
        end(self.onion_messages.drain(..));
        end(self.peer_events.drain(..));
        end(self.channel_events.drain(..));
        end(self.graph_events.drain(..));
        for payment in self.payments.values_mut() {
            end(payment.followers.drain(..));
        }
    }

    /// Tells an event to all who listen now; nobody else will ever hear of it.
    pub(super) fn tell<T: Clone>(&mut self, lines: fn(&mut Self) -> &mut Vec<Line<T>>, event: &T) {
        if !lines(self).is_empty() && !self.loses_event() {
            lines(self).retain(|line| line.send(Ok(event.clone())).is_ok());
        }
    }

    /// Whether this event gets lost, and with it the connection.
    pub(super) fn loses_event(&mut self) -> bool {
        let lost = std::mem::take(&mut self.faults.lose_event);
        if lost {
            self.break_streams();
        }
        lost
    }
}

/// What a caller sees when the connection breaks.
pub(super) fn lost() -> LightningError {
    LightningError::Unreachable(LinkFault::Broken("connection lost".to_owned()))
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            nodes: Vec::new(),
            channels: Vec::new(),
            connections: BTreeSet::new(),
            height: FIRST_HEIGHT,
            hop_time: Duration::from_millis(40),
            signed: BTreeSet::new(),
            carriage: Carriage::default(),
            deeds: Vec::new(),
            started: Instant::now(),
            runtime: Handle::try_current().ok(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let _here = self.runtime.as_ref().map(Handle::enter);
        BEGINNING.plus(self.started.elapsed())
    }

    /// What a node's own clock shows.
    pub(super) fn now_at(&self, node: usize) -> Timestamp {
        Timestamp(self.now().0.saturating_add(self.nodes[node].clock_ahead))
    }

    /// Whole seconds are all that LND's invoices know.
    pub(super) fn now_in_seconds(&self, node: usize) -> Timestamp {
        Timestamp::from_secs(self.now_at(node).0.div_euclid(1_000))
    }

    pub(super) fn find(&self, id: NodeId) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// The channels of a node, and which side is its own.
    pub(super) fn channels_of(&self, node: usize) -> impl Iterator<Item = (&Channel, usize)> {
        self.channels
            .iter()
            .filter_map(move |channel| Some((channel, channel.side(node)?)))
    }

    /// The channels between two nodes.
    pub(super) fn channels_between(&self, a: usize, b: usize) -> impl Iterator<Item = &Channel> {
        self.channels_of(a)
            .filter(move |(channel, _)| channel.side(b).is_some())
            .map(|(channel, _)| channel)
    }

    /// Whether there is a connection: nodes with a channel keep one.
    pub(super) fn is_connected(&self, a: usize, b: usize) -> bool {
        let there = self.nodes[a].is_running() && self.nodes[b].is_running();
        let linked = self.connections.contains(&(a.min(b), a.max(b)))
            || self.channels_between(a, b).next().is_some();
        a != b && there && linked
    }

    /// Whether both ends are there.
    pub(super) fn is_active(&self, channel: &Channel) -> bool {
        channel.ends.iter().all(|&end| self.nodes[end].is_running())
    }

    pub(super) fn totals(&self) -> Totals {
        let sum = |part: fn(&Channel) -> Msat| {
            Msat::checked_sum(self.channels.iter().map(part)).unwrap_or_default()
        };
        Totals {
            balances: sum(|channel| Msat::checked_sum(channel.sides).unwrap_or_default()),
            in_flight: sum(|channel| channel.in_flight),
            capacity: sum(|channel| channel.capacity),
        }
    }

    pub(super) fn mine(&mut self, blocks: u32) {
        self.height = self.height.saturating_add(blocks);
        for node in 0..self.nodes.len() {
            self.return_expiring(node);
        }
    }
}

/// A channel between two nodes.
pub(super) struct Channel {
    pub(super) ends: [usize; 2],
    pub(super) sides: [Msat; 2],
    pub(super) in_flight: Msat,
    pub(super) capacity: Msat,
    /// Whether gossip knows it.
    pub(super) public: bool,
}

impl Channel {
    pub(super) fn new(ends: [usize; 2], sides: [Msat; 2]) -> Self {
        let capacity = Msat::checked_sum(sides).unwrap_or_default();
        Self {
            ends,
            sides,
            in_flight: Msat::ZERO,
            capacity,
            public: true,
        }
    }

    /// Which side belongs to `node`.
    pub(super) fn side(&self, node: usize) -> Option<usize> {
        self.ends.iter().position(|&end| end == node)
    }

    pub(super) fn local(&self, side: usize) -> Msat {
        self.sides[side]
    }

    pub(super) fn remote(&self, side: usize) -> Msat {
        self.sides[other(side)]
    }

    /// More money: for `side` the first amount, for the other the second.
    pub(super) fn add(&mut self, side: usize, [own, others]: [Msat; 2]) {
        let more = |to: &mut Msat, amount| *to = to.checked_add(amount).unwrap_or(*to);
        more(&mut self.sides[side], own);
        more(&mut self.sides[other(side)], others);
        more(&mut self.capacity, own);
        more(&mut self.capacity, others);
    }

    /// Puts money on its way; `false` when the side does not have it.
    pub(super) fn offer(&mut self, side: usize, amount: Msat) -> bool {
        let rest = self.sides[side].checked_sub(amount);
        let flying = self.in_flight.checked_add(amount);
        let (Some(rest), Some(flying)) = (rest, flying) else {
            return false;
        };
        self.sides[side] = rest;
        self.in_flight = flying;
        true
    }

    /// Ends what `side` offered: the other side has it, or `side` has it back.
    pub(super) fn resolve(&mut self, side: usize, amount: Msat, settled: bool) {
        let receiver = if settled { other(side) } else { side };
        if let (Some(flying), Some(sum)) = (
            self.in_flight.checked_sub(amount),
            self.sides[receiver].checked_add(amount),
        ) {
            self.in_flight = flying;
            self.sides[receiver] = sum;
        }
    }
}

const fn other(side: usize) -> usize {
    side ^ 1
}
