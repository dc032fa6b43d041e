//! Letters that could not be read when they came are read once that is possible: after an update, with a permission that was
//! missing, with a seal key that is back. Each is filed as if it had just come, in the transaction that takes away what
//! stood in its place: its payment stays one.

use domain::{Authorship, Carrier, ConversationId, Trust};
use lnd::LightningError;
use protocol::{Body, Letter};
use store::{NewerLetter, UnreadLetter};

use crate::error::Trouble;
use crate::feed::Change;
use crate::filing::{Filed, Standing};
use crate::free::notes::CameBy;
use crate::opening::{Opened, Spoken};
use crate::reception::{Early, Reception};

/// The version of the program: a later one may read more.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");
/// The setting that says which version has last looked at letters with unknown bodies.
const READER: &str = "reader";
/// What a letter was tried with that our node was not allowed to open.
pub(crate) const NOT_ALLOWED: &str = "not allowed";

impl Reception {
    /// What letters are opened with now: this program, and our seal keys.
    pub(crate) fn means(&self) -> String {
        let mut means = PROGRAM.to_owned();
        for id in self.opener.keys.ids() {
            means.push(' ');
            means.push_str(&format!("{:08x}", u32::from_be_bytes(id.0)));
        }
        means
    }

    /// Tries again what could not be read and was not tried with these means yet.
    pub(crate) async fn reopen(&self) -> Result<(), Trouble> {
        let means = self.means();
        let asked = means.clone();
        let letters = self.store.read(move |db| db.unread_letters(&asked)).await?;
        let mut allowed = true;
        for letter in letters {
            if allowed || letter.tried != NOT_ALLOWED {
                match self.reopen_one(letter, &means).await {
                    Err(Trouble::Lightning(LightningError::Permission(_))) => allowed = false,
                    other => other?,
                }
            }
        }
        self.read_newer().await
    }

    async fn reopen_one(&self, letter: UnreadLetter, means: &str) -> Result<(), Trouble> {
        let UnreadLetter { payment, tried } = letter;
        let (hash, means) = (payment.hash, means.to_owned());
        let opened = match self
            .opener
            .payment(&payment.records, payment.paid_hash())
            .await
        {
            Ok(opened) => opened.again(),
            Err(
                error @ Trouble::Lightning(
                    LightningError::Permission(_) | LightningError::Unreachable(_),
                ),
            )
            | Err(error @ Trouble::Store(_)) => return Err(error),
            Err(Trouble::Lightning(error)) => {
                tracing::info!(%error, "a letter cannot be opened yet");
                return Ok(());
            }
        };
        if opened.is_unread() {
            let mark = move |tx: &store::Tx<'_>| tx.set_tried(hash, Some(&means));
            return Ok(self.store.write(mark).await?);
        }
        let waits = match self.is_too_early(&opened, payment.amount).await? {
            // Its time comes with the next start.
            Some(Early::Refund) => return Ok(()),
            early => early == Some(Early::Postage),
        };
        let standing = self.standing(&opened, &payment).await?;
        let filed = self
            .file(standing, move |desk| {
                let Some(row) = desk.tx.incoming(hash)? else {
                    return Ok(None);
                };
                let placed = row.message.map(|key| desk.tx.message(key)).transpose()?;
                let Some(message) = placed.flatten() else {
                    return Ok(None);
                };
                if !desk.tx.unfile(message.key, Some(hash))? {
                    return Ok(None);
                }
                let filed = desk.file(&row.payment, opened, waits)?;
                Ok(Some((filed, message.conversation)))
            })
            .await;
        match filed {
            Err(error) if error.is_of_what_was_asked() => {
                // What stands in its place stays: the transaction is undone.
                tracing::error!(%error, "a letter that can be read now cannot be filed");
                let mark = move |tx: &store::Tx<'_>| tx.set_tried(hash, Some(&means));
                self.store.write(mark).await?;
            }
            filed => {
                if let Some((filed, conversation)) = filed? {
                    tracing::debug!(tried, "a letter can be read now");
                    self.holds.notify_one();
                    self.tell(filed, conversation);
                    self.moved(hash).await?;
                }
            }
        }
        Ok(())
    }

    /// Letters whose bodies an earlier program did not know.
    async fn read_newer(&self) -> Result<(), Trouble> {
        let read = |db: &store::Reader<'_>| {
            Ok(match db.setting(READER)?.as_deref() {
                Some(PROGRAM) => Vec::new(),
                _ => db.newer_letters()?,
            })
        };
        for letter in self.store.read(read).await? {
            self.read_one(letter).await?;
        }
        let done = |tx: &store::Tx<'_>| tx.set_setting(READER, PROGRAM);
        Ok(self.store.write(done).await?)
    }

    async fn read_one(&self, letter: NewerLetter) -> Result<(), Trouble> {
        let NewerLetter { message, by, bytes } = letter;
        let what = match Letter::decode(&bytes) {
            Ok(what) if !matches!(what.body, Body::Unknown) => what,
            _ => return Ok(()),
        };
        let filed = self
            .file(Standing::default(), move |desk| {
                let Some(row) = desk.tx.message_row(message)? else {
                    return Ok(None);
                };
                let trust = desk.tx.contact(by)?.map(|contact| contact.trust);
                if trust == Some(Trust::Blocked) {
                    return Ok(None);
                }
                let (message, incoming) = (row.message, row.incoming);
                let (hash, carrier) = (
                    incoming.as_ref().map(|row| row.payment.hash),
                    message.carrier.unwrap_or(Carrier::Keysend),
                );
                if !desk.tx.unfile(message.key, hash)? {
                    return Ok(None);
                }
                let spoken = Box::new(Spoken {
                    by,
                    what,
                    bytes,
                    text: None,
                    privacy: message.privacy,
                    by_node: message.authorship == Authorship::NodeOnly,
                    card: None,
                    fault: None,
                    sealed_to: None,
                    again: true,
                });
                let filed = match incoming {
                    Some(row) => desk.file(&row.payment, Opened::Letter(spoken), row.waits)?,
                    None => desk.file_free(*spoken, carrier)?,
                };
                Ok(Some((filed, message.conversation, hash)))
            })
            .await;
        match filed {
            Err(error) if error.is_of_what_was_asked() => {
                tracing::error!(%error, "a letter that can be read now cannot be filed");
            }
            filed => {
                if let Some((filed, conversation, hash)) = filed? {
                    self.holds.notify_one();
                    self.tell(filed, conversation);
                    if let Some(hash) = hash {
                        self.moved(hash).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// `place`: where what stood in its place was.
    fn tell(&self, filed: Filed, place: ConversationId) {
        self.follow_up(filed, CameBy::default());
        self.feed.publish(Change::Conversation(place));
    }
}
