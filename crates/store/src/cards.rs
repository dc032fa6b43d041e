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
    /// Whether its key took another's place without having been introduced under that one, and the user has not said
    /// that this is right.
    pub changed: bool,
    /// The key whose safety number was compared.
    pub compared: Option<[u8; 33]>,
    /// The id of the key of ours that they know: they sealed to it last, or it reached their node when they had said nothing.
    pub told: Option<[u8; 4]>,
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
}

impl Reader<'_> {
    /// The newest card of a node.
    pub fn card(&self, node: NodeId) -> Result<Option<CardRow>> {
        self.first(
            "SELECT node, card, seal_key, former, issued, changed, compared, told FROM card WHERE node = ?1",
            params![S(node)],
            row_of,
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
    /// Stores a card if it was issued later than the one that is here. `None`: the key is the same.
    pub fn take_card(&self, new: &NewCard) -> Result<Option<KeyNews>> {
        let before = self.card(new.node)?;
        if before
            .as_ref()
            .is_some_and(|before| before.issued >= new.issued)
        {
            return Ok(None);
        }
        let other_key = before
            .as_ref()
            .is_some_and(|before| before.seal_key != new.seal_key);
        // As long as they have not heard that we know its successor, they introduce each one under the same key.
        let introduced = before
            .as_ref()
            .is_some_and(|before| before.seal_key == new.under || before.former == Some(new.under));
        self.change(
            "INSERT INTO card(node, card, seal_key, issued) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (node) DO UPDATE SET card = ?2, seal_key = ?3, issued = ?4, changed = max(changed, ?5),
                                              former = iif(?7, ?6, former)",
            params![
                S(new.node),
                new.card,
                new.seal_key,
                S(new.issued),
                other_key && !introduced,
                introduced.then_some(new.under),
                other_key,
            ],
        )?;
        Ok(match before {
            None => Some(KeyNews::First),
            Some(_) if !other_key => None,
            Some(_) if introduced => Some(KeyNews::Introduced),
            Some(_) => Some(KeyNews::Changed),
        })
    }

    /// Which key of ours they sealed to last; `None`: our node's. `false`: the same as before, or there is no card of theirs.
    pub fn set_told(&self, node: NodeId, key: Option<[u8; 4]>) -> Result<bool> {
        let changed = self.change(
            "UPDATE card SET told = ?2 WHERE node = ?1 AND told IS NOT ?2",
            params![S(node), key],
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
            "UPDATE card SET compared = ?2, former = iif(changed, NULL, former), changed = 0 WHERE node = ?1",
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
    })
}

#[cfg(test)]
mod tests;
