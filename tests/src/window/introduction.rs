//! People who have met before the story begins.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use api::Home;

use super::seat::{PASSPHRASE, Seat};
use crate::person::Person;
use crate::regtest::Lnd;
use crate::stories::introduce;
use crate::wait::until;

/// How long a program may take to let go of its home.
const END: Duration = Duration::from_secs(20);

/// Makes a profile on a node. No window is opened for it.
pub(super) async fn settle(seat: &Seat, node: &Lnd) -> Result<()> {
    let person = arrive(seat, node).await?;
    leave(seat, person).await
}

/// Makes a profile for each of them, and has them write to each other once. No window is opened for it.
pub(super) async fn befriend(one: (&Seat, &Lnd), other: (&Seat, &Lnd)) -> Result<()> {
    let (a, b) = tokio::try_join!(arrive(one.0, one.1), arrive(other.0, other.1))?;
    let met = introduce(&a, &b).await;
    leave(one.0, a).await?;
    leave(other.0, b).await?;
    met
}

async fn leave(seat: &Seat, person: Person) -> Result<()> {
    person.close().await;
    drop(person);
    until("the home is free", END, async || {
        Home::at(&seat.home())?;
        Ok(Some(()))
    })
    .await
}

async fn arrive(seat: &Seat, node: &Lnd) -> Result<Person> {
    fs::write(seat.passphrase_file(), PASSPHRASE)?;
    let input = node.as_a_person_pastes_it().await?;
    let person = Person::live(
        seat.name(),
        node.node().await?,
        input,
        &seat.home(),
        PASSPHRASE,
    )
    .await?;
    // The programs of the stories before have left their marks on the node.
    person.app()?.node_take_over().await?;
    Ok(person)
}
