-- A letter that its recipient's app cannot open any more is sent again, for free. repeats: how many times that is still to
-- be tried; repeated_at: when the contact's new key last led to that.
ALTER TABLE delivery ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
CREATE INDEX delivery_repeats ON delivery(message) WHERE repeats > 0;
-- What has left, as far as no app has confirmed it.
CREATE INDEX delivery_unconfirmed ON delivery(recipient, message) WHERE state IN (1, 2, 3) AND delivered_at IS NULL;
ALTER TABLE card ADD COLUMN repeated_at INTEGER;
