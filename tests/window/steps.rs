//! What people do in several stories.

use anyhow::{Context, Result};
use domain::Msat;
use heliograph_tests::window::{Seat, Spot, at};

/// Opens the conversation with somebody.
pub(crate) async fn open(seat: &Seat, contact: &str) -> Result<()> {
    seat.clicks_on(&at("conversation-row"), contact).await?;
    seat.sees(&at("title"), contact).await
}

/// Writes a message, sees what it would cost, and sends it.
pub(crate) async fn write(seat: &Seat, text: &str, estimate: &str) -> Result<Spot> {
    seat.fills(&at("composer-text"), text).await?;
    send(seat, text, estimate).await
}

/// Attaches sats to a message, sees what it would cost, and sends it.
pub(crate) async fn pay(seat: &Seat, sats: &str, note: &str, estimate: &str) -> Result<Spot> {
    seat.fills(&at("composer-text"), note).await?;
    seat.clicks(&at("add-amount")).await?;
    seat.fills(&at("composer-amount"), sats).await?;
    send(seat, note, estimate).await
}

/// Sends what is written, once its cost is known. A message with these words appears.
pub(crate) async fn send(seat: &Seat, text: &str, estimate: &str) -> Result<Spot> {
    seat.sees(&at("estimate").with("data-asking", false), estimate)
        .await?;
    seat.clicks(&at("send")).await?;
    seat.holds(&at("composer-text"), "").await?;
    seat.message(text).await
}

/// The amount that stands there: `1,234.567 sat`.
pub(crate) async fn amount(seat: &Seat, spot: &Spot) -> Result<Msat> {
    let text = seat.reads(spot, "an amount", |text| msat(text).is_ok());
    msat(&text.await?)
}

fn msat(text: &str) -> Result<Msat> {
    let plain = text.trim().trim_end_matches("sat").trim().replace(',', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, "0"));
    let number = |digits: &str| digits.parse::<u64>().with_context(|| format!("{text:?}"));
    Ok(Msat::new(
        number(whole)? * 1_000 + number(&format!("{fraction:0<3}"))?,
    ))
}
