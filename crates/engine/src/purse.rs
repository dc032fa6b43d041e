//! Which payment hashes a delivery may take, and whether it may leave at all: [`domain::resume`] decides, the database and
//! the node are asked here.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::resume::{Action, Case, Known, Ordered, Stake, last_to_ask};
use domain::{
    Attempt, AttemptState, Carrier, MessageId, MessageKey, NodeId, PaymentHash, Preimage,
};
use futures::StreamExt;
use lnd::{Lightning, LightningError, PaymentUpdate};
use protocol::{PreimageSecret, refund_point};
use rand::Rng;
use rand::rngs::StdRng;
use store::{Delivery, Store, StoreError};
use tokio::sync::OnceCell;

use crate::books::is_postage;
use crate::clock::Clock;
use crate::error::Trouble;
use crate::identity::Identity;

/// The database's secret, in table `secret`.
const SECRET: &str = "payments";
/// Payment hashes that the node is asked for at once.
const AT_ONCE: usize = 8;

/// The money that the user has ordered in this run. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Orders(Arc<Mutex<HashSet<MessageKey>>>);

impl Orders {
    /// Before it is committed: whoever finds it in the database finds it here. It stays to the end of the run.
    pub(crate) fn add(&self, key: MessageKey) {
        self.locked().insert(key);
    }

    pub(crate) fn has(&self, key: MessageKey) -> bool {
        self.locked().contains(&key)
    }

    fn of(&self, key: MessageKey) -> Ordered {
        if self.has(key) {
            Ordered::ThisRun
        } else {
            Ordered::EarlierRun
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashSet<MessageKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The payment hashes of one delivery.
#[derive(Clone)]
pub(crate) struct Tries {
    secret: PreimageSecret,
    of: Of,
}

#[derive(Clone, Copy)]
enum Of {
    Refund(PaymentHash),
    Message { to: NodeId, id: MessageId },
}

impl Tries {
    /// The preimage of one try of the whole.
    pub(crate) fn whole(&self, number: u32) -> Preimage {
        self.part(None, number)
    }

    /// The preimage of one try of a part, counted from 0.
    pub(crate) fn part(&self, part: Option<u32>, number: u32) -> Preimage {
        match self.of {
            Of::Refund(of) => self.secret.refund(of, number),
            Of::Message { to, id } => self.secret.payment(to, id, part, number),
        }
    }
}

/// Asks what the rule needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Purse {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Identity,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    pub(crate) orders: Orders,
    pub(crate) own: Arc<OnceCell<PreimageSecret>>,
}

impl Purse {
    /// The hashes of a delivery that carries this message. `true`: other apps on this node derive the same.
    async fn tries(&self, delivery: &Delivery, id: MessageId) -> Result<(Tries, bool), Trouble> {
        let to = delivery.to;
        let Some(of) = delivery.refund_of else {
            let (secret, of) = (self.own().await?, Of::Message { to, id });
            return Ok((Tries { secret, of }, true));
        };
        let of = Of::Refund(of);
        let shared = match refund_point() {
            Some(point) => self.identity.shared_with(point).await,
            None => Err(LightningError::NotFound),
        };
        match shared {
            Ok(shared) => Ok((
                Tries {
                    secret: PreimageSecret::new(shared.0),
                    of,
                },
                true,
            )),
            Err(error @ LightningError::Unreachable(_)) => Err(error.into()),
            Err(_) => Ok((
                Tries {
                    secret: self.own().await?,
                    of,
                },
                false,
            )),
        }
    }

    /// Makes the database's secret before there is anything to pay: every later copy has it.
    pub(crate) async fn load(&self) -> Result<(), StoreError> {
        self.own().await.map(drop)
    }

    async fn own(&self) -> Result<PreimageSecret, StoreError> {
        let made = self.own.get_or_try_init(async || {
            let new = {
                let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
                rng.random()
            };
            let secret = self.store.write(move |tx| tx.secret_or(SECRET, new)).await;
            secret.map(PreimageSecret::new)
        });
        made.await.cloned()
    }

    /// What happens to a delivery whose turn has come. `by_invoice`: it may go, or may have gone, by an invoice.
    pub(crate) async fn judge(
        &self,
        delivery: &Delivery,
        id: MessageId,
        by_invoice: bool,
    ) -> Result<(Action, Tries), Trouble> {
        let (tries, shared) = self.tries(delivery, id).await?;
        if is_postage(delivery) {
            // Each of its attempts has its own number, by parts.
            return Ok((Action::Send(0), tries));
        }
        let (key, of) = (delivery.message, delivery.refund_of);
        let attempts = self
            .store
            .read(move |db| match of {
                Some(of) => db.attempts_to_pay_back(of),
                None => db.attempts_of(key),
            })
            .await?;
        let stored: BTreeMap<_, _> = attempts
            .iter()
            .filter_map(|attempt| Some((attempt.try_number?, attempt.state)))
            .collect();
        let others = attempts
            .iter()
            .any(|attempt| attempt.try_number.is_none() && !attempt.pays_nothing());
        let ordered = self.orders.of(key);
        let fresh = ordered == Ordered::ThisRun && of.is_none() && attempts.is_empty();
        let known = if fresh {
            BTreeMap::new()
        } else {
            self.walk(&tries, &stored).await?
        };
        let elsewhere = ordered == Ordered::EarlierRun && (by_invoice || others);
        let case = Case {
            stake: Stake::Money,
            ordered,
            stored: &stored,
            known: &known,
            expired: is_expired(delivery, &*self.clock),
            unseen: !shared || elsewhere,
        };
        Ok((case.next(), tries))
    }

    /// Asks the node for every try that anybody may have made.
    async fn walk(
        &self,
        tries: &Tries,
        stored: &BTreeMap<u32, AttemptState>,
    ) -> Result<BTreeMap<u32, Known>, LightningError> {
        let mut known = BTreeMap::new();
        let mut next = 0;
        loop {
            let last = last_to_ask(stored, &known);
            if next > last {
                return Ok(known);
            }
            let mut answers = futures::stream::iter(next..=last)
                .map(async |number| {
                    let hash = tries.whole(number).payment_hash();
                    (number, ask(&*self.lightning, hash).await)
                })
                .buffered(AT_ONCE);
            while let Some((number, answer)) = answers.next().await {
                known.insert(number, answer?);
            }
            next = last.saturating_add(1);
        }
    }
}

/// Whether money may no longer leave.
pub(crate) fn is_expired(delivery: &Delivery, clock: &dyn Clock) -> bool {
    delivery.leaves_by.is_some_and(|end| clock.now() >= end)
}

/// The number of the next attempt to bring this part of a text.
pub(crate) fn next_number(attempts: &[Attempt], part: Option<u32>) -> u32 {
    let of_part = |attempt: &&Attempt| attempt.part.map(|part| part.index) == part;
    let numbers = attempts
        .iter()
        .filter(of_part)
        .filter(|attempt| attempt.carrier == Carrier::Keysend)
        .filter_map(|attempt| attempt.try_number);
    numbers.max().map_or(0, |newest| newest.saturating_add(1))
}

/// What the node says of a payment hash now.
async fn ask(lightning: &dyn Lightning, hash: PaymentHash) -> Result<Known, LightningError> {
    let update = match lightning.track(hash).await {
        Ok(mut updates) => updates.next().await,
        Err(error) => Some(Err(error)),
    };
    match update {
        Some(Ok(update)) => Ok(known(&update)),
        Some(Err(LightningError::NotFound)) => Ok(Known::Unknown),
        Some(Err(error)) => Err(error),
        None => Err(LightningError::Unreachable(lnd::LinkFault::Broken(
            "no answer about a payment".to_owned(),
        ))),
    }
}

/// What the rule makes of the node's word.
pub(crate) const fn known(update: &PaymentUpdate) -> Known {
    match update {
        PaymentUpdate::InFlight { .. } => Known::InFlight,
        PaymentUpdate::Settled { .. } => Known::Settled,
        PaymentUpdate::Refused { .. } => Known::Refused,
        PaymentUpdate::Failed { .. } => Known::Failed,
    }
}
