//! Which carrier a message takes now: the circumstances are asked for, the choice itself is [`domain::choose`].

use domain::{Carrier, Circumstances, Limits, NodeId, choose};
use lnd::{LARGEST_PEER_MESSAGE, LightningError, Over, PeerLink};

use crate::compose::{Draft, Purpose};
use crate::free::courier::Answers;
use crate::free::{Ways, room_on};
use crate::neighbours::Neighbours;

/// How a message travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// By a payment.
    Keysend,
    /// Over the connection.
    Peer,
    /// As an onion message, over one of these ways; there is one at least.
    Onion(Vec<Vec<NodeId>>),
    /// By a payment to an invoice that is asked for first.
    Invoice,
    /// Not now: what the user allows leads nowhere.
    Nothing,
}

impl Chosen {
    /// Channels on the way; for a payment that is known only when it is made.
    pub(crate) fn hops(&self) -> Option<u32> {
        match self {
            Self::Peer => Some(1),
            Self::Onion(ways) => ways.first().and_then(|way| u32::try_from(way.len()).ok()),
            Self::Keysend | Self::Invoice | Self::Nothing => None,
        }
    }

    /// Bytes that one message over this free carrier may have, whichever way it takes.
    pub(crate) fn room(&self) -> usize {
        match self {
            Self::Onion(ways) => ways.iter().map(|way| room_on(way.len())).min().unwrap_or(0),
            _ => LARGEST_PEER_MESSAGE,
        }
    }

    /// For onion messages, the first is taken first.
    pub(crate) fn into_ways(self) -> Vec<Vec<NodeId>> {
        match self {
            Self::Onion(ways) => ways,
            _ => Vec::new(),
        }
    }

    pub(crate) const fn carrier(&self) -> Option<Carrier> {
        match self {
            Self::Keysend => Some(Carrier::Keysend),
            Self::Peer => Some(Carrier::Peer),
            Self::Onion(_) => Some(Carrier::Onion),
            Self::Invoice => Some(Carrier::Invoice),
            Self::Nothing => None,
        }
    }
}

/// Which routes a payment may take; `None` for what is to be both direct and routed.
pub(crate) const fn routes(limits: Limits) -> Option<Over> {
    match (limits.direct, limits.routed) {
        (true, true) => None,
        (true, false) => Some(Over::OwnChannel),
        (false, true) => Some(Over::Others),
        (false, false) => Some(Over::Anything),
    }
}

/// Carriers that were tried in vain: nobody answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InVain {
    pub(crate) peer: bool,
    pub(crate) onion: bool,
    pub(crate) invoice: bool,
}

impl InVain {
    pub(crate) const fn and(self, carrier: Carrier) -> Self {
        match carrier {
            Carrier::Peer => Self { peer: true, ..self },
            Carrier::Onion => Self {
                onion: true,
                ..self
            },
            Carrier::Invoice => Self {
                invoice: true,
                ..self
            },
            Carrier::Keysend => Self {
                peer: false,
                onion: false,
                invoice: false,
            },
        }
    }

    pub(crate) const fn any(self) -> bool {
        self.peer || self.onion || self.invoice
    }
}

/// Asks for the circumstances. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Chooser {
    pub(crate) neighbours: Neighbours,
    pub(crate) answers: Answers,
    pub(crate) ways: Ways,
}

impl Chooser {
    /// The carrier for this message. What the macaroon does not let us ask counts as not there.
    pub(crate) async fn choose(
        &self,
        draft: &Draft,
        limits: Limits,
        in_vain: InVain,
    ) -> Result<Chosen, LightningError> {
        let carries_money = draft.purpose != Purpose::Text;
        let features = draft.sealing.features;
        // A pay-back is kept: there is nothing to decide.
        let issues_invoices =
            features.issues_invoices && matches!(draft.purpose, Purpose::Payment(_));
        let nearby = limits.direct || limits.routed;
        let talks = !carries_money || issues_invoices;
        let link = if nearby || (features.peer_messages && talks) {
            self.link(draft.to).await?
        } else {
            None
        };
        let mut now = Circumstances {
            limits,
            carries_money,
            holds_keysends: draft.program.holds() == Some(true),
            issues_invoices,
            listens_to_peers: features.peer_messages,
            listens_to_onions: features.onion_messages,
            connected: link.is_some_and(|link| link.connected),
            shares_channel: link.is_some_and(|link| link.active_channels > 0),
            silent: self.answers.is_silent(draft.to),
            peer_failed: in_vain.peer,
            onion_failed: in_vain.onion,
            invoice_failed: in_vain.invoice,
        };
        Ok(match choose(&now) {
            Some(Carrier::Peer) => Chosen::Peer,
            Some(Carrier::Onion) => {
                let ways = self.ways(draft.to, limits.routed).await?;
                if !ways.is_empty() {
                    return Ok(Chosen::Onion(ways));
                }
                now.onion_failed = true;
                match choose(&now) {
                    Some(Carrier::Keysend) => Chosen::Keysend,
                    _ => Chosen::Nothing,
                }
            }
            Some(Carrier::Invoice) => {
                let near = now.listens_to_peers && now.connected;
                if near || !self.ways(draft.to, false).await?.is_empty() {
                    return Ok(Chosen::Invoice);
                }
                now.listens_to_onions = false;
                match choose(&now) {
                    Some(Carrier::Keysend) => Chosen::Keysend,
                    _ => Chosen::Nothing,
                }
            }
            Some(Carrier::Keysend) => Chosen::Keysend,
            None => Chosen::Nothing,
        })
    }

    async fn link(&self, with: NodeId) -> Result<Option<PeerLink>, LightningError> {
        match self.neighbours.link_with(with).await {
            Err(LightningError::Permission(_)) => Ok(None),
            other => other,
        }
    }

    async fn ways(&self, to: NodeId, routed: bool) -> Result<Vec<Vec<NodeId>>, LightningError> {
        match self.ways.to(to, routed).await {
            Err(LightningError::Permission(_)) => Ok(Vec::new()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
