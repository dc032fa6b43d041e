//! Payments of podcast listeners (bLIP 10): JSON, never signed. Players leave fields out, write null, or a list of blocks;
//! whatever is not as expected is as if it were not there.

use domain::NodeId;
use serde_json::Value;

use super::{Dialect, Readable, alias, words};
use crate::record::{self, find};

pub(super) fn read(records: &[(u64, Vec<u8>)], _recipient: NodeId) -> Option<Readable> {
    let json: Value = serde_json::from_slice(find(records, record::PODCAST)?).ok()?;
    let blocks = match json {
        Value::Array(blocks) => blocks,
        block => vec![block],
    };
    let mut objects = blocks.iter().filter(|block| block.is_object());
    let said = |field: &str| objects.clone().find_map(|block| block.get(field)?.as_str());
    let about = ["app_name", "podcast", "episode"]
        .into_iter()
        .filter_map(|field| alias(said(field)?))
        .collect::<Vec<_>>()
        .join(" · ");
    let readable = Readable {
        text: words(said("message").unwrap_or_default().as_bytes()),
        sender: None,
        verified: false,
        unaddressed: false,
        sent_at: None,
        alias: said("sender_name").and_then(alias),
        about: (!about.is_empty()).then_some(about),
        // A player that pays while somebody listens pays every minute.
        quiet: said("action") == Some("stream"),
        dialect: Dialect::Podcast,
        request_amount: None,
        id: None,
    };
    objects.next().map(|_| readable)
}
