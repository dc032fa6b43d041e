-- A letter's number among those of its sender, 0 for what has none. It decides among what was stored in one moment, so
-- that a letter that was overtaken on its way can be put in front of those that overtook it.
ALTER TABLE message ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0 CHECK (sequence >= 0);
DROP INDEX message_page;
CREATE INDEX message_page ON message(conversation, stored_at, sequence, key);

-- Incoming ones that nobody has signed.
CREATE INDEX message_unsigned ON message(authorship, direction) WHERE authorship = 1 AND direction = 0;

-- Whether it was refused without having been read.
ALTER TABLE incoming ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incoming_unread ON incoming(number) WHERE unread = 1;

-- Nobody asks for all that are in flight; and a parked one (5) is not over either, its money may be gone.
DROP INDEX delivery_in_flight;
DROP INDEX delivery_busy;
CREATE INDEX delivery_busy ON delivery(conversation) WHERE state IN (1, 5);

DROP TRIGGER message_inserted;
CREATE TRIGGER message_inserted AFTER INSERT ON message BEGIN
  UPDATE conversation SET unread = unread + 1
  WHERE id = new.conversation AND new.direction = 0 AND new.seen = 0;
  UPDATE conversation SET
    last_message = new.key, last_at = new.stored_at, last_direction = new.direction,
    last_kind = new.kind, last_refund_of = new.refund_of, last_text = substr(new.text, 1, 120),
    last_payment = new.payment, last_delivery = NULL
  WHERE id = new.conversation
    AND NOT EXISTS (SELECT 1 FROM message m WHERE m.key = conversation.last_message
      AND (m.stored_at, m.sequence, m.key) > (new.stored_at, new.sequence, new.key));
END;

-- A pay-back that did not go out frees the payment for another.
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
    (last_message, last_at, last_direction, last_kind, last_refund_of, last_text, last_payment, last_delivery) = (
      SELECT m.key, m.stored_at, m.direction, m.kind, m.refund_of, substr(m.text, 1, 120), m.payment, d.state
      FROM message m LEFT JOIN delivery d ON d.message = m.key
      WHERE m.conversation = old.conversation ORDER BY m.stored_at DESC, m.sequence DESC, m.key DESC LIMIT 1)
  WHERE id = old.conversation AND last_message = old.key;
END;
