//! Messages of podcast listeners (bLIP 10): JSON, never signed.

use domain::NodeId;
use serde::Deserialize;

use super::{Dialect, Readable, alias, words};
use crate::record::{self, find};

#[derive(Deserialize)]
struct Boost {
    message: String,
    #[serde(default)]
    sender_name: Option<String>,
}

pub(super) fn read(records: &[(u64, Vec<u8>)], _recipient: NodeId) -> Option<Readable> {
    let boost: Boost = serde_json::from_slice(find(records, record::PODCAST)?).ok()?;
    let text = words(boost.message.as_bytes());
    (!text.is_empty()).then(|| Readable {
        text,
        sender: None,
        verified: false,
        unaddressed: false,
        sent_at: None,
        alias: boost.sender_name.as_deref().and_then(alias),
        dialect: Dialect::Podcast,
        request_amount: None,
        id: None,
    })
}
