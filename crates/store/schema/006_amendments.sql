-- Replies, reactions, edits and deletes. What amends a message is a letter like any other and goes through the outbox,
-- but it is no bubble: amendment (0 none, 1 reaction, 2 edit, 3 delete) of the message whose name is amends; target is
-- that message once it is here. The words of a reaction and of an edit stand in its text. What is shown of a message is
-- what these rows say of it. So with an answer: reply_to is the name of what it answers, reply_key the message.
ALTER TABLE message ADD COLUMN amendment INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN amends BLOB CHECK (length(amends) = 16);
ALTER TABLE message ADD COLUMN target INTEGER;
ALTER TABLE message ADD COLUMN reply_to BLOB CHECK (length(reply_to) = 16);
ALTER TABLE message ADD COLUMN reply_key INTEGER;
ALTER TABLE message ADD COLUMN edited_at INTEGER;
ALTER TABLE message ADD COLUMN taken_back_at INTEGER;
ALTER TABLE conversation ADD COLUMN last_taken_back INTEGER;
CREATE INDEX message_target ON message(target, direction, amendment, sequence) WHERE target IS NOT NULL;
CREATE INDEX message_overtook ON message(amends) WHERE amends IS NOT NULL AND target IS NULL;
CREATE INDEX message_answers ON message(reply_to) WHERE reply_to IS NOT NULL AND reply_key IS NULL;

-- Only bubbles are on a page: those that amend nothing.
DROP INDEX message_page;
CREATE INDEX message_page ON message(conversation, amendment, stored_at, sequence, key);

-- The first words of a message that was edited.
CREATE TABLE first_words(
  message  INTEGER PRIMARY KEY REFERENCES message(key) ON DELETE CASCADE,
  text     TEXT    NOT NULL
) STRICT;

-- Only bubbles are found by their words; and the index is told exactly what it was told before when they change.
DROP TRIGGER message_final;
DROP TRIGGER message_indexed;
DROP TRIGGER message_unindexed;
DROP VIEW message_search;
CREATE VIEW message_search AS
  SELECT key, fts_norm(text) AS body, 'c' || conversation AS conv FROM message WHERE text <> '' AND amendment = 0;
CREATE TRIGGER message_final BEFORE UPDATE OF key, conversation, sender, id, amendment, amends ON message BEGIN
  SELECT raise(ABORT, 'a message does not change its identity');
END;
CREATE TRIGGER message_indexed AFTER INSERT ON message WHEN new.text <> '' AND new.amendment = 0 BEGIN
  INSERT INTO message_fts(rowid, body, conv)
  VALUES (new.key, fts_norm(new.text), 'c' || new.conversation);
END;
CREATE TRIGGER message_unindexed BEFORE DELETE ON message WHEN old.text <> '' AND old.amendment = 0 BEGIN
  INSERT INTO message_fts(message_fts, rowid, body, conv)
  VALUES ('delete', old.key, fts_norm(old.text), 'c' || old.conversation);
END;
CREATE TRIGGER message_words_go BEFORE UPDATE OF text ON message
WHEN old.text <> new.text AND old.text <> '' AND old.amendment = 0 BEGIN
  INSERT INTO message_fts(message_fts, rowid, body, conv)
  VALUES ('delete', old.key, fts_norm(old.text), 'c' || old.conversation);
END;
CREATE TRIGGER message_words_come AFTER UPDATE OF text ON message
WHEN old.text <> new.text AND new.text <> '' AND new.amendment = 0 BEGIN
  INSERT INTO message_fts(rowid, body, conv)
  VALUES (new.key, fts_norm(new.text), 'c' || new.conversation);
END;

-- The list of conversations copies the newest bubble.
CREATE TRIGGER message_amended AFTER UPDATE OF text, taken_back_at ON message WHEN new.amendment = 0 BEGIN
  UPDATE conversation SET
    last_text = substr(new.text, 1, 120), last_taken_back = new.taken_back_at IS NOT NULL
  WHERE id = new.conversation AND last_message = new.key;
END;
DROP TRIGGER message_inserted;
CREATE TRIGGER message_inserted AFTER INSERT ON message WHEN new.amendment = 0 BEGIN
  UPDATE conversation SET unread = unread + 1
  WHERE id = new.conversation AND new.direction = 0 AND new.seen = 0;
  UPDATE conversation SET
    last_message = new.key, last_at = new.stored_at, last_direction = new.direction,
    last_kind = new.kind, last_refund_of = new.refund_of, last_text = substr(new.text, 1, 120),
    last_payment = new.payment, last_delivery = NULL, last_taken_back = new.taken_back_at IS NOT NULL
  WHERE id = new.conversation
    AND NOT EXISTS (SELECT 1 FROM message m WHERE m.key = conversation.last_message
      AND (m.stored_at, m.sequence, m.key) > (new.stored_at, new.sequence, new.key));
  -- Letters that overtook it find it now. Only its author edits and deletes it.
  UPDATE message SET target = new.key
  WHERE amends = new.id AND target IS NULL AND conversation = new.conversation
    AND (amendment = 1 OR sender = new.sender);
  UPDATE message SET reply_key = new.key
  WHERE reply_to = new.id AND reply_key IS NULL AND conversation = new.conversation;
END;
DROP TRIGGER message_deleted;
CREATE TRIGGER message_deleted AFTER DELETE ON message BEGIN
  INSERT INTO tombstone(sender, id) VALUES (old.sender, old.id) ON CONFLICT DO NOTHING;
  DELETE FROM attempt WHERE message = old.key AND state <> 2;
  UPDATE attempt SET records = x'' WHERE message = old.key;
  UPDATE incoming SET records = x'', conversation = NULL WHERE message = old.key;
  DELETE FROM refund WHERE message = old.key AND done = 0;
  UPDATE conversation SET unread = unread - 1
  WHERE id = old.conversation AND old.direction = 0 AND old.seen = 0;
  UPDATE conversation SET
    (last_message, last_at, last_direction, last_kind, last_refund_of, last_text, last_payment, last_delivery,
     last_taken_back) = (
      SELECT m.key, m.stored_at, m.direction, m.kind, m.refund_of, substr(m.text, 1, 120), m.payment, d.state,
             m.taken_back_at IS NOT NULL
      FROM message m LEFT JOIN delivery d ON d.message = m.key
      WHERE m.conversation = old.conversation AND m.amendment = 0
      ORDER BY m.stored_at DESC, m.sequence DESC, m.key DESC LIMIT 1)
  WHERE id = old.conversation AND last_message = old.key;
END;

-- What was taken back leaves no words behind. Records that may still have to be sent once more go when that is over.
CREATE TRIGGER message_taken_back AFTER UPDATE OF taken_back_at ON message
WHEN old.taken_back_at IS NULL AND new.taken_back_at IS NOT NULL BEGIN
  DELETE FROM letter WHERE message = new.key;
  DELETE FROM first_words WHERE message = new.key;
  UPDATE attempt SET records = x'' WHERE message = new.key AND state NOT IN (0, 1);
  UPDATE incoming SET records = x'' WHERE message = new.key AND opened = 1;
END;
CREATE TRIGGER attempt_over AFTER UPDATE OF state ON attempt
WHEN new.state NOT IN (0, 1) AND new.records <> x''
  AND EXISTS (SELECT 1 FROM message WHERE key = new.message AND taken_back_at IS NOT NULL) BEGIN
  UPDATE attempt SET records = x'' WHERE number = new.number;
END;

-- An amendment that did not arrive is shown at its message, and does not count as a message that did not. Deliveries
-- know it themselves: they may outlive their message by a moment.
ALTER TABLE delivery ADD COLUMN amends INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER delivery_inserted;
CREATE TRIGGER delivery_inserted AFTER INSERT ON delivery BEGIN
  INSERT INTO lane(node, sequence) VALUES (new.recipient, new.sequence)
  ON CONFLICT (node) DO UPDATE SET sequence = max(sequence, excluded.sequence);
  UPDATE delivery SET amends = 1
  WHERE message = new.message AND EXISTS (SELECT 1 FROM message WHERE key = new.message AND amendment <> 0);
  UPDATE conversation SET last_delivery = new.state
  WHERE id = new.conversation AND last_message = new.message;
END;
DROP TRIGGER delivery_changed;
CREATE TRIGGER delivery_changed AFTER UPDATE OF state ON delivery BEGIN
  UPDATE conversation SET failed = failed + (new.state IN (4, 5)) - (old.state IN (4, 5))
  WHERE id = new.conversation AND new.amends = 0;
  UPDATE conversation SET last_delivery = new.state
  WHERE id = new.conversation AND last_message = new.message;
END;
DROP TRIGGER delivery_deleted;
CREATE TRIGGER delivery_deleted AFTER DELETE ON delivery WHEN old.state IN (4, 5) AND old.amends = 0 BEGIN
  UPDATE conversation SET failed = failed - 1 WHERE id = old.conversation;
END;
