//! The inbox: every incoming keysend, every payment with AMP, and every payment to an invoice of ours, those included that
//! came while the app was closed or the stream was broken.
//!
//! The node tells of new and of settled invoices, not of held and not of canceled ones. So a session listens first, and
//! beside that it reads everything since the cursor ([`lists`]), looks up each payment that was left unfinished here, and
//! watches every open invoice until it has arrived. Only what the lists tell in their order moves the cursor.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{Condition, PaymentHash};
use futures::StreamExt;
use lnd::{
    Invoice, InvoiceCursor, InvoiceKind, InvoiceNews, InvoicePage, InvoiceState, Lightning,
    LightningError,
};
use store::Store;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::apps::Apps;
use crate::error::Trouble;
use crate::health::Health;
use crate::link::Link;
use crate::reception::{Reception, Told};
use crate::rules::Settings;
use crate::time::Time;

mod lists;
mod unknown;

use lists::Lists;

/// How long after its start a subscription may still be deaf.
const BEGINNING: Duration = Duration::from_secs(2);
/// The first and the longest pause after a session has broken.
pub(super) const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// What could not be opened is tried again this often, and the list is looked at for what no stream has told.
const AGAIN: Duration = Duration::from_secs(60);
/// The setting with the add index at which the database has begun.
const FIRST: &str = "first";
/// Invoices are looked at again this often: nobody tells when a settled one is paid once more, or one of ours is paid that
/// the books do not know.
const ONCE_MORE: Duration = Duration::from_secs(10 * 60);
/// News that wait to be stored before the streams are made to wait.
const WAITING: usize = 256;

/// Reads the node's invoices.
#[derive(Clone)]
pub(crate) struct Inbox {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) time: Time,
    pub(crate) health: Health,
    pub(crate) settings: Settings,
    pub(crate) reception: Reception,
    pub(crate) apps: Apps,
    pub(crate) unopened: Arc<Notify>,
    /// An invoice of ours waits to be watched.
    pub(crate) issued: Arc<Notify>,
}

/// What the session hears of those that ask and listen beside it.
enum News {
    /// The stream of all invoices.
    Stream(InvoiceNews),
    /// An invoice that was asked for.
    One(Box<Invoice>),
    /// The node has deleted an invoice that was not finished here.
    Gone(PaymentHash),
    /// The next page of the list.
    Page(InvoicePage),
    /// The list is not the one that was read before.
    AnotherList,
}

type Heard = Result<News, LightningError>;

/// One connection's worth of reading. Dropping it ends every stream.
struct Session<'a> {
    inbox: &'a Inbox,
    news: mpsc::Sender<Heard>,
    lists: Lists,
    watched: HashSet<PaymentHash>,
    streams: JoinSet<PaymentHash>,
    /// The add index at which this database has begun: what is older is the matter of another one.
    first: u64,
    /// The newest add index up to which everything was taken.
    newest: u64,
    /// Whether the list is being read, and whether it has to be read once more then.
    listing: bool,
    behind: bool,
}

impl Inbox {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        let mut pause = PAUSE.0;
        // What was pending before the very first connection stands nowhere else.
        let mut pending = true;
        loop {
            self.link.connected().await;
            let began = tokio::time::Instant::now();
            match self.session(&mut pending).await {
                Err(Trouble::Lightning(error)) => {
                    tracing::info!(%error, "the inbox lost the node");
                }
                Err(Trouble::Store(error)) => {
                    tracing::error!(%error, "the inbox cannot be written");
                }
                Ok(()) => {}
            }
            self.link.check();
            if began.elapsed() > PAUSE.1 {
                pause = PAUSE.0;
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSE.1);
        }
    }

    async fn session(&self, pending: &mut bool) -> Result<(), Trouble> {
        let (news, mut arrivals) = mpsc::channel(WAITING);
        let mut session = Session {
            inbox: self,
            lists: Lists {
                store: self.store.clone(),
                lightning: self.lightning.clone(),
                health: self.health.clone(),
                news: news.clone(),
            },
            news,
            watched: HashSet::new(),
            streams: JoinSet::new(),
            first: 0,
            newest: 0,
            listing: false,
            behind: false,
        };
        // Live first: whatever takes long runs beside it.
        session.ask_config();
        let settled = session.start().await?;
        session.subscribe(settled);
        session.read_list(true);
        if std::mem::take(pending) {
            let lists = session.lists.clone();
            session.streams.spawn(lists.pending());
        }
        session.look_again();
        session.look_up_unfinished().await?;
        session.watch_issued().await?;
        session.open_rest().await?;
        session.reopen();
        let keys = &self.reception.opener.keys.ring;
        let mut version = keys.version();
        // Nobody tells when the subscription has begun.
        let begun = tokio::time::sleep(BEGINNING);
        tokio::pin!(begun);
        let mut again = tokio::time::interval(AGAIN);
        let mut once_more = tokio::time::interval(ONCE_MORE);
        // The first look has just been taken.
        again.reset();
        once_more.reset();
        loop {
            // What comes by itself and often stands last, so that the rest has its turn.
            tokio::select! {
                biased;
                () = &mut begun, if !begun.is_elapsed() => session.read_list(false),
                _ = again.tick() => {
                    session.read_list(false);
                    session.open_rest().await?;
                    session.watch_issued().await?;
                }
                _ = once_more.tick() => session.look_again(),
                () = keys.changed(&mut version) => session.reopen(),
                Some(ended) = session.streams.join_next() => match ended {
                    Ok(hash) => {
                        session.watched.remove(&hash);
                    }
                    // A fault in what runs beside is a fault of the inbox.
                    Err(error) => {
                        if let Ok(fault) = error.try_into_panic() {
                            std::panic::resume_unwind(fault);
                        }
                    }
                },
                () = self.unopened.notified() => session.open_rest().await?,
                () = self.issued.notified() => session.watch_issued().await?,
                arrival = arrivals.recv() => match arrival {
                    Some(heard) => {
                        if !session.hear(heard?).await? {
                            return Ok(());
                        }
                    }
                    None => return Ok(()),
                },
            }
        }
    }
}

impl Session<'_> {
    /// Where to begin: after what is stored; at the very first connection, after everything that is there. Returns the
    /// place in the list of settlements.
    async fn start(&mut self) -> Result<u64, Trouble> {
        let store = &self.inbox.store;
        if let Some(place) = store.read(|db| db.invoice_cursor()).await? {
            self.newest = place.added;
            let first = store.read(|db| db.setting(FIRST)).await?;
            self.first = match first.and_then(|first| first.parse().ok()) {
                Some(first) => first,
                // A database of an earlier version.
                None => self.begins_at(place.added).await?,
            };
            return Ok(place.settled);
        }
        let lightning = &self.inbox.lightning;
        let newest = lightning.newest_add_index().await?;
        let hash = lightning.invoice_at(newest).await?;
        store
            .write(move |tx| tx.advance_added(newest, hash))
            .await?;
        self.newest = newest;
        self.first = self.begins_at(newest).await?;
        Ok(0)
    }

    /// Notes that what has come up to this add index is the matter of other databases.
    async fn begins_at(&self, place: u64) -> Result<u64, Trouble> {
        let noted = move |tx: &store::Tx<'_>| tx.set_setting(FIRST, &place.to_string());
        self.inbox.store.write(noted).await?;
        Ok(place)
    }

    /// How the node treats keysends, if it tells.
    fn ask_config(&mut self) {
        let (lightning, settings) = (self.inbox.lightning.clone(), self.inbox.settings.clone());
        self.streams.spawn(async move {
            match lightning.config().await {
                Ok(Some(config)) => settings.told(config),
                Ok(None) => {}
                Err(error) => tracing::info!(%error, "the node does not tell its settings"),
            }
            NO_HASH
        });
    }

    /// Live news, and settlements after this one. The call may not return before the first event, so it is made in its own
    /// task. New invoices of the past are read from the list: so each settled one that the stream tells is a settlement.
    fn subscribe(&mut self, settle_index: u64) {
        let lightning = self.inbox.lightning.clone();
        let news = self.news.clone();
        self.streams.spawn(async move {
            let cursor = InvoiceCursor {
                add_index: 0,
                settle_index,
            };
            match lightning.invoices(cursor).await {
                Ok(mut invoices) => {
                    while let Some(told) = invoices.next().await {
                        if news.send(told.map(News::Stream)).await.is_err() {
                            return NO_HASH;
                        }
                    }
                    let _ = news.send(Err(ended())).await;
                }
                Err(error) => {
                    let _ = news.send(Err(error)).await;
                }
            }
            NO_HASH
        });
    }

    /// Reads what the list has after the newest that was taken. `check`: whether it is still the same list.
    fn read_list(&mut self, check: bool) {
        if std::mem::replace(&mut self.listing, true) {
            self.behind = true;
            return;
        }
        self.behind = false;
        let lists = self.lists.clone();
        let first = check.then_some(self.first);
        self.streams.spawn(lists.read(self.newest, first));
    }

    fn look_again(&mut self) {
        let lists = self.lists.clone();
        self.streams.spawn(lists.once_more(self.first, self.newest));
    }

    /// `false`: everything has to begin anew.
    async fn hear(&mut self, news: News) -> Result<bool, Trouble> {
        match news {
            News::Stream(InvoiceNews::Invoice(invoice)) => self.hear_live(invoice).await?,
            News::Stream(InvoiceNews::Passed { settle_index }) => {
                let store = &self.inbox.store;
                store
                    .write(move |tx| tx.advance_settled(settle_index))
                    .await?;
            }
            News::Stream(InvoiceNews::Mark { add_index, mark }) => {
                self.inbox.apps.hear(add_index, mark).await?;
            }
            News::One(invoice) => self.know(*invoice, Told::Beside).await?,
            News::Gone(hash) => self.inbox.reception.gone(hash).await?,
            News::Page(page) => {
                for (add_index, mark) in page.marks {
                    self.inbox.apps.hear(add_index, mark).await?;
                }
                for invoice in page.invoices {
                    self.newest = self.newest.max(invoice.add_index);
                    self.know(invoice, Told::List).await?;
                }
                match page.next {
                    Some(next) => self.newest = self.newest.max(next),
                    None => {
                        self.listing = false;
                        if self.behind {
                            self.read_list(false);
                        }
                    }
                }
            }
            News::AnotherList => {
                tracing::warn!("the node has another list of invoices than before");
                self.inbox
                    .store
                    .write(|tx| {
                        tx.set_setting(FIRST, "0")?;
                        tx.reset_invoice_cursor()
                    })
                    .await?;
                self.inbox.apps.forget_marks().await?;
                self.inbox.health.set(Condition::HistoryLost);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes live news at once. What is the next in the list moves the cursor; where the stream has left a gap, or the list
    /// is still being read, the list does that.
    async fn hear_live(&mut self, invoice: Invoice) -> Result<(), Trouble> {
        let is_next = invoice.add_index == self.newest.saturating_add(1);
        let is_later = invoice.add_index > self.newest;
        let told = match invoice.state {
            InvoiceState::Settled => Told::Settlements,
            _ if is_next && !self.listing => Told::List,
            _ => Told::Beside,
        };
        if told == Told::List {
            self.newest = invoice.add_index;
            self.inbox.time.made_now(invoice.created_at);
        } else if is_later {
            self.read_list(false);
        }
        self.know(invoice, told).await
    }

    /// Payments that were left unfinished here.
    async fn look_up_unfinished(&mut self) -> Result<(), Trouble> {
        let unfinished = self
            .inbox
            .store
            .read(|db| {
                let mut hashes = db.seen_hashes()?;
                hashes.extend(db.undecided()?.into_iter().map(|row| row.payment.hash));
                Ok(hashes)
            })
            .await?;
        let lists = self.lists.clone();
        self.streams.spawn(lists.look_up(unfinished));
        Ok(())
    }

    /// The invoices of ours that nothing has been paid to yet. The node may still be making one.
    async fn watch_issued(&mut self) -> Result<(), Trouble> {
        for invoice in self.inbox.store.read(|db| db.all_issued()).await? {
            self.watch(invoice.hash);
        }
        Ok(())
    }

    /// What is stored and could not be opened, or decided, before.
    async fn open_rest(&self) -> Result<(), Trouble> {
        for payment in self.inbox.store.read(|db| db.unopened()).await? {
            self.inbox.reception.open(payment).await?;
        }
        Ok(self.inbox.reception.decide_waiting().await?)
    }

    /// What could not be read once, beside all else: it may be much.
    fn reopen(&mut self) {
        let reception = self.inbox.reception.clone();
        self.streams.spawn(async move {
            if let Err(error) = reception.reopen().await {
                tracing::info!(%error, "old letters cannot be tried again yet");
            }
            NO_HASH
        });
    }

    /// Takes the node's word on an invoice.
    async fn know(&mut self, invoice: Invoice, told: Told) -> Result<(), Trouble> {
        let is_single = matches!(invoice.kind, InvoiceKind::Keysend | InvoiceKind::Given);
        if is_single && matches!(invoice.state, InvoiceState::Open | InvoiceState::Held) {
            self.watch(invoice.hash);
        }
        self.give_back_unknown(&invoice).await?;
        self.inbox.reception.take(invoice, told).await
    }

    /// Follows one invoice until the node has said its last word.
    fn watch(&mut self, hash: PaymentHash) {
        if !self.watched.insert(hash) {
            return;
        }
        let lightning = self.inbox.lightning.clone();
        let news = self.news.clone();
        self.streams.spawn(async move {
            match lightning.watch_invoice(hash).await {
                Ok(mut states) => {
                    while let Some(state) = states.next().await {
                        if matches!(state, Err(LightningError::NotFound)) {
                            break;
                        }
                        // A broken stream of one invoice means a broken connection: the session starts anew.
                        let told = state.map(|invoice| News::One(Box::new(invoice)));
                        if news.send(told).await.is_err() {
                            break;
                        }
                    }
                }
                Err(LightningError::NotFound) => {}
                Err(error) => {
                    let _ = news.send(Err(error)).await;
                }
            }
            hash
        });
    }
}

/// What the stream of all invoices is called among the watched hashes: nothing hashes to it.
const NO_HASH: PaymentHash = PaymentHash([0; 32]);

fn ended() -> LightningError {
    LightningError::Unreachable(lnd::LinkFault::Broken(
        "the stream of invoices ended".into(),
    ))
}
