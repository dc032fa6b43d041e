-- Amounts are msat, times are milliseconds since 1970 UTC, enumerations are the codes of src/codes.rs.
-- A file made by this script opens for ever: it is never edited once it has been released, later scripts follow it.

PRAGMA application_id = 1212501065; -- "HELI"

CREATE TABLE contact(
  node          BLOB    NOT NULL PRIMARY KEY CHECK (length(node) = 33),
  name          TEXT    NOT NULL,
  note          TEXT    NOT NULL,
  alias         TEXT    NOT NULL,
  trust         INTEGER NOT NULL,
  program       INTEGER NOT NULL,
  hold_secs     INTEGER,
  accept_up_to  INTEGER NOT NULL CHECK (accept_up_to >= 0),
  since         INTEGER NOT NULL
) STRICT;
CREATE INDEX contact_request ON contact(node) WHERE trust = 0;

-- The last_* columns copy the newest message, so that the list needs no look at the messages. Triggers keep them, and
-- the counts, true.
CREATE TABLE conversation(
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  node            BLOB    NOT NULL UNIQUE REFERENCES contact(node),
  created_at      INTEGER NOT NULL,
  draft           TEXT    NOT NULL DEFAULT '',
  unread          INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
  held            INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  failed          INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  last_message    INTEGER,
  last_at         INTEGER,
  last_direction  INTEGER,
  last_kind       INTEGER,
  last_refund_of  BLOB,
  last_text       TEXT,
  last_payment    INTEGER,
  last_delivery   INTEGER
) STRICT;
CREATE INDEX conversation_recent ON conversation(coalesce(last_at, created_at) DESC, id DESC);

-- The last sequence number that was used towards a node. Outlives the conversation: a number is never used twice.
CREATE TABLE lane(
  node      BLOB    NOT NULL PRIMARY KEY,
  sequence  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the keys leave the database, so a deleted one must not come back as another message.
CREATE TABLE message(
  key           INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation  INTEGER NOT NULL REFERENCES conversation(id),
  sender        BLOB    NOT NULL CHECK (length(sender) = 33),
  id            BLOB    NOT NULL CHECK (length(id) = 16),
  direction     INTEGER NOT NULL,
  kind          INTEGER NOT NULL,
  refund_of     BLOB             CHECK (length(refund_of) = 32),
  payment       INTEGER NOT NULL CHECK (payment >= 0),
  sent_at       INTEGER NOT NULL,
  stored_at     INTEGER NOT NULL,
  authorship    INTEGER NOT NULL,
  privacy       INTEGER NOT NULL,
  seen          INTEGER NOT NULL,
  text          TEXT    NOT NULL,
  UNIQUE (sender, id)
) STRICT;
CREATE INDEX message_page ON message(conversation, stored_at, key);
CREATE INDEX message_unread ON message(conversation) WHERE direction = 0 AND seen = 0;

-- The opened bytes as they came, for programs that understand more of them.
CREATE TABLE letter(
  message  INTEGER PRIMARY KEY REFERENCES message(key) ON DELETE CASCADE,
  bytes    BLOB    NOT NULL
) STRICT;

-- Identities of deleted messages: a replay must not bring them back.
CREATE TABLE tombstone(
  sender  BLOB NOT NULL,
  id      BLOB NOT NULL,
  PRIMARY KEY (sender, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery(
  message       INTEGER PRIMARY KEY REFERENCES message(key) ON DELETE CASCADE,
  conversation  INTEGER NOT NULL,
  recipient     BLOB    NOT NULL CHECK (length(recipient) = 33),
  state         INTEGER NOT NULL,
  expectation   INTEGER NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount >= 0),
  fee_limit     INTEGER NOT NULL CHECK (fee_limit >= 0),
  refund_of     BLOB             CHECK (length(refund_of) = 32),
  sequence      INTEGER NOT NULL,
  failure       INTEGER,
  returned      INTEGER,
  waits_until   INTEGER,
  updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_queued ON delivery(message) WHERE state = 0;
CREATE INDEX delivery_in_flight ON delivery(message) WHERE state = 1;
CREATE INDEX delivery_busy ON delivery(conversation) WHERE state = 1;

-- Settled attempts outlive their message, without what they said: a refund must find the payment that it names.
-- Hence recipient and refund are copied from the delivery, and message is no foreign key.
CREATE TABLE attempt(
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  hash        BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
  preimage    BLOB    NOT NULL CHECK (length(preimage) = 32),
  message     INTEGER NOT NULL,
  recipient   BLOB    NOT NULL CHECK (length(recipient) = 33),
  refund      INTEGER NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount >= 0),
  fee_limit   INTEGER NOT NULL CHECK (fee_limit >= 0),
  records     BLOB    NOT NULL,
  state       INTEGER NOT NULL,
  fee         INTEGER NOT NULL CHECK (fee >= 0),
  hops        INTEGER,
  failure     INTEGER,
  created_at  INTEGER NOT NULL,
  ended_at    INTEGER
) STRICT;
CREATE INDEX attempt_message ON attempt(message);
CREATE INDEX attempt_open ON attempt(number) WHERE state IN (0, 1);

-- records IS NULL: announced by the node, not stored yet. Rows stay for ever, without what they said once the message
-- is deleted: the node may tell of them again.
CREATE TABLE incoming(
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  hash          BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
  preimage      BLOB    NOT NULL CHECK (length(preimage) = 32),
  amount        INTEGER NOT NULL CHECK (amount >= 0),
  records       BLOB,
  state         INTEGER NOT NULL,
  decision      INTEGER,
  deadline      INTEGER,
  arrived_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  sender        BLOB             CHECK (length(sender) = 33),
  message       INTEGER,
  conversation  INTEGER,
  postage       INTEGER NOT NULL DEFAULT 0,
  opened        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX incoming_message ON incoming(message) WHERE message IS NOT NULL;
CREATE INDEX incoming_sender ON incoming(sender) WHERE sender IS NOT NULL;
CREATE INDEX incoming_unopened ON incoming(number) WHERE opened = 0 AND records IS NOT NULL;
CREATE INDEX incoming_seen ON incoming(number) WHERE state = 0;
CREATE INDEX incoming_undecided ON incoming(number) WHERE state IN (1, 2, 3);

-- One pay-back per payment, by us or by them. The carrier may be deleted later, the pay-back stays.
CREATE TABLE refund(
  of       BLOB    NOT NULL PRIMARY KEY CHECK (length(of) = 32),
  side     INTEGER NOT NULL,
  message  INTEGER NOT NULL UNIQUE,
  amount   INTEGER NOT NULL CHECK (amount >= 0),
  done     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor(
  name    TEXT    NOT NULL PRIMARY KEY,
  added   INTEGER NOT NULL CHECK (added >= 0),
  settled INTEGER NOT NULL CHECK (settled >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting(
  name   TEXT NOT NULL PRIMARY KEY,
  value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE booking(
  hash    BLOB    NOT NULL CHECK (length(hash) = 32),
  kind    INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 10),
  node    BLOB             CHECK (length(node) = 33),
  amount  INTEGER NOT NULL CHECK (amount >= 0),
  at      INTEGER NOT NULL,
  PRIMARY KEY (hash, kind)
) STRICT, WITHOUT ROWID;

-- Sums of the bookings by node (empty: nobody known) and UTC day since 1970; only the trigger writes here.
CREATE TABLE ledger_day(
  node               BLOB    NOT NULL,
  day                INTEGER NOT NULL,
  sent               INTEGER NOT NULL,
  postage_sent       INTEGER NOT NULL,
  fees               INTEGER NOT NULL,
  received           INTEGER NOT NULL,
  postage_received   INTEGER NOT NULL,
  refunds_sent       INTEGER NOT NULL,
  refunds_received   INTEGER NOT NULL,
  returned_to_us     INTEGER NOT NULL,
  returned_by_us     INTEGER NOT NULL,
  messages_sent      INTEGER NOT NULL,
  messages_received  INTEGER NOT NULL,
  PRIMARY KEY (node, day)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER booking_inserted AFTER INSERT ON booking BEGIN
  INSERT INTO ledger_day VALUES (
    coalesce(new.node, x''),
    (new.at - ((new.at % 86400000) + 86400000) % 86400000) / 86400000,
    iif(new.kind = 0, new.amount, 0),
    iif(new.kind = 1, new.amount, 0),
    iif(new.kind = 2, new.amount, 0),
    iif(new.kind = 3, new.amount, 0),
    iif(new.kind = 4, new.amount, 0),
    iif(new.kind = 5, new.amount, 0),
    iif(new.kind = 6, new.amount, 0),
    iif(new.kind = 7, new.amount, 0),
    iif(new.kind = 8, new.amount, 0),
    new.kind = 9,
    new.kind = 10
  )
  ON CONFLICT (node, day) DO UPDATE SET
    sent = sent + excluded.sent,
    postage_sent = postage_sent + excluded.postage_sent,
    fees = fees + excluded.fees,
    received = received + excluded.received,
    postage_received = postage_received + excluded.postage_received,
    refunds_sent = refunds_sent + excluded.refunds_sent,
    refunds_received = refunds_received + excluded.refunds_received,
    returned_to_us = returned_to_us + excluded.returned_to_us,
    returned_by_us = returned_by_us + excluded.returned_by_us,
    messages_sent = messages_sent + excluded.messages_sent,
    messages_received = messages_received + excluded.messages_received;
END;

-- Search. fts_norm() is ours: it cuts Chinese, Japanese and Korean runs into overlapping pairs (src/words.rs); a change
-- of its output needs a rebuild of the index. The conversation is a word of its own (c7), so that the index itself
-- keeps the other conversations out. The content is a view, so that a deleted word leaves the file at once.
CREATE VIEW message_search AS
  SELECT key, fts_norm(text) AS body, 'c' || conversation AS conv FROM message WHERE text <> '';
CREATE VIRTUAL TABLE message_fts USING fts5(
  body, conv, content = 'message_search', content_rowid = 'key',
  tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO message_fts(message_fts, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER message_indexed AFTER INSERT ON message WHEN new.text <> '' BEGIN
  INSERT INTO message_fts(rowid, body, conv)
  VALUES (new.key, fts_norm(new.text), 'c' || new.conversation);
END;
CREATE TRIGGER message_unindexed BEFORE DELETE ON message WHEN old.text <> '' BEGIN
  INSERT INTO message_fts(message_fts, rowid, body, conv)
  VALUES ('delete', old.key, fts_norm(old.text), 'c' || old.conversation);
END;
-- The index must be told exactly what it was told before, so nothing that it holds may change.
CREATE TRIGGER message_final BEFORE UPDATE OF key, conversation, text ON message BEGIN
  SELECT raise(ABORT, 'a message does not change');
END;

CREATE TRIGGER message_inserted AFTER INSERT ON message BEGIN
  UPDATE conversation SET unread = unread + 1
  WHERE id = new.conversation AND new.direction = 0 AND new.seen = 0;
  UPDATE conversation SET
    last_message = new.key, last_at = new.stored_at, last_direction = new.direction,
    last_kind = new.kind, last_refund_of = new.refund_of, last_text = substr(new.text, 1, 120),
    last_payment = new.payment, last_delivery = NULL
  WHERE id = new.conversation
    AND (last_message IS NULL OR (last_at, last_message) < (new.stored_at, new.key));
END;
CREATE TRIGGER message_seen AFTER UPDATE OF seen ON message
WHEN old.seen = 0 AND new.seen = 1 AND new.direction = 0 BEGIN
  UPDATE conversation SET unread = unread - 1 WHERE id = new.conversation;
END;
CREATE TRIGGER message_deleted AFTER DELETE ON message BEGIN
  INSERT INTO tombstone(sender, id) VALUES (old.sender, old.id) ON CONFLICT DO NOTHING;
  DELETE FROM attempt WHERE message = old.key AND state <> 2;
  UPDATE attempt SET records = x'' WHERE message = old.key;
  UPDATE incoming SET records = x'', conversation = NULL WHERE message = old.key;
  UPDATE conversation SET unread = unread - 1
  WHERE id = old.conversation AND old.direction = 0 AND old.seen = 0;
  UPDATE conversation SET
    (last_message, last_at, last_direction, last_kind, last_refund_of, last_text, last_payment, last_delivery) = (
      SELECT m.key, m.stored_at, m.direction, m.kind, m.refund_of, substr(m.text, 1, 120), m.payment, d.state
      FROM message m LEFT JOIN delivery d ON d.message = m.key
      WHERE m.conversation = old.conversation ORDER BY m.stored_at DESC, m.key DESC LIMIT 1)
  WHERE id = old.conversation AND last_message = old.key;
END;

-- Failed (4) and parked (5) deliveries are those that the user has to look at.
CREATE TRIGGER delivery_inserted AFTER INSERT ON delivery BEGIN
  INSERT INTO lane(node, sequence) VALUES (new.recipient, new.sequence)
  ON CONFLICT (node) DO UPDATE SET sequence = max(sequence, excluded.sequence);
  UPDATE conversation SET failed = failed + (new.state IN (4, 5)) WHERE id = new.conversation;
  UPDATE conversation SET last_delivery = new.state
  WHERE id = new.conversation AND last_message = new.message;
END;
CREATE TRIGGER delivery_changed AFTER UPDATE OF state ON delivery BEGIN
  UPDATE conversation SET failed = failed + (new.state IN (4, 5)) - (old.state IN (4, 5))
  WHERE id = new.conversation;
  UPDATE conversation SET last_delivery = new.state
  WHERE id = new.conversation AND last_message = new.message;
END;
CREATE TRIGGER delivery_deleted AFTER DELETE ON delivery WHEN old.state IN (4, 5) BEGIN
  UPDATE conversation SET failed = failed - 1 WHERE id = old.conversation;
END;

-- A payment that is held (1) waits for a decision, unless it is postage.
CREATE TRIGGER incoming_changed AFTER UPDATE OF state, postage, conversation ON incoming BEGIN
  UPDATE conversation SET held = held - 1
  WHERE id = old.conversation AND old.state = 1 AND old.postage = 0;
  UPDATE conversation SET held = held + 1
  WHERE id = new.conversation AND new.state = 1 AND new.postage = 0;
END;
