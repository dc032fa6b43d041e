//! Letters that could not be read when they came are read once that is possible: after an update, with a permission that was
//! missing, with a key that is back. Their money stays one.

use std::time::Duration;

use crate::people::mallory::Stage;
use crate::people::stranger::{keysend, letter, sealed};
use crate::people::{Line, Person, eventually, sat};
use domain::{Authorship, Expectation, HoldState, MessageKind, Msat};
use lnd::sim::SimNode;
use lnd::{Lightning, LightningError, Records};
use protocol::{Body, Letter, Recipient, SealKey, record};
use rand::SeedableRng;
use rand::rngs::StdRng;
use store::MessageRow;

/// alice's node settles on arrival.
fn stock_line() -> Line {
    let line = Line::new();
    line.alice.set_hold(Duration::ZERO);
    line
}

/// Everything but this call.
struct Without(&'static str);

impl crate::people::gate::Gate for Without {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if call == self.0 {
            return Err(LightningError::Permission(call));
        }
        work.await
    }
}

/// The letter as a later version of the protocol would write it: this program knows it is newer.
async fn of_version_two(from: &SimNode, to: &SimNode, seed: u8, letter: &Letter) -> Records {
    let mut records = sealed(from, to.id(), seed, letter).await;
    records[0].1[0] = 2;
    records
}

/// An update that reads version two. To this program's eyes: the stored envelopes are of version one, and were tried by the
/// program before it. In front of the envelope stand a record of one byte, and the types and lengths of both.
const UPDATE: &str = "
    UPDATE incoming SET tried = 'before',
      records = CAST(substr(records, 1, 25) || x'01' || substr(records, 27) AS BLOB)
    WHERE hex(substr(records, 26, 1)) = '02';";

fn gift() -> Letter {
    letter(1, Expectation::Decide, Body::Text("a gift".into()))
}

/// What nobody could read, among what unknown senders have sent.
async fn placeholders(person: &Person) -> Vec<MessageRow> {
    let node = person.node.clone();
    let kinds = [MessageKind::Unreadable, MessageKind::Newer];
    let talk = person.talk(&node).await.into_iter();
    talk.filter(|row| kinds.contains(&row.message.kind))
        .collect()
}

async fn expect_placeholder(person: &Person) -> MessageRow {
    eventually("something unreadable is shown", async || {
        placeholders(person).await.pop()
    })
    .await
}

/// The words are there once, with this money, and nothing is left of what stood in their place.
async fn is_one(person: &Person, from: &SimNode, money: Msat) -> MessageRow {
    let row = person.expect_message(from, "a gift").await;
    assert_eq!(row.message.payment, money);
    assert_eq!(row.message.authorship, Authorship::Verified);
    assert_eq!(placeholders(person).await, []);
    assert_eq!(person.talk(from).await.len(), 1);
    let totals = person.totals().await;
    assert_eq!(totals.received, money);
    assert_eq!(totals.messages_received, 1);
    let node = from.id();
    let theirs = person.store.read(move |db| db.totals(Some(node))).await;
    assert_eq!(theirs.unwrap().received, money, "booked as theirs");
    row
}

async fn unread(person: &Person) -> u32 {
    let read = person.store.read(|db| {
        let mut all = db.conversations(store::Listed::Known, "")?;
        all.extend(db.conversations(store::Listed::Requests, "")?);
        Ok(all)
    });
    read.await.unwrap().iter().map(|row| row.unread).sum()
}

#[tokio::test(start_paused = true)]
async fn what_a_permission_was_missing_for_is_read_once_it_is_there() {
    let line = stock_line();
    let gate = Without("shared_secret");
    let mut alice = Person::open_behind(&line.network, &line.alice, gate).await;
    let records = sealed(&line.carol, line.alice.id(), 1, &gift()).await;
    keysend(&line.carol, line.alice.id(), sat(50), 1, records).await;
    expect_placeholder(&alice).await;
    alice.close().await;
    alice.reopen();
    let row = is_one(&alice, &line.carol, sat(50)).await;
    assert_eq!(row.message.kind, MessageKind::Payment);
    assert_eq!(unread(&alice).await, 1, "news, once");
    // And it is paid back once.
    let carrier = alice.engine.pay_back(row.message.key, None).await.unwrap();
    eventually("the pay-back has settled", async || {
        let refund = alice.row(row.message.key).await.refund?;
        (refund.done && refund.message == carrier).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_later_version_wrote_is_read_after_an_update() {
    let line = stock_line();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let records = of_version_two(&line.carol, &line.alice, 1, &gift()).await;
    keysend(&line.carol, line.alice.id(), sat(50), 1, records).await;
    let row = expect_placeholder(&alice).await;
    assert_eq!(row.message.kind, MessageKind::Newer);
    alice.close().await;
    alice.reopen_with(UPDATE).await;
    is_one(&alice, &line.carol, sat(50)).await;
    // The next start finds nothing more to do.
    alice.close().await;
    alice.reopen();
    is_one(&alice, &line.carol, sat(50)).await;
}

#[tokio::test(start_paused = true)]
async fn postage_that_is_known_late_is_booked_as_postage_only() {
    let line = stock_line();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let words = letter(1, Expectation::Return, Body::Text("a gift".into()));
    let records = of_version_two(&line.carol, &line.alice, 1, &words).await;
    keysend(&line.carol, line.alice.id(), Msat::SAT, 1, records).await;
    expect_placeholder(&alice).await;
    assert_eq!(alice.totals().await.received, Msat::SAT);
    alice.close().await;
    alice.reopen_with(UPDATE).await;
    let row = alice.expect_message(&line.carol, "a gift").await;
    assert_eq!(row.message.payment, Msat::ZERO);
    let totals = alice.totals().await;
    assert_eq!(
        (totals.received, totals.postage_received),
        (Msat::ZERO, Msat::SAT)
    );
    assert_eq!(placeholders(&alice).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_is_still_held_is_decided_by_what_it_says() {
    let line = Line::new();
    let mut alice = Person::open(&line.network, &line.alice).await;
    alice.befriend(&line.carol, None).await;
    let words = letter(1, Expectation::Return, Body::Text("a gift".into()));
    let records = of_version_two(&line.carol, &line.alice, 1, &words).await;
    let (carol, to) = (line.carol.clone(), line.alice.id());
    let paying = tokio::spawn(async move { keysend(&carol, to, Msat::SAT, 1, records).await });
    let row = expect_placeholder(&alice).await;
    alice.expect_hold(row.message.key, HoldState::Held).await;
    alice.close().await;
    alice.reopen_with(UPDATE).await;
    let row = alice.expect_message(&line.carol, "a gift").await;
    alice
        .expect_hold(row.message.key, HoldState::Returned)
        .await;
    let outcome = paying.await.unwrap();
    assert!(
        matches!(outcome, lnd::PaymentUpdate::Refused { .. }),
        "{outcome:?}"
    );
    assert_eq!(placeholders(&alice).await, []);
    assert_eq!(alice.totals().await.received, Msat::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_back_opens_what_was_sealed_to_it() {
    let line = stock_line();
    let mut alice = Person::open(&line.network, &line.alice).await;
    alice.has_a_card().await;
    let mut rng = StdRng::seed_from_u64(3);
    let lost = SealKey::generate(&mut rng);
    let hash = domain::Preimage::new([1; 32]).payment_hash();
    let from = line.carol.id();
    let secret = line
        .carol
        .shared_secret(lost.public().as_node())
        .await
        .unwrap();
    let to = Recipient::with_seal_key(line.alice.id(), lost.public());
    let bytes = gift().encode();
    let envelope = protocol::seal(&mut rng, from, to, &secret.0, &hash.0, &bytes).unwrap();
    let records = vec![(record::LETTER, envelope)];
    keysend(&line.carol, line.alice.id(), sat(50), 1, records).await;
    expect_placeholder(&alice).await;

    let card = alice.store.read(|db| db.seal_keys()).await.unwrap()[0].clone();
    alice.close().await;
    alice.reopen();
    let (secret, now) = (lost.as_secret_bytes().to_owned(), line.network.now());
    let add = move |tx: &store::Tx<'_>| tx.add_seal_key(&secret, &card.card, now);
    alice.store.write(add).await.unwrap();
    alice.close().await;
    alice.reopen();
    is_one(&alice, &line.carol, sat(50)).await;
}

#[tokio::test(start_paused = true)]
async fn what_came_again_in_the_meantime_is_not_shown_twice() {
    let line = stock_line();
    let mut alice = Person::open(&line.network, &line.alice).await;
    let records = of_version_two(&line.carol, &line.alice, 1, &gift()).await;
    keysend(&line.carol, line.alice.id(), sat(50), 1, records).await;
    expect_placeholder(&alice).await;
    // Its sender falls back to what this program reads, with other money.
    let records = sealed(&line.carol, line.alice.id(), 2, &gift()).await;
    keysend(&line.carol, line.alice.id(), sat(20), 2, records).await;
    alice.expect_message(&line.carol, "a gift").await;
    alice.close().await;
    alice.reopen_with(UPDATE).await;
    eventually("the first payment stands beside the second", async || {
        let talk = alice.talk(&line.carol).await;
        let all = Msat::checked_sum(talk.iter().map(|row| row.message.payment));
        (talk.len() == 2 && all == Some(sat(70))).then_some(())
    })
    .await;
    let talk = alice.talk(&line.carol).await;
    let words = talk.iter().filter(|row| row.message.text == "a gift");
    assert_eq!(words.count(), 1);
    assert_eq!(placeholders(&alice).await, []);
    assert_eq!(alice.totals().await.received, sat(70));
}

#[tokio::test(start_paused = true)]
async fn words_of_a_later_version_are_read_after_an_update() {
    let mut stage = Stage::new().await;
    let carol = stage.line.carol.clone();
    stage.alice.befriend(&carol, None).await;
    // A body of a number that this program does not know: its words stand where a text has them.
    let known = stage.letter(Body::Text("a gift".into())).encode();
    let at = known
        .windows(3)
        .rposition(|bytes| bytes == [0x82, 0x01, 0x08])
        .unwrap();
    let mut bytes = known.clone();
    bytes[at..at + 2].copy_from_slice(&[0xa2, 0x06]);
    let secret = carol.shared_secret(stage.line.alice.id()).await.unwrap();
    let (from, to) = (carol.id(), stage.line.alice.id());
    let record = protocol::seal(&mut stage.rng, from, to, &secret.0, &[0; 32], &bytes).unwrap();
    stage.hands_over(record).await;
    let row = eventually("something newer is shown", async || {
        stage.alice.talk(&carol).await.pop()
    })
    .await;
    assert_eq!(row.message.kind, MessageKind::Newer);
    stage.alice.close().await;
    stage.alice.reopen_with(UPDATE_OF_BODIES).await;
    let row = stage.alice.expect_message(&carol, "a gift").await;
    assert_eq!(row.message.kind, MessageKind::Text);
    assert_eq!(stage.alice.talk(&carol).await.len(), 1);
    assert_eq!(stage.alice.totals().await.messages_received, 1);
}

/// An update that knows the body with number 100: here it is a text.
const UPDATE_OF_BODIES: &str = "
    DELETE FROM setting WHERE name = 'reader';
    UPDATE letter SET bytes = CAST(
      substr(bytes, 1, instr(bytes, x'a206') - 1) || x'8201' || substr(bytes, instr(bytes, x'a206') + 2) AS BLOB)
    WHERE instr(bytes, x'a206') > 0;";
