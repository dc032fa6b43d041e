//! Tells when the database cannot be written, and tries whether it can again.

use std::time::Duration;

use domain::Condition;
use store::{Fault, Store};

use crate::health::Health;

/// So often it is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// What is written to see whether something can be written.
const TRIED: &str = "writing_tried";

/// Watches the database.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) store: Store,
    pub(crate) health: Health,
}

impl Disk {
    /// The actor's loop.
    pub(crate) async fn run(self) {
        let mut faults = self.store.faults();
        let mut tries = 0_u64;
        loop {
            let fault = faults.borrow_and_update().clone();
            let condition = fault.as_ref().map(condition);
            self.health.clear(|old| {
                is_of_disk(old) && condition.as_ref().is_none_or(|new| !new.is_same_kind(old))
            });
            if let Some(condition) = condition {
                self.health.set(condition);
            }
            // Nobody else may have anything to write.
            let again = !matches!(fault, None | Some(Fault::Damaged(_)));
            tokio::select! {
                biased;
                changed = faults.changed() => if changed.is_err() {
                    return std::future::pending().await;
                },
                () = tokio::time::sleep(AGAIN), if again => {
                    tries = tries.saturating_add(1);
                    let value = tries.to_string();
                    let tried = self.store.write(move |tx| tx.set_setting(TRIED, &value)).await;
                    if let Err(error) = tried {
                        tracing::debug!(%error, "nothing can be written yet");
                    }
                }
            }
        }
    }
}

fn condition(fault: &Fault) -> Condition {
    match fault {
        Fault::Full => Condition::DiskFull,
        Fault::ReadOnly => Condition::DiskReadOnly,
        Fault::Damaged(detail) => Condition::DatabaseDamaged {
            detail: detail.clone(),
        },
        Fault::Fails(detail) => Condition::DatabaseFails {
            detail: detail.clone(),
        },
    }
}

const fn is_of_disk(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::DiskFull
            | Condition::DiskReadOnly
            | Condition::DatabaseDamaged { .. }
            | Condition::DatabaseFails { .. }
    )
}
