//! Sphinx v1: JSON directly followed by a signature. Only its plain keysends are readable, the rest is encrypted to
//! keys that a node does not have.

use domain::NodeId;
use serde::Deserialize;

use super::signature::{is_signed, zbase32};
use super::{Dialect, Readable, alias, words};
use crate::record::{self, find};

/// The only type with plain content.
const KEYSEND: u64 = 28;

#[derive(Deserialize)]
struct Packet {
    #[serde(rename = "type")]
    kind: u64,
    message: Content,
    #[serde(default)]
    sender: Option<Sender>,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
struct Sender {
    #[serde(default)]
    pub_key: Option<String>,
    #[serde(default)]
    alias: Option<String>,
}

pub(super) fn read(records: &[(u64, Vec<u8>)], _recipient: NodeId) -> Option<Readable> {
    let bytes = find(records, record::SPHINX)?;
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Packet>();
    let packet = values
        .next()?
        .ok()
        .filter(|packet| packet.kind == KEYSEND)?;
    let (json, signature) = bytes.split_at_checked(values.byte_offset())?;
    let (key, name) = packet
        .sender
        .map_or((None, None), |from| (from.pub_key, from.alias));
    let sender = key.and_then(|key| key.parse().ok());
    let signed = match (sender, zbase32(signature), std::str::from_utf8(json)) {
        (Some(sender), Some(signature), Ok(json)) => {
            is_signed(&signature, &signed_bytes(json), sender)
        }
        _ => false,
    };
    let text = words(packet.message.content.as_bytes());
    (!text.is_empty() || sender.is_some()).then(|| Readable {
        text,
        sender,
        // The recipient is not signed.
        verified: false,
        unaddressed: signed,
        sent_at: None,
        alias: name.as_deref().and_then(alias),
        about: None,
        quiet: false,
        dialect: Dialect::Sphinx,
        request_amount: None,
        id: None,
    })
}

/// The bytes that Sphinx signs: each UTF-16 unit of the text in hexadecimal without leading zeros, and all of it
/// read back as bytes, a last single digit left out. For printable ASCII that is the text; beyond it often is not.
fn signed_bytes(json: &str) -> Vec<u8> {
    let digits: String = json
        .encode_utf16()
        .map(|unit| format!("{unit:x}"))
        .collect();
    let whole = digits.len() & !1;
    digits
        .get(..whole)
        .and_then(|pairs| hex::decode(pairs).ok())
        .unwrap_or_default()
}
