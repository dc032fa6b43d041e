-- Which ways messages to a contact may take, and whether nothing readable goes to them.
ALTER TABLE contact ADD COLUMN way INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN sealed_only INTEGER NOT NULL DEFAULT 0;

-- What the recipient's app has said of a message; and which ways the user allows for this one.
ALTER TABLE delivery ADD COLUMN delivered_at INTEGER;
ALTER TABLE delivery ADD COLUMN read_at INTEGER;
ALTER TABLE delivery ADD COLUMN way INTEGER NOT NULL DEFAULT 0;

-- How an attempt travels; how an incoming message came (NULL: outgoing, or older than this column).
ALTER TABLE attempt ADD COLUMN carrier INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN carrier INTEGER;

-- Our seal keys, the newest is in use; the older ones open what is still under way.
CREATE TABLE seal_key(
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  secret   BLOB    NOT NULL CHECK (length(secret) = 32),
  card     BLOB    NOT NULL,
  made_at  INTEGER NOT NULL,
  issued   INTEGER NOT NULL,
  retired  INTEGER
) STRICT;
CREATE INDEX seal_key_retired ON seal_key(retired);

-- The newest key card of each contact. former: the key that introduced this one, in use until they know ours; changed:
-- the key took another's place and was not introduced; compared: the key whose safety number the two people have
-- compared; told: which key of ours they sealed to last.
CREATE TABLE card(
  node      BLOB    NOT NULL PRIMARY KEY CHECK (length(node) = 33),
  card      BLOB    NOT NULL,
  seal_key  BLOB    NOT NULL CHECK (length(seal_key) = 33),
  former    BLOB             CHECK (length(former) = 33),
  issued    INTEGER NOT NULL,
  changed   INTEGER NOT NULL DEFAULT 0,
  compared  BLOB             CHECK (length(compared) = 33),
  told      BLOB             CHECK (length(told) = 4)
) STRICT, WITHOUT ROWID;

