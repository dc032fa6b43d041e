-- A message that did not arrive for a reason that passes waits in the queue: how often it was tried, when it is tried
-- again (NULL: now), and when it is given up (NULL: at the first failure).
ALTER TABLE delivery ADD COLUMN tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0);
ALTER TABLE delivery ADD COLUMN next_try INTEGER;
ALTER TABLE delivery ADD COLUMN gives_up_at INTEGER;
