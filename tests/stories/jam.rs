//! Strangers on the real network: letters of 2 sat that nobody can open, again and again, and invented names. It prints what
//! got through, memory, time, and the ledgers of all nodes. `LETTERS` of a wave, `SECONDS` of waves and `NAMES` make it longer.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use api::view::ConversationFilter;
use domain::{DeliveryState, Expectation, HoldState, MessageId, Msat, NodeId, Timestamp};
use futures::StreamExt;
use heliograph_tests::letters;
use heliograph_tests::person::Person;
use heliograph_tests::regtest::{
    InvoiceState, Keysend, Lnd, Network, Outcome, PaymentStatus, Plan,
};
use heliograph_tests::stories::introduce;
use heliograph_tests::world::{RealWorld, World};
use protocol::{Body, Letter, SealKey, record};

/// How much of it.
struct Dose {
    /// Letters in one wave of the jam.
    letters: u32,
    /// After so long no wave begins any more.
    limit: Duration,
    /// Names in the flood.
    names: u32,
}

fn number(name: &str, usual: u32) -> u32 {
    let said = std::env::var(name).ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(usual)
}

/// Payments of one stranger that are under way at once.
const AT_ONCE: usize = 50;

/// What became of payments.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    paid: u32,
    refused: u32,
    failed: u32,
    /// They wait for a decision.
    held: u32,
}

fn somebody() -> NodeId {
    SealKey::generate(&mut rand::rng()).public().as_node()
}

/// What looks like a letter and opens for nobody.
fn junk(to: NodeId) -> Result<Keysend> {
    let key = SealKey::generate(&mut rand::rng());
    let reader = somebody();
    let secret = key.shared(&reader.into());
    let sealed = protocol::seal(
        &mut rand::rng(),
        key.public(),
        reader,
        &secret,
        &[0; 32],
        b"junk",
    )?;
    Ok(Keysend::new(
        to,
        Msat::new(2_000),
        vec![(record::LETTER, sealed)],
    ))
}

async fn pay_all(from: &Lnd, keysends: Vec<Keysend>) -> Result<Tally> {
    let outcomes = futures::stream::iter(keysends)
        .map(|keysend| async move {
            tokio::time::timeout(Duration::from_secs(15), from.pay(&keysend)).await
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let mut tally = Tally::default();
    for outcome in outcomes {
        match outcome {
            Err(_) => tally.held += 1,
            Ok(Ok(Outcome::Paid(_))) => tally.paid += 1,
            Ok(Ok(Outcome::Refused)) => tally.refused += 1,
            Ok(Ok(Outcome::Failed(_)) | Err(_)) => tally.failed += 1,
        }
    }
    Ok(tally)
}

/// Resident memory of this process, in MiB: the programs of both people.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1_024
}

/// A word and a payment of a contact get through; how long both took.
async fn gets_through(from: &Person, to: &Person, number: u32) -> Result<(Duration, Duration)> {
    let began = Instant::now();
    let words = format!("are you there? {number}");
    from.writes(to, &words).await?;
    to.gets(from, &words).await?;
    let word = began.elapsed();
    let began = Instant::now();
    let coffee = format!("for the coffee {number}");
    let key = from.sends(to, &coffee, Msat::new(21_000)).await?;
    let got = to.gets(from, &coffee).await?;
    to.sees_hold(got.key, HoldState::Held).await?;
    to.accepts(got.key).await?;
    from.sees_delivery(key, DeliveryState::Settled).await?;
    Ok((word, began.elapsed()))
}

async fn jam(dose: Dose) -> Result<()> {
    // dave's way to alice is the strangers' way.
    let network = Network::temporary(Plan::line()).await?;
    let world = RealWorld::new(network.into());
    let (alice, dave) = (world.person("alice").await?, world.person("dave").await?);
    introduce(&alice, &dave).await?;
    world.quiet().await?;
    let carol = world.network().node("carol");
    println!("memory before: {} MiB", memory());

    let end = Instant::now() + dose.limit;
    let strangers = async {
        let mut waves = Vec::new();
        while Instant::now() < end {
            let letters = (0..dose.letters)
                .map(|_| junk(alice.node))
                .collect::<Result<_>>()?;
            let began = Instant::now();
            waves.push((pay_all(carol, letters).await?, began.elapsed()));
        }
        anyhow::Ok(waves)
    };
    let friends = async {
        let mut times = Vec::new();
        let mut number = 0;
        while Instant::now() < end {
            number += 1;
            times.push(gets_through(&dave, &alice, number).await?);
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        anyhow::Ok(times)
    };
    let (waves, times) = tokio::try_join!(strangers, friends)?;
    for (wave, took) in &waves {
        println!("wave of {}: {wave:?} in {took:?}", dose.letters);
    }
    for (word, payment) in &times {
        println!("a contact's words in {word:?}, payment in {payment:?}");
    }
    println!("memory after the jam: {} MiB", memory());

    let began = Instant::now();
    let mut names = Vec::new();
    for number in 0..dose.names {
        let at = Timestamp(1_790_000_000_000 + i64::from(number));
        let text = format!("name {number}");
        let records = letters::whatsat(&world, "carol", somebody(), alice.node, at, &text).await?;
        names.push(Keysend::new(alice.node, Msat::SAT, records));
    }
    let flood = pay_all(carol, names).await?;
    println!(
        "flood of {} names: {flood:?} in {:?}",
        dose.names,
        began.elapsed()
    );
    let requests = alice
        .app()?
        .conversations_list(ConversationFilter::Requests, String::new())
        .await?;
    println!("requests: {}, memory: {} MiB", requests.len(), memory());
    ensure!(
        requests.is_empty(),
        "a name that nobody proved is no request"
    );

    // bob is new, and brings something.
    let offer = Letter {
        after: 0,
        id: MessageId(rand::random()),
        sequence: 1,
        sent_at: Timestamp(1_790_000_000_000),
        expectation: Expectation::Decide,
        hold_secs: None,
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body: Body::Text("I am new here".to_owned()),
    };
    let bob = world.network().node("bob");
    let mut keysend = Keysend::new(alice.node, Msat::new(1_000_000), Vec::new());
    let from = bob.node().await?;
    let shared = bob.shared_secret(alice.node).await?;
    let sealed = protocol::seal(
        &mut rand::rng(),
        from,
        alice.node,
        &shared,
        &keysend.hash().0,
        &offer.encode(),
    )?;
    keysend.records = vec![(record::LETTER, sealed)];
    let (outcome, got) = tokio::join!(bob.pay(&keysend), async {
        let got = alice.gets_from(from, "I am new here").await?;
        alice.sees_hold(got.key, HoldState::Held).await?;
        alice.accepts(got.key).await?;
        anyhow::Ok(got)
    });
    got?;
    println!("a newcomer with 1,000 sat: {:?}", outcome?);
    println!("{:?}", gets_through(&dave, &alice, 10_000).await?);

    // What still waits goes back, and then the books of all nodes agree to the msat.
    for row in alice.messages_with(alice.node).await? {
        if row.hold.is_some_and(|hold| hold.state == HoldState::Held) {
            alice.refunds(row.key).await?;
        }
    }
    world.quiet().await?;
    let (mut sent, mut fees) = (Msat::ZERO, Msat::ZERO);
    let add = |sum: &mut Msat, more: Msat| *sum = sum.checked_add(more).unwrap_or(*sum);
    for name in ["bob", "carol", "dave"] {
        let paid = world.network().node(name).payments().await?;
        for one in paid
            .iter()
            .filter(|one| one.status == PaymentStatus::Succeeded)
        {
            add(&mut sent, one.amount);
            add(&mut fees, one.fee);
        }
    }
    let mut received = Msat::ZERO;
    for name in ["alice", "bob", "carol", "dave"] {
        let came = world.network().node(name).keysends().await?;
        for one in came.iter().filter(|one| one.state == InvoiceState::Settled) {
            add(&mut received, one.amount);
        }
    }
    let ours = world.network().node("alice").payments().await?;
    for one in ours
        .iter()
        .filter(|one| one.status == PaymentStatus::Succeeded)
    {
        add(&mut sent, one.amount);
        add(&mut fees, one.fee);
    }
    println!("sent {sent}, received {received}, fees {fees}");
    ensure!(sent == received, "{sent} was sent and {received} received");
    ensure!(!times.is_empty());
    world.close_all().await;
    Ok(())
}

#[tokio::test]
async fn strangers_jam_and_flood_a_node_and_contacts_get_through() {
    let dose = Dose {
        letters: number("LETTERS", 100),
        limit: Duration::from_secs(number("SECONDS", 15).into()),
        names: number("NAMES", 150),
    };
    jam(dose).await.unwrap();
}
