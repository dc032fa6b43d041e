//! The signature of the noise plugin: over the hexadecimal form of the sender's other records.

use domain::NodeId;

use super::signature::signer as recovered;
use crate::record::{self, find};

/// Nodes on the way add it to what the sender has signed (experimental endorsement of bLIP 4).
const ENDORSEMENT: u64 = 106_823;

/// Who signed the records. The key is taken from the signature, so a changed text does not fail, it becomes the text of
/// a node that nobody has: it proves something only where the sender is named beside it.
pub(super) fn signer(records: &[(u64, Vec<u8>)]) -> Option<NodeId> {
    let signature = find(records, record::NOISE_SIGNATURE)?.try_into().ok()?;
    let mut stream = Vec::new();
    for (number, value) in records
        .iter()
        .filter(|(number, _)| ![record::NOISE_SIGNATURE, ENDORSEMENT].contains(number))
    {
        big_size(&mut stream, *number);
        big_size(&mut stream, u64::try_from(value.len()).ok()?);
        stream.extend_from_slice(value);
    }
    // As the payload of a hop, with its length in front.
    let mut payload = Vec::new();
    big_size(&mut payload, u64::try_from(stream.len()).ok()?);
    payload.extend(stream);
    recovered(&signature, hex::encode(payload).as_bytes())
}

/// BigSize of BOLT 1.
pub(super) fn big_size(out: &mut Vec<u8>, value: u64) {
    if let Ok(small) = u8::try_from(value)
        && small < 0xfd
    {
        out.push(small);
    } else if let Ok(value) = u16::try_from(value) {
        out.push(0xfd);
        out.extend(value.to_be_bytes());
    } else if let Ok(value) = u32::try_from(value) {
        out.push(0xfe);
        out.extend(value.to_be_bytes());
    } else {
        out.push(0xff);
        out.extend(value.to_be_bytes());
    }
}
