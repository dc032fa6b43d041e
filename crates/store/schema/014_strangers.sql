-- Room for strangers goes by what is at stake.
-- stake: what a sender's payments have settled, or hold at a sum worth a look, in msat. proven: whether gossip knows the
-- node, or it shares a channel with ours. channel: over which the payment came. reason: why the rules decided so.
-- free_tries: how often a text that came back was sent once more for free.
ALTER TABLE contact ADD COLUMN stake INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incoming ADD COLUMN channel INTEGER;
ALTER TABLE incoming ADD COLUMN reason INTEGER;
ALTER TABLE delivery ADD COLUMN free_tries INTEGER NOT NULL DEFAULT 0;

CREATE INDEX incoming_stake ON incoming(sender, amount) WHERE state IN (1, 2, 4) AND sender IS NOT NULL;
DROP INDEX contact_request;
CREATE INDEX contact_request ON contact(trust, stake, proven) WHERE trust = 0;

UPDATE contact SET stake = (
  SELECT coalesce(sum(i.amount), 0) FROM incoming i WHERE i.sender = contact.node AND i.state IN (2, 4))
WHERE trust = 0;
-- Whoever is answered is let in.
UPDATE contact SET trust = 1 WHERE trust = 0 AND EXISTS (
  SELECT 1 FROM conversation c JOIN message m ON m.conversation = c.id
  WHERE c.node = contact.node AND m.direction = 1 AND m.refund_of IS NULL);
-- Only a receipt says that something arrived.
UPDATE delivery SET returned = 2 WHERE returned = 0 AND delivered_at IS NULL;
