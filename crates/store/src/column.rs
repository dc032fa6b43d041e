//! How domain values stand in columns.

use domain::{
    ConversationId, MessageId, MessageKey, Msat, NodeId, PaymentHash, Preimage, Timestamp,
};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};

/// A value that has a column form. A trait of our own, as neither the types nor rusqlite's traits are.
pub(crate) trait Stored: Sized {
    /// To the database. Numbers that do not fit into its 64-bit signed integers are refused.
    fn put(&self) -> Result<Value, OutOfRange>;
    /// From the database; `None` when no value looks like that.
    fn take(value: ValueRef<'_>) -> Option<Self>;
}

/// A number that the database cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("{0} is more than the database can hold")]
pub(crate) struct OutOfRange(pub(crate) u64);

/// Carries a [`Stored`] value through rusqlite: `params![S(node), S(amount)]`.
pub(crate) struct S<T>(pub(crate) T);

impl<T: Stored> ToSql for S<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0
            .put()
            .map(ToSqlOutput::Owned)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

impl<T: Stored> FromSql for S<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        T::take(value).map(S).ok_or(FromSqlError::InvalidType)
    }
}

/// Reads domain values by the name of their column.
pub(crate) trait Take {
    fn take<T: Stored>(&self, column: &str) -> rusqlite::Result<T>;
}

impl Take for Row<'_> {
    fn take<T: Stored>(&self, column: &str) -> rusqlite::Result<T> {
        self.get::<_, S<T>>(column).map(|value| value.0)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn put(&self) -> Result<Value, OutOfRange> {
        self.as_ref().map_or(Ok(Value::Null), Stored::put)
    }

    fn take(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::take(value).map(Some),
        }
    }
}

impl<T: Stored> Stored for &T {
    fn put(&self) -> Result<Value, OutOfRange> {
        (**self).put()
    }

    fn take(_: ValueRef<'_>) -> Option<Self> {
        None
    }
}

macro_rules! integers {
    ($($kind:ty),*) => {$(
        impl Stored for $kind {
            fn put(&self) -> Result<Value, OutOfRange> {
                i64::try_from(*self)
                    .map(Value::Integer)
                    .map_err(|_| OutOfRange(u64::try_from(*self).unwrap_or(u64::MAX)))
            }

            fn take(value: ValueRef<'_>) -> Option<Self> {
                Self::try_from(value.as_i64().ok()?).ok()
            }
        }
    )*};
}
integers!(u32, u64, i64);

macro_rules! rows {
    ($($kind:ident),*) => {$(
        impl Stored for $kind {
            fn put(&self) -> Result<Value, OutOfRange> {
                Ok(Value::Integer(self.0))
            }

            fn take(value: ValueRef<'_>) -> Option<Self> {
                value.as_i64().ok().map(Self)
            }
        }
    )*};
}
rows!(ConversationId, MessageKey, Timestamp);

macro_rules! blobs {
    ($($kind:ident: $bytes:ident => $put:expr, $take:expr;)*) => {$(
        impl Stored for $kind {
            fn put(&self) -> Result<Value, OutOfRange> {
                let $bytes = self;
                Ok(Value::Blob($put.to_vec()))
            }

            fn take(value: ValueRef<'_>) -> Option<Self> {
                let $bytes = value.as_blob().ok()?;
                $take
            }
        }
    )*};
}
blobs! {
    NodeId: x => x.as_bytes(), Self::from_bytes(x).ok();
    MessageId: x => x.0, Self::from_slice(x);
    PaymentHash: x => x.0, Self::from_slice(x);
    Preimage: x => x.expose(), x.try_into().ok().map(Self::new);
}

impl Stored for Msat {
    fn put(&self) -> Result<Value, OutOfRange> {
        self.get().put()
    }

    fn take(value: ValueRef<'_>) -> Option<Self> {
        u64::take(value).map(Self::new)
    }
}

impl Stored for bool {
    fn put(&self) -> Result<Value, OutOfRange> {
        Ok(Value::Integer((*self).into()))
    }

    fn take(value: ValueRef<'_>) -> Option<Self> {
        match value.as_i64().ok()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Stored for String {
    fn put(&self) -> Result<Value, OutOfRange> {
        Ok(Value::Text(self.clone()))
    }

    fn take(value: ValueRef<'_>) -> Option<Self> {
        value.as_str().ok().map(Self::from)
    }
}
