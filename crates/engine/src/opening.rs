//! From the records of an incoming payment, or from a free message, to what they say and who says it.

use domain::{
    Authorship, CardFault, Expectation, MOST_POSTAGE, MessageId, Msat, NodeId, PaymentHash,
    Privacy, Timestamp,
};
use lnd::LightningError;
use protocol::{
    Body, CardError, Envelope, EnvelopeError, KeyCard, KeyId, Letter, Lock, PublicKey, Readable,
    Records, SignedCard,
};
use store::{NewCard, StoreError};

use crate::error::Trouble;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::neighbours::Neighbours;

/// What came.
#[derive(Clone, Debug)]
pub(crate) enum Opened {
    /// A letter, alone or beside the readable text that it vouches for.
    Letter(Box<Spoken<Letter>>),
    /// A letter under a key that nobody has vouched for: its sender is not known.
    Nobodys(Box<Letter>),
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
    /// Whether it was sealed with the key of the author's node, and not of their app.
    pub(crate) by_node: bool,
    /// The author's key card, checked.
    pub(crate) card: Option<NewCard>,
    /// Why the card in it was not taken.
    pub(crate) fault: Option<CardFault>,
    /// Which of our seal keys it was sealed to; `None`: our node's key.
    pub(crate) sealed_to: Option<KeyId>,
    /// Whether it came long ago and could not be read then.
    pub(crate) again: bool,
}

impl Opened {
    /// Whether nothing of a letter could be read.
    pub(crate) fn is_unread(&self) -> bool {
        match self {
            Self::Unreadable | Self::Newer => true,
            Self::Nobodys(letter) => !matches!(letter.body, Body::Text(_) | Body::Payment { .. }),
            Self::Letter(_) | Self::Readable(_) | Self::Bare => false,
        }
    }

    /// It came long ago.
    pub(crate) fn again(self) -> Self {
        match self {
            Self::Letter(spoken) => Self::Letter(Box::new(Spoken {
                again: true,
                ..*spoken
            })),
            other => other,
        }
    }
}

/// Opens what comes in.
#[derive(Clone)]
pub(crate) struct Opener {
    pub(crate) identity: Identity,
    pub(crate) keys: Keys,
    pub(crate) neighbours: Neighbours,
}

/// Whose letter it is.
struct Author {
    node: NodeId,
    card: Option<NewCard>,
    fault: Option<CardFault>,
}

impl Opener {
    /// Reads the records of one payment; `hash` is the one that was paid.
    pub(crate) async fn payment(
        &self,
        records: &Records,
        hash: PaymentHash,
    ) -> Result<Opened, Trouble> {
        let readable = protocol::read_readable(records, self.identity.node());
        let Some(record) = protocol::letter_record(records) else {
            return Ok(readable.map_or(Opened::Bare, |text| Opened::Readable(Box::new(text))));
        };
        // A name without words says less than a letter, even than one that does not open.
        let readable = readable.filter(|readable| !readable.text.is_empty());
        let letter = match Envelope::parse(record) {
            Ok(envelope) => self.letter(envelope, &hash.0).await?,
            Err(error) => unopened(error),
        };
        Ok(match (letter, readable) {
            (Opened::Letter(letter), Some(text)) => beside(*letter, text),
            (letter @ Opened::Letter(_), None) => letter,
            (_, Some(text)) => Opened::Readable(Box::new(text)),
            (other, None) => other,
        })
    }

    /// Opens an envelope; `context` is the hash of the payment that carried it, or zeros.
    pub(crate) async fn letter(
        &self,
        envelope: Envelope<'_>,
        context: &[u8; 32],
    ) -> Result<Opened, Trouble> {
        let sealed_to = match envelope.lock() {
            Lock::NodeKey => None,
            Lock::SealKey(id) => Some(id),
        };
        let opened = match sealed_to {
            None => self.with_node_key(envelope, context).await?,
            Some(id) => self.keys.to_open(id).and_then(|own| {
                let node = self.identity.node();
                envelope.open_with_key(&own.key, node, context).ok()
            }),
        };
        let Some((sealed_by, bytes)) = opened else {
            return Ok(Opened::Unreadable);
        };
        let Ok(what) = Letter::decode(&bytes) else {
            return Ok(Opened::Unreadable);
        };
        let Some(author) = self.author(&sealed_by, what.card.as_ref()).await? else {
            return Ok(Opened::Nobodys(Box::new(what)));
        };
        Ok(Opened::Letter(Box::new(Spoken {
            by: author.node,
            what,
            bytes,
            text: None,
            privacy: Privacy::Sealed,
            by_node: sealed_by == author.node.into(),
            card: author.card,
            fault: author.fault,
            sealed_to,
            again: false,
        })))
    }

    /// The key that sealed it, and the letter's bytes; `None` when it does not open.
    async fn with_node_key(
        &self,
        envelope: Envelope<'_>,
        context: &[u8; 32],
    ) -> Result<Option<(PublicKey, Vec<u8>)>, LightningError> {
        let Ok(opening) = envelope.open(self.identity.node(), context) else {
            return Ok(None);
        };
        let ephemeral = opening.ephemeral().as_node();
        let secret = self.identity.shared_once(ephemeral).await?;
        let Ok(opening) = opening.with_ephemeral_secret(&secret.0) else {
            return Ok(None);
        };
        let sealed_by = opening.sender();
        let secret = self.identity.shared_with(sealed_by.as_node()).await?;
        let bytes = opening.with_sender_secret(&secret.0).ok();
        Ok(bytes.map(|bytes| (sealed_by, bytes)))
    }

    /// Whose letter it is that this key has sealed: of the node that the card inside speaks for, when the key is that
    /// node's, or the card's own, or the one of the card that we have of that node, or the one before that. Without such a
    /// card it is of the node that has shown a card under this key before, or whose own key it is. `None`: nobody vouches
    /// for the key. A card that is refused changes nothing of that.
    async fn author(
        &self,
        sealed_by: &PublicKey,
        card: Option<&SignedCard>,
    ) -> Result<Option<Author>, Trouble> {
        let mut fault = None;
        if let Some(signed) = card {
            match self.shown(sealed_by, signed).await? {
                Ok((node, card)) => {
                    let fault = card.is_none().then_some(CardFault::Future);
                    return Ok(Some(Author { node, card, fault }));
                }
                Err(foreign) => fault = Some(foreign),
            }
        }
        let owner = self.owner(sealed_by).await?;
        Ok(owner.map(|node| Author {
            node,
            card: None,
            fault,
        }))
    }

    /// Of which node the card in a letter shows this key to be. A card from the future shows it as well, but is not taken:
    /// no later one would be until that day.
    async fn shown(
        &self,
        sealed_by: &PublicKey,
        signed: &SignedCard,
    ) -> Result<Result<(NodeId, Option<NewCard>), CardFault>, StoreError> {
        let Ok(card) = signed.claimed() else {
            return Ok(Err(CardFault::Foreign));
        };
        let (node, key) = (card.node, sealed_by.to_bytes());
        let taken = match signed.verify(node, self.keys.clock.now()) {
            Ok(card) => Some(new_card(&card, signed, key)),
            Err(CardError::Future) => None,
            Err(_) => return Ok(Err(CardFault::Foreign)),
        };
        let before = self.keys.store.read(move |db| db.card(node)).await?;
        let theirs = before.is_some_and(|row| row.seal_key == key || row.former == Some(key));
        Ok(if theirs || card.speaks_for(sealed_by) {
            Ok((node, taken))
        } else {
            Err(CardFault::Foreign)
        })
    }

    /// The node whose app has shown that it has this key, or whose own key it is: a contact's, or one that the network knows.
    async fn owner(&self, sealed_by: &PublicKey) -> Result<Option<NodeId>, Trouble> {
        let (key, node) = (sealed_by.to_bytes(), sealed_by.as_node());
        let (owner, contact) = self
            .keys
            .store
            .read(move |db| Ok((db.owner_of_key(&key)?, db.contact(node)?)))
            .await?;
        if owner.is_some() {
            return Ok(owner);
        }
        let is_node = contact.is_some()
            || node == self.identity.node()
            || allowed(self.neighbours.facts(node).await)?
                .flatten()
                .is_some()
            || allowed(self.neighbours.link_with(node).await)?
                .flatten()
                .is_some();
        Ok(is_node.then_some(node))
    }
}

/// What the macaroon does not let us ask is not known.
fn allowed<T>(answer: Result<T, LightningError>) -> Result<Option<T>, LightningError> {
    match answer {
        Err(LightningError::Permission(_)) => Ok(None),
        other => other.map(Some),
    }
}

fn new_card(card: &KeyCard, signed: &SignedCard, under: [u8; 33]) -> NewCard {
    NewCard {
        node: card.node,
        card: signed.encode(),
        seal_key: card.seal_key.to_bytes(),
        issued: card.issued,
        under,
    }
}

/// What a record is that is no envelope of this version.
fn unopened(error: EnvelopeError) -> Opened {
    if error.is_newer() {
        Opened::Newer
    } else {
        Opened::Unreadable
    }
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

/// Whether a letter says that its payment is postage which its sender owes us.
pub(crate) fn pays_postage_back(letter: &Letter, amount: Msat) -> bool {
    letter.expectation == Expectation::Keep
        && !matches!(letter.body, Body::Payment { .. } | Body::Refund { .. })
        && !amount.is_zero()
        && amount <= MOST_POSTAGE
}

/// Author, identity and time of a readable text.
pub(crate) struct ReadableHead {
    /// `None`: nobody signed, nobody is named.
    pub(crate) by: Option<NodeId>,
    pub(crate) authorship: Authorship,
    pub(crate) id: MessageId,
    pub(crate) sent_at: Timestamp,
}

/// A named sender without a valid signature is only claimed, and so is one whose signature is good for anybody. Unsigned
/// text is a message of its own each time.
pub(crate) fn head(readable: &Readable, hash: PaymentHash, arrived_at: Timestamp) -> ReadableHead {
    let authorship = if readable.verified {
        Authorship::Verified
    } else if readable.unaddressed {
        Authorship::Unaddressed
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
