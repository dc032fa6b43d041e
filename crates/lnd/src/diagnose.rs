//! Why there is no way: the node's own answer is one word for five reasons.

use domain::{Failure, Msat, NodeId};

use crate::error::LightningError;
use crate::lightning::Lightning;
use crate::types::{Keysend, Over, PaidBy, PaymentUpdate, PeerLink, RouteQuery};

/// Finds out why there is no route for `query`, by asking easier questions until one has an answer. A few milliseconds;
/// nothing is paid and nobody else is asked. [`Failure::NoRoute`] when there is one after all, or when the reason lies
/// outside of what our node knows.
pub async fn diagnose<L: Lightning + ?Sized>(node: &L, query: RouteQuery) -> Failure {
    let full = RouteQuery {
        use_mission_control: false,
        ..query
    };
    match node.route(full.clone()).await {
        Err(LightningError::NoRoute) => {}
        Err(LightningError::InsufficientBalance) => return empty_or_asleep(node, &full).await,
        _ => return Failure::NoRoute,
    }
    if node
        .peers()
        .await
        .is_ok_and(|peers| is_asleep(&peers, full.to))
    {
        return Failure::RecipientOffline;
    }
    let bare = RouteQuery {
        records: Vec::new(),
        ..full.clone()
    };
    if node.route(bare.clone()).await.is_ok() {
        return Failure::TooLarge;
    }
    if bare.amount < Msat::SAT
        && node
            .route(RouteQuery {
                amount: Msat::SAT,
                ..bare
            })
            .await
            .is_ok()
    {
        return Failure::AmountTooSmall;
    }
    // Nobody can find a way to a node that gossip does not know, unless it has told us its channels.
    if full.hints.is_empty() && node.node(full.to).await.is_ok_and(|facts| facts.is_none()) {
        return Failure::Hidden;
    }
    Failure::NoRoute
}

/// LND leaves the channels of absent peers out when it counts what can be sent, and then speaks of balance.
async fn empty_or_asleep<L: Lightning + ?Sized>(node: &L, query: &RouteQuery) -> Failure {
    let (Ok(balance), Ok(peers)) = (node.balance().await, node.peers().await) else {
        return Failure::InsufficientBalance;
    };
    let awake = peers
        .iter()
        .all(|peer| peer.active_channels == peer.channels);
    if balance.local < query.amount || awake {
        Failure::InsufficientBalance
    } else if is_asleep(&peers, query.to) {
        Failure::RecipientOffline
    } else {
        Failure::NoRoute
    }
}

/// Whether the recipient shares channels with us and none of them can be used now.
fn is_asleep(peers: &[PeerLink], recipient: NodeId) -> bool {
    peers
        .iter()
        .any(|peer| peer.node == recipient && peer.channels > 0 && peer.active_channels == 0)
}

/// Replaces the vague reasons of a payment that ended before its first try. A mere "no route" stays when there is a route
/// without mission control: the caller may then take it.
pub(crate) async fn refine<L: Lightning + ?Sized>(
    node: &L,
    keysend: &Keysend,
    update: PaymentUpdate,
) -> PaymentUpdate {
    let PaymentUpdate::Failed {
        failure: Failure::NoRoute | Failure::InsufficientBalance,
        attempts: 0,
        hops,
    } = update
    else {
        return update;
    };
    let query = RouteQuery {
        to: keysend.to,
        amount: keysend.amount,
        fee_limit: keysend.fee_limit,
        records: keysend.records.clone(),
        paid_by: PaidBy::Quote,
        use_mission_control: false,
        over: Over::Anything,
        hints: keysend.hints.clone(),
    };
    PaymentUpdate::Failed {
        failure: diagnose(node, query).await,
        attempts: 0,
        hops,
    }
}
