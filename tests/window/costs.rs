//! The page *Costs*, and everything after closing and opening.

use anyhow::{Context, Result, ensure};
use domain::Msat;
use heliograph_tests::window::{Scene, Seat, at};

use crate::steps::{amount, open, pay, write};

pub(crate) async fn the_totals_are_the_nodes_books_and_stay(scene: &Scene) -> Result<()> {
    let network = scene.network();
    let books = async || {
        network.quiet().await?;
        let of =
            async |name: &str| Ok::<_, anyhow::Error>(network.node(name).holdings().await?.local);
        Ok::<_, anyhow::Error>((of("alice").await?, of("carol").await?))
    };
    let before = books().await?;
    let (alice, carol) = scene.friends("alice", "carol").await?;
    tokio::try_join!(open(&alice, "carol"), open(&carol, "alice"))?;

    let text = write(&alice, "The bill comes to 777 each", "about").await?;
    alice.finds(&text.inside("cost")).await?;
    // Her node would take it on arrival; her program gives an invoice, so that she decides.
    let gift = pay(&alice, "777", "My half", "if their app does not answer").await?;
    let hers = carol.message("My half").await?;
    carol.clicks(&hers.inside("accept")).await?;
    alice.sees(&gift.inside("outcome"), "Accepted").await?;
    let paid = pay(&carol, "333.333", "A third", "accept or refund").await?;
    let got = alice.message("A third").await?;
    alice.clicks(&got.inside("accept")).await?;
    carol.sees(&paid.inside("outcome"), "Accepted").await?;
    alice
        .sees(&got.inside("outcome"), "You accepted it")
        .await?;

    let after = books().await?;
    for seat in [&alice, &carol] {
        seat.clicks(&at("place-costs")).await?;
    }
    let (shown, hers) = (Page::read(&alice).await?, Page::read(&carol).await?);
    alice.picture("page").await?;
    carol.picture("page").await?;
    ensure!(
        shown.fits(before.0, after.0)?,
        "{shown:?}: {} {}",
        before.0,
        after.0
    );
    ensure!(
        hers.fits(before.1, after.1)?,
        "{hers:?}: {} {}",
        before.1,
        after.1
    );
    let line = |id: &str| at(&format!("total-{id}"));
    ensure!(amount(&alice, &line("sent")).await? == Msat::new(777_000));
    ensure!(amount(&alice, &line("received")).await? == Msat::new(333_333));
    ensure!(amount(&carol, &line("received")).await? == Msat::new(777_000));
    ensure!(amount(&carol, &line("sent")).await? == Msat::new(333_333));
    alice.sees(&at("costs-contacts"), "carol").await?;

    // alice closes her window, carol's program is killed: nothing is lost.
    tokio::try_join!(alice.close(), carol.kill())?;
    tokio::try_join!(alice.open_connected(), carol.open_connected())?;
    for (seat, other, page) in [(&alice, "carol", &shown), (&carol, "alice", &hers)] {
        open(seat, other).await?;
        for text in [
            "Hello, this is alice.",
            "The bill comes to 777 each",
            "My half",
            "A third",
        ] {
            seat.message(text).await?;
        }
        seat.picture("again").await?;
        seat.clicks(&at("place-costs")).await?;
        let again = Page::read(seat).await?;
        ensure!(again == *page, "{again:?} {page:?}");
    }
    Ok(())
}

/// The sums on the page.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    left: Msat,
    came: Msat,
}

impl Page {
    async fn read(seat: &Seat) -> Result<Self> {
        Ok(Self {
            left: amount(seat, &at("costs-left-sum")).await?,
            came: amount(seat, &at("costs-came-sum")).await?,
        })
    }

    /// Whether they explain what the node's channels held before and after.
    fn fits(&self, before: Msat, after: Msat) -> Result<bool> {
        let with = |a: Msat, b: Msat| a.checked_add(b).context("too much");
        Ok(with(before, self.came)? == with(after, self.left)?)
    }
}
