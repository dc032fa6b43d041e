//! What a send would cost, asked of the node with records of the real size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Carrier, Expectation, FeeQuote, Limits, Msat, NodeId, Postage, Privacy};
use lnd::{Lightning, LightningError, PaidBy, RouteQuery};
use store::Cut;

use crate::choice::{Chooser, Chosen, InVain, routes};
use crate::compose::{Draft, Purpose};
use crate::error::EngineError;
use crate::invoices;
use crate::link::Link;
use crate::neighbours::Neighbours;
use crate::parts::times;
use crate::rules::Settings;

/// What a send would cost now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What it will be tried by first.
    pub carrier: Carrier,
    /// Channels on that way.
    pub hops: u32,
    /// Whether it goes by a keysend when nothing free brings a receipt, or no invoice comes, or from the start.
    pub payable: bool,
    /// Amount, fee, limit and hops of the payment, by keysend or to an invoice; zeros when there is none.
    pub fee: FeeQuote,
    /// Whether the amount is postage.
    pub postage: bool,
    /// How much of the postage pays back what was kept of the recipient's.
    pub owed: Msat,
    /// Whether the recipient is known to give postage back.
    pub returned: bool,
    /// How it will travel.
    pub privacy: Privacy,
    /// In how many parts it goes: payments when it is payable or to an invoice, else letters of the free carrier. The
    /// amounts are those of all parts.
    pub parts: u32,
    /// Bytes that the text may still grow by on this route.
    pub bytes_left: u32,
    /// Whether the recipient can decide before the payment settles: for one to an invoice, if their app answers.
    pub held: bool,
}

/// Asks for routes, and remembers how far each contact was.
#[derive(Clone)]
pub(crate) struct Quotes {
    lightning: Arc<dyn Lightning>,
    link: Link,
    neighbours: Neighbours,
    chooser: Chooser,
    settings: Settings,
    hops: Arc<Mutex<HashMap<NodeId, u32>>>,
}

impl Quotes {
    pub(crate) fn new(
        lightning: Arc<dyn Lightning>,
        link: Link,
        neighbours: Neighbours,
        chooser: Chooser,
        settings: Settings,
    ) -> Self {
        Self {
            lightning,
            link,
            neighbours,
            chooser,
            settings,
            hops: Arc::default(),
        }
    }

    /// `limits` is what the user allows; without a limit that of the settings holds.
    pub(crate) async fn quote(
        &self,
        draft: &Draft,
        limits: Limits,
        fee_limit: Option<Msat>,
    ) -> Result<Quote, EngineError> {
        if !self.link.is_connected() {
            return Err(EngineError::Offline);
        }
        let chosen = self
            .chooser
            .choose(draft, limits, InVain::default())
            .await?;
        let free = match chosen.carrier().ok_or(EngineError::NoWay)? {
            carrier @ (Carrier::Keysend | Carrier::Invoice) => {
                return self.payment(draft, carrier, limits, fee_limit).await;
            }
            free => free,
        };
        let hops = chosen.hops().unwrap_or(1);
        let nothing_free = InVain {
            peer: true,
            onion: true,
            invoice: true,
        };
        let rest = self.chooser.choose(draft, limits, nothing_free).await?;
        if rest == Chosen::Keysend
            && let Ok(quote) = self
                .payment(draft, Carrier::Keysend, limits, fee_limit)
                .await
        {
            return Ok(Quote {
                carrier: free,
                hops,
                ..quote
            });
        }
        Ok(Quote {
            carrier: free,
            hops,
            payable: false,
            fee: FeeQuote {
                amount: Msat::ZERO,
                fee: Msat::ZERO,
                fee_limit: Msat::ZERO,
                hops,
            },
            postage: true,
            owed: Msat::ZERO,
            returned: false,
            privacy: Privacy::Sealed,
            parts: count(draft.free_letters(chosen.room()).len()),
            bytes_left: left(draft, protocol::TEXT_LIMIT)?,
            held: false,
        })
    }

    /// What it costs as a payment, or in parts.
    async fn payment(
        &self,
        draft: &Draft,
        carrier: Carrier,
        limits: Limits,
        fee_limit: Option<Msat>,
    ) -> Result<Quote, EngineError> {
        let by_invoice = carrier == Carrier::Invoice;
        let payable = !self.neighbours.refuses_keysend(draft.to).await?;
        if !payable && !by_invoice {
            return Err(EngineError::NoKeysend);
        }
        let cut = self.cut(draft, limits).await?;
        let parts = cut.as_ref().map_or(1, |cut| cut.set().count);
        let (amount, expectation, owed) = match (&cut, draft.purpose) {
            // What is owed goes with a message that one payment carries.
            (Some(_), _) => (Postage::PLAIN.amount, Expectation::Return, Msat::ZERO),
            (None, Purpose::Text) => (draft.amount(), draft.expectation(), draft.postage.owed),
            (None, _) => (draft.amount(), draft.expectation(), Msat::ZERO),
        };
        let fee_limit = fee_limit.unwrap_or_else(|| self.settings.fee_limit(amount, parts));
        let query = RouteQuery {
            to: draft.to,
            amount,
            fee_limit: fee_limit.shared(parts),
            records: cut
                .as_ref()
                .map_or_else(|| draft.sized_records(), |cut| draft.sized_part(cut)),
            paid_by: PaidBy::Quote,
            use_mission_control: true,
            over: routes(limits).ok_or(EngineError::NoWay)?,
            hints: draft.ways_in.clone(),
        };
        let found = match self.lightning.route(query.clone()).await {
            Err(LightningError::NoRoute) => self.without_obstacles(draft, query.clone()).await,
            other => other.map_err(EngineError::from),
        };
        let (route, shares) = match found {
            Err(EngineError::Lightning(LightningError::NoRoute)) if by_invoice => {
                self.divided(query).await?
            }
            found => (found?, 1),
        };
        let hops = self.learn(draft.to, &route);
        let holds = draft.program.holds() == Some(true);
        let postage = draft.purpose == Purpose::Text;
        Ok(Quote {
            carrier,
            hops,
            // A keysend cannot be divided.
            payable: payable && shares == 1,
            fee: FeeQuote {
                amount: times(amount, parts),
                fee: times(route.fee, parts.max(shares)),
                fee_limit,
                hops,
            },
            postage,
            owed,
            returned: holds && expectation == Expectation::Return,
            privacy: draft.privacy(),
            parts: parts.max(shares),
            bytes_left: left(draft, room(draft, hops))?,
            held: !postage && (holds || by_invoice),
        })
    }

    /// The parts in which a text is paid for; `None` when one payment carries it as far as the contact is away. For a
    /// contact who was never seen that may have to be asked for.
    pub(crate) async fn cut(
        &self,
        draft: &Draft,
        limits: Limits,
    ) -> Result<Option<Cut>, LightningError> {
        if !draft.is_divisible() || draft.fits(None) {
            return Ok(None);
        }
        let fits = match self.known(draft.to) {
            None if draft.fits(Some(1)) => self.has_room_for(draft, limits).await?,
            hops => hops.is_some() && draft.fits(hops),
        };
        Ok(if fits { None } else { draft.cut() })
    }

    /// Whether there is a way for it as it is, or none even for less.
    async fn has_room_for(&self, draft: &Draft, limits: Limits) -> Result<bool, LightningError> {
        let Some(over) = routes(limits) else {
            return Ok(true);
        };
        let query = RouteQuery {
            to: draft.to,
            amount: draft.amount(),
            fee_limit: draft.amount(),
            records: draft.sized_records(),
            paid_by: PaidBy::Quote,
            use_mission_control: false,
            over,
            hints: draft.ways_in.clone(),
        };
        match self.lightning.route(query.clone()).await {
            Ok(route) => {
                self.learn(draft.to, &route);
                return Ok(true);
            }
            Err(LightningError::NoRoute | LightningError::InsufficientBalance) => {}
            Err(error) => return Err(error),
        }
        let records = Vec::new();
        match self.lightning.route(RouteQuery { records, ..query }).await {
            Ok(route) => {
                self.learn(draft.to, &route);
                Ok(false)
            }
            Err(LightningError::NoRoute | LightningError::InsufficientBalance) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Remembers how far away a contact is.
    fn learn(&self, node: NodeId, route: &lnd::Route) -> u32 {
        let hops = count(route.nodes.len());
        self.hops
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(node, hops);
        hops
    }

    fn known(&self, node: NodeId) -> Option<u32> {
        let hops = self.hops.lock().unwrap_or_else(PoisonError::into_inner);
        hops.get(&node).copied()
    }

    /// No route: because the text is too long, because something failed a moment ago, or truly none.
    async fn without_obstacles(
        &self,
        draft: &Draft,
        query: RouteQuery,
    ) -> Result<lnd::Route, EngineError> {
        let query = RouteQuery {
            use_mission_control: false,
            ..query
        };
        match self.lightning.route(query.clone()).await {
            Err(LightningError::NoRoute) => {}
            other => return Ok(other?),
        }
        let bare = self
            .lightning
            .route(RouteQuery {
                records: Vec::new(),
                ..query
            })
            .await?;
        left(draft, room(draft, count(bare.nodes.len())))?;
        Err(LightningError::NoRoute.into())
    }

    /// What is paid to an invoice is halved by our node as long as no way holds it. A way for one of as few equal shares as
    /// possible, and how many these are. The others may take dearer ways, so the fee of all is an estimate.
    async fn divided(&self, whole: RouteQuery) -> Result<(lnd::Route, u32), EngineError> {
        let mut shares = 1_u32;
        loop {
            shares = shares.saturating_mul(2);
            let amount = whole.amount.shared(shares);
            if shares > invoices::PARTS || amount < invoices::LEAST_PART {
                return Err(LightningError::NoRoute.into());
            }
            let query = RouteQuery {
                amount,
                fee_limit: whole.fee_limit.shared(shares),
                ..whole.clone()
            };
            match self.lightning.route(query).await {
                Err(LightningError::NoRoute) => {}
                found => return Ok((found?, shares)),
            }
        }
    }

    /// Whether the text fits: a sealed one, or one that waits for a free carrier, goes in parts; any other as a payment
    /// over as many hops as the contact was last seen away, or over one when it never was.
    pub(crate) fn check_size(&self, draft: &Draft, limits: Limits) -> Result<(), EngineError> {
        let room = if limits.free && draft.purpose == Purpose::Text {
            protocol::TEXT_LIMIT
        } else {
            room(draft, self.known(draft.to).unwrap_or(1))
        };
        left(draft, room).map(drop)
    }

    /// The most that may be spent on fees, in all its parts.
    pub(crate) fn fee_limit(&self, draft: &Draft, chosen: Option<Msat>) -> Msat {
        chosen.unwrap_or_else(|| {
            let fits = !draft.is_divisible()
                || draft.fits(None)
                || self
                    .known(draft.to)
                    .is_some_and(|hops| draft.fits(Some(hops)));
            let cut = if fits { None } else { draft.cut() };
            let parts = cut.map_or(1, |cut| cut.set().count);
            self.settings.fee_limit(draft.amount(), parts)
        })
    }
}

/// Bytes that the text may have over so many channels.
fn room(draft: &Draft, hops: u32) -> usize {
    if draft.is_divisible() {
        protocol::TEXT_LIMIT
    } else {
        draft.room_for_text(hops).unwrap_or(0)
    }
}

/// Bytes that the text may still grow by.
fn left(draft: &Draft, room: usize) -> Result<u32, EngineError> {
    room.checked_sub(draft.text.len())
        .map(count)
        .ok_or_else(|| EngineError::TooLong {
            over: count(draft.text.len().saturating_sub(room)),
        })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
