-- Attempts whose end the node has forgotten: postage of theirs may come back.
CREATE INDEX attempt_lost ON attempt(recipient) WHERE state = 5;
