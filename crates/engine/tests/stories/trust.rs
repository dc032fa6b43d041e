//! Who wrote it, and who can read it: what is proven is told apart from what is only said, and nothing goes to a key that
//! the user has not seen.

use std::time::Duration;

use domain::{Authorship, DeliveryState, Msat, NodeId, Preimage};
use lnd::sim::SimNode;
use lnd::{Lightning, PaymentUpdate};
use protocol::{Body, Envelope, Features, KeyCard, Lock, SealKey, SignedCard, card, record};

use crate::people::mallory::Stage;
use crate::people::{HOLD, Line, Person, acquainted, eventually, introduce, talking_line};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What stands on a card besides the key.
#[derive(Clone, Copy)]
struct Says {
    valid: Duration,
    features: Features,
}

/// carol's app has these features, and its cards hold for 60 days.
const USUAL: Says = Says {
    valid: DAY.saturating_mul(60),
    features: Features {
        peer_messages: true,
        onion_messages: false,
        holds_keysends: false,
        issues_invoices: false,
    },
};

/// carol, whose app seals with a key of its own; her host, who can have her node sign whatever they like; and alice.
struct Hosted {
    stage: Stage,
    key: SealKey,
}

impl Hosted {
    /// alice knows carol's key from a letter that was sealed with it.
    async fn new() -> Self {
        let mut stage = Stage::new().await;
        let key = SealKey::generate(&mut stage.rng);
        stage.alice.befriend(&stage.line.carol, None).await;
        let mut hosted = Self { stage, key };
        let first = hosted.card(&hosted.key.clone(), USUAL, 0).await;
        hosted.app_writes("it is me", Some(first)).await;
        hosted
    }

    fn node(&self) -> SimNode {
        self.stage.line.carol.clone()
    }

    /// carol's node signs that this key is hers, as from so many seconds after now.
    async fn card(&self, key: &SealKey, says: Says, ahead: u64) -> SignedCard {
        let issued = self
            .stage
            .line
            .network
            .now()
            .plus(Duration::from_secs(ahead));
        let bytes = KeyCard {
            node: self.node().id(),
            seal_key: key.public(),
            issued,
            expires: issued.plus(says.valid),
            features: says.features,
            stranger_price: Msat::ZERO,
            name: None,
        }
        .encode();
        let text = card::signing_text(&bytes).into_bytes();
        let signature = self.node().sign_message(text).await.unwrap();
        SignedCard::new(bytes, card::signature_from_text(&signature).unwrap()).unwrap()
    }

    /// Under the key of carol's app.
    async fn app_writes(&mut self, text: &str, card: Option<SignedCard>) {
        let mut letter = self.stage.letter(Body::Text(text.into()));
        letter.card = card;
        self.stage.sends_as(&self.key.clone(), &letter).await;
    }

    /// Under the key of carol's node, which her host has.
    async fn host_writes(&mut self, text: &str, card: Option<SignedCard>) {
        let mut letter = self.stage.letter(Body::Text(text.into()));
        letter.card = card;
        self.stage.sends(&letter).await;
    }

    async fn facts(&self) -> heliograph_engine::KeyFacts {
        self.stage
            .alice
            .engine
            .key_facts(self.node().id())
            .await
            .unwrap()
    }

    async fn compares(&self) {
        let number = self.facts().await.safety_number.unwrap();
        let engine = &self.stage.alice.engine;
        engine
            .set_compared(self.node().id(), number, true)
            .await
            .unwrap();
    }

    /// alice writes, and it arrives at carol's node by a payment. Whether only carol's app can open it.
    async fn alice_seals_to_the_app(&self, text: &str) -> bool {
        let alice = &self.stage.alice;
        let talk = alice.befriend_again(&self.node()).await;
        let key = alice.say(talk, text).await;
        alice.expect_delivery(key, DeliveryState::Settled).await;
        let last = self.node().invoices_after(0, 1_000).await.unwrap();
        let records = last.invoices.into_iter().next_back().unwrap().records;
        let of = |number| records.iter().find(|(kind, _)| *kind == number);
        assert_eq!(of(record::TEXT), None, "nothing readable");
        let (_, letter) = of(record::LETTER).unwrap();
        Envelope::parse(letter).unwrap().lock() != Lock::NodeKey
    }

    async fn authorship_of(&self, text: &str) -> Authorship {
        let row = self.stage.alice.expect_message(&self.node(), text).await;
        row.message.authorship
    }
}

impl Person {
    /// The conversation with somebody who is a contact already.
    async fn befriend_again(&self, other: &SimNode) -> domain::ConversationId {
        let (node, now) = (other.id(), domain::Timestamp(0));
        let write = self.store.write(move |tx| tx.conversation_with(node, now));
        write.await.unwrap()
    }

    /// Whether this node is a contact of any kind.
    async fn knows(&self, node: NodeId) -> bool {
        let read = self.store.read(move |db| db.contact(node));
        read.await.unwrap().is_some()
    }

    /// What stands among the words of nobody.
    async fn nobodys(&self, text: &str) -> Option<store::MessageRow> {
        let rows = self.talk(&self.node.clone()).await;
        rows.into_iter().find(|row| row.message.text == text)
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_with_the_same_key_that_ends_at_once_lets_the_host_read_nothing() {
    let mut hosted = Hosted::new().await;
    hosted.compares().await;
    let short = Says {
        valid: Duration::from_millis(1),
        ..USUAL
    };
    let card = hosted.card(&hosted.key, short, 1).await;
    hosted.host_writes("greetings", Some(card)).await;

    let facts = hosted.facts().await;
    assert!(facts.sealed_to_app, "it goes to the app's key as before");
    assert!(facts.changed, "and alice is told");
    let number = facts.safety_number.clone().unwrap();
    let engine = &hosted.stage.alice.engine;
    engine
        .set_compared(hosted.node().id(), number, true)
        .await
        .unwrap();
    assert!(
        hosted
            .alice_seals_to_the_app("the password is hunter2")
            .await
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_not_heard_of_for_long_is_still_sealed_to() {
    let hosted = Hosted::new().await;
    tokio::time::sleep(DAY * 61).await;
    assert!(hosted.alice_seals_to_the_app("are you well?").await);
    assert!(hosted.facts().await.sealed_to_app);
}

#[tokio::test(start_paused = true)]
async fn fewer_features_on_a_card_that_the_app_did_not_send_are_told() {
    let mut hosted = Hosted::new().await;
    let fewer = Says {
        features: Features::default(),
        ..USUAL
    };
    let card = hosted.card(&hosted.key, fewer, 1).await;
    hosted.host_writes("greetings", Some(card)).await;
    assert!(hosted.facts().await.changed);

    // The app itself may say less, under its own key.
    let mut hosted = Hosted::new().await;
    let card = hosted.card(&hosted.key, fewer, 1).await;
    hosted
        .app_writes("I do not listen any more", Some(card))
        .await;
    let facts = hosted.facts().await;
    assert!(!facts.changed);
    assert_eq!(facts.listens, (false, false));
}

#[tokio::test(start_paused = true)]
async fn letters_under_the_node_key_of_somebody_whose_app_has_a_key_are_marked() {
    let mut hosted = Hosted::new().await;
    hosted.compares().await;
    hosted.host_writes("send me the password", None).await;
    assert_ne!(
        hosted.authorship_of("send me the password").await,
        Authorship::Verified
    );
    hosted.app_writes("it is really me", None).await;
    assert_eq!(
        hosted.authorship_of("it is really me").await,
        Authorship::Verified
    );
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_paid_for_are_sealed_with_the_apps_key_once_it_is_known() {
    let line = Line::new();
    let (alice, to_carol, carol, to_alice) = acquainted(&line).await;
    // Each has sealed to the key of the other's app.
    alice.say(to_carol, "here is my card").await;
    carol.expect_message(&line.alice, "here is my card").await;
    carol.say(to_alice, "I have it").await;
    alice.expect_message(&line.carol, "I have it").await;
    let text: String = (0..900_u32)
        .map(|i| char::from_u32(0x4e00 + i * 7 % 20_000).unwrap())
        .collect();
    let key = alice.say(to_carol, &text).await;
    alice.expect_delivery(key, DeliveryState::Settled).await;
    carol.expect_message(&line.alice, &text).await;

    let keys = carol.store.read(|db| db.seal_keys()).await.unwrap();
    let own = SealKey::from_secret_bytes(&keys[0].secret).unwrap();
    let attempts = alice
        .store
        .read(move |db| db.attempts_of(key))
        .await
        .unwrap();
    assert!(attempts.len() > 1, "it went in parts");
    for attempt in attempts {
        let letter = Envelope::parse(&attempt.records[0].1).unwrap();
        let (sealed_by, _) = letter
            .open_with_key(&own, line.carol.id(), &attempt.hash.0)
            .unwrap();
        assert_eq!(Some(sealed_by.to_string()), alice.engine.seal_key());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_at_all_goes_to_another_key_in_the_place_of_a_compared_one() {
    let line = talking_line();
    let (alice, watch) = Person::open_watched(&line.network, &line.alice).await;
    let mut carol = Person::open(&line.network, &line.carol).await;
    let (to_carol, _) = introduce(&line, &alice, &carol).await;
    let key = alice.say(to_carol, "hello").await;
    alice.expect_delivery(key, DeliveryState::Delivered).await;
    let node = line.carol.id();
    let number = async || {
        alice
            .engine
            .key_facts(node)
            .await
            .unwrap()
            .safety_number
            .unwrap()
    };
    alice
        .engine
        .set_compared(node, number().await, true)
        .await
        .unwrap();
    carol.close().await;
    let sent =
        || watch.calls("send_onion") + watch.calls("send_peer_message") + watch.calls("send");
    let before = sent();

    // Whoever has carol's node writes, asks for the card and for an invoice; alice reads it.
    let other = Person::open_elsewhere(&line.network, &line.carol).await;
    other.takes_over().await;
    let to_alice = other.befriend(&line.alice, Some(HOLD)).await;
    let free = heliograph_engine::Outgoing {
        way: domain::Way::FreeOnly,
        conversation: to_alice,
        text: "it is me, believe me".into(),
        payment: Msat::ZERO,
        fee_limit: None,
        reply_to: None,
    };
    other.say(to_alice, "by a payment").await;
    alice.expect_message(&line.carol, "by a payment").await;
    other.engine.greet(to_alice).await.unwrap();
    other.engine.send(free).await.unwrap();
    tokio::time::sleep(HOUR).await;
    alice.reads(to_carol, &line.carol).await;
    tokio::time::sleep(HOUR).await;
    assert_eq!(sent(), before, "neither receipt, nor card, nor invoice");
    alice.say(to_carol, "is it you?").await;
    assert!(
        alice.engine.greet(to_carol).await.is_err(),
        "it waits for a look"
    );
    tokio::time::sleep(HOUR).await;
    assert_eq!(sent(), before, "nothing goes there");

    alice
        .engine
        .set_compared(node, number().await, false)
        .await
        .unwrap();
    other.expect_message(&line.alice, "is it you?").await;
}

/// Records of a letter that is sealed with a key of somebody's, for a payment with this seed.
fn sealed_with(
    stage: &mut Stage,
    key: &SealKey,
    letter: &protocol::Letter,
    seed: u8,
) -> lnd::Records {
    let to = stage.line.alice.id();
    let hash = Preimage::new([seed; 32]).payment_hash();
    let secret = key.shared(&to.into());
    let (public, bytes) = (key.public(), letter.encode());
    let sealed = protocol::seal(&mut stage.rng, public, to, &secret, &hash.0, &bytes);
    vec![(record::LETTER, sealed.unwrap())]
}

#[tokio::test(start_paused = true)]
async fn a_letter_under_a_key_that_nobody_vouches_for_makes_no_contact() {
    let mut stage = Stage::new().await;
    let key = SealKey::generate(&mut stage.rng);
    let letter = stage.letter(Body::Text("who am I?".into()));
    let records = sealed_with(&mut stage, &key, &letter, 1);
    let end = stage.pays(1, records).await;
    assert!(matches!(end, PaymentUpdate::Refused { .. }), "{end:?}");
    let letter = stage.letter(Body::Text("for nothing".into()));
    stage.sends_as(&key, &letter).await;

    assert!(!stage.alice.knows(key.public().as_node()).await);
    let row = stage
        .alice
        .nobodys("who am I?")
        .await
        .expect("it is read all the same");
    assert_eq!(row.message.authorship, Authorship::Claimed);
}

#[tokio::test(start_paused = true)]
async fn postage_under_an_unknown_key_is_owed_to_nobody() {
    let mut stage = Stage::new().await;
    stage.line.alice.set_hold(Duration::ZERO);
    let key = SealKey::generate(&mut stage.rng);
    let letter = stage.letter(Body::Text("who am I?".into()));
    let records = sealed_with(&mut stage, &key, &letter, 1);
    let end = stage.pays(1, records).await;
    assert!(matches!(end, PaymentUpdate::Settled { .. }), "{end:?}");
    let alice = &stage.alice;
    eventually("it is booked", async || {
        (alice.totals().await.postage_received == Msat::SAT).then_some(())
    })
    .await;
    let node = key.public().as_node();
    let balance = alice.store.read(move |db| db.postage_balance(node)).await;
    assert!(balance.unwrap().we_owe().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_letter_without_a_card_under_a_known_key_is_its_owners() {
    let mut hosted = Hosted::new().await;
    hosted.app_writes("no card this time", None).await;
    assert_eq!(
        hosted.authorship_of("no card this time").await,
        Authorship::Verified
    );
    assert!(
        !hosted
            .stage
            .alice
            .knows(hosted.key.public().as_node())
            .await
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_on_the_card_of_somebody_who_does_not_have_it_is_not_theirs() {
    let mut hosted = Hosted::new().await;
    // bob has carol's key signed by his own node, and says so under his node's key.
    let bob = hosted.stage.line.bob.clone();
    hosted.stage.alice.befriend(&bob, None).await;
    let now = hosted.stage.line.network.now();
    let theft = hosted.stage.card_of(&bob, &hosted.key.clone(), now).await;
    let mut letter = hosted.stage.letter(Body::Text("my key".into()));
    letter.card = Some(theft);
    let to = hosted.stage.line.alice.id();
    let secret = bob.shared_secret(to).await.unwrap();
    let bytes = letter.encode();
    let sealed = protocol::seal(
        &mut hosted.stage.rng,
        bob.id(),
        to,
        &secret.0,
        &[0; 32],
        &bytes,
    );
    hosted.stage.hands_over(sealed.unwrap()).await;
    hosted.stage.alice.expect_message(&bob, "my key").await;

    hosted.app_writes("still carol's", None).await;
    assert_eq!(
        hosted.authorship_of("still carol's").await,
        Authorship::Verified
    );
}

#[tokio::test(start_paused = true)]
async fn a_card_from_the_future_loses_no_letter() {
    // Of somebody who is known.
    let mut hosted = Hosted::new().await;
    let early = hosted.card(&hosted.key, USUAL, 25 * 3_600).await;
    hosted
        .app_writes("my clock is wrong", Some(early.clone()))
        .await;
    assert_eq!(
        hosted.authorship_of("my clock is wrong").await,
        Authorship::Verified
    );
    hosted.host_writes("the node's key", Some(early)).await;
    hosted
        .stage
        .alice
        .expect_message(&hosted.node(), "the node's key")
        .await;

    // Of a stranger, by a payment: the card says whose key it is, and is kept by nobody.
    let mut stage = Stage::new().await;
    let key = SealKey::generate(&mut stage.rng);
    let now = stage.line.network.now();
    let carol = stage.line.carol.clone();
    let card = stage.card_of(&carol, &key, now.plus(HOUR * 25)).await;
    let mut letter = stage.letter(Body::Text("my clock is wrong".into()));
    letter.card = Some(card);
    let records = sealed_with(&mut stage, &key, &letter, 1);
    stage.pays(1, records).await;
    let row = stage
        .alice
        .expect_message(&carol, "my clock is wrong")
        .await;
    assert_eq!(row.message.authorship, Authorship::Verified);
    let (node, alice) = (carol.id(), &stage.alice);
    assert!(
        alice
            .store
            .read(move |db| db.card(node))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_card_does_not_make_a_letter_unreadable() {
    let mut stage = Stage::new().await;
    let bob = stage.line.bob.clone();
    let key = SealKey::generate(&mut stage.rng);
    let now = stage.line.network.now();
    let bobs = stage.card_of(&bob, &key, now).await;
    let mut letter = stage.letter(Body::Text("under my own key".into()));
    letter.card = Some(bobs);
    stage.sends(&letter).await;
    let row = stage
        .alice
        .expect_message(&stage.line.carol, "under my own key")
        .await;
    assert_eq!(row.message.authorship, Authorship::Verified);
    assert!(!stage.alice.knows(bob.id()).await);
}

/// Readable words that carol's node signs, and that name bob as their author.
async fn in_bobs_name(line: &Line, text: &str) -> lnd::Records {
    let (bob, ours) = (line.bob.id(), line.alice.id());
    let time = protocol::whatsat::time_bytes(domain::Timestamp(1_790_000_000_000));
    let signed = protocol::whatsat::signed_bytes(bob, ours, &time, text);
    let signature = line.carol.sign(signed).await.unwrap();
    protocol::whatsat::records(bob, &time, text, &signature)
}

#[tokio::test(start_paused = true)]
async fn words_that_only_name_somebody_make_nobody_a_contact() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let records = in_bobs_name(&line, "let me in").await;
    crate::people::stranger::keysend(&line.carol, line.alice.id(), Msat::SAT, 1, records).await;
    let row = eventually("it is shown as nobody's", async || {
        alice.nobodys("let me in").await
    })
    .await;
    assert_eq!(row.message.authorship, Authorship::Claimed);
    assert!(!alice.knows(line.bob.id()).await);
}

#[tokio::test(start_paused = true)]
async fn words_that_only_name_a_contact_with_sealed_letters_stand_apart() {
    let line = Line::new();
    let alice = Person::open(&line.network, &line.alice).await;
    let bob = Person::open(&line.network, &line.bob).await;
    bob.has_a_card().await;
    alice.befriend(&line.bob, None).await;
    let talk = bob.befriend(&line.alice, Some(HOLD)).await;
    bob.say(talk, "it is me").await;
    alice.expect_message(&line.bob, "it is me").await;
    let records = in_bobs_name(&line, "my new account").await;
    crate::people::stranger::keysend(&line.carol, line.alice.id(), Msat::SAT, 1, records).await;
    eventually("it stands apart", async || {
        alice.nobodys("my new account").await
    })
    .await;
    let texts: Vec<_> = alice
        .talk(&line.bob)
        .await
        .into_iter()
        .map(|row| row.message.text)
        .collect();
    assert_eq!(texts, ["it is me"]);
}
