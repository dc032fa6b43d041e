//! The time record, in its five encodings.

use domain::Timestamp;

/// 2015-01-01 and 2100-01-01, in ms: before and after, there is no Lightning or no reader.
///
/// The bounds keep the encodings apart, and they are what stops a signature over *time ‖ text* from being read with
/// another border between the two: four bytes of a nanosecond time are no date here, and the other way round.
const SENSIBLE: std::ops::Range<u64> = 1_420_070_400_000..4_102_444_800_000;

/// When a message was written; `None` when the record is no sensible date in any encoding.
pub(super) fn moment(record: &[u8]) -> Option<Timestamp> {
    let ms = if let Ok(bytes) = <[u8; 4]>::try_from(record) {
        // LNDg: seconds.
        u64::from(u32::from_be_bytes(bytes)).checked_mul(1_000)
    } else if let Ok(bytes) = <[u8; 8]>::try_from(record) {
        let value = u64::from_be_bytes(bytes);
        // Nanoseconds, milliseconds, and milliseconds in the upper six bytes (Balance of Satoshis).
        [value / 1_000_000, value, value / 65_536]
            .into_iter()
            .find(|ms| SENSIBLE.contains(ms))
    } else {
        decimal(record)
    };
    let ms = ms.filter(|ms| SENSIBLE.contains(ms))?;
    i64::try_from(ms).ok().map(Timestamp)
}

/// Cipherchat: nanoseconds in 19 decimal digits.
fn decimal(record: &[u8]) -> Option<u64> {
    if record.len() != 19 || !record.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nanoseconds: u64 = std::str::from_utf8(record).ok()?.parse().ok()?;
    Some(nanoseconds / 1_000_000)
}
