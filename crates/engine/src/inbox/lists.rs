//! Reading the node's lists, page by page, beside the live stream. A slow node may take minutes for one page.

use std::sync::Arc;
use std::time::Duration;

use domain::{Condition, PaymentHash};
use futures::StreamExt;
use lnd::{InvoiceKind, InvoicePage, InvoiceState, Lightning, LightningError, LinkFault};
use store::Store;
use tokio::sync::mpsc;

use super::{Heard, NO_HASH, News, PAUSE};
use crate::error::Trouble;
use crate::health::Health;

/// Invoices asked for at once.
const PAGE: u64 = 200;
/// So many of the newest places are looked at again for later payments of their hashes.
const REACH: u64 = 1_000;
/// Unfinished payments that are looked up at once.
const AT_ONCE: usize = 8;
/// From then on the user is told that the list takes long.
const LONG: Duration = Duration::from_secs(10);

/// Reads for one session, which hears what was read. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lists {
    pub(super) store: Store,
    pub(super) lightning: Arc<dyn Lightning>,
    pub(super) health: Health,
    pub(super) news: mpsc::Sender<Heard>,
}

/// What stands where the cursor does.
enum Place {
    /// What was noted there.
    Same,
    /// The list is the same, and this place, with others before it, may have been given again.
    GivenAgain,
    /// The list is not the one that was read before.
    AnotherList,
}

impl Lists {
    /// All pages after this add index; an empty one says that there are no more. `first`: it is to be checked whether the
    /// list is still the one that was read before, and this database has begun there.
    pub(super) async fn read(self, after: u64, first: Option<u64>) -> PaymentHash {
        let reading = self.read_pages(after, first);
        tokio::pin!(reading);
        if tokio::time::timeout(LONG, &mut reading).await.is_err() {
            self.health.set(Condition::CatchingUp);
            reading.await;
        }
        self.health
            .clear(|condition| matches!(condition, Condition::CatchingUp));
        NO_HASH
    }

    async fn read_pages(&self, mut after: u64, first: Option<u64>) {
        if let Some(first) = first {
            match self.place().await {
                Ok(Place::Same) => {}
                Ok(Place::GivenAgain) => {
                    // The place at which the database began may be among them.
                    let begun = first.min(after.saturating_sub(1));
                    after = after.saturating_sub(REACH).max(begun);
                }
                Ok(Place::AnotherList) => return self.tell(Ok(News::AnotherList)).await,
                Err(Trouble::Lightning(error)) => return self.tell(Err(error)).await,
                Err(Trouble::Store(error)) => {
                    tracing::error!(%error, "the place in the list cannot be read");
                }
            }
        }
        loop {
            let asked = self.patiently(|| self.lightning.invoices_after(after, PAGE));
            let page = match asked.await {
                Ok(page) => page,
                Err(error) => return self.tell(Err(error)).await,
            };
            // A list that does not go on has ended.
            let next = page.next.filter(|next| *next > after);
            self.tell(Ok(News::Page(InvoicePage { next, ..page })))
                .await;
            match next {
                Some(next) => after = next,
                None => return,
            }
        }
    }

    /// What is open or held. Everything after the cursor is in the other list as well.
    pub(super) async fn pending(self) -> PaymentHash {
        let mut after = 0;
        loop {
            let asked = self.patiently(|| self.lightning.pending_invoices(after, PAGE));
            match asked.await {
                Ok(page) => {
                    let next = page.next.filter(|next| *next > after);
                    self.tell_each(page, |_| true).await;
                    let Some(next) = next else {
                        return NO_HASH;
                    };
                    after = next;
                }
                Err(error) => {
                    tracing::info!(%error, "pending payments could not be listed");
                    return NO_HASH;
                }
            }
        }
    }

    /// Looks at the newest invoices again: a hash can be paid once more, or one of our invoices that the books do not know
    /// can be paid, and nobody tells.
    pub(super) async fn once_more(self, first: u64, newest: u64) -> PaymentHash {
        let mut after = newest.saturating_sub(REACH);
        loop {
            let asked = self.patiently(|| self.lightning.invoices_after(after, PAGE));
            let Ok(page) = asked.await else {
                return NO_HASH;
            };
            let next = page.next.filter(|next| *next > after && *next < newest);
            let is_news = |invoice: &lnd::Invoice| {
                // What was settled before this database began is not its income.
                let open = invoice.add_index > first || invoice.state == InvoiceState::Held;
                let given = invoice.kind == InvoiceKind::Given && open;
                given || !invoice.further.is_empty()
            };
            self.tell_each(page, is_news).await;
            let Some(next) = next else {
                return NO_HASH;
            };
            after = next;
        }
    }

    /// What became of these.
    pub(super) async fn look_up(self, hashes: Vec<PaymentHash>) -> PaymentHash {
        let mut answers = futures::stream::iter(hashes)
            .map(|hash| {
                let lightning = self.lightning.clone();
                async move { (hash, lightning.invoice(hash).await) }
            })
            .buffered(AT_ONCE);
        while let Some((hash, answer)) = answers.next().await {
            let heard = match answer {
                Ok(invoice) => Ok(News::One(Box::new(invoice))),
                Err(LightningError::NotFound) => Ok(News::Gone(hash)),
                Err(error) => Err(error),
            };
            self.tell(heard).await;
        }
        NO_HASH
    }

    /// What stands where the cursor does. An LND that was restored from its seed begins another list. An LND on SQLite keeps
    /// its list, and gives the places at the end again after it has deleted what was canceled there.
    async fn place(&self) -> Result<Place, Trouble> {
        let Some(place) = self.store.read(|db| db.invoice_cursor()).await? else {
            return Ok(Place::Same);
        };
        if place.added == 0 {
            return Ok(Place::Same);
        }
        let there = self
            .patiently(|| self.lightning.invoice_at(place.added))
            .await?;
        let replaced = match (there, place.hash) {
            (Some(there), Some(noted)) if there == noted => return Ok(Place::Same),
            (there, noted) => there.is_some() && noted.is_some(),
        };
        // What was paid is never deleted.
        let is_same = match self.store.read(|db| db.last_settled()).await? {
            Some(hash) => match self.patiently(|| self.lightning.invoice(hash)).await {
                Ok(_) => true,
                Err(LightningError::NotFound) => false,
                Err(error) => return Err(error.into()),
            },
            None if replaced => false,
            None => {
                let newest = self.patiently(|| self.lightning.newest_add_index()).await?;
                newest >= place.added
            }
        };
        Ok(if is_same {
            Place::GivenAgain
        } else {
            Place::AnotherList
        })
    }

    /// Asks until the node answers in time. That it cannot be reached ends it.
    async fn patiently<T, F>(&self, ask: impl Fn() -> F) -> Result<T, LightningError>
    where
        F: Future<Output = Result<T, LightningError>>,
    {
        let mut pause = PAUSE.0;
        loop {
            match ask().await {
                Err(LightningError::Unreachable(LinkFault::Timeout)) => {
                    tracing::info!("a list takes too long; it is asked for again");
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(PAUSE.1);
                }
                answer => return answer,
            }
        }
    }

    async fn tell_each(&self, page: InvoicePage, wanted: impl Fn(&lnd::Invoice) -> bool) {
        for invoice in page.invoices.into_iter().filter(wanted) {
            self.tell(Ok(News::One(Box::new(invoice)))).await;
        }
    }

    /// A session that is over hears nothing more.
    async fn tell(&self, heard: Heard) {
        let _ = self.news.send(heard).await;
    }
}
