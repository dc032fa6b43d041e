//! Other apps of this program on the same node: another computer's, or a copy of this one's folder.
//!
//! One of them is in charge. The others do what their users do, and nothing by themselves: they decide on no payment, pay no
//! postage back, give no receipts, and leave the key alone. Each start leaves a mark, which is an invoice that nobody is to
//! pay. Whoever is in charge answers the mark of another app that is started with one of its own, so that a copy hears of it.
//! An answer says who was in charge when that app was started: it counts as if it stood just before, so that what the user
//! has chosen since goes before it, however late it comes. The newest word on it is the one that counts. Whoever hands over
//! leaves another mark, so that the other one hears that it is still there. A new app that finds others' marks is not in
//! charge. So it stays, until the user says otherwise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{AppMark, Condition, Says};
use lnd::{Lightning, LightningError};
use rand::Rng;
use rand::rngs::StdRng;
use store::{Store, StoreError};
use tokio::sync::{Notify, OnceCell};

use crate::clock::Clock;
use crate::error::Trouble;
use crate::health::Health;
use crate::link::Link;
use crate::marks::{Left, Marks};
use crate::tasks::Tasks;
use crate::watched::Watched;

/// A new app looks for marks among so many of the newest invoices, and asks for so many at once.
const REACH: u64 = 2_000;
const PAGE: u64 = 200;
/// An app that was started hears live news by then: a node may delete the mark at once, and it would never be heard of.
const LISTENS: Duration = Duration::from_secs(3);
/// The first and the longest pause after the node has failed to answer.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60 * 60));

/// Whether this app is in charge of its node. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Charge(Watched<Option<bool>>);

impl Charge {
    /// Another app is: this one does nothing by itself.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.0.get() == Some(false)
    }

    /// Returns once it is known that this app is in charge.
    pub(crate) async fn ours(&self) {
        self.0.until(|known| *known == Some(true)).await;
    }

    fn is_ours(&self) -> bool {
        self.0.get() == Some(true)
    }
}

/// Finds them and agrees with them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Apps {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) link: Link,
    pub(crate) health: Health,
    pub(crate) tasks: Tasks,
    pub(crate) rng: Arc<Mutex<StdRng>>,
    pub(crate) charge: Charge,
    /// Actors that go on when this app takes over.
    pub(crate) waiting: Vec<Arc<Notify>>,
    /// Of this app and of this run.
    pub(crate) names: Arc<OnceCell<(u64, u64)>>,
    pub(crate) here: Arc<Mutex<Here>>,
    pub(crate) marks: Marks,
    /// Whether it was tried to leave the mark of this start.
    pub(crate) tried: Watched<bool>,
    /// The mark of this start has to be left once more.
    pub(crate) lost: Arc<Notify>,
}

/// What this run has said and heard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Here {
    /// The add index of the first mark of this start; `None` before it is known.
    opened_at: Option<u64>,
    /// The add index and the run of the newest mark of another that was answered.
    answered: (u64, u64),
    /// Another app was heard of in this run.
    others: bool,
}

impl Apps {
    /// Begins a run, with what was known at the end of the one before.
    pub(crate) async fn load(&self) -> Result<(), StoreError> {
        self.names().await.map(drop)
    }

    /// The names of this app and of this run.
    async fn names(&self) -> Result<(u64, u64), StoreError> {
        let begun = self.names.get_or_try_init(async || {
            let (new, run) = {
                let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
                (rng.random(), rng.random())
            };
            let row = self.store.write(move |tx| tx.begin_run(new, run)).await?;
            self.charge.0.set(row.in_charge);
            self.tell();
            Ok((row.id, run))
        });
        begun.await.copied()
    }

    /// The actor's loop: finds out who is in charge where nobody knows it yet.
    pub(crate) async fn run(self) {
        self.tried.until(|tried| *tried).await;
        let mut pause = AGAIN.0;
        while self.charge.0.get().is_none() {
            self.link.connected().await;
            match self.look().await {
                Ok(()) => {}
                Err(Trouble::Lightning(error)) => {
                    tracing::info!(%error, "other apps on the node cannot be looked for yet");
                }
                Err(Trouble::Store(error)) => {
                    tracing::error!(%error, "other apps on the node cannot be noted");
                }
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(4).min(AGAIN.1);
        }
        // What must always run does not end.
        std::future::pending().await
    }

    async fn look(&self) -> Result<(), Trouble> {
        let alone = match self.is_alone().await {
            // Whom nobody can find is alone.
            Err(Trouble::Lightning(LightningError::Permission(_))) => true,
            alone => alone?,
        };
        Ok(self.decided(alone, 0).await?)
    }

    /// Whether no other app has left a mark lately: of those that start together the first one is alone.
    async fn is_alone(&self) -> Result<bool, Trouble> {
        let newest = self.lightning.newest_add_index().await?;
        let mut after = newest.saturating_sub(REACH);
        loop {
            let page = self.lightning.invoices_after(after, PAGE).await?;
            for (add_index, mark) in page.marks {
                if !self.is_before_start(add_index) {
                    return Ok(true);
                }
                if !self.is_own(None, mark).await? {
                    return Ok(false);
                }
            }
            match page.next.filter(|next| *next > after) {
                Some(next) => after = next,
                None => return Ok(true),
            }
        }
    }

    /// Whether this app has left the mark, in this run or, before this run began, in an earlier one. What an earlier run
    /// seems to leave while this one runs is the work of another copy of the database, or of that of which this is a copy.
    async fn is_own(&self, add_index: Option<u64>, mark: AppMark) -> Result<bool, StoreError> {
        let is_later = add_index.is_some_and(|add_index| self.is_after_start(add_index));
        if is_later && mark.run != self.names().await?.1 {
            return Ok(false);
        }
        self.store.read(move |db| db.is_own_mark(&mark)).await
    }

    /// Takes a mark, which may be heard more than once.
    pub(crate) async fn hear(&self, add_index: u64, mark: AppMark) -> Result<(), StoreError> {
        let own = self.is_own(Some(add_index), mark).await?;
        if own && mark.says == Says::Open && mark.run == self.names().await?.1 {
            self.here().opened_at.get_or_insert(add_index);
        } else if !own && self.store.write(move |tx| tx.hear_app(add_index)).await? {
            tracing::info!(?mark, "another app uses this node");
            self.here().others = true;
            self.tell();
        }
        match mark.says {
            Says::InCharge => {
                let handed_over = !own && self.charge.is_ours() && self.is_after_start(add_index);
                self.decided(own, add_index).await?;
                if handed_over && self.charge.is_elsewhere() {
                    self.leave_soon(Says::Open);
                }
                Ok(())
            }
            // It counts as if it stood before that mark: on a node that gives places again a later word may stand at its place.
            Says::InChargeAt(then) => {
                let before = then.min(add_index).saturating_sub(1);
                self.decided(own, before).await
            }
            Says::Open if !own => {
                self.answer(add_index, mark.run);
                Ok(())
            }
            Says::Open => Ok(()),
        }
    }

    /// Another app was started after this one: if this one is in charge, it says so.
    fn answer(&self, add_index: u64, run: u64) {
        {
            let later = self.is_after_start(add_index);
            let mut here = self.here();
            let heard = add_index < here.answered.0 || (add_index, run) == here.answered;
            if !later || !self.charge.is_ours() || heard {
                return;
            }
            here.answered = (add_index, run);
        }
        self.leave_soon(Says::InChargeAt(add_index));
    }

    /// A node that deletes invoices at once may give the place of our mark again.
    fn is_after_start(&self, add_index: u64) -> bool {
        let opened_at = self.here().opened_at;
        opened_at.is_some_and(|opened| opened <= add_index)
    }

    /// Before this app has left a mark everything is.
    fn is_before_start(&self, add_index: u64) -> bool {
        let opened_at = self.here().opened_at;
        opened_at.is_none_or(|opened| add_index < opened)
    }

    /// Tells another app that has just been heard of, if it is still so then.
    fn leave_soon(&self, says: Says) {
        let apps = self.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(LISTENS).await;
            if apps.charge.is_ours() != matches!(says, Says::InChargeAt(_)) {
                return;
            }
            if let Err(error) = apps.leave(says).await {
                tracing::info!(%error, "another app cannot be told that this one is here");
            }
        });
    }

    /// The user wants this app to be in charge. Without the permission to make invoices the others do not hear of it.
    pub(crate) async fn take_over(&self) -> Result<(), Trouble> {
        let mark = match self.leave(Says::InCharge).await? {
            Some(left) => left.add_index,
            None => self.lightning.newest_add_index().await?,
        };
        Ok(self.decided(true, mark).await?)
    }

    /// The node has another list of invoices than before.
    pub(crate) async fn forget_marks(&self) -> Result<(), StoreError> {
        self.store.write(|tx| tx.forget_marks()).await?;
        {
            let mut here = self.here();
            (here.opened_at, here.answered) = (None, (0, 0));
        }
        self.lost.notify_one();
        Ok(())
    }

    /// Who is in charge, by the mark at this add index.
    async fn decided(&self, in_charge: bool, mark: u64) -> Result<(), StoreError> {
        let now = self.clock.now();
        let decide = move |tx: &store::Tx<'_>| tx.set_in_charge(in_charge, mark, now);
        if self.store.write(decide).await? {
            let changed = self.charge.0.set(Some(in_charge)) != Some(in_charge);
            self.tell();
            if changed && in_charge {
                self.waiting.iter().for_each(|actor| actor.notify_one());
            }
        }
        Ok(())
    }

    fn tell(&self) {
        if self.charge.is_elsewhere() || self.here().others {
            let in_charge = self.charge.is_ours();
            self.health.set(Condition::OtherApp { in_charge });
        } else {
            self.health
                .clear(|condition| matches!(condition, Condition::OtherApp { .. }));
        }
    }

    /// Leaves a mark; `None` where the macaroon does not let us. While the app has no name, as on a full disk, it says
    /// nothing to others.
    pub(crate) async fn leave(&self, says: Says) -> Result<Option<Left>, LightningError> {
        let names = self.names().await.ok();
        let mark = names.map(|(app, run)| AppMark { app, run, says });
        let left = self.marks.leave(mark).await?;
        if let (Some(left), Some(_), Says::Open) = (left, mark, says) {
            self.here().opened_at.get_or_insert(left.add_index);
        }
        Ok(left)
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
