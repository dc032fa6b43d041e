//! Letters are sent again, for free, whose receipt did not come, that their recipient's app asks for, or that it cannot open
//! any more: a new key of theirs has said so. What became of the message before stays as it is; only a receipt can add to
//! it.

use domain::Postage;
use store::{Delivery, StoreError};

use super::{Drafted, Outbox};
use crate::choice::InVain;
use crate::compose::{Draft, Purpose};
use crate::error::Trouble;

impl Outbox {
    /// The actor's loop; every round of the outbox wakes it.
    pub(crate) async fn run_repeats(self) {
        loop {
            self.repeats.notified().await;
            self.link.able().await;
            if self.charge.is_elsewhere() {
                continue;
            }
            if let Err(error) = self.repeat_all().await {
                tracing::info!(%error, "what cannot be read by its recipient could not be looked up");
            }
        }
    }

    async fn repeat_all(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for delivery in self.store.read(move |db| db.repeats(now)).await? {
            // One that fails stands in nobody's way, and is tried in the next round.
            if let Err(error) = self.repeat(&delivery).await {
                let message = delivery.message;
                tracing::info!(%error, %message, "it cannot be sent again yet");
            }
        }
        Ok(())
    }

    /// Sends one again, if a free carrier leads there and their app is awake. The words of a payment go as a text: its
    /// money has arrived.
    async fn repeat(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let Some(Drafted { draft, limits, .. }) = self.draft(delivery).await? else {
            return Ok(());
        };
        if draft.sealing.in_doubt {
            return Ok(());
        }
        let draft = Draft {
            purpose: Purpose::Text,
            postage: Postage::PLAIN,
            ..draft
        };
        let chosen = self
            .chooser
            .choose(&draft, limits, InVain::default())
            .await?;
        let parcel = self.parcel(delivery, &draft, chosen).await?;
        let (key, now) = (delivery.message, self.clock.now());
        // Where no free way leads now, that counts as a try too: nothing waits for ever.
        let due = self
            .store
            .write(move |tx| tx.begin_repeat(key, now))
            .await?;
        if let Some(parcel) = parcel.filter(|_| due) {
            // Without a receipt it goes again later; what became of it before stays.
            let _unanswered = self.courier.bring(&parcel).await;
        }
        Ok(())
    }
}
