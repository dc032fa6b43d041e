//! How many letters are taken that cost their senders nothing. One door for what only our node can open, one for all other
//! letters of people whom nobody knows, and one for each contact: no flood at one of them keeps anybody out at another.

use std::collections::HashMap;
use std::time::Duration;

use domain::NodeId;
use tokio::time::Instant;

/// So many letters at once, and one more after each pause. What only our node can open passes its door before anybody knows
/// whose it is: it costs the node two multiplications.
const STRANGERS: Rate = Rate {
    at_once: 100,
    pause: Duration::from_millis(50),
};
/// Of one contact so many letters, or KiB: far more than anybody reads.
const CONTACT: Rate = Rate {
    at_once: 20_000,
    pause: Duration::from_millis(50),
};
/// So many contacts are told apart; those who were heard of longest ago begin anew.
const CONTACTS: usize = 1_000;

#[derive(Clone, Copy, Debug)]
struct Rate {
    at_once: u32,
    pause: Duration,
}

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    left: u32,
    since: Instant,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            left: rate.at_once,
            since: Instant::now(),
        }
    }

    /// Takes tokens; `false` when there are not enough.
    fn take(&mut self, tokens: u32) -> bool {
        let pauses = self.since.elapsed().as_millis();
        let gained = pauses.checked_div(self.rate.pause.as_millis());
        if let Some(gained) = gained
            .and_then(|gained| u32::try_from(gained).ok())
            .filter(|gained| *gained > 0)
        {
            self.left = self.left.saturating_add(gained).min(self.rate.at_once);
            self.since = Instant::now();
        }
        let left = self.left.checked_sub(tokens);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// The doors.
#[derive(Debug)]
pub(crate) struct Doors {
    node: Bucket,
    strangers: Bucket,
    contacts: HashMap<NodeId, Bucket>,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            node: Bucket::new(STRANGERS),
            strangers: Bucket::new(STRANGERS),
            contacts: HashMap::new(),
        }
    }
}

impl Doors {
    /// Whether one more letter is opened that only our node can open.
    pub(crate) fn opens_with_node(&mut self) -> bool {
        self.node.take(1)
    }

    /// Whether one more letter comes in of somebody who is no contact.
    pub(crate) fn opens_to_stranger(&mut self) -> bool {
        self.strangers.take(1)
    }

    /// Whether one more letter of so many bytes comes in of a contact.
    pub(crate) fn opens_to(&mut self, contact: NodeId, bytes: usize) -> bool {
        if self.contacts.len() >= CONTACTS && !self.contacts.contains_key(&contact) {
            let oldest = self.contacts.iter().min_by_key(|(_, bucket)| bucket.since);
            if let Some(oldest) = oldest.map(|(node, _)| *node) {
                self.contacts.remove(&oldest);
            }
        }
        let bucket = self
            .contacts
            .entry(contact)
            .or_insert_with(|| Bucket::new(CONTACT));
        let kib = bytes.checked_div(1_024).unwrap_or(0);
        bucket.take(u32::try_from(kib).unwrap_or(u32::MAX).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_flood_keeps_a_contact_out_and_a_contact_has_a_bound_too() {
        let mut doors = Doors::default();
        let node = |number: u8| {
            let point = |last: u8| {
                let mut bytes = [number; 33];
                (bytes[0], bytes[32]) = (2, last);
                NodeId::from_bytes(&bytes).ok()
            };
            (0..=u8::MAX).find_map(point).unwrap()
        };
        assert_eq!(
            (0..1_000).filter(|_| doors.opens_to_stranger()).count(),
            100
        );
        assert!(doors.opens_with_node());
        assert!(doors.opens_to(node(1), 60_000));
        assert_eq!(
            (0..50_000).filter(|_| doors.opens_to(node(2), 10)).count(),
            20_000
        );
        assert!(doors.opens_to(node(1), 10), "another one's flood is theirs");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((0..1_000).filter(|_| doors.opens_to_stranger()).count(), 20);
        assert!(doors.opens_to(node(2), 10));
    }
}
