//! mallory, who writes letters by hand.

use std::time::Duration;

use domain::{Expectation, MessageId, Msat, NodeId, Timestamp};
use futures::StreamExt;
use lnd::sim::SimNode;
use lnd::{Keysend, Lightning, PaymentUpdate, Records};
use protocol::{Body, KeyCard, Letter, Recipient, SealKey, SignedCard, card, onion};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::watch::Watch;
use super::{Line, Person, sat};

/// The type of peer messages that carry an envelope.
const PEER_MESSAGE: u32 = 48_801;

/// alice – bob – carol, where carol's node is mallory's: no app of ours runs there.
pub(crate) struct Stage {
    pub(crate) line: Line,
    pub(crate) alice: Person,
    pub(crate) watch: Watch,
    pub(crate) rng: StdRng,
    letters: u8,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let line = Line::new();
        for node in [&line.alice, &line.bob, &line.carol] {
            node.set_onion(true);
        }
        let (alice, watch) = Person::open_watched(&line.network, &line.alice).await;
        alice.has_a_card().await;
        Self {
            line,
            alice,
            watch,
            rng: StdRng::seed_from_u64(7),
            letters: 0,
        }
    }

    pub(crate) const fn mallory(&self) -> &SimNode {
        &self.line.carol
    }

    pub(crate) fn letter(&mut self, body: Body) -> Letter {
        self.letters += 1;
        Letter {
            id: MessageId([self.letters; 16]),
            sequence: self.letters.into(),
            after: 0,
            sent_at: self.line.network.now(),
            expectation: Expectation::Return,
            hold_secs: None,
            reply_to: None,
            card: None,
            hints: Vec::new(),
            body,
        }
    }

    /// Sealed with the key of mallory's node, and sent over bob.
    pub(crate) async fn sends(&mut self, letter: &Letter) {
        let record = self.sealed(letter).await;
        self.hands_over(record).await;
    }

    /// Sealed with the key of mallory's node, for no payment.
    pub(crate) async fn sealed(&mut self, letter: &Letter) -> Vec<u8> {
        let (from, to) = (self.line.carol.id(), self.line.alice.id());
        let secret = self.line.carol.shared_secret(to).await.unwrap();
        let bytes = letter.encode();
        protocol::seal(&mut self.rng, from, to, &secret.0, &[0; 32], &bytes).unwrap()
    }

    /// Sealed with a seal key.
    pub(crate) async fn sends_as(&mut self, key: &SealKey, letter: &Letter) {
        let to = self.line.alice.id();
        let secret = key.shared(&to.into());
        let bytes = letter.encode();
        let public = key.public();
        let record = protocol::seal(&mut self.rng, public, to, &secret, &[0; 32], &bytes).unwrap();
        self.hands_over(record).await;
    }

    /// Sealed to a key that alice never had.
    pub(crate) async fn sends_to_some_key(&mut self, letter: &Letter) {
        let key = SealKey::generate(&mut self.rng).public();
        let (from, to) = (SealKey::generate(&mut self.rng), self.line.alice.id());
        let secret = from.shared(&key);
        let to = Recipient::with_seal_key(to, key);
        let bytes = letter.encode();
        let record = protocol::seal(&mut self.rng, from.public(), to, &secret, &[0; 32], &bytes);
        self.hands_over(record.unwrap()).await;
    }

    pub(crate) async fn hands_over(&mut self, record: Vec<u8>) {
        let back = [self.line.bob.id(), self.line.carol.id()];
        self.hands_over_with_way_back(record, &back).await;
    }

    pub(crate) async fn hands_over_with_way_back(&mut self, record: Vec<u8>, back: &[NodeId]) {
        let way = [self.line.bob.id(), self.line.alice.id()];
        let (back, _) = onion::ReplyPath::to_ourselves(&mut self.rng, back).unwrap();
        let message = onion::send(&mut self.rng, &way, Some(&back), &record).unwrap();
        let path_key = NodeId::from_bytes(&message.path_key).unwrap();
        let node = self.line.carol.clone();
        node.send_onion(message.first_hop, path_key, message.onion)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    /// Over a connection with alice, where there is one.
    pub(crate) async fn tells(&self, record: Vec<u8>) {
        let to = self.line.alice.id();
        let node = &self.line.carol;
        node.send_peer_message(to, PEER_MESSAGE, record)
            .await
            .unwrap();
    }

    /// With a satoshi, and what became of it.
    pub(crate) async fn pays(&self, seed: u8, records: Records) -> PaymentUpdate {
        let keysend = Keysend {
            to: self.line.alice.id(),
            amount: Msat::SAT,
            preimage: domain::Preimage::new([seed; 32]),
            records,
            fee_limit: sat(10),
            timeout_secs: 60,
            hints: Vec::new(),
        };
        let mut updates = self.line.carol.send(keysend).await.unwrap();
        loop {
            match updates.next().await.unwrap().unwrap() {
                PaymentUpdate::InFlight { .. } => {}
                last => return last,
            }
        }
    }

    pub(crate) async fn card_of(
        &self,
        node: &SimNode,
        key: &SealKey,
        issued: Timestamp,
    ) -> SignedCard {
        let bytes = KeyCard {
            node: node.id(),
            seal_key: key.public(),
            issued,
            expires: issued.plus(Duration::from_secs(1_000_000)),
            features: protocol::Features::default(),
            stranger_price: Msat::ZERO,
            name: None,
        }
        .encode();
        let text = card::signing_text(&bytes).into_bytes();
        let signature = node.sign_message(text).await.unwrap();
        let signature = card::signature_from_text(&signature).unwrap();
        SignedCard::new(bytes, signature).unwrap()
    }

    pub(crate) async fn heard(&self) -> usize {
        self.alice.talk(self.mallory()).await.len()
    }
}
