//! Zstandard, held to bounds.

use std::io::Read;

use zstd::stream::read::Decoder;

use super::{PartError, WHOLE_LIMIT};

/// Every byte may cost a part of a satoshi, and there are not many.
const LEVEL: i32 = 19;
/// A frame never looks back further than 2^17 bytes: enough for [`WHOLE_LIMIT`].
const WINDOW_LOG: u32 = 17;

/// One frame; `None` when it cannot be made.
pub(super) fn deflate(whole: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(whole, LEVEL).ok()
}

/// Undoes [`deflate`]. Stops as soon as there is more than [`WHOLE_LIMIT`], whatever the frame announces.
pub(super) fn inflate(packed: &[u8]) -> Result<Vec<u8>, PartError> {
    let broken = |_| PartError::Packing;
    let mut decoder = Decoder::with_buffer(packed).map_err(broken)?.single_frame();
    decoder.window_log_max(WINDOW_LOG).map_err(broken)?;
    let limit = u64::try_from(WHOLE_LIMIT).map_err(|_| PartError::TooLong)?;
    let mut whole = Vec::new();
    decoder
        .by_ref()
        .take(limit.saturating_add(1))
        .read_to_end(&mut whole)
        .map_err(broken)?;
    if whole.len() > WHOLE_LIMIT {
        return Err(PartError::TooLong);
    }
    // One frame, and nothing after it.
    if decoder.finish().is_empty() {
        Ok(whole)
    } else {
        Err(PartError::Packing)
    }
}
