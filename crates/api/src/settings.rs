//! What the user can set.

use domain::Rules;
use engine::Choices;
use store::{Reader, StoreError};

use crate::messenger::Messenger;
use crate::view::Settings;
use crate::{Code, Error};

impl Default for Settings {
    fn default() -> Self {
        Self::new(String::new(), String::new(), true, Choices::default())
    }
}

impl Settings {
    fn new(language: String, theme: String, enter_sends: bool, choices: Choices) -> Self {
        Self {
            language,
            theme,
            enter_sends,
            accept_bare: choices.rules.accept_bare,
            accept_readable_up_to: choices.rules.accept_readable_up_to,
            fee_limit: choices.fee_limit,
            read_receipts: choices.read_receipts,
        }
    }

    const fn choices(&self) -> Choices {
        Choices {
            rules: Rules {
                accept_bare: self.accept_bare,
                accept_readable_up_to: self.accept_readable_up_to,
            },
            fee_limit: self.fee_limit,
            read_receipts: self.read_receipts,
        }
    }
}

impl Messenger {
    /// The settings of the open profile, else the defaults: the first-run page has a language too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn settings_get(&self) -> Result<Settings, Error> {
        match self.open() {
            Ok(open) => Ok(open.store.read(read).await?),
            Err(_) => Ok(Settings::default()),
        }
    }

    /// Writes the settings of the open profile; they hold from now on.
    ///
    /// # Errors
    /// [`Code::SettingInvalid`], [`Code::NoProfile`].
    pub async fn settings_set(&self, settings: Settings) -> Result<(), Error> {
        let open = self.open()?;
        let known = ["", "en", "zh-CN"].contains(&settings.language.as_str())
            && ["", "light", "dark"].contains(&settings.theme.as_str());
        if !known {
            return Err(Error::new(Code::SettingInvalid));
        }
        open.store
            .write(move |tx| {
                tx.set_setting(LANGUAGE, &settings.language)?;
                tx.set_setting(THEME, &settings.theme)?;
                tx.set_setting(ENTER_SENDS, &settings.enter_sends.to_string())?;
                settings.choices().write(tx)
            })
            .await?;
        open.engine.rules_changed().await?;
        Ok(())
    }
}

const LANGUAGE: &str = "language";
const THEME: &str = "theme";
const ENTER_SENDS: &str = "enter_sends";

/// What was never written is as at the first start.
fn read(db: &Reader<'_>) -> Result<Settings, StoreError> {
    let enter_sends = db.setting(ENTER_SENDS)?;
    Ok(Settings::new(
        db.setting(LANGUAGE)?.unwrap_or_default(),
        db.setting(THEME)?.unwrap_or_default(),
        enter_sends.is_none_or(|text| text == "true"),
        Choices::read(db)?,
    ))
}
