-- This app among those on its node: id is drawn once, a copy of the database has the same. in_charge: nothing before it is
-- known. decided_at: the add index of the mark that says who is in charge; 0: none does. heard_to: marks of others up to this
-- add index were told. since: when it took over (ms); 0: it never had to.
CREATE TABLE app(
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  id          BLOB    NOT NULL CHECK (length(id) = 8),
  in_charge   INTEGER,
  decided_at  INTEGER NOT NULL DEFAULT 0,
  heard_to    INTEGER NOT NULL DEFAULT 0,
  since       INTEGER NOT NULL DEFAULT 0
) STRICT;
-- One row for each start.
CREATE TABLE app_run(
  run  BLOB PRIMARY KEY CHECK (length(run) = 8)
) STRICT, WITHOUT ROWID;
