//! Who takes part: two people with the app, and the bare client beside them on the same nodes.

use anyhow::{Context, Result};
use api::view::SendRequest;
use api::{Messenger, view::Change};
use domain::{ConversationId, Direction, MessageKey, Msat};
use lnd::Records;
use protocol::record;

use super::bare::{Bare, Manner};
use crate::person::Person;
use crate::regtest::{HOLD, Network, Plan};
use crate::stories::{introduce, is_over};

/// alice (her node holds) – bob – carol (stock), alice and carol with the app.
pub(super) struct Stage {
    network: Network,
    alice: Side,
    carol: Side,
}

/// One end of a conversation.
struct Side {
    person: Person,
    bare: Bare,
    /// The conversation with the other one.
    conversation: ConversationId,
    /// How the invoices of this node fare while the app decides on them.
    manner: Manner,
}

/// A direction.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    network: &'a Network,
    from: &'a Side,
    to: &'a Side,
}

impl Stage {
    pub(super) async fn build() -> Result<Self> {
        tracing::info!("a network of three nodes");
        let plan = Plan::of(&["alice", "bob", "carol"])
            .holding("alice", HOLD)
            .without_onions();
        let network = Network::temporary(plan).await?;
        tracing::info!("alice and carol write to each other");
        let (alice, carol) = (arrive(&network, "alice"), arrive(&network, "carol"));
        let (alice, carol) = tokio::try_join!(alice, carol)?;
        introduce(&alice, &carol).await?;
        // Only now both know that the other reads letters.
        let key = alice.writes(&carol, "And this is sealed.").await?;
        alice.sees(key, "its end", is_over).await?;
        let alice_bare = Bare::connect(network.node("alice")).await?;
        let carol_bare = Bare::connect(network.node("carol")).await?;
        let (to_carol, to_alice) = (
            conversation(&alice, &carol).await?,
            conversation(&carol, &alice).await?,
        );
        Ok(Self {
            alice: Side {
                conversation: to_carol,
                bare: alice_bare,
                manner: Manner::Held,
                person: alice,
            },
            carol: Side {
                conversation: to_alice,
                bare: carol_bare,
                manner: Manner::Stock,
                person: carol,
            },
            network,
        })
    }

    pub(super) const fn network(&self) -> &Network {
        &self.network
    }

    pub(super) async fn node_version(&self) -> Result<String> {
        self.alice.bare.version().await
    }

    /// Both directions.
    pub(super) const fn ways(&self) -> [Way<'_>; 2] {
        let (network, alice, carol) = (&self.network, &self.alice, &self.carol);
        [
            Way {
                network,
                from: alice,
                to: carol,
            },
            Way {
                network,
                from: carol,
                to: alice,
            },
        ]
    }

    /// Closes the apps: from here on the bare client is alone.
    pub(super) async fn close_apps(&self) {
        for side in [&self.alice, &self.carol] {
            side.person.close().await;
        }
    }

    /// Opens them again. When this returns they have read what came in between, and written once each way.
    pub(super) async fn open_apps(&self) -> Result<()> {
        for side in [&self.alice, &self.carol] {
            side.person.open().await?;
        }
        for way in self.ways() {
            let text = format!("Back again {:032x}", rand::random::<u128>());
            let key = way.from.person.writes(&way.to.person, &text).await?;
            way.to.person.gets(&way.from.person, &text).await?;
            way.from.person.sees(key, "its end", is_over).await?;
        }
        self.network.quiet().await
    }

    /// Ends everything.
    pub(super) async fn strike(self) -> Result<()> {
        self.close_apps().await;
        self.network.stop().await
    }
}

impl<'a> Way<'a> {
    pub(super) fn name(self) -> String {
        let (from, to) = (self.from.person.name.as_str(), self.to.person.name.as_str());
        let manner = match self.to.manner {
            Manner::Stock => "settles on arrival",
            Manner::Held | Manner::Returned => "holds, returned",
        };
        format!("{from} → {to}, {manner}")
    }

    pub(super) const fn sender(self) -> &'a Bare {
        &self.from.bare
    }

    pub(super) const fn recipient(self) -> &'a Bare {
        &self.to.bare
    }

    /// How the recipient's invoices fare while her app decides on them.
    pub(super) const fn with_app(self) -> Manner {
        self.to.manner
    }

    /// How they fare while the bare client is alone: it does what the app does with postage.
    pub(super) const fn without_app(self) -> Manner {
        match self.to.manner {
            Manner::Stock => Manner::Stock,
            Manner::Held | Manner::Returned => Manner::Returned,
        }
    }

    pub(super) fn sending_app(self) -> Result<Messenger> {
        self.from.person.app()
    }

    pub(super) fn receiving_app(self) -> Result<Messenger> {
        self.to.person.app()
    }

    /// What the sender's app is asked.
    pub(super) fn request(self, text: &str) -> SendRequest {
        SendRequest {
            conversation: self.from.conversation,
            text: text.to_owned(),
            payment: Msat::ZERO,
            fee_limit: None,
            way: domain::Way::Auto,
            reply_to: None,
        }
    }

    /// The texts of incoming messages that a change of the recipient's app tells of, read from her store.
    pub(super) async fn told(self, app: &Messenger, change: Change) -> Result<Vec<String>> {
        let incoming = |message: api::view::MessageView| {
            (message.direction == Direction::Incoming).then_some(message.text)
        };
        match change {
            Change::Message { key, .. } => {
                let message = app.message_get(key).await?;
                Ok(incoming(message).into_iter().collect())
            }
            // Too much has changed at once to be told one by one.
            Change::Everything => {
                let all = self.to.person.messages_with(self.from.person.node).await?;
                Ok(all.into_iter().filter_map(incoming).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Waits until nothing more happens to a message by itself.
    pub(super) async fn is_over(self, key: MessageKey) -> Result<()> {
        let over = self.from.person.sees(key, "its end", is_over).await?;
        let delivery = over.delivery.context("an outgoing message")?;
        anyhow::ensure!(delivery.failure.is_none(), "it failed: {delivery:?}");
        Ok(())
    }

    /// Waits until no payment is under way.
    pub(super) async fn quiet(self) -> Result<()> {
        self.network.quiet().await
    }
}

/// The same bytes as of the app, under a number that nobody reads, so that the recipient's app takes them for
/// another program's.
pub(super) fn unread(records: &Records) -> Result<Records> {
    let letter = records.iter().find(|(kind, _)| *kind == record::LETTER);
    let (kind, bytes) = letter.context("the app sent no letter")?;
    Ok(vec![(kind + 2, bytes.clone())])
}

async fn arrive(network: &Network, name: &str) -> Result<Person> {
    let lnd = network.node(name);
    let input = lnd.as_a_person_pastes_it().await?;
    Person::arrive(name, lnd.node().await?, input, Box::new(Messenger::new)).await
}

async fn conversation(of: &Person, with: &Person) -> Result<ConversationId> {
    let found = of.conversation_with(with.node).await?;
    Ok(found.context("they do not know each other")?.id)
}
