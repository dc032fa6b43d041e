//! A value that several actors wait for. Who waited first goes on first: a `watch` of tokio leaves that to chance, and then
//! the same seed of a simulation does not do the same once more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Cheap to clone.
#[derive(Debug, Default)]
pub(crate) struct Watched<T>(Arc<Inner<T>>);

#[derive(Debug, Default)]
struct Inner<T> {
    state: Mutex<State<T>>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State<T> {
    value: T,
    /// How often it was set.
    version: u64,
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Watched<T> {
    /// What it is now.
    pub(crate) fn get(&self) -> T {
        self.state().value.clone()
    }

    /// Returns what it was before.
    pub(crate) fn set(&self, value: T) -> T {
        let before = {
            let mut state = self.state();
            state.version = state.version.wrapping_add(1);
            std::mem::replace(&mut state.value, value)
        };
        self.0.changed.notify_waiters();
        before
    }

    /// How often it was set, for [`Watched::changed`].
    pub(crate) fn version(&self) -> u64 {
        self.state().version
    }

    /// Returns once it is so.
    pub(crate) async fn until(&self, so: impl Fn(&T) -> bool) {
        self.wait(|state| so(&state.value)).await;
    }

    /// Returns once it was set since this version, which becomes the present one.
    pub(crate) async fn changed(&self, version: &mut u64) {
        let seen = *version;
        self.wait(|state| state.version != seen).await;
        *version = self.version();
    }

    async fn wait(&self, so: impl Fn(&State<T>) -> bool) {
        loop {
            let changed = self.0.changed.notified();
            if so(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waited_first_goes_on_first() {
        let watched = Watched::<u32>::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for number in 0..20 {
            let (watched, order) = (watched.clone(), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                watched.until(|value| *value == 7).await;
                order.lock().unwrap().push(number);
            }));
        }
        tokio::task::yield_now().await;
        watched.set(1);
        tokio::task::yield_now().await;
        assert_eq!(watched.set(7), 1);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_change_between_two_waits_is_not_missed() {
        let watched = Watched::<u32>::default();
        let mut version = watched.version();
        watched.set(1);
        watched.changed(&mut version).await;
        assert_eq!(version, watched.version());
    }
}
