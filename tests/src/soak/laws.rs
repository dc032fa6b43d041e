//! No message lost, none paid twice, no hold forgotten: by the books of both programs and of both nodes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use api::view::MessageView;
use domain::{AttemptState, DeliveryState, Direction, Msat};

use super::rounds::Survivor;
use super::talker::{LEAST_PAYMENT, is_of};
use crate::regtest::{InvoiceState, Network, PaymentStatus};

/// What the nodes of both people hold.
pub(super) async fn balances(network: &Network) -> Result<BTreeMap<String, Msat>> {
    let mut balances = BTreeMap::new();
    for name in ["alice", "carol"] {
        let local = network.node(name).holdings().await?.local;
        balances.insert(name.to_owned(), local);
    }
    Ok(balances)
}

/// How it is in the end.
pub(super) struct Verdict {
    /// Everything that is broken, in words.
    pub(super) broken: Vec<String>,
    /// How many people's books were held against what their channels hold.
    pub(super) balanced: usize,
}

/// Holds everybody's books against each other and against those of the nodes.
pub(super) async fn verdict(
    network: &Network,
    survivors: &[Survivor],
    before: &BTreeMap<String, Msat>,
    held_up: &[String],
    doubled: bool,
) -> Result<Verdict> {
    let (mut broken, mut balanced) = (Vec::new(), 0);
    for (one, other) in [(0, 1), (1, 0)] {
        let (one, other) = (&survivors[one], &survivors[other]);
        broken.extend(seen_once(one, other).await?);
        broken.extend(same_money_once(network, one, other).await?);
        broken.extend(held(network, one).await?);
        if doubled {
            // What was said and paid in books that are gone is not known in these.
            continue;
        }
        broken.extend(arrived(one, other).await?);
        broken.extend(paid_once(network, one, other, held_up).await?);
        if let Some(books) = booked(network, one, before).await? {
            broken.extend(books);
            balanced += 1;
        }
    }
    Ok(Verdict { broken, balanced })
}

/// No text stands twice in the books of the other one, and none that nobody wrote.
async fn seen_once(one: &Survivor, other: &Survivor) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let own = one.person.messages_with(other.person.node).await?;
    let own: BTreeSet<String> = own.into_iter().map(|message| message.text).collect();
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for message in other.person.messages_with(one.person.node).await? {
        if message.direction == Direction::Incoming && !message.text.is_empty() {
            *copies.entry(message.text).or_default() += 1;
        }
    }
    for (text, count) in copies {
        if count > 1 {
            broken.push(format!("{text:?} is there {count} times"));
        }
        // What a program has sent may stand in books that are gone, and was not told when it was killed in this moment.
        let by_a_program = text
            .strip_prefix(&format!("{} ", one.person.name))
            .and_then(|rest| rest.split_once('-')?.0.parse::<u32>().ok())
            .is_some_and(|life| life <= one.lives);
        if !by_a_program && !own.contains(&text) {
            broken.push(format!("nobody wrote {text:?}"));
        }
    }
    Ok(broken)
}

/// Each payment has an amount of its own. By the word of both nodes, whichever program ordered it, it has left once more
/// than it came back, or as often: a pay-back goes back in its turn where a program does not know what it pays back.
async fn same_money_once(
    network: &Network,
    one: &Survivor,
    other: &Survivor,
) -> Result<Vec<String>> {
    let (name, others) = (&one.person.name, &other.person.name);
    let gone = times(network, name).await?;
    let back = times(network, others).await?;
    let mut broken = Vec::new();
    for (amount, there) in gone.iter().filter(|(amount, _)| is_of(**amount, name)) {
        let back = back.get(amount).copied().unwrap_or(0);
        if *there > back + 1 || back > *there {
            broken.push(format!(
                "{name} has paid {amount} {there} times, {others} has paid it back {back} times"
            ));
        }
    }
    Ok(broken)
}

/// How often somebody's node has paid which amount, or is about to.
async fn times(network: &Network, name: &str) -> Result<BTreeMap<Msat, u64>> {
    let mut times = BTreeMap::new();
    for payment in network.node(name).payments().await? {
        if payment.status != PaymentStatus::Failed && payment.amount >= LEAST_PAYMENT {
            *times.entry(payment.amount).or_default() += 1;
        }
    }
    Ok(times)
}

/// What was taken for sending is there exactly once, or its sender is told that it is not.
async fn arrived(one: &Survivor, other: &Survivor) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let sent = one.person.messages_with(other.person.node).await?;
    let got = other.person.messages_with(one.person.node).await?;
    let outgoing = |message: &&MessageView| message.direction == Direction::Outgoing;
    let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
    for message in got.iter().filter(|message| !outgoing(message)) {
        *copies.entry(&message.text).or_default() += 1;
    }
    let texts: BTreeSet<&str> = sent
        .iter()
        .filter(outgoing)
        .map(|message| message.text.as_str())
        .collect();
    for text in one
        .said
        .iter()
        .filter(|text| !texts.contains(text.as_str()))
    {
        broken.push(format!("{text:?} was taken for sending and is lost"));
    }
    // Pay-backs have no words; they are counted by their payments.
    for message in sent
        .iter()
        .filter(outgoing)
        .filter(|one| !one.text.is_empty())
    {
        let state = message.delivery.as_ref().map(|one| one.state);
        let certain = matches!(
            state,
            Some(DeliveryState::Settled | DeliveryState::Returned | DeliveryState::Delivered)
        );
        let count = copies.remove(message.text.as_str()).unwrap_or(0);
        if certain && count == 0 {
            broken.push(format!("{:?} is {state:?} and not there", message.text));
        }
    }
    copies.remove("");
    for text in copies.keys() {
        broken.push(format!("{text:?} is not in the books of who wrote it"));
    }
    Ok(broken)
}

/// Of all attempts of a message one is paid at most, by the word of the node; the program says the same.
async fn paid_once(
    network: &Network,
    one: &Survivor,
    other: &Survivor,
    held_up: &[String],
) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let mut succeeded = BTreeSet::new();
    for payment in network.node(&one.person.name).payments().await? {
        match payment.status {
            PaymentStatus::Succeeded => {
                if !succeeded.insert(payment.hash.to_string()) {
                    broken.push(format!("{} is paid twice", payment.hash));
                }
            }
            PaymentStatus::Failed => {}
            PaymentStatus::InFlight if held_up.contains(&payment.hash.to_string()) => {}
            status => broken.push(format!("{} is {status:?}", payment.hash)),
        }
    }
    for message in one.person.messages_with(other.person.node).await? {
        if message.direction == Direction::Incoming {
            continue;
        }
        let what = format!("{}'s {:?} ({})", one.person.name, message.text, message.key);
        let attempts = one.person.details(message.key).await?.attempts;
        let mut paid = 0;
        for attempt in &attempts {
            let settled = succeeded.contains(&attempt.payment_hash);
            paid += usize::from(settled);
            if settled != (attempt.state == AttemptState::Settled) {
                let state = attempt.state;
                broken.push(format!("{what}: {state:?}, paid by its node: {settled}"));
            }
        }
        let state = message.delivery.map(|one| one.state);
        if paid > 1 || (paid == 1) != (state == Some(DeliveryState::Settled)) {
            broken.push(format!("{what} is {state:?} and paid {paid} times"));
        }
    }
    Ok(broken)
}

/// The payments of a person that are in flight by the word of their node.
pub(super) async fn in_flight(network: &Network, one: &Survivor) -> Result<BTreeSet<String>> {
    let payments = network.node(&one.person.name).payments().await?;
    let flies = payments
        .into_iter()
        .filter(|one| one.status == PaymentStatus::InFlight);
    Ok(flies.map(|one| one.hash.to_string()).collect())
}

/// No hold is left at the node.
async fn held(network: &Network, one: &Survivor) -> Result<Vec<String>> {
    let keysends = network.node(&one.person.name).keysends().await?;
    let open = keysends.iter().filter(|keysend| {
        !matches!(
            keysend.state,
            InvoiceState::Settled | InvoiceState::Canceled
        )
    });
    let forgotten = open.map(|one| format!("the hold {} is forgotten", one.hash));
    Ok(forgotten.collect())
}

/// The channels hold what the ledger says, to the millisatoshi. A payment that LND holds up in a channel is in no ledger and
/// in no balance: `None` then.
async fn booked(
    network: &Network,
    one: &Survivor,
    before: &BTreeMap<String, Msat>,
) -> Result<Option<Vec<String>>> {
    let name = &one.person.name;
    let before = *before.get(name).context("a balance")?;
    let holdings = network.node(name).holdings().await?;
    if !(holdings.local_under_way.is_zero() && holdings.remote_under_way.is_zero()) {
        return Ok(None);
    }
    let after = holdings.local;
    let costs = one.person.app()?.costs().await?.total;
    let sum = |parts: &[Msat]| Msat::checked_sum(parts.iter().copied()).context("too much");
    let gone = sum(&[
        costs.sent,
        costs.postage_sent,
        costs.refunds_sent,
        costs.fees,
    ])?;
    let come = sum(&[
        costs.received,
        costs.postage_received,
        costs.refunds_received,
    ])?;
    if sum(&[before, come])? == sum(&[after, gone])? {
        return Ok(Some(Vec::new()));
    }
    Ok(Some(vec![format!(
        "{name}: {before} + {come} is not {after} + {gone}: {costs:?}"
    )]))
}
