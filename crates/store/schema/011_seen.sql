-- Which hash was paid where several payments came to one: a later payment to the hash of a keysend, or one with AMP.
-- NULL: the row's own. waits: whether it is postage of ours that comes back, or a payment, is not known yet.
ALTER TABLE incoming ADD COLUMN within BLOB CHECK (length(within) = 32);
ALTER TABLE incoming ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incoming_waits ON incoming(number) WHERE waits = 1;
CREATE INDEX incoming_settled ON incoming(number) WHERE state = 4 AND within IS NULL;

-- What the author of a message that nobody has signed calls themselves, and what their program says of itself.
CREATE TABLE claim(
  message  INTEGER PRIMARY KEY REFERENCES message(key) ON DELETE CASCADE,
  name     TEXT    NOT NULL,
  about    TEXT    NOT NULL
) STRICT;

-- The invoice at the cursor: another one at its place, or none, belongs to another list.
ALTER TABLE cursor ADD COLUMN hash BLOB CHECK (length(hash) = 32);
