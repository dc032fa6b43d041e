//! Text in record 34349334, and what six families of programs put beside it.

use domain::{Msat, NodeId};
use serde::Serialize;

use super::signature::{Encoded, Recoverable, is_der_signature, is_signed};
use super::{Dialect, Readable, alias, message_id_of_readable, noise, time, whatsat, words};
use crate::record::{self, find};

/// The records, as they came.
struct Parts<'a> {
    recipient: NodeId,
    text: &'a [u8],
    sender: Option<NodeId>,
    sender_is_hex: bool,
    time: &'a [u8],
    content_type: &'a [u8],
}

/// Who wrote it, as far as it can be known.
struct Author {
    dialect: Dialect,
    sender: Option<NodeId>,
    signed: bool,
}

impl Author {
    /// These two do not sign to whom they write.
    fn names_recipient(&self) -> bool {
        !matches!(self.dialect, Dialect::ThunderHub | Dialect::Noise)
    }
}

pub(super) fn read(records: &[(u64, Vec<u8>)], recipient: NodeId) -> Option<Readable> {
    let text = find(records, record::TEXT).unwrap_or_default();
    let (sender, sender_is_hex) = sender(find(records, record::SENDER));
    let parts = Parts {
        recipient,
        text,
        sender,
        sender_is_hex,
        time: find(records, record::TIME).unwrap_or_default(),
        content_type: find(records, record::CONTENT_TYPE).unwrap_or_default(),
    };
    let author = parts.author(records);
    // ThunderHub signs no time and writes none: one that stands there is somebody else's.
    let time = Some(parts.time).filter(|_| author.dialect != Dialect::ThunderHub);
    let sent_at = time.and_then(time::moment);
    let (text, request_amount) = parts.words(author.dialect);
    let verified = author.signed && author.names_recipient();
    let id = author
        .sender
        .filter(|_| verified && sent_at.is_some())
        .map(|sender| message_id_of_readable(sender, parts.time, parts.text));
    let names = [record::ALIAS, record::BLIXT_ALIAS, record::LNDHUB_ALIAS];
    let alias = names
        .into_iter()
        .find_map(|number| find(records, number))
        .and_then(|name| alias(&String::from_utf8_lossy(name)));
    // Any bytes are the signature of some key: without words only a sender that is named counts.
    let says = !text.is_empty() || parts.sender.is_some() || alias.is_some();
    says.then_some(Readable {
        text,
        sender: author.sender,
        verified,
        unaddressed: author.signed && !author.names_recipient(),
        sent_at,
        alias,
        about: None,
        quiet: false,
        dialect: author.dialect,
        request_amount,
        id,
    })
}

/// The sender record, and whether it is hexadecimal.
fn sender(record: Option<&[u8]>) -> (Option<NodeId>, bool) {
    let Some(record) = record else {
        return (None, false);
    };
    if let Ok(node) = NodeId::from_bytes(record) {
        return (Some(node), false);
    }
    let node = std::str::from_utf8(record)
        .ok()
        .and_then(|text| text.parse().ok());
    (node, node.is_some())
}

impl Parts<'_> {
    fn author(&self, records: &[(u64, Vec<u8>)]) -> Author {
        if let Some(signer) = noise::signer(records) {
            let signed = self.sender == Some(signer);
            let sender = self.sender.or(Some(signer));
            return Author {
                dialect: Dialect::Noise,
                sender,
                signed,
            };
        }
        let signature = find(records, record::SIGNATURE).and_then(Encoded::read);
        let (dialect, signed) = match signature {
            Some(Encoded::Der(signature)) => (Dialect::Whatsat, self.is_whatsat(signature)),
            Some(Encoded::Zbase32(signature)) if self.is_juggernaut(&signature) => {
                (Dialect::Juggernaut, true)
            }
            Some(Encoded::Zbase32(signature)) if self.is_thunderhub(&signature) => {
                (Dialect::ThunderHub, true)
            }
            Some(Encoded::Zbase32AsBase64(signature)) => {
                (Dialect::Cipherchat, self.is_cipherchat(&signature))
            }
            Some(Encoded::Zbase32(_)) | None => (self.unsigned(records), false),
        };
        Author {
            dialect,
            sender: self.sender,
            signed,
        }
    }

    /// The dialect, by the records that stand beside the text.
    fn unsigned(&self, records: &[(u64, Vec<u8>)]) -> Dialect {
        let capitals = self
            .content_type
            .first()
            .is_some_and(u8::is_ascii_uppercase);
        if self.sender_is_hex || capitals {
            Dialect::Cipherchat
        } else if find(records, record::ALIAS).is_some() {
            Dialect::ThunderHub
        } else if !self.content_type.is_empty() {
            if self.time.is_empty() {
                Dialect::ThunderHub
            } else {
                Dialect::Juggernaut
            }
        } else if self.sender.is_some() {
            Dialect::Whatsat
        } else {
            Dialect::Plain
        }
    }

    /// Sender, recipient, time as it came, text.
    fn is_whatsat(&self, signature: &[u8]) -> bool {
        self.sender.is_some_and(|sender| {
            // Without a time of a known size, its last bytes could be passed off as text.
            matches!(self.time.len(), 4 | 8)
                && time::moment(self.time).is_some()
                && is_der_signature(
                    signature,
                    &whatsat::signed(sender, self.recipient, self.time, self.text),
                    sender,
                )
        })
    }

    /// As Whatsat, and the content type behind the text.
    fn is_juggernaut(&self, signature: &Recoverable) -> bool {
        // Of any other type, its first bytes could be passed off as text.
        const TYPES: [&[u8]; 4] = [b"text", b"payment", b"paymentrequest", b"json"];
        self.sender.is_some_and(|sender| {
            let mut message = whatsat::signed(sender, self.recipient, self.time, self.text);
            message.extend_from_slice(self.content_type);
            self.time.len() == 8
                && time::moment(self.time).is_some()
                && TYPES.contains(&self.content_type)
                && is_signed(signature, &message, sender)
        })
    }

    /// Sender and text as JSON; neither recipient nor time.
    fn is_thunderhub(&self, signature: &Recoverable) -> bool {
        #[derive(Serialize)]
        struct Signed<'a> {
            sender: String,
            message: &'a str,
        }
        let (Some(sender), Ok(message)) = (self.sender, std::str::from_utf8(self.text)) else {
            return false;
        };
        // The bytes are those of JSON.stringify: the same escapes, no white space, the keys in this order.
        serde_json::to_vec(&Signed {
            sender: sender.to_string(),
            message,
        })
        .is_ok_and(|json| is_signed(signature, &json, sender))
    }

    /// Recipient in hexadecimal, time in decimal, text.
    fn is_cipherchat(&self, signature: &Recoverable) -> bool {
        self.sender.is_some_and(|sender| {
            let recipient = self.recipient.to_string();
            // 19 digits, or text that begins with digits could lend some to the time.
            self.time.len() == 19
                && time::moment(self.time).is_some()
                && is_signed(
                    signature,
                    &[recipient.as_bytes(), self.time, self.text].concat(),
                    sender,
                )
        })
    }

    /// The words, and the amount where they ask for one; it stays among the words, as nothing else shows it.
    fn words(&self, dialect: Dialect) -> (String, Option<Msat>) {
        let text = words(self.text);
        let asks = self.content_type == b"paymentrequest";
        if dialect == Dialect::Cipherchat && self.content_type == b"PAYMENT" && is_uuid(&text) {
            // A payment without words has a random number in their place.
            return (String::new(), None);
        }
        let unit = match dialect {
            Dialect::Juggernaut if asks => Msat::new,
            Dialect::ThunderHub if asks => |sat| Msat::from_sat(sat).unwrap_or(Msat::ZERO),
            _ => return (text, None),
        };
        let request = text.split_once(',').and_then(|(amount, _)| {
            let amount = unit(amount.trim().parse().ok()?);
            (!amount.is_zero()).then_some(amount)
        });
        (text, request)
    }
}

/// Whether the text has the form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
fn is_uuid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
