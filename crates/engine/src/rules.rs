//! What the user has set, and how the node treats keysends.

use std::sync::{Arc, PoisonError, RwLock};

use domain::{Msat, Rules, default_fee_limit};
use lnd::NodeConfig;
use store::{Reader, Store, StoreError};

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

#[derive(Clone, Copy, Debug, Default)]
struct State {
    rules: Rules,
    fee_limit: Option<Msat>,
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
        self.get().rules
    }

    pub(crate) fn mode(&self) -> KeysendMode {
        self.get().mode
    }

    /// The limit that the user set, else 10 sat or one percent.
    pub(crate) fn fee_limit(&self, amount: Msat) -> Msat {
        self.get()
            .fee_limit
            .unwrap_or_else(|| default_fee_limit(amount))
    }

    /// Reads what the user has set, and what was learned of the node before.
    pub(crate) async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let (rules, fee_limit, learned) = store.read(read).await?;
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.rules = rules;
        state.fee_limit = fee_limit;
        state.mode.hold_secs = state.mode.hold_secs.or(learned);
        Ok(())
    }

    /// The node told its settings.
    pub(crate) fn told(&self, config: NodeConfig) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.mode = KeysendMode {
            accepts: Some(config.accept_keysend),
            hold_secs: Some(config.keysend_hold_secs),
            deletes_canceled: config.deletes_canceled,
        };
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

fn read(db: &Reader<'_>) -> Result<(Rules, Option<Msat>, Option<u32>), StoreError> {
    let defaults = Rules::default();
    let msat = |name: &str| -> Result<Option<Msat>, StoreError> {
        Ok(db
            .setting(name)?
            .and_then(|text| text.parse().ok())
            .map(Msat::new))
    };
    let rules = Rules {
        accept_bare: db
            .setting("accept_bare")?
            .map_or(defaults.accept_bare, |text| text == "true"),
        accept_readable_up_to: msat("accept_readable_up_to")?
            .unwrap_or(defaults.accept_readable_up_to),
    };
    let learned = db.setting(LEARNED)?.and_then(|text| text.parse().ok());
    Ok((rules, msat("fee_limit")?, learned))
}
