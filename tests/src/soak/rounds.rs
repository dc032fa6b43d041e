//! Kills, restarts, and the end, when everybody is back.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::{DeliveryState, HoldState, NodeId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::doubles::Doubles;
use super::{Dose, laws};
use crate::person::Person;
use crate::process::Process;
use crate::regtest::{Network, Plan};
use crate::stories::introduce;
use crate::temporary::Temporary;
use crate::wait::until;

/// How long everything may take to come to its end on a busy computer.
const PEACE: Duration = Duration::from_secs(180);
/// How long payments may be in flight when nothing else is open any more.
const ENOUGH: Duration = Duration::from_secs(60);
/// The nodes that are stopped and killed.
const STRUCK: [&str; 3] = ["alice", "bob", "carol"];
const PASSPHRASE: &str = "made to be killed";
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(1_500);

/// A person whose program is a process of its own.
pub(super) struct Mortal {
    name: &'static str,
    node: NodeId,
    pub(super) home: PathBuf,
    passphrase: PathBuf,
    log: PathBuf,
    life: u32,
    process: Option<Process>,
    /// Another program on a copy of the home.
    pub(super) second: Option<Process>,
}

/// What one of them has in the end: the program, opened once more in this process, and what the killed ones have told.
pub(super) struct Survivor {
    pub(super) person: Person,
    /// Texts that a program of theirs took for sending.
    pub(super) said: Vec<String>,
    /// How many programs of theirs there were.
    pub(super) lives: u32,
}

/// Talks and kills, and returns what is broken in the end, in words; besides, in one line, what there was.
///
/// # Errors
/// When the network or a program does not start, or does not come to an end.
pub async fn soak(talker: &Path, dose: Dose) -> Result<(Vec<String>, String)> {
    let began = Instant::now();
    let network = Network::temporary(Plan::line().mended()).await?;
    let folder = Temporary::new("soak")?;
    let mut rng = StdRng::seed_from_u64(dose.seed);
    // The introduction is in the ledgers as well.
    network.quiet().await?;
    let before = laws::balances(&network).await?;
    let mut mortals = introduced(&network, folder.path()).await?;
    let others = [mortals[1].node, mortals[0].node];
    for (mortal, to) in mortals.iter_mut().zip(others) {
        mortal.start(talker, to, rng.random())?;
    }

    let (mut kills, mut restarts) = (0, 0);
    let mut doubles = Doubles::default();
    while kills < dose.kills || restarts < dose.restarts {
        if began.elapsed() > dose.limit {
            break;
        }
        let left = (dose.kills - kills, dose.restarts - restarts);
        let pause = longest_pause(dose.limit.saturating_sub(began.elapsed()), left.0 + left.1);
        tokio::time::sleep(rng.random_range(SHORTEST_PAUSE..pause)).await;
        if rng.random_range(0..left.0 + left.1) < left.0 {
            let who = rng.random_range(0..mortals.len());
            mortals[who].die()?;
            kills += 1;
            if dose.doubles {
                doubles.strike(&mut mortals[who], talker, others[who], &mut rng)?;
            }
            if rng.random() {
                tokio::time::sleep(rng.random_range(Duration::ZERO..pause)).await;
            }
            mortals[who].start(talker, others[who], rng.random())?;
        } else {
            strike(&network, &mut rng).await?;
            restarts += 1;
        }
    }
    for mortal in &mut mortals {
        mortal.die()?;
        mortal.end_second()?;
    }

    // In order this time: what a kill has left between two links goes on. Some links become active only then.
    for name in STRUCK {
        network.node(name).restart().await?;
    }
    network.mend().await?;
    let mut survivors = Vec::new();
    for mortal in &mortals {
        survivors.push(mortal.revive(&network).await?);
    }
    let held_up = settle_down(&network, &survivors).await?;
    let laws::Verdict { broken, balanced } =
        laws::verdict(&network, &survivors, &before, &held_up, dose.doubles).await?;
    for survivor in &survivors {
        survivor.person.close().await;
    }
    let said: usize = survivors.iter().map(|one| one.said.len()).sum();
    ensure!(said > 0, "nobody has said anything");
    let seconds = began.elapsed().as_secs();
    let held_up = held_up.len();
    let Doubles { put_back, second } = doubles;
    let what = format!(
        "{kills} kills, {restarts} restarts, {put_back} homes put back, {second} second programs, {said} messages, {held_up} \
         payments held up by LND, {balanced} of 2 people's books held against their channels, in {seconds} s"
    );
    Ok((broken, what))
}

/// Before a round: shorter where many are left for little time. A program lives long enough to begin to talk, and not much
/// longer than that: most of its time something is under way.
fn longest_pause(time: Duration, rounds: u32) -> Duration {
    let pause = time.checked_div(rounds).unwrap_or(time);
    pause.clamp(2 * SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// alice, whose node holds keysends, and carol on a stock node, each with a home that stays; they know each other.
async fn introduced(network: &Network, folder: &Path) -> Result<[Mortal; 2]> {
    let passphrase = folder.join("passphrase");
    std::fs::write(&passphrase, PASSPHRASE)?;
    let mut mortals = Vec::new();
    let mut people = Vec::new();
    for name in ["alice", "carol"] {
        let mortal = Mortal {
            name,
            node: network.node(name).node().await?,
            home: folder.join(name),
            passphrase: passphrase.clone(),
            log: folder.join(format!("{name}.log")),
            life: 0,
            process: None,
            second: None,
        };
        people.push(mortal.live(network).await?);
        mortals.push(mortal);
    }
    introduce(&people[0], &people[1]).await?;
    network.quiet().await?;
    for person in people {
        person.close().await;
    }
    mortals.try_into().ok().context("two people")
}

/// A node ends, in order or not, and is started again.
async fn strike(network: &Network, rng: &mut StdRng) -> Result<()> {
    let name = STRUCK[rng.random_range(0..STRUCK.len())];
    let node = network.node(name);
    if rng.random() {
        node.stop().await?;
    } else {
        node.kill();
    }
    node.start().await
}

/// `kill -9`. One that has ended by itself before is an error.
fn kill(process: &mut Option<Process>) -> Result<()> {
    if let Some(mut process) = process.take() {
        process.check()?;
        process.kill();
    }
    Ok(())
}

impl Mortal {
    fn start(&mut self, talker: &Path, to: NodeId, seed: u64) -> Result<()> {
        let home = self.home.clone();
        self.process = Some(self.program(talker, &home, to, seed)?);
        Ok(())
    }

    /// Starts the program in this home.
    pub(super) fn program(
        &mut self,
        talker: &Path,
        home: &Path,
        to: NodeId,
        seed: u64,
    ) -> Result<Process> {
        self.life += 1;
        let mut command = Command::new(talker);
        command
            .arg(home)
            .arg(&self.passphrase)
            .args([self.name.to_owned(), to.to_string()])
            .args([self.life.to_string(), seed.to_string()]);
        Process::start(self.name, command, &self.log)
    }

    fn die(&mut self) -> Result<()> {
        kill(&mut self.process)
    }

    /// The second program, if there is one.
    pub(super) fn end_second(&mut self) -> Result<()> {
        kill(&mut self.second)
    }

    async fn live(&self, network: &Network) -> Result<Person> {
        let input = network.node(self.name).as_a_person_pastes_it().await?;
        Person::live(self.name, self.node, input, &self.home, PASSPHRASE).await
    }

    async fn revive(&self, network: &Network) -> Result<Survivor> {
        let log = std::fs::read_to_string(&self.log)?;
        // A program that was killed may have been writing its last line.
        let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let said = whole.lines().filter_map(|line| line.strip_prefix("said "));
        let person = self.live(network).await?;
        // Of the programs that there were, this one is to be the one in charge.
        person.app()?.node_take_over().await?;
        Ok(Survivor {
            said: said.map(str::to_owned).collect(),
            lives: self.life,
            person,
        })
    }
}

/// Nobody writes any more, and what is held goes back. The payments that the network itself has not brought to an end when
/// everything else is over: LND may hold one up for hours after a kill, and only its word counts.
async fn settle_down(network: &Network, survivors: &[Survivor]) -> Result<Vec<String>> {
    let began = Instant::now();
    let held_up = until("everything has an end", PEACE, async || {
        let (mut held_up, mut open) = (Vec::new(), Vec::new());
        for one in survivors {
            let flying = laws::in_flight(network, one).await?;
            for other in survivors {
                for message in one.person.messages_with(other.person.node).await? {
                    let hold = message.hold.as_ref().map(|hold| hold.state);
                    if hold == Some(HoldState::Held) {
                        one.person.app()?.payment_refuse(message.key).await?;
                    }
                    let delivery = message.delivery.as_ref().map(|one| one.state);
                    let held = hold.is_some_and(|state| !state.is_over());
                    if held || delivery == Some(DeliveryState::Queued) {
                        open.push(format!("{message:?}"));
                    } else if delivery == Some(DeliveryState::InFlight) {
                        let attempts = one.person.details(message.key).await?.attempts;
                        let hashes = attempts.into_iter().map(|attempt| attempt.payment_hash);
                        let before = held_up.len();
                        held_up.extend(hashes.filter(|hash| flying.contains(hash)));
                        if held_up.len() == before {
                            open.push(format!("not in flight for its node: {message:?}"));
                        }
                    }
                }
            }
        }
        ensure!(open.is_empty(), "{} are open: {open:?}", open.len());
        ensure!(
            held_up.is_empty() || began.elapsed() > ENOUGH,
            "in flight: {held_up:?}"
        );
        Ok(Some(held_up))
    })
    .await?;
    if held_up.is_empty() {
        network.quiet().await?;
    }
    // The programs hear of the end a moment after their nodes.
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(held_up)
}
