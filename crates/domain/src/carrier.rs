//! How a message travels, and the choice among the ways.

use serde::{Deserialize, Serialize};

/// How an attempt travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Carrier {
    /// A payment. Costs postage and fees unless the recipient refuses it; the recipient's node keeps it for their app.
    Keysend,
    /// A message over the connection between the two nodes. Free; lost unless the recipient's app listens.
    Peer,
    /// An onion message over the graph. Free; lost unless the recipient's app listens.
    Onion,
    /// A payment to an invoice that the recipient's app has made for it: it waits there to be accepted or refunded.
    Invoice,
}

impl Carrier {
    /// Whether nothing is paid, and only a receipt tells that it arrived.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Peer | Self::Onion)
    }
}

/// Which ways the user allows, for a contact or for one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Way {
    /// The cheapest one that reaches the other side.
    #[default]
    Auto,
    /// Words cost nothing, or they wait.
    FreeOnly,
    /// No node in between: no other node learns of it, and whoever watches the line sees with whom we speak.
    DirectOnly,
    /// At least one node in between: whoever watches the line does not see with whom we speak.
    RoutedOnly,
}

impl Way {
    /// What holds for a message with this setting to a contact with that one: both.
    #[must_use]
    pub const fn and(self, contact: Self) -> Limits {
        let (own, theirs) = (Limits::of(self), Limits::of(contact));
        Limits {
            free: own.free || theirs.free,
            direct: own.direct || theirs.direct,
            routed: own.routed || theirs.routed,
        }
    }
}

/// What the settings of a contact and of one message allow together. What is both direct and routed has no way at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// [`Way::FreeOnly`].
    pub free: bool,
    /// [`Way::DirectOnly`].
    pub direct: bool,
    /// [`Way::RoutedOnly`].
    pub routed: bool,
}

impl Limits {
    /// One setting alone.
    #[must_use]
    pub const fn of(way: Way) -> Self {
        Self {
            free: matches!(way, Way::FreeOnly),
            direct: matches!(way, Way::DirectOnly),
            routed: matches!(way, Way::RoutedOnly),
        }
    }
}

/// What the choice of a carrier depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// What the user allows.
    pub limits: Limits,
    /// Whether it brings sats for the recipient: then only a payment will do.
    pub carries_money: bool,
    /// Whether the contact's app listens for messages over a connection.
    pub listens_to_peers: bool,
    /// Whether the contact's app listens for onion messages.
    pub listens_to_onions: bool,
    /// Whether the contact's node is known to hold keysends for a decision.
    pub holds_keysends: bool,
    /// Whether the contact's app makes invoices for such a payment: it is no pay-back.
    pub issues_invoices: bool,
    /// Whether our node is connected to theirs now.
    pub connected: bool,
    /// Whether a channel with them can be used now.
    pub shares_channel: bool,
    /// Whether the contact's app has lately left free messages unanswered.
    pub silent: bool,
    /// Whether a message over the connection was tried in vain since the last payment.
    pub peer_failed: bool,
    /// Whether an onion message was tried in vain since the last payment.
    pub onion_failed: bool,
    /// Whether an invoice was asked for in vain since the last payment.
    pub invoice_failed: bool,
}

impl Circumstances {
    /// Whether money goes by an invoice: the contact can then decide on what their node would settle on arrival. It is
    /// asked for over a free carrier. What must be direct or routed does not go so: the node finds the way to an invoice.
    const fn asks_for_invoice(&self) -> bool {
        let heard = self.listens_to_peers && self.connected || self.listens_to_onions;
        let ways = !self.limits.direct && !self.limits.routed;
        let wanted = self.carries_money && self.issues_invoices && !self.holds_keysends;
        wanted && ways && heard && !self.silent && !self.invoice_failed
    }
}

/// How to try it next; `None` when no way that the user allows is left for now.
#[must_use]
pub fn choose(now: &Circumstances) -> Option<Carrier> {
    if now.asks_for_invoice() {
        return Some(Carrier::Invoice);
    }
    let Limits {
        free: unpaid,
        direct,
        routed,
    } = now.limits;
    let keysend =
        (!unpaid || now.carries_money) && (!direct || now.shares_channel) && !(direct && routed);
    // A sleeping app is not waited for again and again while there is a way that waits there for it.
    let free = !(now.carries_money || now.silent && keysend);
    let peer = free && now.listens_to_peers && now.connected && !now.peer_failed;
    let onion = free && now.listens_to_onions && !now.onion_failed;
    if peer && !routed {
        Some(Carrier::Peer)
    } else if onion && !direct {
        Some(Carrier::Onion)
    } else {
        keysend.then_some(Carrier::Keysend)
    }
}

#[cfg(test)]
mod tests;
