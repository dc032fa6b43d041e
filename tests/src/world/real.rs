//! The real network.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result};
use api::Messenger;
use api::view::ConnectionInput;
use async_trait::async_trait;
use domain::{Msat, NodeId, PaymentHash, Preimage};
use lnd::{GrpcNode, permission};

use super::{Node, People, World};
use crate::complaints::Complaints;
use crate::fuse::{Fuse, Fused};
use crate::person::{Person, Start};
use crate::regtest::{Incoming, Keysend, Lnd, Network, Outcome};

/// btcd and LNDs.
#[derive(Debug)]
pub struct RealWorld {
    network: Arc<Network>,
    people: People,
    complaints: Complaints,
}

impl RealWorld {
    /// In this network.
    #[must_use]
    pub fn new(network: Arc<Network>) -> Self {
        Self {
            network,
            people: People::default(),
            complaints: Complaints::listen(),
        }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    async fn arrive(&self, name: &str, start: Start) -> Result<Rc<Person>> {
        let lnd = self.network.node(name);
        let person = Person::arrive(
            name,
            lnd.node().await?,
            lnd.as_a_person_pastes_it().await?,
            start,
        )
        .await?;
        // The programs of the stories before have left their marks on the node. A second one of this story stays the second.
        if !self.people.knows(name) {
            person.app()?.node_take_over().await?;
        }
        Ok(self.people.welcome(person))
    }
}

impl Lnd {
    /// Address, certificate and a macaroon that may do what Heliograph needs and no more.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn as_a_person_pastes_it(&self) -> Result<ConnectionInput> {
        self.pasted_with(
            &self
                .bake(permission::TABLE.iter().map(|rpc| rpc.path))
                .await?,
        )
    }

    /// Address, certificate and this macaroon, in hexadecimal.
    ///
    /// # Errors
    /// When the certificate cannot be read.
    pub fn pasted_with(&self, macaroon: &str) -> Result<ConnectionInput> {
        let read = |path: &Path| std::fs::read_to_string(path).context("the certificate");
        Ok(ConnectionInput::Text {
            address: self.address(),
            cert: read(&self.certificate())?,
            macaroon: macaroon.to_owned(),
        })
    }
}

#[async_trait(?Send)]
impl World for RealWorld {
    async fn person(&self, name: &str) -> Result<Rc<Person>> {
        self.arrive(name, Box::new(Messenger::new)).await
    }

    async fn mortal(&self, name: &str, fuse: &Fuse) -> Result<Rc<Person>> {
        let fuse = fuse.clone();
        let start: Start = Box::new(move |home, vault| {
            let fuse = fuse.clone();
            Messenger::with_world(home, vault, move |credentials| {
                Arc::new(Fused::new(Arc::new(GrpcNode::connect(credentials)), &fuse))
            })
        });
        self.arrive(name, start).await
    }

    fn node(&self, name: &str) -> &dyn Node {
        self.network.node(name)
    }

    async fn quiet(&self) -> Result<()> {
        self.network.quiet().await
    }

    async fn stop(&self, name: &str) -> Result<()> {
        self.network.node(name).stop().await
    }

    async fn start(&self, name: &str) -> Result<()> {
        self.network.node(name).start().await?;
        self.network.mend().await
    }

    async fn close_all(&self) {
        self.people.close_all().await;
    }

    fn complaints(&self) -> &Complaints {
        &self.complaints
    }
}

#[async_trait(?Send)]
impl Node for Lnd {
    async fn id(&self) -> Result<NodeId> {
        self.node().await
    }

    async fn balance(&self) -> Result<Msat> {
        Ok(self.holdings().await?.local)
    }

    async fn keysends(&self) -> Result<Vec<Incoming>> {
        Self::keysends(self).await
    }

    async fn pay(&self, keysend: &Keysend) -> Result<Outcome> {
        Self::pay(self, keysend).await
    }

    async fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Self::sign(self, bytes).await
    }

    async fn shared(&self, point: NodeId) -> Result<[u8; 32]> {
        self.shared_secret(point).await
    }

    async fn settle(&self, preimage: &Preimage) -> Result<()> {
        self.settle_behind_the_app(preimage).await
    }

    async fn cancel(&self, hash: PaymentHash) -> Result<()> {
        self.cancel_behind_the_app(hash).await
    }
}
