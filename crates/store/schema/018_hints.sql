-- Channels over which a contact's node can be paid that gossip does not know, as their letters say.
CREATE TABLE hint(
  node        BLOB    NOT NULL REFERENCES contact(node) ON DELETE CASCADE,
  place       INTEGER NOT NULL,
  via         BLOB    NOT NULL CHECK (length(via) = 33),
  channel     INTEGER NOT NULL,
  base_fee    INTEGER NOT NULL CHECK (base_fee >= 0),
  fee_ppm     INTEGER NOT NULL,
  cltv_delta  INTEGER NOT NULL,
  PRIMARY KEY (node, place)
) STRICT, WITHOUT ROWID;
