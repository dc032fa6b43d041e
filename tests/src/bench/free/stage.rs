//! alice – bob – carol – dave with onions, all with the app; bob's app does not hear what comes over a connection.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use api::Messenger;
use api::view::{Change, MessageView, SendRequest};
use domain::{AttemptState, Carrier, ConversationId, DeliveryState, MessageKey, Msat};
use lnd::permission;

use super::super::bare::Bare;
use super::echo::{Echo, Road};
use crate::person::{PATIENCE, Person};
use crate::regtest::{Network, Plan};
use crate::stories::acquainted;
use crate::wait::until;

const DEAF: &str = "bob";
const NOT_HEARD: &str = "/lnrpc.Lightning/SubscribeCustomMessages";

/// Who takes part.
pub(super) struct Stage {
    network: Network,
    ends: Vec<End>,
}

pub(super) struct End {
    pub(super) person: Person,
    pub(super) bare: Bare,
}

/// From one person to another, for nothing.
pub(super) struct Way {
    pub(super) name: String,
    pub(super) carrier: Carrier,
    pub(super) hops: u32,
    sender: Messenger,
    conversation: ConversationId,
    pub(super) echo: Echo,
}

impl Stage {
    pub(super) async fn build() -> Result<Self> {
        tracing::info!("a network of four nodes that pass onions on");
        let names = ["alice", "bob", "carol", "dave"];
        let network = Network::temporary(Plan::of(&names)).await?;
        let mut ends = Vec::new();
        for name in names {
            let lnd = network.node(name);
            let rpcs = permission::TABLE.iter().map(|rpc| rpc.path);
            let heard = rpcs.filter(|path| name != DEAF || *path != NOT_HEARD);
            let input = lnd.pasted_with(&lnd.bake(heard).await?)?;
            let start = Box::new(Messenger::new);
            let person = Person::arrive(name, lnd.node().await?, input, start).await?;
            let bare = Bare::connect(lnd).await?;
            ends.push(End { person, bare });
        }
        Ok(Self { network, ends })
    }

    /// A peer message, and onion messages over one, two and three hops.
    pub(super) async fn ways(&self) -> Result<[Way; 4]> {
        Ok([
            self.way("carol", "dave", Carrier::Peer).await?,
            self.way("alice", "bob", Carrier::Onion).await?,
            self.way("alice", "carol", Carrier::Onion).await?,
            self.way("alice", "dave", Carrier::Onion).await?,
        ])
    }

    pub(super) fn end(&self, name: &str) -> Result<&End> {
        Ok(&self.ends[self.place(name)?])
    }

    /// Waits until no payment is under way.
    pub(super) async fn quiet(&self) -> Result<()> {
        self.network.quiet().await
    }

    pub(super) async fn strike(self) -> Result<()> {
        for end in &self.ends {
            end.person.close().await;
        }
        self.network.stop().await
    }

    fn place(&self, name: &str) -> Result<usize> {
        let place = self.ends.iter().position(|end| end.person.name == name);
        place.with_context(|| format!("there is no {name}"))
    }

    async fn way(&self, from: &str, to: &str, carrier: Carrier) -> Result<Way> {
        let (first, last) = (self.place(from)?, self.place(to)?);
        let (from, to) = (&self.ends[first], &self.ends[last]);
        tracing::info!(
            "{} and {} write to each other",
            from.person.name,
            to.person.name
        );
        acquainted(&from.person, &to.person).await?;
        let nodes: Vec<_> = self.ends[first..=last]
            .iter()
            .map(|end| end.bare.id)
            .collect();
        let hops = u32::try_from(last - first)?;
        expects(&from.person, &to.person, carrier, hops).await?;
        let road = match carrier {
            Carrier::Peer => Road::Peer(to.bare.id),
            _ => Road::Onion(nodes[1..].to_vec()),
        };
        let conversation = from.person.conversation_with(to.person.node).await?;
        Ok(Way {
            name: format!("{} → {}", from.person.name, to.person.name),
            carrier,
            hops,
            sender: from.person.app()?,
            conversation: conversation.context("they do not know each other")?.id,
            echo: Echo::open(road, &from.bare, &to.bare).await?,
        })
    }
}

/// Waits until the sender's program would take this carrier; each letter of the other one brings their newest card.
async fn expects(from: &Person, to: &Person, carrier: Carrier, hops: u32) -> Result<()> {
    let what = format!("{} writes to {} by {carrier:?}", from.name, to.name);
    until(what, PATIENCE, async || {
        let quote = from.quote(to, "How are you?", Msat::ZERO).await?;
        if (quote.carrier, quote.way_hops) == (carrier, hops) {
            return Ok(Some(()));
        }
        to.writes(from, "This is my newest card.").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        anyhow::bail!("{quote:?}")
    })
    .await
}

impl Way {
    /// Sends a text, and waits until the receipt for it is stored.
    pub(super) async fn send(&self, text: &str) -> Result<MessageKey> {
        let mut changes = self.sender.changes();
        let key = self.hand_in(text).await?;
        let receipt = async {
            loop {
                match changes.next().await.context("the program is gone")? {
                    Change::Message { key: changed, .. } if changed != key => continue,
                    Change::Message { .. } | Change::Everything => {}
                    _ => continue,
                }
                let message = self.sender.message_get(key).await?;
                if is_delivered(&message) {
                    return anyhow::Ok(());
                }
            }
        };
        let receipt = tokio::time::timeout(PATIENCE, receipt).await;
        receipt.context("there is no receipt")??;
        Ok(key)
    }

    /// Sends so many texts, and waits until there are receipts for all.
    pub(super) async fn send_all(
        &self,
        texts: &[String],
        limit: Duration,
    ) -> Result<Vec<MessageKey>> {
        let mut changes = self.sender.changes();
        let mut keys = Vec::with_capacity(texts.len());
        for text in texts {
            keys.push(self.hand_in(text).await?);
        }
        let mut open: std::collections::HashSet<_> = keys.iter().copied().collect();
        // The first ones may have ended before the last one was handed in.
        let mut looked_at: Vec<_> = keys.clone();
        let receipts = async {
            loop {
                for key in looked_at.drain(..) {
                    if open.contains(&key) && is_delivered(&self.sender.message_get(key).await?) {
                        open.remove(&key);
                    }
                }
                if open.is_empty() {
                    return anyhow::Ok(());
                }
                match changes.next().await.context("the program is gone")? {
                    Change::Message { key, .. } => looked_at.push(key),
                    Change::Everything => looked_at.extend(open.iter().copied()),
                    _ => {}
                }
            }
        };
        let receipts = tokio::time::timeout(limit, receipts).await;
        receipts.context("there are not all receipts")??;
        Ok(keys)
    }

    /// Fails unless it went by this carrier, over so many hops, at the first try.
    pub(super) async fn check(&self, key: MessageKey) -> Result<()> {
        let details = self.sender.message_details(key).await?;
        let [attempt] = details.attempts.as_slice() else {
            anyhow::bail!("not at the first try: {:?}", details.attempts);
        };
        ensure!(
            (attempt.carrier, attempt.state) == (self.carrier, AttemptState::Delivered)
                && attempt.hops == Some(self.hops)
                && is_delivered(&details.message),
            "{}: {attempt:?}",
            self.name
        );
        Ok(())
    }

    async fn hand_in(&self, text: &str) -> Result<MessageKey> {
        let request = SendRequest {
            conversation: self.conversation,
            text: text.to_owned(),
            payment: Msat::ZERO,
            fee_limit: None,
            way: domain::Way::FreeOnly,
            reply_to: None,
        };
        Ok(self.sender.message_send(request).await?)
    }
}

fn is_delivered(message: &MessageView) -> bool {
    let delivery = message.delivery.as_ref();
    delivery.is_some_and(|delivery| delivery.state == DeliveryState::Delivered)
}
