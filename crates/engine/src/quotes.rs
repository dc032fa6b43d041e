//! What a send would cost, asked of the node with records of the real size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Carrier, Expectation, FeeQuote, Msat, NodeId, Privacy, Way};
use lnd::{LARGEST_PEER_MESSAGE, Lightning, LightningError, RouteQuery};

use crate::choice::{Chooser, Chosen, InVain, routes};
use crate::compose::{Draft, Purpose};
use crate::error::EngineError;
use crate::free::room_on;
use crate::link::Link;
use crate::neighbours::Neighbours;

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
    hops: Arc<Mutex<HashMap<NodeId, u32>>>,
}

impl Quotes {
    pub(crate) fn new(
        lightning: Arc<dyn Lightning>,
        link: Link,
        neighbours: Neighbours,
        chooser: Chooser,
    ) -> Self {
        Self {
            lightning,
            link,
            neighbours,
            chooser,
            hops: Arc::default(),
        }
    }

    /// `way` is what the user allows.
    pub(crate) async fn quote(
        &self,
        draft: &Draft,
        way: Way,
        fee_limit: Msat,
    ) -> Result<Quote, EngineError> {
        if !self.link.is_connected() {
            return Err(EngineError::Offline);
        }
        let chosen = self.chooser.choose(draft, way, InVain::default()).await?;
        let free = match chosen.carrier().ok_or(EngineError::NoWay)? {
            carrier @ (Carrier::Keysend | Carrier::Invoice) => {
                return self.payment(draft, carrier, way, fee_limit).await;
            }
            free => free,
        };
        let hops = chosen.hops().unwrap_or(1);
        let nothing_free = InVain {
            peer: true,
            onion: true,
            invoice: true,
        };
        let rest = self.chooser.choose(draft, way, nothing_free).await?;
        if rest == Chosen::Keysend
            && let Ok(quote) = self.payment(draft, Carrier::Keysend, way, fee_limit).await
        {
            return Ok(Quote {
                carrier: free,
                hops,
                ..quote
            });
        }
        let room = match &chosen {
            Chosen::Onion(ways) => ways.iter().map(|way| room_on(way.len())).min(),
            _ => Some(LARGEST_PEER_MESSAGE),
        };
        let room = draft.room_for_free(room.unwrap_or(0)).unwrap_or(0);
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
            bytes_left: left(draft, room)?,
            held: false,
        })
    }

    /// What it costs as a payment.
    async fn payment(
        &self,
        draft: &Draft,
        carrier: Carrier,
        way: Way,
        fee_limit: Msat,
    ) -> Result<Quote, EngineError> {
        let by_invoice = carrier == Carrier::Invoice;
        let payable = !self.neighbours.refuses_keysend(draft.to).await?;
        if !payable && !by_invoice {
            return Err(EngineError::NoKeysend);
        }
        let query = RouteQuery {
            to: draft.to,
            amount: draft.amount(),
            fee_limit,
            records: draft.sized_records(),
            preimage: None,
            use_mission_control: true,
            over: routes(way),
        };
        let route = match self.lightning.route(query.clone()).await {
            Err(LightningError::NoRoute) => self.without_obstacles(draft, query).await?,
            other => other?,
        };
        let hops = count(route.nodes.len());
        self.hops
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(draft.to, hops);
        let holds = draft.program.holds() == Some(true);
        let postage = draft.purpose == Purpose::Text;
        Ok(Quote {
            carrier,
            hops,
            payable,
            fee: FeeQuote {
                amount: draft.amount(),
                fee: route.fee,
                fee_limit,
                hops,
            },
            postage,
            owed: if postage {
                draft.postage.owed
            } else {
                Msat::ZERO
            },
            returned: holds && draft.expectation() == Expectation::Return,
            privacy: draft.privacy(),
            bytes_left: left(draft, draft.room_for_text(hops).unwrap_or(0))?,
            held: !postage && (holds || by_invoice),
        })
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
        left(
            draft,
            draft.room_for_text(count(bare.nodes.len())).unwrap_or(0),
        )?;
        Err(LightningError::NoRoute.into())
    }

    /// Whether the text fits: as a payment over as many hops as the contact was last seen away, or over one when it never
    /// was; where only free carriers are allowed, as an onion message.
    pub(crate) fn check_size(&self, draft: &Draft, way: Way) -> Result<(), EngineError> {
        let room = if way == Way::FreeOnly && draft.purpose == Purpose::Text {
            draft.room_for_free(room_on(LONGEST_WAY))
        } else {
            let known = self
                .hops
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&draft.to)
                .copied();
            draft.room_for_text(known.unwrap_or(1))
        };
        left(draft, room.unwrap_or(0)).map(drop)
    }
}

/// Nodes on the longest way that is looked for.
const LONGEST_WAY: usize = 4;

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
