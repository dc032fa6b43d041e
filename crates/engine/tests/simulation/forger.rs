//! Whoever has somebody's node signs key cards with it, and hands them to the contacts.

use std::time::Duration;

use domain::{Expectation, MessageId, NodeId, Timestamp};
use lnd::Lightning;
use lnd::sim::SimNode;
use protocol::{Body, Features, KeyCard, Letter, SealKey, SignedCard, card, onion};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::world::World;

/// The type of peer messages that carry an envelope.
const PEER_MESSAGE: u32 = 48_801;
const DAY: Duration = Duration::from_secs(86_400);

impl World {
    /// One card in the name of somebody's node reaches everybody else who has an app.
    pub(crate) async fn forge(&self, app: usize) {
        let Some(life) = &self.apps[app].life else {
            return;
        };
        let dice = &self.around.dice;
        let mut rng = StdRng::from_seed(dice.seed());
        let node = &self.apps[app].node;
        let keys = life.store.read(|db| db.seal_keys()).await.unwrap();
        let own = keys.first().map(|row| *row.secret);
        let own = own.and_then(|secret| SealKey::from_secret_bytes(&secret));
        let foreign = SealKey::generate(&mut rng);
        let now = self.around.network.now();
        let what = dice.below(4);
        let true_key = own.as_ref().unwrap_or(&foreign);
        let named = if what == 3 {
            self.nodes[2].1.id()
        } else {
            node.id()
        };
        let (key, issued, expires) = match what {
            0 => (true_key, now.minus(DAY * 20), now.minus(DAY)),
            1 | 3 => (true_key, now, now.plus(DAY * 14)),
            _ => (&foreign, now, now.plus(DAY * 14)),
        };
        let says = ["expired", "fewer features", "a foreign key", "another node"];
        let says = says[usize::try_from(what).unwrap()];
        self.around
            .trace
            .note(self.apps[app].name, format_args!("forged card: {says}"));
        let card = KeyCard {
            node: named,
            seal_key: key.public(),
            issued,
            expires,
            features: Features::default(),
            stranger_price: domain::Msat::ZERO,
            name: None,
        };
        let Some(card) = signed(node, &card).await else {
            return;
        };
        for other in self.apps.iter().filter(|one| one.node.id() != node.id()) {
            self.hand_over(&mut rng, node, other.node.id(), card.clone(), now)
                .await;
        }
    }

    /// Under the node's key: the host has no other.
    async fn hand_over(
        &self,
        rng: &mut StdRng,
        node: &SimNode,
        to: NodeId,
        card: SignedCard,
        now: Timestamp,
    ) {
        let hold = u32::try_from(node.hold().as_secs()).unwrap();
        let letter = Letter {
            id: MessageId(rand::Rng::random(rng)),
            sequence: 0,
            after: 0,
            sent_at: now,
            expectation: Expectation::Return,
            hold_secs: (hold > 0).then_some(hold),
            reply_to: None,
            card: Some(card),
            hints: Vec::new(),
            body: Body::CardRequest,
        };
        let Ok(secret) = node.shared_secret(to).await else {
            return;
        };
        let bytes = letter.encode();
        let record = protocol::seal(rng, node.id(), to, &secret.0, &[0; 32], &bytes).unwrap();
        let told = node
            .send_peer_message(to, PEER_MESSAGE, record.clone())
            .await;
        if told.is_ok() {
            return;
        }
        let way = [self.nodes[2].1.id(), to];
        let Ok(message) = onion::send(rng, &way, None, &record) else {
            return;
        };
        let path_key = NodeId::from_bytes(&message.path_key).unwrap();
        // It may get lost.
        let _ = node
            .send_onion(message.first_hop, path_key, message.onion)
            .await;
    }
}

async fn signed(node: &SimNode, card: &KeyCard) -> Option<SignedCard> {
    let bytes = card.encode();
    let text = card::signing_text(&bytes).into_bytes();
    let signature = node.sign_message(text).await.ok()?;
    let signature = card::signature_from_text(&signature).unwrap();
    Some(SignedCard::new(bytes, signature).unwrap())
}
