//! The inbox: every incoming keysend, and every payment to an invoice of ours, those included that came while the app was
//! closed or the stream was broken.
//!
//! The node tells of new and of settled invoices, not of held and not of canceled ones. So a session begins by asking for
//! everything since the cursor, for what is pending, and for each payment that was left unfinished here; and every open
//! invoice is watched until it has arrived.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::PaymentHash;
use futures::StreamExt;
use lnd::{Invoice, InvoiceCursor, InvoiceState, Lightning, LightningError};
use store::Store;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::error::Trouble;
use crate::link::Link;
use crate::reception::Reception;
use crate::rules::Settings;

/// Invoices asked for at once.
const PAGE: u64 = 200;
/// How long after its start a subscription may still be deaf.
const BEGINNING: Duration = Duration::from_secs(2);
/// The first and the longest pause after a session has broken.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// What could not be opened is tried again this often.
const AGAIN: Duration = Duration::from_secs(60);
/// News that wait to be stored before the streams are made to wait.
const WAITING: usize = 256;

/// Reads the node's invoices.
#[derive(Clone)]
pub(crate) struct Inbox {
    pub(crate) store: Store,
    pub(crate) lightning: Arc<dyn Lightning>,
    pub(crate) link: Link,
    pub(crate) settings: Settings,
    pub(crate) reception: Reception,
    pub(crate) unopened: Arc<Notify>,
    /// An invoice of ours waits to be watched.
    pub(crate) issued: Arc<Notify>,
}

type News = Result<(Told, Invoice), LightningError>;

/// Where news come from: only the list of keysends counts.
#[derive(Clone, Copy)]
enum Told {
    ByList,
    ByWatching,
}

/// One connection's worth of reading. Dropping it ends every stream.
struct Session<'a> {
    inbox: &'a Inbox,
    news: mpsc::Sender<News>,
    watched: HashSet<PaymentHash>,
    streams: JoinSet<PaymentHash>,
    /// The newest add index that was taken.
    newest: u64,
}

impl Inbox {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        let mut pause = PAUSE.0;
        loop {
            self.link.connected().await;
            let began = tokio::time::Instant::now();
            match self.session().await {
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

    async fn session(&self) -> Result<(), Trouble> {
        if let Some(config) = self.lightning.config().await? {
            self.settings.told(config);
        }
        let (news, mut arrivals) = mpsc::channel(WAITING);
        let mut session = Session {
            inbox: self,
            news,
            watched: HashSet::new(),
            streams: JoinSet::new(),
            newest: 0,
        };
        session.newest = session.start().await?;
        session.subscribe(session.newest);
        session.catch_up().await?;
        // Nobody tells when the subscription has begun, and one from zero brings no backlog.
        let begun = tokio::time::sleep(BEGINNING);
        tokio::pin!(begun);
        let mut again = tokio::time::interval(AGAIN);
        // The first look has just been taken.
        again.reset();
        loop {
            // What comes by itself and often stands last, so that the rest has its turn.
            tokio::select! {
                biased;
                () = &mut begun, if !begun.is_elapsed() => session.take_newer().await?,
                _ = again.tick() => {
                    session.open_rest().await?;
                    session.watch_issued().await?;
                }
                Some(ended) = session.streams.join_next() => {
                    if let Ok(hash) = ended {
                        session.watched.remove(&hash);
                    }
                }
                () = self.unopened.notified() => session.open_rest().await?,
                () = self.issued.notified() => session.watch_issued().await?,
                arrival = arrivals.recv() => match arrival {
                    Some(news) => session.hear(news?).await?,
                    None => return Ok(()),
                },
            }
        }
    }
}

impl Session<'_> {
    /// Where to begin: after what is stored; at the very first connection, after everything that is there.
    async fn start(&self) -> Result<u64, Trouble> {
        let store = &self.inbox.store;
        if let Some((add_index, _)) = store.read(|db| db.invoice_cursor()).await? {
            return Ok(add_index);
        }
        let newest = self.inbox.lightning.newest_add_index().await?;
        store
            .write(move |tx| tx.advance_invoice_cursor(newest, 0))
            .await?;
        Ok(newest)
    }

    /// Live news. The call may not return before the first event, so it is made in its own task.
    fn subscribe(&mut self, add_index: u64) {
        let lightning = self.inbox.lightning.clone();
        let news = self.news.clone();
        self.streams.spawn(async move {
            // No backlog of settlements: what was unfinished is looked up one by one.
            let cursor = InvoiceCursor {
                add_index,
                settle_index: 0,
            };
            match lightning.invoices(cursor).await {
                Ok(mut invoices) => {
                    while let Some(invoice) = invoices.next().await {
                        let told = invoice.map(|invoice| (Told::ByList, invoice));
                        if news.send(told).await.is_err() {
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

    /// Everything after the newest that was taken.
    async fn take_newer(&mut self) -> Result<(), Trouble> {
        loop {
            let page = self
                .inbox
                .lightning
                .invoices_after(self.newest, PAGE)
                .await?;
            if page.is_empty() {
                return Ok(());
            }
            for invoice in page {
                self.take(invoice).await?;
            }
        }
    }

    /// Takes live news; where the stream has left a gap, what stands in it comes first.
    async fn hear(&mut self, (told, invoice): (Told, Invoice)) -> Result<(), Trouble> {
        if matches!(told, Told::ByWatching) {
            return self.know(invoice).await;
        }
        if invoice.add_index > self.newest.saturating_add(1) {
            self.take_newer().await?;
        }
        self.take(invoice).await
    }

    async fn catch_up(&mut self) -> Result<(), Trouble> {
        self.take_newer().await?;
        let Inbox {
            store,
            lightning,
            reception,
            ..
        } = self.inbox;
        for invoice in lightning.pending_invoices().await? {
            self.take(invoice).await?;
        }
        let unfinished = store
            .read(|db| {
                let mut hashes = db.seen_hashes()?;
                hashes.extend(db.undecided()?.into_iter().map(|row| row.payment.hash));
                Ok(hashes)
            })
            .await?;
        for hash in unfinished {
            match lightning.invoice(hash).await {
                Ok(invoice) => self.know(invoice).await?,
                Err(LightningError::NotFound) => reception.gone(hash).await?,
                Err(error) => return Err(error.into()),
            }
        }
        self.watch_issued().await?;
        self.open_rest().await
    }

    /// The invoices of ours that nothing has been paid to yet. The node may still be making one.
    async fn watch_issued(&mut self) -> Result<(), Trouble> {
        for invoice in self.inbox.store.read(|db| db.all_issued()).await? {
            self.watch(invoice.hash);
        }
        Ok(())
    }

    /// What is stored and could not be opened before.
    async fn open_rest(&self) -> Result<(), Trouble> {
        for payment in self.inbox.store.read(|db| db.unopened()).await? {
            self.inbox.reception.open(payment).await?;
        }
        Ok(())
    }

    async fn take(&mut self, invoice: Invoice) -> Result<(), Trouble> {
        self.newest = self.newest.max(invoice.add_index);
        self.know(invoice).await
    }

    /// Takes the node's word on an invoice that is known here.
    async fn know(&mut self, invoice: Invoice) -> Result<(), Trouble> {
        if matches!(invoice.state, InvoiceState::Open | InvoiceState::Held) {
            self.watch(invoice.hash);
        }
        self.inbox.reception.take(invoice).await
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
                        let told = state.map(|invoice| (Told::ByWatching, invoice));
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
