//! A person with a Heliograph of their own, as stories speak of them.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use api::vault::{Passphrase, PassphraseVault, Secrets, Vault, VaultError, VaultKind};
use api::view::{
    AppView, ConnectionInput, ConversationFilter, ConversationView, DeliveryView, LinkView,
    MessageDetails, MessageView, MessagesPage, PageAt, QuoteView, SendRequest, TotalsView,
};
use api::{Home, Messenger};
use async_trait::async_trait;
use domain::{
    ConversationId, DeliveryState, Direction, HoldState, MessageKey, Msat, NodeId, Trust, Way,
};

use crate::temporary::Temporary;

/// How long a fact may take to come true on a busy computer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the program of a person in a home.
pub type Start = Box<dyn Fn(Home, Arc<dyn Vault>) -> Messenger>;

/// A person. Their program can be closed, killed and opened again; their home stays.
pub struct Person {
    /// What the stories call them.
    pub name: String,
    /// Their node.
    pub node: NodeId,
    home: PathBuf,
    vault: Arc<dyn Vault>,
    start: Start,
    _temporary: Option<Temporary>,
    app: Mutex<Option<Messenger>>,
}

/// What became of *Refund* on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The payment was held: it went back.
    Refused,
    /// It had settled: this message pays it back.
    PaidBack(MessageKey),
}

impl Person {
    /// Opens the program for the first time and connects it to their node. Their home goes when they do.
    ///
    /// # Errors
    /// When the profile cannot be made, or the node is not there.
    pub async fn arrive(
        name: &str,
        node: NodeId,
        input: ConnectionInput,
        start: Start,
    ) -> Result<Self> {
        let temporary = Temporary::new("home")?;
        let person = Self {
            name: name.to_owned(),
            node,
            home: temporary.path().to_owned(),
            vault: Arc::new(MemoryVault::default()),
            start,
            app: Mutex::new(None),
            _temporary: Some(temporary),
        };
        person
            .launch()?
            .profile_create(input, name.to_owned(), None)
            .await?;
        person.connected().await?;
        Ok(person)
    }

    /// Opens the program in a home that stays, with its secrets behind a passphrase; the first time it is connected to
    /// their node, and again when the node has moved.
    ///
    /// # Errors
    /// When the profile cannot be made or opened, or the node is not there.
    pub async fn live(
        name: &str,
        node: NodeId,
        input: ConnectionInput,
        folder: &Path,
        passphrase: &str,
    ) -> Result<Self> {
        let home = Home::at(folder)?;
        let passphrase = Passphrase::new(passphrase.to_owned());
        let vault = PassphraseVault::new(home.profiles(), passphrase);
        drop(home);
        let person = Self {
            name: name.to_owned(),
            node,
            home: folder.to_owned(),
            vault: Arc::new(vault),
            start: Box::new(Messenger::new),
            app: Mutex::new(None),
            _temporary: None,
        };
        let app = person.launch()?;
        match app.app_state().await? {
            AppView::FirstRun => {
                app.profile_create(input, name.to_owned(), None).await?;
            }
            AppView::Open { profile } => {
                if !matches!(&input, ConnectionInput::Text { address, .. } if *address == profile.address)
                {
                    app.profile_reconnect(profile.id, input).await?;
                }
            }
            AppView::Locked { needs, .. } => bail!("{name}'s profile is locked: {needs:?}"),
        }
        person.connected().await?;
        Ok(person)
    }

    /// Their running program.
    ///
    /// # Errors
    /// When it is closed.
    pub fn app(&self) -> Result<Messenger> {
        self.slot()
            .clone()
            .with_context(|| format!("{}'s program is closed", self.name))
    }

    /// Opens the program again and waits until it is connected.
    ///
    /// # Errors
    /// When the profile does not open, or the node is not there.
    pub async fn open(&self) -> Result<()> {
        self.open_without_node().await?;
        self.connected().await
    }

    /// Opens the program again, whether the node is there or not.
    ///
    /// # Errors
    /// When the profile does not open.
    pub async fn open_without_node(&self) -> Result<()> {
        match self.launch()?.app_state().await? {
            AppView::Open { .. } => Ok(()),
            other => bail!("{}'s profile did not open: {other:?}", self.name),
        }
    }

    /// Closes the program in order, if it is open.
    pub async fn close(&self) {
        let app = self.slot().take();
        if let Some(app) = app {
            app.stop().await;
        }
    }

    /// Copies the home of a closed program.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub fn copies_home(&self) -> Result<Temporary> {
        let copy = Temporary::new("copy")?;
        copy_folder(&self.home, copy.path())?;
        Ok(copy)
    }

    /// Puts an older copy in the place of the home of a closed program.
    ///
    /// # Errors
    /// When a file cannot be removed or copied.
    pub fn puts_home_back(&self, copy: &Temporary) -> Result<()> {
        for entry in std::fs::read_dir(&self.home)? {
            let path = entry?.path();
            if path.is_dir() {
                std::fs::remove_dir_all(path)?;
            }
        }
        copy_folder(copy.path(), &self.home)
    }

    /// Waits until the program is connected to its node and knows how it treats keysends.
    ///
    /// # Errors
    /// When the node is not there.
    pub async fn connected(&self) -> Result<()> {
        self.wait("is connected", async |app| {
            let view = app.node_view().await?;
            let connected = matches!(view.link, LinkView::Connected { synced: true });
            Ok((connected && view.keysend.is_some()).then_some(()))
        })
        .await
    }

    /// Adds somebody to the contacts.
    ///
    /// # Errors
    /// What the program says.
    pub async fn meets(&self, other: &Self) -> Result<ConversationId> {
        Ok(self
            .app()?
            .contact_add(other.node.to_string(), other.name.clone())
            .await?)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// What the program says.
    pub async fn writes(&self, to: &Self, text: &str) -> Result<MessageKey> {
        self.sends(to, text, Msat::ZERO).await
    }

    /// Sends a message with a payment.
    ///
    /// # Errors
    /// What the program says.
    pub async fn sends(&self, to: &Self, text: &str, payment: Msat) -> Result<MessageKey> {
        Ok(self
            .app()?
            .message_send(self.request(to, text, payment).await?)
            .await?)
    }

    /// What it would cost.
    ///
    /// # Errors
    /// What the program says.
    pub async fn quote(&self, to: &Self, text: &str, payment: Msat) -> Result<QuoteView> {
        Ok(self
            .app()?
            .quote(self.request(to, text, payment).await?)
            .await?)
    }

    /// Waits until somebody's message with this text is there.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn gets(&self, from: &Self, text: &str) -> Result<MessageView> {
        self.gets_from(from.node, text).await
    }

    /// Waits until a node's message with this text is there.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn gets_from(&self, from: NodeId, text: &str) -> Result<MessageView> {
        self.wait(&format!("gets {text:?}"), async |_| {
            let all = self.messages_with(from).await?;
            let wanted = |message: &MessageView| {
                message.direction == Direction::Incoming && message.text == text
            };
            Ok(all.into_iter().find(wanted))
        })
        .await
    }

    /// Waits until a message is as wanted.
    ///
    /// # Errors
    /// When it does not become so; the message is told as it is then.
    pub async fn sees(
        &self,
        key: MessageKey,
        what: &str,
        wanted: impl Fn(&MessageView) -> bool,
    ) -> Result<MessageView> {
        let mut last = None;
        let seen = self
            .wait(&format!("sees {what}"), async |app| {
                let message = app.message_get(key).await?;
                if wanted(&message) {
                    return Ok(Some(message));
                }
                last = Some(message);
                Ok(None)
            })
            .await;
        seen.with_context(|| format!("as it is: {last:?}"))
    }

    /// Waits until an outgoing message has reached this state.
    ///
    /// # Errors
    /// When it does not.
    pub async fn sees_delivery(
        &self,
        key: MessageKey,
        state: DeliveryState,
    ) -> Result<MessageView> {
        self.sees(key, &format!("{state:?}"), |message| {
            message
                .delivery
                .as_ref()
                .is_some_and(|delivery| delivery.state == state)
        })
        .await
    }

    /// Waits until so many attempts have failed and another one is to follow by itself.
    ///
    /// # Errors
    /// When it does not come to that.
    pub async fn sees_waiting(&self, key: MessageKey, attempts: usize) -> Result<DeliveryView> {
        self.wait("waits for the recipient", async |app| {
            let details = app.message_details(key).await?;
            let failed = details.attempts.iter().filter(|one| one.failure.is_some());
            let enough = failed.count() >= attempts;
            let delivery = details.message.delivery;
            Ok(delivery.filter(|delivery| enough && delivery.next_try.is_some()))
        })
        .await
    }

    /// Waits until the payment under an incoming message has reached this state.
    ///
    /// # Errors
    /// When it does not.
    pub async fn sees_hold(&self, key: MessageKey, state: HoldState) -> Result<MessageView> {
        self.sees(key, &format!("{state:?}"), |message| {
            message
                .hold
                .as_ref()
                .is_some_and(|hold| hold.state == state)
        })
        .await
    }

    /// Presses *Accept*.
    ///
    /// # Errors
    /// What the program says.
    pub async fn accepts(&self, key: MessageKey) -> Result<()> {
        Ok(self.app()?.payment_accept(key).await?)
    }

    /// Presses *Refund*: refuses what is held, pays back what has settled.
    ///
    /// # Errors
    /// What the program says.
    pub async fn refunds(&self, key: MessageKey) -> Result<Refunded> {
        let app = self.app()?;
        let hold = app
            .message_get(key)
            .await?
            .hold
            .context("nothing was paid")?;
        if hold.state == HoldState::Held {
            app.payment_refuse(key).await?;
            return Ok(Refunded::Refused);
        }
        Ok(Refunded::PaidBack(app.payment_pay_back(key, None).await?))
    }

    /// All messages with a node, oldest first; empty when there is no conversation.
    ///
    /// # Errors
    /// What the program says.
    pub async fn messages_with(&self, node: NodeId) -> Result<Vec<MessageView>> {
        let Some(conversation) = self.conversation_with(node).await? else {
            return Ok(Vec::new());
        };
        let app = self.app()?;
        let mut all = Vec::new();
        let mut at = PageAt::End;
        loop {
            let page: MessagesPage = app.messages_page(conversation.id, at, 200).await?;
            let first = page.messages.first().map(|message| message.key);
            all.splice(0..0, page.messages);
            match first {
                Some(key) if page.more_before => at = PageAt::Before { key },
                _ => return Ok(all),
            }
        }
    }

    /// The conversation with a node, wherever it is listed.
    ///
    /// # Errors
    /// What the program says.
    pub async fn conversation_with(&self, node: NodeId) -> Result<Option<ConversationView>> {
        let app = self.app()?;
        let node = node.to_string();
        for filter in [
            ConversationFilter::All,
            ConversationFilter::Requests,
            ConversationFilter::Blocked,
        ] {
            let listed = app.conversations_list(filter, String::new()).await?;
            if let Some(found) = listed.into_iter().find(|one| one.contact.node == node) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What is known of one message.
    ///
    /// # Errors
    /// What the program says.
    pub async fn details(&self, key: MessageKey) -> Result<MessageDetails> {
        Ok(self.app()?.message_details(key).await?)
    }

    /// What the conversation with somebody has cost.
    ///
    /// # Errors
    /// What the program says.
    pub async fn costs_with(&self, other: &Self) -> Result<TotalsView> {
        let conversation = self
            .conversation_with(other.node)
            .await?
            .context("no conversation")?;
        Ok(self
            .app()?
            .conversation_costs(conversation.id)
            .await?
            .totals)
    }

    /// Decides how far a node is let in.
    ///
    /// # Errors
    /// What the program says.
    pub async fn trusts(&self, node: NodeId, trust: Trust) -> Result<()> {
        Ok(self
            .app()?
            .contact_set_trust(node.to_string(), trust)
            .await?)
    }

    /// Asks at every change that the program tells of, as the window does, until the answer is there.
    ///
    /// # Errors
    /// When nothing more changes, or [`PATIENCE`] is over.
    pub async fn wait<T>(
        &self,
        what: &str,
        mut ask: impl AsyncFnMut(&Messenger) -> Result<Option<T>>,
    ) -> Result<T> {
        let app = self.app()?;
        let mut changes = app.changes();
        let asking = async {
            loop {
                if let Some(answer) = ask(&app).await? {
                    return anyhow::Ok(answer);
                }
                changes.next().await.context("the program is gone")?;
            }
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(answer) => answer.with_context(|| format!("{} {what}", self.name)),
            Err(_) => bail!("{} {what}: not after {PATIENCE:?}", self.name),
        }
    }

    async fn request(&self, to: &Self, text: &str, payment: Msat) -> Result<SendRequest> {
        let conversation = self
            .conversation_with(to.node)
            .await?
            .with_context(|| format!("{} does not know {}", self.name, to.name))?;
        Ok(SendRequest {
            conversation: conversation.id,
            text: text.to_owned(),
            payment,
            fee_limit: None,
            way: Way::Auto,
            reply_to: None,
        })
    }

    fn launch(&self) -> Result<Messenger> {
        let home = Home::at(&self.home)?;
        let app = (self.start)(home, Arc::clone(&self.vault));
        *self.slot() = Some(app.clone());
        Ok(app)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Messenger>> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files and folders of one folder into another one; what is there is replaced.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", self.name)
    }
}

/// A keyring that lives as long as the story.
#[derive(Default)]
struct MemoryVault {
    entries: Mutex<HashMap<String, Secrets>>,
}

#[async_trait]
impl Vault for MemoryVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Keyring
    }

    async fn available(&self) -> bool {
        true
    }

    async fn read(&self, profile: &str) -> Result<Secrets, VaultError> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(profile).cloned().ok_or(VaultError::Missing)
    }

    async fn write(&self, profile: &str, secrets: &Secrets) -> Result<(), VaultError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.insert(profile.to_owned(), secrets.clone());
        Ok(())
    }

    async fn remove(&self, profile: &str) -> Result<(), VaultError> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(profile);
        Ok(())
    }
}
