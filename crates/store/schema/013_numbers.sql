-- Numbers of a contact's letters that are here, in ranges without a hole; what lies between two of them is missing. A row
-- that begins at 0 is the start. What came before this script is not asked for.
CREATE TABLE heard(
  node   BLOB    NOT NULL REFERENCES contact(node) ON DELETE CASCADE,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  PRIMARY KEY (node, first)
) STRICT, WITHOUT ROWID;
INSERT INTO heard(node, first, last)
  SELECT c.node, 0, max(m.sequence) FROM contact c JOIN message m ON m.sender = c.node AND m.direction = 0 GROUP BY c.node;

-- Whom something is missing of: how often that was asked for in vain, when it is asked for next, and the highest number that
-- they have named.
CREATE TABLE asking(
  node    BLOB    PRIMARY KEY REFERENCES contact(node) ON DELETE CASCADE,
  tries   INTEGER NOT NULL DEFAULT 0,
  ask_at  INTEGER NOT NULL,
  named   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX asking_due ON asking(ask_at);

-- Letters of ours that are sent again, for free: when next; and when a contact's wish for that was last fulfilled.
ALTER TABLE delivery ADD COLUMN repeat_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX delivery_repeats;
CREATE INDEX delivery_repeats ON delivery(repeat_at) WHERE repeats > 0;
CREATE INDEX delivery_repeats_to ON delivery(recipient, message) WHERE repeats > 0;
CREATE INDEX delivery_lane ON delivery(recipient, sequence);
ALTER TABLE contact ADD COLUMN resent_at INTEGER;
