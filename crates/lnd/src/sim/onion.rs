//! Onion messages on their way, by LND's rules: whatever is wrong, they are lost in silence.

mod peel;
#[cfg(test)]
pub(super) mod wrap;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::NodeId;
use tokio::time::Instant;

use self::peel::Peeled;
use super::Shared;
use super::state::State;
use crate::types::OnionMessage;

/// Hops of payments are so many times slower: they wait for commitments.
const FASTER_THAN_PAYMENTS: u32 = 8;
/// What a message has around its onion: its type, the blinding point, the onion's length.
const ENVELOPE: u64 = 37;
/// Bytes that LND takes of one peer at once, and a second.
const BURST: u64 = 256 * 1_024;
const RATE: u64 = 64_000;

/// What becomes of onions in this network by order of a test.
#[derive(Default)]
pub(super) struct Carriage {
    pub(super) double: bool,
    /// Every nth is lost; zero loses none.
    nth: u32,
    count: u32,
}

impl Carriage {
    pub(super) fn lose(&mut self, nth: u32) {
        self.nth = nth;
        self.count = 0;
    }

    /// How often the next one arrives.
    pub(super) fn copies(&mut self) -> usize {
        self.count = self.count.saturating_add(1);
        if self.count.checked_rem(self.nth) == Some(0) {
            0
        } else {
            1_usize.saturating_add(self.double.into())
        }
    }
}

/// How much a node still takes of each of its peers, and since when.
#[derive(Default)]
pub(super) struct Buckets(BTreeMap<usize, (u64, Instant)>);

impl Buckets {
    /// Whether it takes so many bytes now.
    fn take(&mut self, peer: usize, bytes: u64) -> bool {
        let now = Instant::now();
        let (left, since) = self.0.get(&peer).copied().unwrap_or((BURST, now));
        let gained = u64::try_from(now.duration_since(since).as_millis())
            .unwrap_or(u64::MAX)
            .saturating_mul(RATE)
            .div_euclid(1_000);
        let left = left.saturating_add(gained).min(BURST);
        let rest = left.checked_sub(bytes);
        self.0.insert(peer, (rest.unwrap_or(left), now));
        rest.is_some()
    }
}

/// An onion between two neighbours.
#[derive(Clone)]
pub(super) struct Crossing {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) path_key: NodeId,
    pub(super) onion: Vec<u8>,
}

/// Carries an onion from node to node until it is delivered or lost.
pub(super) async fn travel(shared: Arc<Shared>, crossing: Crossing) {
    let mut next = Some(crossing);
    while let Some(crossing) = next {
        let time = shared.lock().hop_time;
        let hop = time
            .checked_div(FASTER_THAN_PAYMENTS)
            .unwrap_or(Duration::ZERO);
        tokio::time::sleep(hop).await;
        next = shared.lock().take_onion(&crossing);
    }
}

impl State {
    /// What a node does with an onion that it receives: it passes it on, or keeps it, or drops it.
    fn take_onion(&mut self, crossing: &Crossing) -> Option<Crossing> {
        let &Crossing { from, to, .. } = crossing;
        if !self.lets_in(crossing) {
            return None;
        }
        let peeled = peel::peel(&self.nodes[to].secret, &crossing.path_key, &crossing.onion)?;
        let Peeled {
            records,
            reply_path,
            encrypted_recipient_data,
            next,
        } = peeled;
        // Nothing goes back where it came from, and of such a message nobody is told.
        if next
            .as_ref()
            .is_some_and(|next| next.node == self.nodes[from].id)
        {
            return None;
        }
        // LND tells what it passes on as well, without a record; an app has no use for that.
        if !records.is_empty() {
            let message = OnionMessage {
                path_key: crossing.path_key,
                records,
                reply_path,
                encrypted_recipient_data,
            };
            self.nodes[to].tell(|node| &mut node.onion_messages, &message);
        }
        let next = next?;
        Some(Crossing {
            from: to,
            to: self.peer(to, next.node).ok()?,
            path_key: next.path_key,
            onion: next.onion,
        })
    }

    /// Only peers with an active channel, both with the feature, and not too much of it.
    fn lets_in(&mut self, crossing: &Crossing) -> bool {
        let &Crossing { from, to, .. } = crossing;
        let known = self.nodes[from].settings.onion && self.nodes[to].settings.onion;
        let active = self
            .channels_between(from, to)
            .any(|channel| self.is_active(channel));
        let size = u64::try_from(crossing.onion.len()).unwrap_or(u64::MAX);
        known
            && active
            && self.nodes[to]
                .buckets
                .take(from, size.saturating_add(ENVELOPE))
    }
}
