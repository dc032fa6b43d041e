-- Messages stand in the order in which they were stored, whatever the clock said then. place: the key that the message
-- got, or the place of the messages that overtook it; in one place the sender's number decides.
ALTER TABLE message ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE message SET place = coalesce(
  (SELECT min(m.key) FROM message m
   WHERE m.conversation = message.conversation AND m.amendment = message.amendment
     AND m.stored_at = message.stored_at AND m.sequence > message.sequence
     AND message.sequence > 0 AND m.sender = message.sender AND m.key < message.key),
  key);
DROP INDEX message_page;
CREATE INDEX message_page ON message(conversation, amendment, place, sequence, key);

-- So with the list of conversations. made_after: the newest message of all when the conversation was made.
ALTER TABLE conversation ADD COLUMN made_after INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET made_after = coalesce(
  (SELECT max(c.last_message) FROM conversation c WHERE c.last_at <= conversation.created_at), 0);
DROP INDEX conversation_recent;
CREATE INDEX conversation_recent ON conversation(coalesce(last_message, made_after) DESC, id DESC);

-- The newest message when an attempt was made; NULL: before this column.
ALTER TABLE attempt ADD COLUMN made_after INTEGER;

-- A plus sign before a column keeps its index out: both updates must take the partial index made for them. With that of
-- the pages each insert would walk through its whole conversation.
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
      AND (m.place, m.sequence, m.key) > (new.place, new.sequence, new.key));
  -- Letters that overtook it find it now. Only its author edits and deletes it.
  UPDATE message SET target = new.key
  WHERE amends = new.id AND target IS NULL AND +conversation = new.conversation
    AND (amendment = 1 OR +sender = new.sender);
  UPDATE message SET reply_key = new.key
  WHERE reply_to = new.id AND reply_key IS NULL AND +conversation = new.conversation;
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
      ORDER BY m.place DESC, m.sequence DESC, m.key DESC LIMIT 1)
  WHERE id = old.conversation AND last_message = old.key;
END;
