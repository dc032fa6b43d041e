//! What the user has set, and how the node treats keysends.

use std::sync::{Arc, PoisonError, RwLock};

use domain::{Msat, Rules, default_fee_limit};
use lnd::NodeConfig;
use store::{Reader, Store, StoreError, Tx};

use crate::parts::times;

/// How our node treats keysends, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeysendMode {
    /// Whether it takes them.
    pub accepts: Option<bool>,
    /// For how many seconds it holds them; zero settles on arrival.
    pub hold_secs: Option<u32>,
    /// Whether it deletes canceled invoices.
    pub deletes_canceled: bool,
}

impl KeysendMode {
    /// What our letters say: seconds of holding, `None` when we settle or do not know.
    pub(crate) fn hold_secs_told(self) -> Option<u32> {
        self.hold_secs.filter(|secs| *secs > 0)
    }
}

impl From<NodeConfig> for KeysendMode {
    fn from(config: NodeConfig) -> Self {
        Self {
            accepts: Some(config.accept_keysend),
            hold_secs: Some(config.keysend_hold_secs),
            deletes_canceled: config.deletes_canceled,
        }
    }
}

/// What the user has set, as far as the engine goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// What is accepted without asking.
    pub rules: Rules,
    /// The most in fees; `None`: 10 sat or one percent.
    pub fee_limit: Option<Msat>,
    /// Whether contacts are told that the user has seen their messages.
    pub read_receipts: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            fee_limit: None,
            read_receipts: true,
        }
    }
}

impl Choices {
    /// What was never written, or cannot be read, is as at the first start.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn read(db: &Reader<'_>) -> Result<Self, StoreError> {
        let defaults = Rules::default();
        let msat = |name: &str| -> Result<Option<Msat>, StoreError> {
            Ok(db
                .setting(name)?
                .and_then(|text| text.parse().ok())
                .map(Msat::new))
        };
        let rules = Rules {
            accept_bare: db
                .setting(ACCEPT_BARE)?
                .map_or(defaults.accept_bare, |text| text == "true"),
            accept_readable_up_to: msat(ACCEPT_READABLE_UP_TO)?
                .unwrap_or(defaults.accept_readable_up_to),
        };
        Ok(Self {
            rules,
            fee_limit: msat(FEE_LIMIT)?,
            read_receipts: db
                .setting(READ_RECEIPTS)?
                .is_none_or(|text| text != "false"),
        })
    }

    /// The engine goes by it after [`crate::Engine::rules_changed`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn write(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let msat = |amount: Msat| amount.get().to_string();
        let Rules {
            accept_bare,
            accept_readable_up_to,
        } = self.rules;
        tx.set_setting(ACCEPT_BARE, &accept_bare.to_string())?;
        tx.set_setting(ACCEPT_READABLE_UP_TO, &msat(accept_readable_up_to))?;
        tx.set_setting(READ_RECEIPTS, &self.read_receipts.to_string())?;
        tx.set_setting(FEE_LIMIT, &self.fee_limit.map(msat).unwrap_or_default())
    }
}

const ACCEPT_BARE: &str = "accept_bare";
const ACCEPT_READABLE_UP_TO: &str = "accept_readable_up_to";
const FEE_LIMIT: &str = "fee_limit";
const READ_RECEIPTS: &str = "read_receipts";

#[derive(Clone, Copy, Debug, Default)]
struct State {
    choices: Choices,
    mode: KeysendMode,
}

/// The present settings. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Settings(Arc<RwLock<State>>);

impl Settings {
    fn get(&self) -> State {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn rules(&self) -> Rules {
        self.get().choices.rules
    }

    pub(crate) fn tells_read(&self) -> bool {
        self.get().choices.read_receipts
    }

    pub(crate) fn mode(&self) -> KeysendMode {
        self.get().mode
    }

    /// The limit for a message that goes in so many payments of this amount: what the user set, else 10 sat or one
    /// percent of each.
    pub(crate) fn fee_limit(&self, amount: Msat, payments: u32) -> Msat {
        self.get()
            .choices
            .fee_limit
            .unwrap_or_else(|| times(default_fee_limit(amount), payments))
    }

    /// Reads what the user has set, and what was learned of the node before.
    pub(crate) async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let (choices, learned) = store
            .read(|db| Ok((Choices::read(db)?, db.setting(LEARNED)?)))
            .await?;
        let learned = learned.and_then(|text| text.parse().ok());
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.choices = choices;
        state.mode.hold_secs = state.mode.hold_secs.or(learned);
        Ok(())
    }

    /// The node told its settings.
    pub(crate) fn told(&self, config: NodeConfig) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.mode = config.into();
    }

    /// A keysend showed how the node treats them: held for so many seconds, or settled at once (zero).
    pub(crate) async fn learned(&self, hold_secs: u32, store: &Store) -> Result<(), StoreError> {
        {
            let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
            let mode = KeysendMode {
                accepts: Some(true),
                hold_secs: Some(hold_secs),
                ..state.mode
            };
            if state.mode == mode {
                return Ok(());
            }
            state.mode = mode;
        }
        store
            .write(move |tx| tx.set_setting(LEARNED, &hold_secs.to_string()))
            .await
    }
}

const LEARNED: &str = "learned_hold_secs";
