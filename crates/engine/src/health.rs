//! What is wrong now: one list, which every actor adds to and takes from, and which the fronts show.

use std::sync::Arc;

use domain::Condition;
use tokio::sync::watch;

use crate::feed::{Change, Feed};

/// The conditions that hold now, at most one of each kind, the oldest first. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    conditions: Arc<watch::Sender<Vec<Condition>>>,
    feed: Feed,
}

impl Health {
    pub(crate) fn new(feed: Feed) -> Self {
        Self {
            conditions: Arc::default(),
            feed,
        }
    }

    /// This is so, in place of what was known of the same kind.
    pub(crate) fn set(&self, condition: Condition) {
        self.change(|all| {
            match all.iter_mut().find(|old| old.is_same_kind(&condition)) {
                Some(old) if *old == condition => return false,
                Some(old) => *old = condition,
                None => all.push(condition),
            }
            true
        });
    }

    /// These are no longer so.
    pub(crate) fn clear(&self, is_over: impl Fn(&Condition) -> bool) {
        self.change(|all| {
            let before = all.len();
            all.retain(|condition| !is_over(condition));
            all.len() != before
        });
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Vec<Condition>> {
        self.conditions.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Condition>) -> bool) {
        if self.conditions.send_if_modified(change) {
            self.feed.publish(Change::Link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_stands_there_once_and_goes_when_it_is_over() {
        let health = Health::new(Feed::default());
        let watch = health.watch();
        let now = || watch.borrow().clone();

        health.set(Condition::SetAside { count: 1 });
        health.set(Condition::DiskFull);
        health.set(Condition::SetAside { count: 2 });
        assert_eq!(
            now(),
            [Condition::SetAside { count: 2 }, Condition::DiskFull]
        );

        health.clear(|condition| matches!(condition, Condition::SetAside { .. }));
        assert_eq!(now(), [Condition::DiskFull]);
    }

    #[tokio::test]
    async fn only_what_changes_something_is_told() {
        let feed = Feed::default();
        let (health, mut changes) = (Health::new(feed.clone()), feed.changes());
        health.set(Condition::DiskFull);
        health.set(Condition::DiskFull);
        health.clear(|condition| matches!(condition, Condition::HistoryLost));
        feed.publish(Change::Overflow);
        assert_eq!(changes.next().await, Some(Change::Link));
        assert_eq!(changes.next().await, Some(Change::Overflow));
    }
}
