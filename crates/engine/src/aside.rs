//! Payments that could not be filed because of a fault of ours. They wait for the next start, and stand in nobody's way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Condition, PaymentHash};

use crate::health::Health;

/// Which they are. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Aside {
    hashes: Arc<Mutex<HashSet<PaymentHash>>>,
    health: Health,
}

impl Aside {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            hashes: Arc::default(),
            health,
        }
    }

    pub(crate) fn holds(&self, hash: PaymentHash) -> bool {
        self.hashes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&hash)
    }

    pub(crate) fn put(&self, hash: PaymentHash) {
        let count = {
            let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
            hashes.insert(hash);
            u32::try_from(hashes.len()).unwrap_or(u32::MAX)
        };
        self.health.set(Condition::SetAside { count });
    }
}
