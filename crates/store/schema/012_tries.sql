-- Payment hashes are derived, so that no copy of this database pays twice. try: which of the derived ones an attempt has;
-- NULL: it has another, that of an invoice or a random one. From now on a payment is stored as sent (1) before the node
-- gets it: what stood there as prepared (0) may have left.
ALTER TABLE attempt ADD COLUMN try INTEGER CHECK (try >= 0);
UPDATE attempt SET state = 1 WHERE state = 0 AND (carrier = 0 OR carrier = 3 AND invoice IS NOT NULL);

-- Money leaves until then, or has failed.
ALTER TABLE delivery ADD COLUMN leaves_by INTEGER;
CREATE INDEX delivery_leaves ON delivery(leaves_by) WHERE state = 0 AND leaves_by IS NOT NULL;
-- Pay-backs of one payment share their tries.
CREATE INDEX delivery_refund ON delivery(refund_of) WHERE refund_of IS NOT NULL;

-- What other secrets are derived from, by name.
CREATE TABLE secret(
  name   TEXT NOT NULL PRIMARY KEY,
  bytes  BLOB NOT NULL CHECK (length(bytes) = 32)
) STRICT, WITHOUT ROWID;
