//! What a closure gets.

use std::ops::{ControlFlow, Deref};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use crate::Result;

/// A snapshot of the database, for [`crate::Store::read`].
#[derive(Debug)]
pub struct Reader<'a> {
    connection: &'a Connection,
}

/// A part of a transaction, for [`crate::Store::write`]. It sees what it has written.
#[derive(Debug)]
pub struct Tx<'a> {
    reader: Reader<'a>,
}

impl<'a> Deref for Tx<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    /// The first row, if there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.prepare(sql)?.query_row(params, map).optional()?)
    }

    /// The only row of a query that always has one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        Ok(self.prepare(sql)?.query_row(params, map)?)
    }

    /// All rows.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map(params, map)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Rows one after the other, until `f` has enough.
    pub(crate) fn walk(
        &self,
        sql: &str,
        params: impl Params,
        mut f: impl FnMut(&Row<'_>) -> rusqlite::Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            if f(row)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'a>> {
        #[cfg(test)]
        crate::plans::note(sql);
        Ok(self.connection.prepare_cached(sql)?)
    }
}

impl<'a> Tx<'a> {
    pub(crate) const fn new(connection: &'a Connection) -> Self {
        Self {
            reader: Reader::new(connection),
        }
    }

    /// Runs one statement; how many rows it changed, not counting those that triggers changed.
    pub(crate) fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        Ok(self.reader.prepare(sql)?.execute(params)?)
    }
}
