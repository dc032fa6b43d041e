//! The network in memory.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use api::Messenger;
use api::view::ConnectionInput;
use async_trait::async_trait;
use domain::{Failure, Msat, NodeId, PaymentHash, Preimage, Timestamp};
use engine::Clock;
use futures::StreamExt;
use lnd::sim::{SimNetwork, SimNode};
use lnd::{InvoiceState, Lightning, PaymentUpdate};

use super::{Node, People, World};
use crate::complaints::Complaints;
use crate::fuse::{Fuse, Fused};
use crate::person::{PATIENCE, Person, Start};
use crate::regtest::{self, Incoming, Keysend, Outcome, Plan, lnrpc};
use crate::wait::until;

/// Stories in memory need not wait for hops.
const HOP: Duration = Duration::from_millis(2);

/// The network in memory, at the computer's own pace.
pub struct SimWorld {
    network: SimNetwork,
    nodes: HashMap<String, SimNode>,
    /// Any certificate: nobody connects to it.
    certificate: String,
    people: People,
    complaints: Complaints,
}

impl SimWorld {
    /// A network of this plan.
    ///
    /// # Errors
    /// When a channel of the plan ends nowhere.
    pub fn new(plan: &Plan, seed: u64) -> Result<Self> {
        let network = SimNetwork::new(seed);
        network.set_hop_time(HOP);
        let mut nodes = HashMap::new();
        for planned in &plan.nodes {
            let node = network.node(&planned.name);
            node.set_keysend(planned.keysend);
            node.set_onion(planned.onions);
            node.set_hold(planned.hold);
            nodes.insert(planned.name.clone(), node);
        }
        for channel in &plan.channels {
            let end = |name| {
                nodes
                    .get(name)
                    .with_context(|| format!("there is no {name}"))
            };
            let half = Msat::from_sat(u64::from(channel.capacity / 2)).context("a huge channel")?;
            let (from, to) = (end(&channel.from)?, end(&channel.to)?);
            if channel.hidden {
                network.private_channel(from, half, to, half);
            } else {
                network.channel(from, half, to, half);
            }
        }
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let certificate = certificate.cert.pem();
        Ok(Self {
            network,
            nodes,
            certificate,
            people: People::default(),
            complaints: Complaints::listen(),
        })
    }

    fn sim(&self, name: &str) -> &SimNode {
        match self.nodes.get(name) {
            Some(node) => node,
            None => panic!("there is no {name} in this network"),
        }
    }

    async fn arrive(&self, name: &str, door: Arc<dyn Door>) -> Result<Rc<Person>> {
        let clock = NetworkClock(self.network.clone());
        let start: Start = Box::new(move |home, vault| {
            let (door, clock) = (Arc::clone(&door), Arc::new(clock.clone()));
            Messenger::with_world_and_clock(home, vault, move |_| door.open(), clock)
        });
        let input = ConnectionInput::Text {
            address: format!("{name}.invalid:10009"),
            cert: self.certificate.clone(),
            macaroon: hex::encode([2; 64]),
        };
        let person = Person::arrive(name, self.sim(name).id(), input, start).await?;
        Ok(self.people.welcome(person))
    }
}

/// Gives a program its node, at every start.
trait Door: Send + Sync {
    fn open(&self) -> Arc<dyn Lightning>;
}

impl<F: Fn() -> Arc<dyn Lightning> + Send + Sync> Door for F {
    fn open(&self) -> Arc<dyn Lightning> {
        self()
    }
}

#[derive(Clone)]
struct NetworkClock(SimNetwork);

impl Clock for NetworkClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[async_trait(?Send)]
impl World for SimWorld {
    async fn person(&self, name: &str) -> Result<Rc<Person>> {
        let node = self.sim(name).clone();
        self.arrive(
            name,
            Arc::new(move || Arc::new(node.clone()) as Arc<dyn Lightning>),
        )
        .await
    }

    async fn mortal(&self, name: &str, fuse: &Fuse) -> Result<Rc<Person>> {
        let (node, fuse) = (self.sim(name).clone(), fuse.clone());
        let open = move || {
            let node = Arc::new(node.clone());
            Arc::new(Fused::new(node, &fuse)) as Arc<dyn Lightning>
        };
        self.arrive(name, Arc::new(open)).await
    }

    fn node(&self, name: &str) -> &dyn Node {
        self.sim(name)
    }

    async fn quiet(&self) -> Result<()> {
        until("no payment is under way", PATIENCE, async || {
            Ok(self.network.totals().in_flight.is_zero().then_some(()))
        })
        .await
    }

    async fn stop(&self, name: &str) -> Result<()> {
        self.sim(name).stop();
        Ok(())
    }

    async fn start(&self, name: &str) -> Result<()> {
        self.sim(name).start();
        Ok(())
    }

    async fn close_all(&self) {
        self.people.close_all().await;
    }

    fn complaints(&self) -> &Complaints {
        &self.complaints
    }
}

#[async_trait(?Send)]
impl Node for SimNode {
    async fn id(&self) -> Result<NodeId> {
        Ok(Self::id(self))
    }

    async fn balance(&self) -> Result<Msat> {
        Ok(Lightning::balance(self).await?.local)
    }

    async fn keysends(&self) -> Result<Vec<Incoming>> {
        let invoices = self.invoices_after(0, u64::MAX).await?.invoices;
        let incoming = invoices.into_iter().map(|invoice| {
            Ok(Incoming {
                hash: invoice.hash,
                preimage: invoice.preimage.context("a keysend brings its preimage")?,
                state: match invoice.state {
                    InvoiceState::Open => regtest::InvoiceState::Open,
                    InvoiceState::Held => regtest::InvoiceState::Accepted,
                    InvoiceState::Settled => regtest::InvoiceState::Settled,
                    InvoiceState::Canceled => regtest::InvoiceState::Canceled,
                },
                amount: invoice.amount,
                records: invoice.records,
            })
        });
        incoming.collect()
    }

    async fn pay(&self, keysend: &Keysend) -> Result<Outcome> {
        let payment = lnd::Keysend {
            to: keysend.to,
            amount: keysend.amount,
            preimage: keysend.preimage.clone(),
            records: keysend.records.clone(),
            fee_limit: Msat::new(100_000),
            timeout_secs: 60,
            hints: Vec::new(),
        };
        let mut updates = self.send(payment).await?;
        while let Some(update) = updates.next().await {
            return Ok(match update? {
                PaymentUpdate::InFlight { .. } => continue,
                PaymentUpdate::Settled { fee, .. } => Outcome::Paid(fee),
                PaymentUpdate::Refused { .. } => Outcome::Refused,
                PaymentUpdate::Failed { failure, .. } => Outcome::Failed(reason(failure)),
            });
        }
        bail!("no outcome");
    }

    async fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(Lightning::sign(self, bytes.to_vec()).await?)
    }

    async fn shared(&self, point: NodeId) -> Result<[u8; 32]> {
        Ok(self.shared_secret(point).await?.0)
    }

    async fn settle(&self, preimage: &Preimage) -> Result<()> {
        Ok(Lightning::settle(self, preimage).await?)
    }

    async fn cancel(&self, hash: PaymentHash) -> Result<()> {
        Ok(Lightning::cancel(self, hash).await?)
    }
}

/// In LND's words.
const fn reason(failure: Failure) -> lnrpc::PaymentFailureReason {
    use lnrpc::PaymentFailureReason as R;
    match failure {
        Failure::InsufficientBalance => R::FailureReasonInsufficientBalance,
        Failure::Timeout => R::FailureReasonTimeout,
        _ => R::FailureReasonNoRoute,
    }
}
