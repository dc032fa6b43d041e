//! What a person sees in their window, and what they do there.
//!
//! Everything waits until it can be done or seen: a window is never ready at once.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::seat::Seat;
use super::spot::{Spot, at};
use crate::wait::until;

/// How long a fact may take to come true on a busy computer.
const PATIENCE: Duration = Duration::from_secs(45);

/// Whether the place of an element is the same for four frames.
const STILL: &str = r#"
    const [element, answer] = arguments;
    const place = () => JSON.stringify(element.getBoundingClientRect());
    const look = (before, frames) => {
        if (!element.isConnected || place() !== before) answer(false);
        else if (frames === 0) answer(true);
        else requestAnimationFrame(() => look(before, frames - 1));
    };
    look(place(), 4);
"#;

impl Seat {
    /// Waits until these words can be read there.
    ///
    /// # Errors
    /// When they cannot; tells what can.
    pub async fn sees(&self, spot: &Spot, words: &str) -> Result<()> {
        self.reads(spot, &format!("{words:?}"), |text| text.contains(words))
            .await
            .map(drop)
    }

    /// Waits until a text can be read there that is as wanted.
    ///
    /// # Errors
    /// When there is none; tells what can be read.
    pub async fn reads(
        &self,
        spot: &Spot,
        what: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let mut last = Vec::new();
        let what = format!("{} reads {what} in {spot}", self.name());
        let read = until(what, PATIENCE, async || {
            last = self.texts(spot).await?;
            Ok(last.iter().find(|text| wanted(text)).cloned())
        })
        .await;
        read.with_context(|| format!("it says {last:?}"))
    }

    /// Waits until it can be seen.
    ///
    /// # Errors
    /// When it does not appear.
    pub async fn finds(&self, spot: &Spot) -> Result<()> {
        self.first(spot).await.map(drop)
    }

    /// Waits until nothing of it can be seen.
    ///
    /// # Errors
    /// When it stays.
    pub async fn misses(&self, spot: &Spot) -> Result<()> {
        let what = format!("{} sees {spot} no longer", self.name());
        until(what, PATIENCE, async || {
            Ok(self.texts(spot).await?.is_empty().then_some(()))
        })
        .await
    }

    /// Presses the only one there is, as soon as it can be pressed.
    ///
    /// # Errors
    /// When it cannot be pressed.
    pub async fn clicks(&self, spot: &Spot) -> Result<()> {
        self.clicks_on(spot, "").await
    }

    /// Presses the only one with these words, as soon as it can be pressed.
    ///
    /// # Errors
    /// When it cannot be pressed.
    pub async fn clicks_on(&self, spot: &Spot, words: &str) -> Result<()> {
        let what = format!("{} presses {spot} {words}", self.name());
        until(what, PATIENCE, async || {
            let all: Vec<(Reference, String)> = self
                .ask("shown.map((element) => [element, element.innerText])", spot)
                .await?;
            let mut all = all.into_iter().filter(|(_, text)| text.contains(words));
            let (Some((one, _)), None) = (all.next(), all.next()) else {
                bail!("there is none, or more than one");
            };
            ensure!(self.is_still(&one).await?, "it moves");
            let button = self.element(one)?;
            ensure!(button.is_enabled().await?, "it is switched off");
            button.click().await?;
            Ok(Some(()))
        })
        .await
    }

    /// Types into a field, in place of what stands there.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fills(&self, spot: &Spot, text: &str) -> Result<()> {
        self.empties(spot).await?;
        self.types(spot, text).await?;
        self.holds(spot, text).await
    }

    /// Pastes into a field, in place of what stands there.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn pastes(&self, spot: &Spot, text: &str) -> Result<()> {
        self.empties(spot).await?;
        let paste = "document.execCommand('insertText', false, arguments[0])";
        let client = self.client()?;
        in_time(client.execute(paste, vec![text.into()])).await?;
        self.holds(spot, text).await
    }

    /// Puts the cursor into a field and deletes what stands there.
    async fn empties(&self, spot: &Spot) -> Result<()> {
        self.types(spot, &(Key::Control + "a")).await?;
        self.types(spot, &char::from(Key::Delete).to_string())
            .await?;
        self.holds(spot, "").await
    }

    /// Waits until a field holds this text and no other.
    ///
    /// # Errors
    /// When it holds another.
    pub async fn holds(&self, spot: &Spot, text: &str) -> Result<()> {
        let what = format!("{text:?} stands in {}'s {spot}", self.name());
        until(what, PATIENCE, async || {
            let value = self.first(spot).await?.prop("value").await?;
            Ok((value.as_deref() == Some(text)).then_some(()))
        })
        .await
    }

    /// Presses keys there.
    ///
    /// # Errors
    /// When there is no such place.
    pub async fn types(&self, spot: &Spot, keys: &str) -> Result<()> {
        in_time(self.first(spot).await?.send_keys(keys)).await
    }

    /// All texts that can be read there now.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn texts(&self, spot: &Spot) -> Result<Vec<String>> {
        self.ask("shown.map((element) => element.innerText)", spot)
            .await
    }

    /// The newest message with these words, as a place of its own.
    ///
    /// # Errors
    /// When there is none.
    pub async fn message(&self, words: &str) -> Result<Spot> {
        let all = at("message");
        let what = format!("{} sees a message {words:?}", self.name());
        let key = until(what, PATIENCE, async || {
            let texts = "shown.map((element) => [element.dataset.key, element.innerText])";
            let messages: Vec<(String, String)> = self.ask(texts, &all).await?;
            let mut newest = messages.into_iter().rev();
            Ok(newest.find_map(|(key, text)| text.contains(words).then_some(key)))
        })
        .await?;
        Ok(all.with("data-key", key))
    }

    async fn first(&self, spot: &Spot) -> Result<Element> {
        let what = format!("{} sees {spot}", self.name());
        until(what, PATIENCE, async || {
            let all: Vec<Reference> = self.ask("shown", spot).await?;
            all.into_iter()
                .next()
                .map(|one| self.element(one))
                .transpose()
        })
        .await
    }

    /// Whether something stands still: a person does not press what moves, and WebDriver would press beside it.
    async fn is_still(&self, found: &Reference) -> Result<bool> {
        let client = self.client()?;
        let element = serde_json::to_value(found)?;
        let still = in_time(client.execute_async(STILL, vec![element])).await?;
        Ok(still == true)
    }

    fn element(&self, found: Reference) -> Result<Element> {
        Ok(Element::from_element_id(self.client()?, found.id.into()))
    }

    /// Asks about all that can be seen there, in one question: nothing changes meanwhile.
    async fn ask<T: DeserializeOwned>(&self, answer: &str, spot: &Spot) -> Result<T> {
        let script = format!(
            r#"
            const seen = {{ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }};
            const all = [...document.querySelectorAll(arguments[0])];
            const shown = all.filter((element) => element.checkVisibility(seen));
            return {answer};
            "#
        );
        let client = self.client()?;
        let said = in_time(client.execute(&script, vec![spot.selector().into()])).await?;
        Ok(serde_json::from_value(said)?)
    }
}

/// An element in the answer of a script, by the name that the WebDriver standard gives it.
#[derive(Debug, Deserialize, Serialize)]
struct Reference {
    #[serde(rename = "element-6066-11e4-a52e-4f735466cecf")]
    id: String,
}

/// The driver may wait for a window that does not answer.
async fn in_time<T>(answer: impl Future<Output = Result<T, CmdError>>) -> Result<T> {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    Ok(answer.context("the window does not answer")??)
}
