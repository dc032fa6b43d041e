//! From the records of an incoming payment to what they say, and who says it.

use domain::{Authorship, MessageId, NodeId, PaymentHash, Privacy, Timestamp};
use lnd::LightningError;
use protocol::{Body, Envelope, Letter, Readable, Records};

use crate::identity::Identity;

/// What came with a payment.
#[derive(Clone, Debug)]
pub(crate) enum Opened {
    /// A letter, alone or beside the readable text that it vouches for.
    Letter(Box<Spoken<Letter>>),
    /// Text of another program.
    Readable(Box<Readable>),
    /// A letter that these keys do not open.
    Unreadable,
    /// A letter of a newer program.
    Newer,
    /// Neither text nor letter.
    Bare,
}

/// Something with an author.
#[derive(Clone, Debug)]
pub(crate) struct Spoken<T> {
    pub(crate) by: NodeId,
    pub(crate) what: T,
    /// The bytes as they were opened.
    pub(crate) bytes: Vec<u8>,
    /// Readable text beside a hello.
    pub(crate) text: Option<String>,
    pub(crate) privacy: Privacy,
}

/// Reads the records of one payment. An error of the node is passed on: the letter is opened later.
pub(crate) async fn open(
    identity: &Identity,
    records: &Records,
    hash: PaymentHash,
) -> Result<Opened, LightningError> {
    let readable = protocol::read_readable(records, identity.node());
    let Some(record) = protocol::letter_record(records) else {
        return Ok(readable.map_or(Opened::Bare, |text| Opened::Readable(Box::new(text))));
    };
    let letter = match Envelope::parse(record) {
        Ok(envelope) => open_letter(identity, envelope, hash).await?,
        Err(error) if error.is_newer() => Opened::Newer,
        Err(_) => Opened::Unreadable,
    };
    Ok(match (letter, readable) {
        (Opened::Letter(letter), Some(text)) => beside(*letter, text),
        (letter @ Opened::Letter(_), None) => letter,
        (_, Some(text)) => Opened::Readable(Box::new(text)),
        (other, None) => other,
    })
}

async fn open_letter(
    identity: &Identity,
    envelope: Envelope<'_>,
    hash: PaymentHash,
) -> Result<Opened, LightningError> {
    let Ok(opening) = envelope.open(identity.node(), &hash.0) else {
        return Ok(Opened::Unreadable);
    };
    let ephemeral = identity.shared_once(opening.ephemeral().as_node()).await?;
    let Ok(opening) = opening.with_ephemeral_secret(&ephemeral.0) else {
        return Ok(Opened::Unreadable);
    };
    let by = opening.sender().as_node();
    let shared = identity.shared_with(by).await?;
    let Ok(bytes) = opening.with_sender_secret(&shared.0) else {
        return Ok(Opened::Unreadable);
    };
    Ok(match Letter::decode(&bytes) {
        Ok(what) => Opened::Letter(Box::new(Spoken {
            by,
            what,
            bytes,
            text: None,
            privacy: Privacy::Sealed,
        })),
        Err(_) => Opened::Unreadable,
    })
}

/// A hello vouches for the text whose digest it carries; any other text beside a letter is not the letter's author's.
fn beside(letter: Spoken<Letter>, text: Readable) -> Opened {
    let digest = protocol::text_hash(&text.text);
    match letter.what.body {
        Body::Hello { beside: Some(told) } if told == digest => {
            let text = Some(text.text);
            Opened::Letter(Box::new(Spoken {
                text,
                privacy: Privacy::Open,
                ..letter
            }))
        }
        Body::Hello { .. } => Opened::Readable(Box::new(text)),
        _ => Opened::Letter(Box::new(letter)),
    }
}

/// Author, identity and time of a readable text.
pub(crate) struct ReadableHead {
    /// `None`: nobody signed, nobody is named.
    pub(crate) by: Option<NodeId>,
    pub(crate) authorship: Authorship,
    pub(crate) id: MessageId,
    pub(crate) sent_at: Timestamp,
}

/// A named sender without a valid signature is only claimed. Unsigned text is a message of its own each time.
pub(crate) fn head(readable: &Readable, hash: PaymentHash, arrived_at: Timestamp) -> ReadableHead {
    let authorship = if readable.verified {
        Authorship::Verified
    } else {
        Authorship::Claimed
    };
    ReadableHead {
        by: readable.sender,
        authorship,
        id: readable.id().unwrap_or_else(|| hash.message_id()),
        sent_at: readable.sent_at.unwrap_or(arrived_at),
    }
}
