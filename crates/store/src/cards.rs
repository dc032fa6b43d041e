//! Table `card`: the newest key card of each contact, and how far it is trusted.

use domain::{NodeId, Timestamp, Trust};
use rusqlite::{Row, params};

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

/// A contact's key card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRow {
    /// Whose.
    pub node: NodeId,
    /// The signed card as it came; checked before it was stored.
    pub card: Vec<u8>,
    /// Its seal key, 33 bytes.
    pub seal_key: [u8; 33],
    /// The key that introduced this one. Letters come under it until they know that we have the new one, and it introduces
    /// the ones after that as well.
    pub former: Option<[u8; 33]>,
    /// When it was issued.
    pub issued: Timestamp,
    /// Whether its key took another's place without having been introduced under that one, or [`Self::weakened`], and the
    /// user has not said that this is right.
    pub changed: bool,
    /// The key whose safety number was compared.
    pub compared: Option<[u8; 33]>,
    /// The id of the key of ours that they know: they sealed to it last, or it reached their node when they had said nothing.
    pub told: Option<[u8; 4]>,
    /// Whether they have sealed to it, so that they have its card.
    pub told_sure: bool,
    /// Whether a letter that was sealed with its key has carried it: whoever has the key is of this node.
    pub proven: bool,
    /// Whether the key is the same and a card that their app did not send says less of it; then `changed` as well.
    pub weakened: bool,
}

impl CardRow {
    /// Whether nothing of ours goes to its key yet: it has taken the place of one which the user had compared, and the user
    /// has not seen that.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        self.changed && self.compared.is_some()
    }
}

/// A card to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCard {
    /// Whose.
    pub node: NodeId,
    /// The signed card as it came.
    pub card: Vec<u8>,
    /// Its seal key, 33 bytes.
    pub seal_key: [u8; 33],
    /// When it was issued.
    pub issued: Timestamp,
    /// The key with which the letter that brought it was sealed.
    pub under: [u8; 33],
}

/// What a card says of its node's seal key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNews {
    /// There was none before.
    First,
    /// It has taken another's place, and was introduced under that one.
    Introduced,
    /// It has taken another's place without a word of that one: perhaps their app has lost it.
    Changed,
    /// It is the same, and a card that their app did not send says less of it: perhaps whoever runs their node wants it
    /// not to be used. That card is not taken.
    Weakened,
}

impl Reader<'_> {
    /// The newest card of a node.
    pub fn card(&self, node: NodeId) -> Result<Option<CardRow>> {
        self.first(
            "SELECT node, card, seal_key, former, issued, changed, compared, told, told_sure, proven, weakened
             FROM card WHERE node = ?1",
            params![S(node)],
            row_of,
        )
    }

    /// Whose seal key this is: a letter that was sealed with it has carried a card of theirs that names it.
    pub fn owner_of_key(&self, key: &[u8; 33]) -> Result<Option<NodeId>> {
        self.first(
            "SELECT node FROM card WHERE seal_key = ?1 AND proven = 1
             UNION ALL SELECT node FROM card WHERE former = ?1 LIMIT 1",
            params![key],
            |row| row.take("node"),
        )
    }

    /// Whether this key of ours is the one that some contact knows.
    pub fn is_told(&self, key: [u8; 4]) -> Result<bool> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM card WHERE told = ?1) AS told",
            params![key],
            |row| row.get("told"),
        )
    }

    /// Known contacts whose card is here, those talked to last first.
    pub fn known_with_card(&self, most: u32) -> Result<Vec<NodeId>> {
        self.all(
            "SELECT v.node FROM conversation v CROSS JOIN contact p ON p.node = v.node CROSS JOIN card c ON c.node = v.node
             WHERE p.trust = ?1 ORDER BY coalesce(v.last_message, v.made_after) DESC, v.id DESC LIMIT ?2",
            params![S(Trust::Known), most],
            |row| row.take("node"),
        )
    }
}

impl Tx<'_> {
    /// Stores a card if it was issued later than the one that is here, and if it is their app's or names another key. `less`:
    /// it says less than the one that is here. `None`: there is nothing to tell.
    pub fn take_card(&self, new: &NewCard, less: bool) -> Result<Option<KeyNews>> {
        let Some(before) = self.card(new.node)? else {
            self.change(
                "INSERT INTO card(node, card, seal_key, issued, proven) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    S(new.node),
                    new.card,
                    new.seal_key,
                    S(new.issued),
                    new.under == new.seal_key,
                ],
            )?;
            return Ok(Some(KeyNews::First));
        };
        if before.seal_key == new.seal_key && new.under == new.seal_key && !before.proven {
            self.change(
                "UPDATE card SET proven = 1 WHERE node = ?1",
                params![S(new.node)],
            )?;
        }
        if before.issued >= new.issued {
            return Ok(None);
        }
        // As long as they have not heard that we know its successor, they introduce each one under the same key.
        let introduced = before.seal_key == new.under || before.former == Some(new.under);
        if before.seal_key == new.seal_key {
            return self.take_same_key(new, &before, introduced, less);
        }
        self.change(
            "UPDATE card SET card = ?2, seal_key = ?3, issued = ?4, changed = max(changed, ?5), former = ?6,
                             proven = ?7, weakened = 0
             WHERE node = ?1",
            params![
                S(new.node),
                new.card,
                new.seal_key,
                S(new.issued),
                !introduced,
                introduced.then_some(new.under),
                new.under == new.seal_key,
            ],
        )?;
        Ok(Some(if introduced {
            KeyNews::Introduced
        } else {
            KeyNews::Changed
        }))
    }

    /// A younger card for the key that is known. Once their app has used that key, it alone speaks for it: what only their
    /// node says is not taken, and told to the user where it says less.
    fn take_same_key(
        &self,
        new: &NewCard,
        before: &CardRow,
        introduced: bool,
        less: bool,
    ) -> Result<Option<KeyNews>> {
        if introduced || !before.proven && !less {
            self.change(
                "UPDATE card SET card = ?2, issued = ?3 WHERE node = ?1",
                params![S(new.node), new.card, S(new.issued)],
            )?;
            return Ok(None);
        }
        if !less {
            return Ok(None);
        }
        let told = self.change(
            "UPDATE card SET changed = 1, weakened = 1 WHERE node = ?1 AND changed = 0",
            params![S(new.node)],
        )?;
        Ok((told == 1).then_some(KeyNews::Weakened))
    }

    /// Which key of ours they sealed to last; `None`: our node's. `false`: the same as before, or there is no card of theirs.
    pub fn set_told(&self, node: NodeId, key: Option<[u8; 4]>) -> Result<bool> {
        let changed = self.change(
            "UPDATE card SET told = ?2, told_sure = ?3 WHERE node = ?1 AND (told, told_sure) IS NOT (?2, ?3)",
            params![S(node), key, key.is_some()],
        )?;
        Ok(changed == 1)
    }

    /// Something of ours has reached their node that named this key, if they have not said which one they know.
    pub fn presume_told(&self, node: NodeId, key: [u8; 4]) -> Result<()> {
        self.change(
            "UPDATE card SET told = ?2 WHERE node = ?1 AND told IS NULL",
            params![S(node), key],
        )?;
        Ok(())
    }

    /// The two people have compared the safety number of this key; or, with `None`, it counts as not compared. Either
    /// way the user knows that the key has changed. `false`: there is no card of this node.
    ///
    /// What introduced the key while the user did not know is no key of theirs any more: whoever holds the node may have
    /// had it vouched for, and it would introduce the next one without a word.
    pub fn set_compared(&self, node: NodeId, key: Option<[u8; 33]>) -> Result<bool> {
        let changed = self.change(
            "UPDATE card SET compared = ?2, former = iif(changed AND NOT weakened, NULL, former),
                             changed = 0, weakened = 0
             WHERE node = ?1",
            params![S(node), key],
        )?;
        Ok(changed == 1)
    }
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<CardRow> {
    Ok(CardRow {
        node: row.take("node")?,
        card: row.get("card")?,
        seal_key: row.get("seal_key")?,
        former: row.get("former")?,
        issued: row.take("issued")?,
        changed: row.get("changed")?,
        compared: row.get("compared")?,
        told: row.get("told")?,
        told_sure: row.get("told_sure")?,
        proven: row.get("proven")?,
        weakened: row.get("weakened")?,
    })
}

#[cfg(test)]
mod tests;
