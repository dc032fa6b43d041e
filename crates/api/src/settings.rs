//! What the user can set.

use domain::{Msat, Rules};
use store::{Reader, StoreError};

use crate::messenger::Messenger;
use crate::view::Settings;
use crate::{Code, Error};

impl Default for Settings {
    fn default() -> Self {
        let rules = Rules::default();
        Self {
            language: String::new(),
            theme: String::new(),
            enter_sends: true,
            accept_bare: rules.accept_bare,
            accept_readable_up_to: rules.accept_readable_up_to,
            fee_limit: None,
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
                let amount = |amount: Msat| amount.get().to_string();
                for (name, value) in [
                    ("language", settings.language),
                    ("theme", settings.theme),
                    ("enter_sends", settings.enter_sends.to_string()),
                    ("accept_bare", settings.accept_bare.to_string()),
                    (
                        "accept_readable_up_to",
                        amount(settings.accept_readable_up_to),
                    ),
                    (
                        "fee_limit",
                        settings.fee_limit.map(amount).unwrap_or_default(),
                    ),
                ] {
                    tx.set_setting(name, &value)?;
                }
                Ok(())
            })
            .await?;
        open.engine.rules_changed().await?;
        Ok(())
    }
}

/// What was never written, or cannot be read, is as at the first start.
fn read(db: &Reader<'_>) -> Result<Settings, StoreError> {
    let defaults = Settings::default();
    let flag = |name: &str, default: bool| -> Result<bool, StoreError> {
        Ok(db.setting(name)?.map_or(default, |text| text == "true"))
    };
    let amount = |name: &str| -> Result<Option<Msat>, StoreError> {
        Ok(db
            .setting(name)?
            .and_then(|text| text.parse().ok())
            .map(Msat::new))
    };
    Ok(Settings {
        language: db.setting("language")?.unwrap_or_default(),
        theme: db.setting("theme")?.unwrap_or_default(),
        enter_sends: flag("enter_sends", defaults.enter_sends)?,
        accept_bare: flag("accept_bare", defaults.accept_bare)?,
        accept_readable_up_to: amount("accept_readable_up_to")?
            .unwrap_or(defaults.accept_readable_up_to),
        fee_limit: amount("fee_limit")?,
    })
}
