//! c13n: JSON with the recipients and the message; Arc puts a second JSON into the message.

use domain::NodeId;
use serde::Deserialize;

use super::signature::is_signed;
use super::{Dialect, Readable, words};
use crate::record::{self, find};

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    participants: Vec<String>,
    message: String,
}

/// What Arc writes: the words, and links to attachments.
#[derive(Deserialize)]
struct Arc {
    n: String,
    c: String,
    #[serde(default)]
    att: Vec<Attachment>,
}

#[derive(Deserialize)]
struct Attachment {
    u: String,
}

pub(super) fn read(records: &[(u64, Vec<u8>)], recipient: NodeId) -> Option<Readable> {
    let bytes = find(records, record::C13N_PAYLOAD)?;
    let payload: Payload = serde_json::from_slice(bytes).ok()?;
    let sender = find(records, record::C13N_SENDER).and_then(|key| NodeId::from_bytes(key).ok());
    let signature = find(records, record::C13N_SIGNATURE).and_then(|bytes| bytes.try_into().ok());
    // The recipients are signed: whoever is not among them got a message that was meant for somebody else.
    let is_for_us = payload
        .participants
        .iter()
        .any(|node| node.parse() == Ok(recipient));
    let verified = match (sender, signature) {
        (Some(sender), Some(signature)) => is_for_us && is_signed(&signature, bytes, sender),
        _ => false,
    };
    let text = words(spoken(payload.message).as_bytes());
    (!text.is_empty() || sender.is_some()).then_some(Readable {
        text,
        sender,
        verified,
        unaddressed: false,
        sent_at: None,
        alias: None,
        about: None,
        quiet: false,
        dialect: Dialect::C13n,
        request_amount: None,
        id: None,
    })
}

fn spoken(message: String) -> String {
    match serde_json::from_str::<Arc>(&message) {
        Ok(arc) if arc.n.starts_with("c13n-") => {
            let links = arc.att.into_iter().map(|attachment| attachment.u);
            std::iter::once(arc.c)
                .chain(links)
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join("\n")
        }
        _ => message,
    }
}
