-- Letters that could not be read. tried: what they were tried with last, in the engine's words; NULL: read, or nothing is kept.
-- Those of before this script are tried once more.
ALTER TABLE incoming ADD COLUMN tried TEXT;
CREATE INDEX incoming_tried ON incoming(number) WHERE tried IS NOT NULL;
CREATE INDEX message_newer ON message(key) WHERE kind = 4;
CREATE INDEX message_replies ON message(reply_key) WHERE reply_key IS NOT NULL;
UPDATE incoming SET tried = 'before' WHERE opened = 1 AND records <> x'' AND message IN (
  SELECT m.key FROM message m LEFT JOIN letter l ON l.message = m.key WHERE m.kind IN (3, 4) AND l.bytes IS NULL);

-- What turns out to be something else is booked anew.
CREATE TRIGGER booking_deleted AFTER DELETE ON booking BEGIN
  UPDATE ledger_day SET
    sent = sent - iif(old.kind = 0, old.amount, 0),
    postage_sent = postage_sent - iif(old.kind = 1, old.amount, 0),
    fees = fees - iif(old.kind = 2, old.amount, 0),
    received = received - iif(old.kind = 3, old.amount, 0),
    postage_received = postage_received - iif(old.kind = 4, old.amount, 0),
    refunds_sent = refunds_sent - iif(old.kind = 5, old.amount, 0),
    refunds_received = refunds_received - iif(old.kind = 6, old.amount, 0),
    returned_to_us = returned_to_us - iif(old.kind = 7, old.amount, 0),
    returned_by_us = returned_by_us - iif(old.kind = 8, old.amount, 0),
    messages_sent = messages_sent - (old.kind = 9),
    messages_received = messages_received - (old.kind = 10)
  WHERE node = coalesce(old.node, x'')
    AND day = (old.at - ((old.at % 86400000) + 86400000) % 86400000) / 86400000;
END;
