//! What a send would cost, asked of the node with records of the real size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{FeeQuote, Msat, NodeId, Privacy};
use lnd::{Lightning, LightningError, RouteQuery};

use crate::compose::{Draft, Purpose};
use crate::error::EngineError;
use crate::link::Link;
use crate::neighbours::Neighbours;

/// What a send would cost now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Amount, fee, limit and hops.
    pub fee: FeeQuote,
    /// Whether the amount is postage.
    pub postage: bool,
    /// Whether the recipient is known to give postage back.
    pub returned: bool,
    /// How it will travel.
    pub privacy: Privacy,
    /// Bytes that the text may still grow by on this route.
    pub bytes_left: u32,
    /// Whether the recipient can decide before the payment settles.
    pub held: bool,
}

/// Asks for routes, and remembers how far each contact was.
#[derive(Clone)]
pub(crate) struct Quotes {
    lightning: Arc<dyn Lightning>,
    link: Link,
    neighbours: Neighbours,
    hops: Arc<Mutex<HashMap<NodeId, u32>>>,
}

impl Quotes {
    pub(crate) fn new(lightning: Arc<dyn Lightning>, link: Link, neighbours: Neighbours) -> Self {
        Self {
            lightning,
            link,
            neighbours,
            hops: Arc::default(),
        }
    }

    pub(crate) async fn quote(&self, draft: &Draft, fee_limit: Msat) -> Result<Quote, EngineError> {
        if !self.link.is_connected() {
            return Err(EngineError::Offline);
        }
        if self.neighbours.refuses_keysend(draft.to).await? {
            return Err(EngineError::NoKeysend);
        }
        let query = RouteQuery {
            to: draft.to,
            amount: draft.amount(),
            fee_limit,
            records: draft.sized_records(),
            preimage: None,
            use_mission_control: true,
        };
        let route = match self.lightning.route(query.clone()).await {
            Err(LightningError::NoRoute) => self.without_obstacles(draft, query).await?,
            other => other?,
        };
        let hops = u32::try_from(route.nodes.len()).unwrap_or(u32::MAX);
        self.hops
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(draft.to, hops);
        let holds = draft.program.holds() == Some(true);
        let postage = draft.purpose == Purpose::Text;
        Ok(Quote {
            fee: FeeQuote {
                amount: draft.amount(),
                fee: route.fee,
                fee_limit,
                hops,
            },
            postage,
            returned: postage && holds,
            privacy: draft.privacy(),
            bytes_left: left(draft, hops)?,
            held: !postage && holds,
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
        left(draft, u32::try_from(bare.nodes.len()).unwrap_or(u32::MAX))?;
        Err(LightningError::NoRoute.into())
    }

    /// Whether the text fits over as many hops as the contact was last seen away, or over one when it never was.
    pub(crate) fn check_size(&self, draft: &Draft) -> Result<(), EngineError> {
        let known = self
            .hops
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&draft.to)
            .copied();
        left(draft, known.unwrap_or(1)).map(|_| ())
    }
}

/// Bytes that the text may still grow by.
fn left(draft: &Draft, hops: u32) -> Result<u32, EngineError> {
    let room = draft.room_for_text(hops).unwrap_or(0);
    let count = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    room.checked_sub(draft.text.len())
        .map(count)
        .ok_or_else(|| EngineError::TooLong {
            over: count(draft.text.len().saturating_sub(room)),
        })
}
