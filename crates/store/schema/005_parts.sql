-- Which part of its message an attempt carries, from 0, and of how many; NULL: all of it.
ALTER TABLE attempt ADD COLUMN part INTEGER;
ALTER TABLE attempt ADD COLUMN parts INTEGER;

-- How a message of ours was cut for payments, until it has arrived: parts of another cut do not join those that are
-- there. each: the bytes of a part; the last one has the rest.
CREATE TABLE cut(
  message  INTEGER PRIMARY KEY REFERENCES message(key) ON DELETE CASCADE,
  packing  INTEGER NOT NULL,
  hash     BLOB    NOT NULL CHECK (length(hash) = 32),
  each     INTEGER NOT NULL CHECK (each > 0),
  bytes    BLOB    NOT NULL CHECK (length(bytes) > 0)
) STRICT;
-- Settled (2), cancelled (6), delivered (7): nothing of it is sent any more.
CREATE TRIGGER delivery_over AFTER UPDATE OF state ON delivery WHEN new.state IN (2, 6, 7) BEGIN
  DELETE FROM cut WHERE message = new.message;
END;

-- Letters of others of which parts are missing. held: the bytes that are here.
CREATE TABLE unfinished(
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  sender   BLOB    NOT NULL CHECK (length(sender) = 33),
  id       BLOB    NOT NULL CHECK (length(id) = 16),
  count    INTEGER NOT NULL,
  total    INTEGER NOT NULL,
  hash     BLOB    NOT NULL CHECK (length(hash) = 32),
  packing  INTEGER NOT NULL,
  since    INTEGER NOT NULL,
  here     INTEGER NOT NULL DEFAULT 0,
  held     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (sender, id, hash, count, total, packing)
) STRICT;
CREATE INDEX unfinished_sender ON unfinished(sender);
CREATE INDEX unfinished_since ON unfinished(since);
CREATE TABLE piece(
  unfinished  INTEGER NOT NULL REFERENCES unfinished(number) ON DELETE CASCADE,
  place       INTEGER NOT NULL,
  bytes       BLOB    NOT NULL,
  PRIMARY KEY (unfinished, place)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER piece_inserted AFTER INSERT ON piece BEGIN
  UPDATE unfinished SET here = here + 1, held = held + length(new.bytes) WHERE number = new.unfinished;
END;
-- Nobody waits for the rest of what a blocked (2) or forgotten contact writes.
CREATE TRIGGER contact_blocked AFTER UPDATE OF trust ON contact WHEN new.trust = 2 BEGIN
  DELETE FROM unfinished WHERE sender = new.node;
END;
CREATE TRIGGER contact_deleted AFTER DELETE ON contact BEGIN
  DELETE FROM unfinished WHERE sender = old.node;
END;
