//! Where a story takes place: on the real network, or in memory.

mod real;
mod sim;

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;
use async_trait::async_trait;
use domain::{Msat, NodeId, PaymentHash, Preimage};

pub use real::RealWorld;
pub use sim::SimWorld;

use crate::complaints::Complaints;
use crate::fuse::Fuse;
use crate::person::Person;
use crate::regtest::{Incoming, Keysend, Outcome};

/// Nodes, and people who open their programs on them.
#[async_trait(?Send)]
pub trait World {
    /// A person opens Heliograph for the first time, on the node of this name.
    async fn person(&self, name: &str) -> Result<Rc<Person>>;

    /// The same, with a program that can be killed between any two steps.
    async fn mortal(&self, name: &str, fuse: &Fuse) -> Result<Rc<Person>>;

    /// The node of this name.
    fn node(&self, name: &str) -> &dyn Node;

    /// Waits until no payment is under way: from then on the books of all nodes stand still.
    async fn quiet(&self) -> Result<()>;

    /// Stops a node.
    async fn stop(&self, name: &str) -> Result<()>;

    /// Starts a node again; its channels can be used when this returns.
    async fn start(&self, name: &str) -> Result<()>;

    /// Closes all programs. On a node of the real network the next story would be disturbed by them.
    async fn close_all(&self);

    /// What the programs complained about.
    fn complaints(&self) -> &Complaints;
}

/// Everybody who has opened a program.
#[derive(Debug, Default)]
struct People(RefCell<Vec<Rc<Person>>>);

impl People {
    fn welcome(&self, person: Person) -> Rc<Person> {
        let person = Rc::new(person);
        self.0.borrow_mut().push(Rc::clone(&person));
        person
    }

    /// Whether somebody of this name has opened a program.
    fn knows(&self, name: &str) -> bool {
        self.0.borrow().iter().any(|person| person.name == name)
    }

    async fn close_all(&self) {
        for person in self.0.take() {
            person.close().await;
        }
    }
}

/// A node, as its owner and its other programs see it.
#[async_trait(?Send)]
pub trait Node {
    /// Who it is.
    async fn id(&self) -> Result<NodeId>;

    /// What its channels hold for it.
    async fn balance(&self) -> Result<Msat>;

    /// All keysends that came to it, refused ones too, oldest first.
    async fn keysends(&self) -> Result<Vec<Incoming>>;

    /// Pays as a plain program does, and waits for the end.
    async fn pay(&self, keysend: &Keysend) -> Result<Outcome>;

    /// The node's ECDSA signature, DER, over the SHA-256 of `bytes`.
    async fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>>;

    /// SHA-256 of the compressed product of the node's private key and a point.
    async fn shared(&self, point: NodeId) -> Result<[u8; 32]>;

    /// Settles a held payment, as another program of this node may.
    async fn settle(&self, preimage: &Preimage) -> Result<()>;

    /// Returns a held payment, as another program of this node may.
    async fn cancel(&self, hash: PaymentHash) -> Result<()>;
}
