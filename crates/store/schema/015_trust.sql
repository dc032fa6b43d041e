-- How far a contact's key is known. proven: a letter that was sealed with the key has carried this card, so that whoever has
-- the key is of this node. weakened: what changed is not the key; a card that their app did not send says less of it.
-- told_sure: they have sealed a letter to our key told, so that they have its card.
ALTER TABLE card ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN weakened INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN told_sure INTEGER NOT NULL DEFAULT 0;
CREATE INDEX card_seal_key ON card(seal_key);
CREATE INDEX card_told ON card(told) WHERE told IS NOT NULL;
CREATE INDEX card_former ON card(former) WHERE former IS NOT NULL;

-- Why the last card of a contact was not taken; nothing once one was.
ALTER TABLE contact ADD COLUMN card_fault INTEGER;

-- Whom a message of nobody's names as its author.
ALTER TABLE message ADD COLUMN claims BLOB CHECK (length(claims) = 33);

-- Incoming ones whose author is not proven: claimed (1), or signed without saying to whom (3).
DROP INDEX message_unsigned;
CREATE INDEX message_unsigned ON message(direction) WHERE authorship IN (1, 3) AND direction = 0;
