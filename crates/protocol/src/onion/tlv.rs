//! BigSize numbers and TLV streams, the format of BOLT 1.

/// The bytes are no canonical TLV stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Bytes that `number` takes.
pub(super) const fn number_len(number: usize) -> usize {
    match number {
        0..=0xfc => 1,
        0xfd..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Bytes that a field takes whose value has `len`. The kind must be below 2^32.
pub(super) const fn field_len(kind: u64, len: usize) -> usize {
    number_len(kind as usize)
        .saturating_add(number_len(len))
        .saturating_add(len)
}

/// Writes a BigSize number.
pub(super) fn put_number(out: &mut Vec<u8>, number: u64) {
    if let Ok(byte @ 0..=0xfc) = u8::try_from(number) {
        out.push(byte);
    } else if let Ok(short) = u16::try_from(number) {
        out.push(0xfd);
        out.extend_from_slice(&short.to_be_bytes());
    } else if let Ok(word) = u32::try_from(number) {
        out.push(0xfe);
        out.extend_from_slice(&word.to_be_bytes());
    } else {
        out.push(0xff);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// Writes a field. The caller writes kinds in ascending order.
pub(super) fn put(out: &mut Vec<u8>, kind: u64, value: &[u8]) {
    put_number(out, kind);
    put_number(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Reads fields until the end or the first error. Kinds ascend, none comes twice, numbers are as short as they can be.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    last: Option<u64>,
}

impl<'a> Fields<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            last: None,
        }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, least) = match self.take::<1>()? {
            [0xfd] => (u16::from_be_bytes(self.take()?).into(), 0xfd),
            [0xfe] => (u32::from_be_bytes(self.take()?).into(), 0x1_0000),
            [0xff] => (u64::from_be_bytes(self.take()?), 0x1_0000_0000),
            [byte] => (byte.into(), 0),
        };
        (number >= least).then_some(number)
    }

    fn field(&mut self) -> Option<(u64, &'a [u8])> {
        let kind = self.number()?;
        if self.last.is_some_and(|last| last >= kind) {
            return None;
        }
        self.last = Some(kind);
        let len = usize::try_from(self.number()?).ok()?;
        let (value, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some((kind, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field().ok_or(Malformed);
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests;
