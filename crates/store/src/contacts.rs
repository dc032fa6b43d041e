//! Table `contact`.

use domain::{CardFault, Contact, Msat, NodeId, Program, Trust, Way};
use rusqlite::{Row, params};

use crate::Result;
use crate::codes::{program_columns, program_of_columns};
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

impl Reader<'_> {
    /// What is known and allowed of a node.
    pub fn contact(&self, node: NodeId) -> Result<Option<Contact>> {
        self.first(
            "SELECT node, name, note, alias, trust, program, hold_secs, accept_up_to, way, sealed_only, since
             FROM contact WHERE node = ?1",
            params![S(node)],
            contact_of,
        )
    }

    /// Why the last key card of a node was not taken.
    pub fn card_fault(&self, node: NodeId) -> Result<Option<CardFault>> {
        let found = self.first(
            "SELECT card_fault FROM contact WHERE node = ?1",
            params![S(node)],
            |row| row.take("card_fault"),
        )?;
        Ok(found.flatten())
    }
}

impl Tx<'_> {
    /// Adds a contact. `false`: there is one of this node already, and it is unchanged.
    pub fn add_contact(&self, contact: &Contact) -> Result<bool> {
        let (program, hold_secs) = program_columns(contact.program);
        let added = self.change(
            "INSERT INTO contact(node, name, note, alias, trust, program, hold_secs, accept_up_to, way, sealed_only,
                                 since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (node) DO NOTHING",
            params![
                S(contact.node),
                contact.name,
                contact.note,
                contact.alias,
                S(contact.trust),
                program,
                hold_secs,
                S(contact.accept_up_to),
                S(contact.way),
                contact.sealed_only,
                S(contact.since),
            ],
        )?;
        Ok(added == 1)
    }

    /// What the user says of a contact. `false`: nothing has changed, or there is no such contact.
    pub fn rename_contact(
        &self,
        node: NodeId,
        name: &str,
        note: &str,
        accept_up_to: Msat,
    ) -> Result<bool> {
        let changed = self.change(
            "UPDATE contact SET name = ?2, note = ?3, accept_up_to = ?4
             WHERE node = ?1 AND (name, note, accept_up_to) IS NOT (?2, ?3, ?4)",
            params![S(node), name, note, S(accept_up_to)],
        )?;
        Ok(changed == 1)
    }

    /// Which ways messages to a contact may take, and whether nothing readable goes to them. `false`: nothing has
    /// changed, or there is no such contact.
    pub fn set_way(&self, node: NodeId, way: Way, sealed_only: bool) -> Result<bool> {
        let changed = self.change(
            "UPDATE contact SET way = ?2, sealed_only = ?3
             WHERE node = ?1 AND (way, sealed_only) IS NOT (?2, ?3)",
            params![S(node), S(way), sealed_only],
        )?;
        Ok(changed == 1)
    }

    /// How far the user lets a node in. `false`: nothing has changed, or there is no such contact.
    pub fn set_trust(&self, node: NodeId, trust: Trust) -> Result<bool> {
        let changed = self.change(
            "UPDATE contact SET trust = ?2 WHERE node = ?1 AND trust <> ?2",
            params![S(node), S(trust)],
        )?;
        if changed == 1 && trust == Trust::Known {
            self.ask_for_all(node)?;
        }
        Ok(changed == 1)
    }

    /// What the node calls itself. `false`: nothing has changed, or there is no such contact.
    pub fn set_alias(&self, node: NodeId, alias: &str) -> Result<bool> {
        let changed = self.change(
            "UPDATE contact SET alias = ?2 WHERE node = ?1 AND alias <> ?2",
            params![S(node), alias],
        )?;
        Ok(changed == 1)
    }

    /// Why their last key card was not taken; `None` once one was. `false`: as before.
    pub fn set_card_fault(&self, node: NodeId, fault: Option<CardFault>) -> Result<bool> {
        let changed = self.change(
            "UPDATE contact SET card_fault = ?2 WHERE node = ?1 AND card_fault IS NOT ?2",
            params![S(node), S(fault)],
        )?;
        Ok(changed == 1)
    }

    /// What they run. `false`: nothing has changed, or there is no such contact.
    pub fn set_program(&self, node: NodeId, program: Program) -> Result<bool> {
        let (program, hold_secs) = program_columns(program);
        let changed = self.change(
            "UPDATE contact SET program = ?2, hold_secs = ?3
             WHERE node = ?1 AND (program, hold_secs) IS NOT (?2, ?3)",
            params![S(node), program, hold_secs],
        )?;
        Ok(changed == 1)
    }
}

/// From the columns of table `contact`.
pub(crate) fn contact_of(row: &Row<'_>) -> rusqlite::Result<Contact> {
    Ok(Contact {
        node: row.take("node")?,
        name: row.take("name")?,
        note: row.take("note")?,
        alias: row.take("alias")?,
        trust: row.take("trust")?,
        program: program_of_columns(row.take("program")?, row.take("hold_secs")?).ok_or(
            rusqlite::Error::IntegralValueOutOfRange(5, row.take("program")?),
        )?,
        accept_up_to: row.take("accept_up_to")?,
        way: row.take("way")?,
        sealed_only: row.get("sealed_only")?,
        since: row.take("since")?,
    })
}

#[cfg(test)]
mod tests;
