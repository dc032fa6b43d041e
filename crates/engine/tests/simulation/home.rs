//! Where an app keeps its books: a folder that can be copied, also while the app is open.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use domain::MessageKey;
use futures::FutureExt;
use store::{DatabaseKey, Pace, Store};
use tempfile::TempDir;

const FILE: &str = "messages.db";
const KEY: DatabaseKey = DatabaseKey::new([9; 32]);

pub(crate) struct Home(TempDir);

/// The files of a home at one moment, and what its person knew of it then.
#[derive(Clone)]
pub(crate) struct Copy {
    files: BTreeMap<String, Vec<u8>>,
    /// Messages that its engine had taken.
    pub(crate) promised: Vec<MessageKey>,
    pub(crate) decided: BTreeMap<MessageKey, bool>,
    pub(crate) risked: Vec<MessageKey>,
}

impl Home {
    /// With an empty database.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), empty_database()).unwrap();
        Self(home)
    }

    pub(crate) fn open(&self, pace: Pace) -> Store {
        Store::open_stepped(&self.0.path().join(FILE), &KEY, pace).unwrap()
    }

    /// To look into it while its app is closed.
    pub(crate) fn read(&self) -> Store {
        self.open(Arc::new(|| Box::pin(async {})))
    }

    pub(crate) fn copy(&self) -> Copy {
        let read = |path: PathBuf| {
            let name = path.file_name()?.to_str()?.to_owned();
            // What is shared between processes is made anew.
            let bytes = (!name.ends_with("-shm")).then(|| std::fs::read(&path).unwrap())?;
            Some((name, bytes))
        };
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        Copy {
            files: entries
                .filter_map(|entry| read(entry.unwrap().path()))
                .collect(),
            promised: Vec::new(),
            decided: BTreeMap::new(),
            risked: Vec::new(),
        }
    }

    /// The copy takes the place of what is there. The app must be closed.
    pub(crate) fn put(&self, copy: &Copy) {
        for entry in std::fs::read_dir(self.0.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, bytes) in &copy.files {
            std::fs::write(self.0.path().join(name), bytes).unwrap();
        }
    }
}

/// What a store without a pace does is done at once.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never()
        .expect("without a pace it is done at once")
}

/// Made once: making one takes longer than most conversations.
fn empty_database() -> &'static [u8] {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE);
        drop(Store::open_stepped(&path, &KEY, Arc::new(|| Box::pin(async {}))).unwrap());
        std::fs::read(path).unwrap()
    })
}
