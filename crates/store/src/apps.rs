//! Tables `app` and `app_run`: this app among those on its node.

use domain::{AppMark, Timestamp};
use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// What is known of this app among those on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppRow {
    /// Drawn once; a copy of the database has the same.
    pub id: u64,
    /// Whether it is in charge of the node; `None` before that is known.
    pub in_charge: Option<bool>,
    /// The add index of the mark that says so; 0: none does.
    pub decided_at: u64,
    /// Marks of other apps up to this add index were told.
    pub heard_to: u64,
    /// When it took over; 0: it never had to.
    pub since: Timestamp,
}

impl Reader<'_> {
    /// What is known of this app; `None` before its first start.
    pub fn app(&self) -> Result<Option<AppRow>> {
        self.first(
            "SELECT id, in_charge, decided_at, heard_to, since FROM app WHERE one = 1",
            [],
            |row| {
                Ok(AppRow {
                    id: u64::from_be_bytes(row.get("id")?),
                    in_charge: row.take("in_charge")?,
                    decided_at: row.take("decided_at")?,
                    heard_to: row.take("heard_to")?,
                    since: row.take("since")?,
                })
            },
        )
    }

    /// Whether this database has left that mark: a copy of it has the same id, and other runs.
    pub fn is_own_mark(&self, mark: &AppMark) -> Result<bool> {
        let (app, run) = (mark.app.to_be_bytes(), mark.run.to_be_bytes());
        let found = self.first(
            "SELECT 1 FROM app, app_run WHERE app.one = 1 AND app.id = ?1 AND app_run.run = ?2",
            params![app, run],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Tx<'_> {
    /// The app is started. `new` becomes its id if it has none.
    pub fn begin_run(&self, new: u64, run: u64) -> Result<AppRow> {
        self.change(
            "INSERT INTO app(one, id) VALUES (1, ?1) ON CONFLICT DO NOTHING",
            params![new.to_be_bytes()],
        )?;
        self.change(
            "INSERT INTO app_run(run) VALUES (?1) ON CONFLICT DO NOTHING",
            params![run.to_be_bytes()],
        )?;
        Ok(self.app()?.unwrap_or(AppRow {
            id: new,
            in_charge: None,
            decided_at: 0,
            heard_to: 0,
            since: Timestamp(0),
        }))
    }

    /// Who is in charge, by the mark at this add index. A later mark says it better: `false` when there was one.
    pub fn set_in_charge(&self, in_charge: bool, mark: u64, now: Timestamp) -> Result<bool> {
        let changed = self.change(
            "UPDATE app SET in_charge = ?1, decided_at = ?2,
                            since = CASE WHEN ?1 AND in_charge = 0 THEN ?3 ELSE since END
             WHERE one = 1 AND decided_at <= ?2",
            params![in_charge, S(mark), S(now)],
        )?;
        Ok(changed > 0)
    }

    /// Marks of others are told up to this add index. `false`: they were told before.
    pub fn hear_app(&self, add_index: u64) -> Result<bool> {
        let changed = self.change(
            "UPDATE app SET heard_to = ?1 WHERE one = 1 AND heard_to < ?1",
            params![S(add_index)],
        )?;
        Ok(changed > 0)
    }

    /// The node has another list of invoices: their places say nothing any more. Who is in charge stays so.
    pub fn forget_marks(&self) -> Result<()> {
        self.change(
            "UPDATE app SET decided_at = 0, heard_to = 0 WHERE one = 1",
            [],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::{AppMark, Says, Timestamp};

    use crate::testing::{World, at};

    #[test]
    fn a_copy_has_the_same_id_and_other_runs() {
        let world = World::new();
        assert_eq!(world.read(|db| db.app()), None);
        let (app, says) = (7, Says::Open);
        assert_eq!(world.write(move |tx| tx.begin_run(app, 1)).id, app);
        assert_eq!(world.write(|tx| tx.begin_run(8, u64::MAX)).id, app);
        let own = |app, run| world.read(move |db| db.is_own_mark(&AppMark { app, run, says }));
        assert!(own(7, 1) && own(7, u64::MAX));
        assert!(!own(7, 2) && !own(8, 1));
    }

    #[test]
    fn the_latest_mark_says_who_is_in_charge() {
        let world = World::new();
        world.write(|tx| tx.begin_run(7, 1));
        let row = || world.read(|db| db.app()).unwrap();
        let set = |in_charge, mark, now| {
            world.write(move |tx| tx.set_in_charge(in_charge, mark, at(now)))
        };
        assert!(set(true, 0, 1));
        assert_eq!((row().in_charge, row().since), (Some(true), Timestamp(0)));
        assert!(set(false, 5, 2));
        assert!(!set(true, 4, 3));
        assert_eq!(row().in_charge, Some(false));
        assert!(set(true, 6, 4) && set(true, 9, 5));
        assert_eq!((row().decided_at, row().since), (9, at(4)));
        world.write(|tx| tx.forget_marks());
        assert_eq!((row().in_charge, row().decided_at), (Some(true), 0));
    }

    #[test]
    fn each_mark_of_another_app_is_told_once() {
        let world = World::new();
        world.write(|tx| tx.begin_run(7, 1));
        let hear = |index| world.write(move |tx| tx.hear_app(index));
        assert!(hear(3) && !hear(3) && !hear(2) && hear(4));
    }
}
