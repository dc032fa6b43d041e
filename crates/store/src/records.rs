//! Custom records in one column: for each its type (8 bytes), its length (4 bytes), both big-endian, and its bytes.

use rusqlite::types::{Value, ValueRef};

use crate::column::{OutOfRange, Stored};

/// Type and bytes, as they came or will be sent.
pub(crate) struct Records(pub(crate) Vec<(u64, Vec<u8>)>);

impl Stored for Records {
    fn put(&self) -> Result<Value, OutOfRange> {
        let mut bytes = Vec::new();
        for (kind, content) in &self.0 {
            let length = u32::try_from(content.len())
                .map_err(|_| OutOfRange(u64::try_from(content.len()).unwrap_or(u64::MAX)))?;
            bytes.extend_from_slice(&kind.to_be_bytes());
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(content);
        }
        Ok(Value::Blob(bytes))
    }

    fn take(value: ValueRef<'_>) -> Option<Self> {
        let mut rest = value.as_blob().ok()?;
        let mut records = Vec::new();
        while !rest.is_empty() {
            let (kind, tail) = rest.split_first_chunk::<8>()?;
            let (length, tail) = tail.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (content, tail) = tail.split_at_checked(length)?;
            records.push((u64::from_be_bytes(*kind), content.to_vec()));
            rest = tail;
        }
        Some(Self(records))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_come_back_as_they_were(
            records in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..50)), 0..6)
        ) {
            let Ok(Value::Blob(bytes)) = Records(records.clone()).put() else {
                panic!("records are a blob")
            };
            prop_assert_eq!(Records::take(ValueRef::Blob(&bytes)).map(|read| read.0), Some(records));
            if let Some(shorter) = bytes.split_last().map(|(_, rest)| rest) {
                let cut = Records::take(ValueRef::Blob(shorter)).map(|read| read.0);
                prop_assert_ne!(cut, Records::take(ValueRef::Blob(&bytes)).map(|read| read.0));
            }
        }

        #[test]
        fn damaged_records_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Records::take(ValueRef::Blob(&bytes));
        }
    }
}
