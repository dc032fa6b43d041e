//! The note of a tip: text in a record of its own, without anything beside it.

use domain::NodeId;

use super::{Dialect, Readable, words};
use crate::record::{self, find};

pub(super) fn read(records: &[(u64, Vec<u8>)], _recipient: NodeId) -> Option<Readable> {
    let note = [record::TIP, record::TIP_ODD]
        .into_iter()
        .find_map(|number| find(records, number))?;
    let text = words(note);
    (!text.is_empty()).then_some(Readable {
        unaddressed: false,
        text,
        sender: None,
        verified: false,
        sent_at: None,
        alias: None,
        about: None,
        quiet: false,
        dialect: Dialect::Tip,
        request_amount: None,
        id: None,
    })
}
