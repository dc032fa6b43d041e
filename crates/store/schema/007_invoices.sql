-- The invoice that an attempt pays (NULL: it pays none, or has only asked for one). Its preimage is the recipient's: 32
-- zeros stand for it.
ALTER TABLE attempt ADD COLUMN invoice TEXT;

-- How a payment came: by a keysend, or to an invoice of ours.
ALTER TABLE incoming ADD COLUMN carrier INTEGER NOT NULL DEFAULT 0;

-- Invoices that we gave to contacts and that nothing has been paid to yet. A row goes when a payment is stored in
-- incoming, preimage included, or when the invoice can no longer be paid.
CREATE TABLE issued(
  hash        BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
  preimage    BLOB    NOT NULL CHECK (length(preimage) = 32),
  node        BLOB    NOT NULL CHECK (length(node) = 33),
  request     BLOB    NOT NULL CHECK (length(request) = 16),
  amount      INTEGER NOT NULL CHECK (amount >= 0),
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  UNIQUE (node, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX issued_end ON issued(expires_at);
